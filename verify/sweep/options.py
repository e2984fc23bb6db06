"""The options that every command with a sweep has."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from dataclasses import dataclass
from pathlib import Path

from boundcalc.exact import describe, exact_rational
from boundcalc.files import check_writable
from verify.sweep.executor import check_cluster, usable_cores
from verify.sweep.sweep import Sweep, SweepResult, plan_sweep, run_sweep

__all__ = ["SweepOptions", "add_sweep_options", "sweep_options"]


def add_sweep_options(parser: ArgumentParser) -> None:
    """Add --store, --jobs, --cluster and --dry-run."""
    group = parser.add_argument_group("sweep")
    group.add_argument("--store", metavar="PATH.db", help="keep finished runs there; a second start skips them")
    group.add_argument("--jobs", metavar="COUNT", help="local processes (default: one for each core)")
    group.add_argument("--cluster", metavar="tcp://HOST:PORT", help="run on the Dask cluster with this scheduler")
    group.add_argument("--dry-run", action="store_true", help="print the grid and an estimate of its cost, run nothing")


@dataclass(frozen=True)
class SweepOptions:
    """Where and how a sweep runs; no result depends on it."""

    store: Path | None = None
    jobs: int | None = None
    cluster: str | None = None
    dry_run: bool = False

    def plan(self, sweep: Sweep) -> str:
        """The grid and an estimate of its cost, as text."""
        return plan_sweep(sweep, self.store).text(self.jobs or usable_cores())

    def run(self, sweep: Sweep) -> SweepResult:
        """Run what the store does not hold yet."""
        return run_sweep(sweep, self.store, jobs=self.jobs, cluster=self.cluster)


def sweep_options(options: Namespace) -> SweepOptions:
    """Check the parsed options.

    Raises
    ------
    ValueError
        Naming the option, what arrived and what to pass.
    """
    jobs = None
    if options.jobs is not None:
        number = exact_rational("--jobs", options.jobs)
        if not number.is_Integer or not 1 <= number <= 4096:
            raise ValueError(f"--jobs must be an integer from 1 to 4096, got {describe(options.jobs)}")
        jobs = int(number)
    if options.cluster is not None:
        check_cluster(options.cluster)
        if jobs is not None:
            raise ValueError("--jobs counts local processes; with --cluster the workers decide, pass one of them")
    store = None if options.store is None else Path(options.store)
    if store is not None:
        check_writable("--store", store)
    return SweepOptions(store, jobs, options.cluster, options.dry_run)
