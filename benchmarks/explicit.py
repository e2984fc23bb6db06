"""How long the explicit bounds take, and how good they are: python benchmarks/explicit.py

Processor time of one core, after a first call per dimension that builds the tables of codes. Every setting is new to the
cache of designs. ``fast`` is meant to stay below 50 ms, ``full`` below 5 s.
"""

from __future__ import annotations

import statistics
import time

from boundcalc.explicit.lower import explicit_lower

DIMENSIONS = (1, 2, 3, 5, 8, 12, 20, 50)
SAMPLES = (1e2, 1e4, 1e6, 1e8)


def main() -> None:
    print(
        f"{'d':>3} {'first call':>11} {'fast':>9} {'slowest':>9} {'full':>9} {'full/fast':>10}  bounds at n = 1e2, 1e4, 1e6, 1e8"
    )
    for d in DIMENSIONS:
        start = time.process_time()
        explicit_lower(d, 37.0)
        first = time.process_time() - start
        fast, values = [], []
        for n in SAMPLES:
            # Off the lattice of designs, so that two of them are searched.
            start = time.process_time()
            explicit_lower(d, 1.3 * n)
            fast.append(time.process_time() - start)
            values.append(explicit_lower(d, n))
        start = time.process_time()
        full = [explicit_lower(d, n, effort="full") for n in SAMPLES]
        whole = (time.process_time() - start) / len(SAMPLES)
        gain = statistics.mean(10 ** (b.log10_lower - a.log10_lower) for a, b in zip(values, full, strict=True))
        shown = "  ".join(f"{value.lower:.4g} {value.winner}" for value in values)
        print(
            f"{d:>3} {first:>9.2f} s {1e3 * statistics.mean(fast):>6.0f} ms {1e3 * max(fast):>6.0f} ms "
            f"{whole:>7.2f} s {gain:>10.4f}  {shown}"
        )


if __name__ == "__main__":
    main()
