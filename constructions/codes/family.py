"""What a family of spherical codes is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from constructions.spherical_code import SphericalCode

Builder = Callable[[int, Fraction, np.random.Generator, int], SphericalCode | None]
Obstacle = Callable[[int, Fraction], str | None]
Size = Callable[[int, Fraction], int | None]


@dataclass(frozen=True)
class Family:
    """A way to build codes.

    Attributes
    ----------
    name : str
        Name used on the command line.
    title : str
        One line of description.
    builder : callable (d, cos_angle, rng, max_size) -> SphericalCode or None
        None where the certificate of the floats fails, or nothing was found.
    obstacle : callable (d, cos_angle) -> str or None
        Why the family has no code there, in words that say where it has; None if it has one.
    size : callable (d, cos_angle) -> int or None, optional
        Number of points of the whole code where it is known without building it. The floats of a code whose
        coordinates are irrational may miss an angle that the code attains exactly: then `builder` returns fewer or None.
    automatic : bool
        Whether `best_code` tries the family without being asked to be thorough.
    """

    name: str
    title: str
    builder: Builder
    obstacle: Obstacle
    size: Size | None = None
    automatic: bool = True

    def exists(self, d: int, cos_angle: Fraction) -> bool:
        """Whether the family has a code in dimension d with inner products at most `cos_angle`."""
        return self.obstacle(d, cos_angle) is None

    def known_size(self, d: int, cos_angle: Fraction) -> int | None:
        """Number of points of the whole code, 0 where there is none, None where only building it tells."""
        if not self.exists(d, cos_angle):
            return 0
        return None if self.size is None else self.size(d, cos_angle)

    def build(self, d: int, cos_angle: Fraction, rng: np.random.Generator, max_size: int) -> SphericalCode | None:
        """A code of at most `max_size` points whose floats are certified for `cos_angle`, or None."""
        if not self.exists(d, cos_angle):
            return None
        code = self.builder(d, cos_angle, rng, max_size)
        if code is None:
            return None
        code = code.truncated(max_size)
        return code if code.certify_separation(cos_angle).holds else None
