"""Lower bounds for the weight of the trace and for every power of the depth: costs, order, and priors rebuilt and simulated."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.integrate import quad

from boundcalc import cap, explicit_lower, explicit_upper
from boundcalc.arb import ball, lower_float, precision, upper_float
from boundcalc.explicit import chebyshev, chebyshev_harmonic
from boundcalc.explicit import slabs as slabs_module
from boundcalc.explicit.caps import Caps
from boundcalc.explicit.lower import problem_of
from boundcalc.explicit.marginal import Marginal, Weighting, log_weight_ratio
from boundcalc.explicit.problem import TRACE, AnyWeight, PowerWeight, Problem, Weight, read_weight
from boundcalc.explicit.ridge_sine import _variation
from boundcalc.explicit.slabs import Slab, StackedTrapezoids

Array = NDArray[np.float64]
HALF = Fraction(1, 2)


def weight_at(weight: AnyWeight, d: int, z: float) -> float:
    """From the closed forms of caps, or as a power: another code than the one under test."""
    if weight is TRACE:
        return float(cap.trace_weight(d, z))
    return float(z ** float(weight.degree(d)))


@pytest.mark.parametrize("d", [1, 2, 3, 8, 40])
def test_weight_of_the_trace_in_balls_and_floats(d: int) -> None:
    for z in (1e-6, 0.01, 0.3, 0.9, 1.0):
        truth = cap.trace_weight.enclose(d, Fraction(z))
        with precision(160):
            weighting, depth = Weighting(TRACE, Marginal(d)), ball(z)
            moments = tuple(weighting.marginal.moment(depth, k) for k in range(3))
            for found in (weighting.cost(depth), weighting.cost_from(depth, moments)):
                assert lower_float(found) <= truth.floats[1]
                assert upper_float(found) >= truth.floats[0]
                assert found.rel_accuracy_bits() > 60
            limit = float(weighting.ratio(ball(0)).mid())
        assert limit == pytest.approx(cap.trace_weight_limit(d), rel=1e-12)
        rough = float(log_weight_ratio(TRACE, d, np.array([z]))[0]) + (d + 3) / 2 * math.log(z)
        assert rough == pytest.approx(math.log(truth.floats[0]), abs=2e-3)


@pytest.mark.parametrize("d", [1, 2, 3, 10, 60])
def test_weight_of_the_trace_is_convex(d: int) -> None:
    """What bounds it by its interpolants."""
    t = np.linspace(0, 0.999, 500)
    g = cap.trace_weight(d, 1 - t)
    assert np.all(np.diff(g, 2) >= -1e-13 * g[1:-1])


@pytest.mark.parametrize(
    "weight", [TRACE, PowerWeight(Fraction(0)), PowerWeight(Fraction(7, 3)), PowerWeight(Fraction(4))]
)
def test_weight_integrals_of_polynomials(weight: AnyWeight) -> None:
    d, kappa = 5, 6
    with precision(160):
        found = [float(w.mid()) for w in chebyshev_harmonic._weight_integrals(d, kappa, 3, weight)]
    for j, value in zip((1, 3, 5), found, strict=True):
        m = j * kappa
        exact = quad(lambda t, m=m: m * (m - 1) * t ** (m - 2) * weight_at(weight, d, 1 - t), 0, 1, limit=200)[0]
        assert exact * (1 - 1e-7) <= value <= exact * (1.01 if weight is TRACE else 1 + 1e-7)
        log = float(chebyshev._log_weight_integral(d, np.array([m]), weight)[0])
        assert math.exp(log) == pytest.approx(value, rel=1e-9)


@pytest.mark.parametrize("weight", [TRACE, PowerWeight(HALF), PowerWeight(Fraction(11, 4))])
def test_ridge_sine_variation(weight: AnyWeight) -> None:
    d, omega = 3, Fraction(5, 2)
    exact = quad(lambda t: min(1, float(omega) * t) * weight_at(weight, d, 1 - t), 0, 1, points=[0.4])[0]
    with precision(128):
        found = float(_variation(d, omega, weight).mid())
    assert 2 * float(omega) ** 2 * exact <= found * (1 + 1e-7)
    assert found <= 2 * float(omega) ** 2 * exact * (1.1 if weight is TRACE else 1 + 1e-7)


@pytest.mark.parametrize("d", [1, 2, 5])
@pytest.mark.parametrize("gamma", ["trace", "0", "1/2", "1", "5/2", "22/7"])
def test_brackets_of_many_trapezoids(d: int, gamma: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the power is concave and means over cells around a knot would be too small."""
    weight = read_weight("weight", gamma)
    slab = Slab(0.5, 0.5 * 1.5 ** (1 / max(1.0, (d - 1) / 2)), 40, 0.2, 0.8)
    stack = StackedTrapezoids(Caps(0.25, 3, "caps"), (slab,))
    task = Problem(d, Fraction(100), Fraction(1), Fraction(1), Fraction(1), weight)
    with precision(256):
        cost = stack.cost(task)
        monkeypatch.setattr(slabs_module, "NARROW", 0.0)
        exact = stack.cost(task)
    assert not cost < exact
    assert float(cost.mid()) <= 1.3 * float(exact.mid())


