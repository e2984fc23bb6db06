"""Grids of settings run in local processes or on a cluster, with finished cells in a store that survives anything."""

from verify.sweep.export import table_rows, write_csv, write_parquet
from verify.sweep.options import SweepOptions, add_sweep_options, sweep_options
from verify.sweep.store import FinishedCell, Store, read_store
from verify.sweep.sweep import Plan, Sweep, SweepResult, grid, plan_sweep, run_sweep

__all__ = [
    "FinishedCell",
    "Plan",
    "Store",
    "Sweep",
    "SweepOptions",
    "SweepResult",
    "add_sweep_options",
    "grid",
    "plan_sweep",
    "read_store",
    "run_sweep",
    "sweep_options",
    "table_rows",
    "write_csv",
    "write_parquet",
]
