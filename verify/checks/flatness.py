"""Flatness: the network of the empty caps is as flat as can be; the full one is measured in two balances."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from sympy import Rational

from boundcalc import cap
from boundcalc.enclosure import enclose
from boundcalc.symbols import d as D
from boundcalc.symbols import h as H
from boundcalc.theorem import Status
from boundcalc.theorems.empty_network import THEOREM
from constructions.network import Network
from verify.artefact import Artefact
from verify.balance import flattest_balance
from verify.check import Interval, Outcome, Verdict
from verify.checks.base import Check
from verify.hessian import Sharpness, sharpness
from verify.setting import PackingSetting


def run(setting: PackingSetting, artefact: Artefact) -> Iterator[Outcome]:
    """Prop. I.2 on the empty caps, then lambda_max of the full network against 2/eta."""
    yield from _empty_caps(setting, artefact)
    yield from _full_network(setting, artefact)


def _empty_caps(setting: PackingSetting, artefact: Artefact) -> Iterator[Outcome]:
    packing, empty = artefact.packing, artefact.empty
    count = int(empty.sum())
    claim = f"the {count} atoms of the empty caps interpolate zeros: lambda_max"
    if count == 0:
        reason = {"reason": "every cap holds a sample; raise n less or lower the height"}
        yield Outcome(NAME, THEOREM.key, claim, None, 1, Verdict.NOT_APPLICABLE, Status.PAPER, reason)
        return
    signs = artefact.signs[empty].astype(float)
    network = Network.from_atoms(packing.centres[empty], packing.height, float(artefact.amplitude) * signs)
    zero = np.zeros(setting.n)
    found = sharpness(network, artefact.X, zero, **artefact.sharpness_options)
    interpolates = not np.any(network(artefact.X))
    decided = found.proved and found.lower <= 1 <= found.upper and found.upper - found.lower <= 1e-9
    yield Outcome(
        NAME,
        THEOREM.key,
        claim,
        Interval(found.lower, found.upper),
        1,
        Verdict.PROVED if interpolates and decided else Verdict.UNDECIDED,
        Status.PAPER,
        {**_evidence(found), "training_loss": 0.0 if interpolates else "positive"},
        relation="=",
    )
    height = Rational(packing.height.numerator, packing.height.denominator)
    scale = Rational(artefact.amplitude.numerator, artefact.amplitude.denominator) ** 2
    place = {D: Rational(setting.d), H: height}
    distance = enclose(scale * count * cap.atom_norm_squared.expr, place)
    total = enclose(scale * packing.size * cap.atom_norm_squared.expr, place)
    yield Outcome(
        NAME,
        THEOREM.key,
        "squared L2(P) norm of that flat interpolant: far from zero",
        Interval(*distance.floats),
        total.floats[1],
        Verdict.PROVED if distance.greater_than(0) else Verdict.UNDECIDED,
        Status.DERIVED,
        {"share_of_all_caps": count / packing.size, "log10_measured": distance.log10[0]},
        relation="of",
    )


def _full_network(setting: PackingSetting, artefact: Artefact) -> Iterator[Outcome]:
    edge = 2 / setting.real("eta")
    flattest = flattest_balance(
        artefact.network, artefact.X, artefact.y, artefact.sharpness, artefact.sharpness_options
    )
    for name, found in (("|v_k| = |w_k|", artefact.sharpness), ("flattest found", flattest.sharpness)):
        flat, sharp = found.upper <= edge, found.lower > edge
        word = "flat" if flat else "sharp" if sharp else "at the edge"
        evidence = Verdict.PROVED if found.proved else Verdict.CONSISTENT
        verdict = evidence if flat or sharp else Verdict.UNDECIDED
        yield Outcome(
            NAME,
            "stable-minima-seminorm",
            f"lambda_max of all atoms, {name}: {word}",
            Interval(found.lower, found.upper),
            edge,
            verdict,
            Status.NUMERIC,
            {**_evidence(found), "balance": name, "edge": "2/eta"},
            relation="<=" if flat else ">" if sharp else "?",
        )


def _evidence(found: Sharpness) -> dict[str, object]:
    return {
        "method": found.method,
        "rigorous": found.proved,
        "kink_distance": found.kink_distance,
        "failure_probability": found.failure_probability,
    }


NAME = "flatness"
CHECK = Check(NAME, run)
