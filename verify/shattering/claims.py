"""Verdicts on a trained pair of networks: the edge of stability, shattering, and the seminorm bounds."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from sympy import Rational, sqrt

from boundcalc.enclosure import enclose
from boundcalc.statement import Status, Theorem
from boundcalc.statements.extra_symbols import n_S
from boundcalc.statements.stability import STABILITY_SEMINORM, STABILITY_SEMINORM_SHARP, THEOREM_E
from boundcalc.symbols import L, R, lam, n
from constructions.network import Network, empirical_weight
from verify.hessian import Sharpness, sharpness
from verify.outcome import Interval, Outcome, Relation, Trust, judged
from verify.shattering.setting import ShatteringSetting
from verify.training.setting import Run
from verify.training.trace import RARE, rare_share
from verify.training.train import Training

# The edge-of-stability band, in units of 2/eta: gradient descent hovers at and somewhat above the edge (Cohen et al. 2021).
EDGE_BAND = (0.8, 1.25)
_FIGURE = "LQWP25, Fig. 3"
# Relative rounding of the sums that are compared.
_ROUNDING = 1e-9
_SUBSETS = 64


def facts_of(training: Training, at: int) -> dict[str, object]:
    """The last state of run ``at``, for the report."""
    run, trace, gone = training.runs[at], training.traces[at], training.diverged_at[at]
    facts: dict[str, object] = {"eta": run.eta, "decay": run.decay}
    if gone is not None:
        return {**facts, "diverged_at_step": gone}
    rate = trace.activation_rate[-1]
    active = rate > 0
    share = rare_share(rate)
    return {
        **facts,
        "loss": float(trace.loss[-1]),
        "lambda_max": float(trace.sharpness[-1]),
        "edge": 2 / run.eta,
        "alive_share": float(active.mean()),
        "rarely_active_share_of_alive": None if math.isnan(share) else share,
        "median_activation_of_alive": float(np.median(rate[active])) if active.any() else None,
        "largest_activation": float(rate.max()),
        "median_weight_norm_of_alive": float(np.median(trace.weight_norm[-1][active])) if active.any() else None,
        "mse_train": float(trace.train_mse[-1]),
        "mse_fresh": float(trace.fresh_mse[-1]),
        "seminorm": float(trace.seminorm[-1]),
    }


def outcomes_of(setting: ShatteringSetting, training: Training) -> list[Outcome]:
    """Every verdict; a run that diverged yields one undecided outcome instead."""
    found: list[Outcome] = []
    for at, name in enumerate(("without decay", "with decay")):
        gone, network = training.diverged_at[at], training.networks[at]
        if network is None:
            found.append(_outcome(name, f"diverged at step {gone}; lower eta", None, Relation.AT_MOST, None))
            continue
        found += _edge(training, at, name)
        enclosed = sharpness(network, training.runs[at].X, training.runs[at].y, seed=setting.seed)
        found += _seminorm(training.runs[at], network, enclosed, name)
    if all(network is not None for network in training.networks):
        found += _shattering(training)
    return found


def _outcome(
    check: str, claim: str, measured: float | None, relation: Relation, bound: float | Interval | None
) -> Outcome:
    """What the figure shows: a float that misses it refutes nothing."""
    return judged(check, _FIGURE, claim, measured, relation, bound, Status.NUMERIC)


def _edge(training: Training, at: int, name: str) -> Iterator[Outcome]:
    """lambda_max over the last half of the trace against 2/eta."""
    run, trace = training.runs[at], training.traces[at]
    edge = 2 / run.eta - run.decay
    late = trace.sharpness[trace.step >= training.steps / 2]
    middle = float(np.median(late))
    if run.decay:
        # The objective's Hessian is that of the loss plus decay times the identity.
        claim = f"median lambda_max of the last half against {EDGE_BAND[1]:g} (2/eta - decay)"
        yield _outcome(name, claim, middle, Relation.AT_MOST, edge * EDGE_BAND[1])
        return
    # Below the band the edge has not been reached yet: more steps may do it.
    band = Interval(EDGE_BAND[0] * edge, EDGE_BAND[1] * edge, "edge-of-stability band about 2/eta")
    yield _outcome(name, f"median lambda_max of the last half about 2/eta = {edge:.4g}", middle, Relation.WITHIN, band)


def _shattering(training: Training) -> Iterator[Outcome]:
    plain, decay = training.traces
    share = rare_share(plain.activation_rate[-1])
    shown = None if math.isnan(share) else share
    claim = f"without decay, most alive neurons are active on at most {100 * RARE:.0f} % of the data: their share"
    yield _outcome("shattering", claim, shown, Relation.AT_LEAST, 0.5)
    errors = float(plain.train_mse[-1]), float(decay.train_mse[-1])
    claim = "weight decay has the smaller in-sample MSE to the truth"
    yield _outcome("shattering", claim, errors[1], Relation.BELOW, errors[0])


def _seminorm(run: Run, network: Network, enclosed: Sharpness, name: str) -> Iterator[Outcome]:
    """Thm 3.2 and Theorem E at the end, each with the paper's constant and the sharper one."""
    X = np.asarray(run.X)
    residual = np.asarray(run.y) - network(X)
    loss = float(residual @ residual) / (2 * len(X))
    radius = float(np.linalg.norm(X, axis=1).max())
    # The bounds grow with lambda_max: its lower end is the most demanding value.
    values = {lam: Rational(enclosed.lower), L: Rational(loss), R: Rational(radius), n: Rational(len(X))}
    measured = network.empirical_seminorm(X)
    evidence = {"lambda_max": enclosed.lower, "loss": loss, "kink_distance": enclosed.kink_distance}
    for theorem, words in ((STABILITY_SEMINORM, "R + 1"), (STABILITY_SEMINORM_SHARP, "sqrt(R^2+1)/2")):
        bound = enclose(theorem.bound.expr, values).floats[0]
        yield _bounded(theorem, name, f"Thm 3.2: seminorm, constant {words}", measured, bound, evidence)
    expression = THEOREM_E.bounds["seminorm on S"].expr
    # In the proof of Thm 3.2 the paper bounds a neuron's second derivative by 2(R + 1) (Lemma C.1).
    paper = expression.subs(sqrt(R**2 + 1), 2 * (R + 1))
    subsets = _caps(network, X)
    for formula, words in ((paper, "2(R + 1)"), (expression, "sqrt(R^2+1)")):
        # The bound is affine in n/|S|: one enclosure for |S| = n gives it for every S.
        whole = enclose(formula.subs(n_S, n), values).floats[0] + 0.5
        pairs = [(norm, len(X) / size * whole - 0.5, size) for norm, size in subsets]
        if not pairs:
            continue
        norm, bound, size = max(pairs, key=lambda pair: pair[0] / pair[1])
        claim = f"Theorem E: seminorm on {len(pairs)} caps, constant {words}; the tightest, {size} points"
        yield _bounded(THEOREM_E, name, claim, norm, bound, {**evidence, "points": size})


def _bounded(
    theorem: Theorem, name: str, claim: str, measured: float, bound: float, evidence: dict[str, float]
) -> Outcome:
    """The relative rounding of both sides is allowed for, so that a violation refutes."""
    allowed = bound * (1 + _ROUNDING)
    facts = {"slack": bound - measured, "relative rounding allowed": _ROUNDING, **evidence}
    certified = Trust.FLOAT_CERTIFIED
    return judged(
        name, theorem.key, claim, measured, Relation.AT_MOST, allowed, theorem.status, facts, floats=certified
    )


def _caps(network: Network, X: NDArray[np.float64]) -> list[tuple[float, int]]:
    """(seminorm with the weight of the subsample, its size) on the active sets of the neurons of largest norm."""
    reduced = network.reduced()
    active = network.preactivations(X) > 0
    size = np.abs(reduced.a) * active.any(axis=0)
    found = []
    for k in np.argsort(-size, kind="stable")[:_SUBSETS]:
        if size[k] > 0:
            S = X[active[:, k]]
            weight = empirical_weight(reduced.u, reduced.t, S)
            found.append((float(np.abs(reduced.a) @ weight), len(S)))
    return found
