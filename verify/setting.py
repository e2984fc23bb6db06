"""The inputs of the packing job, read exactly and checked before any work."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from sympy import Rational

from boundcalc.exact import describe, exact_rational
from boundcalc.setting import Setting
from boundcalc.symbols import VARIABLES
from constructions.codes import FAMILIES
from constructions.packing import separation_limit

__all__ = ["PackingSetting"]

_MAX_DIM = 4096
_MAX_N = 5_000_000
_MAX_LOG = 100 * math.log(10)


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
        height: object = None,
        epsilon: object = None,
        code: str = "auto",
        eta: object = "0.5",
        noise: object = 1,
        sup: object = 1,
        norm: object = 1,
        seed: object = 0,
        device: str = "auto",
    ) -> PackingSetting:
        """Read every input exactly and check it.

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
        options = {"d": ("dim", dim), "n": ("n", n), "eta": ("eta", eta), "sigma": ("noise", noise)}
        options |= {"B": ("sup", sup), "C": ("norm", norm)}
        exact = {symbol: VARIABLES[symbol].exact(value, name) for symbol, (name, value) in options.items()}
        theory = Setting(**exact)
        if exact["d"] < 2:
            raise ValueError(f"dim must be at least 2 for a packing of caps, got {describe(dim)}")
        if exact["d"] > _MAX_DIM:
            raise ValueError(f"dim must be at most {_MAX_DIM} for a packing that is built, got {describe(dim)}")
        if not exact["n"].is_Integer or exact["n"] > _MAX_N:
            raise ValueError(f"n must be an integer from 1 to {_MAX_N} (samples are drawn), got {describe(n)}")
        for symbol, (name, value) in options.items():
            size = abs(math.log(exact[symbol].p) - math.log(exact[symbol].q))
            if size > _MAX_LOG:
                raise ValueError(f"{name} must lie between 1e-100 and 1e100 to draw samples, got {describe(value)}")
        if height is not None and epsilon is not None:
            raise ValueError("height and epsilon are the same choice (height = epsilon^2); pass one of them")
        if epsilon is not None:
            chosen: Fraction | None = _share("epsilon", epsilon) ** 2
        else:
            chosen = None if height is None else _share("height", height)
        number = exact_rational("seed", seed)
        if not number.is_Integer or not 0 <= number < 2**63:
            raise ValueError(f"seed must be an integer from 0 to 2^63 - 1, got {describe(seed)}")
        check_device(device)
        known = ["auto", *(family.name for family in FAMILIES)]
        if code not in known:
            raise ValueError(f"code must be one of {', '.join(known)}, got {describe(code)}")
        if code != "auto" and chosen is not None:
            obstacle = next(f for f in FAMILIES if f.name == code).obstacle(int(exact["d"]), separation_limit(chosen))
            if obstacle is not None:
                raise ValueError(f"code must exist for dim {dim} and height {float(chosen):g}: {obstacle}")
        return cls(theory, chosen, code, int(number), device)

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
        """One of eta, sigma, B, C as a float."""
        return float(self.fraction(name))

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


def _share(name: str, value: object) -> Fraction:
    """A number in (0, 1], exactly."""
    number = exact_rational(name, value)
    if not 0 < number <= 1:
        raise ValueError(f"{name} must be a number with 0 < {name} <= 1, got {describe(value)}")
    return Fraction(int(number.p), int(number.q))


def check_device(device: str) -> None:
    """Raise unless the device is "auto", "cpu", or "cuda" with a CUDA device present.

    Raises
    ------
    ValueError
        Naming what arrived and what to pass.
    """
    if device not in ("auto", "cpu", "cuda"):
        raise ValueError(f"device must be 'auto', 'cpu' or 'cuda', got {describe(device)}")
    if device == "cuda":
        import torch

        if not torch.cuda.is_available():
            raise ValueError("device must be available, got 'cuda' where torch sees no CUDA device; pass 'cpu'")
