"""Sign codes: distances by loops, sizes against the Gilbert bound."""

from math import comb, log2

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from constructions.hypercube import distances, gilbert_size, varshamov_gilbert


def brute(words: np.ndarray) -> list[list[int]]:
    return [[sum(a != b for a, b in zip(x, y, strict=True)) for y in words] for x in words]


@settings(max_examples=30)
@given(st.integers(1, 40), st.integers(0, 5))
def test_code_keeps_the_distance(length: int, seed: int) -> None:
    code = varshamov_gilbert(length, seed=seed)
    table = brute(code.words)
    assert np.array_equal(distances(code.words), table)
    off = [table[i][j] for i in range(code.size) for j in range(i)]
    assert code.min_distance == (min(off) if off else length)
    assert code.min_distance >= length / 8
    assert code.words.dtype == np.int8


@pytest.mark.parametrize(("length", "distance"), [(5, 2), (8, 3), (8, 4), (10, 5), (12, 3)])
def test_lexicographic_codes_attain_the_gilbert_bound(length: int, distance: int) -> None:
    ball = sum(comb(length, j) for j in range(distance))
    guaranteed = gilbert_size(length, distance)
    assert guaranteed * ball >= 2**length > (guaranteed - 1) * ball
    assert varshamov_gilbert(length, guaranteed, distance).size == guaranteed


def test_lexicode_finds_the_extended_hamming_code() -> None:
    assert varshamov_gilbert(8, 16, 4).min_distance == 4
    with pytest.raises(ValueError, match="16 were found"):
        varshamov_gilbert(8, 17, 4)


@pytest.mark.parametrize("length", [8, 9, 17, 64, 264, 1000, 20_000])
def test_varshamov_gilbert_size(length: int) -> None:
    assert log2(gilbert_size(length, -(-length // 8))) >= length / 8


def test_long_words() -> None:
    code = varshamov_gilbert(20_000, 20, seed=3)
    assert (code.size, code.length) == (20, 20_000)
    assert code.min_distance > 9_000  # random words differ in about half of their signs
    assert not code.words.flags.writeable
    assert np.array_equal(code.words, varshamov_gilbert(20_000, 20, seed=3).words)
    assert not np.array_equal(code.words, varshamov_gilbert(20_000, 20, seed=4).words)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: varshamov_gilbert(0), "length must be at least 1"),
        (lambda: varshamov_gilbert(10, 0), "size must be at least 1"),
        (lambda: varshamov_gilbert(10, 4, 11), "min_distance must be at most the length"),
        (lambda: varshamov_gilbert(30, 3, 21), "2\\^.* guaranteed"),  # Plotkin: at most two words
        (lambda: distances([[0, 1]]), "entries -1 and 1"),
    ],
)
def test_bad_input(call: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()  # type: ignore[operator]
