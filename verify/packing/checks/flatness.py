"""Flatness: the network of the empty caps is as flat as can be; the full one is measured in two balances."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from boundcalc.statement import Status
from boundcalc.statements.stability import EMPTY_NETWORK
from verify.hessian import Sharpness
from verify.hessian.balance import flattest_balance
from verify.outcome import Interval, Outcome, Verdict
from verify.packing.artefact import Artefact
from verify.packing.checks.base import Check
from verify.packing.setting import PackingSetting


def run(setting: PackingSetting, artefact: Artefact) -> Iterator[Outcome]:
    """Prop. I.2 on the empty caps, then lambda_max of the full network against 2/eta."""
    yield from _empty_caps(setting, artefact)
    yield from _full_network(setting, artefact)


def _empty_caps(setting: PackingSetting, artefact: Artefact) -> Iterator[Outcome]:
    atoms, empty = artefact.atoms, artefact.empty
    count = int(empty.sum()) * atoms.per_cap
    claim = f"the {count} atoms of the empty caps interpolate zeros: lambda_max"
    found = artefact.empty_sharpness if atoms.local else None
    if found is None:
        words = "every cap holds a sample; raise n less or lower the height"
        if not atoms.local:
            words = "the ridge functions that packets are made of reach beyond their cap, and see samples"
        yield Outcome(
            NAME, EMPTY_NETWORK.key, claim, None, 1, Verdict.NOT_APPLICABLE, Status.PAPER, {"reason": words}
        )  # fmt: skip
        return
    part = np.where(empty[:, None], artefact.coefficients, 0.0)
    interpolates = not np.any(atoms.evaluate(part, artefact.sample))
    decided = found.proved and found.lower <= 1 <= found.upper and found.upper - found.lower <= 1e-9
    yield Outcome(
        NAME,
        EMPTY_NETWORK.key,
        claim,
        Interval(found.lower, found.upper),
        1,
        Verdict.PROVED if interpolates and decided else Verdict.UNDECIDED,
        Status.PAPER,
        {**_evidence(found), "training_loss": 0.0 if interpolates else "positive"},
        relation="=",
    )
    distance = atoms.squared_norm(part, artefact.amplitude**2)
    total = atoms.squared_norm(artefact.coefficients, artefact.amplitude**2)
    positive = Verdict.PROVED if distance.proved else Verdict.CONSISTENT
    yield Outcome(
        NAME,
        EMPTY_NETWORK.key,
        "squared L2(P) norm of that flat interpolant: far from zero",
        distance.interval,
        total.upper,
        positive if distance.floor > 0 else Verdict.UNDECIDED,
        Status.DERIVED,
        {"share_of_all_caps": int(empty.sum()) / artefact.packing.size, "log10_measured": distance.log10},
        relation="of",
    )


def _full_network(setting: PackingSetting, artefact: Artefact) -> Iterator[Outcome]:
    edge = 2 / setting.real("eta")
    part = artefact.atoms.obstacle
    whole = "all atoms" if part is None else "the network's atoms"
    flattest = flattest_balance(
        artefact.watched, artefact.X, artefact.y, artefact.sharpness, artefact.sharpness_options
    )
    for name, found in (("|v_k| = |w_k|", artefact.sharpness), ("flattest found", flattest.sharpness)):
        flat, sharp = found.upper <= edge, found.lower > edge
        word = "flat" if flat else "sharp" if sharp else "at the edge"
        evidence = Verdict.PROVED if found.proved else Verdict.CONSISTENT
        verdict = evidence if flat or sharp else Verdict.UNDECIDED
        yield Outcome(
            NAME,
            "stable-minima-seminorm",
            f"lambda_max of {whole}, {name}: {word}",
            Interval(found.lower, found.upper),
            edge,
            verdict,
            Status.NUMERIC,
            {**_evidence(found), "balance": name, "edge": "2/eta", **({"part": part} if part else {})},
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
