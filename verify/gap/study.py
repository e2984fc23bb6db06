"""A trained network against the memorisation and trace edges of its own outputs."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from boundcalc.options import choice
from boundcalc.statement import Status
from constructions.network import Network, read_arrays
from verify.command import Progress, asked
from verify.outcome import Relation, Report, judged
from verify.shatterability.gap import ModelGap, model_gap
from verify.shatterability.scaling import Scale
from verify.shatterability.table_setting import TableSetting, points_for


@dataclass(frozen=True)
class GapSetting(TableSetting):
    """The network, its table, and how long to search."""

    model: str = asked("model")
    features: Scale = asked("features", reader=choice(Scale))
    eta: Fraction = asked("eta", "0.5")
    time: Fraction = asked("time")
    seed: int = asked("seed")


def gap_report(setting: GapSetting) -> tuple[ModelGap, Report]:
    """Read, enclose, compare.

    Raises
    ------
    ValueError
        For files that can't be read or don't fit each other, and for a network whose sharpness is beyond float64.
    """
    arrays = read_arrays("MODEL", Path(setting.model))
    missing = [name for name in ("W", "b", "v", "beta") if name not in arrays]
    if missing:
        raise ValueError(f"MODEL must hold W, b, v and beta; {setting.model!r} lacks {', '.join(missing)}")
    network = Network.of(arrays)
    table = setting.table()
    X = points_for(network.dim, table, setting.features, "FILE")
    with Progress() as progress:
        try:
            found = model_gap(
                network, X, table.y,
                time_limit=float(setting.time), seed=setting.seed, progress=progress.note,
            )  # fmt: skip
        except OverflowError as error:
            raise ValueError(str(error)) from error
    edge, trace = found.edge, found.trace_edge
    facts: dict[str, dict[str, object]] = {
        "network": {"neurons": network.width, "dim": network.dim, "points": len(X), "loss": found.loss},
        "lambda_max": {
            "of the network": {"lower": found.sharpness.lower, "upper": found.sharpness.upper},
            "least with its outputs": {"lower": edge.lower, "upper": edge.upper},
            "residuals take at most": found.curvature,
            "least with its outputs and residuals": found.bound,
            "gap": found.gap,
        },
        "trace": {
            "of the network": found.trace,
            "least with its outputs": {"lower": trace.lower, "upper": trace.upper},
            "gap": found.trace_gap,
        },
    }
    stable = judged(
        "flatness", "LQWP25, Proposition 2.1",
        f"stable at eta = {setting.eta}: lambda_max of the Hessian of the loss is at most 2/eta",
        found.sharpness.interval, Relation.AT_MOST, 2 / setting.eta, None,
    )  # fmt: skip
    bounds = [
        judged(name, "docs/proofs.md", words, measured, Relation.AT_LEAST, bound, Status.DERIVED, floats=found.evidence)
        for name, words, measured, bound in (
            ("sharpness", "lambda_max is at least lambda*(f(X)) - max gamma", found.sharpness.upper, found.bound),
            ("trace", "the trace is at least tr*(f(X))", found.trace, trace.lower),
        )
    ]
    return found, Report(f"{setting.model} on {setting.file}", setting.as_json(), facts, [stable, *bounds])
