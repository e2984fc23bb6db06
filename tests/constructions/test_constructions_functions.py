"""Ridge stacks and harmonic shells: closed forms against Monte Carlo, networks against direct evaluation."""

from fractions import Fraction
from math import pi

import numpy as np
import pytest

from constructions.atom import log_density_constant, squared_norm
from constructions.data import uniform_ball
from constructions.harmonic_shell import HarmonicShell
from constructions.packing import pack
from constructions.ridge import Profile, bump, end_trapezoid, hat, oscillating, ridge_inner_product, trapezoid
from constructions.stacked import Stack, hats, theorem_a, trapezoids

PROFILES = [
    hat(Fraction(3, 4), Fraction(1, 5)),
    trapezoid(Fraction(1, 4), Fraction(3, 4), Fraction(1, 5)),
    trapezoid(Fraction(1, 4), Fraction(3, 4), Fraction(1, 2)),
    end_trapezoid(Fraction(1, 2), Fraction(1, 3)),
    oscillating(Fraction(1, 3), Fraction(1)),
    oscillating(Fraction(-1, 5), Fraction(1, 2)),
    bump(Fraction(2, 7)),
]


@pytest.mark.parametrize("profile", PROFILES)
def test_profiles_are_sums_of_relus(profile: Profile) -> None:
    s = np.linspace(-1, 1, 4001)
    relus = sum(float(c) * np.maximum(s - float(t), 0) for c, t in zip(profile.changes, profile.knots, strict=True))
    assert np.allclose(profile(s), relus, atol=1e-12)
    assert np.abs(profile(s)).max() == pytest.approx(float(profile.sup_norm), abs=2e-2)
    assert np.abs(profile(s)).max() <= float(profile.sup_norm) + 1e-12
    if profile.compact:
        for order in (0, 1, 2):
            assert np.sum(s**order * profile(s)) * (s[1] - s[0]) == pytest.approx(
                float(profile.moment(order)), abs=1e-6
            )


@pytest.mark.parametrize("d", [1, 2, 3, 7, 40])
@pytest.mark.parametrize("profile", PROFILES)
def test_norms_by_fine_riemann_sums(profile: Profile, d: int) -> None:
    s = (np.arange(2_000_000) + 0.5) / 1_000_000 - 1
    density = np.exp(log_density_constant(d) + (d - 1) / 2 * np.log1p(-(s**2)))
    expected = float(np.sum(density * profile(s) ** 2)) * 1e-6
    assert profile.squared_norm(d) == pytest.approx(expected, rel=1e-7)


def test_bump_is_the_cap_atom() -> None:
    for d in (1, 2, 5, 50, 500):
        assert bump(Fraction(1, 8)).squared_norm(d) == pytest.approx(squared_norm(d, Fraction(1, 8)), rel=1e-11)


def test_cross_products_are_symmetric_and_bilinear() -> None:
    p, q = PROFILES[1], PROFILES[4]
    assert ridge_inner_product(p, q, 3) == pytest.approx(ridge_inner_product(q, p, 3), rel=1e-13)
    tripled = ridge_inner_product(p.scaled(Fraction(3)), q, 3)
    assert tripled == pytest.approx(3 * ridge_inner_product(p, q, 3), rel=1e-12)
    assert ridge_inner_product(hat(Fraction(1, 4), Fraction(1, 4)), hat(Fraction(3, 4), Fraction(1, 4)), 4) == 0


