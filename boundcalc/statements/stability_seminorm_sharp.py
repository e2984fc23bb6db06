"""Sharpness bounds the weighted variation norm of the network (sharper constant).

Derivation. The second derivative of f at x_i in the parameters of one active neuron is the block [[0, z_i], [z_i^T, 0]]
between (w_k, b_k) and v_k, z_i = (x_i, -1); its operator norm is |z_i| = sqrt(|x_i|^2 + 1) <= sqrt(R^2 + 1). So the
residual part of the Hessian, tested with any unit vector, is at least -sqrt(R^2 + 1) * mean |r_i| >=
-sqrt(R^2 + 1) * sqrt(2 L). Testing the Gauss-Newton part with J^T 1 / |J^T 1| gives at least 1 + 2 * seminorm.
"""

from sympy import Rational, sqrt

from boundcalc.statement import Bound, Quantity, Side, Status, Theorem
from boundcalc.statements.assumptions import DATA_IN_BALL, TWICE_DIFFERENTIABLE
from boundcalc.statements.sources import BOUNDCALC
from boundcalc.symbols import L, R, lam

THEOREM = Theorem(
    key="stability-seminorm-sharp",
    title="Sharpness bounds the weighted variation norm, sharper constant",
    statement="As Thm 3.2 of LQWP25, with half the operator norm of a neuron's second-derivative block, "
    "sqrt(R^2 + 1)/2, in the place of R + 1.",
    bounds={
        "seminorm": Bound(
            lam / 2 - Rational(1, 2) + sqrt(R**2 + 1) / 2 * sqrt(2 * L),
            Side.UPPER,
            Quantity.SEMINORM,
            constant_known=True,
        )
    },
    assumptions=(DATA_IN_BALL, TWICE_DIFFERENTIABLE),
    source=BOUNDCALC.at("sharper Thm 3.2"),
    status=Status.DERIVED,
)
