"""Polynomials of random harmonics: every constant against exact rationals, quadrature or simulation, and the bound's values."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from scipy import integrate, special, stats

from boundcalc.arb import ball, precision
from boundcalc.explicit import chebyshev, chebyshev_harmonic
from boundcalc.explicit.chebyshev_harmonic import ChebyshevHarmonic
from boundcalc.explicit.family import Claim
from boundcalc.explicit.gegenbauer import coefficients, dimension, values
from boundcalc.explicit.lower import evaluate, explicit_lower, problem_of
from boundcalc.explicit.marginal import Marginal, Weighting, log_weight_ratio
from boundcalc.explicit.problem import TRACE, AnyWeight, Effort, Problem, Weight
from boundcalc.explicit.random_harmonic import sup_bound, sup_levels
from boundcalc.explicit.upper import explicit_upper
from boundcalc.setting import Setting

SHAPES = tuple(chebyshev._SHAPES)
LINEAR, CUBIC, QUINTIC, HEPTIC = SHAPES


def problem(d: int, n: float = 1.0, C: float = 1.0, weight: Weight = Weight.CANONICAL) -> Problem:
    return problem_of(Setting.parse(d=d, n=n, sigma=1, B=1, C=C), weight)


def design(
    d: int, k: int, kappa: int, order: int, shape: tuple[Fraction, ...] = LINEAR, failure: float = 1e-3
) -> ChebyshevHarmonic:
    _, level, cosine = sup_levels(d, [k], [failure])
    return ChebyshevHarmonic(k, kappa, order, shape, failure, float(level[0, 0]), float(cosine[0, 0]), 1e-3, 0.0)


@pytest.mark.parametrize("d", [3, 7, 22, 68])
def test_a_degree_s_ceiling_is_above_its_bounds(d: int) -> None:
    for n, C, weight in ((1e3, 1e-2, Weight.CANONICAL), (1e6, 1.0, Weight.CANONICAL), (1e9, 100.0, Weight.POPULATION)):
        task = problem(d, n, C, weight)
        for k in (2, 5, 8, 11):
            value, alone, _ = chebyshev._best(k, task)
            assert value <= alone <= chebyshev._ceiling(k, task) + 1e-9


def test_the_table_of_log_gamma() -> None:
    for x in (np.array([0.5, 1.0, 7.5, 32767.5]), np.array([0.5, 32768.0]), np.array([0.3, 2.0]), 11.5, 1e7):
        assert chebyshev._log_gamma(x) == pytest.approx(special.gammaln(x), rel=1e-15, abs=1e-15)


def level_of(found: ChebyshevHarmonic, d: int) -> float:
    with precision(192):
        return float(sup_bound(d, found.degree, found.failure, found.level, found.cosine).mid())


def in_harmonics(d: int, polynomial: list[Fraction]) -> dict[int, Fraction]:
    """Coefficients of a polynomial in Gegenbauer's, exactly."""
    rest, found = list(polynomial), {}
    for K in range(len(rest) - 1, -1, -1):
        basis = coefficients(d, K)
        found[K] = rest[K] / basis[K]
        rest = [a - found[K] * b for a, b in zip(rest, basis, strict=False)]
    return found


@pytest.mark.parametrize(("d", "k", "count"), [(3, 2, 5), (4, 3, 4), (5, 3, 4), (20, 6, 3), (12, 19, 2), (100, 2, 6)])
def test_powers_of_a_harmonic_by_exact_rationals(d: int, k: int, count: int) -> None:
    one = list(coefficients(d, k))
    power = [Fraction(1)]
    for i, row in enumerate(chebyshev_harmonic._powers(d, k, count)):
        exact = in_harmonics(d, power)
        for l, c in enumerate(row):
            true = exact[i * k - 2 * l]
            assert true >= 0
            assert abs(Fraction(float(c)) - true) <= true / 10**10
        power = [
            sum(power[a] * one[b - a] for a in range(len(power)) if 0 <= b - a < len(one))
            for b in range(len(power) + k)
        ]


