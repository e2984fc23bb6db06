"""The unweighted variation class: (d+3)/(4d+6) for its uniform deviation, (d+3)/(2d+3) for its squared critical radius."""

from __future__ import annotations

from boundcalc.derivation.derivation import Derivation, Derived
from boundcalc.derivation.entropy import ENTROPY_STEP, critical_square, net_deviation
from boundcalc.derivation.formula import Formula, Relation, Step
from boundcalc.powers import power_exponent
from boundcalc.statement import Side
from boundcalc.symbols import n


def _deviation() -> Derived:
    product, found = net_deviation()
    last = Step("With the bound C on the variation norm kept.", (Formula("gap", Relation.AT_MOST_ORDER, product),))
    return Derived(-power_exponent(product, n), (ENTROPY_STEP, *found.steps, last), optima=found.optima)


def _radius() -> Derived:
    product, found = critical_square()
    words = "With the bound C on the variation norm kept (n stands for n/sigma^2)."
    last = Step(words, (Formula("squared radius", Relation.ORDER, product),))
    return Derived(-power_exponent(product, n), (ENTROPY_STEP, *found.steps, last), optima=found.optima)


DERIVATIONS = tuple(
    Derivation(key, title, side, work)
    for key, title, side, work in (
        ("unweighted-gap", "Uniform deviation over the unweighted variation class", Side.UPPER, _deviation),
        ("local-complexity", "Squared critical radius of the unweighted variation class", Side.TIGHT, _radius),
        ("low-norm-mse", "Mean squared error of low-norm networks", Side.TIGHT, _radius),
    )
)
