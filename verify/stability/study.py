"""The stability sweep as a function: draw networks, measure every claim, report the distribution of the slack."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from verify.command import Progress
from verify.outcome import Interval, Outcome, Relation, Report, Verdict, judged
from verify.stability.claims import CLAIMS, Measured, measure_case
from verify.stability.networks import KINDS, sweep_cases
from verify.stability.setting import StabilitySetting

_QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)


@dataclass(frozen=True, eq=False)
class Sweep:
    """Every claim on every network."""

    setting: StabilitySetting
    measured: tuple[Measured, ...]

    @property
    def tightest(self) -> Measured:
        """A counterexample if there is one, else the measurement with the largest ratio of seminorm to bound."""
        refuted = [m for m in self.measured if m.verdict is Verdict.REFUTED]
        return refuted[0] if refuted else max(self.measured, key=lambda m: m.ratio)

    def arrays(self) -> dict[str, Any]:
        """The tightest network with its sample, as ``python -m verify.sharpness`` reads them."""
        case = self.tightest.case
        return case.network.arrays | {"X": case.X, "y": case.y}


def run_sweep(setting: StabilitySetting) -> tuple[Sweep, Report]:
    """Draw the networks and measure every claim on each; progress goes to stderr.

    Examples
    --------
    >>> sweep, report = run_sweep(StabilitySetting.parse([2], 20, networks=10))
    >>> {o.verdict.value for o in report.outcomes}
    {'proved'}
    """
    cells = [(dim, at, kind) for dim in setting.dims for at, kind in enumerate(KINDS)]
    measured: list[Measured] = []
    with Progress(len(cells)) as progress:
        for place, (dim, at, kind) in enumerate(cells):
            # As evenly as possible, the first cells one more.
            count = setting.networks // len(cells) + (place < setting.networks % len(cells))
            progress.step(f"{count} networks in dimension {dim}: {kind.name}")
            for case in sweep_cases(dim, setting.n, count, setting.seed, kind, at, setting.device):
                measured += measure_case(case, setting.eta, setting.device)
    sweep = Sweep(setting, tuple(measured))
    title = f"Stability sweep: {setting.networks} networks, n = {setting.n}, seed {setting.seed}"
    return sweep, Report(title, setting.as_json(), _facts(sweep), summarise(sweep.measured), progress.timing)


def summarise(measured: Sequence[Measured]) -> list[Outcome]:
    """One outcome per claim: proved if proved on every network, refuted if on any."""
    found = []
    for claim in CLAIMS:
        mine = [m for m in measured if m.claim.name == claim.name]
        words = f"{claim.words}; least slack of {len(mine)} networks"
        if not mine:
            obstacle = "no network of the sweep meets its hypotheses"
            found.append(
                judged(claim.name, claim.key, words, None, Relation.AT_LEAST, 0, claim.status, obstacle=obstacle)
            )
            continue
        verdicts = [m.verdict for m in mine]
        slack = np.array([m.slack.lower for m in mine])
        least, tightest = mine[int(np.argmin(slack))], max(mine, key=lambda m: m.ratio)
        evidence: dict[str, object] = {
            "proved": verdicts.count(Verdict.PROVED),
            "within rounding": verdicts.count(Verdict.UNDECIDED),
            "refuted": verdicts.count(Verdict.REFUTED),
            "slack quantiles": {f"{q:g}": float(np.quantile(slack, q)) for q in _QUANTILES},
            "largest seminorm / bound": tightest.ratio,
            "least slack at": _place(least),
            "largest ratio at": _place(tightest),
        }
        if Verdict.REFUTED in verdicts:
            evidence["counterexample at"] = _place(next(m for m in mine if m.verdict is Verdict.REFUTED))
        # The least slack of all networks lies between the least of the lower and the least of the upper ends.
        least_slack = Interval(float(slack.min()), min(m.slack.upper for m in mine))
        found.append(judged(claim.name, claim.key, words, least_slack, Relation.AT_LEAST, 0, claim.status, evidence))
    return found


def _place(m: Measured) -> dict[str, object]:
    """Which network; with the seed of the sweep it can be made again."""
    case = m.case
    return {
        "dim": case.dim,
        "kind": case.kind,
        "number": case.number,
        "width": case.network.width,
        "lambda_max": m.lambda_max,
        "points": m.points,
    }


def _facts(sweep: Sweep) -> dict[str, dict[str, object]]:
    """By kind of network: how many, and how close to equality Thm 3.2 comes."""
    facts: dict[str, dict[str, object]] = {}
    for kind in KINDS:
        mine = [m for m in sweep.measured if m.case.kind == kind.name and m.claim is CLAIMS[1]]
        if mine:
            slack = np.array([m.slack.lower for m in mine])
            facts[kind.name] = {
                "what": kind.words,
                "networks": len(mine),
                "least slack (Thm 3.2, sharper)": float(slack.min()),
                "median": float(np.median(slack)),
                "largest seminorm / bound": max(m.ratio for m in mine),
            }
    return facts
