"""Packing numbers: bounds of the literature, exact values, an independent exact linear programming bound, random settings."""

import math
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from scipy import special

from boundcalc.arb import ball, precision, whole_part
from boundcalc.explicit.gegenbauer import coefficients, values
from boundcalc.packing_numbers import packing_number
from boundcalc.packing_upper import cap_share, kabatiansky_levenshtein, levenshtein


def _multiply(a: list[Fraction], b: list[Fraction]) -> list[Fraction]:
    product = [Fraction(0)] * (len(a) + len(b) - 1)
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            product[i + j] += x * y
    return product


def _jacobi(degree: int, alpha: Fraction, beta: Fraction) -> list[list[Fraction]]:
    """Jacobi polynomials of degrees 0 to ``degree``, up to positive factors, lowest coefficient first."""
    polynomials = [[Fraction(1)], [(alpha - beta) / 2, (alpha + beta + 2) / 2]]
    for n in range(2, degree + 1):
        total = 2 * n + alpha + beta
        first = 2 * n * (n + alpha + beta) * (total - 2)
        shift = (total - 1) * (alpha * alpha - beta * beta)
        slope = (total - 1) * total * (total - 2)
        back = 2 * (n + alpha - 1) * (n + beta - 1) * total
        raised = _multiply(polynomials[-1], [shift, slope])
        for i, c in enumerate(polynomials[-2]):
            raised[i] -= back * c
        polynomials.append([c / first for c in raised])
    return polynomials[: degree + 1]


def _at(polynomial: list[Fraction], x: Fraction) -> Fraction:
    total = Fraction(0)
    for c in reversed(polynomial):
        total = total * x + c
    return total


def gegenbauer_coefficients(d: int, polynomial: list[Fraction]) -> list[Fraction]:
    """Coefficients in the Gegenbauer polynomials of dimension d, normalised to 1 at 1."""
    rest = list(polynomial)
    found = []
    for k in range(len(polynomial) - 1, -1, -1):
        basis = coefficients(d, k)
        factor = rest[k] / basis[k]
        found.append(factor)
        for i, c in enumerate(basis):
            rest[i] -= factor * c
    return found[::-1]