def test_a_coefficient_that_needs_too_many_operations_is_refused() -> None:
    with pytest.raises(ArithmeticError, match="too many"):
        chebyshev_harmonic._powers(10, 200, 300)


@pytest.mark.parametrize(("d", "k", "order"), [(3, 4, 7), (8, 5, 9), (40, 3, 15)])
def test_second_moments_of_powers_of_the_field(d: int, k: int, order: int) -> None:
    """sum_K q_(j,K) = E N^(2j) = (2j - 1)!!, and each is an upper bound of the exact one."""
    for row, q in enumerate(chebyshev_harmonic.spectra(d, k, order)):
        j = 2 * row + 1
        assert q.sum() * math.factorial(j) == pytest.approx(special.factorial2(2 * j - 1), rel=1e-8)
        assert q.sum() * math.factorial(j) >= special.factorial2(2 * j - 1)
    # j = 3: Y^3 = He_3(Y) + 3 Y, so q = 6 c_3 + 9 c_1
    rows = chebyshev_harmonic._powers(d, k, 3)
    expected = 6 * rows[3]
    expected[k] += 9
    assert chebyshev_harmonic.spectra(d, k, 3)[1][3 * k // 2 :: -1] * 6 == pytest.approx(expected, rel=1e-8)


def multiplier(d: int, m: int, K: int) -> float:
    """lambda_(m,K) by quadrature: the mean of t^m P_K(t) over the sphere."""
    density = lambda t: (1 - t * t) ** ((d - 3) / 2)  # noqa: E731
    return (
        integrate.quad(lambda t: t**m * float(values(d, K, np.array(t))) * density(t), -1, 1, epsabs=1e-14)[0]
        / integrate.quad(density, -1, 1)[0]
    )


@pytest.mark.parametrize(("d", "k", "kappa"), [(4, 2, 2), (5, 3, 5), (9, 2, 6)])
def test_seminorms_from_quadrature(d: int, k: int, kappa: int) -> None:
    """v_j^2 = sum_K (2 W_m/lambda_(m,K))^2 q_(j,K) with lambda and W by quadrature, q by exact rationals."""
    with precision(192):
        found = [float(v.mid()) for v in chebyshev_harmonic._seminorms(d, k, kappa, 3, Weight.CANONICAL)]
    one = list(coefficients(d, k))
    cube = list(np.convolve(np.convolve(np.array(one), np.array(one)), np.array(one)))
    first, third = in_harmonics(d, one), in_harmonics(d, cube)
    for j, q in ((1, first), (3, {K: 6 * c + 9 * first.get(K, 0) for K, c in third.items()})):
        m = j * kappa
        cost = integrate.quad(lambda t, m=m: m * (m - 1) * t ** (m - 2) * (1 - t) ** (d + 2), 0, 1)[0]
        total = sum(float(c) / multiplier(d, m, K) ** 2 for K, c in q.items() if c)
        assert found[j // 2] == pytest.approx(2 * cost * math.sqrt(total), rel=1e-6)


class Sphere:
    """A product rule on S^2, exact up to a degree, and the random harmonics of degree k there."""

    def __init__(self, exact: int) -> None:
        z, weights = np.polynomial.legendre.leggauss(exact // 2 + 1)
        phi = 2 * math.pi * np.arange(exact + 1) / (exact + 1)
        ring = np.sqrt(1 - z * z)[:, None]
        self.points = np.stack(
            [ring * np.cos(phi), ring * np.sin(phi), np.broadcast_to(z[:, None], (z.size, phi.size))], -1
        )
        self.points = self.points.reshape(-1, 3)
        self.weights = np.repeat(weights / 2, phi.size) / phi.size

    def project(self, f: np.ndarray, K: int) -> np.ndarray:
        """(f)_K at the rule's points, f of shape (points, draws)."""
        kernel = (2 * K + 1) * values(3, K, np.clip(self.points @ self.points.T, -1, 1))
        return kernel @ (self.weights[:, None] * f)

    def harmonics(self, k: int, draws: int, rng: np.random.Generator) -> np.ndarray:
        """Random harmonics of variance 1."""
        kernel = values(3, k, np.clip(self.points @ self.points.T, -1, 1))
        spectrum, vectors = np.linalg.eigh(kernel)
        size = dimension(3, k)
        return vectors[:, -size:] * np.sqrt(spectrum[-size:]) @ rng.normal(size=(size, draws))


def test_the_seminorm_by_simulation() -> None:
    """|rho_j|_2 has the second moment v_j says; the seminorm stays below its bound but for a share of delta; Funk and Hecke."""
    k, kappa, order, draws = 2, 4, 3, 4000
    found = design(3, k, kappa, order)
    sphere, rng = Sphere(14), np.random.default_rng(3)
    fields = sphere.harmonics(k, draws, rng)
    assert fields.var() == pytest.approx(1, abs=0.05)
    u = level_of(found, 3)
    with precision(192):
        v = [float(x.mid()) for x in chebyshev_harmonic._seminorms(3, k, kappa, order, Weight.CANONICAL)]
        bound = float(found.seminorm(3, ball(u), Weight.CANONICAL).mid())
    total = np.zeros(draws)
    for j, a in ((1, 3 / u), (3, 4 / u**3)):
        m = j * kappa
        density = sum(sphere.project(fields**j, K) / multiplier(3, m, K) for K in range(0, j * k + 1, 2))
        cost = 2 * math.factorial(m) * math.factorial(5) / math.factorial(m + 4)
        second = cost**2 * (sphere.weights @ density**2)
        assert second.mean() == pytest.approx(v[j // 2] ** 2, abs=5 * second.std() / math.sqrt(draws))
        total += a * cost * (sphere.weights @ np.abs(density))
        # int rho (w.x)^m = |x|^m Y^j(x/|x|) at x = 0.8 times one of the points
        at = (0.8 * sphere.points[7] @ sphere.points.T) ** m if m < 9 else None
        if at is not None:
            assert (sphere.weights * at) @ density == pytest.approx(0.8**m * fields[7] ** j, abs=1e-9)
    delta = 0.1 * found.failure + found.spread
    assert (total > bound).mean() <= delta + 4 * math.sqrt(delta / draws)
    assert np.quantile(total, 0.99) >= bound / 4


def test_the_mean_of_a_harmonic_concentrates() -> None:
    """|Y|_1 <= sqrt(2/pi) + sqrt(2 x/D) but for probability exp(-x)."""
    sphere, rng = Sphere(40), np.random.default_rng(4)
    for k in (2, 6):
        sizes = sphere.weights @ np.abs(sphere.harmonics(k, 4000, rng))
        assert sizes.mean() == pytest.approx(math.sqrt(2 / math.pi), abs=0.01)
        for x in (0.5, 2.0):
            share = (sizes > math.sqrt(2 / math.pi) + math.sqrt(2 * x / dimension(3, k))).mean()
            assert share <= math.exp(-x) + 4 * math.sqrt(math.exp(-x) / 4000)


def polynomial(found: ChebyshevHarmonic, u: float, z: np.ndarray) -> np.ndarray:
    """F from its definition, cut off at u."""
    inner = np.cos(found.order * np.arccos(np.clip(z / u, -1, 1))) * (1 if found.order % 4 == 1 else -1)
    return sum(float(c) * inner ** (2 * i + 1) for i, c in enumerate(found.shape))


@pytest.mark.parametrize(
    ("d", "k", "kappa", "order", "shape"),
    [
        (3, 2, 4, 3, LINEAR),
        (5, 3, 3, 5, CUBIC),
        (12, 8, 16, 9, QUINTIC),
        (20, 6, 12, 9, HEPTIC),
        (60, 3, 7, 15, HEPTIC),
    ],
)
def test_moments_of_the_slope_by_quadrature(
    d: int, k: int, kappa: int, order: int, shape: tuple[Fraction, ...]
) -> None:
    found = design(d, k, kappa, order, shape)
    u = level_of(found, d)
    z = np.linspace(-u, u, 60_001)
    slope = np.gradient(polynomial(found, u, z), z)
    assert abs(polynomial(found, u, z)).max() <= 1
    r, weights = np.polynomial.legendre.leggauss(80)
    r = (r + 1) / 2
    s, weights = r**kappa, weights / 2 * d * r ** (d - 1 + 2 * kappa)
    mean, square = (
        np.array([integrate.trapezoid(part * stats.norm.pdf(z, scale=x), z) for x in s]) for part in (slope, slope**2)
    )
    with precision(found.bits(problem(d))):
        A, S = (float(x.mid()) for x in found.moments(d, ball(u)))
    assert pytest.approx(math.sqrt(weights @ mean**2), rel=3e-3 if d < 8 else 1e-4) == A
    assert math.sqrt(weights @ mean**2) * (1 + 1e-6) >= A
    assert pytest.approx(weights @ square, rel=1e-3 if d < 8 else 1e-4) == S
    assert (weights @ square) * (1 - 1e-6) <= S


def test_polynomials_beyond_one_are_refused() -> None:
    for shape in SHAPES:
        chebyshev_harmonic._check_shape(shape)
    for bad in ((Fraction(11, 10),), (Fraction(7, 4), Fraction(-7, 10)), (Fraction(-4), Fraction(5))):
        with pytest.raises(ArithmeticError, match="at most 1"):
            chebyshev_harmonic._check_shape(bad)
    with precision(400):
        assert design(8, 5, 7, 5).bound(problem(8, 100)) > 0
        for change in ({"kappa": 6}, {"kappa": 3}, {"order": 4}, {"log_shrink": 0.5}, {"spread": 0.0}, {"cosine": 1.5}):
            broken = ChebyshevHarmonic(**(design(8, 5, 7, 5).__dict__ | change))
            with pytest.raises(ArithmeticError):
                broken.bound(problem(8, 100))


@pytest.mark.parametrize("weight", [Weight.POPULATION, TRACE], ids=lambda weight: weight.value)
@pytest.mark.parametrize("d", [3, 12, 100, 1000])
def test_convex_weights_lie_below_their_interpolants(d: int, weight: AnyWeight) -> None:
    t, weights = chebyshev_harmonic.interpolant(d, weight)
    with precision(192):
        weighting = Weighting(weight, Marginal(d))
        for x in (1e-3, 0.05, 0.11, 0.77):
            g = weighting.cost(1 - ball(x))
            chord = sum((w * (float(y) - x) for y, w in zip(t, weights, strict=True) if y > x), ball(0))
            assert not chord < g
            assert x > 0.3 or chord < g * 1.03
    nodes, quadrature = np.polynomial.legendre.leggauss(1000)
    nodes, quadrature = (nodes + 1) / 2, quadrature / 2
    for m in (2, 9, 60):
        terms = m * (m - 1) * nodes ** (m - 2) * (1 - nodes) ** float(weight.degree(d))
        exact = quadrature @ (terms * np.exp(log_weight_ratio(weight, d, 1 - nodes)))
        with precision(192):
            found = float(chebyshev_harmonic._weight_integrals(d, m, 1, weight)[0].mid())
        assert exact * (1 - 1e-4) <= found <= exact * 1.03
        assert found == pytest.approx(math.exp(chebyshev._log_weight_integral(d, np.array([m]), weight)[0]))


def bayes_risk(found: ChebyshevHarmonic, d: int, n: int, data: int, steps: int, seed: int) -> np.ndarray:
    """Half the squared distance of two draws from the posterior, one of them the truth: its mean is the Bayes risk.

    The other is the end of a chain of elliptical slice sampling that starts at the truth, hence is stationary from the start;
    a chain too short makes the distance too small.
    """
    rng = np.random.default_rng(seed)
    u, k = level_of(found, d), found.degree
    size = dimension(d, k)
    centres = rng.normal(size=(2 * size, d))
    centres /= np.linalg.norm(centres, axis=1)[:, None]
    spectrum, vectors = np.linalg.eigh(values(d, k, np.clip(centres @ centres.T, -1, 1)))
    root = vectors[:, -size:] / np.sqrt(spectrum[-size:])

    def features(count: int) -> np.ndarray:
        x = rng.normal(size=(count, d))
        x /= np.linalg.norm(x, axis=1)[:, None]
        radius = rng.random(count) ** (found.kappa / d)
        return radius[:, None] * (values(d, k, np.clip(x @ centres.T, -1, 1)) @ root)

    risks = []
    test = features(1500)
    for _ in range(data):
        phi, truth = features(n), rng.normal(size=size)
        y = polynomial(found, u, phi @ truth) + rng.normal(size=n)
        theta, field = truth, phi @ truth
        likelihood = -((y - polynomial(found, u, field)) ** 2).sum() / 2
        for _ in range(steps):
            other = rng.normal(size=size)
            moved = phi @ other
            threshold, angle = likelihood + math.log(rng.random()), rng.uniform(0, 2 * math.pi)
            low, high = angle - 2 * math.pi, angle
            while True:
                proposal = field * math.cos(angle) + moved * math.sin(angle)
                likelihood = -((y - polynomial(found, u, proposal)) ** 2).sum() / 2
                if likelihood > threshold:
                    break
                low, high = (angle, high) if angle < 0 else (low, angle)
                angle = rng.uniform(low, high)
            theta, field = theta * math.cos(angle) + other * math.sin(angle), proposal
        risks.append(((polynomial(found, u, test @ truth) - polynomial(found, u, test @ theta)) ** 2).mean() / 2)
    return np.array(risks)


SETTINGS = [(4, 3, 5, 5, LINEAR, 60), (10, 2, 4, 7, CUBIC, 30)]
MORE = [
    (5, 3, 5, 5, CUBIC, 60),
    (6, 3, 5, 7, LINEAR, 100),
    (7, 4, 6, 5, LINEAR, 200),
    (8, 3, 5, 5, QUINTIC, 60),
    (12, 2, 6, 7, LINEAR, 100),
    (12, 3, 5, 7, CUBIC, 150),
    (15, 2, 6, 5, HEPTIC, 30),
    (20, 2, 4, 9, QUINTIC, 60),
    (20, 2, 6, 9, LINEAR, 150),
]


@pytest.mark.parametrize(
    ("d", "k", "kappa", "order", "shape", "n"),
    SETTINGS + [pytest.param(*more, marks=pytest.mark.slow) for more in MORE],
)
def test_the_bayes_risk_lies_above_the_bound(
    d: int, k: int, kappa: int, order: int, shape: tuple[Fraction, ...], n: int
) -> None:
    found = design(d, k, kappa, order, shape)
    with precision(found.bits(problem(d))):
        A, S = (float(x.mid()) for x in found.moments(d, ball(level_of(found, d))))
    bound = A * A / (1 + n * S / dimension(d, k))
    risks = bayes_risk(found, d, n, data=40, steps=200, seed=d)
    error = risks.std() / math.sqrt(risks.size)
    assert bound <= risks.mean() + 3 * error
    assert bound >= 0.4 * risks.mean()


TABLE = {  # n = 1e4, 1e6, 1e8: the polynomial T_M alone
    8: (0.104, 0.0475, 0.015),
    10: (0.154, 0.086, 0.040),
    12: (0.193, 0.127, 0.068),
    15: (0.236, 0.183, 0.117),
    20: (0.285, 0.246, 0.182),
    30: (0.323, 0.307, 0.280),
    45: (0.345, 0.337, 0.328),
    60: (0.353, 0.349, 0.344),
    100: (0.362, 0.361, 0.359),
}


@pytest.mark.parametrize("d", TABLE)
def test_values_of_the_derivation(d: int) -> None:
    for n, expected in zip((1e4, 1e6, 1e8), TABLE[d], strict=True):
        found = chebyshev.FAMILY.find(problem(d, n), Effort.FAST, ())
        assert isinstance(found, Claim)
        with precision(found.bits(problem(d, n))):
            assert found.bound(problem(d, n)) >= ball(found.level) >= expected


@pytest.mark.parametrize(
    ("d", "n", "expected"),
    [
        (5, 100, 0.117),
        (8, 1e6, 0.052),
        (12, 1e4, 0.279),
        (20, 1e4, 0.452),
        (20, 1e8, 0.289),
        (45, 1e6, 0.551),
        (100, 1e12, 0.564),
    ],
)
def test_values_with_polynomials_of_higher_degree(d: int, n: float, expected: float) -> None:
    found = evaluate(chebyshev.FAMILY, problem(d, n), Effort.FAST)
    assert expected <= found.enclosure.floats[0] < 2 / math.pi


def test_high_dimensions_end_where_the_search_does() -> None:
    assert str(chebyshev.FAMILY.find(problem(2), Effort.FAST, ())) == "needs d >= 3"
    assert "d = 2000 only" in str(chebyshev.FAMILY.find(problem(2001), Effort.FAST, ()))


@pytest.mark.slow
@pytest.mark.parametrize("weight", Weight)
def test_claims_are_certified_and_monotone(weight: Weight) -> None:
    """Each claim lies below its design's own value, within 0.1 %, and chains in n, sigma, B and C never fall."""
    rng = np.random.default_rng(17)
    for d in (3, 8, 20, 100):
        for name in ("n", "sigma", "B", "C"):
            first = dict(zip(("n", "sigma", "B", "C"), 10 ** rng.uniform((1, -2, -2, -2), (12, 2, 2, 2)), strict=True))
            steps = np.cumsum(10 ** rng.uniform(-3.3, 0, 12)) * (-1 if name == "n" else 1)
            levels = []
            for step in steps:
                at = problem_of(Setting.parse(d=d, **(first | {name: first[name] * 10**step})), weight)
                claim = chebyshev.FAMILY.find(at, Effort.FAST, ())
                assert isinstance(claim, Claim)
                levels.append(claim.log_level + 2 * math.log(at.B))
            assert np.diff(levels).min() >= -1e-11
            with precision(claim.bits(at)):
                value = claim.design.bound(at)
                assert value > ball(claim.level)
                assert value < ball(claim.level) * 1.001


@pytest.mark.slow
def test_extreme_settings_are_clean() -> None:
    extremes = (
        {"n": 1e300},
        {"C": 1e-30},
        {"sigma": 1e-20},
        {"n": 1e300, "sigma": 1e-300},
        {"C": 1e300},
        {"B": 1e-300},
        {"n": 1},
    )
    for weight, d, changes in itertools.product(Weight, (3, 20, 300), extremes):
        at = problem_of(Setting.parse(**({"d": d, "n": 100, "sigma": 1, "B": 1, "C": 1} | changes)), weight)
        with np.errstate(all="raise"):
            claim = chebyshev.FAMILY.find(at, Effort.FAST, ())
            assert isinstance(claim, Claim)
            with precision(claim.bits(at)):
                value = claim.bound(at)
                assert value > 0
                assert value <= 1
                assert value == ball(claim.level)


@pytest.mark.slow
def test_it_wins_in_high_dimensions_and_lies_below_the_upper_bound() -> None:
    assert explicit_lower(12, 1e4).winner == "chebyshev-harmonic"
    rng = np.random.default_rng(23)
    for d in (3, 8, 20):
        for n, sigma, C in 10 ** rng.uniform((1, -1, -2), (12, 1, 2), (2, 3)):
            at = Setting.parse(d=d, n=n, sigma=sigma, B=1, C=C)
            found = evaluate(chebyshev.FAMILY, problem_of(at, Weight.CANONICAL), Effort.FAST)
            assert found.log10 <= explicit_upper(d, n, sigma=sigma, C=C).log10_upper
