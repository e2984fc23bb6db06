"""Upper bound of the minimax risk by linear smoothers whose constants are tabulated, from d = 1 on.

    risk <= B^2 (1 - (1 - eps)^d) + B C bias + ((sigma^2 + B^2)/n) variance

for each row of smoothers.json; bias and variance are certified by :mod:`boundcalc.explicit.smoother`, which takes seconds to
minutes a row, and rounded up to five digits. A row holds for every n, sigma, B and C; the best one is taken.

``python -m boundcalc.explicit.upper_smoother`` certifies every row anew and writes the file.
"""

from __future__ import annotations

import json
import math
import sys
from dataclasses import asdict, dataclass
from decimal import ROUND_CEILING, Context
from functools import lru_cache
from pathlib import Path

import numpy as np

from boundcalc.arb import Ball, ball
from boundcalc.exact import log_exact
from boundcalc.explicit.estimate import log_outside, outside, risk
from boundcalc.explicit.problem import AnyWeight, Problem, Weight
from boundcalc.files import write_text
from boundcalc.statements.estimators import BIAS, OUTSIDE, SMOOTHER_UPPER, VARIANCE

TABLE = Path(__file__).with_name("smoothers.json")


@dataclass(frozen=True)
class Row:
    """A smoother's parameters, see :class:`~boundcalc.explicit.smoother.Smoother`, and the constants of its risk, rounded up."""

    d: int
    eps: float
    delta: float
    shape: float
    a: float
    kappa: float
    canonical: float
    population: float
    variance: float

    def __str__(self) -> str:
        return f"linear smoother of relative width {self.delta:.3g} up to depth {self.eps:.3g}"

    def bias(self, weight: AnyWeight) -> float:
        """The constant of B C."""
        return self.canonical if weight is Weight.CANONICAL else self.population

    def bound(self, problem: Problem) -> Ball:
        """The bound above, in units of B^2."""
        values = {
            OUTSIDE: outside(self.d, ball(self.eps)),
            BIAS: ball(self.bias(problem.weight)),
            VARIANCE: ball(self.variance),
        }
        return risk(SMOOTHER_UPPER, problem, values)


def round_up(value: float) -> float:
    """The float of the least decimal number with five digits that is at least ``value``.

    >>> round_up(0.123451)
    0.12346
    """
    return float(Context(prec=5, rounding=ROUND_CEILING).create_decimal(value))


def certify(d: int, eps: float, delta: float, shape: float, a: float, kappa: float) -> Row:
    """A row of the table, from its smoother."""
    from boundcalc.explicit.smoother import Smoother  # imports much of scipy, which reading the table does without

    found = Smoother(d, eps, delta, shape, a, kappa).constants()
    return Row(
        d, eps, delta, shape, a, kappa, *(round_up(v) for v in (found.canonical, found.population, found.variance))
    )


@lru_cache(maxsize=1)
def rows() -> tuple[Row, ...]:
    """The table."""
    return tuple(Row(**row) for row in json.loads(TABLE.read_text()))


def search(problem: Problem) -> Row | None:
    """The best row for a problem, by floats; None where no row has its dimension."""
    noise = float(np.logaddexp(-problem.log_nu, -log_exact(problem.n)))
    best = None
    least = math.inf
    for row in rows():
        if row.d == problem.d:
            shell = float(log_outside(row.d, np.log(row.eps)))
            bias = problem.log_budget + math.log(row.bias(problem.weight))
            total = float(np.logaddexp.reduce([shell, bias, noise + math.log(row.variance)]))
            if total < least:
                best, least = row, total
    return best


def write(table: list[Row]) -> None:
    """Write rows, sorted, one on a line."""
    ordered = sorted(table, key=lambda row: (row.d, -row.eps, -row.delta))
    write_text(TABLE, "[\n" + ",\n".join(json.dumps(asdict(row)) for row in ordered) + "\n]\n")


def main() -> None:
    """Certify the rows of the table anew and write it."""
    table = []
    for number, row in enumerate(rows(), 1):
        print(f"{number} of {len(rows())}: d = {row.d}, eps = {row.eps:g}", file=sys.stderr, flush=True)
        table.append(certify(row.d, row.eps, row.delta, row.shape, row.a, row.kappa))
    write(table)


if __name__ == "__main__":
    main()
