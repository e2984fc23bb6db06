"""Random ReLU networks from a Poisson process: covariance, scaling, and how far they are from Gaussian.

Checked: the covariance, the growth of the variance, the excess kurtosis for intensities 1, 10 and 100, and the stable limit for
Cauchy weights, in d = 1, 2, 3. Not checked: convergence as processes, which is more than that of values at points.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from sympy import Symbol

from boundcalc.enclosure import Enclosure, enclose
from boundcalc.exact import rational
from boundcalc.statement import Theorem
from boundcalc.statements.extra_symbols import alpha
from boundcalc.statements.sources import RANDOM_RELU
from boundcalc.statements.transforms import (
    DISTANCE,
    FOURTH_MOMENT,
    FREQUENCY,
    INNER,
    INTENSITY,
    NORM_X,
    NORM_Y,
    RELU_PROCESS_COVARIANCE,
    RELU_PROCESS_KURTOSIS,
    RELU_PROCESS_STABLE_LIMIT,
    SECOND_MOMENT,
)
from boundcalc.style import COLOURS
from boundcalc.symbols import d
from verify.outcome import Interval, Outcome, Relation, judged
from verify.siblings.sibling import Sibling, mean_interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_DIMS = (1, 2, 3)
_COVARIANCE_INTENSITY, _COVARIANCE_NETWORKS = 4, 100_000
_KURTOSIS_NETWORKS = {1: 100_000, 10: 20_000, 100: 6_000}
_LIMIT_INTENSITY, _LIMIT_NETWORKS = 1000, 400
_FREQUENCIES = (0.5, 1.0, 2.0)
_BATCH = 1_000_000  # neurons in memory


@dataclass(frozen=True)
class Process:
    """What was measured in one dimension.

    Attributes
    ----------
    covariance : list of (int, int, Interval)
        Between two of the points of :func:`places`.
    hurst : Interval
    kurtosis : dict of int to Interval
        By intensity; the weights are Gaussian.
    characteristic : dict of float to Interval
        By frequency, for Cauchy weights.
    """

    dim: int
    covariance: list[tuple[int, int, Interval]]
    hurst: Interval
    kurtosis: dict[int, Interval]
    characteristic: dict[float, Interval]


def places(dim: int) -> NDArray[np.float64]:
    """Points (3, dim) in the unit ball: half the first basis vector, the whole of it, and one off that line.

    >>> places(2).tolist()
    [[0.5, 0.0], [1.0, 0.0], [-0.25, 0.75]]
    """
    points = np.zeros((3, dim))
    points[:, 0] = 0.5, 1.0, -0.25
    points[2, 1:2] = 0.75
    return points


def _activations(
    rng: np.random.Generator, dim: int, intensity: int, networks: int, points: NDArray[np.float64]
) -> Iterator[tuple[int, NDArray[np.intp], NDArray[np.float64]]]:
    """Batches of networks: how many, which of them each neuron is of, and its value at the points (neurons, points).

    Hyperplanes that miss the unit ball do nothing there, so the process is drawn on the sphere times [-1, 1] without loss.
    """
    area = 2 * math.pi ** (dim / 2) / math.gamma(dim / 2)
    mean = intensity * area * 2
    size = max(1, int(_BATCH / mean))
    for start in range(0, networks, size):
        count = min(size, networks - start)
        owner = np.repeat(np.arange(count), rng.poisson(mean, count))
        directions = rng.standard_normal((len(owner), dim))
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        t, a = rng.uniform(-1, 1, (len(owner), 1)), directions @ points.T
        # relu(a - t) less its value and its gradient at a = 0.
        yield count, owner, np.where((t > 0) == (t < a), np.abs(a - t), 0.0) * (np.sign(a) == np.sign(t))


def _sums(
    batches: Iterator[tuple[int, NDArray[np.intp], NDArray[np.float64]]],
) -> NDArray[np.float64]:
    """Sums over the neurons of each network, (networks, points)."""
    return np.concatenate(
        [np.stack([np.bincount(owner, one, count) for one in values.T], 1) for count, owner, values in batches]
    )


def _process(seed: int, dim: int) -> Process:
    points, streams = places(dim), iter(np.random.default_rng([seed, dim]).spawn(5))
    weights = next(streams)
    drawn = _activations(next(streams), dim, _COVARIANCE_INTENSITY, _COVARIANCE_NETWORKS, points)
    values = _sums((n, owner, f * weights.standard_normal((len(f), 1))) for n, owner, f in drawn)
    pairs = [(i, j, mean_interval(values[:, i] * values[:, j])) for i in range(3) for j in range(i, 3)]
    near, far = values[:, 0] ** 2, values[:, 1] ** 2
    # The delta method for half the logarithm to base 2 of a quotient of means.
    exponent = math.log2(far.mean() / near.mean()) / 2
    hurst = mean_interval(exponent + (far / far.mean() - near / near.mean()) / (2 * math.log(2)))
    unit, rng = points[1:2], next(streams)
    kurtosis = {}
    for intensity, networks in _KURTOSIS_NETWORKS.items():
        # Given the neurons, a value with Gaussian weights is Gaussian with the sum of squares as variance S: its excess kurtosis
        # is 3 Var S / (E S)^2, by the delta method again.
        squares = _sums((n, owner, f**2) for n, owner, f in _activations(rng, dim, intensity, networks, unit))[:, 0]
        mean, second = squares.mean(), (squares**2).mean()
        influence = (squares**2 - second) / mean**2 - 2 * second * (squares - mean) / mean**3
        kurtosis[intensity] = mean_interval(3 * (second / mean**2 - 1 + influence))
    # Given the neurons, a value with Cauchy weights is Cauchy with the sum of absolute values as scale.
    scales = _sums(_activations(next(streams), dim, _LIMIT_INTENSITY, _LIMIT_NETWORKS, unit))[:, 0] / _LIMIT_INTENSITY
    characteristic = {xi: mean_interval(np.exp(-xi * scales)) for xi in _FREQUENCIES}
    return Process(dim, pairs, hurst, kurtosis, characteristic)


def measure(seed: int) -> list[Process]:
    """The process in every dimension."""
    return [_process(seed, dim) for dim in _DIMS]


def facts(found: list[Process]) -> Mapping[str, object]:
    """How many networks."""
    return {
        "networks": _COVARIANCE_NETWORKS,
        "for the kurtosis": ", ".join(f"{n} of intensity {i}" for i, n in _KURTOSIS_NETWORKS.items()),
        "for the stable limit": f"{_LIMIT_NETWORKS} of intensity {_LIMIT_INTENSITY}",
    }


def outcomes(found: list[Process], theorems: Mapping[str, Theorem]) -> list[Outcome]:
    """Every number against its formula."""
    covariance, kurtosis, limit = (
        theorems[f"relu-process-{name}"] for name in ("covariance", "kurtosis", "stable-limit")
    )
    judgements = []

    def bound_of(theorem: Theorem, name: str, values: Mapping[Symbol, float]) -> Enclosure:
        return enclose(theorem.bounds[name].expr, {symbol: rational(Fraction(x)) for symbol, x in values.items()})

    def claim(theorem: Theorem, words: str, measured: Interval, name: str, values: Mapping[Symbol, float]) -> None:
        bound = Interval.of(bound_of(theorem, name, values))
        judgements.append(
            judged("relu-process", theorem.key, words, measured, Relation.CONTAINS, bound, theorem.status)
        )

    for one in found:
        x, where = places(one.dim), f"d = {one.dim}"
        for i, j, measured in one.covariance:
            norms = {NORM_X: np.linalg.norm(x[i]), NORM_Y: np.linalg.norm(x[j]), DISTANCE: np.linalg.norm(x[i] - x[j])}
            values = {d: one.dim, INTENSITY: _COVARIANCE_INTENSITY, SECOND_MOMENT: 1, INNER: float(x[i] @ x[j])}
            words = f"covariance at points {i + 1} and {j + 1}, {where}"
            claim(covariance, words, measured, "covariance", values | {key: float(v) for key, v in norms.items()})
        claim(kurtosis, f"Hurst exponent, {where}", one.hurst, "Hurst exponent", {})
        for intensity, measured in one.kurtosis.items():
            values = {d: one.dim, INTENSITY: intensity, SECOND_MOMENT: 1, FOURTH_MOMENT: 3, NORM_X: 1}
            claim(kurtosis, f"excess kurtosis at intensity {intensity}, {where}", measured, "excess kurtosis", values)
        for xi, measured in one.characteristic.items():
            values = {d: one.dim, INTENSITY: _LIMIT_INTENSITY, FREQUENCY: xi, NORM_X: 1, alpha: 1}
            excess = bound_of(limit, "excess of the logarithm", values).floats[1]
            widened = Interval(float(measured.lower) * math.exp(-excess), measured.upper, measured.meaning)
            words = f"characteristic function of the limit at {xi:g}, Cauchy weights, {where}"
            claim(limit, words, widened, "characteristic function", values)
    return judgements


def draw(axes: Axes, found: list[Process]) -> None:
    """Excess kurtosis against intensity, with the formula."""
    expression = RELU_PROCESS_KURTOSIS.bound.expr.subs({SECOND_MOMENT: 1, FOURTH_MOMENT: 3, NORM_X: 1})
    for one, colour in zip(found, COLOURS, strict=False):
        x = np.array(list(one.kurtosis), dtype=float)
        low = np.array([float(interval.lower) for interval in one.kurtosis.values()])
        high = np.array([float(interval.upper) for interval in one.kurtosis.values()])
        axes.errorbar(x, (low + high) / 2, (high - low) / 2, fmt="o", capsize=3, color=colour, label=f"d = {one.dim}")
        axes.plot(
            x, [float(expression.subs({d: one.dim, INTENSITY: value})) for value in x], color=colour, linewidth=0.9
        )
    axes.set(xscale="log", yscale="log", xlabel="intensity of the Poisson process", ylabel="excess kurtosis at |x| = 1")
    axes.legend()


SIBLING = Sibling(
    "relu-process", "Random ReLU processes", RANDOM_RELU,
    (RELU_PROCESS_COVARIANCE, RELU_PROCESS_KURTOSIS, RELU_PROCESS_STABLE_LIMIT), measure, facts, outcomes, draw,
)  # fmt: skip
