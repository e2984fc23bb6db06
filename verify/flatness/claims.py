"""What is measured of a network on the way, and the verdicts: Theorem F everywhere, SGD's trace, errors, shattering."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from fractions import Fraction

import numpy as np
from scipy.stats import t as student

from boundcalc.enclosure import enclose
from boundcalc.exact import rational
from boundcalc.statement import Status
from boundcalc.statements.extra_symbols import trace
from boundcalc.statements.power_weight import POWER_WEIGHT_MINIMAX
from boundcalc.statements.stability import SGD_STABILITY, TRACE_SEMINORM
from verify.flatness.setting import FlatnessSetting
from verify.outcome import Interval, Outcome, Relation, judged
from verify.shattering.claims import EDGE_BAND
from verify.training.trace import RARE

GD, SGD, LABEL_NOISE, DECAY = METHODS = ("GD", "SGD", "label-noise SGD", "weight decay")

_SHATTERING = "LQWP25, Fig. 3"
_LEVEL = 0.95
# Where the mean squared residual is below this share of the noise, the network counts as a global minimum.
_FITTED = 0.01
Rows = Sequence[Sequence["Measured | None"]]


@dataclass(frozen=True)
class Measured:
    """A recorded network.

    Attributes
    ----------
    sharpness, trace, trace_seminorm : Interval
        Enclosures of lambda_max and the trace of the Hessian, and of Theorem F's seminorm.
    sgd_sharpness : float
        2 over the largest step size at which SGD of batch size 1 is stable, were this a global minimum.
    seminorm : float
        The seminorm of Thm 3.2.
    loss, train_mse, fresh_mse : float
    alive, rare : float
        Share of the neurons active on some point, and among those the share active on at most 10 % of the points.
    """

    sharpness: Interval
    trace: Interval
    trace_seminorm: Interval
    sgd_sharpness: float
    seminorm: float
    loss: float
    train_mse: float
    fresh_mse: float
    alive: float
    rare: float

    def number(self, name: str) -> float:
        """An attribute as a float: of an enclosure the middle."""
        value = getattr(self, name)
        return float(value.lower + value.upper) / 2 if isinstance(value, Interval) else float(value)

    @property
    def slack(self) -> Interval:
        """Bound of Theorem F minus the seminorm, enclosed by its exact ends."""
        low, high = (enclose(TRACE_SEMINORM.bound.expr, {trace: rational(Fraction(end))}).floats[at]
                     for at, end in enumerate((self.trace.lower, self.trace.upper)))  # fmt: skip
        cost = self.trace_seminorm
        return Interval(Fraction(low) - Fraction(cost.upper), Fraction(high) - Fraction(cost.lower))


MEASURES = tuple(field.name for field in fields(Measured))


def last(rows: Rows, name: str) -> list[float]:
    """A number of every repetition at the end; diverged ones are left out."""
    return [row[-1].number(name) for row in rows if row[-1] is not None]


def facts_of(rows: Rows) -> dict[str, object]:
    """Medians over the repetitions at the end, for the report."""
    found: dict[str, object] = {}
    for name in MEASURES:
        values = [value for value in last(rows, name) if not math.isnan(value)]
        found[name] = float(np.median(values)) if values else None
    gone = sum(row[-1] is None for row in rows)
    return found | ({"diverged": gone} if gone else {})


def outcomes_of(setting: FlatnessSetting, measured: Mapping[tuple[int, str], Rows]) -> list[Outcome]:
    """Every verdict."""
    found = [_theorem_f(method, [measured[d, method] for d in setting.dims]) for method in METHODS]
    for d in setting.dims:
        found += _stability_of_sgd(setting, d, measured[d, SGD])
    for d in setting.dims:
        found += _order(setting, d, {method: measured[d, method] for method in METHODS})
    found += _shattering(setting, measured)
    return found


def _theorem_f(method: str, parts: Sequence[Rows]) -> Outcome:
    """The least slack of all recorded networks, enclosed."""
    slacks = [m.slack for rows in parts for row in rows for m in row if m is not None]
    least = Interval(min(s.lower for s in slacks), min(s.upper for s in slacks))
    claim = f"{method}: trace - 1 minus the seminorm with g_tr, the least of {len(slacks)} recorded networks"
    return judged("Theorem F", TRACE_SEMINORM.key, claim, least, Relation.AT_LEAST, 0, TRACE_SEMINORM.status)


def _stability_of_sgd(setting: FlatnessSetting, d: int, rows: Rows) -> Iterator[Outcome]:
    """Global minima at which SGD is stable have a trace, and exactly these a threshold, at most 2/eta; training ends near one."""
    edge = 2 / setting.eta
    obstacle = _no_minimum(setting, rows)
    if obstacle is None and not setting.bias:
        obstacle = "measured in all parameters, but biases are fixed"
    # As for lambda_max at the edge of stability: training hovers at and somewhat above it.
    bound = edge * Fraction(EDGE_BAND[1])
    for name, words in (("trace", "trace"), ("sgd_sharpness", "2 / (largest stable step size of SGD)")):
        measured = float(np.median(last(rows, name) or [math.nan]))
        claim = f"d = {d}, SGD: median {words} at the end, at most {EDGE_BAND[1]:g} (2/eta)"
        yield judged(
            "stability of SGD", SGD_STABILITY.key, claim, None if math.isnan(measured) else measured,
            Relation.AT_MOST, bound, SGD_STABILITY.status, {"2/eta": float(edge)}, obstacle=obstacle,
        )  # fmt: skip


def _no_minimum(setting: FlatnessSetting, rows: Rows) -> str | None:
    """Why SGD's networks at the end are no global minima; None if they are."""
    residual = 2 * float(np.median(last(rows, "loss") or [math.nan]))
    if residual <= _FITTED * max(float(setting.sigma) ** 2, 1e-6):
        return None
    return f"no global minimum, mean squared residual {residual:.2g}"


