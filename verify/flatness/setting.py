"""The inputs of the experiment on kinds of flatness."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from boundcalc.options import integer
from verify.command import STEP, Setting, asked, check_step_sizes
from verify.training.setting import Init

_MOST_PAIRS = 2**24


@dataclass(frozen=True)
class FlatnessSetting(Setting):
    """Inputs of the experiment: every method in every dimension, repeated ``seeds`` times with its own data and start.

    ``eta`` is the step size of all methods but weight decay, which has ``decay`` and ``decay_eta``.

    Examples
    --------
    >>> FlatnessSetting.parse([2], 10**4, width=10**4)
    Traceback (most recent call last):
    ...
    ValueError: n and width must have a product of at most 2^24, got 10000 * 10000
    """

    dims: tuple[int, ...] = asked("dims", (1, 2, 5, 10), reader=integer(1, 4096))
    n: int = asked("n", 64, reader=integer(2, 10**5))
    width: int = asked("width", 128)
    steps: int = asked("steps")
    seeds: int = asked("seeds")
    fresh: int = asked("fresh")
    seed: int = asked("seed")
    eta: Fraction = asked("eta", "0.2", reader=STEP)
    sigma: Fraction = asked("sigma")
    label_noise: Fraction = asked("label_noise")
    decay: Fraction = asked("decay", "0.1")
    decay_eta: Fraction = asked("decay_eta")
    clip: Fraction = asked("clip")
    init: Init = asked("init")
    truth: str = asked("truth")
    bias: bool = asked("bias")

    def __post_init__(self) -> None:
        if self.n * self.width > _MOST_PAIRS:
            raise ValueError(f"n and width must have a product of at most 2^24, got {self.n} * {self.width}")
        check_step_sizes(self.eta, self.decay, self.decay_eta, large_step=False)
