"""Codes over Z[√D], against rationals that are closer than any difference here."""

from fractions import Fraction
from math import isqrt

import numpy as np
import pytest

from constructions.quadratic import largest_cosine, quadratic_code


@pytest.mark.parametrize("root", [2, 3, 5, 7])
@pytest.mark.parametrize("seed", range(3))
def test_largest_cosine_of_signed_permutations(root: int, seed: int) -> None:
    """Images of one vector under permutations and signs: rows of one norm, which need not be rational."""
    rng = np.random.default_rng([root, seed])
    row = rng.integers(-4, 5, (2, 4))
    row[0, 0] = 1
    images = [(rng.permutation(4), rng.choice((-1, 1), 4)) for _ in range(25)]
    whole, surd = (np.array([part[order] * signs for order, signs in images]) for part in row)
    both = np.unique(np.hstack([whole, surd]), axis=0)
    whole, surd = both[:, :4], both[:, 4:]
    scale = 10**40
    radical = Fraction(isqrt(root * scale**2), scale)
    exact = [
        [Fraction(int(a)) + int(b) * radical for a, b in zip(*pair, strict=True)]
        for pair in zip(whole, surd, strict=True)
    ]
    norm = sum(x * x for x in exact[0])
    products = [sum(x * y for x, y in zip(u, v, strict=True)) for k, u in enumerate(exact) for v in exact[:k]]
    p, q, n = largest_cosine(whole, surd, root)
    assert n > 0
    assert abs((p + q * radical) / n - max(products) / norm) < Fraction(1, 10**35)
    bound = quadratic_code(whole, surd, root, "images").max_inner_product()
    assert bound.lower - Fraction(1, 10**35) <= (p + q * radical) / n <= bound.upper + Fraction(1, 10**35)
    assert bound.upper - bound.lower < Fraction(1, 10**35)
    assert bound.at_most(bound.upper).holds is True
    assert bound.at_most(bound.lower - Fraction(1, 10**30)).holds is False


def test_refusals() -> None:
    with pytest.raises(ValueError, match="rows of one norm, got 2 norms"):
        largest_cosine(np.array([[1, 0], [1, 1]]), np.zeros((2, 2), dtype=np.int64), 2)
    with pytest.raises(ValueError, match="must be below 1048576, got 1048576"):
        largest_cosine(np.array([[2**20, 0], [0, 2**20]]), np.zeros((2, 2), dtype=np.int64), 2)
