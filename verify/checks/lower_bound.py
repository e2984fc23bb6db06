"""Below which error no estimator can go at this very setting: the two-point prior and Fano on this packing."""

from __future__ import annotations

import math
from collections.abc import Iterator

from sympy import Expr, Rational, Symbol

from boundcalc import cap
from boundcalc.enclosure import Enclosure, enclose
from boundcalc.symbols import d as D
from boundcalc.symbols import h as H
from boundcalc.symbols import n as N
from boundcalc.symbols import sigma
from boundcalc.theorem import Status
from boundcalc.theorems import fano_packing, two_point
from boundcalc.theorems.two_point import AMPLITUDE, N_ATOMS, NORM2
from verify.artefact import Artefact
from verify.check import Outcome, Verdict
from verify.checks.base import Check
from verify.setting import PackingSetting

# The amplitude of the prior may be any value up to the largest one; the bound peaks inside.
_GRID = 64


def run(setting: PackingSetting, artefact: Artefact) -> Iterator[Outcome]:
    """Each bound at its best amplitude on a grid, re-evaluated rigorously; the zero estimator must lie above it."""
    packing, theory = artefact.packing, setting.theory
    height = Rational(packing.height.numerator, packing.height.denominator)
    largest = Rational(artefact.amplitude.numerator, artefact.amplitude.denominator)
    fixed: dict[Symbol, Rational] = {
        D: theory.d,
        H: height,
        N: theory.n,
        sigma: theory.sigma,
        N_ATOMS: Rational(packing.size),
    }
    # Varshamov-Gilbert: at least 2^(N/8) words at distance N/8.
    log2_words = max(1, math.ceil(packing.size / 8))
    fano = {fano_packing.WORDS: Rational(2) ** log2_words, fano_packing.DISTANCE: Rational(packing.size, 8)}
    for theorem, name, words, values in (
        (two_point.THEOREM, "mmse", "two-point", fixed),
        (two_point.THEOREM, "erfc", "erfc form", fixed),
        (fano_packing.THEOREM, "mse", "Fano", {**fixed, **fano}),
    ):
        expr = theorem.bounds[name].expr.subs(NORM2, cap.atom_norm_squared.expr)
        value, amplitude = best_amplitude(expr, values, largest)
        # The zero estimator errs by the squared norm of f_xi, A^2 N |Phi|^2: it can't beat the bound.
        zero = enclose(
            amplitude**2 * N_ATOMS * cap.atom_norm_squared.expr, {key: values[key] for key in (N_ATOMS, D, H)}
        )
        says_something = value.greater_than(0) is True
        yield Outcome(
            NAME,
            theorem.key,
            f"no estimator's MSE is below it ({words}); here the zero estimator"
            if says_something
            else f"{words}: says nothing here, the data tell the signs apart",
            zero.floats[1],
            value.floats[0] if says_something else 0.0,
            (Verdict.PROVED if zero.at_least(value) else Verdict.REFUTED) if says_something else Verdict.NOT_APPLICABLE,
            Status.DERIVED,
            {"amplitude": float(amplitude), "log10_bound": value.log10[0] if says_something else None},
            relation=">=",
        )


def best_amplitude(expr: Expr, values: dict[Symbol, Rational], largest: Rational) -> tuple[Enclosure, Rational]:
    """The largest enclosure over a grid of amplitudes up to ``largest``, and its amplitude."""
    grid = [largest * Rational(k, _GRID) for k in range(_GRID, 0, -1)]
    grid += [grid[-1] / 2**k for k in range(1, 20)]
    best = max(((enclose(expr, {**values, AMPLITUDE: a}), a) for a in grid), key=lambda pair: pair[0].floats[0])
    return best


NAME = "lower bound"
CHECK = Check(NAME, run)
