"""Linear attention as an associative memory: collisions of keys, the cache that they make necessary, and greedy caches.

The paper (LoLA, 2505.23666) keeps the recent pairs of keys and values in a window, those that the hidden state of linear
attention recalls worst in a sparse cache, and the rest in the hidden state; with it a language model finds pass-keys again. It
measures; the two statements here are derived from its self-recall error.

Checked: the mean self-recall error is N/D - 1 for tight frames, exactly (root systems and lattices), and in the mean over drawn
values; no less for random keys; the necessary cache is attained by unions of orthonormal bases, exactly, and greedy caches
need more; with the three stores every symbol of an alphabet is recalled, of which the hidden state alone loses many.

Not checked: softmax feature maps and the normalisation of attention (their inner products are positive, which makes collisions
worse, and Welch's bound is another one), the paper's order of eviction as tokens come in, and its language models.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import hadamard

from boundcalc.statement import Status, Theorem
from boundcalc.statements.extra_symbols import N
from boundcalc.statements.networks import NECESSARY_CACHE, RECALL_ERROR, SELF_RECALL_ERROR
from boundcalc.statements.sources import LOW_RANK_CACHE
from boundcalc.style import BLUE, GREEN, ORANGE
from boundcalc.symbols import d
from constructions.codes import member
from verify.outcome import Interval, Outcome, Relation, judged, stated
from verify.siblings.sibling import Sibling, mean_interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Float = NDArray[np.float64]
Int = NDArray[np.int64]

_FRAMES = (
    ("roots", 4), ("roots", 6), ("roots", 7), ("roots", 8), ("coxeter-todd", 12), ("barnes-wall", 16), ("leech", 24),
)  # fmt: skip
_DRAWS, _VALUES = 4000, 16  # of values on the roots of E8, and their coordinates
_KEYS, _DIM = 512, 64
_ERRORS = (Fraction(1), Fraction(1, 2), Fraction(1, 10))
_WINDOWS = (0, 32)
_SYMBOLS = 64


@dataclass(frozen=True)
class Frame:
    """A tight frame as keys, with its mean self-recall error."""

    family: str
    dim: int
    size: int
    error: Fraction


@dataclass(frozen=True)
class Cache:
    """Pairs outside the hidden state, for an error inside it that is at most what is allowed.

    ``recalled`` is the share of all symbols that come back: surely, with a margin far beyond rounding.
    """

    allowed: Fraction
    window: int
    cached: int
    recalled: Fraction | None = None


@dataclass(frozen=True)
class Memory:
    """What was measured: tight frames, drawn values on the roots of E8, random keys, caches."""

    frames: tuple[Frame, ...]
    drawn: Interval
    random: Interval
    tight: tuple[Cache, ...]
    greedy: tuple[Cache, ...]
    uncached: Fraction


def _exact_error(keys: Int) -> Fraction:
    """(1/N) sum over i and j != i of <k_i, k_j>^2 for the directions of integer keys of one norm.

    It is |X'X|_F^2 over N and the fourth power of the norm, less 1.
    """
    moments = keys.T @ keys
    return Fraction(int((moments * moments).sum()), len(keys) * int((keys[0] ** 2).sum()) ** 2) - 1


def _frame(name: str, dim: int) -> tuple[Frame, Int]:
    code = member(name).builder(dim, Fraction(1, 2), np.random.default_rng(0), 200_000)
    if code is None or code.exact is None:
        raise RuntimeError(f"{name} in d = {dim} has integer coordinates")
    return Frame(code.family, dim, code.size, _exact_error(code.exact)), code.exact


def _drawn(keys: Int, rng: np.random.Generator) -> Interval:
    """Mean squared self-recall error over drawn values: signs over the root of their number, of squared norm 1."""
    unit = keys / np.sqrt((keys[0] ** 2).sum())
    means = np.empty(_DRAWS)
    for index in range(_DRAWS):
        values = rng.choice((-1.0, 1.0), (len(unit), _VALUES)) / _VALUES**0.5
        means[index] = ((unit @ (unit.T @ values) - values) ** 2).sum() / len(unit)
    return mean_interval(means)


def _bases(count: int, rng: np.random.Generator) -> Int:
    """Orthonormal bases of R^D, one below the other, times the root of D: Hadamard's with drawn signs of the columns."""
    signs = rng.choice((-1, 1), (count, 1, _DIM))
    return np.asarray((hadamard(_DIM)[None] * signs).reshape(-1, _DIM), dtype=np.int64)


def _evict(squares: Float, allowed: Fraction, window: int) -> NDArray[np.bool_]:
    """Which pairs stay in the hidden state when those of the largest self-recall error leave it, one by one.

    The window holds the last pairs. It goes on until the mean error is allowed, which it is by more than rounding.
    """
    hidden = np.arange(len(squares)) < len(squares) - window
    errors = squares[:, hidden].sum(axis=1) - np.where(hidden, np.diag(squares), 0)
    while hidden.any() and errors[hidden].mean() > float(allowed) * (1 - 1e-9):
        worst = int(np.where(hidden, errors, -np.inf).argmax())
        hidden[worst] = False
        errors -= squares[:, worst]
    return hidden


def _lost(cosines: Float, symbols: Int, hidden: NDArray[np.bool_]) -> int:
    """How many pairs of the hidden state don't recall their symbol: values are the unit vectors of the alphabet."""
    scores = cosines[np.ix_(hidden, hidden)] @ np.eye(_SYMBOLS)[symbols[hidden]]
    right = np.take_along_axis(scores, symbols[hidden, None], axis=1)[:, 0]
    np.put_along_axis(scores, symbols[hidden, None], -np.inf, axis=1)
    return int((right - scores.max(axis=1) < 1e-9).sum())


