"""The inputs of the packing job, read exactly and checked before any work."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from sympy import Rational

from boundcalc.exact import describe
from boundcalc.setting import Setting

__all__ = ["PackingSetting"]

_MAX_DIM = 4096
_MAX_N = 5_000_000


@dataclass(frozen=True)
class PackingSetting:
    """Inputs of ``python -m verify.packing``; everything random follows from ``seed``.

    Attributes
    ----------
    theory : boundcalc.setting.Setting
        d, n, eta, sigma, B and C, exact.
    height : Fraction or None
        Cap height in (0, 1]; None for the critical one.
    family : str
        Family of the spherical code, or "auto".
    seed : int
    device : str
        "auto", "cpu" or "cuda".
    """

    theory: Setting
    height: Fraction | None
    family: str
    seed: int
    device: str

    @classmethod
    def parse(
        cls,
        dim: object,
        n: object,
        *,
        height: Fraction | None = None,
        epsilon: Fraction | None = None,
        family: str = "auto",
        eta: object = "0.5",
        noise: object = 1,
        sup: object = 1,
        norm: object = 1,
        seed: int = 0,
        device: str = "auto",
    ) -> PackingSetting:
        """Check every input.

        Raises
        ------
        ValueError, TypeError
            Naming the argument, what arrived and what to pass.

        Examples
        --------
        >>> PackingSetting.parse(1, 100)
        Traceback (most recent call last):
        ...
        ValueError: dim must be at least 2 for a packing of caps, got 1 (int)
        """
        theory = Setting.parse(d=dim, n=n, eta=eta, sigma=noise, B=sup, C=norm)
        if theory.d is None or theory.n is None:
            raise TypeError("dim and n must be numbers, got None; pass for instance dim=12, n=4096")
        if theory.d < 2:
            raise ValueError(f"dim must be at least 2 for a packing of caps, got {describe(dim)}")
        if theory.d > _MAX_DIM:
            raise ValueError(f"dim must be at most {_MAX_DIM} for a packing that is built, got {describe(dim)}")
        if not theory.n.is_Integer or theory.n > _MAX_N:
            raise ValueError(f"n must be an integer from 1 to {_MAX_N} (samples are drawn), got {describe(n)}")
        if height is not None and epsilon is not None:
            raise ValueError("height and epsilon are the same choice (height = epsilon^2); pass one of them")
        if epsilon is not None:
            if not 0 < epsilon <= 1:
                raise ValueError(f"epsilon must be a number with 0 < epsilon <= 1, got {float(epsilon):g}")
            height = epsilon**2
        if height is not None and not 0 < height <= 1:
            raise ValueError(f"height must be a number with 0 < height <= 1, got {float(height):g}")
        if type(seed) is not int or not 0 <= seed < 2**63:
            raise ValueError(f"seed must be an integer from 0 to 2^63 - 1, got {describe(seed)}")
        if device not in ("auto", "cpu", "cuda"):
            raise ValueError(f"device must be 'auto', 'cpu' or 'cuda', got {describe(device)}")
        return cls(theory, height, family, seed, device)

    @property
    def d(self) -> int:
        """Dimension."""
        return int(self.fraction("d"))

    @property
    def n(self) -> int:
        """Sample size."""
        return int(self.fraction("n"))

    def fraction(self, name: str) -> Fraction:
        """One of d, n, eta, sigma, B, C as a Fraction."""
        value: Rational = getattr(self.theory, name)
        return Fraction(int(value.p), int(value.q))

    def real(self, name: str) -> float:
        """One of eta, sigma, B, C as a float.

        Raises
        ------
        ValueError
            If it does not fit: samples are drawn in floats.
        """
        value = float(self.fraction(name))
        if not math.isfinite(value) or value == 0:
            raise ValueError(f"{name} must fit in a float to draw samples, got {describe(str(self.fraction(name)))}")
        return value

    def as_json(self) -> dict[str, object]:
        """Every input, exact numbers as text."""
        return {
            "dim": self.d,
            "n": self.n,
            **{name: str(self.fraction(name)) for name in ("eta", "sigma", "B", "C")},
            "height": None if self.height is None else str(self.height),
            "code": self.family,
            "seed": self.seed,
            "device": self.device,
        }
