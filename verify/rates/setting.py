"""The inputs of the rate study, read exactly and checked before any work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from verify.command import check_device, read_fraction, read_integer
from verify.rates.arguments import read_decay, read_init, read_step_size, read_target
from verify.rates.cells import batch_size, cell_seconds, run_cell, trace_steps
from verify.sweep import Sweep
from verify.training.setting import Init

__all__ = ["MODES", "RateSetting", "rate_sweep"]

MODES = ("gradient descent", "weight decay")
_MOST_PAIRS = 2**28


def _integers(name: str, values: Sequence[object], least: int, most: int, count: int) -> tuple[int, ...]:
    found = tuple(read_integer(name, value, least, most) for value in values)
    if len(set(found)) != len(found):
        raise ValueError(f"{name} must list different values, got {', '.join(map(str, found))}")
    if len(found) < count:
        plural = "s" if count > 1 else ""
        raise ValueError(f"{name} must list at least {count} value{plural}, got {', '.join(map(str, found)) or 'none'}")
    return tuple(sorted(found))


@dataclass(frozen=True)
class RateSetting:
    """Inputs of ``python -m verify.rates``; everything random follows from ``seed``.

    Attributes
    ----------
    dims, sizes : tuple of int
        Dimensions d and sample sizes n, increasing.
    seeds : int
        Repetitions of each setting, each with its own data, noise and start.
    width_factor : int
        The width is this times n.
    eta, steps
        Step size and number of steps without decay.
    decay, decay_eta, decay_steps
        Weight decay of the runs they are compared with, their step size and number of steps.
    sigma : Fraction
        Standard deviation of the label noise.
    clip : Fraction
        Largest norm of the gradient; 0 for no clipping.
    target : str
    init : Init
    fresh : int
        Points of the sample for the error in the population norm.
    resamples : int
        Of the bootstrap.
    seed : int
    device : str
    large_step : bool
        Whether step sizes of 2 and more are meant.
    """

    dims: tuple[int, ...]
    sizes: tuple[int, ...]
    seeds: int
    width_factor: int
    eta: Fraction
    steps: int
    decay: Fraction
    decay_eta: Fraction
    decay_steps: int
    sigma: Fraction
    clip: Fraction
    target: str
    init: Init
    fresh: int
    resamples: int
    seed: int
    device: str
    large_step: bool

    @classmethod
    def parse(
        cls,
        dims: Sequence[object] = (1, 2, 3, 4, 5),
        sizes: Sequence[object] = (32, 64, 128, 256, 512),
        *,
        seeds: object = 5,
        width_factor: object = 4,
        eta: object = "0.2",
        steps: object = 20000,
        decay: object = "0.1",
        decay_eta: object = "0.01",
        decay_steps: object = None,
        sigma: object = 1,
        clip: object = 50,
        target: str = "linear",
        init: str = Init.LINEAR.value,
        fresh: object = 4096,
        resamples: object = 20000,
        seed: object = 0,
        device: str = "cpu",
        large_step: bool = False,
    ) -> RateSetting:
        """Read every input exactly and check it.

        Raises
        ------
        ValueError, TypeError
            Naming the argument, what arrived and what to pass.

        Examples
        --------
        >>> RateSetting.parse([2], [64])
        Traceback (most recent call last):
        ...
        ValueError: n must list at least 2 values, got 64
        >>> RateSetting.parse(eta=0)
        Traceback (most recent call last):
        ...
        ValueError: eta must be a positive step size of at most 10^6, got 0 (int)
        """
        found_dims = _integers("dims", dims, 1, 4096, 1)
        found_sizes = _integers("n", sizes, 2, 10**6, 2)
        factor = read_integer("width-factor", width_factor, 1, 10**5)
        if factor * found_sizes[-1] ** 2 > _MOST_PAIRS:
            raise ValueError(f"width-factor and n must have width * n <= 2^28, got {factor} * {found_sizes[-1]}^2")
        step = read_step_size("eta", eta, large_step)
        decay_step = read_step_size("decay-eta", decay_eta, large_step)
        shrink = read_decay("wd", decay, "decay-eta", decay_step)
        found_init, found_target = read_init(init), read_target(target)
        if device == "auto":
            raise ValueError(
                "device must be cpu or cuda, because results depend on it in their last digits, got 'auto'"
            )
        check_device(device)
        found_steps = read_integer("steps", steps, 1, 10**9)
        return cls(
            dims=found_dims,
            sizes=found_sizes,
            seeds=read_integer("seeds", seeds, 2, 10**4),
            width_factor=factor,
            eta=step,
            steps=found_steps,
            decay=shrink,
            decay_eta=decay_step,
            decay_steps=found_steps if decay_steps is None else read_integer("decay-steps", decay_steps, 1, 10**9),
            sigma=read_fraction("sigma", sigma, "a standard deviation from 0 to 10^6", positive=False, most=10**6),
            clip=read_fraction("clip", clip, "a positive norm, or 0 for no clipping", positive=False, most=10**9),
            target=found_target,
            init=found_init,
            fresh=read_integer("fresh", fresh, 1, 10**6),
            resamples=read_integer("resamples", resamples, 1000, 10**7),
            seed=read_integer("seed", seed, 0, 2**63 - 1),
            device=device,
            large_step=large_step,
        )

    def training(self, mode: str) -> tuple[Fraction, Fraction, int]:
        """Step size, decay and steps of one of the modes."""
        return (
            (self.eta, Fraction(0), self.steps) if mode == MODES[0] else (self.decay_eta, self.decay, self.decay_steps)
        )

    def as_json(self) -> dict[str, object]:
        """The inputs, exact, as JSON types."""
        exact = {name: str(getattr(self, name)) for name in ("eta", "decay", "decay_eta", "sigma", "clip")}
        plain = ("seeds", "width_factor", "steps", "decay_steps", "target", "fresh", "resamples", "seed", "device")
        return {
            "dims": list(self.dims),
            "n": list(self.sizes),
            **{name: getattr(self, name) for name in plain},
            **exact,
            "init": self.init.value,
        }


def rate_sweep(setting: RateSetting) -> Sweep:
    """All trainings of the study, one dimension after the other.

    Examples
    --------
    >>> sweep = rate_sweep(RateSetting.parse([1, 3], [32, 512], seeds=2))
    >>> [(cell["dim"], cell["n"], cell["decay"], cell["repeats"]) for cell in sweep.cells[:4]]
    [(1, 32, 0.0, [0, 1]), (1, 32, 0.1, [0, 1]), (1, 512, 0.0, [0]), (1, 512, 0.0, [1])]
    """
    cells = []
    for dim in setting.dims:
        for n in setting.sizes:
            width = setting.width_factor * n
            size = batch_size(n, width)
            for mode in MODES:
                eta, decay, steps = setting.training(mode)
                for first in range(0, setting.seeds, size):
                    cells.append(
                        {
                            "dim": dim,
                            "n": n,
                            "width": width,
                            "seed": setting.seed,
                            "repeats": list(range(first, min(first + size, setting.seeds))),
                            "eta": float(eta),
                            "decay": float(decay),
                            "clip": float(setting.clip) or None,
                            "sigma": float(setting.sigma),
                            "target": setting.target,
                            "init": setting.init.value,
                            "steps": steps,
                            "trace_at": trace_steps(steps),
                            "fresh": setting.fresh,
                            "device": setting.device,
                        }
                    )
    return Sweep("rates", tuple(cells), run_cell, seconds=cell_seconds if setting.device == "cpu" else None)
