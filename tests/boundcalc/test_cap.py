"""Closed forms of caps against quadrature with 50 digits, scipy, exact values and Monte Carlo."""

import math
from fractions import Fraction
from functools import lru_cache

import mpmath
import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Rational

from boundcalc import cap
from boundcalc.symbols import d as D
from boundcalc.symbols import h as H

DIMS = (1, 2, 3, 5, 12, 40, 333, 10**4, 10**6)
HEIGHTS = (1e-300, 1e-20, 1e-3, 0.1, 0.3, 0.5, 0.9, 0.99, 0.999, 1.0)
# The logarithm is right to this, relative to its size once that exceeds LARGE, else absolutely: so the value is.
TOLERANCE, LARGE = 1e-12, 1e3


def log_moment(k: int, dim: int, height: float) -> mpmath.mpf:
    """log E[(X₁−t)_+^k] by quadrature of the marginal density: no hypergeometric function enters."""
    with mpmath.workdps(50):
        h, p = mpmath.mpf(height), mpmath.mpf(dim - 1) / 2
        # s = t + hx; the integrand falls from x = 0 on at this rate at least: cut the range into pieces of its scale.
        scale = 1 / (p * (1 - h / (2 - h)) + h * mpmath.sqrt(p) + 1)
        # Beyond the last point it is below exp(-300) of its value near 0.
        points = [q * scale for q in (0, 0.5, 2, 5, 10, 20, 40, 80, 160, 320, 1000) if q * scale < 1]
        if len(points) < 11:
            points.append(mpmath.mpf(1))

        def integrand(x: mpmath.mpf) -> mpmath.mpf:
            return x**k * ((1 - x) * (1 + h * x / (2 - h))) ** p

        integral = mpmath.quad(integrand, points)
        top = p * mpmath.log(h * (2 - h))
        c1 = mpmath.exp(mpmath.loggamma(mpmath.mpf(dim) / 2 + 1) - mpmath.loggamma(mpmath.mpf(dim + 1) / 2))
        return mpmath.log(integral * c1 / mpmath.sqrt(mpmath.pi)) + top + (k + 1) * mpmath.log(h)


log_moment = lru_cache(maxsize=None)(log_moment)


def close(log: object, reference: mpmath.mpf) -> bool:
    with mpmath.workdps(50):
        return bool(abs(float(log) - reference) <= TOLERANCE * max(1, abs(reference) / LARGE))  # type: ignore[arg-type]


def binary(height: float) -> Rational:
    """The exact value of a float."""
    return Rational(Fraction(height))


@pytest.mark.slow
@pytest.mark.parametrize("dim", DIMS)
@pytest.mark.parametrize("k", [0, 1, 2])
def test_moments_against_quadrature(k: int, dim: int) -> None:
    logs = cap.moment(k).log(dim, list(HEIGHTS)).log
    for height, log in zip(HEIGHTS, logs, strict=True):
        reference = log_moment(k, dim, height)
        assert close(log, reference), (height, log, reference)
        low, high = cap.moment(k).enclose(dim, binary(height)).log10
        with mpmath.workdps(50):
            log10 = reference / mpmath.log(10)
            slack = abs(log10) * mpmath.mpf(10) ** -40
            assert low - slack <= log10 <= high + slack


def test_enclosures_contain_the_quadrature_to_forty_digits() -> None:
    for dim, height in ((1, 0.5), (12, 0.2), (333, 0.75), (10**4, 0.97), (10**6, 0.999)):
        got = cap.moment(1).enclose(dim, binary(height), relative=Rational(1, 10**36))
        with mpmath.workdps(50):
            value = Fraction(mpmath.nstr(mpmath.exp(log_moment(1, dim, height)), 45))
        slack = value / 10**38
        assert got.low <= value + slack
        assert got.high >= value - slack
        assert got.relative_width < 1e-36


@pytest.mark.parametrize("dim", [1, 2, 3, 7, 50])
def test_mass_against_the_incomplete_beta_function(dim: int) -> None:
    from scipy.special import betainc

    heights = np.linspace(0.05, 1, 20)
    expected = betainc((dim + 1) / 2, 0.5, heights * (2 - heights)) / 2
    np.testing.assert_allclose(cap.cap_mass(dim, heights), expected, rtol=2e-13)


