"""Every family's certificate against exact arithmetic that shares no code with it, and against a point moved by 1e-12."""

from fractions import Fraction
from math import isqrt

import numpy as np
import pytest

from constructions.certificate import max_inner_product
from constructions.codes import FAMILIES, build

HALF = Fraction(1, 2)
# One small instance of every family: dimension, inner product allowed, points kept.
INSTANCES = {
    "endpoints": (1, Fraction(-1), 2),
    "simplex": (4, Fraction(-1, 5), 60),
    "orthoplex": (9, Fraction(0), 60),
    "polygon": (2, Fraction(9, 10), 60),
    "roots": (7, HALF, 126),
    "quadruples": (11, HALF, 100),
    "halves": (15, HALF, 600),
    "fano": (14, HALF, 1932),
    "spinors": (11, HALF, 60),
    "coxeter-todd": (12, HALF, 756),
    "barnes-wall": (16, HALF, 500),
    "laminated": (18, HALF, 600),
    "odd-signs": (18, HALF, 1500),
    "leech": (24, HALF, 2000),
    "quadrics": (52, Fraction(1, 16), 325),
    "golden": (3, Fraction(1, 2), 12),
    "sharp": (7, Fraction(1, 3), 56),
    "shells": (3, Fraction(9, 10), 60),
    "binary": (16, HALF, 300),
    "unbiased": (16, Fraction(1, 4), 288),
    "layers": (4, Fraction(7, 10), 60),
    "greedy": (5, Fraction(3, 5), 60),
    "farthest": (3, Fraction(4, 5), 30),
    "repulsion": (3, Fraction(1, 2), 12),
}


def test_every_family_has_an_instance() -> None:
    assert set(INSTANCES) == {family.name for family in FAMILIES}


def fractions(row: np.ndarray) -> list[Fraction]:
    return [Fraction(float(t)) for t in row]


def signed_square(x: np.ndarray, y: np.ndarray) -> Fraction:
    """cos|cos| of the angle of two float vectors, exactly."""
    a, b = fractions(x), fractions(y)
    dot = sum((p * q for p, q in zip(a, b, strict=True)), Fraction(0))
    return dot * abs(dot) / (sum(p * p for p in a) * sum(q * q for q in b))


def nearest_pair(points: np.ndarray) -> tuple[int, int]:
    """A pair at the least angle up to rounding, by plain products."""
    gram = points @ points.T
    np.fill_diagonal(gram, -np.inf)
    i, j = np.unravel_index(int(gram.argmax()), gram.shape)
    return int(i), int(j)


def root_above(square: Fraction) -> Fraction:
    """A rational within 1e-60 above the number whose signed square is given."""
    scale = 10**60
    root = isqrt(abs(square.numerator) * scale**2 // square.denominator)
    return Fraction(root + 1, scale) if square > 0 else Fraction(-root, scale)


@pytest.mark.slow
@pytest.mark.parametrize("name", INSTANCES)
def test_against_exact_arithmetic(name: str) -> None:
    """Pairs in exact rationals: all pairs of small codes; of larger ones, all that are within 1e-9 of the least angle."""
    d, cosine, most = INSTANCES[name]
    code = build(name, d, cosine=cosine, max_size=most)
    points = code.points
    assert len(points) >= 2
    # Rows that round the code may be a little closer; their exact coordinates are looked at below.
    limit = (cosine + Fraction(1, 10**12)) ** 2 if code.rounded else cosine * abs(cosine)
    gram = points @ points.T
    np.fill_diagonal(gram, -np.inf)
    close = np.argwhere(np.triu(gram > (gram.max() - 1e-9 if len(points) > 60 else -np.inf), 1))
    step = max(1, len(close) // 3000)
    for i, j in close[::step]:
        assert signed_square(points[i], points[j]) <= limit
    # The rest is below by more than any rounding of these products.
    if step > 1 or (code.rounded and code.exact is not None):
        assert gram.max() <= float(cosine) + 1e-12
        assert code.exact is not None
        v = code.exact.astype(np.int64)
        norms = (v * v).sum(axis=1)
        ideal = cosine.limit_denominator(1000)  # the cosine of the ideal configuration
        p, q = ideal.numerator, ideal.denominator
        for i in range(len(v) - 1):
            own = (v[i + 1 :] * v[i]).sum(axis=1)
            assert not ((own > 0) & (own * own * q * q > p * p * norms[i] * norms[i + 1 :])).any()


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in INSTANCES if name != "endpoints"])
def test_moving_one_point_breaks_the_certificate(name: str) -> None:
    """At its own least angle, exactly, the code is certified; a point moved by a relative 1e-12 towards another breaks it."""
    d, cosine, most = INSTANCES[name]
    points = build(name, d, cosine=cosine, max_size=min(most, 600)).points
    i, j = nearest_pair(points)
    gram = points @ points.T
    np.fill_diagonal(gram, -np.inf)
    ties = np.argwhere(np.triu(gram > gram.max() - 1e-14, 1))[:2000]
    own = root_above(max(signed_square(points[a], points[b]) for a, b in ties))
    tight = max(own, Fraction(0)) if abs(own) < Fraction(1, 10**59) else own
    assert max_inner_product(points).at_most(tight + Fraction(1, 10**14)).holds is True
    toward = points[j] - float(points[i] @ points[j]) * points[i]
    moved = points.copy()
    moved[i] += 1e-12 * toward / np.linalg.norm(toward)
    assert max_inner_product(moved).at_most(tight + Fraction(1, 10**14)).holds is False
    bound = tight + Fraction(1, 10**14)
    assert signed_square(moved[i], moved[j]) > bound * abs(bound)


def test_the_line_has_two_points_whatever_moves() -> None:
    assert max_inner_product(np.array([[1.0], [-1 - 1e-12]])).at_most(Fraction(-1)).holds is True
