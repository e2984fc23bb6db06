"""The edge of stability of all interpolating networks, as a convex program with cuts.

For a network that interpolates, J J' = 1 1' + sum_k (v_k^2 Z_k Z_k' + h_k h_k'). For a unit vector p >= 0 the arithmetic-
geometric mean inequality gives, whatever the balance of the neurons, with a_k the product of output weight and scale,

    n lambda_max >= p'J J'p >= (1'p)^2 + 2 sum_k |a_k| G_p(k),   G_p(k) = |sum_(i active) p_i z_i| · sum_i p_i h_ik.

lambda* is the least, over all interpolating (a, beta), of the greatest, over p, of the right side over n. (Equality: for
given a, lambda_max is a log-convex function of the balances, its Perron vector p > 0 is simple where z_i·z_j >= 0, and
stationarity is |v_k| |Z_k'p| = h_k'p.) With columns and vectors p_j fixed this is a linear program,

    min t  over  a+, a- >= 0, beta, t:   sum_k (a+_k - a-_k) h_k + beta 1 = y,   t >= [(1'p_j)^2 + 2 sum_k |a_k| G_j(k)] / n,

whose dual, nu with 1'nu = 0 and mu >= 0 with sum 1, asks |nu'h_k| <= (2/n) sum_j mu_j G_j(k) for every column k. Its value
sum_j mu_j (1'p_j)^2 / n + nu'y is a lower bound of lambda* if the constraint holds for every neuron.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from verify.shatterability.dictionary import Dictionary
from verify.shatterability.guard import Guard

Float = NDArray[np.float64]
Rows = NDArray[np.int64]

_DENSE = 300
# Pivots of a linear program times its rows: half a minute or so.
_PIVOT_ROWS = 5 * 10**6
# Seconds for each number of a linear program before its first pivot, which no limit of time stops; and what it is given at least.
_BUILD, _LEAST = 1.5e-6, 0.5


@dataclass(frozen=True, eq=False)
class Dual:
    """Multipliers: ``nu`` (n,) of the interpolation, ``mu`` (m,) of the unit vectors ``cuts`` (m, n), m the used ones."""

    nu: Float
    mu: Float
    cuts: Float

    def value(self, y: Float) -> float:
        """The lower bound of lambda* if the dual is feasible."""
        n = len(y)
        return float(self.mu @ self.cuts.sum(axis=1) ** 2 / n + self.nu @ y)

    def limits(self, H: Float, Z: Float) -> Float:
        """(2/n) sum_j mu_j G_j(k) for columns H (K, n)."""
        active = (H > 0).astype(np.float64)
        total = np.zeros(len(H))
        for weight, p in zip(self.mu.tolist(), self.cuts, strict=True):
            total += weight * column_costs(H, Z, p, active)
        return np.asarray(2 / len(Z) * total)


@dataclass(frozen=True, eq=False)
class Primal:
    """An optimal solution of the program with the columns and cuts so far: weights a (K,), beta, and the value t."""

    a: Float
    beta: float
    value: float


def column_costs(H: Float, Z: Float, p: Float, active: Float | None = None) -> Float:
    """G_p of columns H (K, n): |sum_(i active) p_i z_i| times sum_i p_i h_i, shape (K,)."""
    pattern = (H > 0).astype(np.float64) if active is None else active
    return np.asarray(np.linalg.norm(pattern @ (p[:, None] * Z), axis=1) * (H @ p))


class Master:
    """The linear program with the columns and cuts gathered so far.

    Parameters
    ----------
    Z : ndarray, shape (n, d + 1)
    y : ndarray, shape (n,)
    columns : Dictionary
        Rich enough to interpolate.
    """

    def __init__(self, Z: Float, y: Float, columns: Dictionary) -> None:
        self.Z, self.y = Z, y
        # Labels in units of their spread, for the solver's tolerances.
        self._centre, self._unit = 0.5 * float(y.max() + y.min()), float(np.ptp(y))
        # Equal points give equal rows: each is asked for once.
        _, first = np.unique(Z, axis=0, return_index=True)
        self._rows = np.sort(first)
        self.columns = columns
        self.cuts: list[Float] = []
        self._costs: list[Float] = []

    def add_cut(self, p: Float) -> None:
        """Add the constraint of a nonnegative unit vector p (n,)."""
        self.cuts.append(p)
        self._costs.append(column_costs(self.columns.H, self.Z, p))

    def drop_cuts(self, dual: Dual) -> None:
        """Keep the cuts that ``dual`` uses, the first one, and the newest."""
        used = {p.tobytes() for p in dual.cuts}
        last = len(self.cuts) - 20
        kept = [j for j, p in enumerate(self.cuts) if j == 0 or j >= last or p.tobytes() in used]
        self.cuts, self._costs = [self.cuts[j] for j in kept], [self._costs[j] for j in kept]

    def keep_columns(self, chosen: Rows) -> None:
        """Drop all other neurons."""
        self.columns = self.columns.take(chosen)
        self._costs = [cost[chosen] for cost in self._costs]

    def add_columns(self, columns: Dictionary) -> None:
        """Add neurons."""
        self.columns = self.columns.join(columns)
        self._costs = [
            np.concatenate([old, column_costs(columns.H, self.Z, p)])
            for old, p in zip(self._costs, self.cuts, strict=True)
        ]

    def least_squares(self) -> tuple[Float, float] | None:
        """Weights a (K,) and beta that interpolate, with the least sum of squared costs; None if they don't fit."""
        n = len(self.y)
        p = np.full(n, n**-0.5)
        size = np.maximum(column_costs(self.columns.H, self.Z, p), 1e-300)
        design = (self.columns.H[:, self._rows] / size[:, None]).T
        target = (self.y[self._rows] - self._centre) / self._unit
        # Rows with a solitary column are left to it: what remains is small where most points are extreme.
        alone = np.flatnonzero((design > 0).sum(axis=0) == 1)
        rows, first = np.unique(design[:, alone].argmax(axis=0), return_index=True)
        keys = alone[first]
        rest, shared = np.ones(len(target), dtype=bool), np.ones(len(size), dtype=bool)
        rest[rows], shared[alone] = False, False
        found = np.zeros(len(size))
        if rest.any():
            found[shared] = np.linalg.lstsq(design[rest][:, shared], target[rest], rcond=1e-13)[0]
        found[keys] = (target - design @ found)[rows] / design[rows, keys]
        if not np.abs(design @ found - target).max() < 1e-6:
            return None
        return found / size * self._unit, self._centre

    def solve(self, guard: Guard) -> tuple[Primal, Dual] | None:
        """Optimal primal and dual solutions, or None if there is none within the time and a number of pivots."""
        import scipy.sparse as sparse

        if lacks_program(guard, self.columns.H):
            return None
        n, k, m = len(self.y), self.columns.size, len(self.cuts)
        costs = np.stack(self._costs) * (2 / n * self._unit)
        size = np.maximum(costs.max(axis=0), 1e-300)  # columns in units of their cost, for the solver's sake
        H = sparse.csc_array((self.columns.H[:, self._rows] / size[:, None]).T)
        ones, zeros = np.ones((len(self._rows), 1)), np.zeros((len(self._rows), 1))
        scaled = costs / size
        found = linear_program(
            guard,
            {"maxiter": _PIVOT_ROWS // len(self._rows)},
            c=np.append(np.zeros(2 * k + 1), 1.0),
            A_ub=np.hstack([scaled, scaled, np.zeros((m, 1)), -np.ones((m, 1))]),
            b_ub=[-(float(p.sum()) ** 2) / n for p in self.cuts],
            A_eq=sparse.hstack([H, -H, ones, zeros], format="csc"),
            b_eq=(self.y[self._rows] - self._centre) / self._unit,
            bounds=[(0, None)] * (2 * k) + [(None, None)] * 2,
        )
        if found is None:
            return None
        a = (found.x[:k] - found.x[k : 2 * k]) / size * self._unit
        nu = np.zeros(n)
        nu[self._rows] = found.eqlin.marginals / self._unit
        mu = np.maximum(-found.ineqlin.marginals, 0.0)
        used = np.flatnonzero(mu > 1e-12)
        dual = Dual(nu, mu[used] / mu[used].sum(), np.stack([self.cuts[j] for j in used.tolist()]))
        return Primal(a, self._centre + self._unit * float(found.x[2 * k]), float(found.fun)), dual


def lacks_program(guard: Guard, H: Float) -> bool:
    """Whether there is no time to set up a linear program over columns H (K, n) with either sign."""
    return guard.lacks(_BUILD * 2 * np.count_nonzero(H))


def linear_program(guard: Guard, options: dict[str, int], **program: Any) -> Any:
    """The optimum of a program of :func:`scipy.optimize.linprog` within the time that is left; None if there is none."""
    from scipy.optimize import linprog

    seconds = max(guard.left() - _BUILD * program["A_eq"].nnz, _LEAST)
    found = linprog(**program, method="highs", options={"time_limit": seconds, **options})
    if found.status == 1 and "time limit" in found.message.lower():
        guard.stop()
    return found if found.status == 0 else None


@dataclass(frozen=True, eq=False)
class BalancedColumns:
    """The flattest balance of weighted columns: ``upper`` = lambda_max, ``lower`` a bound for every balance, by ``p``.

    Column k gets |v_k| = sqrt(|a_k|) exp(log_balance_k / 2).
    """

    upper: float
    lower: float
    p: Float
    log_balance: Float


def balance_columns(
    H: Float, a: Float, Z: Float, p: Float, tol: float = 1e-6, most: int = 60, guard: Guard | None = None
) -> BalancedColumns:
    """Minimise lambda_max over the balances of columns H (K, n) with weights a (K,) by its stationarity condition.

    ``p`` is a positive vector to start from. Each of the ``most`` steps gives a balance, and one is made in any case.
    """
    n, size = len(Z), np.abs(a)
    pattern = (H > 0).astype(np.float64)
    gram = Z @ Z.T
    lower, cut = -np.inf, p
    balance = np.log(H @ p) - np.log(np.linalg.norm(pattern @ (p[:, None] * Z), axis=1))
    best = BalancedColumns(np.inf, lower, p, balance)
    for _ in range(most):
        v2, w2 = size * np.exp(balance), size * np.exp(-balance)
        matrix = 1.0 + gram * (pattern.T @ (v2[:, None] * pattern)) + H.T @ (w2[:, None] * H)
        q = np.maximum(np.abs(_top_vector(matrix, cut)), 1e-100)  # no column is without some weight
        upper = float(q @ matrix @ q / (q @ q)) / n
        reach, pull = np.linalg.norm(pattern @ (q[:, None] * Z), axis=1), H @ q
        bound = float(q.sum() ** 2 + 2 * (size @ (reach * pull))) / n
        if bound > lower:
            lower, cut = bound, q
        if upper < best.upper:
            best = BalancedColumns(upper, lower, cut, balance)
        if best.upper - lower <= tol * best.upper or (guard is not None and guard.over()):
            break
        balance = 0.3 * balance + 0.7 * (np.log(pull) - np.log(reach))
    return BalancedColumns(best.upper, lower, cut, best.log_balance)


def _top_vector(matrix: Float, start: Float) -> Float:
    """The leading unit eigenvector of a symmetric matrix (n, n)."""
    if len(matrix) <= _DENSE:
        return np.asarray(np.linalg.eigh(matrix)[1][:, -1])
    from scipy.sparse.linalg import eigsh

    return np.asarray(eigsh(matrix, k=1, which="LA", v0=start, tol=1e-10)[1][:, 0])
