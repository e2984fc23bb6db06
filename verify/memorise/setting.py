"""The inputs of the memorisation study."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from boundcalc.options import integer
from verify.command import Setting, asked, random_stream

_STREAMS = ("sample", "sphere", "labels", "monte carlo", "scaling")


@dataclass(frozen=True)
class MemoriseSetting(Setting):
    """Inputs of the study; everything random follows from ``seed``.

    ``bound`` is L: sup norm of the pair, largest label of the interpolator.

    Examples
    --------
    >>> MemoriseSetting.parse(20, "1e3").n
    1000
    >>> MemoriseSetting.parse(20, 1000, eta=2)
    Traceback (most recent call last):
    ...
    ValueError: eta (step size of gradient descent) must be a number with 0 < eta < 2, got 2 (int)
    """

    dim: int = asked("dim", 20, reader=integer(1, 1000))
    n: int = asked("n", 1000, reader=integer(1, 20_000))
    eta: Fraction = asked("eta", "0.5")
    bound: Fraction = asked("bound", 1)
    seed: int = asked("seed")
    scaling: bool = asked("scaling", json=False)

    def stream(self, use: str, index: int = 0) -> np.random.Generator:
        """The random stream of one use; different uses are independent."""
        return random_stream(_STREAMS, self.seed, use, index)
