"""How long the explicit bounds take, and how good they are: python benchmarks/explicit.py

Processor time of one core. ``fast`` is meant to stay below 50 ms once warm, that is after a first call with the same d and
weight, which builds tables; ``full`` below 5 s. Settings are drawn at random: log10 n in [0, 12], log10 of sigma, B
and C in [-2, 2], both weights in turn.
"""

from __future__ import annotations

import statistics
import time

import numpy as np

from boundcalc.explicit.lower import LowerBound, explicit_lower

DIMENSIONS = (1, 2, 3, 5, 8, 12, 20, 50, 75, 100)
SAMPLES = (1e2, 1e4, 1e6, 1e8)
DRAWS = 60


def timed(d: int, n: float, sigma: float, B: float, C: float, weight: str, effort: str) -> tuple[float, LowerBound]:
    start = time.process_time()
    bound = explicit_lower(d, n, sigma, B, C, weight, effort)
    return time.process_time() - start, bound


def main() -> None:
    print(
        f"{'d':>3} {'first call':>11} {'median':>9} {'95 %':>9} {'slowest':>9} {'full':>9} {'full/fast':>10}  "
        "bounds at n = 1e2, 1e4, 1e6, 1e8"
    )
    rng = np.random.default_rng(2024)
    for d in DIMENSIONS:
        first = sum(timed(d, 37.0, 1, 1, 1, weight, "fast")[0] for weight in ("canonical", "population"))
        seconds = []
        for i in range(DRAWS):
            n, sigma, B, C = (float(f"{10**x:.6g}") for x in (rng.uniform(0, 12), *rng.uniform(-2, 2, 3)))
            seconds.append(timed(d, n, sigma, B, C, ("canonical", "population")[i % 2], "fast")[0])
        fast = [timed(d, n, 1, 1, 1, "canonical", "fast")[1] for n in SAMPLES]
        full = [timed(d, n, 1, 1, 1, "canonical", "full") for n in SAMPLES]
        gain = statistics.mean(10 ** (b.log10_lower - a.log10_lower) for a, (_, b) in zip(fast, full, strict=True))
        shown = "  ".join(f"{value.lower:.4g} {value.winner}" for value in fast)
        print(
            f"{d:>3} {first:>9.2f} s {1e3 * statistics.median(seconds):>6.0f} ms {1e3 * np.quantile(seconds, 0.95):>6.0f} ms "
            f"{1e3 * max(seconds):>6.0f} ms {max(t for t, _ in full):>7.2f} s {gain:>10.4f}  {shown}"
        )


if __name__ == "__main__":
    main()
