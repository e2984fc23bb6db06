"""Exact configurations, re-checked in plain integer arithmetic that shares no code with the certificate."""

from collections.abc import Callable
from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest

from constructions.binary import dual, extended_bch, golay, kerdock_forms, reduced, reed_muller, words
from constructions.certificate import max_inner_product
from constructions.codes import best_code, build, survey
from constructions.codes.barnes_wall import size as barnes_wall_size
from constructions.codes.binary_codes import candidates
from constructions.codes.bounds import KISSING_RECORDS, size_bound
from constructions.codes.coxeter_todd import hexacode
from constructions.codes.fano import signed_products
from constructions.codes.halves import even_shortened_hamming, julin_code, thirteen
from constructions.codes.leech import minimal_vectors
from constructions.codes.odd_signs import further_words, weighted_signs
from constructions.codes.quadrics import isotropic
from constructions.codes.quadruples import blocks, count
from constructions.codes.sharp import TABLE
from constructions.codes.shells import representations
from constructions.codes.spinors import triples, vectors
from constructions.spherical_code import SphericalCode

HALF = Fraction(1, 2)


def largest_cosine_squared(vectors: np.ndarray) -> Fraction:
    """max p|p|/(q r) over pairs, row by row in int64: exact while products stay below 2^63."""
    rows = vectors.astype(np.int64)
    norms = (rows * rows).sum(axis=1)
    best = Fraction(-1)
    for i in range(len(rows) - 1):
        products = (rows[i + 1 :] * rows[i]).sum(axis=1) if len(rows) < 200 else rows[i + 1 :] @ rows[i]
        for norm in np.unique(norms):
            own = products[norms[i + 1 :] == norm]
            if own.size:
                p = int(own.max())
                best = max(best, Fraction(p * abs(p), int(norm) * int(norms[i])))
    return best


