"""Limits of time: they stop what takes too long, and remember that they did.

How much work is done is decided by counting it, so that the same data and seed give the same answer on a machine under load;
time may only cut that short, and whoever reads the answer is told.
"""

from __future__ import annotations

import math
import time

from verify.hessian.inputs import check_number


class Guard:
    """A limit of some seconds from now; infinity for none. What is no number is refused as ``time_limit``.

    Attributes
    ----------
    stopped : bool
        Whether work was left out for want of time.

    Examples
    --------
    >>> guard = Guard(0.0)
    >>> guard.over(), guard.stopped, Guard().over()
    (True, True, False)
    """

    def __init__(self, seconds: float = math.inf) -> None:
        if not (isinstance(seconds, float) and math.isinf(seconds)):
            seconds = check_number("time_limit", seconds)
        self._end = time.monotonic() + seconds
        self.stopped = False

    def left(self) -> float:
        """Seconds that are left, negative if none are."""
        return self._end - time.monotonic()

    def over(self) -> bool:
        """Whether time ran out; to be asked only where there is work that is left out if it did."""
        if self.left() <= 0:
            self.stopped = True
        return self.stopped
