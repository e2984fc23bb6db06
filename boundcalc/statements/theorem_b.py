"""Theorem B: sharp minimax lower bound from overlapping wave packets.

Proof in outline. In every one of the ~ h^{-(d-1)/2} disjoint caps of height h, in the coordinates in which the cap has
size 1, take an orthonormal lattice of band-limited packets of scale kappa h with spectrum in a cone about the axis. By
Plancherel the seminorm of every signed sum in a cap is O(h^{d+1} (kappa h)^{-(d+3)/2}), so kappa fixes it to C in
total; the Gram matrix is diagonal up to superpolynomially small terms; Assouad's lemma with neighbours at relative
entropy 1/2 gives risk of order B^2 h at h^{(3d+1)/2} = sigma^2 / (n B^2 kappa^d).
"""

from boundcalc.statement import Assumption, Bound, Quantity, Side, Status, Theorem
from boundcalc.statements.assumptions import GAUSSIAN_NOISE, UNIFORM_BALL
from boundcalc.statements.sources import BOUNDCALC
from boundcalc.symbols import B, C, d, n, sigma

THEOREM = Theorem(
    key="theorem-b",
    title="Theorem B: sharp minimax lower bound from wave packets",
    statement="No estimator does better than this over functions with sup norm at most B and canonical weighted "
    "variation norm at most C. Theorem C has the same exponent from above: it is the minimax exponent of the class.",
    bounds={
        "mse": Bound(
            B**2 * (sigma**2 / (n * B**2) * (C / B) ** (2 * d / (d + 3))) ** (2 / (3 * d + 1)),
            Side.LOWER,
            Quantity.MSE,
            constant_known=False,
            remark="population norm; for n >= n_0(d, B, C, sigma), which is not explicit",
        )
    },
    assumptions=(UNIFORM_BALL, GAUSSIAN_NOISE, Assumption("n >= n_0(d, B, C, sigma)")),
    source=BOUNDCALC.at("Theorem B"),
    status=Status.DERIVED,
)
