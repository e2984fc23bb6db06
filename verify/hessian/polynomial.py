"""Two-sided bounds of the largest eigenvalue of any symmetric matrix, from products with random vectors.

Let u be a unit eigenvector of the largest eigenvalue c of H, q_1, q_2, ... the vectors of a Lanczos run with coefficients
alpha_j, beta_j and local errors f_j, and y_j = u·q_j. Then

    beta_j y_(j+1) = (c - alpha_j) y_j - beta_(j-1) y_(j-1) - u·f_j,

so that |y_(j+1)| <= 1 excludes each c above every Ritz value with w p_j(c) - n_j(c) > 1, p_j and n_j being this recursion
without errors and with errors alone, unless |y_1| < w. For a start uniform on the sphere that has probability
I_(w^2)(1/2, (P-1)/2), which fixes w. The event concerns the start alone, so a run may stop when it likes.

More runs. A run from an independent start on the complement of the first basis bounds lambda_max there by some mu, which the
Schur complement turns into a bound of its own: it fails with probability at most delta whatever the first run was, so that the
larger of both, with the largest mu of r - 1 such runs, fails with probability at most delta^r.

Proofs are in docs/proofs.md, "The polynomials of a Lanczos run". Rounding is estimated, not bounded: products of basis vectors
that exact arithmetic makes 0 are samples of u·f_j.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

from verify.hessian.lanczos import ritz

Vector = Any
"""A vector or matrix of numpy or of torch."""


def least_overlap(size: int, failure: float) -> float:
    """w with P(|u·q| < w) <= failure for q uniform on the unit sphere of R^size.

    >>> round(least_overlap(270_000, 1e-6) / (1e-6 * math.sqrt(math.pi / 2 / 270_000)), 4)
    1.0
    """
    if size < 2:
        return 1.0
    return math.sqrt(float(betaincinv(0.5, (size - 1) / 2, failure))) * (1 - 1e-9)


def excluded(c: float, alpha: list[float], beta: list[float], overlap: float, noise: float) -> bool:
    """Whether c, and everything above it, is ruled out as largest eigenvalue where |y_1| >= overlap; see the module's text."""
    noise += 8 * math.ulp(1.0) * abs(c)
    before, here, lost_before, lost, last = 0.0, 1.0, 0.0, 0.0, 0.0
    for a, b in zip(alpha, beta, strict=True):
        b = max(b, noise, 1e-300)
        before, here = here, ((c - a) * here - last * before) / b
        lost_before, lost = lost, ((c - a) * lost - last * lost_before + noise) / b
        if not here > 0:
            return False  # c is below a Ritz value
        if overlap * here - lost > 1:
            return True
        last = b
    return False


@dataclass
class Run:
    """A Lanczos run with full reorthogonalisation.

    Attributes
    ----------
    basis : (k, P), orthonormal rows
    alpha, beta : coefficients; beta[-1] is the norm of what would come next
    defect : the largest product of basis vectors with H that ought to vanish, a sample of rounding errors
    overlap : w of the module's text
    epsilon : spacing of the numbers that products are computed in
    """

    basis: Vector
    overlap: float
    epsilon: float
    alpha: list[float] = field(default_factory=list)
    beta: list[float] = field(default_factory=list)
    defect: float = 0.0
    values: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    vectors: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 0)))

    @property
    def steps(self) -> int:
        return len(self.alpha)

    @property
    def scale(self) -> float:
        """The largest magnitude of a Ritz value, with the last coefficient."""
        return max(abs(float(self.values[0])), abs(float(self.values[-1])), self.beta[-1])

    @property
    def noise(self) -> float:
        """Estimate of local errors along one direction: 16 times the largest seen, and never less than 64 roundings."""
        return 16 * self.defect + 64 * self.epsilon * self.scale + 1e-300

    @property
    def residuals(self) -> NDArray[np.float64]:
        """Residual norms of the Ritz values."""
        return self.beta[-1] * np.abs(self.vectors[-1])

    @property
    def exhausted(self) -> bool:
        """Whether the Krylov space is invariant to rounding."""
        return self.beta[-1] <= 64 * self.epsilon * self.scale

    def combined(self, weights: NDArray[np.float64]) -> Vector:
        """Combinations of the basis, such as Ritz vectors."""
        if isinstance(self.basis, np.ndarray):
            return weights.astype(self.basis.dtype) @ self.basis
        return self.basis.new_tensor(weights) @ self.basis

    def aim(self, tol: float) -> float:
        """The largest Ritz value, widened by ``tol``."""
        theta = float(self.values[-1])
        return theta + tol * max(abs(theta), 1e-3 * self.scale)

    def excludes(self, c: float) -> bool:
        """Whether the largest eigenvalue is below c, unless the start was unlucky."""
        return excluded(c, self.alpha, self.beta, self.overlap, self.noise)

    def upper(self) -> float:
        """About the least c that is excluded."""
        return _least(self.excludes, self.values[-1], self.scale)

    def least_lower(self) -> float:
        """A lower bound of the least eigenvalue, likewise: the largest of -H."""
        mirrored = replace(self, alpha=[-a for a in self.alpha])
        return -_least(mirrored.excludes, -self.values[0], self.scale)

    def room(self, c: float) -> float:
        """The largest mu for which the Schur complement shows lambda_max <= c."""
        return c - float(np.sum(self.residuals**2 / (c - self.values))) if c > self.values[-1] else -math.inf

    def schur(self, mu: float) -> float:
        """About the least c that the Schur complement proves, given lambda_max <= mu outside the basis; rounding included."""
        error = 4 * self.noise * math.sqrt(self.steps)
        if not mu < math.inf:
            return math.inf
        return _least(lambda c: self.room(c) >= mu, max(float(self.values[-1]), mu), self.scale) + error


