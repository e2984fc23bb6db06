"""The largest Hessian eigenvalue of two dense layers, proved: several outputs, convex losses, missing biases, frozen tensors.

f(x) = V act(W x + b) + beta, act(t) = t for t > 0 and ``slope`` t otherwise; L = (1/n) sum_i l_i(f(x_i)). With s_ik the slope of
neuron k at point i, h_ik = s_ik (w_k.x_i + b_k), z_i the inputs of (w_k, b_k) that are trainable and S_i = F_i'F_i, the Hessian
is B'B/n + R: row (i, j) of B is

    (F_ij.v_k) s_ik z_i over all k,  F_ijo h_ik over all k and o,  F_ijo over all o,

v_k the k-th column of V, and R couples (w_k, b_k) with v_k by C_k = (1/n) sum_i s_ik z_i rho_i' (D x c): its eigenvalues are the
singular values of the C_k with both signs. What is frozen has no columns. So tr H = tr B'B/n, and all of
:mod:`verify.hessian.reduction` holds in terms of the rows of B: with N_k = (c^2 I - C_k'C_k)^-1, c > max |C_k|,

    M(c) = FF' + ZZ' o aa' + YY',    a_(ij)k = s_ik F_ij.v_k,    Y_(ij)k = (a_(ij)k C_k'z_i + c h_ik F_ij)' L_k,

lambda_max < c iff ncI - M(c) is positive definite for L_k L_k' = N_k, and if it is for L_k L_k' >= N_k.

Computed F_i and C_k count as exact: the difference moves eigenvalues by at most ``c_error``, which is added at the end. Rounding
is bounded by gammas times norms of absolute values: row i of the Jacobian of f has absolute products of norm at most
j_i, j_i^2 = sum_k s_ik^2 (|z_i|^2 |v_k|^2 + |(x_i, 1)|^2 |(w_k, b_k)|^2) + 1, and B at most
(sum_i |F_i|^2 j_i^2)^(1/2). With one output and squared error of a network with all its parameters this is
:mod:`verify.hessian.problem`, which does more for such networks.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from verify.hessian.activation import Pattern, dense_pattern, one_sided_patterns
from verify.hessian.arrays import Array, Backend, to_numpy
from verify.hessian.cholesky import DataCertificate, ParameterCertificate
from verify.hessian.from_torch import TwoLayers
from verify.hessian.krylov_bound import krylov_upper_bound, outside_trace
from verify.hessian.ladder import MOST_BYTES, dense_is_cheap, first_proved, levels
from verify.hessian.lanczos import lanczos, ritz
from verify.hessian.losses import ROOT, Derivatives, Floats, PointLoss, norms
from verify.hessian.result import Sharpness, kink_slack
from verify.hessian.rounding import SLACK, TINY, UNIT, gamma, up
from verify.outcome import Interval, Trust

_LARGEST, _SMALLEST, _AIM = 2.0**40, 2.0**-400, 1e-10
_ENUMERATED_KINKS, _MAX_STEPS, _CHUNK = 6, 400, 2**23


@dataclass(frozen=True)
class ConvexProblem:
    """What the certificates need; see :class:`verify.hessian.problem.Measured`.

    Attributes
    ----------
    Z, A, h, V, F, C : backend arrays (n, D), (n, k) of the slopes s, (n, k), (c, k), (n, m, c), (k, D, c)
    v_norm, omega_norm, C_norm : (k,), norms of v_k, (w_k, b_k) and C_k, rounded up
    weight, augmented : (k,), sum_i |F_i|^2 s_ik^2 |z_i|^2, and the same with (x_i, 1)
    plain : sum_i |F_i|^2
    inputs : d + 1
    trace : bound on tr(B'B) / n
    """

    backend: Backend
    trainable: tuple[bool, bool, bool, bool]
    Z: Array
    A: Array
    h: Array
    V: Array
    F: Array
    C: Array
    v_norm: Floats
    omega_norm: Floats
    C_norm: Floats
    weight: Floats
    augmented: Floats
    plain: float
    inputs: int
    pattern: Pattern
    gamma_max: float
    trace: float
    c_error: float
    kink_jacobian: float
    kink_curvature: float
    sparse = False

    @property
    def n(self) -> int:
        return len(self.A)

    @property
    def rows(self) -> int:
        """Of B."""
        return self.n * int(self.F.shape[1])

    @property
    def counts(self) -> tuple[int, int, int]:
        """Numbers of neurons, of their trainable inputs and of outputs."""
        return int(self.A.shape[1]), int(self.Z.shape[1]), int(self.V.shape[0])

    @property
    def sizes(self) -> tuple[int, int, int]:
        """Of the three parts of a vector: (w, b) by neuron, V by output, beta."""
        k, D, c = self.counts
        return k * D, c * k * self.trainable[2], c * self.trainable[3]

    @property
    def size(self) -> int:
        return sum(self.sizes)

    @property
    def row_count(self) -> int:
        """Terms of an entry of YY'."""
        return self.A.shape[1] * self.V.shape[0]

    @property
    def width(self) -> int:
        """Roundings of an entry of B, and more."""
        return self.inputs + self.Z.shape[1] + 3 * self.V.shape[0] + 8

    @property
    def jacobian_square(self) -> float:
        """Bound on the square of all absolute products in B, divided by n: see the module's text."""
        hidden = float(self.v_norm**2 @ self.weight) + self.trainable[2] * float(self.omega_norm**2 @ self.augmented)
        return (hidden + self.trainable[3] * self.plain) / self.n * SLACK + TINY

    @property
    def image_error(self) -> float:
        """Bound on |B p - computed B p| for |p| <= 1."""
        terms = self.width + self.A.shape[1] + 16
        return gamma(terms) * math.sqrt(self.n * self.jacobian_square) * SLACK + ROOT

    @property
    def product_error(self) -> float:
        """Bound on |H p - computed H p| for |p| <= 1."""
        terms = self.n + 2 * (self.width + self.A.shape[1]) + 48
        return gamma(terms) * (self.jacobian_square + 2 * float(self.C_norm.max(initial=0.0))) * SLACK + ROOT

    def parts(self, p: Array) -> tuple[Array, Array, Array]:
        """(k, D), (c, k) and (c,) of a vector, empty where frozen."""
        (k, D, _), (first, second, _) = self.counts, self.sizes
        ends = first + second
        return p[:first].reshape(k, D), p[first:ends].reshape(-1, k), p[ends:]

    def product(self, p: Array) -> tuple[Array, Array]:
        """(H p, B p)."""
        U, Q, b = self.parts(p)
        t = ((self.Z @ U.T) * self.A) @ self.V.T
        if len(Q):
            t = t + self.h @ Q.T
        if len(b):
            t = t + b
        image = (self.F * t[:, None, :]).sum(-1)
        y = (self.F * image[:, :, None]).sum(1) / self.n
        out = [((y @ self.V) * self.A).T @ self.Z]
        if len(Q):
            out[0] = out[0] + (self.C * Q.T[:, None, :]).sum(-1)
            out.append(y.T @ self.h + (self.C * U[:, :, None]).sum(1).T)
        if len(b):
            out.append(y.sum(0))
        return self.backend.xp.concatenate([part.reshape(-1) for part in out]), image.reshape(-1)

    def jacobian_rows(self, part: slice) -> Array:
        """The rows of B for some points, (rows, P)."""
        F, A, Z = self.F[part], self.A[part], self.Z[part]
        size = len(A) * F.shape[1]
        blocks = [(((F @ self.V) * A[:, None, :])[:, :, :, None] * Z[:, None, None, :]).reshape(size, -1)]
        if self.trainable[2]:
            blocks.append((self.h[part][:, None, None, :] * F[:, :, :, None]).reshape(size, -1))
        if self.trainable[3]:
            blocks.append(F.reshape(size, -1))
        return self.backend.xp.concatenate(blocks, 1)

    def reduce_at(self, c: float) -> ConvexReduction | None:
        """M(c) in factored form; None unless c exceeds every |C_k|, by more than rounding."""
        k, D, outputs = self.counts
        C = to_numpy(self.C)
        gap = c * c * np.eye(outputs) - np.matmul(C.transpose(0, 2, 1), C)
        try:
            L = np.linalg.inv(np.linalg.cholesky(gap)).transpose(0, 2, 1)
        except np.linalg.LinAlgError:
            return None
        # L'N^-1 L >= (1 - e) I shows LL' / (1 - e) >= N.
        L_norm = norms(L.reshape(k, -1))
        defect = norms((np.matmul(L.transpose(0, 2, 1), np.matmul(gap, L)) - np.eye(outputs)).reshape(k, -1))
        e = defect + gamma(D + 3 * outputs + 12) * (L_norm**2 * (outputs * c * c + self.C_norm**2) + outputs) * SLACK
        if not (e < 0.1).all():
            return None
        grown = 1 / np.sqrt(1 - e * SLACK) * (1 + gamma(8))
        return ConvexReduction(self, c, grown[:, None, None] * L, grown * L_norm * SLACK)


@dataclass(frozen=True)
class ConvexReduction:
    """M(c) with the matrices L (k, c, c), which count as exact, and norms of theirs."""

    problem: ConvexProblem
    c: float
    L: Floats
    L_norm: Floats

    def rows(self) -> Array:
        """Y (rows, k c) as computed."""
        problem, L = self.problem, self.problem.backend.asarray(self.L)
        k, _, c = problem.counts
        if not problem.trainable[2]:
            return problem.backend.zeros(problem.rows, 1)
        moved = (problem.Z @ problem.C.swapaxes(0, 1).reshape(-1, k * c)).reshape(-1, k, c)
        pulled = ((problem.F @ problem.V) * problem.A[:, None, :])[:, :, :, None] * moved[:, None]
        Y = pulled + self.c * problem.h[:, None, :, None] * problem.F[:, :, None, :]
        return (Y[:, :, :, None, :] @ L).reshape(problem.rows, k * c)

    @property
    def scales(self) -> Floats:
        """(k,): the absolute products in Y_(ij)k are at most |F_ij| s_ik |(x_i, 1)| times this."""
        problem = self.problem
        return (problem.v_norm * problem.C_norm + self.c * problem.omega_norm) * self.L_norm * SLACK

    @property
    def y_norm(self) -> float:
        """Bound on the Frobenius norm of Y, exact or computed."""
        whole = float(self.scales**2 @ self.problem.augmented) if self.problem.trainable[2] else 0.0
        return math.sqrt(whole) * SLACK + ROOT

    @property
    def y_error(self) -> float:
        return gamma(self.problem.width + 8) * self.y_norm * SLACK + ROOT

    @property
    def trace(self) -> float:
        """Bound on the trace of M and of absolute products in it."""
        problem = self.problem
        fixed = problem.trainable[3] * problem.plain + float(problem.v_norm**2 @ problem.weight)
        return (fixed + self.y_norm**2) * SLACK + TINY


def prepare(
    network: TwoLayers, X: Floats, loss: PointLoss, backend: Backend, pattern: Pattern | None = None
) -> ConvexProblem:
    """Slopes, derivatives of the loss and couplings, with bounds on their rounding errors."""
    largest = max(
        float(np.abs(a).max(initial=0.0)) for a in (X, network.W, network.b, network.V, network.beta, network.slope)
    )
    if not largest <= _LARGEST:
        raise ValueError("numbers beyond 2**40 among the parameters, the inputs or the slopes")
    n, (k, d), c = len(X), network.W.shape, len(network.beta)
    if not backend.fits(8 * n * (8 * k + 4 * c * c)):
        raise ValueError(f"the slopes of {n} points and {k} neurons don't fit into memory")
    felt = float(network.trainable[1] or network.b.any())
    points, omega = np.column_stack([X, np.full(n, felt)]), np.column_stack([network.W, network.b])
    if network.slope == 1:
        pattern = Pattern(backend.asarray(np.ones((n, k))), np.empty((0, 2), dtype=np.int64), math.inf)
    pattern = pattern or dense_pattern(points, omega, backend)
    A = backend.asarray(np.where(to_numpy(pattern.active) > 0, 1.0, network.slope))
    V, slopes = backend.asarray(network.V), np.abs(to_numpy(A))
    slopes[tuple(pattern.kinks.T)] = max(1.0, abs(network.slope))  # whatever the side
    h = (backend.asarray(points) @ backend.asarray(omega).T) * A
    Z = points[:, [*range(d * network.trainable[0]), *([d] * network.trainable[1])]]
    x_norm, z_norm, omega_norm, v_norm = norms(points), norms(Z), norms(omega), norms(network.V.T)

    f = to_numpy(h @ V.T) + network.beta
    reach = (slopes @ (omega_norm[:, None] * np.abs(network.V.T))) * x_norm[:, None] + np.abs(network.beta)
    with np.errstate(over="ignore", invalid="ignore"):
        found = loss(f, gamma(k + d + 6) * reach * SLACK + ROOT)
    if not found.factor.shape[1]:
        raise ValueError("the loss does not depend on the outputs")
    F_norm = norms(found.factor.reshape(n, -1))
    if not max(F_norm.max(), np.abs(found.first).max()) <= _LARGEST:
        raise ValueError("derivatives of the loss beyond 2**40")
    # C_k sums n terms; its error in norm is at most (1/n) sum_i s_ik (gamma |rho_i| + error of rho_i) |z_i|.
    C, error = np.zeros((k, Z.shape[1], c)), 0.0
    if network.trainable[2] and Z.shape[1]:
        for o in range(c):
            C[:, :, o] = to_numpy(A.T @ backend.asarray(found.first[:, o, None] * Z)) / n
        spread = (gamma(n + 6) * norms(found.first) + found.first_error) * z_norm
        error = float((slopes.T @ spread).max()) / n * SLACK
    weight, augmented = (slopes**2).T @ (F_norm * z_norm) ** 2, (slopes**2).T @ (F_norm * x_norm) ** 2
    problem = ConvexProblem(
        backend=backend, trainable=network.trainable, Z=backend.asarray(Z), A=A, h=h, V=V,
        F=backend.asarray(found.factor), C=backend.asarray(C), v_norm=v_norm, omega_norm=omega_norm,
        C_norm=norms(C.reshape(k, -1)), weight=weight, augmented=augmented, plain=float(F_norm @ F_norm), inputs=d + 1,
        pattern=pattern, gamma_max=_largest_norm(C), trace=0.0, c_error=0.0, kink_jacobian=0.0, kink_curvature=0.0,
    )  # fmt: skip
    # |S_i - F_i'F_i| moves H by at most its multiple of |J_i|^2 / n.
    jacobian = (slopes**2) @ np.column_stack([v_norm**2, omega_norm**2])
    each = jacobian[:, 0] * z_norm**2 + network.trainable[2] * jacobian[:, 1] * x_norm**2
    each += network.trainable[3]
    error = (error + float(found.error @ each) / n) * SLACK + ROOT
    jump, (more, bend) = abs(1 - network.slope), _kink_terms(pattern, found, z_norm, F_norm, v_norm)
    trace = _trace(problem, z_norm)
    return replace(problem, trace=trace, c_error=error, kink_jacobian=jump * more, kink_curvature=jump * bend)


def _kink_terms(
    pattern: Pattern, found: Derivatives, z_norm: Floats, F_norm: Floats, v_norm: Floats
) -> tuple[float, float]:
    """Bounds on what the choice of slopes at kinks adds to B and R in norm, for slopes that differ by 1: h is 0 there."""
    if not len(pattern.kinks):
        return 0.0, 0.0
    i, k = pattern.kinks.T
    pull = np.bincount(k, weights=(norms(found.first) + found.first_error)[i] * z_norm[i])
    return float(norms(F_norm[i] * v_norm[k] * z_norm[i])), float(pull.max()) / len(z_norm) * SLACK + ROOT


def _trace(problem: ConvexProblem, z_norm: Floats) -> float:
    """Upper bound of tr(B'B) / n."""
    total = problem.backend.asarray(z_norm**2)
    F2 = (problem.F**2).sum(-1).sum(-1)
    inner = problem.backend.zeros(problem.n)
    for j in range(problem.F.shape[1]):
        inner = inner + (((problem.F[:, j] @ problem.V) * problem.A) ** 2).sum(-1)
    square = float(inner @ total)
    if problem.trainable[2]:
        square += float(F2 @ (problem.h**2).sum(-1))
    if problem.trainable[3]:
        square += problem.plain
    root = math.sqrt(square / problem.n + TINY) + gamma(problem.width + 8) * math.sqrt(problem.jacobian_square)
    return root**2 * SLACK + ROOT


def _largest_norm(C: Floats) -> float:
    """At least the largest singular value of the C_k (k, D, c)."""
    simple = float(norms(C.reshape(len(C), -1)).max())
    if min(C.shape[1:]) < 2 or not C.any():
        return simple
    short = C if C.shape[2] <= C.shape[1] else C.transpose(0, 2, 1)
    size = short.shape[2]
    square = np.matmul(short.transpose(0, 2, 1), short)
    level = float(np.linalg.eigvalsh(square)[:, -1].max())
    shift = gamma(short.shape[1] + size + 16) * (size + 1) * (level + simple**2) * SLACK + TINY
    level = level * (1 + 1e-14) + 2 * shift
    try:
        np.linalg.cholesky((level - shift) * np.eye(size) - square)
    except np.linalg.LinAlgError:
        return simple
    return math.sqrt(level) * (1 + gamma(4)) + ROOT


def convex_sharpness(
    network: TwoLayers, X: Floats, loss: PointLoss, backend: Backend, *, tol: float, seed: int, quick: float = math.inf
) -> tuple[Sharpness, Interval]:
    """Enclose lambda_max of the Hessian of L = (1/n) sum_i l_i(f(x_i)) in the trainable parameters, in the order of the network.

    With it comes an interval for the least eigenvalue, from -max |C_k| to a Rayleigh quotient, proved as well.

    Proved, or ``upper`` is inf: no certificate closes at a price that a probabilistic one wouldn't beat by far, or within about
    ``quick`` operations. For a kink the enclosure holds whatever its side.

    Raises
    ------
    ValueError
        If the numbers are out of the range for which rounding is bounded, or the outputs' rounding errors leave the loss's
        derivatives open.
    """
    problem = prepare(network, X, loss, backend)
    problems = [problem]
    if 0 < len(problem.pattern.kinks) <= _ENUMERATED_KINKS:
        problems = [prepare(network, X, loss, backend, pattern) for pattern in one_sided_patterns(problem.pattern)]
    results = [_enclose(each, network, tol, seed, quick) for each in problems]
    highest = max((found for found, _ in results), key=lambda found: found.upper)
    lower, least = min(found.lower for found, _ in results), [interval for _, interval in results]
    found = replace(highest, lower=lower, kink_distance=problem.pattern.distance, proved=highest.upper < math.inf)
    return found, Interval(min(i.lower for i in least), max(i.upper for i in least), trust=Trust.PROVED)


def _enclose(
    problem: ConvexProblem, network: TwoLayers, tol: float, seed: int, quick: float
) -> tuple[Sharpness, Interval]:
    backend = problem.backend
    start = backend.asarray(np.random.default_rng(seed).standard_normal(problem.size))
    lower, value, upper, method, dense = 0.0, TINY, math.inf, "krylov", None
    # Where eigenvalues nearly coincide, a run that seems settled may not have the largest one: the second one goes on.
    for tolerance, least in ((4e-13, 0.0), (0.0, min(tol, _AIM))):

        def stop(theta: float, residual: float, least: float = least) -> bool:
            return residual < least * theta

        run = lanczos(problem.product, start, backend, tolerance=tolerance, max_steps=_MAX_STEPS, stop=stop)
        vector = backend.asarray(run.vector)
        lower = max(lower, _rayleigh(problem, vector)[0])
        value = max(value, run.value, lower)
        if outside_trace(problem, run.images, problem.trace) < value:
            upper, method = min((upper, method), (krylov_upper_bound(problem, run, problem.trace), "krylov"))
        if upper > value * (1 + tol):
            dense = dense or _dense(problem, quick)
            if dense is not None:
                aims = levels(problem, value, min(tol, _AIM), dense.excess(value))
                bound = first_proved(dense.proves_below, aims)
                upper, method = min((upper, method), (bound, "cholesky"))
        if upper == math.inf or upper <= value * (1 + tol):
            break
    lower, upper = lower - problem.c_error, up(upper + problem.c_error)
    slack = kink_slack(problem, upper)
    lower, upper = max((lower - slack) * (1 - 2 * UNIT), 0.0), up(upper + slack)
    if upper < _SMALLEST:
        raise ValueError("lambda_max is below 2**-400")
    d, (U, Q, b) = network.W.shape[1], (to_numpy(part) for part in problem.parts(vector))
    w = U[:, : d * network.trainable[0]]
    whole = np.concatenate([part.ravel() for part in (w, U[:, w.shape[1] :], Q, b)])
    whole /= np.linalg.norm(whole)
    whole.setflags(write=False)
    moved = (problem.c_error + slack) * SLACK
    lowest = backend.asarray(ritz(run.alpha, run.beta)[1][:, 0]) @ run.basis
    ends = -up(problem.gamma_max + moved), up(_rayleigh(problem, lowest)[1] + moved)
    found = Sharpness(
        lower=lower, upper=upper, value=min(max(value, lower), upper), proved=True, method=method, failure_probability=0.0,
        iterations=run.steps, residual=run.residual, kink_distance=problem.pattern.distance, eigenvector=whole,
    )  # fmt: skip
    return found, Interval(*ends, trust=Trust.PROVED)


def _rayleigh(problem: ConvexProblem, p: Array) -> tuple[float, float]:
    """Floats around p'Hp / p'p for the computed F_i and C_k."""
    image, _ = problem.product(p)
    square, value = float(p @ p), float(p @ image)
    lost = gamma(problem.size + 8) * (math.sqrt(square) * float(norms(to_numpy(image))) + abs(value))
    lost = (lost + gamma(problem.size + 16) * abs(value) + problem.product_error * square) * SLACK
    return (value - lost) / square, (value + lost) / square


def _dense(problem: ConvexProblem, quick: float) -> ParameterCertificate | DataCertificate | None:
    """The cheaper of the two certificates by Cholesky factorisation that fits into memory; None if it is far too dear."""
    (k, _, c), rows, P = problem.counts, float(problem.rows), float(problem.size)
    choices: list[tuple[float, Callable[[ConvexProblem], ParameterCertificate | DataCertificate], int]] = [
        (rows * P * P + P**3 / 3, by_parameters, 8 * (3 * problem.size**2 + 3 * max(_CHUNK, 64 * problem.size))),
        (rows * rows * k * (c + 1) + rows**3 / 3, by_rows, 8 * (4 * problem.rows**2 + 3 * problem.rows * k * c)),
    ]
    lanczos_work = 4.0 * problem.n * k * sum(problem.counts) * _MAX_STEPS
    for work, build, needed in sorted(choices, key=lambda choice: choice[0]):
        if needed <= MOST_BYTES and problem.backend.fits(needed):
            cheap = dense_is_cheap(work, lanczos_work, min(quick, problem.backend.quick_work()))
            return build(problem) if cheap else None
    return None


def by_parameters(problem: ConvexProblem) -> ParameterCertificate:
    """B'B/n + R, from some points at a time: see :func:`verify.hessian.cholesky.build_for_parameters` for the errors."""
    backend, n, (k, D, c), P = problem.backend, problem.n, problem.counts, problem.size
    step = min(n, max(1, _CHUNK // (P * max(1, int(problem.F.shape[1])))))
    hessian = backend.zeros(P, P)
    for at in range(0, n, step):
        hessian += backend.gram(problem.jacobian_rows(slice(at, at + step)).T)
    hessian /= n
    if problem.trainable[2]:
        neuron, inside, output = np.indices((k, D, c)).reshape(3, -1)
        first, second = backend.index(neuron * D + inside), backend.index(k * D + output * k + neuron)
        hessian[first, second] += problem.C.reshape(-1)
        hessian[second, first] += problem.C.reshape(-1)
    whole, pieces = n * problem.trace, -(-n // step)
    off = gamma(problem.width + 8) * math.sqrt(n * problem.jacobian_square) * SLACK + ROOT
    product = gamma(min(step, n) * int(problem.F.shape[1]) + pieces + 6) * whole
    error = ((2 * math.sqrt(whole) + off) * off + product) / n + gamma(4) * (problem.trace + problem.gamma_max)
    largest = float(abs(hessian.diagonal()).max()) * SLACK
    return ParameterCertificate(problem, hessian, error * SLACK + ROOT, largest)


def by_rows(problem: ConvexProblem) -> DataCertificate:
    """The part of M(c) that doesn't depend on c."""
    backend, n, m = problem.backend, problem.n, int(problem.F.shape[1])
    fixed = backend.gram(((problem.F @ problem.V) * problem.A[:, None, :]).reshape(n * m, -1))
    blocks = fixed.reshape(n, m, n, m)
    blocks *= backend.gram(problem.Z)[:, None, :, None]
    if problem.trainable[3]:
        fixed += backend.gram(problem.F.reshape(problem.rows, -1))
    return DataCertificate(problem, fixed, problem.reduce_at)
