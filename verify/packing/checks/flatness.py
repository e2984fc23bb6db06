"""Flatness: the empty caps' network is as flat as can be; the full one is enclosed in two balances, and bounds its seminorm."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from boundcalc.enclosure import enclose
from boundcalc.exact import rational
from boundcalc.statement import Status, Theorem
from boundcalc.statements.stability import EMPTY_NETWORK, STABILITY_SEMINORM, STABILITY_SEMINORM_SHARP
from boundcalc.symbols import L, R, lam
from verify.hessian import Sharpness
from verify.hessian.balance import flattest_balance
from verify.hessian.flat import side_of_the_edge
from verify.outcome import Interval, Outcome, Relation, Trust, judged
from verify.packing.artefact import Artefact
from verify.packing.checks.norms import log10_of
from verify.packing.setting import PackingSetting

# Relative rounding of the sums over n points that are compared.
_ROUNDING = 4e-10


def flatness(setting: PackingSetting, artefact: Artefact) -> Iterator[Outcome]:
    """Prop. I.2 on the empty caps, then lambda_max of the full network against 2/eta."""
    yield from _empty_caps(artefact)
    part = artefact.atoms.obstacle
    whole = "all atoms" if part is None else "the network's atoms"
    flattest = flattest_balance(
        artefact.watched, artefact.X, artefact.y, artefact.sharpness, artefact.sharpness_options
    )
    for balance, found in (("|v_k| = |w_k|", artefact.sharpness), ("flattest found", flattest.sharpness)):
        evidence = {**_evidence(found), "balance": balance, **({"part": part} if part else {})}
        words = f"lambda_max of {whole}, {balance}"
        yield side_of_the_edge("flatness", words, found, setting.eta, Status.NUMERIC, evidence)


def _empty_caps(artefact: Artefact) -> Iterator[Outcome]:
    """The atoms of the empty caps see no sample: they interpolate zeros, with lambda_max that of the output bias alone."""
    atoms, empty, key = artefact.atoms, artefact.empty, EMPTY_NETWORK.key
    claim = f"the {int(empty.sum()) * atoms.per_cap} atoms of the empty caps interpolate zeros: lambda_max"
    found = artefact.empty_sharpness if atoms.local else None
    if found is None:
        words = "every cap holds a sample; raise n less or lower the height"
        if not atoms.local:
            words = "the ridge functions that packets are made of reach beyond their cap, and see samples"
        yield judged("flatness", key, claim, None, Relation.EQUAL, 1, Status.PAPER, obstacle=words)
        return
    part = np.where(empty[:, None], artefact.coefficients, 0.0)
    interpolates = not np.any(atoms.evaluate(part, artefact.sample))
    top = found.interval if interpolates else None
    evidence = {**_evidence(found), "training_loss": 0.0 if interpolates else "positive"}
    yield judged("flatness", key, claim, top, Relation.EQUAL, 1, Status.PAPER, evidence)
    unit = artefact.amplitude**2
    distance, whole = atoms.squared_norm(part) * unit, atoms.squared_norm(artefact.coefficients) * unit
    evidence = {
        "share_of_all_caps": int(empty.sum()) / artefact.packing.size,
        "of_all_atoms": float(whole.upper),
        "log10_measured": log10_of(distance),
    }
    claim = "squared L2(P) norm of that flat interpolant: far from zero"
    yield judged("flatness", key, claim, distance, Relation.ABOVE, 0, Status.DERIVED, evidence)


def _evidence(found: Sharpness) -> dict[str, object]:
    return {
        "method": found.method,
        "rigorous": found.proved,
        "kink_distance": found.kink_distance,
        "failure_probability": found.failure_probability,
    }


def stability_bound(setting: PackingSetting, artefact: Artefact) -> Iterator[Outcome]:
    """Sharpness bounds the seminorm (Thm 3.2): with the paper's constant and with the sharper one."""
    residual = artefact.y - artefact.values
    loss = float(residual @ residual) / (2 * setting.n)
    found, root = artefact.sharpness, math.sqrt(2 * loss)
    # The values of the network are off by a rounding of each neuron, and with them sqrt(2L).
    off = (setting.dim + 8) * 2.0**-52 * float(np.abs(artefact.network.reduced().a).sum())
    radius = max(1.0, float(np.linalg.norm(artefact.X, axis=1).max()))
    seminorm = artefact.empirical_seminorm
    for theorem, words in (
        (STABILITY_SEMINORM, "paper constant R + 1"),
        (STABILITY_SEMINORM_SHARP, "sharper constant sqrt(R^2 + 1)/2"),
    ):
        # The bound grows with lambda_max and the loss.
        low = _bound(theorem, found.lower, max(0.0, root - off), radius)[0]
        high = _bound(theorem, found.upper, root + off, radius)[1] if math.isfinite(found.upper) else math.inf
        bound = Interval(low - _ROUNDING * abs(low), high + _ROUNDING * abs(high), "lambda_max enclosed, sums rounded")
        yield judged(
            "stability bound",
            theorem.key,
            f"seminorm by Thm 3.2, {words}",
            seminorm,
            Relation.AT_MOST,
            bound,
            theorem.status,
            {"slack": low - seminorm, "lambda_max": found.lower, "loss": loss},
            floats=Trust.FLOAT_CERTIFIED,
        )


def _bound(theorem: Theorem, top: float, root: float, radius: float) -> tuple[float, float]:
    """A bound of the seminorm at lambda_max = ``top`` and sqrt(2L) = ``root``, enclosed."""
    values = {lam: Fraction(top), L: Fraction(root) ** 2 / 2, R: Fraction(radius)}
    return enclose(theorem.bound.expr, {symbol: rational(value) for symbol, value in values.items()}).floats
