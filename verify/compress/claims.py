"""What is claimed of a compressed network, judged."""

from __future__ import annotations

from fractions import Fraction

from boundcalc.statement import Theorem
from boundcalc.statements.networks import FEATURE_RANK, OUTPUT_RANK
from verify.compress.layer import Compressed
from verify.outcome import Outcome, Relation, judged, stated


def outcomes(found: Compressed, theorem: Theorem, tol: Fraction, check: str, where: str = "") -> list[Outcome]:
    """Same outputs on the data, no larger cost, and no more neurons than the ranks' product.

    Parameters
    ----------
    found : Compressed
    theorem : Theorem
        ``representer-width``.
    tol : Fraction
        What rounding may change, relatively.
    check, where : str
        Name of the check, and the end of each claim.
    """
    ranks = {FEATURE_RANK: found.feature_rank, OUTPUT_RANK: found.output_rank}
    bound = stated(theorem.bounds["width of a layer"].expr, ranks)
    return [
        judged(check, theorem.key, f"outputs on the data: relative difference, rounding included{where}", found.relative,
               Relation.AT_MOST, tol, theorem.status, {"largest difference": float(found.difference.upper)}),
        judged(check, theorem.key, f"cost sum |v_k| |w_k| is no larger, but for rounding{where}", found.cost,
               Relation.AT_MOST, found.cost_before * (1 + tol), theorem.status),
        judged(check, theorem.key, f"neurons, at most rank(activations) rank(outputs) at the data{where}", found.width,
               Relation.AT_MOST, bound, theorem.status, obstacle=found.obstacle),
    ]  # fmt: skip
