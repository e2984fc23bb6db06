"""Sup norm and L2 norm of single atoms by independent channels; the Gram matrix where atoms overlap."""

from __future__ import annotations

from collections.abc import Iterator

from verify.outcome import Outcome
from verify.packing.artefact import Artefact, stream
from verify.packing.checks.base import Check
from verify.packing.setting import PackingSetting


def run(setting: PackingSetting, artefact: Artefact) -> Iterator[Outcome]:
    """What the atoms can say of themselves."""
    for reading in artefact.atoms.readings(stream(setting.seed, "monte carlo")):
        yield Outcome(
            NAME,
            artefact.atoms.theorem,
            reading.claim,
            reading.measured,
            reading.bound,
            reading.verdict,
            reading.status,
            {**reading.evidence, "seed": setting.seed},
            relation=reading.relation,
        )


NAME = "atom norms"
CHECK = Check(NAME, run)
