"""Theorem A at a setting: the explicit value where its conditions hold, the reason where they don't.

As one of the families of lower bounds it covers every setting: where n is too small, its value at the smallest n for which
it holds counts, since fewer samples can only raise the risk. That value is a constant times B^2 min(h, 1/8, (2a)^(-4/(d+3)))
with the theorem's h and a, so it is monotone in n, sigma, B and C everywhere.

For the population weight, g_P < c_inf g for the canonical weight g, so a function whose canonical norm is at most C/c_inf is
in the class: Theorem A with C/c_inf.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from fractions import Fraction

from sympy import Integer

from boundcalc.arb import Ball, ball, from_enclosure, lower_float, precision
from boundcalc.enclosure import Enclosure, enclose
from boundcalc.exact import rational
from boundcalc.explicit.caps import Caps
from boundcalc.explicit.family import Design, Family, NotApplicable
from boundcalc.explicit.marginal import Marginal, Weighting, log_c1
from boundcalc.explicit.problem import Effort, Problem, Weight
from boundcalc.setting import Setting
from boundcalc.shown import Shown, show_lower, show_upper
from boundcalc.statement import Theorem
from boundcalc.statements import stacked_hats
from boundcalc.statements.stacked_hats import SMALLEST_N, THEOREM_A

# Of the number of samples for which the theorem is evaluated as a family.
_LARGEST_LOG10 = 1e4
_DEFAULTS = {name: Integer(1) for name in ("sigma", "B", "C")}


@dataclass(frozen=True, repr=False)
class ExplicitBound(Shown):
    """A non-asymptotic bound: every value of the error at the setting obeys it.

    ``setting`` is complete, with the defaults in ``assumed`` filled in; ``enclosure`` is that of the expression's exact value.
    """

    theorem: Theorem
    setting: Setting
    enclosure: Enclosure
    assumed: tuple[str, ...] = ()

    @property
    def lower(self) -> float:
        """A float below the exact value (rounded down)."""
        return self.enclosure.floats[0]

    @property
    def value(self) -> float:
        """The same as :attr:`lower`, under the name that every bound has."""
        return self.lower

    def __str__(self) -> str:
        assumed = f" at {', '.join(self.assumed)}" if self.assumed else ""
        return (
            f"no estimator has a smaller worst-case error than {show_lower(self.enclosure)}{assumed} "
            f"({self.theorem.source}, {self.theorem.status.value})."
        )


@dataclass(frozen=True, repr=False)
class Unmet(Shown):
    """Why a theorem gives no bound at a setting; falsy."""

    theorem: Theorem
    setting: Setting
    reason: str

    def __bool__(self) -> bool:
        return False

    def __str__(self) -> str:
        return f"{self.theorem.source} ({self.theorem.status.value}) says nothing here: {self.reason}."


def smallest_n(setting: Setting) -> tuple[Enclosure, ...]:
    """Enclosures of the sample sizes from which each condition of Theorem A holds, in the order of SMALLEST_N."""
    return tuple(enclose(expr, setting.substitution) for expr in SMALLEST_N.values())


def evaluate(setting: Setting) -> ExplicitBound | Unmet:
    """Theorem A at a setting; sigma, B and C are 1 where not given.

    Examples
    --------
    >>> bound = evaluate(Setting.parse(d=5, n="1e6"))
    >>> f"{bound.lower:.4e}"
    '2.6309e-05'
    >>> print(evaluate(Setting.parse(d=5, n="1e4")))
    boundcalc Theorem A (derived) says nothing here: it needs n >= 18537 (caps of height at most 1/8).
    """
    assumed = {name: value for name, value in _DEFAULTS.items() if getattr(setting, name) is None}
    full = dataclasses.replace(setting, **assumed)
    thresholds = zip(SMALLEST_N, smallest_n(full), strict=True)
    words, needed = max(thresholds, key=lambda pair: pair[1].log10[1])
    if not needed.at_most(full.n):
        return Unmet(THEOREM_A, full, f"it needs n >= {_size(needed)} ({words})")
    return ExplicitBound(
        THEOREM_A, full, enclose(THEOREM_A.bound.expr, full.substitution), tuple(f"{name} = 1" for name in assumed)
    )


def _size(needed: Enclosure) -> str:
    """The smallest whole sample size, rounded up to what is shown."""
    return show_upper(math.ceil(needed.upper) if needed.log10[1] < 15 else needed, 3)


HEAVIER = "its proof is for the weight (1 - |t|)^(d+2), and this weight is larger"


def canonical_budget(problem: Problem) -> Fraction | None:
    """A budget C such that the canonical class with it lies in the problem's class, in units of B; None if there is none."""
    if problem.weight.degree(problem.d) < Weight.CANONICAL.degree(problem.d):
        return None
    if problem.weight.plain:
        return problem.budget
    with precision(128):
        limit = Weighting(problem.weight, Marginal(problem.d)).ratio(ball(0))
        return Fraction(lower_float(ball(problem.budget) / limit))


@dataclass(frozen=True)
class TheoremA(Design):
    """Theorem A at the problem's number of samples, or at the smallest one for which it holds."""

    BITS = 128

    def __str__(self) -> str:
        return "closed form"

    def bound(self, problem: Problem) -> Ball:
        """The closed form, in units of B^2.

        Raises
        ------
        ArithmeticError
            If the budget in the canonical norm is below every float.
        """
        budget = canonical_budget(problem)
        if budget is None:
            raise ArithmeticError(HEAVIER)
        if budget <= 0:
            raise ArithmeticError("the budget over the limit of the weight's ratio is below every float")
        one = Integer(1)  # all functions and the noise are divided by B
        setting = Setting(d=Integer(problem.d), n=rational(problem.nu), sigma=one, B=one, C=rational(budget))
        last = max(smallest_n(setting), key=lambda threshold: threshold.log10[1])
        if last.log10[1] > _LARGEST_LOG10:
            raise ArithmeticError(f"it needs n B^2/sigma^2 >= {_size(last)}")
        needed = last.upper
        if needed > setting.n:
            setting = dataclasses.replace(setting, n=needed)
        return from_enclosure(enclose(THEOREM_A.bound.expr, setting.substitution))


def ceiling(problem: Problem, extra: tuple[Caps, ...]) -> float:
    """The closed form at h = 1/8, which no h exceeds."""
    return log_c1(problem.d) + (problem.d - 1) / 2 * math.log(7 / 64) - math.log(24 * 8) + 1e-9


def search(problem: Problem, effort: Effort, extra: tuple[Caps, ...], floor: float) -> Design | NotApplicable:
    """Nothing to search for."""
    return TheoremA()


FAMILY = Family(
    key="theorem-a",
    title="Theorem A",
    statement=str(THEOREM_A.bound.expr),
    conditions=tuple(f"{words}, else at the smallest n for which it holds" for words in SMALLEST_N),
    proof=stacked_hats.__doc__ or "",
    boundary_localised=True,
    search=search,
    ceiling=ceiling,
)
