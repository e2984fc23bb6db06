"""``python -m verify.sweep STORE``: what a store holds, and its export to CSV and Parquet."""

from __future__ import annotations

if __name__ == "__main__":  # before the imports below, so that an interruption there is one line as well
    from boundcalc import border

    border.run("verify.sweep.__main__:command", "python -m verify.sweep")

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from boundcalc.command import Command
from boundcalc.files import check_writable
from verify.command import OPTIONS
from verify.outcome import ExitCode
from verify.sweep.export import check_parquet, table_rows, write_csv, write_parquet
from verify.sweep.store import FinishedCell, read_store
from verify.sweep.sweep import duration


def summary(cells: Sequence[FinishedCell]) -> str:
    """Cells, records and time of each sweep."""
    lines = []
    for name, version in dict.fromkeys((cell.sweep, cell.version) for cell in cells):
        own = [cell for cell in cells if (cell.sweep, cell.version) == (name, version)]
        records = sum(len(cell.records) for cell in own)
        time = duration(sum(cell.seconds for cell in own))
        first, last = own[0].finished[:16], own[-1].finished[:16]
        lines.append(f"{name}: {len(own)} cells, {records} records, {time}, {first} to {last} UTC, version {version}")
    return "\n".join(lines) or "no finished cells"


def export(typed: Mapping[str, Any]) -> int:
    """Read, write what was asked for, print; the exit code."""
    store, sweep = Path(typed["file"]), typed["sweep"]
    targets = {name: Path(typed[name]) for name in ("csv", "parquet") if typed[name] is not None}
    for name, path in targets.items():
        check_writable(f"--{name}", path)
    if "parquet" in targets:
        check_parquet()
    cells = read_store(store, sweep)
    if sweep is not None and not cells:
        known = ", ".join(sorted({cell.sweep for cell in read_store(store)})) or "none"
        raise ValueError(f"--sweep must be one of the store's sweeps ({known}), got {sweep!r}")
    rows = table_rows(cells)
    for name, path in targets.items():
        (write_csv if name == "csv" else write_parquet)(rows, path)
    print(summary(cells))
    return ExitCode.FINE


command = Command(
    "sweep",
    export,
    [OPTIONS[name] for name in ("sweep", "csv", "parquet")],
    help="Say what a store of finished trainings holds, and export it to CSV or Parquet.",
    example="rates.db --csv rates.csv",
    arguments=(OPTIONS["file"],),
)
main = command.run_on
