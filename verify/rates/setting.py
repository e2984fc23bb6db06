"""The inputs of the rate study, and the sweep of its trainings."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Any

from boundcalc.options import integer
from verify.command import STEP, Setting, asked, check_step_sizes
from verify.rates.cells import rate_cells, sweep_of
from verify.sweep import Sweep
from verify.training.setting import Init

MODES = ("gradient descent", "weight decay")
_MOST_PAIRS = 2**28


@dataclass(frozen=True)
class RateSetting(Setting):
    """Inputs of the study: every dimension with every sample size, each repeated ``seeds`` times with its own data and start.

    The width is ``width_factor`` times n. ``eta`` and ``steps`` are those without decay; with ``decay`` they are ``decay_eta``
    and ``decay_steps``.

    Examples
    --------
    >>> RateSetting.parse([2], [64])
    Traceback (most recent call last):
    ...
    ValueError: n must hold at least two sample sizes to fit an exponent, got 64
    """

    dims: tuple[int, ...] = asked("dims", (1, 2, 3, 4, 5), reader=integer(1, 4096))
    n: tuple[int, ...] = asked("n", (32, 64, 128, 256, 512), reader=integer(2, 10**6), many=True)
    seeds: int = asked("seeds")
    width_factor: int = asked("width_factor")
    steps: int = asked("steps")
    decay_steps: int = asked("decay_steps")
    truth: str = asked("truth")
    fresh: int = asked("fresh")
    resamples: int = asked("resamples")
    seed: int = asked("seed")
    device: str = asked("device")
    eta: Fraction = asked("eta", "0.2", reader=STEP)
    decay: Fraction = asked("decay", "0.1")
    decay_eta: Fraction = asked("decay_eta")
    sigma: Fraction = asked("sigma")
    clip: Fraction = asked("clip")
    init: Init = asked("init")
    large_step: bool = asked("large_step", json=False)

    def __post_init__(self) -> None:
        if len(self.n) < 2:
            raise ValueError(f"n must hold at least two sample sizes to fit an exponent, got {self.n[0]}")
        if self.width_factor * self.n[-1] ** 2 > _MOST_PAIRS:
            raise ValueError(
                f"width_factor and n must have width * n <= 2^28, got {self.width_factor} * {self.n[-1]}^2"
            )
        check_step_sizes(self.eta, self.decay, self.decay_eta, self.large_step)

    @classmethod
    def complete(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Dimensions and sizes in increasing order; as many steps with decay as without."""
        values = super().complete(values)
        steps = values["steps"] if values["decay_steps"] is None else values["decay_steps"]
        ordered = {name: tuple(sorted(values[name])) for name in ("dims", "n")}
        return values | ordered | {"decay_steps": steps}

    def training(self, mode: str) -> tuple[Fraction, Fraction, int]:
        """Step size, decay and steps of one of the modes."""
        return (
            (self.eta, Fraction(0), self.steps) if mode == MODES[0] else (self.decay_eta, self.decay, self.decay_steps)
        )


def rate_sweep(setting: RateSetting) -> Sweep:
    """All trainings of the study, one dimension after the other.

    Examples
    --------
    >>> sweep = rate_sweep(RateSetting.parse([1, 3], [32, 512], seeds=2))
    >>> [(cell["dim"], cell["n"], cell["decay"], cell["repeats"]) for cell in sweep.cells[:4]]
    [(1, 32, 0.0, [0, 1]), (1, 32, 0.1, [0, 1]), (1, 512, 0.0, [0]), (1, 512, 0.0, [1])]
    """
    common = {
        "seed": setting.seed,
        "clip": float(setting.clip) or None,
        "sigma": float(setting.sigma),
        "target": setting.truth,
        "init": setting.init.value,
        "fresh": setting.fresh,
        "device": setting.device,
    }
    cells = []
    for dim, n, mode in product(setting.dims, setting.n, MODES):
        eta, decay, steps = setting.training(mode)
        own = {"dim": dim, "n": n, "width": setting.width_factor * n}
        training = {"eta": float(eta), "decay": float(decay), "steps": steps}
        cells += rate_cells(common | own | training, setting.seeds)
    return sweep_of(cells)
