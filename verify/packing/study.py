"""The packing job as a function: build, check, report."""

from __future__ import annotations

import time

from verify.command import Progress
from verify.outcome import Outcome, Report
from verify.packing.artefact import Artefact, build_artefact
from verify.packing.checks import CHECKS
from verify.packing.setting import AtomKind, PackingSetting


def packing_report(setting: PackingSetting) -> tuple[Artefact, Report]:
    """Build the packing of a setting and run every check on it; progress goes to stderr.

    Examples
    --------
    >>> artefact, report = packing_report(PackingSetting.parse(3, 500, scaling=False))
    >>> artefact.packing.size, int(report.exit_code)
    (28, 0)
    """
    checks = {name: check for name, check in CHECKS.items() if setting.scaling or name != "scaling"}
    start = time.perf_counter()
    with Progress(len(checks) + 2) as progress:
        artefact = build_artefact(setting, progress.step)
        outcomes: list[Outcome] = []
        timing = {"build": time.perf_counter() - start}
        for name, check in checks.items():
            progress.step(name)
            begun = time.perf_counter()
            outcomes += check(setting, artefact)
            timing[name] = time.perf_counter() - begun
    timing["total"] = time.perf_counter() - start
    title = f"Packing of {artefact.packing.size} caps in dimension {setting.dim}, n = {setting.n}, seed {setting.seed}"
    if setting.atoms is not AtomKind.CAP:
        title += f": {artefact.atoms.size} {setting.atoms.value} atoms"
    return artefact, Report(title, setting.as_json(), {"packing": artefact.facts()}, outcomes, timing)
