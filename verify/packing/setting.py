"""The inputs of the packing job, read exactly and checked before any work."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from typing import TypeVar

from sympy import Rational

from boundcalc.exact import describe, fraction, log_exact
from boundcalc.setting import Setting
from boundcalc.symbols import VARIABLES
from constructions.codes import FAMILIES
from constructions.codes.bounds import size_bound
from constructions.packing import separation_limit
from verify.command import check_device, read_integer, read_share
from verify.packing.atoms.kind import AtomKind, Target

__all__ = ["PackingSetting"]

_MAX_DIM = 4096
_MAX_N = 5_000_000
_MAX_LOG = 100 * math.log(10)
# An inner product that every family with a code in a dimension reaches at some height.
_NARROW = Fraction(999, 1000)

# Names that the field uses, with the family and the dimensions that they stand for.
_ALIASES = {"e6": "roots in d = 6", "e7": "roots in d = 7", "e8": "roots in d = 8", "d4": "roots in d = 4"}

Choice = TypeVar("Choice", bound=Enum)


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
    atoms : AtomKind
    target : Target
        The weight whose variation norm stays below C.
    caps : int
        Least number of caps.
    """

    theory: Setting
    height: Fraction | None
    family: str
    seed: int
    device: str
    atoms: AtomKind = AtomKind.CAP
    target: Target = Target.CANONICAL
    caps: int = 1

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
        atoms: str | None = None,
        target: str = Target.CANONICAL.value,
        caps: object = 1,
    ) -> PackingSetting:
        """Read every input exactly and check it; by default the atoms are caps, in d = 1 the univariate bumps.

        Raises
        ------
        ValueError, TypeError
            Naming the argument, what arrived and what to pass.

        Examples
        --------
        >>> PackingSetting.parse(0, 100)
        Traceback (most recent call last):
        ...
        ValueError: dim (dimension of the inputs) must be an integer with dim >= 1, got 0 (int)
        >>> PackingSetting.parse(1, 100).atoms.value, PackingSetting.parse(2, 100).atoms.value
        ('hat', 'cap')
        """
        options = {"d": ("dim", dim), "n": ("n", n), "eta": ("eta", eta), "sigma": ("noise", noise)}
        options |= {"B": ("sup", sup), "C": ("norm", norm)}
        exact = {symbol: VARIABLES[symbol].exact(value, name) for symbol, (name, value) in options.items()}
        theory = Setting(**exact)
        if exact["d"] > _MAX_DIM:
            raise ValueError(f"dim must be at most {_MAX_DIM} for a packing that is built, got {describe(dim)}")
        read_integer("n", n, 1, _MAX_N, " (samples are drawn)")
        for symbol, (name, value) in options.items():
            size = abs(log_exact(exact[symbol]))
            if size > _MAX_LOG:
                raise ValueError(f"{name} must lie between 1e-100 and 1e100 to draw samples, got {describe(value)}")
        if height is not None and epsilon is not None:
            raise ValueError("height and epsilon are the same choice (height = epsilon^2); pass one of them")
        if epsilon is not None:
            chosen: Fraction | None = read_share("epsilon", epsilon) ** 2
        else:
            chosen = None if height is None else read_share("height", height)
        number = read_integer("seed", seed, 0, 2**63 - 1)
        check_device(device)
        kind = AtomKind.HAT if atoms is None and exact["d"] == 1 else _read_choice("atoms", atoms or "cap", AtomKind)
        weight = _read_choice("target", target, Target)
        if kind is AtomKind.PACKET and exact["d"] > 3:
            raise ValueError(
                f"atoms must be cap, hat or ridge for dim {exact['d']}: packets are built for dim <= 3, got 'packet'"
            )
        _check_code(code, int(exact["d"]), chosen)
        least = read_integer("caps", caps, 1, 10**6)
        if chosen is not None:
            most = size_bound(int(exact["d"]), separation_limit(chosen))
            if least > most:
                raise ValueError(
                    f"caps must be at most {most} in dim {exact['d']} at height {float(chosen):g}: no packing has more; "
                    f"got {describe(caps)}"
                )
        return cls(theory, chosen, code, number, device, kind, weight, least)

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
        return fraction(value)

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
            "atoms": self.atoms.value,
            "target": self.target.value,
            "caps": self.caps,
            "seed": self.seed,
            "device": self.device,
        }


def _read_choice(name: str, value: str, choices: type[Choice]) -> Choice:
    """The member of an enumeration whose value is the word."""
    try:
        return choices(value)
    except ValueError:
        words = ", ".join(str(item.value) for item in choices)
        raise ValueError(f"{name} must be one of {words}, got {describe(value)}") from None


def _check_code(code: str, d: int, height: Fraction | None) -> None:
    """Raise unless the family is known and has a code in that dimension, at that height or at any; say which have."""
    names = [family.name for family in FAMILIES]
    if code == "auto":
        return
    if code not in names:
        hint = f"; {code} is {_ALIASES[code.lower()]}" if code.lower() in _ALIASES else ""
        raise ValueError(f"code must be one of auto, {', '.join(names)}, got {describe(code)}{hint}")
    chosen = FAMILIES[names.index(code)]
    limit = separation_limit(height) if height is not None else None
    # Without a height the caps may be as thin as need be.
    obstacle = chosen.obstacle(d, _NARROW if limit is None else limit)
    if obstacle is None:
        return
    able = [family.name for family in FAMILIES if family.exists(d, _NARROW if limit is None else limit)]
    where = f"dim {d}" if height is None else f"dim {d} and height {float(height):g}"
    raise ValueError(f"code must exist for {where}: {obstacle}; possible there: auto, {', '.join(able)}")
