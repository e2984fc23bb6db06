"""The bounds on the seminorm as claims, each decided on one network with rounding under control.

Bounds grow with lambda_max, the loss and the radius. Their lower ends give a lower end of the bound, so that
"upper end of the seminorm <= lower end of the bound" is a proof for this network; a violation is proved the other way
round.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from sympy import Expr, Rational, sqrt

from boundcalc.enclosure import enclose
from boundcalc.exact import rational
from boundcalc.statement import Status
from boundcalc.statements.extra_symbols import n_S
from boundcalc.statements.stability import (
    STABILITY_SEMINORM,
    STABILITY_SEMINORM_SHARP,
    STABLE_MINIMA_SEMINORM,
    THEOREM_E,
)
from boundcalc.symbols import L, R, eta, lam, n
from verify.hessian import Sharpness, sharpness
from verify.hessian.rounding import UNIT
from verify.outcome import Interval, Relation, Verdict, judge
from verify.stability.enclosure import SampleBounds
from verify.stability.networks import Case

Float = NDArray[np.float64]
_MOST_SUBSETS = 48


@dataclass(frozen=True)
class Claim:
    """An upper bound of the seminorm.

    Attributes
    ----------
    name, key : str
        ``key`` is that of the theorem.
    expr : sympy.Expr
        The bound in lambda_max (or eta), L and R; for ``local`` claims with |S| = n.
    stable_only : bool
        Whether it needs lambda_max <= 2/eta.
    local : bool
        Whether it is tested on subsets of the sample.
    """

    name: str
    key: str
    words: str
    status: Status
    expr: Expr
    stable_only: bool = False
    local: bool = False


_LOCAL = THEOREM_E.bounds["seminorm on S"].expr
# Lemma C.1 bounds a neuron's second derivative by 2(R + 1), where sqrt(R^2 + 1) is right.
CLAIMS: tuple[Claim, ...] = (
    Claim("Thm 3.2, R + 1", "stability-seminorm", "seminorm at most lambda_max/2 - 1/2 + (R+1) sqrt(2L)",
          Status.PAPER, STABILITY_SEMINORM.bound.expr),
    Claim("Thm 3.2, sharper", "stability-seminorm-sharp",
          "seminorm at most lambda_max/2 - 1/2 + sqrt(R^2+1)/2 sqrt(2L)",
          Status.DERIVED, STABILITY_SEMINORM_SHARP.bound.expr),
    Claim("Cor 3.3, R + 1", "stable-minima-seminorm", "where lambda_max <= 2/eta: seminorm at most Thm 3.2 at 2/eta",
          Status.PAPER, STABLE_MINIMA_SEMINORM.bounds["seminorm"].expr, stable_only=True),
    Claim("Cor 3.3, sharper", "stable-minima-seminorm", "the same with sqrt(R^2+1)/2",
          Status.DERIVED, STABLE_MINIMA_SEMINORM.bounds["seminorm, sharper constant"].expr, stable_only=True),
    Claim("Theorem E, 2(R + 1)", "theorem-e", "on every tested proper subset: seminorm at most Theorem E, Lemma C.1",
          Status.DERIVED, _LOCAL.subs(sqrt(R**2 + 1), 2 * (R + 1)).subs(n_S, n), local=True),
    Claim("Theorem E, sharper", "theorem-e", "the same with sqrt(R^2+1)",
          Status.DERIVED, _LOCAL.subs(n_S, n), local=True),
)  # fmt: skip


@dataclass(frozen=True)
class Measured:
    """One claim on one network.

    Attributes
    ----------
    slack : Interval
        Bound minus seminorm, enclosed; of local claims for the subset with the least slack.
    ratio : float
        Seminorm over bound, rounded up, on the subset where it is largest; 0 for a network without norm.
    points : int
        Points of the subset with the least slack.
    """

    case: Case
    claim: Claim
    slack: Interval
    ratio: float
    points: int
    lambda_max: float

    @property
    def verdict(self) -> Verdict:
        """PROVED or REFUTED where the enclosure of the slack decides."""
        return judge(self.slack, Relation.AT_LEAST, 0)


def subsets_of(case: Case, rng: np.random.Generator) -> Float:
    """Indicators (S, n): the whole sample, active sets and their complements, single points, random subsets."""
    count = len(case.X)
    active = case.network.preactivations(case.X) > 0
    size = np.abs(case.network.v) * np.linalg.norm(case.network.W, axis=1)
    heaviest = np.argsort(-size, kind="stable")[:_MOST_SUBSETS]
    points = rng.permutation(count)[:_MOST_SUBSETS]
    drawn = rng.random((_MOST_SUBSETS, count)) < rng.uniform(0, 1, (_MOST_SUBSETS, 1))
    rows = [np.ones((1, count), bool), active[:, heaviest].T, ~active[:, heaviest].T, np.eye(count, dtype=bool)[points]]
    subsets = np.concatenate([*rows, drawn])
    subsets = np.unique(subsets[subsets.any(axis=1)], axis=0)
    return np.asarray(subsets, dtype=np.float64)


def measure_case(case: Case, step: Fraction, device: str = "cpu") -> list[Measured]:
    """Every claim on a network; those that need a stable one only where lambda_max <= 2/``step`` is proved."""
    number = case.number
    sample = SampleBounds(case.network, case.X, case.y)
    top = sharpness(case.network, case.X, case.y, seed=number, device=None if device == "cpu" else device)
    subsets = subsets_of(case, np.random.default_rng([case.dim, number]))
    whole = subsets.all(axis=1)
    norms = sample.seminorm(subsets)
    lower, upper = norms.lower, norms.upper
    stable = top.proved and judge(top.interval, Relation.AT_MOST, 2 / step) is Verdict.PROVED
    found = []
    for claim in CLAIMS:
        if claim.stable_only and not stable:
            continue
        rows = ~whole if claim.local else whole
        share = len(case.X) / subsets[rows].sum(axis=1)
        low, high = _bound(claim, sample, top, step)
        bound_low, bound_high = share * low * (1 - 4 * UNIT) - 0.5, share * high * (1 + 4 * UNIT) - 0.5
        least = np.nextafter(np.nextafter(bound_low, -np.inf) - upper[rows], -np.inf)
        most = np.nextafter(np.nextafter(bound_high, np.inf) - lower[rows], np.inf)
        # What is left of zero when both sides vanish exactly, as for a network that is active nowhere.
        least = np.where((upper[rows] == 0) & (low >= 0.5), np.maximum(least, 0), least)
        at = int(np.argmin(least))
        used = upper[rows] > 0
        ratios = upper[rows][used] / np.maximum(bound_low[used], 1e-300)
        points = round(float(subsets[rows][at].sum()))
        slack = Interval(float(least[at]), float(most[at]))
        found.append(Measured(case, claim, slack, float(ratios.max(initial=0)), points, top.value))
    return found


def _bound(claim: Claim, sample: SampleBounds, top: Sharpness, step: Fraction) -> tuple[float, float]:
    """The bound plus 1/2 for the whole sample, enclosed. It is at least 1/2, so that relative precision is no matter."""
    raised = claim.expr + Rational(1, 2)
    ends = []
    for end, value in ((0, top.lower), (1, top.upper)):
        if not math.isfinite(value):
            ends.append(math.inf)
            continue
        loss, radius = ((x.upper if end else x.lower) for x in (sample.loss, sample.radius))
        values = {lam: Rational(value), eta: rational(step), L: Rational(loss), R: Rational(radius)}
        ends.append(enclose(raised, values | {n: Rational(len(sample.X))}).floats[end])
    return ends[0], ends[1]
