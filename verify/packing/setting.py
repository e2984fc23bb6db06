"""The inputs of the packing job."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from typing import Any

from boundcalc.options import choice, integer, number
from constructions.codes import FAMILIES
from constructions.codes.bounds import size_bound
from constructions.packing import separation_limit
from verify.command import Setting, asked

# The network that discretises packets has tens of thousands of neurons, each of which reads every sample.
DEFAULT_N, DEFAULT_PACKET_N = 65536, 4096
# An inner product that every family with a code in a dimension reaches at some height.
_NARROW = Fraction(999, 1000)


class AtomKind(Enum):
    """What stands on each cap; the value is the word of ``--atoms``."""

    CAP = "cap"
    HAT = "hat"
    RIDGE = "ridge"
    PACKET = "packet"


class Weight(Enum):
    """The weight of the variation norm that stays below C; the value is the word of ``--weight``."""

    CANONICAL = "canonical"
    POPULATION = "population"
    EMPIRICAL = "empirical"


_STEP = number("a number with 1e-100 <= eta < 2", lambda x: Fraction(1, 10**100) <= x < 2)
_DRAWABLE = number("a number from 1e-100 to 1e100 (samples are drawn)", lambda x: Fraction(1, 10**100) <= x <= 10**100)


@dataclass(frozen=True)
class PackingSetting(Setting):
    """Inputs of the packing job; everything random follows from ``seed``.

    By default there are 65536 samples (4096 for packets), and the atoms are caps, in d = 1 the univariate bumps. ``height`` is
    None for the critical one, ``weight`` that of the variation norm that stays below C. On the device "auto" numpy computes;
    "cpu" and "cuda" are torch's.

    Examples
    --------
    >>> PackingSetting.parse(0, 100)
    Traceback (most recent call last):
    ...
    ValueError: dim must be an integer from 1 to 4096 for a packing that is built, got 0 (int)
    >>> PackingSetting.parse(1, 100).atoms.value, PackingSetting.parse(2, 100).atoms.value
    ('hat', 'cap')
    """

    dim: int = asked("dim", 12, reader=integer(1, 4096, " for a packing that is built"))
    n: int = asked("n", reader=integer(1, 5_000_000, " (samples are drawn)"))
    eta: Fraction = asked("eta", "0.5", reader=_STEP)
    sigma: Fraction = asked("sigma", reader=_DRAWABLE)
    B: Fraction = asked("B", reader=_DRAWABLE)
    C: Fraction = asked("C", reader=_DRAWABLE)
    height: Fraction | None = asked("height")
    epsilon: Fraction | None = asked("epsilon", json=False)
    code: str = asked("code")
    atoms: AtomKind = asked("atoms", reader=choice(AtomKind))
    weight: Weight = asked("weight", reader=choice(Weight))
    caps: int = asked("caps")
    seed: int = asked("seed")
    device: str = asked("device")
    scaling: bool = asked("scaling", json=False)

    @classmethod
    def complete(cls, values: dict[str, Any]) -> dict[str, Any]:
        """The height that epsilon stands for, and the defaults that depend on other inputs."""
        if values["epsilon"] is not None:
            if values["height"] is not None:
                raise ValueError("height and epsilon are the same choice (height = epsilon^2); pass one of them")
            values["height"] = values["epsilon"] ** 2
        if values["atoms"] is None:
            values["atoms"] = AtomKind.HAT if values["dim"] == 1 else AtomKind.CAP
        if values["n"] is None:
            values["n"] = DEFAULT_PACKET_N if values["atoms"] is AtomKind.PACKET else DEFAULT_N
        return values

    def __post_init__(self) -> None:
        if self.atoms is AtomKind.PACKET and self.dim > 3:
            raise ValueError(
                f"atoms must be cap, hat or ridge for dim {self.dim}: packets are built for dim <= 3, got 'packet'"
            )
        limit = None if self.height is None else separation_limit(self.height)
        if self.code != "auto":
            self._check_code(_NARROW if limit is None else limit)
        if limit is not None and self.caps > (most := size_bound(self.dim, limit)):
            raise ValueError(
                f"caps must be at most {most} in dim {self.dim} at height {float(self.height or 0):g}: no packing has more; "
                f"got {self.caps}"
            )

    def _check_code(self, limit: Fraction) -> None:
        """Raise unless the family has a code with inner products up to ``limit``; say which ones have."""
        family = next(family for family in FAMILIES if family.name == self.code)
        obstacle = family.obstacle(self.dim, limit)
        if obstacle is not None:
            able = [other.name for other in FAMILIES if other.obstacle(self.dim, limit) is None]
            where = f"dim {self.dim}" + ("" if self.height is None else f" and height {float(self.height):g}")
            raise ValueError(f"code must exist for {where}: {obstacle}; possible there: auto, {', '.join(able)}")
