"""Everything about one data set: what is exposed, where the memorisation edge lies, and what follows at a step size."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from boundcalc.exact import exact_rational, fraction
from boundcalc.options import choice
from verify.hessian.inputs import check_function, check_integer, check_positive
from verify.hessian.structure import secular_root
from verify.outcome import Interval, Relation, Trust, Verdict, judge
from verify.shatterability.decay import DecayPoint, decay_path, halving_decay
from verify.shatterability.depth import DepthBracket, depth_bracket
from verify.shatterability.edge import MOST_COLUMNS, MOST_NODES, MOST_POINTS, MemorisationEdge, memorisation_edge
from verify.shatterability.frame import Frame
from verify.shatterability.guard import Guard
from verify.shatterability.margins import HullMargins, carried_over, hull_margins
from verify.shatterability.reach import nonnegative_products
from verify.shatterability.scaling import LabelScale, Scale, Scaled, ScaledLabels, rescale, rescale_labels
from verify.shatterability.solitary import (
    SoloCapacity,
    SoloSharpness,
    single_sharpness,
    solo_capacity,
    solo_sharpness,
)
from verify.shatterability.table import Table, check_data, conflicting_rows, constant_columns, date_columns, first_equal
from verify.shatterability.trace_edge import TraceEdge, solitary_trace, trace_edge

Float = NDArray[np.float64]

# Ratios of the weight decays of the path to the one asked for.
_LARGEST = 1e300
_PATH = (30.0, 10.0, 3.0, 1.0)
# Up to so many points the decay that halves the fit is looked for.
_HALF = 600
# Norms and labels beyond these sizes get a warning.
_FAR = (0.1, 10.0)


class Protection(Enum):
    """Whether flatness at the step size rules out zero training loss; the value opens the verdict."""

    NOT_PROTECTED = "not protected"
    PROTECTED = "protected"
    UNDECIDED = "undecided"


@dataclass(frozen=True, eq=False)
class Shatterability:
    """The answer for one data set and step size.

    Attributes
    ----------
    table : Table
        The data as given, with the names of columns and rows.
    features, labels : Scaled, ScaledLabels
        What was made of them.
    X, y : ndarrays, shapes (n, d) and (n,)
        Points and labels in these scales: what all below speaks of.
    verdict : str
        The answer in one line.
    evidence : Trust
        Of the verdict.
    solo : SoloSharpness
        Of memorising every point with a solitary neuron; attained only if all points are extreme.
    single : ndarray, shape (n,)
        Sharpness of memorising that point alone; inf unless it is extreme.
    leverage : ndarray, shape (n,)
        Diagonal of the hat matrix of the linear fit with intercept.
    capacity : SoloCapacity
        The most points that solitary neurons memorise at ``eta``.
    edge : MemorisationEdge or None
        None if two equal points have different labels.
    worst_labels : float
        Sharpness of memorising the worst labels within the bound with solitary neurons; nan without a bound.
    decay : tuple of DecayPoint
        From the largest weight decay to the one asked for; empty if none was.
    notes : tuple of str
        What restricts these statements.
    trace : TraceEdge or None
        What the trace of the Hessian, which SGD's flatness bounds, must be at least; None as for ``edge``.
    half_decay : float or None
        About the weight decay at which the best network found fits half of the labels' variance, for up to 600 points.
    """

    table: Table
    features: Scaled
    labels: ScaledLabels
    eta: float
    protection: Protection
    verdict: str
    evidence: Trust
    margins: HullMargins
    depth: DepthBracket
    solo: SoloSharpness
    single: Float
    leverage: Float
    capacity: SoloCapacity
    edge: MemorisationEdge | None
    worst_labels: float
    decay: tuple[DecayPoint, ...]
    notes: tuple[str, ...]
    trace: TraceEdge | None
    half_decay: float | None

    @property
    def X(self) -> Float:
        return self.features.X

    @property
    def y(self) -> Float:
        return self.labels.y


def shatterability(
    X: Any,
    y: Any,
    eta: float,
    *,
    features: Scale | str = Scale.AS_IS,
    labels: LabelScale | str = LabelScale.AS_IS,
    decay: float | None = None,
    bound: float | None = None,
    time_limit: float = 600.0,
    seed: int = 0,
    most_columns: int = MOST_COLUMNS,
    most_nodes: int = MOST_NODES,
    progress: Callable[[str], None] | None = None,
    checkpoint: str | Path | None = None,
) -> Shatterability:
    """Whether a stable network, lambda_max <= 2/eta, may interpolate the data, and which points are exposed.

    Parameters
    ----------
    X : array_like or data frame of pandas, shape (n, d)
        Of a frame, names and index are kept, and its columns must be numbers (nullable dtypes too) or truth values.
    y : array_like or series of pandas, shape (n,)
    eta : float
        Step size of gradient descent.
    features : Scale or str
        "as-is"; "unit-ball", centred and divided by the largest norm; "standardise", each column to mean 0 and variance 1.
        Some statements need points in the unit ball (see ``notes``).
    labels : LabelScale or str
        "as-is"; "unit", the least to -1 and the largest to 1; "standardise", to mean 0 and variance 1. ``eta``, ``decay`` and
        ``bound`` are those of the problem in these scales.
    decay : float, optional
        A weight decay for which to say what the best network found memorises.
    bound : float, optional
        D: labels must lie in [-D, D]; adds the sharpness for the worst such labels.
    time_limit : float
        Seconds after which to stop; ``notes`` say for what time ran out. How much is tried does not depend on it otherwise.
    seed : int
    most_columns, most_nodes : int
        See :func:`memorisation_edge` and :func:`decay_path`.
    progress : callable, optional
        Told in words what is under way.
    checkpoint : str or Path, optional
        File for the hull margins, the longest part for many points; see :func:`hull_margins`.

    Raises
    ------
    ValueError, TypeError
        Naming the argument, before any work.

    Examples
    --------
    >>> X, y = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0]]) / 2, np.array([1.0, -1.0, 0.5])
    >>> shatterability(X, y, eta=0.5).verdict
    'not protected at eta = 0.5: 100 % of the points are extreme; an explicit interpolant has lambda_max 1.643 <= 4'
    """
    return examine(
        Table.of(X, y),
        eta,
        choice(Scale).read("features", features),
        choice(LabelScale).read("labels", labels),
        decay=decay,
        bound=bound,
        time_limit=time_limit,
        seed=seed,
        most_columns=most_columns,
        most_nodes=most_nodes,
        progress=progress,
        checkpoint=checkpoint,
    )


def examine(
    table: Table,
    eta: float,
    features: Scale,
    labels: LabelScale,
    *,
    decay: float | None = None,
    bound: float | None = None,
    time_limit: float = 600.0,
    seed: int = 0,
    most_columns: int = MOST_COLUMNS,
    most_nodes: int = MOST_NODES,
    progress: Callable[[str], None] | None = None,
    checkpoint: str | Path | None = None,
    like: Shatterability | None = None,
) -> Shatterability:
    """The answer of :func:`shatterability` for a table in one pair of scales; margins are taken from ``like``, that in others."""
    points, scaled = rescale(table.X, features), rescale_labels(table.y, labels)
    X, y = check_data(points.X, scaled.y)
    check_function("progress", progress)
    most_columns = check_integer("most_columns", most_columns, 0)
    eta, seed = check_positive("eta", eta), check_integer("seed", seed, 0)
    if eta < 1 / _LARGEST:
        raise ValueError(f"eta must be at least {1 / _LARGEST:g}, got {eta!r}; rescale the labels")
    limit = check_positive("time_limit", time_limit)
    if decay is not None:
        decay = check_positive("decay", decay)
        if decay > _LARGEST:
            raise ValueError(f"decay must be at most {_LARGEST:g}, got {decay!r}; rescale the labels")
    if bound is not None and float(np.abs(y).max()) > check_positive("bound", bound):
        row = int(np.abs(y).argmax())
        raise ValueError(f"bound must be at least every |y_i|, got {bound!r} with label {y[row]:g} in {table.row(row)}")
    guard = Guard(limit)
    margins = None if like is None else carried_over(like.margins, like.features, points)
    if margins is None:
        margins = hull_margins(X, time_limit=0.4 * limit, progress=progress, checkpoint=checkpoint)
    left = guard.left() - 0.45 * limit
    depth = depth_bracket(
        X, start=margins.directions, alone=margins.extreme, time_limit=left, seed=seed, progress=progress
    )
    solo = solo_sharpness(X, y)
    clash = conflicting_rows(X, y)
    edge = None
    if clash is None:
        edge = memorisation_edge(
            X,
            y,
            time_limit=guard.left() - (0.1 if decay is None else 0.3) * limit,
            seed=seed,
            margins=margins,
            depth=depth,
            most_columns=most_columns,
            most_nodes=most_nodes,
            progress=progress,
        )
    path: tuple[DecayPoint, ...] = ()
    if decay is not None:
        path = decay_path(
            X,
            y,
            [ratio * decay for ratio in _PATH],
            tol=5e-3,
            time_limit=guard.left(),
            seed=seed,
            most_columns=most_columns,
            progress=progress,
        )
    trace = None
    if clash is None:
        trace = trace_edge(
            X,
            y,
            time_limit=max(guard.left(), 0.05 * limit),
            seed=seed,
            margins=margins,
            most_columns=most_columns,
            progress=progress,
        )
    half = halving_decay(X, y, time_limit=max(guard.left(), 0.05 * limit), seed=seed) if len(y) <= _HALF else None
    unhalved = len(y) <= _HALF and half is None and guard.left() <= 0
    frame = Frame.of(X)
    protection, verdict, evidence = _verdict(eta, margins, edge, clash, table)
    return Shatterability(
        table=table,
        features=points,
        labels=scaled,
        eta=eta,
        protection=protection,
        verdict=verdict,
        evidence=evidence,
        margins=margins,
        depth=depth,
        solo=solo,
        single=np.where(margins.extreme, single_sharpness(solo.costs), math.inf),
        leverage=frame.leverages,
        capacity=largest_capacity(X, y, eta, solo.beta, margins.extreme),
        edge=edge,
        worst_labels=math.nan if bound is None else secular_root(2 * bound * np.hypot(1, np.linalg.norm(X, axis=1))),
        decay=path,
        notes=_notes(table, X, y, frame, margins, depth, edge, trace, path, unhalved),
        trace=trace,
        half_decay=half,
    )


def largest_capacity(X: Float, y: Float, eta: float, beta: float, able: NDArray[np.bool_]) -> SoloCapacity:
    """The most points fitted by solitary neurons, with the output bias ``beta`` or that of the least trace.

    So it is never less than :func:`verify.shatterability.trace_edge.trace_capacity`, as the trace is at least lambda_max.

    >>> y = np.array([0.0, 0.0, 0.0, 9.0])
    >>> [len(largest_capacity(np.eye(4), y, 1.9, beta, np.ones(4, dtype=bool)).rows) for beta in (0.0, 2.0)]
    [3, 3]
    """
    tried = [solo_capacity(X, y, eta, beta=at, able=able) for at in (beta, solitary_trace(X, y)[1])]
    return max(tried, key=lambda capacity: len(capacity.rows))


def leverages(X: Float) -> Float:
    """Diagonal of the hat matrix of least squares on (1, x), shape (n,).

    >>> leverages(np.array([[0.0], [1.0], [2.0]])).round(3).tolist()
    [0.833, 0.333, 0.833]
    """
    return Frame.of(X).leverages


def _verdict(
    eta: float, margins: HullMargins, edge: MemorisationEdge | None, clash: tuple[int, int] | None, table: Table
) -> tuple[Protection, str, Trust]:
    where = f"at eta = {eta:g}: "
    if edge is None:
        i, j = clash if clash is not None else (0, 0)
        which = f"{table.unit}s {table.rows[i]} and {table.rows[j]} are equal"
        rounded = "" if (table.X[i] == table.X[j]).all() else " up to rounding in these scales"
        words = f"{which}{rounded} with labels {table.y[i]:g} and {table.y[j]:g}: no function interpolates the data"
        return Protection.PROTECTED, f"{Protection.PROTECTED.value} {where}{words}", Trust.PROVED
    share = f"{100 * margins.extreme.mean():.3g} % of the points are extreme; "
    threshold = 2 / fraction(exact_rational("eta", eta))
    enclosed = Interval(edge.lower, edge.upper)
    if judge(enclosed, Relation.AT_MOST, threshold) is Verdict.PROVED:
        words = f"{share}an explicit interpolant has lambda_max {edge.upper:.4g} <= {float(threshold):.4g}"
        return Protection.NOT_PROTECTED, f"{Protection.NOT_PROTECTED.value} {where}{words}", edge.upper_evidence
    if judge(enclosed, Relation.ABOVE, threshold) is Verdict.PROVED:
        words = f"no interpolating network of any width is stable above eta = {edge.eta_max:.3g}"
        return Protection.PROTECTED, f"{Protection.PROTECTED.value} {where}{words}", edge.lower_evidence
    words = f"{share}the edge lies in [{edge.eta_ok:.3g}, {edge.eta_max:.3g}]"
    evidence = edge.lower_evidence.worse(edge.upper_evidence)
    return Protection.UNDECIDED, f"{Protection.UNDECIDED.value} {where}{words}", evidence


def _notes(
    table: Table,
    X: Float,
    y: Float,
    frame: Frame,
    margins: HullMargins,
    depth: DepthBracket,
    edge: MemorisationEdge | None,
    trace: TraceEdge | None,
    path: tuple[DecayPoint, ...],
    unhalved: bool,
) -> tuple[str, ...]:
    n, d = X.shape
    notes = []
    radius = float(np.linalg.norm(X, axis=1).max())
    for what, size in (("norms of the points", radius), ("absolute labels", float(np.abs(y).max()))):
        if size and not _FAR[0] <= size <= _FAR[1]:
            notes.append(
                f"{what} reach {size:.4g}, far from 1: sharpness depends on both scales, and a step size means little before "
                "they are normalised"
            )
    if not nonnegative_products(X):
        notes.append(
            f"norms reach {radius:.4g} and some x_i·x_j < -1: the lower bound of lambda* is weaker than in the unit ball, and "
            "the bound over all hyperplanes does not apply; --features unit-ball changes the question to one where it does"
        )
    copies = int((first_equal(X) != np.arange(n)).sum())
    if copies:
        notes.append(f"{copies} row(s) repeat earlier points: none of these points is extreme")
    constant = constant_columns(X)
    if constant.size:
        shown = ", ".join(repr(table.columns[i]) for i in constant[:5].tolist()) + (
            ", ..." if constant.size > 5 else ""
        )
        notes.append(f"feature(s) {shown} are constant: they shift the points and separate nothing")
    dates = date_columns(table.X)
    if dates.size:
        shown = ", ".join(f"{table.columns[i]!r} (such as {table.X[0, i]:.0f})" for i in dates[:5].tolist())
        notes.append(
            f"feature(s) {shown} look like dates written as numbers, whose differences are no days: turn them into days since "
            "a start, or leave them out"
        )
    if frame.rank - 1 < min(n - 1, d - constant.size):
        notes.append(
            f"up to rounding the points lie in a flat of dimension {frame.rank - 1}, and are taken to: what is float-certified "
            "holds for such points"
        )
    if n <= d + 1:
        notes.append(f"{n} points in dimension {d}: unless they are dependent, every point is extreme")
    if not np.ptp(y):
        notes.append("all labels are equal: the output bias alone fits them")
    parts = {
        "hull margins": margins.stopped,
        "depths": depth.stopped,
        "the edge": edge is not None and edge.stopped,
        "the trace edge": trace is not None and trace.stopped,
        "weight decay": any(point.stopped for point in path),
        "the weight decay that halves the fit": unhalved,
    }
    late = [name for name, stopped in parts.items() if stopped]
    if late:
        notes.append(
            f"time ran out for {', '.join(late)}: what was found by then depends on the speed of the machine; raise --time"
        )
    if not margins.complete and not margins.stopped:
        notes.append("float64 can't narrow the brackets of some hull margins")
    if edge is not None and edge.method == "sampled hyperplanes":
        notes.append(
            "too many hyperplanes to list, or points too near to them to tell sides: the network is certified, and so is the "
            "lower bound of lambda*, but it may be far below; --nodes lets the tree search behind it go on"
        )
    if n > MOST_POINTS and edge is not None and not math.isfinite(edge.upper):
        notes.append(
            f"more than {MOST_POINTS} points, some of them inside the hull of the others: no interpolating network is searched "
            "for, and the upper end of lambda* stays open"
        )
    elif edge is not None and edge.network is None and not math.isfinite(edge.upper):
        notes.append(
            "time ran out before an interpolating network was found: the upper end of lambda* stays open"
            if edge.stopped
            else "no interpolating network was found that float64 can represent"
        )
    return tuple(notes)
