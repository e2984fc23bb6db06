"""Stacks of rings: rebuilt point by point in ball arithmetic, and the inequalities of the tables checked again."""

import math
from fractions import Fraction

import flint
import numpy as np
import pytest
from flint import arb

from boundcalc.explicit.rings import (
    _QUARTER,
    Table,
    _table,
    _whole,
    existence,
    existences,
    ring_table,
    simple_code,
    sine_below,
    stacks,
)

Point = list[arb]


@pytest.fixture(autouse=True)
def bits() -> object:
    before = flint.ctx.prec
    flint.ctx.prec = 200
    yield None
    flint.ctx.prec = before


def simplex(k: int) -> list[Point]:
    """k + 1 points of R^k with cosines -1/k, one coordinate after another."""
    points: list[Point] = [[arb(1)], [arb(-1)]]
    for m in range(2, k + 1):
        # The others at height -1/m below a pole, shrunk to the radius sqrt(1 - 1/m^2).
        low, radius = -arb(1) / m, (1 - arb(1) / (m * m)).sqrt()
        points = [[radius * x for x in p] + [low] for p in points] + [[arb(0)] * (m - 1) + [arb(1)]]
    return points


def named_code(name: str, size: int, k: int) -> list[Point] | None:
    """The points of a simple code."""
    if name == "simplex":
        return [p + [arb(0)] * (k + 1 - size) for p in simplex(size - 1)]
    if name == "antipodal pair":
        return [[arb(sign)] + [arb(0)] * (k - 1) for sign in (-1, 1)]
    if name == "cross-polytope":
        return [[arb(sign if i == j else 0) for j in range(k)] for i in range(k) for sign in (-1, 1)]
    if name == "icosahedron":
        golden, norm = (1 + arb(5).sqrt()) / 2, ((5 + arb(5).sqrt()) / 2).sqrt()
        found = []
        for i in range(3):
            for a in (-1, 1):
                for b in (-1, 1):
                    p = [arb(0), a / norm, b * golden / norm]
                    found.append(p[i:] + p[:i])
        return found
    if name == f"roots D{k}":
        half = 1 / arb(2).sqrt()
        pairs = [(i, j) for i in range(k) for j in range(i)]
        return [
            [(a * half if m == i else b * half if m == j else arb(0)) for m in range(k)]
            for i, j in pairs
            for a in (-1, 1)
            for b in (-1, 1)
        ]
    return None


def stacks_at(s: float, below: Table) -> tuple[np.ndarray, np.ndarray]:
    """The stacks of one separation."""
    psi = float((2 * arb(s).asin()).upper()) * (1 + 1e-15)
    tilts, counts = stacks(np.array([s]), np.array([psi]), below)
    return tilts[0], counts[0]


def build(k: int, table: Table, tables: dict[int, Table], at: int) -> list[Point]:
    """The code of a table's entry, point by point; a part that is only known to exist is left out."""
    name, size = table.names[at], int(table.sizes[at])
    if k == 2:
        return [[(2 * arb.pi() * j / size).cos(), (2 * arb.pi() * j / size).sin()] for j in range(size)]
    if name != "rings":
        return named_code(name, size, k) or []
    # The entry may stand for one of a larger separation: find the stack that has this size.
    below = tables[k - 1]
    while True:
        tilts, counts = stacks_at(float(table.sines[at]), below)
        row = int(counts.sum(1).argmax())
        if counts[row].sum() == size:
            break
        at += 1
    points: list[Point] = []
    for tilt, count in zip(tilts[row], counts[row], strict=True):
        if count:
            height, radius = arb(float(tilt)).sin(), arb(float(tilt)).cos()
            inner = [[arb(1)] + [arb(0)] * (k - 2)]
            if count > 1:
                inner = build(k - 1, below, tables, int(np.flatnonzero(below.sizes == count)[-1]))
            points += [[radius * x for x in p] + [height] for p in inner]
    return points


@pytest.mark.parametrize(
    ("k", "s", "share"),
    [(3, 0.1, 1.0), (3, 0.13, 1.0), (3, 0.2, 1.0), (3, 0.36, 1.0), (4, 0.28, 0.9), (4, 0.35, 0.9), (5, 0.4, 0.7)],
)
def test_the_points_of_a_stack(k: int, s: float, share: float) -> None:
    """Every pair of points, in ball arithmetic: cosines at most 1 - 2 s^2 = cos(psi), norm 1, and as many as tabulated."""
    tables = {j: _table(j, 0.1) for j in range(2, k + 1)}
    table = tables[k]
    at = next(i for i in range(int(np.searchsorted(table.sines, s)), len(table.sines)) if table.names[i] == "rings")
    sine = float(table.sines[at])
    points = build(k, table, tables, at)
    assert share * table.sizes[at] <= len(points) <= table.sizes[at]
    assert len(points) > 12
    matrix = flint.arb_mat(points)
    gram = matrix * matrix.transpose()
    largest = 1 - 2 * arb(sine) ** 2
    for i in range(len(points)):
        assert gram[i, i].contains(arb(1))
        for j in range(i):
            assert gram[i, j] <= largest


