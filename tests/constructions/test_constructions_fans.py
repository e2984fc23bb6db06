"""Fans of ridge bumps and fields of packets on packings: Gram matrices, disjointness and networks against sums over points."""

from fractions import Fraction

import numpy as np
import pytest

from constructions.cap_ridges import CapRidges, fan
from constructions.data import uniform_ball
from constructions.packet import CompactPacket
from constructions.packet_fields import PacketField, packet_field
from constructions.packing import Packing, pack
from constructions.ridge import Profile, hat, oscillating, tilted_inner_product

PAIRS = [
    (hat(Fraction(1, 2), Fraction(1, 2)), hat(Fraction(5, 8), Fraction(1, 4))),
    (Profile((Fraction(1, 4), Fraction(1, 2)), (Fraction(4), Fraction(0))), oscillating(Fraction(1, 3), Fraction(1))),
]


@pytest.mark.slow
@pytest.mark.parametrize("d", [2, 3, 6])
@pytest.mark.parametrize("angle", [0.2, 1.0, 2.5])
@pytest.mark.parametrize("pair", PAIRS)
def test_tilted_products_by_a_fine_grid(pair: tuple[Profile, Profile], angle: float, d: int) -> None:
    """Density (d/2π)(1 − ρ²)^{(d−2)/2} of two orthogonal coordinates, midpoint rule in polar coordinates."""
    rho = (np.arange(2000) + 0.5) / 2000
    turn = 2 * np.pi * (np.arange(1500) + 0.5) / 1500
    weight = d / (2 * np.pi) * rho * (1 - rho**2) ** ((d - 2) / 2) / 2000 * (2 * np.pi / 1500)
    p = pair[0](rho[:, None] * np.cos(turn))
    q = pair[1](rho[:, None] * np.cos(turn - angle))
    expected = float(weight @ (p * q).sum(axis=1))
    assert tilted_inner_product(*pair, angle, d) == pytest.approx(expected, rel=1e-4, abs=2e-6)
    assert tilted_inner_product(*pair, angle, d) == pytest.approx(tilted_inner_product(*pair[::-1], angle, d), abs=1e-9)


def test_tilted_products_of_thin_caps_keep_their_digits() -> None:
    """Shrinking the cap by 4 scales the product by 4^{-(d+1)/2} up to a relative correction of order h."""
    d, values = 3, []
    for h in (Fraction(1, 10**7), Fraction(4, 10**7)):
        p = oscillating(1 - h / 2, h / 4)
        values.append(tilted_inner_product(p, p, 0.02 * float(h) ** 0.5, d) / float(h) ** 2)
    assert values[0] == pytest.approx(values[1], rel=1e-5)


@pytest.mark.parametrize(("d", "height"), [(1, "1/3"), (2, "1/10"), (3, "1/8"), (6, "1/5")])
def test_fans(d: int, height: str) -> None:
    atoms = fan(pack(d, Fraction(height), max_size=12))
    rng = np.random.default_rng(0)
    c = rng.choice([-1.0, 1.0], (atoms.packing.size, atoms.per_cap))
    # Points near the caps, so that most of them are seen by an atom, and others.
    near = atoms.packing.centres[rng.integers(0, atoms.packing.size, 4000)] + 0.2 * rng.standard_normal((4000, d))
    near /= np.maximum(1, np.linalg.norm(near, axis=1))[:, None] * (1 + 1e-12)
    X = np.vstack([uniform_ball(2000, d, rng), near])
    direct, each = np.zeros(len(X)), np.zeros((len(X), atoms.packing.size))
    for i in range(atoms.packing.size):
        for j in range(atoms.directions_per_cap):
            for k, profile in enumerate(atoms.profiles):
                value = profile(X @ atoms.directions[i, j])
                direct += c[i, j * len(atoms.profiles) + k] * value
                each[:, i] += np.abs(value)
    assert np.allclose(atoms.evaluate(X, c), direct, atol=1e-9)
    assert np.allclose(atoms.network(c)(X), direct, atol=1e-8)
    assert (each > 0).sum(axis=1).max() == 1  # atoms of different caps have disjoint supports
    assert np.abs(direct).max() <= atoms.sup_norm_bound
    reduced = atoms.network(c).reduced()
    canonical = np.abs(reduced.a) @ (1 - np.abs(reduced.t)) ** (d + 2)
    assert canonical == pytest.approx(float(atoms.canonical_seminorm()), rel=1e-9)
    assert atoms.seminorm(lambda t: (1 - abs(t)) ** (d + 2)) == pytest.approx(canonical, rel=1e-9)


