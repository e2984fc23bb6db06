"""Explicit upper bounds of the minimax risk, each the risk of a stated estimator; the smallest is taken.

The estimate 0 has risk at most B^2. Linear smoothers: see :mod:`boundcalc.explicit.upper_smoother`. In d = 1 a piecewise linear
projection is below; for d >= 2 see :mod:`boundcalc.explicit.upper_cells` and :mod:`boundcalc.explicit.upper_mixture`. Every
bound falls in n and rises with sigma, B and C for fixed choices (eps, ...), which come from fixed grids.

In d = 1 the cells {|x| <= 1 - eps} on each side start at depth z and are eta z^(3/2) wide; for the population weight
g_P >= g_P(0) (1 - |t|)^3, since the ratio decreases in the depth, so C is divided by g_P(0). Statements:
:mod:`boundcalc.statements.estimators`; proofs: docs/proofs.md, section "Explicit upper bounds".
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from boundcalc.arb import Ball, ball, enclosure, precision
from boundcalc.enclosure import Enclosure
from boundcalc.exact import log_exact
from boundcalc.explicit import upper_cells, upper_mixture, upper_smoother
from boundcalc.explicit.estimate import risk
from boundcalc.explicit.lower import read
from boundcalc.explicit.marginal import Marginal, Weighting
from boundcalc.explicit.problem import TRACE, AnyWeight, Problem, Weight
from boundcalc.setting import Setting
from boundcalc.shown import Shown, show_upper
from boundcalc.statement import Theorem
from boundcalc.statements.estimators import CELLS_UPPER, CELLS_UPPER_1D, MIXTURE_UPPER, SMOOTHER_UPPER, WIDTH
from boundcalc.symbols import C
from boundcalc.symbols import eps as EPS

_BITS = 128
# Powers of two times eta and eps; exact in ball arithmetic.
_ETAS = 2.0 ** (-np.arange(-8, 1200) / 4)
_EPSILONS = 2.0 ** (-np.arange(1, 2400) / 4)


@dataclass(frozen=True, repr=False)
class UpperBound(Shown):
    """A non-asymptotic upper bound of the minimax risk, that of ``estimator``, by ``theorem``; None if it only estimates 0."""

    setting: Setting
    weight: AnyWeight
    enclosure: Enclosure
    estimator: str
    theorem: Theorem | None

    @property
    def trivial(self) -> bool:
        """Whether the estimate is 0, with risk at most B^2."""
        return self.theorem is None

    @property
    def upper(self) -> float:
        """A float above the bound; inf where the bound is beyond every float."""
        return self.enclosure.floats[1]

    @property
    def log10_upper(self) -> float:
        """Logarithm to base 10, rounded up."""
        return self.enclosure.log10[1]

    @property
    def value(self) -> float:
        """The same as :attr:`upper`, under the name that every bound has."""
        return self.upper

    def __str__(self) -> str:
        label = "trivial: " if self.trivial else ""
        return f"some estimator has worst-case risk at most {show_upper(self.enclosure)} ({label}{self.estimator})"


@np.errstate(under="ignore")  # whatever the caller has told numpy to do with it
def explicit_upper(
    d: object, n: object, sigma: object = 1, B: object = 1, C: object = 1, weight: object = Weight.CANONICAL
) -> UpperBound:
    """The best explicit minimax upper bound known here: some estimator's worst-case risk is at most this.

    The best of some estimators in a ball of radius 1 - eps, 0 outside it: linear smoothers with tabulated constants where the
    table has them, for moderate d and n; a projection on functions that are affine in cells, of order n^(-4/(d^2+5d+2)); and
    exponential weights over sums of ridge functions, of order n^(-2/(3d+7)) up to logarithms. B^2, the risk of the
    estimate 0, where that is smaller. All are derived (docs/proofs.md), not published. The bound is evaluated in ball
    arithmetic and rounded up.

    For the weight of the trace, which is at least 4 times that of the population, and for powers gamma <= d + 2 of the depth the
    bound is that of the larger class with the weight of the population (and C/4) or the canonical one; beyond it is trivial.

    Parameters and errors as in :func:`boundcalc.explicit.lower.explicit_lower`.

    Examples
    --------
    >>> explicit_upper(1, 1e8).upper < 7e-4
    True
    >>> explicit_upper(5, 1e16).upper < 0.16
    True
    >>> print(explicit_upper(10, 1e4))
    some estimator has worst-case risk at most 1 (trivial: the estimate 0)
    """
    setting, problem = read(d, n, sigma, B, C, weight)
    with precision(_BITS):
        trivial = ball(problem.B) ** 2
        least, words, by = trivial, "the estimate 0", None
        covering = _covering(problem)
        for value, name, theorem in _candidates(covering) if covering else ():
            if value * trivial < least:
                least, words, by = value * trivial, name, theorem
        return UpperBound(setting, problem.weight, enclosure(least), words, by)


def _covering(problem: Problem) -> Problem | None:
    """A problem of canonical or population weight whose class contains the problem's; None if there is none."""
    if isinstance(problem.weight, Weight):
        return problem
    if problem.weight is TRACE:
        return replace(problem, weight=Weight.POPULATION, C=problem.C / 4)
    smaller = problem.weight.degree(problem.d) <= Weight.CANONICAL.degree(problem.d)
    return replace(problem, weight=Weight.CANONICAL) if smaller else None


