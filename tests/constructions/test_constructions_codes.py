"""Families of spherical codes: sizes known from theory, separation re-checked in plain arithmetic."""

from fractions import Fraction
from itertools import combinations
from math import acos, pi

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from constructions.certificate import max_inner_product
from constructions.codes import FAMILIES, best_code, build
from constructions.codes.polygon import polygon_size
from constructions.spherical_code import SphericalCode

HALF = Fraction(1, 2)
JUST_BELOW_60 = Fraction(501, 1000)


def irreducible(rank: int) -> int:
    """Roots of the largest irreducible system of a rank: rank times Coxeter number."""
    coxeter = {6: 12, 7: 18, 8: 30}.get(rank, 0)
    return rank * max(rank + 1, 2 * rank - 2 if rank >= 4 else 0, coxeter)


def largest_root_system(rank: int) -> int:
    """Over all orthogonal sums, by dynamic programming."""
    best = [0]
    for r in range(1, rank + 1):
        best.append(max(irreducible(k) + best[r - k] for k in range(1, r + 1)))
    return best[rank]


@pytest.mark.parametrize("d", [*range(2, 21), 30])
def test_roots_are_the_largest_of_their_rank(d: int) -> None:
    code = build("roots", d, cosine=JUST_BELOW_60)
    assert (code.size, code.dim) == (largest_root_system(d), d)
    gram = code.points @ code.points.T
    values = np.unique(np.round(2 * gram, 9))
    assert set(values) <= {-2.0, -1.0, 0.0, 1.0, 2.0}
    assert np.sum(gram > 1 - 1e-9) == code.size  # no point twice
    assert np.linalg.matrix_rank(code.points) == d
    assert code.exact is not None
    assert max_inner_product(code.exact).upper == HALF


def test_known_sizes() -> None:
    known = {2: 6, 3: 12, 4: 24, 5: 40, 6: 72, 7: 126, 8: 240, 12: 264, 24: 1104}
    assert {d: build("roots", d, cosine=JUST_BELOW_60).size for d in known} == known


@pytest.mark.parametrize("d", [3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 40])
def test_roots_at_sixty_degrees_exactly(d: int) -> None:
    code = build("roots", d, cosine=HALF)
    assert code.max_inner_product().upper == HALF
    assert code.max_inner_product().exact


@pytest.mark.parametrize("d", [2, 3, 5, 12, 40, 64])
def test_orthoplex(d: int) -> None:
    code = build("orthoplex", d, cosine=Fraction(0))
    assert (code.size, code.dim) == (2 * d, d)
    assert np.array_equal(np.unique(code.points @ code.points.T), [-1.0, 0.0, 1.0])


@pytest.mark.parametrize("d", [2, 3, 4, 8, 9, 12, 40, 64])
def test_simplex(d: int) -> None:
    slack = Fraction(1, 10**9)
    code = build("simplex", d, cosine=Fraction(-1, d) + slack)
    assert code.size == d + 1
    off = (code.points @ code.points.T)[~np.eye(d + 1, dtype=bool)]
    assert np.allclose(off, -1 / d, atol=1e-14)
    assert code.exact is not None
    assert max_inner_product(code.exact).upper == Fraction(-1, d)


@settings(max_examples=40)
@given(st.fractions(Fraction(-1), Fraction(-1, 500), max_denominator=500), st.integers(2, 20))
def test_simplex_attains_rankin(cosine: Fraction, d: int) -> None:
    assert build("simplex", d, cosine=cosine).size == min(d + 1, int(1 - 1 / cosine))


@settings(max_examples=60)
@given(st.fractions(Fraction(-99, 100), Fraction(999, 1000)))
def test_polygon_size(cosine: Fraction) -> None:
    ratio = 2 * pi / acos(cosine)
    if abs(ratio - round(ratio)) > 1e-9:
        assert polygon_size(cosine) == int(ratio)
        assert build("polygon", 2, cosine=cosine).size == int(ratio)


def test_polygon_at_rational_cosines() -> None:
    values = (Fraction(-1), Fraction(-1, 2), Fraction(0), HALF)
    assert [polygon_size(c) for c in values] == [2, 3, 4, 6]
    codes = [build("polygon", 2, cosine=c) for c in values]
    assert [code.size for code in codes] == [2, 3, 4, 6]
    # Equilateral triangles and hexagons have no rational coordinates in the plane: their floats are rounded.
    assert [code.rounded for code in codes] == [False, True, False, True]
    assert [code.certify_rows(c).holds for code, c in zip(codes, values, strict=True)] == [True, False, True, False]