def exact_levenshtein(d: int, cosine: Fraction, degrees: int = 13) -> Fraction | None:
    """The best f(1)/f_0 over Levenshtein's polynomials up to a degree, each certified coefficient by coefficient; d >= 3."""
    best: Fraction | None = None
    base = Fraction(d - 3, 2)
    for even in (0, 1):
        for k in range(1, (degrees + 1 - even) // 2 + 1):
            upper, lower = _jacobi(k, base + 1, base + even)[k - 1 :][::-1]
            # Kernel times (x - c): P_k(x) P_(k-1)(c) - P_(k-1)(x) P_k(c), divisible by x - c.
            at_upper, at_lower = _at(upper, cosine), _at(lower, cosine)
            numerator = [c * at_lower for c in upper]
            for i, c in enumerate(lower):
                numerator[i] -= c * at_upper
            kernel = _divide(numerator, cosine)
            f = _multiply(_multiply(kernel, kernel), [-cosine, Fraction(1)])
            if even:
                f = _multiply(f, [Fraction(1), Fraction(1)])
            expansion = gegenbauer_coefficients(d, f)
            if expansion[0] > 0 and all(c >= 0 for c in expansion):
                value = _at(f, Fraction(1)) / expansion[0]
                best = value if best is None else min(best, value)
    return best


def _divide(polynomial: list[Fraction], root: Fraction) -> list[Fraction]:
    """Quotient by x - root; the remainder is 0."""
    quotient = [Fraction(0)] * (len(polynomial) - 1)
    carry = Fraction(0)
    for i in range(len(polynomial) - 1, 0, -1):
        carry = polynomial[i] + carry * root
        quotient[i - 1] = carry
    return quotient


@pytest.mark.slow
@pytest.mark.parametrize(
    ("d", "cosine", "value"),
    [
        (1, "0.3", 2),
        (2, "0.5", 6),
        (2, "0", 4),
        (3, 0, 6),
        (7, 0, 14),
        (4, "-1/4", 5),
        (9, "-1/2", 3),
        (6, -1, 2),
        (8, "0.5", 240),
        (5, "1/5", 16),
        (6, "1/4", 27),
        (7, "1/3", 56),
    ],
)
def test_packing_numbers_known_exactly(d: int, cosine: object, value: int) -> None:
    assert packing_number(d, cosine=cosine).exact == value


@pytest.mark.slow
def test_delsarte_bounds_known_from_the_literature() -> None:
    """Levenshtein's bound is sharp at the Leech lattice and at its derived code of 4600 points."""
    assert packing_number(24, 60).upper == 196560
    assert packing_number(23, cosine="1/3").upper == 4600
    assert packing_number(3, 63).exact == 12


@pytest.mark.parametrize("d", [2, 3, 6, 15, 40])
@pytest.mark.parametrize("angle", [12, 33.3, 60, 75, 89, 90, 100, 150, 180])
def test_packing_lower_is_at_most_upper(d: int, angle: float) -> None:
    bounds = packing_number(d, angle)
    assert 2 <= bounds.lower <= bounds.upper
    assert [b.count for b in bounds.lower_bounds] == sorted((b.count for b in bounds.lower_bounds), reverse=True)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"d": 3}, TypeError, "exactly one of"),
        ({"d": 3, "angle": 60, "cosine": 0}, TypeError, "exactly one of"),
        ({"d": 3, "angle": 0}, ValueError, "angle must lie"),
        ({"d": 3, "angle": 181}, ValueError, "angle must lie"),
        ({"d": 3, "angle": "1e-13"}, ValueError, "at least"),
        ({"d": 3, "cosine": 1}, ValueError, "cosine must lie"),
        ({"d": 0, "angle": 60}, ValueError, "d .*d >= 1"),
        ({"d": 3, "angle": "sixty"}, ValueError, "angle must be a number"),
    ],
)
def test_packing_bad_input(arguments: dict[str, object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        packing_number(**arguments)


def test_gegenbauer_coefficients_reproduce_a_polynomial() -> None:
    polynomial = [Fraction(1, 3), Fraction(-2), Fraction(5, 7), Fraction(1)]
    expansion = gegenbauer_coefficients(5, polynomial)
    x = np.linspace(-1, 1, 9)
    rebuilt = sum(float(c) * values(5, k, x) for k, c in enumerate(expansion))
    assert rebuilt == pytest.approx(np.polynomial.polynomial.polyval(x, [float(c) for c in polynomial]), abs=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("d", [3, 4, 5, 7, 8, 11, 16, 23, 24, 60])
def test_levenshtein_against_exact_polynomials(d: int) -> None:
    """The closed form against f(1)/f_0 of the polynomials themselves, with every sign checked in rational arithmetic."""
    tried = 0
    for c in (*(Fraction(j, 20) for j in range(-19, 14)), Fraction(-1, d), Fraction(1, 3), Fraction(1, 10**30)):
        found = levenshtein(d, c)
        assert found is not None
        if found[1] <= 13:
            exact = exact_levenshtein(d, c)
            assert exact is not None
            assert found[0] == math.floor(exact)
            tried += 1
    assert tried > 20


def test_levenshtein_of_a_high_order_against_floats() -> None:
    """Order 40: f = (1 + t)(t - c) T^2 from Gauss quadrature: f_0 and the signs of all f_i, in floats."""
    d, c = 6, Fraction(97, 100)
    found = levenshtein(d, c)
    assert found is not None
    assert 30 < found[1] < 60
    nodes, weights = special.roots_gegenbauer(200, d / 2 - 1)
    weights = weights / weights.sum()
    best = math.inf
    for order in (found[1] - 1, found[1], found[1] + 1):
        even = 1 - order % 2
        k = (order + 1 - even) // 2

        def kernel(t: np.ndarray, k: int = k, even: int = even) -> np.ndarray:
            a, b = d / 2 - 0.5, d / 2 - 1.5 + even
            total = np.zeros_like(t)
            for i in range(k):
                norm = math.exp(
                    special.gammaln(i + a + 1)
                    + special.gammaln(i + b + 1)
                    - special.gammaln(i + a + b + 1)
                    - special.gammaln(i + 1)
                ) / (2 * i + a + b + 1)
                total += special.eval_jacobi(i, a, b, t) * special.eval_jacobi(i, a, b, float(c)) / norm
            return total

        scale = kernel(np.ones(1))[0]
        f = (1 + nodes) ** even * (nodes - float(c)) * (kernel(nodes) / scale) ** 2
        expansion = np.array([(weights * f * values(d, i, nodes)).sum() for i in range(order + 1)])
        if (expansion > -1e-15).all():
            best = min(best, 2.0**even * (1 - float(c)) / expansion[0])
    assert found[0] == math.floor(best)


@pytest.mark.parametrize(("d", "angle", "size"), [(2, 60, 6), (3, 60, 12), (4, 60, 24), (8, 60, 240), (24, 60, 196560)])
def test_kissing_numbers_are_contained(d: int, angle: int, size: int) -> None:
    bounds = packing_number(d, angle)
    assert all(b.count <= size for b in bounds.lower_bounds)
    assert all(b.count >= size for b in bounds.upper_bounds)


@pytest.mark.parametrize("d", [3, 5, 10, 100, 1000])
def test_rankin_cases(d: int) -> None:
    """d + 1 points at -1/d, 2d at 0, floor(1 - 1/c) below -1/d: every bound contains them."""
    for c, size in ((Fraction(-1, d), d + 1), (Fraction(0), 2 * d), (Fraction(-1, 2), 3), (Fraction(-1, d + 1), d + 1)):
        bounds = packing_number(d, cosine=c)
        assert all(b.count <= size <= u.count for b, u in product(bounds.lower_bounds, bounds.upper_bounds))
        if c != Fraction(-1, d + 1):
            assert bounds.exact == size


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_every_upper_bound_is_at_least_every_lower_bound(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(25):
        d = int(np.exp(rng.uniform(math.log(2), math.log(rng.choice([20, 1000, 10**6])))))
        angle = float(f"{rng.choice([rng.uniform(1, 180), np.exp(rng.uniform(math.log(1e-6), math.log(60)))]):.6g}")
        bounds = packing_number(d, angle)
        for low, high in product(bounds.lower_bounds, bounds.upper_bounds):
            assert low.count <= high.count, (d, angle, low, high)


@pytest.mark.parametrize("d", [3, 8, 40])
def test_bounds_are_monotone_in_the_angle(d: int) -> None:
    uppers = [packing_number(d, angle).upper for angle in range(20, 180, 7)]
    assert uppers == sorted(uppers, reverse=True)


def test_lifting_spreads_points() -> None:
    """Random points of a cap: the map of the proof, and the view from the centre, spread them as claimed."""
    rng = np.random.default_rng(1)
    for _ in range(200):
        d, gamma = int(rng.integers(3, 7)), rng.uniform(0.05, math.pi / 2)
        polar = gamma * np.sqrt(rng.random(2))
        directions = rng.normal(size=(2, d - 1))
        directions /= np.linalg.norm(directions, axis=1)[:, None]
        points = np.hstack([np.sin(polar)[:, None] * directions, np.cos(polar)[:, None]])
        flat = points[:, :-1] / math.sin(gamma)
        lifted = np.hstack([flat, np.sqrt(np.maximum(1 - (flat**2).sum(1), 0))[:, None]])
        before, after = np.linalg.norm(points[0] - points[1]), np.linalg.norm(lifted[0] - lifted[1])
        assert after >= before / math.sin(gamma) * (1 - 1e-9)
        psi = 2 * math.asin(min(1.0, float(before) / 2))
        if gamma <= psi <= math.pi / 2:
            assert np.linalg.norm(directions[0] - directions[1]) >= before / math.sin(gamma) * (1 - 1e-9)


def test_kabatiansky_levenshtein_exponent() -> None:
    """log2 N/d tends to the exponent of 1978: 0.401 at 60 degrees; -0.099 - log2(1 - cos(psi))/2 for small angles."""
    d = 200_000
    at_60 = kabatiansky_levenshtein(d, Fraction(1, 2))
    small = packing_number(d, 2).upper_bounds[0]
    assert at_60 is not None
    assert at_60[0].bit_length() / d == pytest.approx(0.4009, abs=2e-3)
    assert small.log10 / math.log10(2) / d == pytest.approx(-0.5990 - math.log2(math.sin(math.radians(1))), abs=2e-3)
    assert "Kabatiansky" in small.name


def test_lifted_caps_use_the_cap_measure() -> None:
    found = kabatiansky_levenshtein(10, Fraction(9, 10))
    assert found is not None
    options = []
    for target in (
        Fraction(454, 1000),
        Fraction(47, 100),
        Fraction(2, 5),
        Fraction(1, 3),
        Fraction(1, 4),
        Fraction(1, 8),
    ):
        inner = levenshtein(9, target)
        assert inner is not None
        share = special.betainc(4.5, 0.5, 0.1 / float(1 - target)) / 2
        options.append(inner[0] / share)
    assert found[0] == math.floor(min(options))
    with precision(128):
        assert float(cap_share(3, Fraction(3, 4)).mid()) == pytest.approx(0.25)  # Archimedes: (1 - cos)/2
        assert whole_part(ball(Fraction(7, 2))) == 3


def test_large_dimensions_and_small_angles() -> None:
    bounds = packing_number(10**6, "1e-12")
    assert bounds.lower_bounds[0].log10 < bounds.upper_bounds[0].log10
    # a cap of half the angle has a share of about (angle/2)^(d - 1)
    assert bounds.upper_bounds[-1].log10 == pytest.approx(-(10**6) * math.log10(math.radians(0.5e-12)), rel=1e-4)
    assert "e+" in repr(bounds)
    assert "e+13758112 (existence" in str(bounds)


@pytest.mark.parametrize("d", [10**12, 10**16, 10**20, 10**30, 10**31, 10**400])
@pytest.mark.parametrize("angle", [60, 45, "1e-6", 89, 90, 91, 120, 180])
def test_large_dimensions_have_an_answer_or_a_limit(d: int, angle: object) -> None:
    if d <= 10**30 and isinstance(angle, int) and angle >= 90:
        found = packing_number(d, angle)
        assert found.exact == {90: 2 * d, 91: 58, 120: 3, 180: 2}[angle]
    else:
        with pytest.raises(ValueError, match=r"^d must be at most .* at this angle, got"):
            packing_number(d, angle)


def test_the_largest_counts_are_exact() -> None:
    found = packing_number(10**8, 60)
    assert found.lower < found.upper
    assert found.upper.bit_length() == pytest.approx(10**8, rel=1e-3)
