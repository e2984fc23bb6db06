"""Cap packings: disjointness, occupancy and function values against loops over caps."""

from fractions import Fraction
from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from constructions.codes import best_code, build
from constructions.data import uniform_ball
from constructions.network import Network, empirical_weight
from constructions.packing import Packing, largest_height, pack, separation_limit


@given(st.fractions(Fraction(-1), Fraction(1) - Fraction(1, 10**12)))
def test_largest_height(s: Fraction) -> None:
    h = largest_height(s)
    assert 0 < h <= 1
    assert separation_limit(h) >= s
    if s > -1:
        assert h < 1
        # With a height 2e-9 larger the caps would overlap, or would be more than half of the ball.
        larger = h * (1 + Fraction(2, 10**9))
        assert larger > 1 or 2 * (1 - larger) ** 2 - 1 < s


def test_largest_height_at_known_angles() -> None:
    assert float(largest_height(Fraction(1, 2))) == pytest.approx(1 - sqrt(3) / 2, rel=2e-9)
    with pytest.raises(ValueError, match="cosine must lie in"):
        largest_height(Fraction(1))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("d", "height"), [(1, "1"), (1, "1/9"), (2, "1/1000"), (3, "1/50"), (5, "1/8"), (12, "13/100")]
)
def test_occupancy_and_values_by_loops(d: int, height: str) -> None:
    h = Fraction(height)
    packing = pack(d, h, max_size=60)
    rng = np.random.default_rng(0)
    inside = uniform_ball(300, d, rng)
    near = packing.centres[rng.integers(0, packing.size, 200)] * (1 - float(h) * rng.random((200, 1)))
    X = np.vstack([inside, near, packing.centres * (1 - 2**-40), np.zeros((1, d))])
    signs = rng.choice([-1.0, 1.0], packing.size)
    active, values = packing.active(X), packing.evaluate(X, signs)
    counts = np.zeros(packing.size, dtype=int)
    level = 1 - float(h)
    for x, where, value in zip(X, active, values, strict=True):
        hits = [i for i, u in enumerate(packing.centres) if u @ x > level]
        assert len(hits) <= 1
        if hits:
            assert where == hits[0]
            counts[hits[0]] += 1
        expected = sum(s * max(u @ x - level, 0) / float(h) for s, u in zip(signs, packing.centres, strict=True))
        assert value == pytest.approx(expected, abs=1e-12)
    assert (packing.counts(X) >= counts).all()
    assert packing.counts(X).sum() == (active >= 0).sum()
    network = Network.from_atoms(packing.centres, h, signs)
    assert np.allclose(network(X), values, atol=1e-12)


def test_caps_are_disjoint_on_a_dense_sample() -> None:
    packing = pack(3, Fraction(1, 20))
    X = uniform_ball(50_000, 3, np.random.default_rng(1))
    assert ((X @ packing.centres.T > 1 - 1 / 20).sum(axis=1) <= 1).all()


def test_overlap_is_refused() -> None:
    code = build("orthoplex", 3, cosine=Fraction(0))
    fits = largest_height(Fraction(0))
    assert Packing(code, fits).size == 6
    with pytest.raises(ValueError, match="must be certified disjoint"):
        Packing(code, fits + Fraction(1, 10**8))
    with pytest.raises(ValueError, match="height must lie in"):
        Packing(code, Fraction(2))


def test_caps_by_angle() -> None:
    """Caps of half the angle: the same as those of the height that the angle allows."""
    for angle, cosine in ((60, "1/2"), (90, 0), ("120", Fraction(-1, 2))):
        h = largest_height(Fraction(cosine))
        for packing in (pack(7, angle=angle), pack(7, cosine=cosine)):
            assert packing.height == h
            assert np.array_equal(packing.centres, pack(7, h).centres)
    narrow = pack(3, angle=10)
    assert float(narrow.height) == pytest.approx(1 - np.cos(np.radians(5)), rel=2e-9)
    for wrong in ({}, {"angle": 60, "cosine": 0}, {"height": Fraction(1, 2), "angle": 60}):
        with pytest.raises(TypeError, match="pass exactly one of"):
            pack(3, **wrong)


