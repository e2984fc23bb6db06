"""A proved lower bound of lambda* in any dimension: the convex program with half-spaces priced by a tree search.

For unit vectors p_j with weights mu_j, p = sqrt(sum mu_j p_j^2) with the same nu is at least as strong as the dual solution
(nu, mu) of :mod:`verify.shatterability.master`: (1'p)^2 and G_p are concave in the squares of p, as z_i·z_j >= 0. So one
p suffices, and the dual constraint is what :mod:`verify.shatterability.halfspaces` proves. For the same reason the pairs of
squares q and multipliers a that satisfy it form a convex set, and means of a proved pair with what the linear program
suggests next lead there steadily.

Points inside the hull make the tree large. It stays small if most of them may be fitted by a neuron of their own at the cost
p_i^2 |z_i|, as if they were extreme: more networks, hence still a lower bound. So there are few others first, then more:
those with the largest multipliers. Work is counted in nodes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from verify.hessian.rounding import gamma
from verify.shatterability.dictionary import Dictionary, augmented, neurons
from verify.shatterability.dual_check import zero_sum
from verify.shatterability.frame import Frame
from verify.shatterability.guard import Guard
from verify.shatterability.halfspaces import Halfspaces, prove_halfspaces
from verify.shatterability.master import Dual, Master, balance_columns
from verify.shatterability.pricing import SearchPricing
from verify.shatterability.program import ProgramResult
from verify.shatterability.reach import nonnegative_products

Float = NDArray[np.float64]
Rows = NDArray[np.int64]

MOST_NODES = 10**6
# Nodes count as so many more where there are more points than this.
_POINTS = 200
_FIRST, _SHARE = 5, 1.6
_ROUNDS = 40
_MOST_NEW = 300
_MIX = 0.6
_FLOOR = 1e-7
_ASKED = 1.0002
_COARSE = 0.04
_IDLE = 2
_CLEAR = 1.01
_SEARCHES = 3


@dataclass(frozen=True, eq=False)
class TreeBound:
    """A proved lower bound ``value`` of lambda*, the vector ``p`` (n,) behind it, and the best network met on the way."""

    value: float
    p: Float
    network: ProgramResult | None


def tree_bound(
    X: Float,
    y: Float,
    program: ProgramResult,
    extreme: NDArray[np.bool_],
    *,
    known: float,
    tol: float,
    most_nodes: int = MOST_NODES,
    seed: int = 0,
    guard: Guard,
    progress: Callable[[str], None] | None = None,
) -> TreeBound | None:
    """The best bound that so many nodes of tree searches prove; None without z_i·z_j >= 0, or if nothing is proved.

    Parameters
    ----------
    X, y : ndarrays, shapes (n, d) and (n,)
    program : ProgramResult
        Of a search: its columns, cuts and multipliers are where to start.
    extreme : ndarray of bool, shape (n,)
    known : float
        A lower bound.
    tol : float
        Relative width aimed at.
    most_nodes : int
        For up to 200 points; in proportion fewer for more.
    seed : int
    guard : Guard
    progress : callable, optional
        Told about every better bound. A KeyboardInterrupt ends the search with the best one so far.
    """
    halfspaces = Halfspaces.of(X) if nonnegative_products(X) else None
    if halfspaces is None or program.dual is None:
        return None
    state = _State(X, y, program, halfspaces, known, seed, guard)
    inner = np.flatnonzero(~extreme)
    order = inner[np.argsort(-np.abs(program.dual.nu[inner]), kind="stable")]
    nodes = max(1000, int(most_nodes * min(1.0, _POINTS / len(y))))
    count = min(len(order), _FIRST)
    try:
        while not guard.over():
            state.free(order[:count], order[count:])
            state.converge(nodes, tol, guard, progress)
            if count == len(order) or state.nodes >= nodes:
                break
            count = min(len(order), math.ceil(_SHARE * count))
    except KeyboardInterrupt:
        guard.stopped = True
    return TreeBound(state.best, state.p, state.network) if state.best > known else None


class _State:
    """The program, the best proved pair (q, a), and the count of nodes."""

    def __init__(
        self,
        X: Float,
        y: Float,
        program: ProgramResult,
        halfspaces: Halfspaces,
        known: float,
        seed: int,
        guard: Guard,
    ) -> None:
        self._frame, self._Z, self._y = Frame.of(X), augmented(X), y
        self._program, self._halfspaces = program, halfspaces
        self._columns, self._cuts = program.columns, [program.p]
        if program.dual is not None:
            self._cuts += list(program.dual.cuts)
        self.best, self.p, self.nodes = known, program.p, 0
        self.network: ProgramResult | None = None
        # The pair (q, 0) needs no proof.
        self._centre = program.p**2, np.zeros(len(y))
        self._value = float(program.p.sum()) ** 2 / len(y)
        self._true, self._sign = False, 1.0
        self._search = SearchPricing(self._frame, self._Z, np.random.default_rng(seed), guard)

    def free(self, inner: Rows, alone: Rows) -> None:
        """Start the program anew; the points ``alone`` get neurons of their own, though they are not extreme."""
        n = len(self._y)
        own = Dictionary(np.zeros((len(alone), self._frame.rank)), np.eye(n)[alone])
        self._master = Master(self._Z, self._y, self._columns.join(own))
        self._true = not len(alone)
        for cut in self._cuts:
            self._master.add_cut(cut)

    def converge(self, most: int, tol: float, guard: Guard, progress: Callable[[str], None] | None) -> None:
        """Rounds of linear program, tree search and new columns, until what is proved is near what the program says."""
        n, y = len(self._y), self._y
        idle = searches = 0
        for _ in range(_ROUNDS):
            if guard.over() or self.nodes >= most or idle == _IDLE:
                break
            found = self._master.solve(guard)
            if found is None:
                break
            primal, dual = found
            self._balance(primal.a, primal.beta, guard)
            q, a = dual.mu @ dual.cuts**2, n / 2 * dual.nu
            before, aim = self._value, dual.value(y)
            if before >= (1 - (0.5 * tol if self._true else _COARSE)) * aim:
                break
            pair = _MIX * q + (1 - _MIX) * self._centre[0], _MIX * a + (1 - _MIX) * self._centre[1]
            # A search finds what is easy to find, at less cost.
            fresh, scale = self._search.price(
                Dual(2 / n * pair[1], np.ones(1), np.sqrt(pair[0])[None]), self._master.columns
            )
            searches += 1
            if scale > 1 / _CLEAR or searches > _SEARCHES:
                searches = 0
                fresh = self._try(*pair, most, guard, progress)
            if fresh is not None:
                self._columns = self._columns.join(fresh)
                self._master.add_columns(fresh)
            elif not searches and self._value < before + 0.1 * (aim - before):
                idle += 1
        self._cuts = self._master.cuts[-20:]

    def _try(
        self, q: Float, a: Float, most: int, guard: Guard, progress: Callable[[str], None] | None
    ) -> Dictionary | None:
        """Prove the dual constraint for a pair, as far as it holds; columns that violate it."""
        halfspaces, n = self._halfspaces, len(self._y)
        p = np.sqrt(np.maximum(q, _FLOOR * q.sum() / n))
        exact = zero_sum(a)
        if exact is None:
            return None
        rho, omega = _ASKED, []
        budget = max(1000, (most - self.nodes) // 8)
        # The sign that failed last is likely to fail again: first, before the other costs its nodes.
        for sign in (self._sign, -self._sign):
            proof = prove_halfspaces(
                halfspaces, halfspaces.merged(sign * exact), halfspaces.merged(p), rho, budget,
                patience=budget // 8, guard=guard,
            )  # fmt: skip
            self.nodes += proof.nodes
            omega += proof.omega
            rho = proof.rho
            if not math.isfinite(rho):
                self._sign = sign
                break
        value = self._certified(p, exact, rho) if math.isfinite(rho) else 0.0
        if value > self._value:
            self._value, self._centre = value, (p * p / float(p @ p), exact / (rho * float(p @ p)))
        if value > self.best:
            self.best, self.p = value, p / np.linalg.norm(p)
            if progress is not None:
                progress(f"edge: lambda* >= {value:.6g} proved after {self.nodes} nodes")
        return self._violating(omega, p, exact)

    def _certified(self, p: Float, a: Float, rho: float) -> float:
        """[(1'p)^2 / n + (2/n) a'y / rho] / |p|^2, rounded down."""
        n, y = len(p), self._y
        slack = gamma(4 * n + 64)
        gain = float(a @ y) - slack * float(np.abs(a) @ np.abs(y))
        total = float(p.sum()) ** 2 * (1 - slack) + 2 * max(gain, 0.0) / rho * (1 - slack)
        return total / (n * float(p @ p)) * (1 - slack)

    def _violating(self, omega: list[Float], p: Float, a: Float) -> Dictionary | None:
        if not omega:
            return None
        columns = neurons(self._frame, np.vstack(omega))
        active = columns.H > 0
        cost = np.linalg.norm((active * p) @ self._Z, axis=1) * (columns.H @ p)
        ratio = np.abs(columns.H @ a) / np.maximum(cost, 1e-300)
        order = np.argsort(-ratio, kind="stable")
        order = order[ratio[order] > 1 + 1e-6][: 4 * _MOST_NEW]
        _, first = np.unique(active[order], axis=0, return_index=True)
        return columns.take(order[np.sort(first)][:_MOST_NEW]) if first.size else None

    def _balance(self, a: Float, beta: float, guard: Guard) -> None:
        """A cut from the program's solution; it is a network of the data if no point has a neuron of its own."""
        used = np.flatnonzero(np.abs(a) > 1e-10 * np.abs(a).max(initial=0.0))
        if not used.size:
            return
        columns = self._master.columns.take(used)
        balanced = balance_columns(columns.H, a[used], self._Z, self._program.p, guard=guard)
        self._master.add_cut(balanced.p)
        if self._true and balanced.upper < (self.network or self._program).upper:
            self.network = ProgramResult(
                columns, a[used], balanced.log_balance, beta, balanced.upper, None, self.best, balanced.p, 0
            )  # fmt: skip
