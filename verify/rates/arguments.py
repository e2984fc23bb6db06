"""What the commands that train networks read alike: step sizes, weight decay, initialisation, target."""

from __future__ import annotations

from fractions import Fraction

from boundcalc.exact import describe
from verify.command import read_fraction
from verify.training.setting import Init
from verify.training.targets import TARGETS

__all__ = ["read_decay", "read_init", "read_step_size", "read_target"]


def read_step_size(name: str, value: object, large_step: bool) -> Fraction:
    """A positive step size, below 2 unless ``large_step``.

    Raises
    ------
    ValueError, TypeError
        Naming the argument, what arrived and what to pass.

    Examples
    --------
    >>> read_step_size("eta", "0.5", large_step=False)
    Fraction(1, 2)
    """
    step = read_fraction(name, value, "a positive step size of at most 10^6", positive=True, most=10**6)
    if step >= 2 and not large_step:
        raise ValueError(
            f"{name} must be below 2, where stable networks end, got {describe(value)}; pass --large-step to train anyway"
        )
    return step


def read_decay(name: str, value: object, step_name: str, step: Fraction) -> Fraction:
    """A positive weight decay under which a step still shrinks the weights."""
    decay = read_fraction(name, value, "a positive weight decay", positive=True, most=10**6)
    if decay * step >= 1:
        raise ValueError(f"{name} must be below 1 / {step_name} = {float(1 / step):g}, got {describe(value)}")
    return decay


def read_init(value: str) -> Init:
    """An initialisation by its name."""
    known = [kind.value for kind in Init]
    if value not in known:
        raise ValueError(f"init must be one of {', '.join(known)}, got {value!r}")
    return Init(value)


def read_target(value: str) -> str:
    """The name of a target."""
    names = [name for name, _ in TARGETS]
    if value not in names:
        raise ValueError(f"target must be one of {', '.join(names)}, got {value!r}")
    return value
