"""Speed of the calculator against evaluating the same formulas term by term: `python benchmarks/calculator.py`.

Everything is measured in one run on one core, so the ratios do not depend on the machine. The naive sides evaluate the
same expressions, with sympy's evalf and with mpmath at 15 digits, on a sample of the grid.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable

import mpmath
import numpy as np
from sympy import Min, lambdify

from boundcalc import rate
from boundcalc.registry import theorem
from boundcalc.symbols import B, C, sigma
from boundcalc.symbols import d as D
from boundcalc.symbols import n as N

PAIRS, SAMPLE, SCALAR = 10**6, 200, 2000


def best(work: Callable[[], object], repeat: int = 5) -> float:
    """Shortest of several times, in seconds, after one call to warm up."""
    work()
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def main() -> None:
    """Measure, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON")
    as_json = parser.parse_args().json
    rng = np.random.default_rng(0)
    d, n = rng.integers(2, 1000, PAIRS), 10 ** rng.uniform(0, 12, PAIRS)

    def grid() -> None:
        result = rate(d, n)
        for bound in (result.upper, result.lower, result.low_norm):
            bound.value  # noqa: B018

    def scalar() -> None:
        report = rate(20, 1e4)
        for bound in (report.upper, report.lower, report.low_norm):
            if bound is not None:
                bound.value  # noqa: B018

    # The three rates without their optional factors, typed from the registry's expressions.
    given = {sigma: 1, B: 1, C: 1, Min(B, C): 1}
    expressions = [
        theorem("mse-upper").bound.leading,
        theorem("minimax-lower").bound.expr,
        theorem("low-norm-mse").bound.expr,
    ]
    expressions = [expression.subs(given) for expression in expressions]
    pairs = list(zip(d[:SAMPLE].tolist(), n[:SAMPLE].tolist(), strict=True))
    functions = [lambdify([D, N], expression, "mpmath") for expression in expressions]

    def with_sympy() -> list[float]:
        return [float(e.subs({D: a, N: b}).evalf()) for a, b in pairs[:20] for e in expressions]

    def with_mpmath() -> list[float]:
        return [float(f(mpmath.mpf(a), mpmath.mpf(b))) for a, b in pairs for f in functions]

    ours = rate(d[:SAMPLE], n[:SAMPLE])
    mine = np.stack([ours.upper.value, ours.lower.value, ours.low_norm.value], axis=1).ravel()
    agreement = float(np.max(np.abs(mine / np.array(with_mpmath()) - 1)))
    assert agreement < 1e-12

    grid_s = best(grid)
    mpmath_s, sympy_s = best(with_mpmath, 3) / SAMPLE * PAIRS, best(with_sympy, 3) / 20 * PAIRS
    scalar_s = best(lambda: [scalar() for _ in range(SCALAR)]) / SCALAR
    call_s = best(lambda: [rate(20, 1e4) for _ in range(SCALAR)]) / SCALAR
    facts = {
        "pairs": PAIRS,
        "grid_seconds": grid_s,
        "mpmath_seconds_for_the_grid": mpmath_s,
        "sympy_seconds_for_the_grid": sympy_s,
        "times_faster_than_mpmath": mpmath_s / grid_s,
        "times_faster_than_sympy": sympy_s / grid_s,
        "scalar_call_microseconds": call_s * 1e6,
        "scalar_call_with_three_values_microseconds": scalar_s * 1e6,
        "largest_relative_difference": agreement,
    }
    if as_json:
        print(json.dumps(facts, indent=2))
    else:
        for key, value in facts.items():
            print(f"{key.replace('_', ' '):<45} {value:.4g}")


if __name__ == "__main__":
    main()
