"""The options that every command with a sweep has."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from boundcalc.files import check_writable
from verify.command import Setting, asked
from verify.sweep.executor import check_cluster, usable_cores
from verify.sweep.sweep import Sweep, SweepResult, plan_sweep, run_sweep


@dataclass(frozen=True)
class SweepOptions(Setting):
    """Where and how a sweep runs; no result depends on it.

    Examples
    --------
    >>> SweepOptions.parse(jobs=2).jobs
    2
    """

    store: Path | None = asked("store")
    jobs: int | None = asked("jobs")
    cluster: str | None = asked("cluster")
    dry_run: bool = asked("dry_run")

    def __post_init__(self) -> None:
        if self.cluster is not None:
            check_cluster(self.cluster)
            if self.jobs is not None:
                raise ValueError("jobs counts local processes; with --cluster the workers decide, pass one of them")

    @classmethod
    def complete(cls, values: dict[str, Any]) -> dict[str, Any]:
        """The store as a path that can be written."""
        if values["store"] is None:
            return values
        store = Path(values["store"])
        check_writable("--store", store)
        return values | {"store": store}

    def plan(self, sweep: Sweep) -> str:
        """The grid and an estimate of its cost, as text."""
        return plan_sweep(sweep, self.store).text(self.jobs or usable_cores())

    def run(self, sweep: Sweep) -> SweepResult:
        """Run what the store does not hold yet."""
        return run_sweep(sweep, self.store, jobs=self.jobs, cluster=self.cluster)
