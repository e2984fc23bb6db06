"""Varshamov-Gilbert words: their Hamming distances, and the L2 distances that these imply."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from boundcalc.statement import Status
from verify.outcome import Interval, Outcome, Verdict
from verify.packing.artefact import Artefact
from verify.packing.checks.base import Check
from verify.packing.setting import PackingSetting

# Level of the empirical Bernstein interval: a false alarm once in a million reports.
_LEVEL = 1e-6


def run(setting: PackingSetting, artefact: Artefact) -> Iterator[Outcome]:
    """Distances counted exactly; L2 distances on the drawn data against those that the atoms' norms imply."""
    atoms, words = artefact.atoms, artefact.words
    required = atoms.size / 8
    count = words.size
    yield Outcome(
        NAME,
        "fano-packing",
        f"Hamming distance of {count} drawn sign words, against N/8",
        words.min_distance,
        required,
        Verdict.PROVED if words.min_distance >= required else Verdict.UNDECIDED,
        Status.PAPER,
        {"words": count, "length": atoms.size, "counted": "every pair", "seed": setting.seed},
        relation=">=",
    )
    if count < 2:
        return
    difference = (words.words[0].astype(float) - words.words[1].astype(float)).reshape(-1, atoms.per_cap)
    differing = int(np.count_nonzero(difference))
    implied = atoms.squared_norm(difference / 2, 4 * artefact.amplitude**2)
    amplitude = float(artefact.amplitude)
    values = (amplitude * atoms.evaluate(difference, artefact.sample)) ** 2
    interval = bernstein(values, 4 * amplitude**2 * float(atoms.sup_sum) ** 2)
    hits = int(np.count_nonzero(values))
    yield Outcome(
        NAME,
        atoms.theorem,
        f"squared L2 distance of two words on the data, {atoms.norm_words}",
        interval,
        implied.upper,
        Verdict.CONSISTENT if interval.lower <= implied.upper and implied.lower <= interval.upper else Verdict.REFUTED,
        Status.DERIVED,
        {"hamming_distance": differing, "points_seen": hits, "mean": float(values.mean()), "level": 1 - _LEVEL},
        relation="contains",
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


NAME = "sign codes"
CHECK = Check(NAME, run)
