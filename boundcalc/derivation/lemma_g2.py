"""(d+3)/(2d+3): squared critical radius of the unweighted variation class."""

from __future__ import annotations

from boundcalc.derivation.derivation import Derivation, Derived
from boundcalc.derivation.entropy import ENTROPY_STEP, critical_square
from boundcalc.derivation.formula import Formula, Relation, Step
from boundcalc.powers import power_exponent
from boundcalc.statement import Side
from boundcalc.symbols import n

__all__ = ["DERIVATION", "LOW_NORM"]


def _work() -> Derived:
    product, found = critical_square()
    last = Step(
        "With the bound C on the variation norm kept (n stands for n/sigma^2).",
        (Formula("squared radius", Relation.ORDER, product),),
    )
    return Derived(-power_exponent(product, n), (ENTROPY_STEP, *found.steps, last), optima=(found.optimum,))


DERIVATION = Derivation(
    key="local-complexity",
    title="Squared critical radius of the unweighted variation class",
    theorem="local-complexity",
    side=Side.TIGHT,
    work=_work,
)
LOW_NORM = Derivation(
    key="low-norm-mse",
    title="Mean squared error of low-norm networks",
    theorem="low-norm-mse",
    side=Side.TIGHT,
    work=_work,
)