@pytest.mark.parametrize("d", [2, 3, 5])
def test_gram_of_a_fan_by_monte_carlo(d: int) -> None:
    atoms = fan(pack(d, Fraction(1, 3)), bumps=2)
    X = uniform_ball(400_000, d, np.random.default_rng(3))
    X = X[X @ atoms.packing.centres[0] > 0.5]
    values = np.column_stack([p(X @ v) for v in atoms.directions[0] for p in atoms.profiles])
    for i in range(atoms.per_cap):
        products = values * values[:, i : i + 1]
        mean = products.sum(axis=0) / 400_000
        error = np.sqrt((products**2).sum(axis=0)) / 400_000
        assert (np.abs(mean - atoms.gram[i]) <= 5 * error + 1e-15).all()
    scale = 1 / np.sqrt(np.diag(atoms.gram))
    assert np.linalg.eigvalsh(atoms.gram * np.outer(scale, scale))[0] > 0.9


def test_bad_fans() -> None:
    packing = pack(3, Fraction(1, 10))
    p = oscillating(Fraction(19, 20), Fraction(1, 20))
    with pytest.raises(ValueError, match="axes must be at most"):
        CapRidges(packing, (p,), 0.1, 3)
    with pytest.raises(ValueError, match="tilt must leave"):
        CapRidges(packing, (p,), 0.4, 1)
    with pytest.raises(ValueError, match="share must lie in"):
        fan(packing, share=Fraction(1))
    with pytest.raises(ValueError, match="angle must lie in"):
        tilted_inner_product(p, p, 4.0, 3)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("d", "height", "scale"), [(1, "1/5", 0.5), (2, "1/10", 0.5), (2, "1/4", 0.25), (3, "1/5", 0.5)]
)
def test_packet_fields(d: int, height: str, scale: float) -> None:
    field = packet_field(pack(d, Fraction(height), max_size=8), scale)
    rng = np.random.default_rng(1)
    c = rng.choice([-1.0, 1.0], (field.packing.size, field.per_cap))
    X = uniform_ball(200_000, d, rng)
    values = field.evaluate(X, c)
    direct = sum((field.cap(i).evaluate(X[:500], c[i]) for i in range(field.packing.size)), np.zeros(500))
    assert np.allclose(values[:500], direct, atol=1e-12)
    assert np.abs(values).max() <= 1 + 1e-12
    squares = values**2
    assert abs(squares.mean() - field.size * field.squared_norm) < 5 * squares.std() / len(X) ** 0.5
    bound = field.seminorm(lambda t: (1 - np.abs(t)) ** (d + 2))
    assert bound > 0


@pytest.mark.slow
def test_networks_of_packets_are_near_them_on_the_whole_ball() -> None:
    """The stated order of the error: 1/(8 resolution²) of the interpolation, and waves that have cancelled."""
    for d, slopes, tolerance in ((1, 1, 0.008), (2, 96, 0.008), (3, 24, 0.2)):
        field = packet_field(pack(d, Fraction(1, 4), max_size=2), 0.5)
        c = np.zeros((field.packing.size, field.per_cap))
        c[0, 0] = 1.0
        network = field.cap(0).network(c[0], slopes, 4)
        rng = np.random.default_rng(5)
        X = np.vstack([uniform_ball(500, d, rng), field.packing.centres[:1] * (1 - 0.25 * rng.random((300, 1)))])
        assert np.abs(network(X) - field.evaluate(X, c)).max() < tolerance


def test_bad_fields() -> None:
    packing = pack(2, Fraction(1, 10))
    with pytest.raises(ValueError, match="disjoint"):
        PacketField(packing, CompactPacket(2), 0.5, np.array([[0.0, 0.75], [0.2, 0.75]]))
    with pytest.raises(ValueError, match="inside the cap"):
        PacketField(packing, CompactPacket(2), 0.5, np.array([[0.0, 0.9]]))
    with pytest.raises(ValueError, match="dim must be at most 3"):
        packet_field(pack(4, Fraction(1, 10)))
    with pytest.raises(ValueError, match="scale must be so small"):
        packet_field(packing, 1.0)
    with pytest.raises(ValueError, match="not all be zero"):
        packet_field(packing).network(np.zeros((packing.size, 3)))


def test_arguments_of_fans_are_checked():
    packing = pack(2, Fraction(1, 50))
    thin = Packing(packing.code, Fraction(1, 10**400))
    for arguments, words in (
        ((np.eye(2),), "packing must be a Packing"),
        ((packing, 10**30), "bumps must be at most 10000"),
        ((packing, 10_001), "bumps must be at most 10000"),
        ((packing, 2, Fraction(1, 4), np.array([])), "axes must be an integer"),
        ((packing, 2, 1 - Fraction(1, 10**30)), "share must leave planks"),
        ((thin,), "share must leave planks"),
    ):
        with pytest.raises((TypeError, ValueError), match=words):
            fan(*arguments)
    assert len(fan(packing, 1000).profiles) == 1000
    assert fan(thin, axes=0).profiles[0].knots[0] >= 1 - thin.height
