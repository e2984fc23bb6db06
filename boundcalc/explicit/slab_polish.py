"""Local improvement of a stack of slabs: one edge, ramp or amplitude at a time."""

from __future__ import annotations

import itertools
import math

from boundcalc.explicit.slab_search import CapProblem, estimate
from boundcalc.explicit.slabs import Slab

__all__ = ["polish"]


def _rebuild(edges: list[float], ramps: list[float], amplitudes: list[float], counts: list[int]) -> tuple[Slab, ...]:
    return tuple(
        Slab(edges[i], edges[i + 1], counts[i], ramps[i], amplitudes[i])
        for i in range(len(counts))
        if edges[i + 1] > edges[i]
    )


def polish(problem: CapProblem, slabs: tuple[Slab, ...], steps: tuple[float, ...], passes: int) -> tuple[Slab, ...]:
    """Change logarithms by plus or minus each step in turn, as long as the estimate grows; at most so many passes each.

    Slabs must be contiguous. Counts stay as they are.
    """
    if not slabs or any(a.far != b.near for a, b in itertools.pairwise(slabs)):
        return slabs
    edges = [slabs[0].near, *(s.far for s in slabs)]
    ramps, amplitudes = [s.ramp for s in slabs], [s.amplitude for s in slabs]
    counts = [s.count for s in slabs]
    limits = [1.0 if s.near == 0 else 0.5 for s in slabs]
    best, found = estimate(problem, slabs), slabs
    for step in steps:
        for _ in range(passes):
            before = best
            for row, index in _moves(len(slabs), edges[0] > 0):
                values = (edges, ramps, amplitudes)[row]
                for factor in (math.exp(step), math.exp(-step)):
                    old = values[index]
                    values[index] = old * factor
                    if row == 0:
                        inner = edges[index - 1] if index > 0 else 0.0
                        outer = edges[index + 1] if index + 1 < len(edges) else 1.0
                        allowed = inner < values[index] and (
                            values[index] < outer if index + 1 < len(edges) else values[index] <= 1.0
                        )
                    else:
                        values[index] = min(values[index], limits[index] if row == 1 else 1.0)
                        allowed = values[index] != old
                    candidate = _rebuild(edges, ramps, amplitudes, counts) if allowed else None
                    value = estimate(problem, candidate) if candidate else -1.0
                    if value > best and candidate:
                        best, found = value, candidate
                        break
                    values[index] = old
            if best < before * (1 + 1e-4):
                break
    return found


def _moves(count: int, first_edge: bool) -> list[tuple[int, int]]:
    """(0, edge), (1, ramp), (2, amplitude) in order."""
    moves = [(0, i) for i in range(0 if first_edge else 1, count + 1)]
    return moves + [(row, i) for row in (1, 2) for i in range(count)]
