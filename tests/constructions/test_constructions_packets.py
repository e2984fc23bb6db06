"""Wave packets: orthonormality, transforms, Gram matrices and networks against direct quadrature."""

from fractions import Fraction
from math import sqrt

import numpy as np
import pytest

from constructions.data import uniform_ball
from constructions.packet import CompactPacket
from constructions.wave_packet import PacketCap


@pytest.mark.parametrize("packet", [CompactPacket(1), CompactPacket(2), CompactPacket(3)])
def test_transforms_along_the_axis(packet: CompactPacket) -> None:
    """∫ψ e^{−iξ·z} with ξ = (0, …, 0, ξ_d): the other factors integrate on their own."""
    step = 1e-4
    s = np.arange(-0.5, 0.5 + step, step)
    v = np.arange(-0.5, 0.5, 1e-5)
    across = (float(np.sum((1 - 4 * v**2) ** packet.power)) * 1e-5) ** (packet.dim - 1)
    z = np.zeros((len(s), packet.dim))
    z[:, -1] = s
    along = packet(z)
    for frequency in (1.5, 3.0, 11.0):
        xi = np.zeros((1, packet.dim))
        xi[0, -1] = frequency
        value = float(np.sum(along * np.cos(frequency * s)) * step) * across
        assert float(packet.transform(xi)[0]) == pytest.approx(value, rel=2e-4, abs=2e-5)


@pytest.mark.parametrize("dim", [1, 2, 3])
def test_compact_packets(dim: int) -> None:
    packet = CompactPacket(dim)
    rng = np.random.default_rng(0)
    z = rng.uniform(-0.5, 0.5, (400_000, dim))
    values = packet(z)
    assert np.abs(values).max() <= 1
    assert float(np.abs(packet(np.zeros((1, dim))))[0]) == pytest.approx(1)
    squares = values**2
    assert abs(squares.mean() - packet.squared_norm) < 5 * squares.std() / len(z) ** 0.5
    assert not packet(z + 1.0).any()
    # L vanishing moments in s: ψ is an L-th derivative.
    nodes, weights = np.polynomial.legendre.leggauss(60)
    line = np.zeros((60, dim))
    line[:, -1] = nodes / 2
    for order in range(packet.order):
        assert abs(float(weights @ (packet(line) * (nodes / 2) ** order))) < 1e-10


def cap(packet: CompactPacket, height: str, scale: float, positions: list[list[float]]) -> PacketCap:
    axis = np.ones(packet.dim) / sqrt(packet.dim)
    return PacketCap(packet, Fraction(height), scale, np.array(positions), axis)


def test_compact_packets_add_up_exactly() -> None:
    packets = cap(CompactPacket(2), "1/8", 0.25, [[0, 0.75], [0.25, 0.75], [-0.25, 1.0]])
    assert packets.inside
    # The midpoint rule is of order 2; its step is halved to see the limit.
    coarse, fine = packets.gram(24), packets.gram(48)
    assert np.allclose(fine, np.eye(3) * packets.squared_norm, atol=2e-2 * packets.squared_norm)
    assert np.abs(fine - fine[0, 0] * np.eye(3)).max() < 0.02 * fine[0, 0]
    assert np.abs(coarse[~np.eye(3, dtype=bool)]).max() < 1e-12
    X = uniform_ball(600_000, 2, np.random.default_rng(3))
    squares = packets.atoms(X) ** 2
    error = squares.std(axis=0) / len(X) ** 0.5
    assert (np.abs(squares.mean(axis=0) - packets.squared_norm) < 5 * error).all()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("packet", "scale", "slopes", "tolerance"),
    [(CompactPacket(2), 0.5, 128, 0.12), (CompactPacket(1), 0.5, 1, 0.05)],
)
def test_networks_of_packets(packet: CompactPacket, scale: float, slopes: int, tolerance: float) -> None:
    packets = cap(packet, "1/8", scale, [[0.0] * (packet.dim - 1) + [0.75]])
    coefficients = np.array([1.0])
    network = packets.network(coefficients, slopes, 4)
    rng = np.random.default_rng(4)
    z = packets.positions[0] + scale * rng.uniform(-1, 1, (1500, packet.dim))
    h = float(packets.height)
    near = sqrt(h) * z[:, :-1] @ packets.frame.T + (1 - h * z[:, -1:]) * packets.axis
    X = near[np.linalg.norm(near, axis=1) <= 1]
    assert np.allclose(packets.coordinates(X), z[np.linalg.norm(near, axis=1) <= 1], atol=1e-9)
    assert np.abs(network(X) - packets.evaluate(X, coefficients)).max() < tolerance
    # Seminorms of the same function by two discretisations agree.
    norms = []
    for candidate in (network, packets.network(coefficients, slopes, 6)):
        reduced = candidate.reduced()
        norms.append(float(np.abs(reduced.a) @ (1 - np.abs(reduced.t)) ** (packet.dim + 2)))
    assert norms[0] == pytest.approx(norms[1], rel=0.03)


def test_seminorm_scales_as_the_theorem_says() -> None:
    """|f|_{V_g} ~ h^{d+1} δ^{-(d+3)/2}·δ^{(d-1)/2 + …} for one packet: halving h divides it by 2^{d+1}."""
    values = []
    for height in ("1/8", "1/16"):
        network = cap(CompactPacket(2), height, 0.5, [[0, 0.75]]).network(np.array([1.0]), 32, 3)
        reduced = network.reduced()
        values.append(float(np.abs(reduced.a) @ (1 - np.abs(reduced.t)) ** 4))
    assert values[0] / values[1] == pytest.approx(8, rel=0.1)


def test_bad_caps() -> None:
    with pytest.raises(ValueError, match="scale must lie in"):
        cap(CompactPacket(2), "1/8", 2.0, [[0, 0.75]])
    with pytest.raises(ValueError, match="positions must have shape"):
        cap(CompactPacket(2), "1/8", 0.1, [[0, 0, 0.75]])