@pytest.mark.parametrize("size", [5, 7, 8, 9, 11, 100, 361])
def test_polygons_attain_their_angle_exactly(size: int) -> None:
    angle = Fraction(360, size)
    code = best_code(2, angle)
    assert code.size == size
    assert code.max_inner_product().degrees == angle
    assert best_code(2, angle + Fraction(1, 10**20)).size == size - 1
    # By the cosine, in the rationals on either side of it.
    bound = code.max_inner_product()
    assert bound.lower < bound.upper
    assert best_code(2, cosine=bound.upper).size == size
    assert best_code(2, cosine=bound.lower).size == size - 1
    gram = code.points @ code.points.T - 2 * np.eye(size)
    assert float(bound.lower) == pytest.approx(gram.max(), abs=1e-13)


@pytest.mark.slow
@pytest.mark.parametrize("name", [family.name for family in FAMILIES])
@pytest.mark.parametrize("d", [1, 2, 3, 4, 6, 12, 40])
@pytest.mark.parametrize("cosine", [Fraction(-1), Fraction(-1, 7), Fraction(0), HALF, Fraction(9, 10)])
def test_every_family_is_separated_or_says_why_not(name: str, d: int, cosine: Fraction) -> None:
    family = next(f for f in FAMILIES if f.name == name)
    try:
        most = 300 if family.automatic else 20 if d < 6 else 8
        code = build(name, d, cosine=cosine, max_size=most)
    except ValueError as error:
        text = str(error)
        assert name in text
        assert family.obstacle(d, cosine) in (None, text)
        return
    assert family.obstacle(d, cosine) is None
    assert code.size <= 300
    assert code.dim == d
    gram = code.points @ code.points.T
    np.fill_diagonal(gram, -1)
    assert gram.max() <= float(cosine) + 1e-12
    assert code.max_inner_product().upper <= cosine or code.certify_separation(cosine).holds is True


@pytest.mark.parametrize("name", ["layers", "greedy"])
def test_separation_in_rational_arithmetic(name: str) -> None:
    cosine = Fraction(4, 5)
    points = build(name, 3, cosine=cosine).points
    assert len(points) >= 15
    for x, y in combinations([[Fraction(float(t)) for t in row] for row in points], 2):
        dot = sum(a * b for a, b in zip(x, y, strict=True))
        assert dot <= 0 or dot**2 <= cosine**2 * sum(a * a for a in x) * sum(b * b for b in y)


def test_layers_fill_the_sphere_at_the_rate_of_a_lattice() -> None:
    """Square lattice: one point per angle², so N·θ²/(4π) → 1."""
    for size in (1e2, 1e3, 1e4):
        cosine = Fraction(np.cos((4 * pi / size) ** 0.5))
        assert build("layers", 3, cosine=cosine).size == pytest.approx(size, rel=0.1)


def test_greedy_is_seeded() -> None:
    first, again, other = (build("greedy", 4, cosine=Fraction(3, 5), seed=s).points for s in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_greedy_is_nearly_maximal() -> None:
    """Few uniform points still fit, so caps of the full angle nearly cover the sphere."""
    cosine = Fraction(7, 10)
    points = build("greedy", 3, cosine=cosine).points
    probe = np.random.default_rng(5).standard_normal((20_000, 3))
    probe /= np.linalg.norm(probe, axis=1, keepdims=True)
    assert ((probe @ points.T).max(axis=1) < float(cosine)).mean() < 0.02


@pytest.mark.slow
@pytest.mark.parametrize("d", [1, 2, 3, 5, 8, 16, 24, 40])
def test_best_is_the_largest(d: int) -> None:
    for cosine in (Fraction(-1, 5), Fraction(0), JUST_BELOW_60):
        best = best_code(d, cosine=cosine, max_size=700)
        sizes = []
        for family in FAMILIES:
            if not family.automatic:
                continue
            code = family.build(d, cosine, np.random.default_rng(0), 700)
            sizes.append(0 if code is None else code.size)
            known = family.known_size(d, cosine)
            assert known is None or sizes[-1] == min(known, 700)
        assert best.size == max(sizes)
        assert best.certify_separation(cosine).holds is True


def test_twelve_dimensions_hold_840_caps() -> None:
    assert best_code(12, cosine=HALF).size == 840


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("roots", 12, Fraction(1, 3)), "at least 1/2, got 1/3: pass an angle of at most 60°"),
        (("orthoplex", 3, Fraction(-1, 10)), "pass an angle of at most 90°"),
        (("polygon", 3, HALF), "d = 2 only"),
        (("endpoints", 2, HALF), "d = 1 only"),
        (("layers", 20, HALF), "3 <= d <= 8"),
        (("e8", 7, HALF), "name must be one of endpoints, simplex"),
        (("leech", 7, HALF), "24 <= d <= 48, got d = 7"),
        (("sharp", 8, HALF), "sharp exists for d = 5, 6, 7, 21, 22, 23, got d = 8"),
        (("barnes-wall", 20, HALF), "d = 16, 32, 64"),
        (("roots", 0, HALF), "d must be at least 1, got 0"),
        (("roots", 3, Fraction(1)), "cosine must lie in"),
        (("roots", 3, Fraction(-3, 2)), "cosine must lie in"),
    ],
)
def test_impossible_requests(arguments: tuple[str, int, Fraction], message: str) -> None:
    name, d, cosine = arguments
    with pytest.raises(ValueError, match=message):
        build(name, d, cosine=cosine)