@pytest.mark.parametrize(("d", "n"), [(1, 1e4), (2, 1e3), (5, 1e6), (12, 1e4)])
def test_the_power_d_plus_2_is_the_canonical_weight(d: int, n: float) -> None:
    canonical, power = explicit_lower(d, n), explicit_lower(d, n, weight=d + 2)
    assert [v.log10 for v in canonical.values] == [v.log10 for v in power.values]
    assert explicit_upper(d, n, weight=d + 2).upper == explicit_upper(d, n).upper


@pytest.mark.parametrize(("d", "n"), [(1, 1e4), (2, 1e5), (5, 1e6), (8, 1e4), (20, 1e4)])
def test_bounds_rise_with_the_power(d: int, n: float) -> None:
    """The larger the power, the smaller the weight and the larger the class; the searches' margin is 0.3 %."""
    powers = sorted({Fraction(k, 2) for k in range(2 * d + 9)} if d < 8 else {Fraction(k, 2) for k in range(2, 52, 5)})
    bounds = [explicit_lower(d, n, weight=gamma) for gamma in powers]
    for low, high in itertools.pairwise(bounds):
        assert low.log10_lower <= high.log10_lower + math.log10(1.005)
    assert bounds[0].lower < bounds[-1].lower


@pytest.mark.parametrize(("d", "n"), [(1, 1e4), (2, 1e4), (3, 1e6), (5, 1e5), (12, 1e4)])
def test_classes_of_the_trace_lie_between_others(d: int, n: float) -> None:
    trace = explicit_lower(d, n, weight="trace")
    gamma = Fraction(d + 3, 2)
    least, most = cap.trace_weight_least(d), cap.trace_weight_limit(d)
    assert trace.lower >= 0.98 * explicit_lower(d, n, C=1 / most, weight=gamma).lower
    assert trace.lower <= 1.02 * explicit_lower(d, n, C=1 / least, weight=gamma).lower
    # g_tr >= 4 g_P.
    assert trace.lower <= 1.02 * explicit_lower(d, n, C=Fraction(1, 4), weight="population").lower
    assert trace.lower <= explicit_upper(d, n, weight="trace").upper <= 1


def profile(slab: Slab, height: float) -> list[tuple[float, float, float]]:
    """(near end, far end, ramp) of every trapezoid, as depths; the near end is -inf where it touches the sphere."""
    near, far = slab.near * height, slab.far * height
    if slab.near == 0:
        return [(-math.inf, far, far * slab.ramp)]
    width = (far - near) / slab.count
    return [(near + j * width, near + (j + 1) * width, width * slab.ramp) for j in range(slab.count)]


def value(z: Array, ends: tuple[float, float, float]) -> Array:
    left, right, ramp = ends
    return np.clip(np.minimum((z - left) / ramp, (right - z) / ramp), 0, 1)


SETTINGS = [
    (d, n, w) for d, n in ((1, 100), (1, 3000), (2, 100), (2, 2000), (3, 500), (5, 300), (5, 5000)) for w in (0, 1)
] + [(d, n, 0) for d, n in ((2, 500), (3, 100), (3, 3000), (4, 1000), (8, 300))]