FOUND = {
    9: ("quadruples", 306), 10: ("coxeter-todd", 510), 12: ("quadruples", 840), 14: ("fano", 1932), 15: ("halves", 2564),
    16: ("barnes-wall", 4320), 17: ("odd-signs", 5730), 18: ("odd-signs", 8358), 19: ("odd-signs", 12276),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("d", FOUND)
def test_kissing_configurations(d: int) -> None:
    name, size = FOUND[d]
    code = best_code(d, cosine=HALF)
    named = build(name, d, cosine=HALF)
    assert code.size == named.size == size
    assert code.dim == d
    assert named.exact is not None
    assert largest_cosine_squared(named.exact) == Fraction(1, 4)
    # The floats are the integer configuration: equal Gram matrices, and full rank d.
    unit = named.exact / np.linalg.norm(named.exact, axis=1, keepdims=True)
    sample = np.random.default_rng(d).choice(size, min(size, 300), replace=False)
    assert np.allclose(named.points[sample] @ named.points[sample].T, unit[sample] @ unit[sample].T, atol=1e-13)
    assert np.linalg.matrix_rank(named.points) == d
    assert np.linalg.matrix_rank(named.exact) == d


@pytest.mark.parametrize(
    ("name", "d", "size", "root", "rows"), [("spinors", 11, 604, 2, vectors), ("halves", 13, 1154, 3, thirteen)]
)
def test_kissing_configurations_over_quadratic_integers(
    name: str, d: int, size: int, root: int, rows: Callable[[], tuple[np.ndarray, np.ndarray]]
) -> None:
    """(whole + surd·√root)·(the same) = p + q√root ≤ 8 of squared norm 16: 8 − p ≥ q√root, compared by squares."""
    whole, surd = rows()
    assert len(np.unique(np.hstack([whole, surd]), axis=0)) == size
    touching = 0
    for i in range(size):
        p = (whole * whole[i] + root * surd * surd[i]).sum(axis=1)
        q = (whole * surd[i] + surd * whole[i]).sum(axis=1)
        assert (p[i], q[i]) == (16, 0)
        slack, q = 8 - np.delete(p, i), np.delete(q, i)
        assert (slack * np.abs(slack) >= root * q * np.abs(q)).all()
        touching += int((slack * np.abs(slack) == root * q * np.abs(q)).sum())
    assert touching > 0
    code = best_code(d, 60)
    assert code.family == build(name, d, 60).family
    assert (code.size, code.dim, code.max_inner_product().upper) == (size, d, HALF)
    assert np.allclose(4 * code.points, whole + root**0.5 * surd, atol=1e-14)
    assert np.linalg.matrix_rank(code.points) == d


def test_products_of_fano_planes() -> None:
    """The signs on a support differ in two places at least, those on two supports where they meet in more than four in one."""
    rows = signed_products()
    supports = rows != 0
    assert set(supports.sum(axis=1).tolist()) == {8}
    shared = supports.astype(int) @ supports.T
    assert set(shared[~np.eye(len(rows), dtype=bool)].tolist()) == {4, 6, 8}
    differing = (shared - rows @ rows.T) // 2 + 8 * np.eye(len(rows), dtype=int)
    assert differing[shared == 8].min() == 2
    assert differing[shared == 6].min() == 1


def test_lines_in_ten_dimensions() -> None:
    """45 and 40 lines over the Eisenstein integers, 270 + 240 points: every point of a kind sees the same."""
    code = build("coxeter-todd", 10, 60)
    assert code.exact is not None
    norms = (code.exact**2).sum(axis=1)
    assert [int((norms == norm).sum()) for norm in np.unique(norms)] == [270, 240]
    for kind in np.unique(norms):
        rows = np.sort(np.round(code.points[norms == kind] @ code.points.T, 9), axis=1)
        assert (rows == rows[0]).all()


def test_layers_of_lifted_spinors() -> None:
    """Four layers of triples, of which three are used: all 32 transversal ones, two of a layer with one common place at most."""
    layers = [triples(k) for k in range(4)]
    assert len({triple for layer in layers for triple in layer}) == 32
    for layer in layers:
        assert len(layer) == 8
        assert max(len(set(a) & set(b)) for a, b in combinations(layer, 2)) == 1


@pytest.mark.slow
def test_further_points_by_weights() -> None:
    """In d = 20 the code of the further points meets all octads evenly and has the distances that the sphere needs."""
    found = further_words()
    assert len(found) == 2048
    signs = 1.0 - 2.0 * found
    gram = signs @ signs.T
    np.fill_diagonal(gram, -20)
    assert (32 / 20) * gram.max() <= 16  # points of squared norm 32
    octads = build("odd-signs", 20, cosine=HALF)
    assert octads.size > len(found)
    vectors = octads.exact
    assert vectors is not None
    eights = vectors[(np.abs(vectors) == 2).sum(axis=1) == 8]
    assert not ((np.abs(eights) // 2) @ found.T % 2).any()
    assert ((eights < 0).sum(axis=1) % 2 == 1).all()


def test_weighted_signs() -> None:
    """The lines of a projective plane of order 4, the linear map, and the inner products of the further points of d = 21."""
    vectors = weighted_signs()
    assert vectors.shape == (3840, 21)
    assert set((vectors**2).sum(axis=1).tolist()) == {164}
    lines = np.unique(np.abs(vectors) == 2, axis=0).astype(int)
    assert len(lines) == 15
    shared = lines @ lines.T
    assert (shared == np.where(np.eye(15, dtype=bool), 5, 1)).all()
    assert len(np.unique(vectors < 0, axis=0)) == 3840
    gram = vectors @ vectors.T
    np.fill_diagonal(gram, -164)
    assert gram.max() == 82
    # Octads with an odd number of minus signs: the sum over the octad less twice the least entry, against 8 sqrt(164/32).
    code = build("odd-signs", 21, cosine=HALF)
    assert code.exact is not None
    octads = code.exact[(np.abs(code.exact) == 2).sum(axis=1) == 8]
    supports = np.unique((np.abs(octads[(octads == 0).sum(axis=1) == 13]) > 0), axis=0)
    assert len(supports) == 210
    for support in supports:
        part = np.abs(vectors[:, support])
        assert ((vectors[:, support] < 0).sum(axis=1) % 2 == 0).all()
        assert ((2 * (part.sum(axis=1) - 2 * part.min(axis=1))) ** 2 <= 32 * 164 // 4).all()


@pytest.mark.parametrize(("d", "size"), [(15, 2340), (17, 5346), (18, 7398), (19, 10668)])
def test_laminated_sections(d: int, size: int) -> None:
    code = build("laminated", d, cosine=HALF)
    assert code.size == size
    assert np.linalg.matrix_rank(code.points) == d
    assert code.exact is not None
    assert max_inner_product(code.exact).upper == HALF


@pytest.mark.slow
def test_leech_vectors() -> None:
    vectors = minimal_vectors()
    assert vectors.shape == (196_560, 24)
    wide = vectors.astype(np.int64)
    assert set((wide**2).sum(axis=1).tolist()) == {32}
    assert len(np.unique(vectors, axis=0)) == 196_560
    assert (wide.sum(axis=1) % 8 == 4 * (wide[:, 0] % 2)).all()
    # The lattice is even and unimodular: by transitivity every vector sees 1, 4600, 47104, 93150, 47104, 4600, 1.
    for index in (0, 5000, 150_000):
        values, counts = np.unique(wide @ wide[index], return_counts=True)
        assert dict(zip(values.tolist(), counts.tolist(), strict=True)) == {
            -32: 1, -16: 4600, -8: 47104, 0: 93150, 8: 47104, 16: 4600, 32: 1,
        }  # fmt: skip


@pytest.mark.parametrize("name", ["coxeter-todd", "quadruples"])
def test_twelve_dimensions(name: str) -> None:
    code = build(name, 12, cosine=HALF)
    assert code.size == {"coxeter-todd": 756, "quadruples": 840}[name]
    assert code.exact is not None
    assert largest_cosine_squared(code.exact) == Fraction(1, 4)
    if name == "coxeter-todd":
        # Every minimal vector of K12 has the same neighbours: 1, 4, ... by the theta series of its design property.
        gram = np.round(4 * code.points @ code.points.T).astype(int)
        assert len({tuple(np.unique(row, return_counts=True)[1]) for row in gram}) == 1
        weights = [sum(x > 0 for x in word) for word in hexacode()]
        assert (weights.count(4), weights.count(6), len(set(hexacode()))) == (45, 18, 64)


@pytest.mark.parametrize("d", [8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 20, 27])
def test_quadruples_share_two_points(d: int) -> None:
    incidence = np.zeros((count(d), d), dtype=int)
    for row, block in zip(incidence, list(blocks(d)), strict=True):
        row[list(block)] = 1
    assert (incidence.sum(axis=1) == 4).all()
    gram = incidence @ incidence.T
    np.fill_diagonal(gram, 0)
    assert gram.max() <= 2


def test_half_vectors_at_exactly_sixty_degrees() -> None:
    code = build("halves", 15, 60)
    assert code.rounded is False
    assert code.exact is not None
    assert largest_cosine_squared(code.exact) == Fraction(1, 4)
    assert len(np.unique(code.points, axis=0)) == code.size == 2564


def test_codes_behind_the_half_vectors() -> None:
    def least_distance(first: np.ndarray, second: np.ndarray) -> int:
        table = (first[:, None, :] != second[None]).sum(axis=2)
        return int(table[table > 0].min()) if first is second else int(table.min())

    julin = julin_code()
    assert (len(julin), least_distance(julin, julin)) == (144, 4)
    long = even_shortened_hamming(14)
    assert (len(long), least_distance(long, long)) == (512, 4)


@pytest.mark.slow
@pytest.mark.parametrize("d", [16, 32])
def test_barnes_wall(d: int) -> None:
    code = build("barnes-wall", d, cosine=HALF, max_size=4500)
    assert code.size == min(4500, barnes_wall_size(d.bit_length() - 1))
    assert code.exact is not None
    assert largest_cosine_squared(code.exact) == Fraction(1, 4)


@pytest.mark.slow
@pytest.mark.parametrize("entry", TABLE)
def test_sharp_codes(entry: tuple[int, Fraction, int, str, tuple[int, ...]]) -> None:
    d, cosine, size, _, _ = entry
    code = build("sharp", d, cosine=cosine)
    assert code.size == size
    assert code.dim == d
    chosen = np.random.default_rng(d).choice(size, min(size, 2000), replace=False)
    gram = code.points[chosen] @ code.points.T
    gram[np.arange(len(chosen)), chosen] = -1
    assert gram.max() == pytest.approx(float(cosine), abs=1e-12)
    # Sharp configurations are designs: their points sum to zero and have a scalar second moment.
    assert np.abs(code.points.sum(axis=0)).max() < 1e-9
    assert np.allclose(code.points.T @ code.points, np.eye(d) * size / d, atol=1e-9)
    assert code.exact is not None
    assert max_inner_product(code.exact).upper == cosine


@pytest.mark.parametrize("q", [2, 3, 4, 5])
def test_quadrics(q: int) -> None:
    """A generalised quadrangle of order (q, q²): every point on q² + 1 lines of q + 1 points, and no triangles off lines."""
    points, orthogonal = isotropic(q)
    size, degree = (q + 1) * (q**3 + 1), q * (q**2 + 1)
    assert len(points) == size
    adjacent = orthogonal & ~np.eye(size, dtype=bool)
    assert np.array_equal(adjacent, adjacent.T)
    paths = adjacent.astype(int) @ adjacent
    assert set(np.diag(paths).tolist()) == {degree}
    assert set(paths[adjacent].tolist()) == {q - 1}
    assert set(paths[~orthogonal].tolist()) == {q**2 + 1}
    d = q * (q**2 - q + 1)
    code = build("quadrics", d, cosine=Fraction(1, q**2))
    gram = code.points @ code.points.T
    assert np.allclose(gram[adjacent], -1 / q)
    assert np.allclose(gram[~orthogonal], 1 / q**2)


@pytest.mark.parametrize(
    ("d", "cosine", "size"), [(8, "3/4", 2160), (3, "9/10", 30), (4, "3/4", 32), (16, "2/3", 5000)]
)
def test_shells(d: int, cosine: str, size: int) -> None:
    code = build("shells", d, cosine=Fraction(cosine), max_size=5000)
    assert code.size == size
    assert code.exact is not None
    largest = largest_cosine_squared(code.exact[:2500])
    assert largest <= Fraction(cosine) ** 2
    assert len(np.unique(code.points, axis=0)) == size


def test_representations_by_counting() -> None:
    grid = np.array(np.meshgrid(*[np.arange(-3, 4)] * 4)).reshape(4, -1)
    counted = np.bincount((grid**2).sum(axis=0))[:10]
    assert representations(4, 9) == tuple(counted.tolist())


@pytest.mark.parametrize("d", [4, 8, 16, 24, 32, 48, 100])
@pytest.mark.parametrize("cosine", ["0", "1/8", "1/3", "1/2", "4/5"])
def test_binary_codes(d: int, cosine: str) -> None:
    limit = Fraction(cosine)
    found = candidates(d, limit)
    assert found[0].dimension == max(code.dimension for code in found)
    for binary in found[:4]:
        w = binary.words(512).astype(int)
        assert w.shape == (min(512, 1 << binary.dimension), binary.length)
        distance = w.sum(axis=1)[:, None] + w.sum(axis=1) - 2 * w @ w.T
        np.fill_diagonal(distance, binary.length + 1)
        assert distance.min() >= binary.distance
    assert build("binary", d, cosine=limit, max_size=300).max_inner_product().upper <= limit


def test_duals_and_ranks() -> None:
    assert len(dual(golay())) == 12
    assert not (dual(golay()).astype(int) @ golay().T % 2).any()
    for order in range(3):  # the dual of RM(r, m) is RM(m − r − 1, m)
        both = np.vstack([dual(reed_muller(order, 4)), reed_muller(3 - order, 4)])
        assert len(reduced(both)) == len(reed_muller(3 - order, 4))
    code = words(extended_bch(5, 7))
    weights = code.sum(axis=1)
    assert len(np.unique(code, axis=0)) == 1 << 16
    assert weights[weights > 0].min() == 8


@pytest.mark.parametrize("m", [4, 6])
def test_unbiased_bases(m: int) -> None:
    n = 1 << m
    code = build("unbiased", n, cosine=Fraction(1, 2 ** (m // 2)))
    assert code.size == n * n + 2 * n
    gram = np.unique(np.round(2 ** (m // 2) * code.points[: 6 * n] @ code.points.T, 9))
    assert gram.tolist() == [-(2.0 ** (m // 2)), -1.0, 0.0, 1.0, 2.0 ** (m // 2)]
    assert len(kerdock_forms(m)) == n // 2


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "d"), [("quadruples", 12), ("barnes-wall", 16), ("odd-signs", 17), ("leech", 24), ("shells", 8)]
)
def test_moving_one_point_breaks_the_certificate(name: str, d: int) -> None:
    """A relative 1e-12 in one coordinate, towards a point at the least angle."""
    cosine = Fraction(3, 4) if name == "shells" else HALF
    code = build(name, d, cosine=cosine, max_size=6000)
    assert max_inner_product(code.points).at_most(cosine).holds is True
    gram = code.points @ code.points[7]
    gram[7] = -1
    neighbour = int(gram.argmax())
    assert gram[neighbour] == pytest.approx(float(cosine), abs=1e-9)
    moved = code.points.copy()
    toward = code.points[neighbour] - float(cosine) * code.points[7]
    moved[7] += 1e-12 * toward / np.linalg.norm(toward)
    broken = max_inner_product(moved).at_most(cosine)
    assert broken.holds is False
    # The same verdict in rational arithmetic, on that pair.
    x, y = ([Fraction(float(t)) for t in row] for row in (moved[7], moved[neighbour]))
    dot = sum((a * b for a, b in zip(x, y, strict=True)), Fraction(0))
    assert dot > 0
    assert dot**2 > cosine**2 * sum(a * a for a in x) * sum(b * b for b in y)


def test_energy_minimisation_finds_optimal_codes() -> None:
    # 12 points of the icosahedron at 63.4°, 24 of the snub cube at 43.69°: no better is possible in the first case.
    icosahedron = build("repulsion", 3, cosine=Fraction(44722, 100_000))
    assert icosahedron.size == 12 == size_bound(3, Fraction(44722, 100_000))
    assert build("repulsion", 3, cosine=Fraction(73, 100)).size > build("greedy", 3, cosine=Fraction(73, 100)).size


def test_farthest_points_cover_their_pool() -> None:
    code = build("farthest", 3, cosine=Fraction(9, 10))
    probe = np.random.default_rng(1).standard_normal((20_000, 3))
    probe /= np.linalg.norm(probe, axis=1, keepdims=True)
    assert ((probe @ code.points.T).max(axis=1) < 0.9).mean() < 0.001


def test_records_bound_what_is_built() -> None:
    for d, record in KISSING_RECORDS.items():
        possible = size_bound(d, HALF)
        assert record.size <= possible
        if record.optimal:
            assert record.size == possible
        sizes = [size or 0 for name, size, _ in survey(d, cosine=HALF) if name not in ("layers", "greedy")]
        assert 0.7 * record.size <= max(sizes) <= record.size


@pytest.mark.parametrize(
    ("d", "cosine", "least", "message"),
    [
        (7, HALF, 240, "which no code in d = 7|at most 126"),
        (4, HALF, 25, "at most 24, which no code"),
        (5, Fraction(0), 11, "at most 10, which no code"),
        (12, HALF, 841, "least must be at most 840, the points of quadruples"),
        (3, Fraction(-1, 2), 4, "at most 3, which no code"),
    ],
)
def test_too_many_points(d: int, cosine: Fraction, least: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        best_code(d, cosine=cosine, least=least)


def test_mixed_norms_keep_their_directions() -> None:
    code = SphericalCode.from_integers([[3, 4], [1, 0], [0, -7]], "mixed")
    assert code.exact is not None
    assert max_inner_product(code.exact).upper == Fraction(3, 5) == code.max_inner_product().upper
