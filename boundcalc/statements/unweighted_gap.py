"""Uniform deviation over the unweighted variation class.

A union bound over one net: resolution r plus the root of (entropy at r)/n, with entropy (C/r)^{2d/(d+3)}. Chaining
would do better in n, with a larger power of C; the proofs of LQWP25 use this form.
"""

from boundcalc.statement import Assumption, Bound, Quantity, Side, Status, Theorem
from boundcalc.statements.sources import LQWP25
from boundcalc.symbols import C, M, d, n

THEOREM = Theorem(
    key="unweighted-gap",
    title="Generalization gap of the unweighted variation class",
    statement="Over networks with unweighted variation norm at most C and outputs bounded by M, risk and empirical "
    "risk differ by at most this, with high probability.",
    bounds={
        "gap": Bound(
            C ** (d / (2 * d + 3)) * M ** (3 * (d + 2) / (2 * d + 3)) * n ** (-(d + 3) / (2 * (2 * d + 3))),
            Side.UPPER,
            Quantity.GAP,
            constant_known=False,
            remark="C bounds the unweighted variation norm here",
        ),
    },
    assumptions=(Assumption("x_1, ..., x_n independent in the unit ball"), Assumption("outputs and labels at most M")),
    source=LQWP25.at("Lemma F.5"),
    status=Status.PAPER,
)