def _order(setting: FlatnessSetting, d: int, rows: Mapping[str, Rows]) -> Iterator[Outcome]:
    """Ratios of population errors, repetition by repetition; no theorem says which is smaller for one truth and one n.

    The exponents are of classes of flat minima, and that of SGD's trace speaks of stable global minima, where its noise
    vanishes. Elsewhere the noise goes on and turns neurons off: what it leaves is no minimum that an exponent speaks of.
    """
    obstacle = _no_minimum(setting, rows[SGD])
    if obstacle is not None:
        alive = float(np.median(last(rows[SGD], "alive") or [0.0]))
        obstacle = f"SGD has reached {obstacle}, {alive:.2g} of its neurons are alive"
    for small, large in ((DECAY, SGD), (SGD, GD)):
        pairs = [
            (a[-1].fresh_mse, b[-1].fresh_mse)
            for a, b in zip(rows[small], rows[large], strict=True)
            if a[-1] is not None and b[-1] is not None
        ]
        interval = None
        if len(pairs) > 1:
            logs = np.log([a / b for a, b in pairs])
            half = float(student.ppf((1 + _LEVEL) / 2, len(logs) - 1) * logs.std(ddof=1) / math.sqrt(len(logs)))
            centre = float(logs.mean())
            interval = Interval(
                math.exp(centre - half), math.exp(centre + half), f"confidence interval, level {_LEVEL}"
            )
        claim = f"d = {d}: population error of {small} over that of {large}, as exponents order them"
        yield judged(
            "order of errors", POWER_WEIGHT_MINIMAX.key, claim, interval, Relation.BELOW, 1, None, obstacle=obstacle
        )


def _shattering(setting: FlatnessSetting, measured: Mapping[tuple[int, str], Rows]) -> Iterator[Outcome]:
    """With biases neurons get away from the data; a hyperplane through 0 has data on both sides."""
    shares = {
        method: [r for d in setting.dims for r in last(measured[d, method], "rare") if not math.isnan(r)]
        for method in METHODS
    }
    words = f"alive neurons that are active on at most {RARE:.0%} of the data"
    if not setting.bias:
        for method, found in shares.items():
            claim = f"{method} without biases: no {words}, largest share"
            value = max(found, default=None)
            yield judged("shattering", _SHATTERING, claim, value, Relation.AT_MOST, 0, Status.NUMERIC)
        return
    means = {method: float(np.mean(found)) if found else None for method, found in shares.items()}
    for method in METHODS[:-1]:
        claim = f"{method}: more {words} than with weight decay, mean share"
        yield judged("shattering", _SHATTERING, claim, means[method], Relation.ABOVE, means[DECAY], Status.NUMERIC)
