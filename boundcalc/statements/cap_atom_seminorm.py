"""Weighted variation norm of a normalised cap atom.

The atom is (u.x - t)_+ / h with t = 1 - h: one neuron with coefficient 1/h, and the canonical weight is h^{d+2}.
"""

from boundcalc.statement import Bound, Quantity, Side, Status, Theorem
from boundcalc.statements.sources import LQWP25
from boundcalc.symbols import d, eps

THEOREM = Theorem(
    key="cap-atom-seminorm",
    title="Weighted variation norm of a cap atom",
    statement="The cap atom of height epsilon^2 and sup norm 1 has this canonical weighted variation norm: nearly free, "
    "because it lives at the boundary.",
    bounds={"seminorm": Bound(eps ** (2 * d + 2), Side.TIGHT, Quantity.SEMINORM, constant_known=True)},
    assumptions=(),
    source=LQWP25.at("Lemma H.2"),
    status=Status.PAPER,
)