@pytest.mark.slow
@pytest.mark.parametrize("k", [3, 4, 5, 6, 9, 16, 24])
def test_inequalities_behind_the_table(k: int) -> None:
    """Tilts apart, rings inside the hemisphere, codes dense enough: once more, in ball arithmetic, on sampled entries."""
    rng = np.random.default_rng(k)
    table = ring_table(k)
    below = _table(k - 1, float(table.sines[0]))
    entries = [i for i, name in enumerate(table.names) if name == "rings"]
    for at in rng.choice(entries, min(12, len(entries)), replace=False) if entries else []:
        s = float(table.sines[at])
        tilts, counts = stacks_at(s, below)
        assert _whole(counts.sum(1)).max() <= table.sizes[at]
        for row in {0, len(tilts) - 1, int(counts.sum(1).argmax())}:
            used = np.flatnonzero(counts[row])
            assert (np.diff(used) == 1).all()
            chosen = used[rng.choice(len(used), min(25, len(used)), replace=False)]
            for j in chosen:
                tilt, count = arb(float(tilts[row, j])), counts[row, j]
                assert abs(tilt) <= arb.pi() / 2
                if j + 1 in used:
                    assert arb(float(tilts[row, j + 1])) - tilt > 2 * arb(s).asin()
                if count > 1:
                    # Some entry of R^(k-1) with that many points has s' >= s/cos(t).
                    sines = below.sines[below.sizes >= count]
                    assert arb(float(sines[-1])) * tilt.cos() >= arb(s)


def testsine_below_is_below_and_close() -> None:
    x = np.concatenate([np.geomspace(1e-18, _QUARTER, 3000), _QUARTER - np.geomspace(1e-16, 1, 500), [0.0]])
    for at, low in zip(x, sine_below(x), strict=True):
        exact = arb(float(at)).sin()
        assert arb(float(low)) <= exact
        assert arb(float(low)) >= exact * (1 - arb(2) ** -47)
    assert arb(_QUARTER) < arb.pi() / 2


def test_whole_never_exceeds_the_exact_sum() -> None:
    rng = np.random.default_rng(0)
    for scale in (2.0**20, 2.0**45, 2.0**50):
        terms = np.floor(rng.random(4000) * scale)
        exact = sum(int(t) for t in terms)
        assert exact * (1 - 2.0**-39) <= int(_whole(terms.sum())) <= exact
    assert _whole(np.array(2.0**52 - 1)) == 2**52 - 1


@pytest.mark.parametrize("k", [3, 4, 8, 24, 25, 100, 499, 501])
def test_existence_bounds_in_floats_are_below_those_in_balls_and_close(k: int) -> None:
    sines = np.concatenate([np.geomspace(1e-70, 0.5, 60), [0.3, 0.45, 0.49999, 0.5, 0.6, 0.7]])
    for s, size in zip(sines.tolist(), existences(k, sines), strict=True):
        exact = existence(k, s)
        assert Fraction(exact) * (1 - Fraction(1, 10**11)) - 1 <= size <= exact


def test_circles_and_simple_codes_of_a_table_are_those_of_their_separations() -> None:
    for k in (2, 3, 6, 7, 12):
        table = _table(k, 0.1)
        for s, size, name in list(zip(table.sines.tolist(), table.sizes, table.names, strict=True))[::7]:
            if k == 2:
                assert size <= arb.pi() / arb(s).asin() or size in (2, 3, 4, 6)
                assert size + 1 > arb.pi() / arb(s).asin() * (1 - 2e-15)
            elif name not in ("rings", "existence"):
                assert size == simple_code(k, Fraction(s) ** 2)[0]


def test_a_ring_needs_the_smaller_code_to_be_dense_enough() -> None:
    """The rule s' = s/cos(t), from coordinates: two points of a ring at chord 2 s' r have chord 2 s."""
    rng = np.random.default_rng(4)
    for _ in range(20):
        tilt, angle = rng.uniform(-1.5, 1.5), rng.uniform(0.01, math.pi)
        a = np.array([math.cos(tilt), 0, math.sin(tilt)])
        b = np.array([math.cos(tilt) * math.cos(angle), math.cos(tilt) * math.sin(angle), math.sin(tilt)])
        assert np.linalg.norm(a - b) == pytest.approx(2 * math.cos(tilt) * math.sin(angle / 2), abs=1e-14)
    assert Fraction(float(ring_table(3).sines[-1])) == 1