def _candidates(problem: Problem) -> Iterator[tuple[Ball, str, Theorem]]:
    """Bounds in units of B^2, their estimators and their theorems."""
    row = upper_smoother.search(problem)
    if row is not None:
        yield row.bound(problem), str(row), SMOOTHER_UPPER
    if problem.d == 1:
        eta, eps = _search(problem)
        words = f"piecewise linear projection, cells {eta:.3g} z^(3/2) wide up to depth {eps:.3g}"
        yield _projection(problem, eta, eps), words, CELLS_UPPER_1D
        return
    for search, theorem in ((upper_mixture.search, MIXTURE_UPPER), (upper_cells.search, CELLS_UPPER)):
        design = search(problem)
        if design is not None:
            yield design.bound(problem), str(design), theorem


def _projection(problem: Problem, eta: float, eps: float) -> Ball:
    """The bound, in units of B^2."""
    values = {WIDTH: ball(eta), EPS: ball(eps)}
    if problem.weight is Weight.POPULATION:
        values[C] = ball(problem.budget) / Weighting(problem.weight, Marginal(1)).ratio(ball(1))
    return risk(CELLS_UPPER_1D, problem, values)


def _search(problem: Problem) -> tuple[float, float]:
    """The best eta and eps of the grid, in floats: logarithms, one row of eta at a time."""
    log_noise = np.logaddexp(-problem.log_nu, -log_exact(problem.n)) + math.log(4)
    log_budget = problem.log_budget - (math.log(0.13975424859) if problem.weight is Weight.POPULATION else 0.0)
    log_eta, log_eps = np.log(_ETAS), np.log(_EPSILONS)
    root = log_eps * -0.5 + np.log1p(-np.exp(log_eps * 0.5))
    # For each eps the best eta balances eta^2 against 1/eta: search a window of the grid around it.
    best = (math.inf, 0, 0)
    guess = (log_noise + math.log(32) + root - log_budget) / 3
    index = np.clip(np.searchsorted(-log_eta, -guess), 0, _ETAS.size - 1)
    for offset in range(-6, 7):
        i = np.clip(index + offset, 0, _ETAS.size - 1)
        cells = np.logaddexp(0.0, 1.5 * np.log1p(_ETAS[i]) + math.log(2) - log_eta[i] + root)
        total = np.logaddexp(np.logaddexp(log_budget + 2 * log_eta[i] - math.log(32), log_eps), log_noise + cells)
        j = int(total.argmin())
        if total[j] < best[0]:
            best = (float(total[j]), int(i[j]), j)
    return float(_ETAS[best[1]]), float(_EPSILONS[best[2]])
