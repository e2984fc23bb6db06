"""Search, in floats, for the best stack of trapezoids on given caps, in a set of stacks that does not depend on the problem.

In units of the cap's height H: depth z = H r, density c_1 (H(2 - H))^alpha q(r), q(r) = (r(2 - H r)/(2 - H))^alpha. Per cap this
leaves one problem with two numbers, the signal-to-noise ratio of a unit of q-mass and the budget per cap:

    maximise  sum a^2 m mmse(snr a^2 m)  subject to  sum of costs <= budget.

Sharing the budget out in advance takes the slabs apart. Each of a list of profiles (:mod:`boundcalc.explicit.slab_profile`)
gives the slab [x, y] a fixed share of the budget, additive in the slab. Then every slab is solved by itself: one trapezoid,
or M equal ones, with the steepest ramps that the share pays for at full amplitude, and a smaller amplitude only with the
widest ramps; of all (amplitude, ramp) within the share these have the largest energy a^2 m. A larger energy than the best
one is not used: with h(s) = s mmse(s), which increases up to s_0, M trapezoids give M h(min(s_0, snr a^2 m))/snr. Dynamic
programming over a geometric grid of depths picks the slabs.

Why the result is monotone: the energy a^2 m in absolute units that is within reach grows with B and C, for each slab,
number and profile; h(min(s_0, n e))/n falls with n and sigma and grows with e; and so does the largest sum over all stacks
and profiles. Interpolation in tables keeps that order, since tables depend on the cap alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from boundcalc.explicit.sign_error import sign_error
from boundcalc.explicit.slab_profile import best_snr, best_width
from boundcalc.explicit.slab_tables import Option, SlabTables
from boundcalc.explicit.slabs import Slab

Array = NDArray[np.float64]
Index = NDArray[np.intp]
_LOG_HALF = math.log(0.5)
_LOG_LIMIT = 600.0
# Trapezoids narrower than that gain nothing: mmse differs from 1, and a ramp from 0, by 1e-12.
_NARROWEST = -27.0
# Below this signal-to-noise ratio mmse is 1 to all digits.
_LEAST_LOG_SNR = -50.0


def _worth(snr: Array) -> Array:
    """h(min(s_0, s)) with h(s) = s mmse(s)."""
    s = np.minimum(snr, best_snr())
    return s * sign_error(s)


@dataclass(frozen=True)
class _Single:
    """One trapezoid per slab: value times snr, log ramp, log amplitude and snr, of shape (P, S + K)."""

    value: Array
    log_ramp: Array
    log_amplitude: Array
    snr: Array


def _single(tables: SlabTables, log_snr: float, log_limit: Array) -> _Single:
    """The largest energy within the budget: the steepest ramp, or the widest with an amplitude that fits."""
    log_cost, log_energy = tables.log_cost, tables.log_energy
    last, column = log_cost.shape[0] - 1, np.arange(log_cost.shape[1])
    # Ramps between the tabulated ones by interpolation over the logarithm of the cost.
    index = np.clip((log_cost[:, None, :] > log_limit).sum(0, dtype=np.int8), 1, last)
    left, right = log_cost[index - 1, column], log_cost[index, column]
    share = np.clip((left - log_limit) / (left - right), 0.0, 1.0)
    energy = (1 - share) * log_energy[index - 1, column] + share * log_energy[index, column]
    ramp = (1 - share) * tables.log_ramp[index - 1] + share * tables.log_ramp[index]
    ramp[:, tables.inner :] += math.log(2)
    log_amplitude = np.minimum(log_limit - log_cost[last], 0.0)
    snr = np.exp(np.minimum(log_snr + energy + 2 * log_amplitude, _LOG_LIMIT))
    return _Single(_worth(snr), ramp, log_amplitude, snr)


@dataclass(frozen=True)
class _Many:
    """Equal trapezoids in some slabs: value times snr, number, ramp, log amplitude and snr, of shape (P, T)."""

    columns: Index | slice
    value: Array
    number: Array
    ramp: Array
    log_amplitude: Array
    snr: Array


def _equal(tables: SlabTables, log_snr: float, log_limit: Array, option: Option, number: Array) -> _Many:
    """This number of equal trapezoids; the bracket of the option holds for larger numbers all the more."""
    columns, bracket = option.columns, option.bracket
    log_cost = tables.log_unit[columns] - log_limit[:, columns] + 2 * np.log(number)
    log_cost += np.log1p(tables.curvature[columns] / number / number)
    ramp, log_amplitude = np.exp(np.minimum(log_cost, _LOG_HALF)), np.minimum(_LOG_HALF - log_cost, 0.0)
    cell = (tables.length * tables.mean)[columns] / number
    snr = np.exp(np.minimum(log_snr + 2 * log_amplitude, _LOG_LIMIT)) * (1 - 4 / 3 * ramp) * (cell / bracket**3)
    value = tables.mass[columns] * bracket**4 / cell * _worth(snr)
    return _Many(columns, value, number, ramp, log_amplitude, snr)


def _many(tables: SlabTables, log_snr: float, log_limit: Array) -> Iterator[_Many]:
    """Of every option the best number and its neighbour: next to the best real one, as the value has one peak."""
    log_limit = log_limit[:, : tables.inner]
    log_whole = log_snr + np.log(tables.mean * tables.length)
    log_x = tables.log_unit - log_limit + 2 * log_whole
    log_width = np.maximum(best_width(log_x), _NARROWEST)
    best = np.floor(np.exp(np.clip(log_whole - log_width, -5.0, 460.0)))
    for option in tables.options:
        if option.exact:
            yield _equal(tables, log_snr, log_limit, option, option.number)
            continue
        below = np.maximum(option.number, best[:, option.columns])
        yield _equal(tables, log_snr, log_limit, option, below)
        yield _equal(tables, log_snr, log_limit, option, below + 1)


def _values(tables: SlabTables, log_snr: float, log_limit: Array) -> tuple[Array, Array]:
    """Largest values as a matrix (far, near) of depths, and of slabs that touch the sphere; per profile."""
    inner, size = tables.inner, tables.depths.size
    single = _single(tables, log_snr, log_limit).value
    best = single[:, :inner].copy()
    for many in _many(tables, log_snr, log_limit):
        best[:, many.columns] = np.maximum(best[:, many.columns], many.value)
    table = np.full((best.shape[0], size, size), -np.inf)
    table[:, tables.far, tables.near] = best
    return table, single[:, inner:]


@dataclass(frozen=True)
class Best:
    """The best profile, and the logarithm of its value per cap, in units of q-mass."""

    log_value: float
    profile: int


def search_profiles(tables: SlabTables, log_snr: float, log_budget: float) -> Best:
    """The best stack over all profiles of the tables."""
    clamped = max(log_snr, _LEAST_LOG_SNR)
    table, top = _values(tables, clamped, tables.log_share + log_budget)
    best = top.copy()
    for j in range(1, tables.depths.size):
        reach = np.maximum((best[:, :j] + table[:, j, :j]).max(1), best[:, j - 1])
        np.maximum(best[:, j], reach, out=best[:, j])
    profile = int(best[:, -1].argmax())
    value = float(best[profile, -1])
    return Best(math.log(value) - clamped if value > 0 else -math.inf, profile)


def stack(tables: SlabTables, log_snr: float, log_budget: float, profile: int) -> tuple[Slab, ...]:
    """The slabs of the best stack of a profile, from the sphere inwards."""
    clamped = max(log_snr, _LEAST_LOG_SNR)
    log_limit = tables.log_share[profile : profile + 1] + log_budget
    (table,), (top,) = _values(tables, clamped, log_limit)
    best, came = top.copy(), [-1] * top.size
    for j in range(1, top.size):
        options = best[:j] + table[j, :j]
        i = int(options.argmax())
        if options[i] > best[j]:
            best[j], came[j] = options[i], i
        if best[j - 1] > best[j]:
            best[j], came[j] = best[j - 1], -2
    column = np.full(table.shape, -1)
    column[tables.far, tables.near] = np.arange(tables.inner)
    shapes = _shapes(tables, clamped, log_limit)
    slabs: list[Slab] = []
    j = top.size - 1
    while came[j] != -1:
        if came[j] == -2:
            j -= 1
            continue
        i = came[j]
        slabs.append(Slab(float(tables.depths[i]), float(tables.depths[j]), *shapes(int(column[j, i]))))
        j = i
    slabs.append(Slab(0.0, float(tables.depths[j]), *shapes(tables.inner + j)))
    return tuple(slab for slab in reversed(slabs) if slab.amplitude > 0)


def _shapes(tables: SlabTables, log_snr: float, log_limit: Array) -> Callable[[int], tuple[int, float, float]]:
    """Number, ramp and amplitude of the best trapezoids in a column, for one profile."""
    single = _single(tables, log_snr, log_limit)
    snr, value, log_amplitude = single.snr[0], single.value[0].copy(), single.log_amplitude[0].copy()
    number, ramp = np.ones_like(value), np.exp(single.log_ramp[0])
    snr = snr.copy()
    for many in _many(tables, log_snr, log_limit):
        at = np.arange(value.size)[many.columns]
        better = many.value[0] > value[at]
        chosen = at[better]
        for old, new in (
            (value, many.value[0]),
            (number, np.broadcast_to(many.number, many.value.shape)[0]),
            (ramp, many.ramp[0]),
            (log_amplitude, many.log_amplitude[0]),
            (snr, many.snr[0]),
        ):
            old[chosen] = new[better]
    amplitude = np.exp(log_amplitude) * np.sqrt(np.minimum(1.0, best_snr() / np.maximum(snr, 1e-300)))

    def shape(column: int) -> tuple[int, float, float]:
        widest = 0.5 if column < tables.inner else 1.0
        return int(number[column]), min(max(float(ramp[column]), 1e-13), widest), float(amplitude[column])

    return shape
