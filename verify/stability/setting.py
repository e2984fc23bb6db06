"""The inputs of the stability sweep."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from boundcalc.options import integer
from verify.command import Setting, asked


@dataclass(frozen=True)
class StabilitySetting(Setting):
    """Inputs of the sweep. ``networks`` are spread evenly over dimensions and kinds; ``eta`` is the step size of Cor 3.3.

    Examples
    --------
    >>> StabilitySetting.parse(eta=2)
    Traceback (most recent call last):
    ...
    ValueError: eta (step size of gradient descent) must be a number with 0 < eta < 2, got 2 (int)
    """

    dims: tuple[int, ...] = asked("dims", (1, 2, 3, 5, 10), reader=integer(1, 1024))
    n: int = asked("n", 64, reader=integer(2, 4096))
    networks: int = asked("networks")
    eta: Fraction = asked("eta", "0.5")
    seed: int = asked("seed")
    device: str = asked("device")