@pytest.mark.parametrize(("d", "n", "which"), SETTINGS)
def test_priors_rebuilt_and_simulated(d: int, n: int, which: int) -> None:
    """At gamma = (d+3)/2 and at g_tr: signs on the design's atoms, their cost and Bayes risk from their functions alone."""
    weight: AnyWeight = (PowerWeight(Fraction(d + 3, 2)), TRACE)[which]
    found = explicit_lower(d, n, weight=weight)
    stacked = found.family("stacked-trapezoids")
    task = problem_of(found.setting, weight)
    assert stacked.design is not None
    design = stacked.design.within(task)
    assert isinstance(design, StackedTrapezoids)
    rng = np.random.default_rng([d, n, which])
    caps, height = design.caps.count, design.caps.height
    p, c = (d - 1) / 2, cap.marginal_constant(d)
    cost = risk = variance = 0.0
    runs = 150
    for slab in design.slabs:
        a = slab.amplitude
        for ends in profile(slab, height):
            left, right, ramp = ends
            knots = [right, right - ramp] + ([] if left == -math.inf else [left, left + ramp])
            cost += caps * a * sum(weight_at(weight, d, k) for k in knots) / ramp
            low = max(left, 0.0)
            z = low + (right - low) * (np.arange(4000) + 0.5) / 4000
            mass = float(np.mean(c * (z * (2 - z)) ** p * value(z, ends) ** 2) * (right - low))
            # Data: n points; the depth under the cap is 1 - (one coordinate).
            x = rng.normal(size=(runs, n, d)) if d > 1 else rng.uniform(-1, 1, (runs, n, 1))
            if d > 1:
                x *= (rng.random((runs, n, 1)) ** (1 / d)) / np.linalg.norm(x, axis=2, keepdims=True)
            snr = a**2 * (value(1 - x[:, :, 0], ends) ** 2).sum(axis=1)
            posterior = np.tanh(snr[:, None] + np.sqrt(snr)[:, None] * rng.normal(size=(runs, 200)))
            # E (1 - m) = E (1 - m^2) for the posterior mean m of a sign.
            each = (1 - posterior).mean(axis=1)
            risk += caps * a**2 * mass * float(each.mean())
            variance += (caps * a**2 * mass) ** 2 * float(each.var()) / runs
    assert cost <= 1 + 1e-6
    assert stacked.enclosure is not None
    assert stacked.enclosure.floats[0] <= risk + 4 * math.sqrt(variance)
    assert stacked.enclosure.floats[0] >= 0.7 * risk


def test_proofs_for_the_canonical_weight_say_so() -> None:
    for weight in ("trace", 2, "5/2"):
        found = explicit_lower(3, 1e6, weight=weight)
        assert "this weight is larger" in found.family("theorem-a").reason
        assert "this weight is larger" in found.family("theorem-b-prime").reason
    assert explicit_lower(3, 1e6, weight=6).family("theorem-a").enclosure is not None


def test_upper_bounds_of_larger_classes() -> None:
    assert explicit_upper(2, 1e6, weight="trace").upper == explicit_upper(2, 1e6, C="1/4", weight="population").upper
    assert explicit_upper(2, 1e6, weight=1).upper == explicit_upper(2, 1e6).upper
    assert explicit_upper(2, 1e6, weight=5).upper == 1


def test_reading() -> None:
    assert read_weight("weight", Weight.POPULATION) is Weight.POPULATION
    assert read_weight("weight", "trace") is TRACE
    assert read_weight("weight", "2.5") == read_weight("weight", Fraction(5, 2)) == PowerWeight(Fraction(5, 2))
    assert "(1 - |t|)^(5/2) weight" in str(explicit_lower(2, 100, weight="5/2"))
    assert "trace weight" in str(explicit_lower(2, 100, weight="trace"))
    for bad in ("other", -1, "1e7", None, float("nan"), True):
        with pytest.raises(
            ValueError, match="weight must be 'canonical' or 'population', 'trace', or a power from 0 to 10"
        ):
            read_weight("weight", bad)


@pytest.mark.parametrize(("d", "weight"), [(1, "trace"), (2, "trace"), (5, "trace"), (2, "3/2"), (5, 3), (12, "trace")])
def test_more_samples_never_raise_a_bound(d: int, weight: object) -> None:
    values = [explicit_lower(d, 300 * 1.07**k, weight=weight).log10_lower for k in range(24)]
    assert np.diff(values).max() <= 1e-11