def test_wrong_types() -> None:
    with pytest.raises(TypeError, match="d must be an integer"):
        best_code(3.0, 60)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="seed"):
        best_code(3, 60, seed="x")  # type: ignore[arg-type]


def test_max_size_truncates() -> None:
    code = build("roots", 30, cosine=HALF, max_size=101)
    assert code.size == 101
    assert "first 101" in code.family
    assert code.max_inner_product().upper <= HALF
    assert build("orthoplex", 50, cosine=Fraction(0), max_size=7).size == 7


def test_from_integers_keeps_directions_exactly() -> None:
    rng = np.random.default_rng(0)
    row = rng.integers(-9, 10, size=9)
    vectors = np.array([rng.permutation(row) for _ in range(20)])
    code = SphericalCode.from_integers(vectors, "permutations")
    for point, vector in zip(code.points, vectors, strict=True):
        ratios = {Fraction(float(x)) / int(z) for x, z in zip(point, vector, strict=True) if z}
        assert len(ratios) == 1
    assert np.abs(np.linalg.norm(code.points, axis=1) - 1).max() < 1e-13


def test_code_validation() -> None:
    with pytest.raises(ValueError, match="rows of norm 1"):
        SphericalCode(np.array([[1.0, 1.0]]), "wrong")
    with pytest.raises(ValueError, match="nonzero"):
        SphericalCode.from_integers([[1, 1], [0, 0]], "wrong")
    with pytest.raises(ValueError, match="2 rows in at least 2 coordinates"):
        SphericalCode(np.eye(2), "wrong", np.ones((2, 1), dtype=np.int64))
    with pytest.raises(ValueError, match="exact must equal points"):
        SphericalCode(np.eye(2), "wrong", -np.eye(2, dtype=np.int64))
    with pytest.raises(ValueError, match="isometry of the space"):
        SphericalCode(np.eye(2), "wrong", np.array([[1, -1, 0], [1, 0, -1]]))
    with pytest.raises(ValueError, match="isometry of the space"):
        SphericalCode(np.eye(3)[[0, 1, 1]], "wrong", np.eye(4, dtype=np.int64)[[0, 1, 2]])
    with pytest.raises(ValueError, match="read-only"):
        SphericalCode(np.eye(2), "axes").points[0, 0] = 2.0


@pytest.mark.parametrize(("name", "d"), [("layers", 3), ("greedy", 4), ("polygon", 2), ("roots", 30)])
def test_truncation_shows_in_the_name(name: str, d: int) -> None:
    whole, part = (build(name, d, cosine=Fraction(9, 10), max_size=size) for size in (20_000, 10))
    assert part.size == 10 < whole.size
    assert part.family.endswith(", first 10")
    assert "first" not in whole.family


@pytest.mark.slow
@pytest.mark.parametrize(("name", "d"), [("polygon", 2), ("layers", 3), ("layers", 4), ("layers", 5), ("greedy", 3)])
def test_sizes_follow_the_power_law(name: str, d: int) -> None:
    """N grows like (angle)^{-(d-1)}, hence like (1 - cos)^{-(d-1)/2}."""
    largest = Fraction(1, {2: 200, 3: 200, 4: 25, 5: 9}[d])
    sizes = [build(name, d, cosine=1 - largest / 4**k, max_size=50_000).size for k in range(3 if d < 4 else 2)]
    slopes = np.diff(np.log(sizes)) / np.log(4)
    assert slopes == pytest.approx((d - 1) / 2, rel=0.05 if d < 4 else 0.1)