@pytest.mark.parametrize("k", [0, 1, 2, 3, 6])
def test_caps_beyond_the_equator(k: int) -> None:
    """Two formulas for one number: the positive series, and full moment minus the opposite cap."""
    form = cap.moment(k)
    for dim in (1, 2, 5, 30):
        for height in (Rational(11, 10), Rational(3, 2), Rational(19, 10)):
            values = {D: sp.Integer(dim), H: height}
            from boundcalc.enclosure import enclose

            series, reflected = enclose(form.expr, values), enclose(form.beyond(), values)
            assert series.less_than(reflected) is None
            assert series.greater_than(reflected) is None
            assert form(dim, float(height)) == pytest.approx(series.floats[0], rel=1e-13)
    assert cap.moment(k)(10**6, [0.999, 1.001])[1] > cap.moment(k)(10**6, 0.999)
    assert cap.cap_mass(10**6, 1.5) == pytest.approx(1, rel=1e-15)


def test_limits_of_the_population_weight() -> None:
    known = {1: 0.17678, 2: 0.20379, 3: 0.26517, 4: 0.37264, 5: 0.55243, 12: 18.198, 20: 1908.58}
    for dim, value in known.items():
        assert cap.weight_limit(dim) == pytest.approx(value, rel=3e-5)
        assert cap.weight_ratio(dim, 1e-12) == pytest.approx(cap.weight_limit(dim), rel=1e-9)


def test_simple_dimensions() -> None:
    h = np.array([1e-9, 0.1, 0.6, 1.0])
    np.testing.assert_allclose(cap.cap_mass(1, h), h / 2, rtol=1e-14)
    np.testing.assert_allclose(cap.moment(2)(1, h), h**3 / 6, rtol=1e-14)
    np.testing.assert_allclose(cap.atom_norm_squared(1, h), h / 6, rtol=1e-14)
    # Archimedes: the volume of a cap of the ball in three dimensions is π h² (3−h)/3.
    np.testing.assert_allclose(cap.cap_mass(3, h), h**2 * (3 - h) / 4, rtol=1e-14)
    # g_P(0) in one dimension: E X_+ = 1/4, mass 1/2, mean 1/2.
    assert cap.population_weight(1, 1) == pytest.approx(0.25 * 0.5 * math.sqrt(1.25), rel=1e-14)
    assert cap.conditional_mean(1, 0.5) == pytest.approx(0.75, rel=1e-14)


def test_the_other_branch_of_the_weight_is_larger() -> None:
    for dim in (1, 2, 5, 50):
        h = np.linspace(0.02, 1, 50)
        q, first, t = cap.cap_mass(dim, h), cap.first_moment(dim, h), 1 - h
        other = (t * (1 - q) + first) * np.sqrt((1 - q) ** 2 + first**2)
        assert np.all(cap.population_weight(dim, h) <= other * (1 + 1e-13))


@pytest.mark.parametrize("dim", [2, 5])
def test_against_monte_carlo(dim: int) -> None:
    rng = np.random.default_rng(2024)
    points = rng.standard_normal((400_000, dim))
    points *= (rng.random((400_000, 1)) ** (1 / dim)) / np.linalg.norm(points, axis=1, keepdims=True)
    height = 0.4
    t = 1 - height
    inside = points[:, 0] > t
    estimates = {
        cap.cap_mass: inside,
        cap.first_moment: points[:, 0] * inside,
        cap.moment(1): np.maximum(points[:, 0] - t, 0),
        cap.atom_norm_squared: (np.maximum(points[:, 0] - t, 0) / height) ** 2,
    }
    for form, sample in estimates.items():
        error = sample.std() / math.sqrt(len(sample))
        assert abs(form(dim, height) - sample.mean()) < 4.5 * error, form.name
    # The weight from its definition, by a plug-in estimate; its relative error is about that of the mass and the excess.
    p, excess, mean = inside.mean(), (points[inside, 0] - t).mean(), points[inside].mean(axis=0)
    plug_in = p**2 * excess * math.sqrt(1 + mean @ mean)
    assert cap.population_weight(dim, height) == pytest.approx(plug_in, rel=15 / math.sqrt(inside.sum()))


