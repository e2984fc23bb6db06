"""Proof that a dual constraint holds for every half-space, in any dimension, by branch and bound over activation patterns.

For p >= 0 and numbers a_i the claim is, with A the points where z_i·omega > 0 and h_i = max(z_i·omega, 0),

    sum_A a_i h_i <= rho M(A) sum_A p_i h_i  for every neuron omega,   M(A) = |sum_A p_i z_i|,

for a and for -a. If a sums to zero it gives, for data with z_i·z_j >= 0 and in the notation of
:mod:`verify.shatterability.master`, n |p|^2 lambda* >= (1'p)^2 + 2 a'y / rho.

**Nodes.** A node fixes some points as active (A0) and some as not (I0). M only grows with A, so M(A) >= M0 = M(A0), and
M(A) >= M_i = |sum_A0 p z + p_i z_i| if i is active, too. With c_i = a_i - rho p_i M_i (M_i = M0 on A0) the claim follows from
sum over A0 and the active free points of c_i h_i <= 0. If no free point has c_i > 0, that holds on the node's cone
(z_i·omega >= 0 on A0, <= 0 on I0) once some t has

    sum_i t_i z_i = 0,   t_i >= c_i on A0,   t_i <= 0 on I0,   c_i <= t_i <= 0 on the free points,

as then c_i h_i <= t_i z_i·omega for all three kinds, and the right sides sum to zero. The cone holds no neuron at all if some t
has sum t_i z_i = 0, t_i > 0 on A0, t_i <= 0 on I0, and 0 elsewhere.

**Branching** is on the free point with the largest c_i > 0 first. If there is none, the neuron that shows why there is no t
says where to go on: at the active free point whose activity would raise M most, times its activation. Its own ratio of the
two sides is found on the way; where it exceeds rho, rho is raised to it. What was proved for a smaller rho stays proved, so rho
is also raised, by and by, when a tree becomes large: a proof always comes out, of a weaker claim.

**Rounding.** The t that the solver returns is checked: all but d + 1 of its entries are exact numbers within the bounds
for rho (1 + 1e-6), and those d + 1 have margins larger than the error of solving for them, bounded with an approximate inverse.
Where points are in special position margins may be zero: then the d + 1 numbers are found exactly.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from verify.hessian.rounding import SLACK, gamma
from verify.shatterability.dictionary import augmented
from verify.shatterability.feasible import Feasibility, feasible_points
from verify.shatterability.frame import Frame, exact_solution, whole_numbers
from verify.shatterability.guard import Guard

Float = NDArray[np.float64]
Rows = NDArray[np.int64]
Bools = NDArray[np.bool_]
Sides = NDArray[np.int8]

# What rho is raised by once, to cover rounding; and by how much of the largest coefficient t stays off its bound 0.
_MARGIN = 1e-6
_OFF = 1e-7
_BATCH = 1000
_BATCH_ENTRIES = 2**18
_ON_PLANE = 1e-9
# rho grows by this factor whenever another fourth of the nodes is used up, and by a little where rounding decides.
_GROWTH = 1.05
_CHUNKS = 4
_NUDGE = 1.0005
_MOST_EXACT = 2000
_MOST_RAYS = 400


@dataclass(frozen=True, eq=False)
class Halfspaces:
    """Distinct points, in the forms that the proof needs.

    Attributes
    ----------
    Z : ndarray, shape (m, d + 1)
        The rows z_i, whose lengths count.
    points : ndarray, shape (m, r)
        An exact linear image of them, up to a power of two for each row (``unit``): sides of hyperplanes are told here.
    rows : ndarray, shape (m, r)
        The same in round coordinates, approximately.
    group : ndarray of int, shape (n,)
        Which of the m points each point of the data is.
    start : ndarray of int, shape (r,)
        Independent rows.
    """

    Z: Float
    points: Float
    rows: Float
    unit: Float
    group: Rows
    start: Rows

    @classmethod
    def of(cls, X: Float) -> Halfspaces | None:
        """Those of X (n, d); None if float64 can't tell whether they lie in a flat.

        >>> halfspaces = Halfspaces.of(np.array([[0.0, 7.0], [1.0, 7.0], [0.0, 7.0]]))
        >>> halfspaces.group.tolist(), halfspaces.points.shape
        ([0, 1, 0], (2, 2))
        """
        from scipy.linalg import qr

        frame = Frame.of(X)
        _, first, group = np.unique(X + 0.0, axis=0, return_index=True, return_inverse=True)
        # Columns that are constant are zero here, exactly; the rest must determine the coordinates.
        points = augmented(frame.points[:, frame.points.any(axis=0)])
        if not frame.sure or frame.rank != points.shape[1]:
            return None
        rows = frame.coordinates[first]
        unit = np.ldexp(1.0, np.frexp(np.linalg.norm(rows, axis=1))[1])
        rows = rows / unit[:, None]
        start = np.sort(qr(rows.T, mode="r", pivoting=True)[1][: frame.rank]).astype(np.int64)
        return cls(augmented(X)[first], points[first] / unit[:, None], rows, unit, np.ravel(group), start)

    def merged(self, values: Float) -> Float:
        """Sums of ``values`` (n,) over equal points, shape (m,)."""
        return np.asarray(np.bincount(self.group, values, len(self.Z)), dtype=np.float64)


@dataclass(eq=False)
class Proof:
    """What a tree search showed.

    Attributes
    ----------
    rho : float
        The claim holds with it; inf if nothing was proved.
    worst : float
        The largest ratio of the two sides that was met.
    omega : list of ndarray, shape (k, r)
        Neurons in coordinates of the frame with ratios above what was asked for.
    nodes, leaves, exact : int
        Counts: of nodes, of leaves that were proved by some t, and of these exactly.
    """

    rho: float
    worst: float = 0.0
    omega: list[Float] = field(default_factory=list)
    nodes: int = 0
    leaves: int = 0
    exact: int = 0


def prove_halfspaces(
    halfspaces: Halfspaces,
    a: Float,
    p: Float,
    rho: float,
    most_nodes: int,
    *,
    patience: int | None = None,
    guard: Guard | None = None,
) -> Proof:
    """The smallest rho found, at least the one given, for which the claim above is proved for a; rounding included.

    Parameters
    ----------
    halfspaces : Halfspaces
    a, p : ndarrays, shape (m,)
        p > 0.
    rho : float
    most_nodes : int
        After so many, and after every further fourth, rho grows: a proof comes out all the same.
    patience : int, optional
        Nodes after which to give up if a ratio 3 % above ``rho`` was met: then the neurons are of more use.
    guard : Guard, optional
        Ends the search without a proof.

    Examples
    --------
    Of three points of the line, the last alone reaches 1 in units of p h, and M is its length there.

    >>> halfspaces = Halfspaces.of(np.array([[-0.75], [0.0], [0.75]]))
    >>> proof = prove_halfspaces(halfspaces, np.array([0.0, -1.0, 1.0]), np.ones(3), 0.1, 1000)
    >>> round(proof.rho, 4)
    0.8
    """
    search = _Search(halfspaces, a, p, rho, guard)
    found = search.proof
    if not search.bounded():
        return found
    asked, limit = rho, most_nodes
    while search.stack:
        if search.guard.over():
            return found
        found.nodes += search.step()
        if search.exact_left < 0 or (patience is not None and found.nodes > patience and found.worst > asked * 1.03):
            return found
        if found.nodes > limit:
            limit += max(1, most_nodes // _CHUNKS)
            search.rho *= _GROWTH
    found.rho = search.rho * (1 + _MARGIN) * (1 + 1e-15)
    return found


@dataclass(frozen=True, eq=False)
class _Nodes:
    """Open nodes: sides (1 active, -1 not, 0 free), where the parent's solver stopped, and its neuron."""

    sides: Sides
    basis: Rows
    upper: Bools
    omega: Float

    def take(self, chosen: Rows | Bools | slice) -> _Nodes:
        return _Nodes(self.sides[chosen], self.basis[chosen], self.upper[chosen], self.omega[chosen])


