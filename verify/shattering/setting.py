"""The inputs of the shattering experiment."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from boundcalc.options import integer
from verify.command import STEP, Setting, asked, check_step_sizes
from verify.training.setting import Init
from verify.training.trace import spread_steps

_MOST_PAIRS = 2**28


@dataclass(frozen=True)
class ShatteringSetting(Setting):
    """Inputs of the experiment: ``eta`` without decay, ``decay`` and ``decay_eta`` of the run it is compared with.

    Examples
    --------
    >>> ShatteringSetting.parse(2, 64, eta="2.5")
    Traceback (most recent call last):
    ...
    ValueError: eta must be below 2, where stable networks end, got 2.5; pass --large-step to train anyway
    """

    dim: int = asked("dim", 10, reader=integer(1, 4096))
    n: int = asked("n", 512, reader=integer(2, 10**6))
    width: int = asked("width", 2048)
    steps: int = asked("steps")
    traces: int = asked("traces")
    fresh: int = asked("fresh")
    seed: int = asked("seed")
    eta: Fraction = asked("eta", "0.9", reader=STEP)
    sigma: Fraction = asked("sigma")
    decay: Fraction = asked("decay", "0.1")
    decay_eta: Fraction = asked("decay_eta")
    clip: Fraction = asked("clip")
    init: Init = asked("init")
    truth: str = asked("truth")
    device: str = asked("device")
    large_step: bool = asked("large_step", json=False)

    def __post_init__(self) -> None:
        if self.n * self.width > _MOST_PAIRS:
            raise ValueError(f"n and width must have a product of at most 2^28, got {self.n} * {self.width}")
        check_step_sizes(self.eta, self.decay, self.decay_eta, self.large_step)

    def trace_steps(self) -> list[int]:
        """About ``traces`` steps: half evenly spaced, half evenly spaced in their logarithm, with 0 and the last."""
        return spread_steps(self.steps, self.traces)