def measure(seed: int) -> Memory:
    """Frames, random keys and caches."""
    rng = np.random.default_rng(seed)
    # Directions of integers below 2^13: squared inner products are exact, and their shares of the norms are off by a few
    # roundings at most, so that sums of them are as good.
    keys = np.round(rng.standard_normal((_KEYS, _DIM)) * 2**10)
    norms = (keys**2).sum(axis=1)
    squares = (keys @ keys.T) ** 2 / np.outer(norms, norms)
    cosines = keys @ keys.T / np.sqrt(np.outer(norms, norms))
    mean = Fraction(float(squares.sum() / _KEYS)) - 1
    found = [_frame(*each) for each in _FRAMES]
    bases = _bases(_KEYS // _DIM, rng)
    symbols = rng.integers(_SYMBOLS, size=_KEYS)
    greedy = []
    for window in _WINDOWS:
        for allowed in _ERRORS:
            hidden = _evict(squares, allowed, window)
            lost = _lost(cosines, symbols, hidden)
            greedy.append(Cache(allowed, window, _KEYS - int(hidden.sum()), Fraction(_KEYS - lost, _KEYS)))
    roots = next(exact for frame, exact in found if frame.dim == 8)
    tight = [Cache(_exact_error(bases[: kept * _DIM]), 0, _KEYS - kept * _DIM) for kept in (2, 4, 6)]
    lost = _lost(cosines, symbols, np.ones(_KEYS, dtype=bool))
    return Memory(
        tuple(frame for frame, _ in found),
        _drawn(roots, rng),
        Interval(mean * (1 - Fraction(1, 2**40)), mean * (1 + Fraction(1, 2**40))),
        tuple(tight),
        tuple(greedy),
        Fraction(_KEYS - lost, _KEYS),
    )


def facts(found: Memory) -> Mapping[str, object]:
    """Sizes, and what the caches took."""
    return {
        "keys": _KEYS, "dim": _DIM, "symbols": _SYMBOLS, "draws of values": _DRAWS,
        "frames": ", ".join(f"{one.family} ({one.size})" for one in found.frames),
        "cached": ", ".join(f"{one.cached} (E = {one.allowed}, window {one.window})" for one in found.greedy),
        "symbols recalled without cache": float(found.uncached),
    }  # fmt: skip


def outcomes(found: Memory, theorems: Mapping[str, Theorem]) -> list[Outcome]:
    """Errors of tight frames and of random keys; caches against the necessary one; symbols that come back."""
    errors, caches = theorems["self-recall-error"], theorems["necessary-cache"]

    def error(measured: Fraction | Interval, relation: Relation, words: str, size: int, dim: int) -> Outcome:
        bound = stated(errors.bound.expr, {N: size, d: dim})
        return judged(
            "memory", errors.key, f"mean self-recall error, {words}", measured, relation, bound, errors.status
        )

    judgements = [
        error(one.error, Relation.EQUAL, f"{one.size} keys of the tight frame {one.family}", one.size, one.dim)
        for one in found.frames
    ]
    judgements += [
        error(found.drawn, Relation.CONTAINS, "drawn values on the 240 roots of E8", 240, 8),
        error(found.random, Relation.AT_LEAST, f"{_KEYS} random keys", _KEYS, _DIM),
    ]
    for one in (*found.tight, *found.greedy):
        exact = one.recalled is None
        words = "union of orthonormal bases" if exact else f"greedy, {one.window} of them in the window"
        judgements.append(
            judged("memory", caches.key, f"pairs outside the hidden state for error {one.allowed}, {words}", one.cached,
                   Relation.EQUAL if exact else Relation.AT_LEAST,
                   stated(caches.bound.expr, {N: _KEYS, d: _DIM, RECALL_ERROR: one.allowed}), caches.status)
        )  # fmt: skip
    judgements += [
        judged("memory", str(LOW_RANK_CACHE), f"symbols recalled with {one.cached} pairs outside the hidden state",
               one.recalled, Relation.EQUAL, 1, Status.NUMERIC)
        for one in found.greedy
    ]  # fmt: skip
    judgements.append(
        judged("memory", str(LOW_RANK_CACHE), "symbols recalled by the hidden state alone: not all", found.uncached,
               Relation.BELOW, 1, Status.NUMERIC)
    )  # fmt: skip
    return judgements


def draw(axes: Axes, found: Memory) -> None:
    """Pairs outside the hidden state against the error in it."""
    line = np.linspace(0.02, 5, 200)
    expression = NECESSARY_CACHE.bound.expr.subs({N: _KEYS, d: _DIM})
    axes.plot(line, [float(expression.subs(RECALL_ERROR, value)) for value in line], color=GREEN, label="necessary")
    series = ((found.greedy, ORANGE, "o", "greedy cache"), (found.tight, BLUE, "s", "orthonormal bases"))
    for caches, colour, mark, label in series:
        places = [float(one.allowed) for one in caches]
        axes.plot(places, [one.cached for one in caches], mark, color=colour, label=label)
    axes.set(xlabel="mean squared self-recall error", ylabel=f"pairs outside the hidden state, of {_KEYS}")
    axes.legend()


_THEOREMS = (SELF_RECALL_ERROR, NECESSARY_CACHE)
SIBLING = Sibling("memory", "Linear-attention memory", LOW_RANK_CACHE, _THEOREMS, measure, facts, outcomes, draw)
