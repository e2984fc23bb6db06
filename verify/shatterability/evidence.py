"""How far a number can be trusted."""

from __future__ import annotations

from enum import Enum

__all__ = ["Evidence"]


class Evidence(Enum):
    """What stands behind a number; the value is the word that reports show.

    CERTIFIED: a complete argument about the float64 data, every rounding error bounded.
    FLOAT_CERTIFIED: a complete argument, evaluated in float64 without bounds on its rounding errors.
    HEURISTIC: a search or a sample; the true value may lie on either side.
    """

    CERTIFIED = "certified"
    FLOAT_CERTIFIED = "float-certified"
    HEURISTIC = "heuristic"

    def worse(self, other: Evidence) -> Evidence:
        """The weaker of the two: what a number that rests on both may claim.

        >>> Evidence.CERTIFIED.worse(Evidence.HEURISTIC)
        <Evidence.HEURISTIC: 'heuristic'>
        """
        order = list(Evidence)
        return max(self, other, key=order.index)
