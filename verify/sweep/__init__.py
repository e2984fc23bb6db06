"""Grids of settings run in local processes or on a cluster, with finished cells in a store that survives anything."""

from verify.sweep.export import table_rows, write_csv, write_parquet
from verify.sweep.options import SweepOptions
from verify.sweep.store import FinishedCell, Store, read_store
from verify.sweep.sweep import Plan, Sweep, SweepResult, grid, plan_sweep, run_sweep

__all__ = [
    "FinishedCell",
    "Plan",
    "Store",
    "Sweep",
    "SweepOptions",
    "SweepResult",
    "grid",
    "plan_sweep",
    "read_store",
    "run_sweep",
    "table_rows",
    "write_csv",
    "write_parquet",
]
