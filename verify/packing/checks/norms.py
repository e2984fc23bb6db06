"""Norms: of single atoms, of their signed sums for each weight, and the distances of sign words."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from functools import partial

import numpy as np

from boundcalc import cap
from boundcalc.enclosure import enclose
from boundcalc.exact import rational
from boundcalc.statement import Status
from boundcalc.statements.caps import SIGN_CLASS
from boundcalc.symbols import d as D
from verify.command import random_stream
from verify.outcome import Interval, Outcome, Relation, Trust, Verdict, judge, judged
from verify.packing.artefact import STREAMS, Artefact
from verify.packing.atoms.base import FLOAT_ERROR
from verify.packing.setting import PackingSetting, Weight

# Level of the empirical Bernstein interval: a false alarm once in a million reports.
_LEVEL = 1e-6
_seminorm = partial(judged, "seminorm", SIGN_CLASS.key)


def atom_norms(setting: PackingSetting, artefact: Artefact) -> Iterator[Outcome]:
    """Sup norm and L2 norm of single atoms by independent channels, and the Gram matrix where atoms overlap."""
    for reading in artefact.atoms.readings(random_stream(STREAMS, setting.seed, "monte carlo")):
        yield judged(
            "atom norms",
            artefact.atoms.theorem,
            reading.claim,
            reading.measured,
            reading.relation,
            reading.bound,
            reading.status,
            {**reading.evidence, "seed": setting.seed},
            obstacle=reading.obstacle,
            floats=reading.floats,
        )


def seminorm(setting: PackingSetting, artefact: Artefact) -> Iterator[Outcome]:
    """Canonical and population weight, their ratio, and the sample's own weight; that of ``--weight`` must be in the class."""
    atoms, amplitude = artefact.atoms, artefact.amplitude
    canonical = atoms.seminorm(Weight.CANONICAL, artefact.sample)
    population = atoms.seminorm(Weight.POPULATION, artefact.sample)
    if canonical is None or population is None:  # only the weight of the sample may be unknown
        return
    for weight, unit in ((Weight.CANONICAL, canonical), (Weight.POPULATION, population)):
        words = f"{weight.value} weight: {atoms.seminorm_words[weight]}"
        yield _in_class(setting, weight, words, unit * amplitude, exact=unit.lower == unit.upper)
    largest = rational(Fraction(canonical.upper) * amplitude)
    limit = enclose(cap.weight_limit.expr * largest, {D: rational(setting.dim)})
    words, evidence = "population weight against c_inf(d) times the canonical one", {"log10_bound": limit.log10[0]}
    yield _seminorm(words, population * amplitude, Relation.AT_MOST, Interval.of(limit), Status.DERIVED, evidence)
    if atoms.obstacle is None:
        # The amplitude leaves room for twice this rounding.
        value = Fraction(artefact.empirical_seminorm)
        measured = Interval.near(value, value * FLOAT_ERROR / 2, "floating point")
        yield _in_class(setting, Weight.EMPIRICAL, "weight of the drawn sample", measured)
    else:
        words = "weight of the drawn sample"
        yield _seminorm(words, None, Relation.AT_MOST, setting.C, Status.NUMERIC, obstacle=atoms.obstacle)


def _in_class(setting: PackingSetting, weight: Weight, words: str, found: Interval, *, exact: bool = False) -> Outcome:
    """The seminorm against C. Only for the weight of the setting must it be in the class; for others it may be outside."""
    aim, proved = setting.weight is weight, found.trust is Trust.PROVED
    fits = judge(found, Relation.AT_MOST, setting.C)
    outside = fits is Verdict.REFUTED and not aim
    where = "outside the class" if outside else "every f_xi is in the class" if aim else "in the class"
    return _seminorm(
        f"{words}, {where}",
        Fraction(found.upper) if exact else found,
        Relation.ABOVE if outside else Relation.AT_MOST,
        setting.C,
        (Status.PAPER if exact else Status.DERIVED) if proved else Status.NUMERIC,
        {
            "log10_measured": log10_of(found),
            "arithmetic": "exact rational" if exact else found.meaning,
            "in_class": fits in (Verdict.PROVED, Verdict.CONSISTENT),
        },
    )


def log10_of(found: Interval) -> float | None:
    """Logarithm to base 10 of the lower end, which may be below every float; None where that is not positive."""
    low = Fraction(found.lower)
    return math.log10(low.numerator) - math.log10(low.denominator) if low > 0 else None


def sign_codes(setting: PackingSetting, artefact: Artefact) -> Iterator[Outcome]:
    """Hamming distances counted exactly; L2 distances on the drawn data against those that the atoms' norms imply."""
    atoms, words = artefact.atoms, artefact.words
    yield judged(
        "sign codes",
        "fano-packing",
        f"Hamming distance of {words.size} drawn sign words, against N/8",
        words.min_distance,
        Relation.AT_LEAST,
        Fraction(atoms.size, 8),
        Status.PAPER,
        {"words": words.size, "length": atoms.size, "counted": "every pair", "seed": setting.seed},
    )
    if words.size < 2:
        return
    difference = (words.words[0].astype(float) - words.words[1].astype(float)).reshape(-1, atoms.per_cap)
    # In units of A^2, whose square may be below every float.
    unit = artefact.amplitude**2
    values = atoms.evaluate(difference, artefact.sample) ** 2
    yield judged(
        "sign codes",
        atoms.theorem,
        f"squared L2 distance of two words on the data, {atoms.norm_words}",
        bernstein(values, 4 * float(atoms.sup_sum) ** 2) * unit,
        Relation.CONTAINS,
        atoms.squared_norm(difference / 2) * (4 * unit),
        Status.DERIVED,
        {
            "hamming_distance": int(np.count_nonzero(difference)),
            "points_seen": int(np.count_nonzero(values)),
            "mean": float(Fraction(float(values.mean())) * unit),
            "level": 1 - _LEVEL,
        },
    )


def bernstein(values: np.ndarray, largest: float) -> Interval:
    """Empirical Bernstein interval for the mean of independent values in [0, largest] (Maurer & Pontil 2009)."""
    count = len(values)
    mean = float(values.mean())
    if count < 2:
        return Interval(0.0, largest, "range")
    log_term = math.log(4 / _LEVEL)
    variance = float(values.var(ddof=1))
    radius = math.sqrt(2 * variance * log_term / count) + 7 * largest * log_term / (3 * (count - 1))
    return Interval(max(0.0, mean - radius), mean + radius, f"empirical Bernstein, level 1 - {_LEVEL:g}")
