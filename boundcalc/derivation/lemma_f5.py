"""(d+3)/(4d+6): uniform deviation over the unweighted variation class."""

from __future__ import annotations

from boundcalc.derivation.derivation import Derivation, Derived
from boundcalc.derivation.entropy import ENTROPY_STEP, net_deviation
from boundcalc.derivation.formula import Formula, Relation, Step
from boundcalc.powers import power_exponent
from boundcalc.statement import Side
from boundcalc.symbols import n

__all__ = ["DERIVATION"]


def _work() -> Derived:
    product, found = net_deviation()
    last = Step("With the bound C on the variation norm kept.", (Formula("gap", Relation.AT_MOST_ORDER, product),))
    return Derived(-power_exponent(product, n), (ENTROPY_STEP, *found.steps, last), optima=(found.optimum,))


DERIVATION = Derivation(
    key="unweighted-gap",
    title="Uniform deviation over the unweighted variation class",
    theorem="unweighted-gap",
    side=Side.UPPER,
    work=_work,
)