def _least(holds: Callable[[float], bool], low: float, scale: float) -> float:
    """Some c above ``low`` where a monotone condition holds, its distance from ``low`` near the least."""
    low = float(low)
    unit = max(scale, abs(low), 1e-300)
    gap = 2.0**-50
    while not holds(low + gap * unit):
        gap *= 4
        if gap > 2.0**80:
            return math.inf
    below = gap / 4
    for _ in range(12):
        middle = math.sqrt(below * gap)
        below, gap = (below, middle) if holds(low + middle * unit) else (middle, gap)
    return low + gap * unit


def lanczos_run(
    apply: Callable[[Vector], Vector],
    start: Vector,
    stop: Callable[[Run], bool],
    *,
    most: int,
    failure: float,
    held: Vector | None = None,
) -> Run:
    """Run from ``start`` until ``stop``, on the complement of the orthonormal rows ``held`` if there are any."""
    size = len(start) - (0 if held is None else len(held))

    def outside(w: Vector) -> Vector:
        return w if held is None else w - (held @ w) @ held

    q = outside(outside(start))
    epsilon = float(np.finfo(str(start.dtype).rpartition(".")[2]).eps)
    run = Run(_rows(start, 8), least_overlap(size, failure), epsilon)
    norm = float((q @ q) ** 0.5)
    while True:
        j = run.steps
        if j == len(run.basis):
            run.basis = _rows(start, 2 * j, run.basis)
        run.basis[j] = q / norm
        rows = run.basis[: j + 1]
        w = outside(apply(rows[j]))
        alpha = float(rows[j] @ w)
        w = w - alpha * rows[j]
        if j:
            w = w - run.beta[-1] * rows[j - 1]
        # What is left along the rows is rounding.
        rounding = rows @ w
        w = outside(w - rounding @ rows)
        left = rounding.tolist()
        run.defect = max(run.defect, *map(abs, left[:j]), 0.0)
        run.alpha.append(alpha + left[j])
        norm = float((w @ w) ** 0.5)
        run.beta.append(norm)
        run.values, run.vectors = ritz(np.array(run.alpha), np.array(run.beta))
        if run.steps >= min(most, size) or run.exhausted or stop(run):
            run.basis = run.basis[: run.steps]
            return run
        q = w


def _rows(like: Vector, count: int, first: Any = ()) -> Vector:
    """Room for vectors like one, the first of them given."""
    shape = (count, len(like))
    rows = np.empty(shape, like.dtype) if isinstance(like, np.ndarray) else like.new_empty(shape)
    for at, row in enumerate(first):
        rows[at] = row
    return rows


@dataclass(frozen=True)
class PolynomialBounds:
    """Bounds of the largest eigenvalue, and what they were made from.

    Attributes
    ----------
    lower, upper : rounding included as estimated; ``upper`` fails with probability at most ``failure``
    sure : an upper bound without chance, from what was known of the complement; inf if nothing was
    run : the first run
    products : how often the matrix was applied
    """

    lower: float
    upper: float
    run: Run
    products: int
    failure: float
    sure: float = math.inf


