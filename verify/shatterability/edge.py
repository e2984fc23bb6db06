"""The memorisation edge: the largest step size at which a stable network interpolates the data.

lambda*(y) is the infimum of lambda_max of the Hessian over all two-layer networks of any width with zero training loss.
For eta > 2/lambda* no interpolating network is stable; for eta < 2/lambda* one is, and it is constructed here.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from constructions.network import Network
from verify.hessian import Sharpness, sharpness
from verify.hessian.inputs import check_function, check_instance, check_integer, check_positive
from verify.outcome import Trust
from verify.shatterability.depth import DepthBracket, depth_bracket, directional_depth
from verify.shatterability.dictionary import (
    MOST_COLUMNS,
    augmented,
    hyperplane_count,
    hyperplane_dictionary,
    tells_apart,
)
from verify.shatterability.dual_check import certified_dual_value
from verify.shatterability.frame import Frame
from verify.shatterability.guard import Guard
from verify.shatterability.interpolant import FIT, fitted_network, interpolation_loss, simple_columns
from verify.shatterability.margins import HullMargins, hull_margins
from verify.shatterability.master import Dual, Master
from verify.shatterability.pricing import FullPricing, Pricing, SearchPricing, cheap_columns
from verify.shatterability.program import ProgramResult, solve_program
from verify.shatterability.reach import ReachBound, nonnegative_products, reach_bound
from verify.shatterability.solitary import measure_solitary, solitary_network, solo_sharpness
from verify.shatterability.table import check_data, refuse_conflicts
from verify.shatterability.tree_bound import MOST_NODES, tree_bound

__all__ = ["MOST_COLUMNS", "MOST_NODES", "MOST_POINTS", "MemorisationEdge", "memorisation_edge"]

Float = NDArray[np.float64]

# A search is begun anew as long as that makes the network flatter by this share.
_GAIN = 1e-3
_MOST_ENTRIES = 3 * 10**8
# Beyond so many points no program is solved, no network evaluated pair by pair; networks of more weights aren't kept.
MOST_POINTS, _MOST_EVALUATED = 2000, 5000
_MOST_WEIGHTS = 5 * 10**7


@dataclass(frozen=True, eq=False)
class MemorisationEdge:
    """An enclosure of lambda*(y), with the network and the vectors that prove its ends.

    Attributes
    ----------
    lower, upper : float
        lambda* lies between. ``upper`` is inf if no interpolating network was found.
    method : str
        What gave the ends: "solitary neurons", "all hyperplanes", "sampled hyperplanes".
    cuts : ndarray, shape (m, n)
        Nonnegative vectors p whose Rayleigh quotients give the lower bound.
    network : Network or None
        The interpolating network with lambda_max <= upper.
    loss : float
        Its training loss (1/2n) sum (y - f)^2 in float64.
    sharpness : Sharpness or None
        The certificate of its lambda_max.
    dual : Dual or None
        Multipliers behind the lower bound of the convex program.
    stopped : bool
        Whether time ran out.
    """

    lower: float
    upper: float
    lower_evidence: Trust
    upper_evidence: Trust
    method: str
    cuts: Float
    network: Network | None = None
    loss: float = math.nan
    sharpness: Sharpness | None = None
    dual: Dual | None = None
    stopped: bool = False

    @property
    def eta_ok(self) -> float:
        """A step size up to which an explicit interpolating network is stable, 2/upper."""
        return 2.0 / self.upper

    @property
    def eta_max(self) -> float:
        """A step size above which no interpolating network is stable, 2/lower."""
        return 2.0 / self.lower


def memorisation_edge(
    X: Float,
    y: Float,
    *,
    tol: float = 0.005,
    time_limit: float = 300.0,
    seed: int = 0,
    margins: HullMargins | None = None,
    depth: DepthBracket | None = None,
    most_columns: int = MOST_COLUMNS,
    most_nodes: int = MOST_NODES,
    progress: Callable[[str], None] | None = None,
) -> MemorisationEdge:
    """Enclose lambda*(y), the least sharpness of an interpolating network of any width.

    Parameters
    ----------
    X : array_like, shape (n, d)
        The lower bound is sharp only where x_i·x_j >= -1 for all pairs, as in the unit ball.
    y : array_like, shape (n,)
    tol : float
        Relative width aimed at.
    time_limit : float
        Seconds after which to stop; the final certificate is made all the same.
    seed : int
        Of the search for hyperplanes, where there are too many to list.
    margins, depth : optional
        Results for the same X, to save their time.
    most_columns : int
        Up to so many hyperplanes are listed, both sides counted; beyond, they are searched. A column takes 8 n bytes.
    most_nodes : int
        What the tree search for the lower bound may use where hyperplanes are not listed; see :func:`tree_bound`.
    progress : callable, optional
        Told in words what is under way.

    Raises
    ------
    ValueError
        If two equal rows of X have different labels: no function interpolates.

    Examples
    --------
    Two points of the line, at distance 2: each gets a neuron.

    >>> edge = memorisation_edge(np.array([[1.0], [-1.0]]), np.array([1.0, -1.0]))
    >>> f"{edge.lower:.6f} {edge.upper:.6f}", edge.method
    ('2.414214 2.414214', 'solitary neurons')
    """
    X, y = check_data(X, y)
    tol = check_positive("tol", tol, below=1)
    check_function("progress", progress)
    most_columns = check_integer("most_columns", most_columns, 0)
    most_nodes = check_integer("most_nodes", most_nodes, 0)
    seed = check_integer("seed", seed, 0)
    for name, value, kind in (("margins", margins, HullMargins), ("depth", depth, DepthBracket)):
        if value is not None:
            check_instance(name, value, kind)
    refuse_conflicts(X, y)
    guard = Guard(time_limit)
    if margins is None:
        margins = hull_margins(X, time_limit=time_limit / 2, progress=progress)
        guard.stopped |= margins.stopped
    if depth is None:
        depth = depth_bracket(X, start=margins.directions, time_limit=time_limit / 6, seed=seed, progress=progress)
        guard.stopped |= depth.stopped
    bound = reach_bound(X, y, depth)
    solo = solo_sharpness(X, y)
    needed = y != solo.beta
    if len(X) > _MOST_EVALUATED:
        if progress is not None:
            progress(f"a network of solitary neurons for {int(needed.sum())} labels")
        return replace(_many(X, y, margins, bound, needed), stopped=guard.stopped)
    if not needed.any() or margins.extreme[needed].all():
        network = solitary_network(X, y, margins.directions, margins.lower, solo.beta, np.flatnonzero(needed))
        found = _measured(network, X, y)
        if found is not None and found[1].upper - bound.value <= tol * found[1].upper:
            return replace(_edge("solitary neurons", bound.value, bound.p[None], *found), stopped=guard.stopped)
    if len(X) > MOST_POINTS:
        return replace(_open_end(bound), stopped=guard.stopped)
    result = _by_program(X, y, margins, bound.value, tol, guard, seed, most_columns, progress)
    if result is None:
        return MemorisationEdge(
            bound.value, math.inf, Trust.PROVED, Trust.PROVED, "depths", bound.p[None], stopped=guard.stopped
        )
    program, listed = result
    found = _realised(program, X, y)
    lower, evidence, cuts = bound.value, Trust.PROVED, bound.p[None]
    if program.p.min() > 0:
        again = reach_bound(X, y, depth, (program.p,))
        lower, cuts = max(lower, again.value), again.p[None]
    complete = listed and tells_apart(Frame.of(X), X, most_columns)
    proved = certified_dual_value(X, y, program.dual) if listed and program.dual is not None else None
    if program.dual is not None and proved is not None:
        # This check of every hyperplane is exact: what float64 takes them for doesn't matter.
        complete = proved >= (1 - tol) * program.lower
        if proved > lower:
            lower, cuts = proved, program.dual.cuts
    elif program.dual is not None and complete and nonnegative_products(X) and program.lower > lower:
        lower, evidence, cuts = program.lower, Trust.FLOAT_CERTIFIED, program.dual.cuts
    if not complete and most_nodes and program.upper - lower > tol * program.upper:
        tree = tree_bound(
            X, y, program, margins.extreme,
            known=lower, tol=tol, most_nodes=most_nodes, seed=seed, guard=guard, progress=progress,
        )  # fmt: skip
        if tree is not None:
            lower, cuts = tree.value, tree.p[None]
            found = _flatter(found, tree.network, X, y)
    if not (listed or found is None) and found[1].upper - lower > tol * found[1].upper:
        found = _flatter(found, _begun_anew(X, y, program, lower, tol, guard, seed, progress), X, y)
    if found is None:
        return MemorisationEdge(
            lower, math.inf, evidence, Trust.PROVED, "depths", cuts,
            dual=program.dual, stopped=guard.stopped,
        )  # fmt: skip
    method = "all hyperplanes" if complete else "sampled hyperplanes"
    edge = _edge(method, lower, cuts, *found, evidence=evidence, dual=program.dual)
    return replace(edge, stopped=guard.stopped)


def _open_end(bound: ReachBound) -> MemorisationEdge:
    """What depths say alone."""
    return MemorisationEdge(bound.value, math.inf, Trust.PROVED, Trust.PROVED, "depths", bound.p[None])


def _many(X: Float, y: Float, margins: HullMargins, bound: ReachBound, needed: NDArray[np.bool_]) -> MemorisationEdge:
    """The edge of many points: from solitary neurons if these fit all labels, else its upper end stays open."""
    solo = solo_sharpness(X, y)
    found = _open_end(bound)
    if not margins.extreme[needed].all():
        return found
    rows = np.flatnonzero(needed)
    network = solitary_network(X, y, margins.directions, margins.lower, solo.beta, rows)
    measured = measure_solitary(network, X, y, rows, margins.lower)
    if measured is None or not (measured.worst_loss <= FIT * float(np.var(y)) or not np.ptp(y)):
        return found
    upper = max(measured.sharpness, bound.value)
    kept = network if network.W.size <= _MOST_WEIGHTS else None
    return replace(found, upper=upper, method="solitary neurons", network=kept, loss=measured.loss)


def _edge(
    method: str,
    lower: float,
    cuts: Float,
    network: Network,
    found: Sharpness,
    loss: float,
    evidence: Trust = Trust.PROVED,
    dual: Dual | None = None,
) -> MemorisationEdge:
    kind = Trust.PROVED if found.proved else Trust.HEURISTIC
    if found.upper < lower * (1 - 1e-4):
        raise RuntimeError(
            f"the bounds of lambda* contradict each other: [{lower!r}, {found.upper!r}]; please report the data"
        )
    # Both ends hold for exact interpolation; a fit to rounding errors may come out flatter by as little.
    upper = max(found.upper, lower)
    return MemorisationEdge(lower, upper, evidence, kind, method, cuts, network, loss, found, dual)


def _realised(program: ProgramResult, X: Float, y: Float) -> tuple[Network, Sharpness, float] | None:
    """The network of a solution of the program, measured."""
    return _measured(fitted_network(X, y, program.columns.omega, program.a, program.log_balance, program.beta), X, y)


def _flatter(
    found: tuple[Network, Sharpness, float] | None, program: ProgramResult | None, X: Float, y: Float
) -> tuple[Network, Sharpness, float] | None:
    """What was found, or the network of this solution where it is flatter."""
    other = None if program is None else _realised(program, X, y)
    return found if other is None or (found is not None and found[1].upper <= other[1].upper) else other


def _measured(network: Network, X: Float, y: Float) -> tuple[Network, Sharpness, float] | None:
    """The network with its certificate and loss; None if it does not interpolate."""
    loss = interpolation_loss(network, X, y)
    if loss is None:
        return None
    try:
        return network, sharpness(network, X, y), loss
    except OverflowError:  # lambda_max is beyond float64
        return None


def _by_program(
    X: Float,
    y: Float,
    margins: HullMargins,
    known: float,
    tol: float,
    guard: Guard,
    seed: int,
    most_columns: int,
    progress: Callable[[str], None] | None,
) -> tuple[ProgramResult, bool] | None:
    """The convex program, over all hyperplanes where they can be listed; whether they were."""
    n = len(X)
    rng = np.random.default_rng(seed)
    Z, frame = augmented(X), Frame.of(X)
    uniform = np.full(n, n**-0.5)
    count = hyperplane_count(len(np.unique(X + 0.0, axis=0)), frame.rank - 1)
    columns = simple_columns(frame, margins, rng)
    pricing: Pricing
    if frame.sure and frame.rank > 1 and count <= most_columns and count * n <= _MOST_ENTRIES:
        pricing = FullPricing(hyperplane_dictionary(X, most_columns), Z)
        columns = columns.join(pricing.spread(uniform, 10, 2 * n, rng))
    else:
        pricing = SearchPricing(frame, Z, rng, guard)
        inside = np.flatnonzero(~margins.extreme)
        if inside.size:
            _, outward = directional_depth(X, start=margins.directions, guard=guard, seed=seed)
            columns = columns.join(cheap_columns(frame, Z, uniform, inside, outward[inside], rng, guard))
    result = solve_program(
        Master(Z, y, columns), pricing, uniform, known_lower=known, tol=tol, guard=guard, progress=progress
    )
    return None if result is None else (result, pricing.complete)


def _begun_anew(
    X: Float,
    y: Float,
    program: ProgramResult,
    known: float,
    tol: float,
    guard: Guard,
    seed: int,
    progress: Callable[[str], None] | None,
) -> ProgramResult | None:
    """The program once more, and again as long as it gains: a new search sees some neurons that those before it missed."""
    rng = np.random.default_rng([seed, 1])
    Z, frame, best = augmented(X), Frame.of(X), program
    while not guard.over():
        again = solve_program(
            Master(Z, y, best.columns), SearchPricing(frame, Z, rng, guard), np.full(len(X), len(X) ** -0.5),
            known_lower=known, tol=tol, guard=guard, progress=progress,
        )  # fmt: skip
        if again is None or again.upper >= best.upper:
            break
        before, best = best, again
        if best.upper >= before.upper * (1 - _GAIN):
            break
    return None if best is program else best