class _Search:
    """The tree for one sign of a."""

    def __init__(self, halfspaces: Halfspaces, a: Float, p: Float, rho: float, guard: Guard | None = None) -> None:
        self.guard = Guard() if guard is None else guard
        self.halfspaces, self.a, self.p, self.rho = halfspaces, a, p, rho
        self.proof = Proof(math.inf)
        m, r = halfspaces.rows.shape
        lengths = np.linalg.norm(halfspaces.Z, axis=1)
        self._squares, self._least = (p * lengths) ** 2, p * p * lengths
        self._size = self._least * halfspaces.unit
        self._batch = max(1, min(_BATCH, _BATCH_ENTRIES // m))
        # Different for every point, so that no basic variable of a problem is at its bound by accident.
        self._off = _OFF * (1 + np.arange(m) * 0.6180339887 % 1)
        self._asked = rho
        self.exact_left = _MOST_EXACT
        self.stack = [
            _Nodes(
                np.zeros((1, m), np.int8), halfspaces.start[None], np.zeros((1, m), dtype=bool), np.zeros((1, r))
            )
        ]  # fmt: skip

    def bounded(self) -> bool:
        """Whether the margin of rho covers the rounding errors of every coefficient c_i.

        M^2 is a sum of nonnegative z_i·z_j: at least the part 1/m of the square of sum p |z|, which its errors are relative to.
        """
        m, r = self.halfspaces.Z.shape
        return bool(
            (self.p > 0).all()
            and 8 * m * gamma(4 * m + 4 * r + 64) <= 0.25 * _MARGIN
            and (8 * gamma(4) * np.abs(self.a) <= 0.25 * _MARGIN * self.rho * self._least).all()
        )

    def _pop(self) -> _Nodes:
        parts, count = [], 0
        while self.stack and count < self._batch:
            parts.append(self.stack.pop())
            count += len(parts[-1].sides)
        nodes = _Nodes(
            *(np.concatenate([getattr(part, name) for part in parts]) for name in ("sides", "basis", "upper", "omega"))
        )
        if count > self._batch:
            self.stack.append(nodes.take(slice(self._batch, None)))
            nodes = nodes.take(slice(self._batch))
        return nodes

    def coefficients(self, sides: Sides) -> tuple[Float, Float, Float]:
        """c (B, m), M0 (B,) and M_i (B, m) of nodes with these sides."""
        active = sides == 1
        sums = (active * self.p) @ self.halfspaces.Z
        square = np.einsum("ij,ij->i", sums, sums)
        reach = np.sqrt(np.maximum(square[:, None] + 2 * self.p * (sums @ self.halfspaces.Z.T) + self._squares, 0.0))
        base = np.sqrt(square)
        reach = np.where(active, base[:, None], reach)
        return self.a - self.rho * self.p * reach, base, reach

    def step(self) -> int:
        """Treat a batch of nodes: prove them or put their children on the stack; how many there were."""
        nodes = self._pop()
        count = len(nodes.sides)
        c, base, reach = self.coefficients(nodes.sides)
        alive = np.flatnonzero(((c > 0) & (nodes.sides >= 0)).any(axis=1))
        nodes, c, base, reach = nodes.take(alive), c[alive], base[alive], reach[alive]
        if not len(c):
            return count
        gains = np.where(nodes.sides == 0, c, -np.inf)
        early = gains.max(axis=1) > 0
        proved, nodes = self._treat(nodes, c, early)
        left = ~proved
        self._branch(nodes.take(left), c[left], base[left], reach[left], early[left])
        return count

    def _treat(self, nodes: _Nodes, c: Float, early: Bools) -> tuple[Bools, _Nodes]:
        """Which nodes are proved, by a t or since their cone is empty (asked if ``early``); and where the solver ended."""
        rows = self.halfspaces.rows
        sides, r = nodes.sides, rows.shape[1]
        active, free = sides == 1, sides == 0
        values = nodes.omega @ rows.T
        inside = (values * sides >= 0).all(axis=1) & ((values * active).max(axis=1) > 0)
        fixed = (~free).sum(axis=1)
        asked = np.flatnonzero(~early | (active.any(axis=1) & (fixed > r) & ~inside))
        proved = np.zeros(len(c), dtype=bool)
        if not asked.size:
            return proved, nodes
        active, free, empty = active[asked], free[asked], early[asked, None]
        low = np.where(active, np.where(empty, 1.0, c[asked] * self.halfspaces.unit), -np.inf)
        low[free] = np.where(empty, 0.0, c[asked] * self.halfspaces.unit)[free]
        top = np.where(active, np.maximum(low, 0.0), 0.0).max(axis=1, keepdims=True)
        high = np.where(active, np.inf, np.where(free & empty, 0.0, -self._off * top))
        high = np.maximum(high, low)
        found = feasible_points(rows, low, high, nodes.basis[asked], nodes.upper[asked])
        # The coefficients for rho (1 + _MARGIN) are below those in float64 by more than this.
        sure_low = np.where(empty, np.where(active, 1e-3, low), low - 0.5 * _MARGIN * self.rho * self._size)
        fine = np.flatnonzero(found.feasible)
        certain = self._certain(found, fine, sure_low, np.where(active, np.inf, 0.0))
        proved[asked[fine[certain]]] = True
        shown = ~found.feasible & found.omega.any(axis=1)
        basis, upper, omega = nodes.basis.copy(), nodes.upper.copy(), nodes.omega.copy()
        basis[asked], upper[asked] = found.basis, found.upper
        omega[asked[shown]] = found.omega[shown]
        self._meet(omega[asked[shown & ~early[asked]]])
        # In special position t may have to lie on its bound 0, which it was kept off.
        values = found.omega @ rows.T
        relaxed = np.where(active, values, np.where(free, np.maximum(values, 0.0), 0.0))
        excess = np.einsum("ij,ij->i", relaxed, np.where(active | free, low, 0.0))
        hardly = excess <= 10 * _OFF * top[:, 0] * np.abs(values).sum(axis=1)
        tight = np.flatnonzero(~proved[asked] & ~early[asked] & (found.feasible | (shown & hardly)))
        if tight.size and self.exact_left > 0:
            top_bound = np.where(active[tight], np.inf, 0.0)
            again = feasible_points(rows, low[tight], top_bound, basis[asked[tight]], upper[asked[tight]])
            for k in np.flatnonzero(again.feasible).tolist():
                if self.guard.over():
                    break
                self.exact_left -= 1
                if self._exactly(again.t[k], again.basis[k], sure_low[tight[k]], top_bound[k]):
                    proved[asked[tight[k]]] = True
                    self.proof.exact += 1
        self.proof.leaves += int(proved.sum())
        return proved, _Nodes(sides, basis, upper, omega)

    def _certain(self, found: Feasibility, fine: Rows, low: Float, high: Float) -> Bools:
        """For which of the problems ``fine`` an exact t within the bounds is known to be near the one found."""
        points, r = self.halfspaces.points, self.halfspaces.points.shape[1]
        t, basis = found.t[fine], found.basis[fine]
        low, high = low[fine], high[fine]
        matrix = points[basis].transpose(0, 2, 1)
        try:
            inverse = np.linalg.inv(matrix)
        except np.linalg.LinAlgError:
            return np.zeros(len(fine), dtype=bool)
        size = np.abs(inverse)
        # B x = -sum of the others has its solution within |B^-1 e| of the x found, e the sum of all; B^-1 = (1 - E)^-1 inverse.
        defect = np.abs(np.eye(r) - inverse @ matrix) + gamma(r + 4) * (size @ np.abs(matrix))
        defect = defect.sum(axis=2).max(axis=1) * SLACK
        total = t @ points
        error = (gamma(len(points) + 4) * (np.abs(t) @ np.abs(points)) + gamma(r + 4) * np.abs(total)) * SLACK
        move = np.abs(np.einsum("bij,bj->bi", inverse, total)) + np.einsum("bij,bj->bi", size, error)
        room = move.max(axis=1) * SLACK / np.maximum(1 - defect, 0.5) + 1e-290
        every = np.arange(len(fine))[:, None]
        margin = np.zeros_like(t)
        margin[every, basis] = room[:, None]
        return np.asarray(
            ((t - margin > low) | (t == low) & (margin == 0)).all(axis=1)
            & ((t + margin <= high).all(axis=1))
            & (defect < 0.5)
        )

    def _exactly(self, t: Float, basis: Rows, low: Float, high: Float) -> bool:
        """Whether the basic entries that go with the others, exactly, are within the bounds."""
        points = self.halfspaces.points
        others = np.flatnonzero(t != 0)
        others = others[~np.isin(others, basis)]
        if not ((t >= low) & (t <= high))[others].all():
            return False
        r = points.shape[1]
        whole, _ = whole_numbers(points[np.concatenate([basis, others])])
        rows = [whole[at : at + r] for at in range(0, len(whole), r)]
        sizes, unit = whole_numbers(t[others])
        total = [-sum(size * row[k] for size, row in zip(sizes, rows[r:], strict=True)) for k in range(r)]
        found = exact_solution(rows[:r], total)
        if found is None:
            return False
        values = [value / unit for value in found]
        return all(value >= low[j] and value <= high[j] for j, value in zip(basis.tolist(), values, strict=True))

    def _meet(self, omega: Float) -> None:
        """Look at the ratios of neurons (k, r); keep those above what was asked, and raise rho where it is exceeded."""
        if not len(omega):
            return
        h = np.maximum(omega @ self.halfspaces.rows.T, 0.0)
        # Points on the hyperplane, up to rounding, are not active.
        h[h <= _ON_PLANE * h.max(axis=1, keepdims=True)] = 0.0
        h *= self.halfspaces.unit
        cost = np.linalg.norm(((h > 0) * self.p) @ self.halfspaces.Z, axis=1) * (h @ self.p)
        ratio = (h @ self.a) / np.maximum(cost, 1e-300)
        over = np.flatnonzero(ratio > self._asked * (1 + _MARGIN))
        if over.size:
            over = over[np.argsort(-ratio[over])[:_MOST_RAYS]]
            self.proof.omega.append(omega[over])
            self.proof.worst = max(self.proof.worst, float(ratio[over[0]]))
            self.rho = max(self.rho, self.proof.worst * (1 + _MARGIN))

    def _branch(self, nodes: _Nodes, c: Float, base: Float, reach: Float, early: Bools) -> None:
        """Put the two children of each node on the stack, those with one more active point on top."""
        if not len(c):
            return
        free = nodes.sides == 0
        values = nodes.omega @ self.halfspaces.rows.T
        live = free & (values > _ON_PLANE * np.abs(values).max(axis=1, keepdims=True))
        score = np.where(live, (reach - base[:, None]) * values * self.halfspaces.unit, -1.0)
        # Where the neuron has no other active points, the largest coefficient.
        score = np.where(live.any(axis=1, keepdims=True), score, np.where(free, np.abs(c), -1.0))
        score[early] = np.where(free, c, -np.inf)[early]
        chosen = score.argmax(axis=1)
        if not free.all() and not free.any(axis=1).all():
            # All sides are fixed, and only rounding keeps the node from being proved.
            done = ~free.any(axis=1)
            self.rho *= _NUDGE
            self.stack.append(nodes.take(done))
            nodes, chosen = nodes.take(~done), chosen[~done]
        for side in (-1, 1):
            sides = nodes.sides.copy()
            sides[np.arange(len(sides)), chosen] = side
            self.stack.append(_Nodes(sides, nodes.basis, nodes.upper, nodes.omega))