def polynomial_bounds(
    apply: Callable[[Vector], Vector],
    gaussian: Callable[[], Vector],
    *,
    failure: float,
    tol: float,
    most: int,
    warm: Vector | None = None,
    runs: int | None = None,
    outside: Callable[[Run, float], float] | None = None,
) -> PolynomialBounds:
    """Enclose the largest eigenvalue of ``apply``.

    Parameters
    ----------
    gaussian
        Makes independent standard normal vectors of the size of the matrix, in the type that products are made in.
    failure : float in (0, 1)
        Largest probability that the upper bound fails. The number of runs follows from it and from the precision: a run can
        be asked for 1e-6 in float64 and for 1e-2 in float32, where rounding hides smaller components of a start.
    tol : float
        Relative width aimed at.
    most : int
        Largest number of products of one run.
    warm : vector, optional
        Where the first run starts, such as an eigenvector of a similar matrix. It is not random then: only the others count.
    runs : int, optional
        How many random runs share the failure probability, if not as above.
    outside : function of the first run and of a number that would do, optional
        Bounds the largest eigenvalue on the complement of its basis, inf where it can't. What closes to ``tol`` with it is
        no matter of chance, and no other run is made.
    """
    start = gaussian() if warm is None else warm
    double = "64" in str(start.dtype)
    runs = runs or max(1, math.ceil(math.log(failure) / math.log(1e-6 if double else 1e-2) - 1e-9))
    each = failure ** (1 / runs) * (1 - 1e-9)
    others = runs - (warm is None)

    def closed(run: Run) -> bool:
        c = run.aim(tol)
        if warm is None and not run.excludes(c):
            return False
        if not others and outside is None:
            return True
        # Room for mu half-way to the next eigenvalue, or at .9 of this one: then the other runs are short.
        if run.steps == 1:
            return False
        theta, second = float(run.values[-1]), float(run.values[-2])
        return run.room(c) >= min(0.9 * theta if theta > 0 else math.inf, (theta + second) / 2)

    main = lanczos_run(apply, start, closed, most=most, failure=each)
    c, products = main.aim(tol), main.steps
    upper = -math.inf
    if warm is None:
        upper = min(c, main.upper()) if main.excludes(c) else main.upper()
    sure = math.inf if outside is None else main.schur(outside(main, main.room(c)))
    if others and not sure <= c:
        mu, target = -math.inf, main.room(c)
        for _ in range(others if main.steps < len(start) else 0):
            other = lanczos_run(
                apply, gaussian(), lambda run: run.excludes(target), most=most, failure=each, held=main.basis
            )
            products += other.steps
            mu = max(mu, target if other.excludes(target) else other.upper())
        upper = max(upper, main.schur(mu))
    lower = float(main.values[-1]) - 4 * main.noise * math.sqrt(main.steps)
    if sure <= c:
        upper, failure = sure, 0.0
    return PolynomialBounds(lower, max(upper, lower), main, products, failure, sure)


def top_bounds(
    apply: Callable[[Vector], Vector], gaussian: Callable[[], Vector], k: int, *, failure: float, tol: float, most: int
) -> tuple[list[tuple[float, float]], int]:
    """Enclosures of the k largest eigenvalues, and the products made; each upper end fails with probability ``failure``.

    On the complement of any j - 1 vectors the largest eigenvalue is at least the j-th (Courant and Fischer): Ritz vectors that
    were found are held fixed, and the next run starts outside them. Lower ends are Ritz values of all of them together.
    """
    held: list[Vector] = []
    uppers, products, noise = list[float](), k, 0.0

    def closed(run: Run) -> bool:
        # Close to the eigenvalue, and to the vector, which the next runs are kept away from.
        return run.excludes(run.aim(tol)) and float(run.residuals[-1]) <= math.sqrt(tol) * 0.1 * run.scale

    for _ in range(k):
        start = gaussian()
        known = _rows(start, len(held), held) if held else None
        run = lanczos_run(apply, start, closed, most=most, failure=failure, held=known)
        uppers.append(run.upper())
        products, noise = products + run.steps, max(noise, run.noise)
        vector = run.combined(run.vectors[:, -1])
        if known is not None:
            vector = vector - (known @ vector) @ known
        held.append(vector / float((vector @ vector) ** 0.5))
    images = [apply(row) for row in held]
    small = np.array([[float(row @ image) for image in images] for row in held])
    values = np.linalg.eigvalsh((small + small.T) / 2)[::-1]
    error = 4 * noise * math.sqrt(k)
    ends = zip(values.tolist(), uppers, strict=True)
    return [(low - error, max(high, low)) for low, high in ends], products
