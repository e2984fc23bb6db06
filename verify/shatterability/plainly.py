"""The answer in plain words: what it means, what to do, what is certain, and the words of the trade."""

from __future__ import annotations

import math

import numpy as np

from boundcalc.shown import show_lower, show_upper
from verify.outcome import Trust
from verify.shatterability.job import Protection, Shatterability

# One line for each word of the trade that a report uses.
GLOSSARY = {
    "extreme": "a point outside the convex hull of the others: one neuron can fire on it alone",
    "solitary": "of a neuron that fires on one point only, and so fits its label whatever the others are",
    "depth": "of a point: the least number of points on its side of any hyperplane through it; 1 for extreme points",
    "margin": "of an extreme point: its distance to the hull of the others, the room for its neuron",
    "edge": "the step size 2/lambda* above which no network that fits all labels is stable under gradient descent",
    "lambda*": "the least sharpness (largest eigenvalue of the loss's Hessian) of a network that fits all labels",
    "tr*": "the same for the trace of the Hessian, which is what SGD's flatness bounds",
    "alone": "sharpness of fitting this point's label and no other",
    "leverage": "how much a straight-line fit bends to this point, from 0 to 1",
}


def paragraph(found: Shatterability) -> str:
    """What the answer means, what to do about it, and what is certain.

    Examples
    --------
    >>> from verify.shatterability import shatterability
    >>> X, y = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0]]) / 2, np.array([1.0, -1.0, 0.5])
    >>> print(paragraph(shatterability(X, y, eta=0.5)).split(". ")[0])
    Flatness at eta = 0.5 does not keep a network from memorising these labels: one that fits all is stable there
    """
    eta, edge = f"{found.eta:g}", found.edge
    if edge is None:
        return (
            "No network memorises these labels, flat or not, since equal points have different ones: the loss stays above "
            "the variance among them. This is certain."
        )
    fits = f"{len(found.capacity.rows)} of {len(found.y)} points"
    if found.protection is Protection.NOT_PROTECTED:
        sentences = [
            f"Flatness at eta = {eta} does not keep a network from memorising these labels: one that fits all is stable there",
            _remedies(found),
        ]
        certain = edge.upper_evidence
    elif found.protection is Protection.PROTECTED:
        sentences = [
            f"Flatness at eta = {eta} keeps every network from fitting all these labels: gradient descent with that step size "
            "can't settle at one, however wide it is",
            f"It may still fit part of them: {fits}, with at most one neuron each",
        ]
        if edge.eta_ok > 0:
            sentences.append(f"Below eta = {show_lower(min(edge.eta_ok, 2.0), 3)} this protection is gone")
        certain = edge.lower_evidence
    else:
        known = f"it does not below {show_lower(edge.eta_ok, 3)} and does" if edge.eta_ok > 0 else "it does"
        sentences = [
            f"Whether flatness at eta = {eta} keeps a network from memorising these labels is open: {known} above "
            f"{show_upper(edge.eta_max, 3)}",
            f"At eta = {eta} at least {fits} can be fitted, with at most one neuron each",
        ]
        certain = edge.lower_evidence.worse(edge.upper_evidence)
    sentences += [_sgd(found), _certainty(certain)]
    return ". ".join(filter(None, sentences)) + "."


def _remedies(found: Shatterability) -> str:
    """What would keep a network from fitting all labels."""
    edge = found.edge
    ways = []
    if edge is not None and edge.lower > 1:
        ways.append(f"a step size above {show_upper(edge.eta_max, 3)} would rule that out")
    if found.half_decay is not None:
        ways.append(
            f"weight decay of about {found.half_decay:.1g} leaves the best network found half of the labels' variance"
        )
    if not ways:
        return "No step size at which training is stable at all rules it out"
    words = ", and ".join(ways)
    return words[0].upper() + words[1:]


def _sgd(found: Shatterability) -> str:
    """What the trace adds for SGD, where it decides more than lambda*."""
    trace, edge = found.trace, found.edge
    if trace is None or edge is None or trace.lower <= 1 or found.protection is Protection.PROTECTED:
        return ""
    beyond = show_upper(trace.eta_max, 3)
    if found.eta > trace.eta_max:
        return f"SGD of batch size 1 is stable at no such network at this step size, nor at any above {beyond}"
    if trace.eta_max < edge.eta_max:
        return f"For SGD of batch size 1 any step size above {beyond} is enough"
    return ""


def _certainty(evidence: Trust) -> str:
    return {
        Trust.PROVED: "The verdict is certain: proved, rounding included",
        Trust.FLOAT_CERTIFIED: "The verdict is certain up to rounding errors, which are estimated, not proved",
        Trust.HEURISTIC: "The verdict rests on what a search found, and is not certain",
    }[evidence]


def difference(one: Shatterability, other: Shatterability) -> str:
    """Why two scalings of the same table have different answers, or that they agree."""

    def sizes(found: Shatterability) -> tuple[float, float]:
        return float(np.linalg.norm(found.X, axis=1).max()), float(np.ptp(found.y)) / 2

    (r1, s1), (r2, s2) = sizes(one), sizes(other)
    words = f"norms reach {r1:.3g}, labels stay within {s1:.3g} of their middle in the first, {r2:.3g} and {s2:.3g} in the other"
    if one.protection is other.protection:
        return f"The answers agree, though they are two questions, since lambda_max depends on both scales: {words}."
    return f"The answers differ because lambda_max depends on the scales of features and labels: {words}."


def glossary(words: list[str]) -> list[str]:
    """The lines for those words of the trade that occur in a text."""
    return [f"{word}: {meaning}" for word, meaning in GLOSSARY.items() if any(word in line for line in words)]


def plain_numbers(found: Shatterability) -> dict[str, float | None]:
    """The step sizes and the decay that the paragraph speaks of."""
    edge, trace = found.edge, found.trace
    return {
        "eta_memorises_below": None if edge is None or not math.isfinite(edge.upper) else edge.eta_ok,
        "eta_protects_above": None if edge is None else edge.eta_max,
        "eta_protects_sgd_above": None if trace is None else trace.eta_max,
        "decay_half": found.half_decay,
    }