@pytest.mark.parametrize("d", [1, 2, 3, 5, 8, 12, 20, 24, 40, 64])
def test_all_dimensions(d: int) -> None:
    for height in (Fraction(1), Fraction(7, 10), Fraction(29, 100), Fraction(13, 100)):
        packing = pack(d, height, max_size=300)
        assert packing.size >= 2
        assert packing.certificate.holds is True
        assert packing.certificate.bound.upper <= packing.separation_limit


@pytest.mark.parametrize(
    ("height", "error"), [(Fraction(0), ValueError), (Fraction(3, 2), ValueError), (0.1, TypeError), (True, TypeError)]
)
def test_bad_height(height: object, error: type[Exception]) -> None:
    with pytest.raises(error, match="height"):
        pack(3, height)  # type: ignore[arg-type]


def test_points_outside_the_ball_are_refused() -> None:
    packing = pack(3, Fraction(1, 5))
    with pytest.raises(ValueError, match="closed unit ball"):
        packing.active([[1.0, 1.0, 0.0]])
    with pytest.raises(ValueError, match="X must have shape"):
        packing.active([[1.0, 0.0]])
    with pytest.raises(ValueError, match="signs must have shape"):
        packing.evaluate([[1.0, 0.0, 0.0]], [1.0])


@pytest.mark.parametrize(("d", "height"), [(1, "1/3"), (2, "1/20"), (4, "1/5"), (9, "2/7")])
def test_empirical_weight_is_that_of_all_pairs(d: int, height: str) -> None:
    h = Fraction(height)
    packing = pack(d, h, max_size=50)
    rng = np.random.default_rng(1)
    near = packing.centres[rng.integers(0, packing.size, 300)] * (1 - float(h) * rng.random((300, 1)))
    X = np.vstack([uniform_ball(300, d, rng), near])
    offsets = 1 - float(h) * np.array([1.0, 0.5, 0.1, 0.0])
    found = packing.empirical_weight(X, offsets)
    u = np.repeat(packing.centres, 4, axis=0)
    expected = empirical_weight(u, np.tile(offsets, packing.size), X).reshape(packing.size, 4)
    assert found.max() > 0
    assert np.allclose(found, expected, rtol=1e-11, atol=1e-16)
    with pytest.raises(ValueError, match="offsets must lie in"):
        packing.empirical_weight(X, [0.0])


def test_screening_in_single_precision_loses_no_point(monkeypatch: pytest.MonkeyPatch) -> None:
    packing = pack(6, Fraction(1, 6))
    rng = np.random.default_rng(2)
    # Points within rounding of the edge of a cap, and others.
    edge = packing.centres[rng.integers(0, packing.size, 200)] * (
        1 - float(packing.height) * (1 + 1e-9 * rng.standard_normal((200, 1)))
    )
    X = np.vstack([edge, uniform_ball(2000, 6, rng)])
    plain = packing.active(X), packing.evaluate(X, np.ones(packing.size))
    monkeypatch.setattr("constructions.packing._SCREEN_ABOVE", 0)
    assert np.array_equal(packing.active(X), plain[0])
    assert np.array_equal(packing.evaluate(X, np.ones(packing.size)), plain[1])
    assert (plain[0] >= 0).sum() > 100
    assert (plain[0][:200] < 0).any()


@pytest.mark.parametrize(("d", "height", "attained", "packed"), [(2, Fraction(1, 2), 3, 2), (9, Fraction(1, 3), 10, 9)])
def test_caps_stand_on_the_rows_not_on_what_they_round(d: int, height: Fraction, attained: int, packed: int) -> None:
    """Triangle and simplex attain the limit exactly, but their floats do not: the caps about those would overlap."""
    limit = separation_limit(height)
    code = best_code(d, cosine=limit)
    assert (code.size, code.rounded, code.certify_rows(limit).holds) == (attained, True, False)
    with pytest.raises(ValueError, match="certified disjoint"):
        Packing(code, height)
    packing = pack(d, height)
    assert packing.size == packed
    assert packing.certificate.holds is True
