"""A network of a file, compressed for the points of a table."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from boundcalc.options import choice
from boundcalc.statements.networks import REPRESENTER_WIDTH
from constructions.network import read_arrays
from verify.command import asked
from verify.compress.claims import outcomes
from verify.compress.layer import Compressed, compress
from verify.compress.network import VectorNetwork
from verify.outcome import Report
from verify.shatterability.scaling import Scale
from verify.shatterability.table_setting import TableColumns, points_for


@dataclass(frozen=True)
class CompressSetting(TableColumns):
    """The network, its data, and how far rounding may go."""

    model: str = asked("model")
    data: str = asked("data")
    features: Scale = asked("features", reader=choice(Scale))
    tol: float = asked("tol")


def compress_report(setting: CompressSetting) -> tuple[Compressed, Report]:
    """Read, compress, certify.

    Raises
    ------
    ValueError
        For files that can't be read or don't fit each other.
    """
    network = VectorNetwork.of(read_arrays("MODEL", Path(setting.model)))
    table = setting.read(setting.data)
    dim = network.W.shape[1]
    X = points_for(dim, table, setting.features, "--data")
    found = compress(network, X, tol=setting.tol)
    facts: dict[str, dict[str, object]] = {
        "network": {"neurons": len(network.W), "dim": dim, "outputs": network.v.shape[1], "points": len(X)},
        "compressed": {
            "neurons": found.width,
            "largest difference of outputs": float(found.difference.upper),
            "largest sum of absolute contributions": float(found.size.max()),
            "cost": float(found.cost.upper),
            "cost before": float(found.cost_before.upper),
            "rank of activations": found.feature_rank,
            "rank of outputs": found.output_rank,
        },
    }
    judgements = outcomes(found, REPRESENTER_WIDTH, Fraction(str(setting.tol)), "compress")
    return found, Report(f"{setting.model} on {setting.data}", setting.as_json(), facts, judgements)
