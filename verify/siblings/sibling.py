"""What a sibling paper is here: its statements, an object they speak of, what is measured on it, and the verdicts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from boundcalc.statement import Source, Theorem
from verify.outcome import Interval, Outcome

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# A true claim about a random quantity is refuted with at most this probability (of its normal approximation).
LEVEL = 1e-6
QUANTILE = float(norm.isf(LEVEL / 2))


@dataclass(frozen=True)
class Sibling:
    """One paper's check; the functions of a file of this folder, under one name.

    Attributes
    ----------
    name : str
        What it is asked for by.
    title : str
        Of its part of the report and of its panel.
    source : Source
        The paper.
    theorems : tuple of Theorem
        The statements that are judged.
    measure : callable
        ``measure(seed)``: builds the object and measures it. It knows no theorem.
    facts : callable
        ``facts(found)``: what was built, as JSON types.
    outcomes : callable
        ``outcomes(found, theorems)``: the claims, judged; ``theorems`` is a mapping from keys to statements, so that a test
        can hand in broken ones. Every constant and exponent of a claim comes from there.
    draw : callable
        ``draw(axes, found)``: the panel.
    package : tuple of str
        What must be installed besides: name of the module, of the package, of the extra.
    """

    name: str
    title: str
    source: Source
    theorems: tuple[Theorem, ...]
    measure: Callable[[int], Any]
    facts: Callable[[Any], Mapping[str, object]]
    outcomes: Callable[[Any, Mapping[str, Theorem]], list[Outcome]]
    draw: Callable[[Axes, Any], None]
    package: tuple[str, str, str] | None = None

    @property
    def statements(self) -> dict[str, Theorem]:
        """The statements by key, as :attr:`outcomes` takes them."""
        return {theorem.key: theorem for theorem in self.theorems}

    def require(self) -> None:
        """Raise a ValueError if the package that this needs is missing."""
        if self.package is not None and find_spec(self.package[0]) is None:
            _, name, extra = self.package
            raise ValueError(
                f"{self.name} needs the package {name}, which is not installed; pip install 'boundcalc[{extra}]'"
            )


def mean_interval(values: NDArray[np.float64], scale: float = 1.0) -> Interval:
    """Where the mean of independent draws lies, times ``scale``: a normal confidence interval at :data:`LEVEL`.

    >>> interval = mean_interval(np.array([1.0, 2.0, 3.0]))
    >>> interval.lower < 2 < interval.upper
    True
    """
    centre = float(values.mean())
    half = QUANTILE * float(values.std(ddof=1)) / len(values) ** 0.5
    return Interval(scale * (centre - half), scale * (centre + half), f"confidence interval, level {1 - LEVEL}")
