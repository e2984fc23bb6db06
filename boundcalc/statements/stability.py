"""What sharpness says of a network: its weighted variation norm, in whole and on subsets of the data."""

from sympy import Integer, Rational, sqrt
from sympy.core.relational import Le

from boundcalc.cap import trace_weight, trace_weight_least, trace_weight_limit
from boundcalc.statement import Assumption, Quantity, Side, Status, Theorem
from boundcalc.statements.assumptions import D_IS_1, DATA_IN_BALL, ETA_BELOW_2, STABLE, TWICE_DIFFERENTIABLE, ZERO_LOSS
from boundcalc.statements.extra_symbols import n_S, trace
from boundcalc.statements.sources import BOUNDCALC, LQWP25, MULAYOFF
from boundcalc.symbols import L, R, d, eta, h, lam, n

STABILITY_SEMINORM = Theorem(
    key="stability-seminorm",
    title="Sharpness bounds the weighted variation norm",
    statement="The weighted variation norm of a two-layer ReLU network, with the weight of the data, is at most half its "
    "sharpness minus one half, plus a multiple of the root of twice the loss.",
    bounds={"seminorm": Side.UPPER.bound(Quantity.SEMINORM, lam / 2 - Rational(1, 2) + (R + 1) * sqrt(2 * L))},
    assumptions=(DATA_IN_BALL, TWICE_DIFFERENTIABLE),
    source=LQWP25.at("Thm 3.2"),
    status=Status.PAPER,
    errata=(9,),
)

# Derivation. The second derivative of f at x_i in the parameters of one active neuron is the block [[0, z_i], [z_i^T, 0]]
# between (w_k, b_k) and v_k, z_i = (x_i, -1); its operator norm is |z_i| = sqrt(|x_i|^2 + 1) <= sqrt(R^2 + 1). So the
# residual part of the Hessian, tested with any unit vector, is at least -sqrt(R^2 + 1) * mean |r_i| >=
# -sqrt(R^2 + 1) * sqrt(2 L). Testing the Gauss-Newton part with J^T 1 / |J^T 1| gives at least 1 + 2 * seminorm.
STABILITY_SEMINORM_SHARP = Theorem(
    key="stability-seminorm-sharp",
    title="Sharpness bounds the weighted variation norm, sharper constant",
    statement="As Thm 3.2 of LQWP25, with half the operator norm of a neuron's second-derivative block, "
    "sqrt(R^2 + 1)/2, in the place of R + 1.",
    bounds={
        "seminorm": Side.UPPER.bound(Quantity.SEMINORM, lam / 2 - Rational(1, 2) + sqrt(R**2 + 1) / 2 * sqrt(2 * L))
    },
    assumptions=(DATA_IN_BALL, TWICE_DIFFERENTIABLE),
    source=BOUNDCALC.at("sharper Thm 3.2"),
    status=Status.DERIVED,
)

STABLE_MINIMA_SEMINORM = Theorem(
    key="stable-minima-seminorm",
    title="Stable minima have a bounded weighted variation norm",
    statement="Thm 3.2 at the edge of stability lambda_max = 2/eta.",
    bounds={
        "seminorm": Side.UPPER.bound(Quantity.SEMINORM, STABILITY_SEMINORM.bound.expr.subs(lam, 2 / eta)),
        "seminorm, sharper constant": Side.UPPER.bound(
            Quantity.SEMINORM,
            STABILITY_SEMINORM_SHARP.bound.expr.subs(lam, 2 / eta),
            "derived: the sharper form of Thm 3.2",
        ),
    },
    assumptions=(STABLE, ETA_BELOW_2, DATA_IN_BALL, TWICE_DIFFERENTIABLE),
    source=LQWP25.at("Cor 3.3"),
    status=Status.PAPER,
    errata=(6, 9),
)

# Proof. Let J be the n x P Jacobian of the network's outputs, and test the Hessian with v = J^T 1_S / |J^T 1_S|. The
# Gauss-Newton part gives |J v|^2 / n >= |J^T 1_S|^2 / (n |S|) (Cauchy-Schwarz against 1_S/sqrt|S|)
# = (|S|/n) |mean over S of grad f|^2. The output bias adds 1, and neuron k adds v_k^2 |mean_S 1[active] z_i|^2 +
# |mean_S (w_k.x_i - b_k)_+|^2 >= 2 |v_k| |w_k| g_S(u_k, t_k) by the inequality of the means. The residual part is at
# least
# -sqrt(R^2 + 1) * mean |r_i| >= -sqrt(R^2 + 1) sqrt(2 L). Solving for the sum gives the bound.
THEOREM_E = Theorem(
    key="theorem-e",
    title="Theorem E: localised flatness",
    statement="For every subset S of the sample, the variation norm of the network with the weight of the subsample "
    "S is at most this. With S the whole sample it is the sharper form of Thm 3.2.",
    bounds={
        "seminorm on S": Side.UPPER.bound(
            Quantity.SEMINORM, n / n_S * (lam + sqrt(R**2 + 1) * sqrt(2 * L)) / 2 - Rational(1, 2)
        )
    },
    assumptions=(DATA_IN_BALL, TWICE_DIFFERENTIABLE, Assumption("1 <= |S| <= n", Le(n_S, n, evaluate=False))),
    source=BOUNDCALC.at("Theorem E"),
    status=Status.DERIVED,
    symbols={n_S: "number of points in the subset S"},
)

