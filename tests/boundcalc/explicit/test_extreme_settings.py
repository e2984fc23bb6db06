"""Random settings, extreme ones included: monotone in n, sigma, B and C, and never above the upper bound."""

from fractions import Fraction

import numpy as np
import pytest

from boundcalc import explicit_lower, explicit_upper

NAMES = ("n", "sigma", "B", "C")
DIMENSIONS = (1, 2, 3, 5, 8, 20, 51, 300, 2000, 10**5)
# Ranges of log10 n, and of log10 sigma, B and C.
RANGES = (((0, 12), (-3, 3)), ((0, 40), (-8, 8)), ((0, 300), (-30, 30)))


def settings(seed: int, count: int, dims: tuple[int, ...]) -> list[tuple[int, str, dict[str, Fraction]]]:
    """Dimension, weight, and n, sigma, B, C; sorted, as the tables of a dimension serve all its settings."""
    rng = np.random.default_rng(seed)
    found = []
    for i in range(count):
        sizes, scales = RANGES[i % 3]
        logs = (rng.uniform(*sizes), *rng.uniform(*scales, 3))
        values = {
            name: Fraction(f"{10 ** (x % 1):.4f}e{int(np.floor(x))}") for name, x in zip(NAMES, logs, strict=True)
        }
        found.append((int(rng.choice(dims)), str(rng.choice(["canonical", "population"])), values))
    return sorted(found, key=lambda setting: setting[:2])


def check(d: int, weight: str, at: dict[str, Fraction], name: str, factor: Fraction) -> None:
    """A change of one of n, sigma, B and C that may not lower the bound, and the upper bound."""
    bound = explicit_lower(d, **at, weight=weight)
    more = explicit_lower(d, **{**at, name: at[name] * factor}, weight=weight)
    low, high = (more, bound) if name == "n" else (bound, more)
    assert low.log10_lower <= high.log10_lower + 1e-9
    assert bound.enclosure.low <= explicit_upper(d, **at, weight=weight).enclosure.high


@pytest.mark.slow
def test_monotone_and_below_the_upper_bound() -> None:
    rng = np.random.default_rng(1)
    for d, weight, at in settings(13, 60, DIMENSIONS):
        check(
            d,
            weight,
            at,
            NAMES[rng.integers(4)],
            Fraction(str(rng.choice(["1.001", "1.1", "2", "10", "1e10", "1e100"]))),
        )


def test_monotone_with_as_many_trapezoids_as_there_are_atoms() -> None:
    """The best number of trapezoids is found as precisely at one budget as at another."""
    at = {"n": "3.5735e238", "sigma": "1.0051e25", "B": "1.3505e-27", "C": "9.7247e-14"}
    check(2000, "population", {name: Fraction(value) for name, value in at.items()}, "B", Fraction(10))
