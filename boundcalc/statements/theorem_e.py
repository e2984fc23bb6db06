"""Theorem E: localised flatness.

Proof. Let J be the n x P Jacobian of the network's outputs, and test the Hessian with v = J^T 1_S / |J^T 1_S|. The
Gauss-Newton part gives |J v|^2 / n >= |J^T 1_S|^2 / (n |S|) (Cauchy-Schwarz against 1_S/sqrt|S|)
= (|S|/n) |mean over S of grad f|^2. The output bias adds 1, and neuron k adds v_k^2 |mean_S 1[active] z_i|^2 +
|mean_S (w_k.x_i - b_k)_+|^2 >= 2 |v_k| |w_k| g_S(u_k, t_k) by the inequality of the means. The residual part is at
least
-sqrt(R^2 + 1) * mean |r_i| >= -sqrt(R^2 + 1) sqrt(2 L). Solving for the sum gives the bound.
"""

from sympy import Rational, sqrt
from sympy.core.relational import Le

from boundcalc.statement import Assumption, Bound, Quantity, Side, Status, Theorem
from boundcalc.statements.assumptions import DATA_IN_BALL, TWICE_DIFFERENTIABLE
from boundcalc.statements.extra_symbols import n_S
from boundcalc.statements.sources import BOUNDCALC
from boundcalc.symbols import L, R, lam, n

THEOREM = Theorem(
    key="theorem-e",
    title="Theorem E: localised flatness",
    statement="For every subset S of the sample, the variation norm of the network with the weight of the subsample "
    "S is at most this. With S the whole sample it is the sharper form of Thm 3.2.",
    bounds={
        "seminorm on S": Bound(
            n / n_S * (lam + sqrt(R**2 + 1) * sqrt(2 * L)) / 2 - Rational(1, 2),
            Side.UPPER,
            Quantity.SEMINORM,
            constant_known=True,
        )
    },
    assumptions=(DATA_IN_BALL, TWICE_DIFFERENTIABLE, Assumption("1 <= |S| <= n", Le(n_S, n, evaluate=False))),
    source=BOUNDCALC.at("Theorem E"),
    status=Status.DERIVED,
    symbols={n_S: "number of points in the subset S"},
)