def test_surface_measure_of_the_sphere() -> None:
    from scipy.special import betainc

    angles = np.array([1e-200, 1e-8, 0.3, 1.0, 1.5, math.pi / 2])
    np.testing.assert_allclose(cap.sphere_measure(2, angles), angles / math.pi, rtol=1e-13)
    np.testing.assert_allclose(cap.sphere_measure(3, angles[1:]), np.sin(angles[1:] / 2) ** 2, rtol=1e-14)
    for dim in (4, 9, 60):
        expected = betainc((dim - 1) / 2, 0.5, np.sin(angles[2:]) ** 2) / 2
        np.testing.assert_allclose(cap.sphere_measure(dim, angles[2:]), expected, rtol=1e-12)
    logs = cap.sphere_measure.log(10**6, [0.5, 1.3, 1.5, 1.5707]).log
    for angle, log in zip((0.5, 1.3, 1.5, 1.5707), logs, strict=True):
        low, high = cap.sphere_measure.enclose(10**6, binary(angle)).log10
        assert log == pytest.approx(low * math.log(10), rel=1e-15, abs=1e-12)
        assert high - low <= 1e-14 * max(1, abs(low))


def test_packing_bounds() -> None:
    # On the circle exactly floor(pi/angle) caps fit.
    for height in (0.01, 0.2, 0.3, 0.9):
        angle = cap.cap_angle(height)
        assert angle == pytest.approx(math.acos(1 - height), rel=1e-13)
        exact = math.floor(math.pi / angle)
        assert cap.packing_existence(2, height) <= exact <= cap.packing_volume(2, height)
        assert cap.packing_volume(2, height) == pytest.approx(math.pi / angle, rel=1e-13)
    # Known packings: 240 caps of angle 30 degrees in dimension 8, 2d of 45 degrees (slightly smaller caps here).
    for dim, angle, count in ((8, math.pi / 6, 240), (24, math.pi / 6, 196560), (5, math.pi / 4, 10)):
        height = 1 - math.cos(angle)
        assert cap.packing_existence(dim, height) <= count <= cap.packing_volume(dim, height)
    h = 0.1
    double = cap.sphere_measure(12, 2 * math.acos(1 - h))
    assert cap.packing_existence(12, h) == pytest.approx(1 / double, rel=1e-12)


random_dim = st.one_of(st.integers(1, 100), st.integers(1, 10**6))
random_height = st.one_of(
    st.floats(0, 300).map(lambda e: 10.0**-e),
    st.floats(1e-3, 1),
    st.floats(0, 6).map(lambda e: 1 - 10.0**-e).filter(lambda x: x > 0),
)
NUMERIC = [form for form in cap.ALL if form.symbols == (D, H)]


@settings(max_examples=60)
@given(random_dim, random_height, st.sampled_from(NUMERIC))
def test_floats_agree_with_enclosures(dim: int, height: float, form: cap.ClosedForm) -> None:
    if height == 1.0 and form is cap.packing_existence:
        return
    dim = max(dim, 2)
    log = float(form.log(dim, height).log)
    low, high = (end * math.log(10) for end in form.enclose(dim, binary(height)).log10)
    assert high - low <= 1e-14 * max(1, abs(log))
    assert min(abs(log - low), abs(log - high)) <= TOLERANCE * max(1, abs(log) / LARGE)


@settings(max_examples=60)
@given(random_dim, random_height, random_height)
def test_order_relations(dim: int, first: float, second: float) -> None:
    small, large = sorted((first, second))
    mass = cap.cap_mass.log(dim, [small, large]).log
    assert mass[0] <= mass[1] + 1e-11
    assert mass[1] <= math.log(0.5) + 1e-12
    # g_P over the canonical weight falls with the height, from its limit at height 0.
    ratio = cap.weight_ratio.log(dim, [small, large]).log
    limit = float(cap.weight_limit.log(dim).log)
    slack = 1e-12 * max(1, abs(limit))
    assert ratio[1] - slack <= ratio[0] <= limit + slack
    # The mean over a cap lies between its face and its pole.
    mean = cap.conditional_mean(dim, small)
    assert 1 - small <= mean * (1 + 1e-15) <= 1 + 1e-15


@settings(max_examples=40)
@given(random_dim, random_height, st.integers(1, 5))
def test_recurrence_of_the_moments(dim: int, height: float, k: int) -> None:
    """(d+1+k) m_{k+1} = k(1−t²) m_{k−1} − t(d+1+2k) m_k, by parts, arranged so that all terms are positive."""
    m = [float(cap.moment(j).log(dim, height).log) for j in (k - 1, k, k + 1)]
    t = 1 - height
    left = np.logaddexp(math.log(dim + 1 + k) + m[2], math.log(t * (dim + 1 + 2 * k)) + m[1] if t > 0 else -np.inf)
    right = math.log(k * height) + math.log(2 - height) + m[0]
    assert left == pytest.approx(right, rel=1e-13, abs=1e-11)


