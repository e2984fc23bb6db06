"""The inputs of the shattering experiment, read exactly and checked before any work."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from verify.command import check_device, read_fraction, read_integer
from verify.shattering.arguments import read_decay, read_init, read_step_size, read_target
from verify.training.setting import Init
from verify.training.trace import spread_steps

__all__ = ["ShatteringSetting"]

_MOST_PAIRS = 2**28


@dataclass(frozen=True)
class ShatteringSetting:
    """Inputs of ``python -m verify.shattering``; everything random follows from ``seed``.

    Attributes
    ----------
    dim, n, width, steps : int
    eta, noise : Fraction
        Step size and standard deviation of the label noise.
    decay, decay_eta : Fraction
        Weight decay of the run it is compared with, and its step size.
    clip : Fraction
        Largest norm of the gradient; 0 for no clipping.
    traces : int
        How many points the traces have.
    fresh : int
        Points of the sample for the error on fresh points.
    seed : int
    init : Init
    target, device : str
    large_step : bool
        Whether step sizes of 2 and more are meant.
    """

    dim: int
    n: int
    width: int
    steps: int
    eta: Fraction
    noise: Fraction
    decay: Fraction
    decay_eta: Fraction
    clip: Fraction
    traces: int
    fresh: int
    seed: int
    init: Init
    target: str
    device: str
    large_step: bool

    @classmethod
    def parse(
        cls,
        dim: object = 10,
        n: object = 512,
        *,
        width: object = 2048,
        steps: object = 20000,
        eta: object = "0.9",
        noise: object = 1,
        decay: object = "0.1",
        decay_eta: object = "0.01",
        clip: object = 50,
        traces: object = 100,
        fresh: object = 4096,
        seed: object = 0,
        init: str = Init.LINEAR.value,
        target: str = "linear",
        device: str = "cpu",
        large_step: bool = False,
    ) -> ShatteringSetting:
        """Read every input exactly and check it.

        Raises
        ------
        ValueError, TypeError
            Naming the argument, what arrived and what to pass.

        Examples
        --------
        >>> ShatteringSetting.parse(2, 64, eta="2.5")
        Traceback (most recent call last):
        ...
        ValueError: eta must be below 2, where stable networks end, got '2.5' (str); pass --large-step to train anyway
        """
        sizes = [
            read_integer(name, value, least, most)
            for name, value, least, most in (
                ("dim", dim, 1, 4096),
                ("n", n, 2, 10**6),
                ("width", width, 1, 10**6),
                ("steps", steps, 1, 10**9),
            )
        ]
        if sizes[1] * sizes[2] > _MOST_PAIRS:
            raise ValueError(f"n and width must have a product of at most 2^28, got {sizes[1]} * {sizes[2]}")
        step = read_step_size("eta", eta, large_step)
        decay_step = read_step_size("decay_eta", decay_eta, large_step)
        shrink = read_decay("decay", decay, "decay_eta", decay_step)
        found_init, found_target = read_init(init), read_target(target)
        check_device(device)
        return cls(
            dim=sizes[0],
            n=sizes[1],
            width=sizes[2],
            steps=sizes[3],
            eta=step,
            noise=read_fraction("noise", noise, "a standard deviation from 0 to 10^6", positive=False, most=10**6),
            decay=shrink,
            decay_eta=decay_step,
            clip=read_fraction("clip", clip, "a positive norm, or 0 for no clipping", positive=False, most=10**9),
            traces=read_integer("traces", traces, 4, 10**5),
            fresh=read_integer("fresh", fresh, 1, 10**6),
            seed=read_integer("seed", seed, 0, 2**63 - 1),
            init=found_init,
            target=found_target,
            device=device,
            large_step=large_step,
        )

    def trace_steps(self) -> list[int]:
        """About ``traces`` steps: half evenly spaced, half evenly spaced in their logarithm, with 0 and the last."""
        return spread_steps(self.steps, self.traces)

    def as_json(self) -> dict[str, object]:
        """The inputs, exact, as JSON types."""
        exact = {name: str(getattr(self, name)) for name in ("eta", "noise", "decay", "decay_eta", "clip")}
        plain = {name: getattr(self, name) for name in ("dim", "n", "width", "steps", "traces", "fresh", "seed")}
        return {**plain, **exact, "init": self.init.value, "target": self.target, "device": self.device}
