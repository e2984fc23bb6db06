"""Families of spherical codes, one file each, and the choice among them.

Every code returned here is certified: its float rows, normalised exactly, have inner products at most the one asked
for.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from constructions import _arguments as check
from constructions.codes import endpoints, greedy, layers, orthoplex, polygon, roots, simplex
from constructions.codes.family import Family
from constructions.spherical_code import SphericalCode

FAMILIES: tuple[Family, ...] = (
    endpoints.FAMILY,
    simplex.FAMILY,
    orthoplex.FAMILY,
    polygon.FAMILY,
    roots.FAMILY,
    layers.FAMILY,
    greedy.FAMILY,
)

_MOST_POINTS = 20_000
_MOST_ENTRIES = 50_000_000  # 400 MB of float64


def default_max_size(d: int) -> int:
    """Number of points beyond which codes are truncated unless the caller allows more."""
    return max(1000, min(_MOST_POINTS, _MOST_ENTRIES // d))


def build(name: str, d: int, separation_cos: Fraction, *, seed: int = 0, max_size: int | None = None) -> SphericalCode:
    """A certified code of the family `name` in R^d.

    Parameters
    ----------
    name : str
        The name of a member of `FAMILIES`.
    d : int
        Dimension, at least 1.
    separation_cos : Fraction
        Largest inner product allowed, in [-1, 1).
    seed : int
        Seed of the randomised families.
    max_size : int, optional
        Largest number of points; larger codes are truncated.

    Raises
    ------
    ValueError
        If the family is unknown, or has no certified code there; the message says what is possible.

    Examples
    --------
    >>> build("roots", 12, Fraction(1, 2)).size
    264
    """
    d, separation_cos, seed, max_size = _checked(d, separation_cos, seed, max_size)
    for family in FAMILIES:
        if family.name == name:
            obstacle = family.obstacle(d, separation_cos)
            if obstacle is not None:
                raise ValueError(obstacle)
            code = family.build(d, separation_cos, np.random.default_rng(seed), max_size)
            if code is None:
                raise ValueError(
                    f"{name} has no float64 code in d = {d} with inner products certified to be at most "
                    f"{separation_cos}; ask for a slightly smaller separation, or use another family"
                )
            return code
    known = ", ".join(family.name for family in FAMILIES)
    raise ValueError(f"name must be one of {known}, got {name!r}")


def best_code(d: int, separation_cos: Fraction, *, seed: int = 0, max_size: int | None = None) -> SphericalCode:
    """The largest certified code over all families (the first in `FAMILIES` among equals).

    Parameters are those of `build`.

    Raises
    ------
    ValueError
        If no family has a code there.

    Examples
    --------
    >>> best_code(12, Fraction(0)).family
    'orthoplex of R^12'
    """
    d, separation_cos, seed, max_size = _checked(d, separation_cos, seed, max_size)
    best: SphericalCode | None = None
    for family in FAMILIES:
        code = family.build(d, separation_cos, np.random.default_rng(seed), max_size)
        if code is not None and (best is None or code.size > best.size):
            best = code
    if best is None:
        raise ValueError(f"no family has a code in d = {d} with inner products at most {separation_cos}")
    return best


def _checked(d: int, separation_cos: Fraction, seed: int, max_size: int | None) -> tuple[int, Fraction, int, int]:
    d = check.integer("d", d, 1)
    separation_cos = check.fraction("separation_cos", separation_cos)
    if not -1 <= separation_cos < 1:
        raise ValueError(f"separation_cos must lie in [-1, 1), got {separation_cos}")
    most = default_max_size(d) if max_size is None else check.integer("max_size", max_size, 1)
    return d, separation_cos, check.integer("seed", seed, 0), most
