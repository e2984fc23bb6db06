"""The caps are pairwise disjoint, as many as guaranteed, and no more than volume allows."""

from __future__ import annotations

import math
from collections.abc import Iterator

from boundcalc import cap
from boundcalc.exact import rational
from boundcalc.statement import Status
from boundcalc.statements.caps import PACKING_SIZE
from verify.outcome import Outcome, Verdict
from verify.packing.artefact import Artefact
from verify.packing.checks.base import Check
from verify.packing.setting import PackingSetting


def run(setting: PackingSetting, artefact: Artefact) -> Iterator[Outcome]:
    """Disjointness by certificate, then the size against both explicit bounds."""
    packing = artefact.packing
    certificate = packing.certificate
    height = rational(packing.height)
    yield Outcome(
        NAME,
        PACKING_SIZE.key,
        f"{packing.size} disjoint caps: inner products at most 2(1-h)^2 - 1",
        float(certificate.bound.upper),
        float(certificate.cosine),
        {True: Verdict.PROVED, False: Verdict.REFUTED, None: Verdict.UNDECIDED}[certificate.holds],
        Status.DERIVED,
        {"method": certificate.bound.method, "limit": str(certificate.cosine)},
    )
    if setting.d == 1:
        yield Outcome(
            NAME,
            PACKING_SIZE.key,
            "as many caps as the interval has ends",
            packing.size,
            2,
            Verdict.PROVED if packing.size == 2 else Verdict.REFUTED,
            Status.DERIVED,
            {"height": str(packing.height)},
            relation="=",
        )
        return
    guaranteed = cap.packing_existence.enclose(setting.d, height)
    enough = guaranteed.at_most(packing.size) is True
    yield Outcome(
        NAME,
        PACKING_SIZE.key,
        "as many caps as guaranteed, 1/sigma_d(2 theta)" if enough else "fewer caps than exist, 1/sigma_d(2 theta)",
        packing.size,
        guaranteed.floats[0],
        Verdict.PROVED if enough else Verdict.UNDECIDED,
        Status.DERIVED,
        {"log10_bound": guaranteed.log10[0]},
        relation=">=",
    )
    most = cap.packing_volume.enclose(setting.d, height)
    yield Outcome(
        NAME,
        PACKING_SIZE.key,
        "no more caps than volume allows, 1/sigma_d(theta)",
        packing.size,
        min(most.floats[0], math.inf),
        Verdict.PROVED if most.at_least(packing.size) else Verdict.REFUTED,
        Status.DERIVED,
        {"log10_bound": most.log10[0]},
    )


NAME = "disjoint caps"
CHECK = Check(NAME, run)
