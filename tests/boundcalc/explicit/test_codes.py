"""Code sizes that carry bounds: every one is rebuilt here, point by point, in exact or float arithmetic."""

import math
from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from boundcalc.explicit.caps import _rings, ring_steps
from boundcalc.explicit.codes import kissing_code_size
from boundcalc.explicit.rings import existence, ring_table, simple_code, small_codes

E8 = np.array(
    [v for v in product((-2, 0, 2), repeat=8) if sum(x != 0 for x in v) == 2]
    + [v for v in product((-1, 1), repeat=8) if v.count(-1) % 2 == 0]
)


def largest_cosine(vectors: np.ndarray) -> Fraction:
    """Exact for integer vectors of one norm."""
    norms = (vectors * vectors).sum(1)
    assert len(set(norms.tolist())) == 1
    gram = vectors @ vectors.T
    np.fill_diagonal(gram, -norms[0])
    return Fraction(int(gram.max()), int(norms[0]))


def test_root_systems() -> None:
    assert len(E8) == 240
    assert largest_cosine(E8) == Fraction(1, 2)
    root = E8[0]
    e7 = E8[root @ E8.T == 0]
    assert len(e7) == 126
    second = E8[(root @ E8.T) == 4][0]
    e6 = E8[(root @ E8.T == 0) & (second @ E8.T == 0)]
    assert len(e6) == 72
    assert np.linalg.matrix_rank(e7) == 7
    assert np.linalg.matrix_rank(e6) == 6
    for k in (3, 4, 5, 9):
        d_k = np.array([v for v in product((-1, 0, 1), repeat=k) if sum(x != 0 for x in v) == 2])
        assert len(d_k) == 2 * k * (k - 1)
        assert largest_cosine(d_k) == Fraction(1, 2)
    assert [kissing_code_size(k)[0] for k in (2, 3, 4, 5, 6, 7, 8)] == [6, 12, 24, 40, 72, 126, 240]


def test_vertex_figures_of_e8() -> None:
    """56 points in R^7 at cosine 1/3, 27 in R^6 at 1/4: roots at 60 degrees to one root, or to two, projected."""
    root = E8[0]
    near = E8[(root @ E8.T) == 4]
    assert len(near) == 56
    projected = 2 * near - root[None]
    assert largest_cosine(projected) == Fraction(1, 3)
    second = near[0]
    both = E8[((root @ E8.T) == 4) & ((second @ E8.T) == 4)]
    assert len(both) == 27
    projected = 3 * both - (root + second)[None]
    assert largest_cosine(projected) == Fraction(1, 4)
    assert np.linalg.matrix_rank(projected) == 6
    known = {(size, limit) for size, _, limit in [*small_codes(6), *small_codes(7)]}
    assert known >= {(27, (1 - Fraction(1, 4)) / 2), (56, (1 - Fraction(1, 3)) / 2)}


@pytest.mark.parametrize("k", [5, 6, 7])
def test_demicube(k: int) -> None:
    code = np.array([v for v in product((-1, 1), repeat=k) if v.count(-1) % 2 == 0])
    assert len(code) == 2 ** (k - 1)
    assert (1 - largest_cosine(code)) / 2 == Fraction(2, k)


def test_icosahedron() -> None:
    golden = (1 + math.sqrt(5)) / 2
    vertices = [np.roll([0.0, a, b * golden], i) for i in range(3) for a in (-1, 1) for b in (-1, 1)]
    code = np.array(vertices) / math.sqrt(1 + golden**2)
    gram = code @ code.T - 2 * np.eye(12)
    cosine = gram.max()
    assert cosine == pytest.approx(1 / math.sqrt(5), abs=1e-12)
    square = Fraction((1 - cosine) / 2)
    assert simple_code(3, square * Fraction(999999, 10**6)) == (12, "icosahedron")
    assert simple_code(3, square * Fraction(1000001, 10**6))[0] == 6


def rings(s: float, k: int) -> np.ndarray:
    """A code with separation 2 arcsin(s) built as in the table, from its best offset, points and all."""
    if k == 2:
        count = int(ring_table(2).sizes[np.searchsorted(ring_table(2).sines, s)])
        angles = 2 * math.pi * np.arange(count) / count
        return np.stack([np.cos(angles), np.sin(angles)], axis=1)
    psi = 2 * math.asin(s) * (1 + 1e-7)
    best = np.zeros((0, k))
    reach = int(math.pi / psi) + 2
    for offset in [*(np.arange(8) / 8), (math.pi / 2) / psi % 1.0]:
        points = []
        for step in range(-reach, reach + 1):
            tilt = (step + offset) * psi
            if abs(tilt) > math.pi / 2:
                continue
            radius, height = max(math.cos(tilt), 0.0), math.sin(tilt)
            need = s / max(radius, 1e-15) * (1 + 1e-9)
            if need > 1:
                ring = np.zeros((1, k - 1))
                ring[0, 0] = 1.0
            else:
                ring = rings(need, k - 1)
            points.append(np.hstack([radius * ring, np.full((len(ring), 1), height)]))
        code = np.vstack(points)
        if len(code) > len(best):
            best = code
    return best


@pytest.mark.slow
@pytest.mark.parametrize(("k", "s"), [(3, 0.1), (3, 0.23), (3, 0.4), (4, 0.3)])
def test_rings_exist(k: int, s: float) -> None:
    """The points themselves: as many as tabulated (codes for smaller rings may be better there), and far enough apart."""
    code = rings(s, k)
    distance = np.linalg.norm(code[:, None] - code[None], axis=-1) + 10 * np.eye(len(code))
    assert distance.min() >= 2 * s * (1 - 1e-12)
    assert np.linalg.norm(code, axis=1) == pytest.approx(1)
    table = ring_table(k)
    at = int(np.searchsorted(table.sines, s))
    if table.names[at] == "rings" and k == 3:
        assert len(code) >= table.sizes[at]


@pytest.mark.parametrize("d", [3, 8, 24])
def test_the_file_holds_the_steps_of_the_tables(d: int) -> None:
    kept, made = _rings()[str(d)], ring_steps(d)
    assert kept["smallest"] == made["smallest"]
    assert kept["names"] == made["names"]
    assert kept["sizes"] == made["sizes"]
    # Grids may differ by rounding between machines.
    assert kept["sines"] == pytest.approx(made["sines"], rel=1e-14)


@pytest.mark.slow
@pytest.mark.parametrize("k", [3, 5, 12])
def test_table_is_monotone_and_below_the_volume_bound(k: int) -> None:
    from scipy.special import betainc

    table = ring_table(k)
    assert (np.diff(table.sizes) <= 0).all()
    # cap of half the separation: sin^2 = s^2
    volume = 2 / betainc((k - 1) / 2, 0.5, table.sines**2)
    assert (table.sizes <= volume * (1 + 1e-9)).all()
    assert all(table.sizes[i] >= existence(k, float(table.sines[i])) for i in range(0, len(table.sines), 97))
