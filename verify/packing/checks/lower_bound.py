"""Below which error no estimator can go at this very setting: the two-point prior and Fano on these atoms.

Atoms of several norms: the proof of the two-point bound treats every sign alone, so the terms add up. Overlapping atoms: let
G be their Gram matrix, D its diagonal and lambda the least eigenvalue of D^{-1/2} G D^{-1/2}. An estimate may be replaced by
its projection A sum t_i psi_i, and |sum (t_i - xi_i) psi_i|^2 >= lambda sum G_ii (t_i - xi_i)^2; with all other signs revealed,
xi_i is a sign seen through noise at expected ratio n A^2 G_ii/sigma^2. So the risk is at least lambda times the sum for
disjoint atoms. With the sample's own weight the class depends on the sample: then the sum is that for the ratios
S_i = (A^2/sigma^2) sum_j psi_i(x_j)^2 of this sample, and no mean over samples is taken.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from functools import partial

import numpy as np
from sympy import Expr, Integer, Rational, Symbol

from boundcalc.enclosure import Enclosure, PrecisionError, enclose, enclose_apart
from boundcalc.exact import rational
from boundcalc.logspace import compile_log
from boundcalc.statement import Status, Theorem
from boundcalc.statements.sign_priors import AMPLITUDE, DISTANCE, FANO_PACKING, N_ATOMS, NORM2, TWO_POINT, WORDS
from boundcalc.symbols import d as D
from boundcalc.symbols import h as H
from boundcalc.symbols import n as N
from boundcalc.symbols import sigma
from verify.outcome import Interval, Outcome, Relation, Verdict, judge, judged
from verify.packing.artefact import Artefact
from verify.packing.atoms import Level
from verify.packing.setting import PackingSetting, Weight

_derived = partial(judged, "lower bound", status=Status.DERIVED)
_CLAIM = "no estimator's MSE is below it{}; here the zero estimator"
# The amplitude of the prior may be any value up to the largest one; the bounds peak inside, where the signal-to-noise ratio
# of an atom is not far below 1.
_GRID, _HALVINGS, _SMALL = 64, 20, Rational(1, 100)


def lower_bound(setting: PackingSetting, artefact: Artefact) -> Iterator[Outcome]:
    """Each bound at its best amplitude on a grid, re-evaluated rigorously; the zero estimator must lie above it."""
    if setting.weight is Weight.EMPIRICAL:
        yield _given_the_sample(setting, artefact)
        return
    levels = artefact.atoms.levels()
    values: dict[Symbol, Rational] = {
        D: rational(setting.dim), N: rational(setting.n), sigma: rational(setting.sigma)
    }  # fmt: skip
    for form, words in (("mmse", "two-point"), ("erfc", "erfc form")):
        yield _outcome(artefact, TWO_POINT, form, words, values, levels)
    if len(levels) > 1 or artefact.atoms.overlap is not None:
        claim, words = _CLAIM.format(" (Fano)"), "it is for atoms of one norm with disjoint supports"
        yield _derived(FANO_PACKING.key, claim, None, Relation.AT_LEAST, None, obstacle=words)
        return
    # Varshamov-Gilbert: at least 2^(m/8) words at distance m/8 for m atoms.
    size = levels[0].count
    fano = {WORDS: Rational(2) ** max(1, math.ceil(size / 8)), DISTANCE: Rational(size, 8)}
    yield _outcome(artefact, FANO_PACKING, "mse", "Fano", {**values, **fano}, levels)


def _outcome(
    artefact: Artefact,
    theorem: Theorem,
    form: str,
    words: str,
    values: dict[Symbol, Rational],
    levels: list[Level],
) -> Outcome:
    """One bound, summed over the levels, against the error of the zero estimator, A^2 sum |psi_i|^2 on average."""
    expr = theorem.bounds[form].expr
    amplitude = best_amplitude(expr, values, levels, rational(artefact.amplitude))
    place = {**values, H: rational(artefact.packing.height), AMPLITUDE: amplitude}
    overlap = artefact.atoms.overlap
    total, zero = Integer(0), Integer(0)
    for level in levels:
        norm = level.expr if level.expr is not None else rational(Fraction(level.norm2))
        total += expr.subs({N_ATOMS: Integer(level.count), NORM2: norm})
        zero += level.count * norm
    if overlap is not None:
        total *= rational(Fraction(overlap))
    value: Enclosure | None
    try:
        # With much noise the two differ by a relative s only, the signal-to-noise ratio.
        value, error = enclose_apart(total, AMPLITUDE**2 * zero, place)
    except PrecisionError:  # far below every float, if it is positive at all
        value, error = None, enclose(AMPLITUDE**2 * zero, place)
    rigorous = overlap is None and all(level.expr is not None for level in levels)
    meaning = "enclosure" if rigorous else "enclosure, norms in floating point"
    bound = None if value is None else Interval.of(value)
    empty = bound is not None and judge(bound, Relation.ABOVE, 0) is not Verdict.PROVED
    return _derived(
        theorem.key,
        _CLAIM.format(f" ({words})"),
        Interval(Interval.of(error).lower, Interval.of(error).upper, meaning),
        Relation.AT_LEAST,
        0 if empty else bound,
        evidence={
            "amplitude": float(amplitude),
            "log10_bound": None if value is None or empty else value.log10[0],
            **({} if overlap is None else {"least_gram_eigenvalue": overlap}),
        },
        obstacle="the data tell the signs apart" if empty else None,
    )


def best_amplitude(expr: Expr, values: dict[Symbol, Rational], levels: list[Level], largest: Rational) -> Rational:
    """The amplitude of a grid up to ``largest`` at which the sum of the bound over the levels is largest, in floats."""
    grid = [largest * Rational(k, _GRID) for k in range(_GRID, 0, -1)]
    least = min((level.norm2 for level in levels if level.norm2 > 0), default=0.0)
    ratio = rational(Fraction(least)) * values[N] / values[sigma] ** 2
    halvings = 1
    while halvings < _HALVINGS or grid[-1] ** 2 * ratio > _SMALL:
        grid.append(grid[_GRID - 1] / 2**halvings)
        halvings += 1
    # The number of words is beyond every float, and enters by its logarithm alone.
    words = {symbol: value for symbol, value in values.items() if symbol == WORDS}
    others = tuple(symbol for symbol in values if symbol not in words)
    bound = compile_log(expr.subs(words), (AMPLITUDE, N_ATOMS, NORM2, *others))
    norms, counts = np.array([level.norm2 for level in levels]), np.array([float(level.count) for level in levels])
    if not norms.all():  # below every float: the largest amplitude is as good as any
        return largest
    found = bound(np.array([float(a) for a in grid])[:, None], counts, norms, *(float(values[s]) for s in others))
    shift = float(found.log.max())
    if not math.isfinite(shift):
        return largest
    return grid[int(np.argmax((found.sign * np.exp(found.log - shift)).sum(axis=1)))]


def _given_the_sample(setting: PackingSetting, artefact: Artefact) -> Outcome:
    """The two-point bound for this sample, at its best amplitude on a grid, in floating point."""
    atoms = artefact.atoms
    ratios, norms = sample_ratios(artefact)
    best, chosen = 0.0, float(artefact.amplitude)
    for share in np.geomspace(1e-6, 1, 400)[::-1]:
        amplitude = share * float(artefact.amplitude)
        s = min(amplitude / float(setting.sigma), 1e150) ** 2 * ratios
        value = amplitude**2 * float(np.sum(norms * np.exp(-s / 2) / np.sqrt(1 + s))) * (atoms.overlap or 1.0)
        if value > best:
            best, chosen = value, amplitude
    zero = chosen**2 * float(norms.sum())
    claim = _CLAIM.format(", given this sample (two-point)")
    evidence = {"amplitude": chosen, "atoms_without_samples": int((ratios == 0).sum())}
    return _derived(TWO_POINT.key, claim, zero, Relation.AT_LEAST, best if best > 0 else None, evidence=evidence)


def sample_ratios(artefact: Artefact) -> tuple[np.ndarray, np.ndarray]:
    """sum_j psi_i(x_j)^2 and |psi_i|^2 of every atom, each of shape (N K,)."""
    atoms, sample = artefact.atoms, artefact.sample
    shape = (artefact.packing.size, atoms.per_cap)
    ratios, norms = np.zeros(shape), np.zeros(shape)
    held = sample.active >= 0
    for k in range(atoms.per_cap):
        unit = np.zeros(shape)
        unit[:, k] = 1.0
        squares = atoms.evaluate(unit, sample)[held] ** 2
        ratios[:, k] = np.bincount(sample.active[held], squares, minlength=shape[0])
        one = np.zeros(shape)
        one[0, k] = 1.0
        norms[:, k] = float(atoms.squared_norm(one).upper)
    return ratios.ravel(), norms.ravel()