# Proof. The second derivatives of f couple (w_k, b_k) with v_k only: the residual part of the Hessian has zero trace. What
# is left is tr J^T J / n = 1 + sum_k (v_k^2 P_k + H_k), P_k the mean of |x|^2 + 1 over active points (zero elsewhere) and
# H_k the mean of (w_k.x - b_k)_+^2 = |w_k|^2 (u_k.x - t_k)_+^2. Each bracket is at least 2 |v_k| sqrt(P_k H_k), with equality
# where v_k^2 P_k = H_k, which v -> c v, (w, b) -> (w, b)/c attains without changing the function.
TRACE_SEMINORM = Theorem(
    key="trace-seminorm",
    title="Theorem F: the trace of the Hessian bounds a weighted variation norm",
    statement="At every parameter vector, stationary or not: sum |v_k||w_k| g_tr(u_k, t_k) <= trace - 1, g_tr(u, t) = "
    "2 (mean of (|x|^2+1) 1[u.x>t] * mean of (u.x-t)_+^2)^{1/2} over the data, with the orientation of each neuron or with "
    "the smaller one. In the first form it is an equality once v_k^2 * (first mean) = |w_k|^2 * (second mean) for all k; "
    "the balance v_k -> c v_k, (w_k, b_k) -> (w_k, b_k)/c gets there.",
    bounds={
        "seminorm": Side.UPPER.bound(Quantity.SEMINORM, trace - 1),
        "seminorm, SGD": Side.UPPER.bound(
            Quantity.SEMINORM,
            2 / eta - 1,
            "for trace at most 2/eta: global minima linearly stable for SGD (Wu & Su 2023)",
        ),
        "population weight at depth h": Side.TIGHT.bound(
            Quantity.WEIGHT, trace_weight.expr, "uniform data in the ball"
        ),
        "from below": Side.LOWER.bound(Quantity.WEIGHT, trace_weight_least.expr * h ** ((d + 3) / 2), "likewise"),
        "from above": Side.UPPER.bound(Quantity.WEIGHT, trace_weight_limit.expr * h ** ((d + 3) / 2), "likewise"),
    },
    assumptions=(TWICE_DIFFERENTIABLE, Assumption("depth h at most 1 (it is 1 - |t|)", Le(h, 1, evaluate=False))),
    source=BOUNDCALC.at("Theorem F"),
    status=Status.DERIVED,
    symbols={trace: "trace of the Hessian of the loss"},
)

# Proof in docs/proofs.md, "SGD's threshold". The second moment moves by S -> S - eta C(S) + eta^2 D(S), which is self-adjoint and
# keeps the cone of positive semidefinite matrices: it stays bounded iff eta D <= C. Test with the projection on the span of the
# gradients g_i: eta mean |g_i|^4 <= 2 tr H, and mean |g_i|^4 >= (tr H)^2; with the top eigenvector likewise.
SGD_STABILITY = Theorem(
    key="sgd-stability",
    title="Minima at which SGD of batch size 1 is stable",
    statement="At an interpolating network SGD of batch size 1, linearised, has bounded second moments iff eta is at most "
    "n/lambda_max(K), K_ij = <g_i g_i^T, C^-1 g_j g_j^T>, C(S) = HS + SH, g_i the gradient at x_i "
    "(verify.hessian.sgd_threshold). It is enough that |g_i|^2 <= 2/eta for all i, and needed that their mean, the trace of "
    "the Hessian, is at most 2/eta.",
    bounds={
        "trace": Side.UPPER.bound(Quantity.TRACE, 2 / eta),
        "sharpness": Side.UPPER.bound(Quantity.SHARPNESS, 2 / eta, "SGD is no more stable than gradient descent"),
    },
    assumptions=(
        ZERO_LOSS,
        TWICE_DIFFERENTIABLE,
        Assumption("linearly stable in mean square for SGD of batch size 1, points drawn independently and uniformly"),
    ),
    source=BOUNDCALC.at("SGD's threshold"),
    status=Status.DERIVED,
)

UNIVARIATE_SEMINORM = Theorem(
    key="univariate-seminorm",
    title="Stable interpolating minima on the line",
    statement="A stable network on the line that interpolates its data has integral of |f''| g at most this, g the "
    "weight of the data.",
    bounds={"seminorm": Side.UPPER.bound(Quantity.SEMINORM, 1 / eta - Rational(1, 2))},
    assumptions=(D_IS_1, STABLE, ETA_BELOW_2, TWICE_DIFFERENTIABLE, ZERO_LOSS),
    source=MULAYOFF.at("Thm 1"),
    status=Status.PAPER,
)

# If no neuron is active on any data point and the network interpolates, the Jacobian of f at each x_i is the derivative in
# the output bias alone, so the Hessian is the matrix with a single 1 on the diagonal.
EMPTY_NETWORK = Theorem(
    key="empty-network",
    title="Sharpness of an interpolating network whose neurons are active on no data",
    statement="If the network interpolates the data and none of its neurons is active on a data point, the largest "
    "eigenvalue of the Hessian of the loss is exactly 1: it is stable for every step size below 2.",
    bounds={"sharpness": Side.TIGHT.bound(Quantity.SHARPNESS, Integer(1))},
    assumptions=(ZERO_LOSS, Assumption("no neuron is active on a data point")),
    source=LQWP25.at("Prop I.2"),
    status=Status.PAPER,
    errata=(6,),
)
