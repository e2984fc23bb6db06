"""The inputs of the stability sweep, read exactly and checked before any work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from boundcalc.exact import describe, exact_rational
from verify.command import check_device, read_integer

__all__ = ["StabilitySetting", "read_integers", "usable_device"]


def read_integers(name: str, values: object, least: int, most: int) -> tuple[int, ...]:
    """Distinct integers in [least, most], at least one."""
    if isinstance(values, (str, bytes)) or not isinstance(values, Sequence):
        raise TypeError(f"{name} must be a sequence of integers, got {describe(values)}")
    found = tuple(read_integer(name, value, least, most) for value in values)
    if not found or len(set(found)) < len(found):
        raise ValueError(f"{name} must hold at least one number and none twice, got {list(values)!r}")
    return found


def usable_device(device: str) -> str:
    """ "cuda" for "auto" where a CUDA device is present, else the device as it is or "cpu".

    >>> usable_device("cpu")
    'cpu'
    """
    if device != "auto":
        return device
    try:
        import torch
    except ImportError:
        return "cpu"
    return "cuda" if torch.cuda.is_available() else "cpu"


@dataclass(frozen=True)
class StabilitySetting:
    """Inputs of ``python -m verify.stability``.

    Attributes
    ----------
    dims : tuple of int
    n : int
        Points of every sample.
    networks : int
        How many networks, spread evenly over dimensions and kinds.
    eta : Fraction
        Step size of Cor 3.3.
    seed : int
    device : str
        Where networks are trained and lambda_max is computed: "cpu" (numpy) or "cuda".
    """

    dims: tuple[int, ...]
    n: int
    networks: int
    eta: Fraction
    seed: int
    device: str

    @classmethod
    def parse(
        cls,
        dims: object = (1, 2, 3, 5, 10),
        n: object = 64,
        *,
        networks: object = 500,
        eta: object = "0.5",
        seed: object = 0,
        device: str = "cpu",
    ) -> StabilitySetting:
        """Read every input exactly and check it.

        Raises
        ------
        ValueError, TypeError
            Naming the argument, what arrived and what to pass.

        Examples
        --------
        >>> StabilitySetting.parse(eta=2)
        Traceback (most recent call last):
        ...
        ValueError: eta must lie in (0, 2), where stable networks exist, got 2 (int)
        """
        step = exact_rational("eta", eta)
        if not 0 < step < 2:
            raise ValueError(f"eta must lie in (0, 2), where stable networks exist, got {describe(eta)}")
        check_device(device)
        return cls(
            dims=read_integers("dims", dims, 1, 1024),
            n=read_integer("n", n, 2, 4096),
            networks=read_integer("networks", networks, 1, 10**6),
            eta=Fraction(int(step.p), int(step.q)),
            seed=read_integer("seed", seed, 0, 2**63 - 1),
            device=usable_device(device),
        )

    def as_json(self) -> dict[str, object]:
        """The inputs, exact, as JSON types."""
        return {
            "dims": list(self.dims),
            "n": self.n,
            "networks": self.networks,
            "eta": str(self.eta),
            "seed": self.seed,
            "device": self.device,
        }
