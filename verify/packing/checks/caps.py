"""The caps: disjoint, as many as guaranteed, no more than volume allows, and empty as often as chance has it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from functools import partial

from sympy import sqrt

from boundcalc import cap
from boundcalc.enclosure import enclose_apart
from boundcalc.exact import rational
from boundcalc.statement import Status
from boundcalc.statements.caps import EMPTY_CAPS, PACKING_SIZE
from boundcalc.symbols import d as D
from boundcalc.symbols import eps
from boundcalc.symbols import h as H
from boundcalc.symbols import n as N
from verify.outcome import Interval, Outcome, Relation, judged
from verify.packing.artefact import Artefact
from verify.packing.setting import PackingSetting

# Two-sided level: a false alarm once in a million reports.
_LEVEL = 1e-6


def disjoint_caps(setting: PackingSetting, artefact: Artefact) -> Iterator[Outcome]:
    """Disjointness by certificate, then the size against both explicit bounds."""
    derived = partial(judged, "disjoint caps", PACKING_SIZE.key, status=Status.DERIVED)
    packing = artefact.packing
    certificate, height = packing.certificate, rational(packing.height)
    yield derived(
        f"{packing.size} disjoint caps: inner products at most 2(1-h)^2 - 1",
        Interval(*certificate.largest),
        Relation.AT_MOST,
        certificate.cosine,
        evidence={"method": certificate.bound.method, "limit": str(certificate.cosine)},
    )
    if setting.dim == 1:
        words = "as many caps as the interval has ends"
        yield derived(words, packing.size, Relation.EQUAL, 2, evidence={"height": str(packing.height)})
        return
    guaranteed = cap.packing_existence.enclose(setting.dim, height)
    most = cap.packing_volume.enclose(setting.dim, height)
    # The guarantee is for the largest packing, which has at least the caps found: fewer refute nothing.
    yield derived(
        "the largest packing has as many caps as guaranteed, 1/sigma_d(2 theta)",
        Interval(packing.size, max(packing.size, Interval.of(most).upper)),
        Relation.AT_LEAST,
        Interval.of(guaranteed),
        evidence={"log10_bound": guaranteed.log10[0]},
    )
    words, evidence = "no more caps than volume allows, 1/sigma_d(theta)", {"log10_bound": most.log10[0]}
    yield derived(words, packing.size, Relation.AT_MOST, Interval.of(most), evidence=evidence)


def emptiness(setting: PackingSetting, artefact: Artefact) -> Iterator[Outcome]:
    """The share of caps without a sample against (1-Q)^n, then (1-Q)^n against the e^{-lambda} - lambda^2/n of Prop. I.1."""
    derived = partial(judged, "emptiness", EMPTY_CAPS.key, status=Status.DERIVED)
    size, empty = artefact.packing.size, int(artefact.empty.sum())
    height = rational(artefact.packing.height)
    mass = cap.cap_mass.enclose(setting.dim, height)
    values = {D: rational(setting.dim), N: rational(setting.n), H: height}
    guarantee = EMPTY_CAPS.bound.expr.subs(eps, sqrt(height))
    guaranteed, expected = enclose_apart(guarantee, (1 - cap.cap_mass.expr) ** setting.n, values)
    # The cap counts are negatively associated, so Hoeffding's inequality holds for the number of empty caps.
    radius = math.sqrt(math.log(2 / _LEVEL) / (2 * size))
    low, high = expected.floats
    yield derived(
        "share of empty caps, around its expectation (1-Q)^n",
        Fraction(empty, size),
        Relation.WITHIN,
        Interval(max(0.0, low - radius), min(1.0, high + radius), f"Hoeffding, level 1 - {_LEVEL:g}"),
        evidence={"empty": empty, "caps": size, "expectation": high, "log10_cap_mass": mass.log10[0]},
    )
    yield derived(
        "expected share, at least exp(-lambda) - lambda^2/n",
        Interval.of(expected),
        Relation.AT_LEAST,
        Interval.of(guaranteed),
        evidence={"kappa": float(sqrt(height)) * setting.n ** (1 / (setting.dim + 1))},
    )
