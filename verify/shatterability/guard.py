"""Limits of time: they stop what takes too long, and remember that they did.

How much work is done is decided by counting it, so that the same data and seed give the same answer on a machine under load;
time may only cut that short, and whoever reads the answer is told.
"""

from __future__ import annotations

import math
import time

from verify.hessian.inputs import check_number

# A step that can't be cut short may end so many seconds after the limit.
_GRACE = 0.5


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
        self._whole: Guard | None = None
        self.stopped = False

    def before(self, seconds: float) -> Guard:
        """One that ends so many seconds earlier; what it stops is stopped here as well."""
        part = Guard(self.left() - seconds)
        part._whole = self
        return part

    def stop(self) -> None:
        """Remember that work was left out."""
        self.stopped = True
        if self._whole is not None:
            self._whole.stop()

    def left(self) -> float:
        """Seconds that are left, negative if none are."""
        return self._end - time.monotonic()

    def over(self) -> bool:
        """Whether time ran out; to be asked only where there is work that is left out if it did."""
        if self.left() <= 0:
            self.stop()
        return self.stopped

    def lacks(self, seconds: float) -> bool:
        """Whether there is no time for a step that takes about so many seconds, which its size tells, and can't be cut short.

        To be asked only where the step is left out then.

        >>> guard = Guard(1.0)
        >>> guard.lacks(0.2), guard.stopped, guard.lacks(100.0), guard.stopped
        (False, False, True, True)
        """
        if seconds > max(self.left(), 0.0) + _GRACE:
            self.stop()
            return True
        return False