@pytest.mark.parametrize("form", cap.ALL, ids=lambda form: form.name)
def test_every_form_prints(form: cap.ClosedForm) -> None:
    assert form.latex()
    assert form.name in str(form)
    assert form.words in str(form)
    assert form._repr_markdown_().startswith("$")
    assert set(form.expr.free_symbols) <= set(form.symbols)


def test_shapes() -> None:
    assert isinstance(cap.cap_mass(3, 0.5), float)
    assert cap.cap_mass([1, 2, 3], 0.5).shape == (3,)
    grid = cap.packing_existence.log(np.arange(2, 6)[:, None], np.linspace(0.1, 0.9, 7))
    assert grid.log.shape == (4, 7)
    assert grid.log[2, 6] == cap.packing_existence.log(4, 0.9).log
    assert cap.cap_mass.log(10**6, 1e-300).log10 == pytest.approx(-149849638.2507433, rel=1e-15)
    assert cap.cap_mass(2, "1/2") == cap.cap_mass(2, Rational(1, 2)) == cap.cap_mass(2, 0.5)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((0, 0.5), ValueError, r"d \(dimension of the inputs\).*d >= 1, got 0"),
        ((2.5, 0.5), ValueError, "d .*integer.*got 2.5"),
        (([1, 2.5], 0.5), ValueError, "d .*integer.*got 2.5"),
        ((2, 0.0), ValueError, "h .*0 < h < 2, got 0.0"),
        ((2, [0.5, 2.0]), ValueError, "h .*got 2.0"),
        ((2, math.nan), ValueError, "h .*got nan"),
        ((2, "abc"), ValueError, "h must be a number, got 'abc'"),
        ((2, "1e-400"), ValueError, "h .*range of floats.*use enclose"),
        ((10**400, 0.5), ValueError, "d .*range of floats"),
        ((2, ["0.5"]), TypeError, "h must be an array of integers or floats"),
        ((2, None), TypeError, "h must be a number"),
        ((True, 0.5), TypeError, "d must be a number"),
        (([1, 2], [0.1, 0.2, 0.3]), ValueError, r"broadcast.*d \(2,\), h \(3,\)"),
        ((2,), TypeError, r"cap_mass takes \(d, h\), got 1"),
    ],
)
def test_bad_arguments(arguments: tuple[object, ...], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        cap.cap_mass(*arguments)


def test_bad_arguments_elsewhere() -> None:
    with pytest.raises(ValueError, match=r"h .*0 < h < 2"):
        cap.cap_mass.enclose(2, 2)
    with pytest.raises(ValueError, match=r"d .*d >= 2, got 1"):
        cap.sphere_measure(1, 0.5)
    with pytest.raises(ValueError, match=r"alpha .*got 1.58"):
        cap.sphere_measure(3, 1.58)
    with pytest.raises(ValueError, match="0 <= k <= 60"):
        cap.moment(-1)
    with pytest.raises(TypeError, match="k must be an int"):
        cap.moment(1.0)  # type: ignore[arg-type]
    with pytest.raises(OverflowError, match=r"5\.61e-149849639"):
        cap.cap_mass(10**6, 1e-300)
    assert cap.cap_mass.enclose(2, "1e-400").log10[1] < -600


@pytest.mark.parametrize("form", [cap.cap_mass, cap.atom_norm_squared, cap.population_weight])
def test_dimensions_beyond_machine_integers_have_an_answer_or_are_named(form):
    for dim in (2**63, 2**64, 10**30):
        found = form.log(dim, "0.2")
        assert np.isfinite(found.log)
        assert str(found).startswith("10^-")
        with pytest.raises(OverflowError, match=rf"{form.name}\(d, h\): the value 10\^-"):
            form(dim, "0.2")
    for ask in (form.log, form):
        for dim in (10**400, 1.7e308):
            with pytest.raises(ValueError, match=r"\bd\b"):
                ask(dim, "0.2")
    with pytest.raises(ValueError, match=r"d \(dimension of the inputs\) must be at most 2\^53"):
        form.enclose(10**400, "0.2")
    # The logarithm of the enclosure, where there is one, is the logarithm.
    low, high = form.enclose(2**50, "0.2").log10
    assert low <= high
    assert form.log(2**50, "0.2").log10 == pytest.approx(low, rel=1e-14)