@pytest.mark.parametrize(("d", "height"), [(1, "1/3"), (2, "1/20"), (3, "1/10")])
@pytest.mark.parametrize("kind", ["hats", "trapezoids"])
def test_stacks(d: int, height: str, kind: str) -> None:
    packing = pack(d, Fraction(height))
    h = packing.height
    if kind == "hats":
        stack = hats(packing, h / 9)
        assert len(stack.profiles) == 4
        assert stack.canonical_seminorm() <= packing.size * 4 * 8 / (h / 9) * h ** (d + 2)  # as Theorem A bounds it
    else:
        stack = trapezoids(packing, [Fraction(0), h / 5, h / 2, h], Fraction(1, 4))
    assert stack.sup_norm == 1
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
    assert abs(mean - packing.size * stack.squared_norms().sum()) < 5 * error
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
    with pytest.raises(ValueError, match="disjoint supports"):
        Stack(packing, (hat(Fraction(19, 20), Fraction(1, 20)), hat(Fraction(24, 25), Fraction(1, 20))))
    with pytest.raises(ValueError, match="width must lie in"):
        hats(packing, Fraction(1, 10))
    with pytest.raises(ValueError, match="edges must lie in"):
        trapezoids(packing, [Fraction(0), Fraction(1, 5)], Fraction(1, 4))


@pytest.mark.parametrize(("d", "k", "t"), [(2, 2, 0.3), (2, 7, 0.6), (3, 4, 0.5), (5, 3, 0.2), (12, 6, 0.7)])
def test_funk_hecke_by_quadrature(d: int, k: int, t: float) -> None:
    """At the pole f_Y(r e) = √D ∫ P_k(z)(rz − t)_+ dσ: a one-dimensional integral."""
    shell = HarmonicShell(d, k, t)
    pole = np.eye(1, d)[0]
    for r in (0.5 * t, 0.5 + t / 2, 1.0):
        low = min(1.0, t / r)
        x, w = np.polynomial.legendre.leggauss(400)
        angle = np.arccos(low) * (x + 1) / 2
        z = np.cos(angle)
        density = np.exp(log_density_constant(d - 2) if d > 2 else -np.log(pi)) * np.sin(angle) ** (d - 2)
        expected = np.sum(w * np.arccos(low) / 2 * density * shell.zonal_harmonic(z) * np.maximum(r * z - t, 0))
        found = float(shell.zonal(r * pole[None], pole)[0])
        assert found == pytest.approx(float(expected), rel=1e-9, abs=1e-15)


@pytest.mark.parametrize(("d", "k", "t"), [(2, 4, 0.4), (3, 5, 0.6), (6, 3, 0.5)])
def test_shell_norms_by_monte_carlo(d: int, k: int, t: float) -> None:
    shell = HarmonicShell(d, k, t)
    X = uniform_ball(400_000, d, np.random.default_rng(1))
    squares = shell.zonal(X, np.eye(1, d)[0]) ** 2
    error = squares.std() / len(X) ** 0.5
    assert abs(squares.mean() - shell.norm**2) < 5 * error
    assert np.abs(shell.zonal(X, np.eye(1, d)[0])).max() <= shell.sup_norm_bound * (1 + 1e-9)
    assert shell.kernel_bound * shell.count >= squares.max() / shell.norm**2 * (1 - 1e-9)


@pytest.mark.parametrize(("d", "nodes"), [(2, 400), (3, 40_000)])
def test_shell_networks(d: int, nodes: int) -> None:
    shell = HarmonicShell(d, 3, 0.4)
    pole = np.eye(1, d)[0]
    network, error = shell.network(lambda u: shell.zonal_harmonic(u @ pole), nodes)
    X = uniform_ball(2000, d, np.random.default_rng(2))
    gap = np.abs(network(X) - shell.zonal(X, pole)).max()
    assert gap <= error
    if d == 3:
        _, smaller = shell.network(lambda u: shell.zonal_harmonic(u @ pole), 4 * nodes)
        assert smaller == pytest.approx(error / 2, rel=0.05)
    else:
        assert error < 0.01 * shell.sup_norm_bound
        finer, smaller = shell.network(lambda u: shell.zonal_harmonic(u @ pole), 2 * nodes)
        assert smaller == pytest.approx(error / 4, rel=0.01)
        reduced = finer.reduced()
        assert np.abs(reduced.a).sum() * 0.6**4 <= shell.seminorm_bound(lambda s: (1 - s) ** 4) * (1 + 1e-6)
