"""The pair of Cor. I.3: two networks that agree with every sample, both as flat as can be, far apart.

Of the disjoint caps of critical height a constant share holds no sample; on those, +L and -L times the cap atoms are
invisible. No estimator tells the two apart, so its risk is at least a quarter of their squared distance on one of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

import numpy as np
from sympy import Integer

from boundcalc import cap
from boundcalc.derivation import derive
from boundcalc.enclosure import Enclosure, enclose
from boundcalc.exact import fraction, rational
from boundcalc.statement import Status
from boundcalc.statements.stability import EMPTY_NETWORK
from boundcalc.symbols import d as D
from boundcalc.symbols import h as H
from constructions.data import annulus, uniform_ball
from constructions.memorise import InvisiblePair, invisible_pair
from constructions.packing import Packing, largest_height, pack
from verify.hessian import Sharpness, sharpness
from verify.memorise.setting import MemoriseSetting
from verify.outcome import Interval, Outcome, Relation, Trust, judged
from verify.packing.artefact import critical_height
from verify.packing.checks.norms import bernstein
from verify.power_law import LEAST_POINTS, fit_exponent

NAME = "pair"
SOURCE = "LQWP25, Corollary I.3"
_judged = partial(judged, NAME, SOURCE)
_DRAWS = 400_000
_BATCH = 50_000
_HALVINGS = 60
# The scaling: sizes a factor apart, caps at most this high, samples averaged until so many points are drawn.
_FACTOR, _THIN = 2, 0.1
_POINTS, _LEAST_SAMPLES, _MOST_SAMPLES = 10**6, 8, 400
_LEAST_N, _MOST_N, _MOST_CAPS, _MOST_ROWS = 32, 300_000, 4000, 12
# Half-width of the exponent's interval, relative to the exponent, from which on the range counts as one of the power law.
_SETTLED = 0.25


@dataclass(frozen=True, eq=False)
class DrawnPair:
    """A sample with the pair that it cannot tell apart.

    Attributes
    ----------
    chosen : str
        How the height was chosen.
    X : array (n, d)
    distance : Enclosure
        Squared L2(P) distance of the two networks, for exact atoms on the certified caps.
    """

    packing: Packing
    chosen: str
    X: np.ndarray
    pair: InvisiblePair
    distance: Enclosure


def draw_pair(setting: MemoriseSetting) -> DrawnPair:
    """Draw n points and build the pair on caps of critical height, or of 90 degrees where those promise more distance.

    Lower caps are taken where every cap holds a point.

    Raises
    ------
    ValueError
        If every cap of every height tried holds a point.
    """
    d, n = setting.dim, setting.n
    X = uniform_ball(n, d, setting.stream("sample"))
    packings = []
    critical, square = critical_height(d, n), largest_height(Fraction(0))
    for height, words in ((critical, "critical for n"), (min(critical, square), "that of 90 degrees")):
        try:
            packings.append((pack(d, height, seed=setting.seed), words))
        except ValueError:  # too high for two disjoint caps
            continue
    packings.sort(key=lambda pair: -_expected(pair[0], n))
    lowest = packings[-1][0].height
    for k in range(1, _HALVINGS):
        packing, words = (
            packings.pop(0) if packings else (pack(d, lowest / 2**k, seed=setting.seed), "as leaves a cap empty")
        )
        try:
            pair = invisible_pair(packing, X, float(setting.bound))
        except ValueError:  # every cap holds a point
            continue
        return DrawnPair(packing, words, X, pair, _distance(setting, packing, len(pair.empty)))
    raise ValueError(f"n must leave some cap of R^{d} without a point, got {n}; pass fewer points")


def _expected(packing: Packing, n: int) -> float:
    """Expected squared norm of the invisible atoms, N (1 - Q)^n |Phi|^2."""
    h = float(packing.height)
    mass = math.exp(float(cap.cap_mass.log(packing.dim, h).log))
    return packing.size * math.exp(n * math.log1p(-mass) + float(cap.atom_norm_squared.log(packing.dim, h).log))


def _distance(setting: MemoriseSetting, packing: Packing, empty: int) -> Enclosure:
    height = rational(packing.height)
    return enclose(4 * setting.bound**2 * empty * cap.atom_norm_squared.expr, {D: Integer(setting.dim), H: height})


def pair_outcomes(setting: MemoriseSetting, drawn: DrawnPair) -> Iterator[Outcome]:
    """Agreement, flatness of both, distance by closed form and by Monte Carlo, and what it says of every estimator."""
    pair, X = drawn.pair, drawn.X
    zero = np.zeros(len(X))
    found = [(sign, network, sharpness(network, X, zero)) for sign, network in (("+", pair.plus), ("-", pair.minus))]
    for sign, network, sharp in found:
        yield judged(
            NAME,
            EMPTY_NETWORK.key,
            f"lambda_max of f_{sign}, which interpolates: stable",
            None if np.any(network(X)) else sharp.interval,
            Relation.AT_MOST,
            2 / setting.eta,
            Status.PAPER,
            {"method": sharp.method, "kink_distance": sharp.kink_distance, "edge": "2/eta"},
        )
    differing = int(np.count_nonzero(pair.plus(X) != pair.minus(X)))
    yield _judged(
        "points at which the two networks differ, or see a neuron",
        # Counted in floating point; exact signs prove that there are none.
        differing if all(_unseen(sharp) for _, _, sharp in found) else float(differing),
        Relation.EQUAL,
        0,
        Status.PAPER,
        {"decided_by": "signs of all preactivations, exactly", "least_preactivation": found[0][2].kink_distance},
    )
    closed = drawn.distance
    yield _judged(
        f"squared L2(P) distance of the pair, 4 L^2 |Phi|^2 on {len(pair.empty)} of {drawn.packing.size} caps",
        monte_carlo(setting, drawn),
        Relation.CONTAINS,
        Interval.of(closed),
        Status.DERIVED,
        {"draws": _DRAWS, "log10_closed_form": closed.log10[0]},
    )
    exponent = derive("gap-lower").exponent_at(setting.dim)
    rate = float(setting.bound) ** 2 * setting.n ** -float(exponent)
    risk = Interval.of(closed) * Fraction(1, 4)
    words = f"L^2 n^-({exponent}), without its constant"
    evidence = {"rate": words, "value_of_rate": rate, "constant": float(risk.lower) / rate}
    claim = "risk of every estimator on one of the two, at least distance^2/4"
    yield _judged(claim, risk, Relation.ABOVE, 0, Status.PAPER, evidence)


def _unseen(sharp: Sharpness) -> bool:
    """The Hessian is that of the output bias alone: no neuron is active at any point, by exact signs, none on a kink."""
    return sharp.trust is Trust.PROVED and sharp.lower == sharp.upper == 1.0 and sharp.kink_distance > 0


def monte_carlo(setting: MemoriseSetting, drawn: DrawnPair) -> Interval:
    """The squared distance from uniform points of the shell 1 - h <= |x| <= 1, which holds all caps."""
    d, h = setting.dim, float(drawn.packing.height)
    rng = setting.stream("monte carlo")
    inner = 1 - h
    share = -math.expm1(d * math.log(inner)) if inner > 0 else 1.0
    coefficients = np.zeros(drawn.packing.size)
    coefficients[drawn.pair.empty] = 2 * float(setting.bound)
    values = np.concatenate(
        [
            drawn.packing.evaluate(annulus(_BATCH, d, max(inner, 0.0), rng), coefficients) ** 2
            for _ in range(_DRAWS // _BATCH)
        ]
    )
    return bernstein(values, 4 * float(setting.bound) ** 2) * Fraction(share)


@dataclass(frozen=True)
class Row:
    """One n of the scaling: caps of critical height, the mean number that several samples leave empty, squared distance."""

    n: int
    caps: int
    empty: float
    height: float
    distance: float
    samples: int


def scaling_rows(setting: MemoriseSetting) -> tuple[Row, ...]:
    """The pair rebuilt at n, 2n, 4n, ... and n/2, n/4, ..., while samples and caps stay in the thousands.

    The number of empty caps is averaged over independent samples.
    """
    sizes = [setting.n]
    while sizes[-1] * _FACTOR <= _MOST_N and _caps(setting.dim, sizes[-1] * _FACTOR) <= _MOST_CAPS:
        sizes.append(sizes[-1] * _FACTOR)
    while sizes[0] // _FACTOR >= _LEAST_N and len(sizes) < _MOST_ROWS:
        sizes.insert(0, sizes[0] // _FACTOR)
    rows = []
    for index, n in enumerate(sizes[-_MOST_ROWS:]):
        height = critical_height(setting.dim, n)
        if height > _THIN:
            continue
        packing = pack(setting.dim, height, seed=setting.seed, max_size=4 * _MOST_CAPS)
        rng = setting.stream("scaling", index)
        shell = n * -math.expm1(setting.dim * math.log1p(-float(height)))
        samples = min(_MOST_SAMPLES, max(_LEAST_SAMPLES, round(_POINTS / (1 + shell))))
        empty = float(np.mean([_empty_caps(packing, n, rng) for _ in range(samples)]))
        if empty > 0:
            norm = math.exp(float(cap.atom_norm_squared.log(setting.dim, float(height)).log))
            distance = 4 * float(setting.bound) ** 2 * empty * norm
            rows.append(Row(n, packing.size, empty, float(height), distance, samples))
    return tuple(rows)


def _empty_caps(packing: Packing, n: int, rng: np.random.Generator) -> int:
    """Empty caps of n uniform points; only those in the shell that holds the caps are drawn."""
    inner = 1 - float(packing.height)
    inside = int(rng.binomial(n, -math.expm1(packing.dim * math.log(inner))))
    return int((packing.counts(annulus(inside, packing.dim, inner, rng)) == 0).sum()) if inside else packing.size


def _caps(d: int, n: int) -> float:
    return math.exp(min(float(cap.packing_existence.log(d, float(critical_height(d, n))).log), 700.0)) if d > 1 else 2.0


def scaling_outcome(setting: MemoriseSetting, rows: tuple[Row, ...]) -> Outcome:
    """The exponent of the squared distance, over the rows at critical height."""
    exponent = derive("gap-lower").exponent_at(setting.dim)
    claim = f"squared distance of the pair ~ n^-({exponent})"
    status = Status.PAPER if setting.dim >= 2 else Status.DERIVED
    if len(rows) < LEAST_POINTS:
        words = f"{len(rows)} sizes with thin critical caps, too few"
        return _judged(claim, None, Relation.CONTAINS, fraction(exponent), status, obstacle=words)
    n, values = np.array([row.n for row in rows], dtype=float), np.array([row.distance for row in rows])
    fit = fit_exponent(np.log(n), np.log(values), np.sqrt([row.height for row in rows]))
    meaning = "scatter by the largest residual, plus the next correction"
    return _judged(
        f"{claim}; n = {rows[0].n}..{rows[-1].n}",
        # Caps that are not thin yet bend the law: what misses the exponent refutes nothing.
        Interval(fit.lower, fit.upper, meaning, Trust.HEURISTIC),
        Relation.CONTAINS,
        fraction(exponent),
        status,
        {
            "n": [row.n for row in rows],
            "caps": [row.caps for row in rows],
            "empty": [row.empty for row in rows],
            "squared_distance": [row.distance for row in rows],
            "samples": [row.samples for row in rows],
        },
        obstacle=None if fit.settled(_SETTLED) else "no power law yet",
    )
