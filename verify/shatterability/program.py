"""Solving the convex program of :mod:`verify.shatterability.master` by columns and cuts."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from verify.shatterability.dictionary import Dictionary
from verify.shatterability.guard import Guard
from verify.shatterability.master import Dual, Master, balance_columns
from verify.shatterability.pricing import Pricing

Float = NDArray[np.float64]

# Weights below this share of the largest are the solver's noise.
_NOISE = 1e-10
_MOST_CUTS = 150
# Rounds times the square of the number of points, and what rounds there are at least and at most.
_ROUND_SQUARES = 2 * 10**6
_ROUNDS = (4, 60)
# Seconds for each column and pair of points: to fit a network of so many neurons and to certify it; to find one by least squares.
_REALISING, _FITTING = 1.2e-9, 8e-10


@dataclass(frozen=True, eq=False)
class ProgramResult:
    """The best of both sides.

    Attributes
    ----------
    columns : Dictionary
        Neurons of the best network.
    a : ndarray, shape (K,)
        Their weights.
    log_balance : ndarray, shape (K,)
    upper : float
        Its lambda_max, as computed.
    dual : Dual or None
        The multipliers with the best lower bound, scaled to hold for every neuron that was priced.
    lower : float
        That bound.
    p : ndarray, shape (n,)
        The Perron vector of the best network.
    """

    columns: Dictionary
    a: Float
    log_balance: Float
    beta: float
    upper: float
    dual: Dual | None
    lower: float
    p: Float
    rounds: int


def solve_program(
    master: Master,
    pricing: Pricing,
    start: Float,
    *,
    known_lower: float,
    tol: float,
    guard: Guard,
    progress: Callable[[str], None] | None = None,
) -> ProgramResult | None:
    """Add columns and cuts until the bounds are within ``tol``, relatively, or rounds are used up; None without a solution.

    The cuts are Perron vectors of balanced networks: of the program's own solution, and of its mean with the best one
    so far, which steadies the iteration.
    """
    y, Z = master.y, master.Z
    master.add_cut(start)
    best: ProgramResult | None = None
    lower, dual_best = -math.inf, None
    weights = np.zeros(master.columns.size)  # of the best network
    rounds = 0
    n = len(y)
    cost = (_REALISING + _FITTING) * n * n * master.columns.size
    first = None if guard.lacks(cost) else master.least_squares()
    if first is not None:
        # Something to return if time is too short for a single linear program.
        weights, beta = first
        balanced = balance_columns(master.columns.H, weights, Z, start, most=5, guard=guard)
        best = ProgramResult(
            master.columns, weights, balanced.log_balance, beta, balanced.upper, None, lower, balanced.p, 0
        )  # fmt: skip
    while rounds < np.clip(_ROUND_SQUARES // n**2, *_ROUNDS):
        # What is left when the network is made; it has about as many neurons as there are points.
        time = guard.before(_REALISING * n * n * (2 * n if best is None else best.columns.size))
        if rounds and time.over():
            break
        found = master.solve(time)
        if found is None:
            break
        rounds += 1
        primal, dual = found
        fresh, scale = pricing.price(dual, master.columns)
        scaled = Dual(scale * dual.nu, dual.mu, dual.cuts)
        value = scaled.value(y)
        if value > lower:
            lower, dual_best = value, scaled
        trials = [(primal.a, primal.beta)]
        if best is not None and rounds > 1:
            trials.append((0.5 * (primal.a + weights), 0.5 * (primal.beta + best.beta)))
        for a, beta in trials:
            used = np.flatnonzero(np.abs(a) > _NOISE * np.abs(a).max(initial=0.0))
            if not used.size:
                continue
            balanced = balance_columns(master.columns.H[used], a[used], Z, start, guard=time)
            master.add_cut(balanced.p)
            if best is None or balanced.upper < best.upper:
                weights = a
                best = ProgramResult(
                    master.columns.take(used), a[used], balanced.log_balance, beta, balanced.upper,
                    dual_best, lower, balanced.p, rounds,
                )  # fmt: skip
        if best is None:
            break
        if progress is not None:
            progress(f"edge: round {rounds}, lambda* in [{max(lower, known_lower):.6g}, {best.upper:.6g}]")
        if best.upper - max(lower if pricing.complete else -math.inf, known_lower) <= tol * best.upper:
            break
        if not pricing.complete and fresh is None and best.upper - lower <= tol * best.upper:
            break
        weights = _prune(master, weights, primal.a, dual, fresh)
        if fresh is not None:
            master.add_columns(fresh)
            weights = np.concatenate([weights, np.zeros(fresh.size)])
        if len(master.cuts) > _MOST_CUTS:
            master.drop_cuts(dual)
    if best is None:
        return None
    return replace(best, dual=dual_best, lower=lower, rounds=rounds)


def _prune(master: Master, weights: Float, current: Float, dual: Dual, fresh: Dictionary | None) -> Float:
    """Drop the columns farthest from use when there are many; the weights that remain."""
    n = len(master.y)
    most = 4 * n + 500
    if fresh is None or master.columns.size + fresh.size <= most:
        return weights
    ratio = np.abs(master.columns.H @ dual.nu) / np.maximum(dual.limits(master.columns.H, master.Z), 1e-300)
    ratio[(weights != 0) | (current != 0)] = np.inf
    keep = np.sort(np.argsort(-ratio)[: most - 2 * fresh.size])
    master.keep_columns(keep)
    return np.asarray(weights[keep])
