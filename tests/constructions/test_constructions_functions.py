"""Ridge functions and stacked hats: norms by fine sums and Monte Carlo, networks against direct evaluation."""

from fractions import Fraction
from math import exp

import numpy as np
import pytest

from constructions.atom import log_density_constant, log_squared_norm
from constructions.cap_ridges import CapRidges
from constructions.data import uniform_ball
from constructions.packing import pack
from constructions.ridge import Profile, hat, oscillating, ridge_inner_product
from constructions.stacked import hats, theorem_a


def bump(h: Fraction) -> Profile:
    """The univariate atom of one end of [−1, 1]: (s − (1−h))_+/h (LQWP25, H.3)."""
    return Profile((1 - h,), (1 / h,))


PROFILES = [
    hat(Fraction(3, 4), Fraction(1, 5)),
    oscillating(Fraction(1, 3), Fraction(1)),
    oscillating(Fraction(-1, 5), Fraction(1, 2)),
    bump(Fraction(2, 7)),
    Profile((Fraction(1, 4), Fraction(1, 3), Fraction(2, 3)), (Fraction(12), Fraction(0), Fraction(-3))),
]


@pytest.mark.parametrize("profile", PROFILES)
def test_profiles_are_sums_of_relus(profile: Profile) -> None:
    s = np.linspace(-1, 1, 4001)
    relus = sum(float(c) * np.maximum(s - float(t), 0) for c, t in zip(profile.changes, profile.knots, strict=True))
    assert np.allclose(profile(s), relus, atol=1e-12)
    assert np.abs(profile(s)).max() == pytest.approx(float(profile.sup_norm), abs=2e-2)
    assert np.abs(profile(s)).max() <= float(profile.sup_norm) + 1e-12
    assert profile.at_depth(1 - s) == pytest.approx(profile(s), abs=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("d", [1, 2, 3, 7, 40])
@pytest.mark.parametrize("profile", PROFILES)
def test_norms_by_fine_riemann_sums(profile: Profile, d: int) -> None:
    s = (np.arange(2_000_000) + 0.5) / 1_000_000 - 1
    density = np.exp(log_density_constant(d) + (d - 1) / 2 * np.log1p(-(s**2)))
    expected = float(np.sum(density * profile(s) ** 2)) * 1e-6
    assert profile.squared_norm(d) == pytest.approx(expected, rel=1e-7)


def test_oscillating_profiles_have_two_vanishing_moments() -> None:
    p = oscillating(Fraction(1, 3), Fraction(2, 7))
    pieces = list(zip(p.knots, p.knots[1:], p.values, p.values[1:], strict=False))
    # Simpson's rule is exact for the pieces of s^k p(s), k = 0, 1.
    for order in (0, 1):
        total = sum(
            (b - a) / 6 * (a**order * x + 4 * ((a + b) / 2) ** order * (x + y) / 2 + b**order * y)
            for a, b, x, y in pieces
        )
        assert total == 0
    assert p.compact
    assert p.sup_norm == 1


def test_bump_is_the_cap_atom() -> None:
    for d in (1, 2, 5, 50, 500):
        assert bump(Fraction(1, 8)).squared_norm(d) == pytest.approx(
            exp(log_squared_norm(d, Fraction(1, 8))), rel=1e-11
        )


def test_cross_products_are_symmetric_and_bilinear() -> None:
    p, q = PROFILES[0], PROFILES[1]
    assert ridge_inner_product(p, q, 3) == pytest.approx(ridge_inner_product(q, p, 3), rel=1e-13)
    tripled = ridge_inner_product(Profile(p.knots, tuple(3 * slope for slope in p.slopes)), q, 3)
    assert tripled == pytest.approx(3 * ridge_inner_product(p, q, 3), rel=1e-12)
    assert ridge_inner_product(hat(Fraction(1, 4), Fraction(1, 4)), hat(Fraction(3, 4), Fraction(1, 4)), 4) == 0


@pytest.mark.parametrize(("d", "height"), [(1, "1/3"), (2, "1/20"), (3, "1/10")])
def test_stacks(d: int, height: str) -> None:
    packing = pack(d, Fraction(height))
    h = packing.height
    stack = hats(packing, h / 9)
    assert (len(stack.profiles), stack.per_cap, stack.size) == (4, 4, 4 * packing.size)
    assert stack.canonical_seminorm() <= packing.size * 4 * 8 / (h / 9) * h ** (d + 2)  # as Theorem A bounds it
    assert stack.sup_norm_bound == 1
    rng = np.random.default_rng(0)
    c = rng.choice([-1.0, 1.0], (packing.size, len(stack.profiles)))
    X = uniform_ball(20_000, d, rng)
    network = stack.network(c)
    direct = np.zeros(len(X))
    for i, u in enumerate(packing.centres):
        for k, profile in enumerate(stack.profiles):
            direct += c[i, k] * profile(X @ u)
    assert np.allclose(stack.evaluate(X, c), direct, atol=1e-9)
    assert np.allclose(network(X), direct, atol=1e-8)
    assert np.abs(direct).max() <= 1 + 1e-9
    # Disjoint supports: the squared norm of any sign combination is the sum of those of the atoms.
    mean, error = (direct**2).mean(), (direct**2).std() / len(X) ** 0.5
    assert abs(mean - packing.size * sum(p.squared_norm(d) for p in stack.profiles)) < 5 * error
    reduced = network.reduced()
    weight = (1 - np.abs(reduced.t)) ** (d + 2)
    assert np.abs(reduced.a) @ weight == pytest.approx(float(stack.canonical_seminorm()), rel=1e-9)
    assert stack.seminorm(lambda t: (1 - abs(t)) ** (d + 2)) == pytest.approx(float(stack.canonical_seminorm()))


@pytest.mark.parametrize(("d", "n"), [(1, 1000), (2, 10**4), (3, 10**5), (5, 10**6)])
def test_theorem_a_scales(d: int, n: int) -> None:
    choice = theorem_a(d, n)
    h, w = float(choice.height), float(choice.width)
    a = 8 ** ((3 - d) / 4)
    assert w == pytest.approx(a * h ** ((d + 7) / 4), rel=1e-9)
    # Neighbouring words have divergence 2nB²L/σ² = 1/2 with L = c₁(2h)^{(d−1)/2} w/3.
    top = np.exp(log_density_constant(d)) * (2 * h) ** ((d - 1) / 2) * w / 3
    assert 2 * n * top == pytest.approx(0.5, rel=1e-8)
    assert choice.slabs == int(h / (2 * w))
    # The two-sided bound of the squared norm of each hat.
    low = np.exp(log_density_constant(d)) * (7 * h / 8) ** ((d - 1) / 2) * w / 3
    for k in (0, choice.slabs - 1):
        profile = hat(1 - choice.height + choice.width / 2 + k * choice.width, choice.width)
        assert low * (1 - 1e-12) <= profile.squared_norm(d) <= top * (1 + 1e-12)  # equal in d = 1
    with pytest.raises(ValueError, match="n must be larger"):
        theorem_a(d, 10)


def test_stacks_refuse_overlaps() -> None:
    packing = pack(2, Fraction(1, 10))
    for pair in (
        (hat(Fraction(19, 20), Fraction(1, 20)), hat(Fraction(24, 25), Fraction(1, 20))),
        (bump(Fraction(1, 20)), hat(Fraction(39, 40), Fraction(1, 100))),
        (hat(Fraction(9, 10), Fraction(1, 20)),),
    ):
        with pytest.raises(ValueError, match="disjoint supports"):
            CapRidges(packing, pair)
    with pytest.raises(ValueError, match="width must lie in"):
        hats(packing, Fraction(1, 10))
    with pytest.raises(ValueError, match="profiles must not be empty"):
        CapRidges(packing, ())
