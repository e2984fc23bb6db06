"""``python -m verify.sweep STORE``: what a store holds, and its export to CSV and Parquet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from boundcalc.files import check_writable
from verify.command import Parser, run
from verify.outcome import ExitCode
from verify.sweep.export import check_parquet, table_rows, write_csv, write_parquet
from verify.sweep.store import FinishedCell, read_store
from verify.sweep.sweep import duration


def parser() -> Parser:
    """The options."""
    parse = Parser(prog="python -m verify.sweep", description=__doc__)
    parse.add_argument("store", metavar="PATH.db", help="the store")
    parse.add_argument("--sweep", metavar="NAME", help="only this sweep")
    parse.add_argument("--csv", metavar="PATH", help="write one row for each record as CSV")
    parse.add_argument("--parquet", metavar="PATH", help="write one row for each record as Parquet (needs pyarrow)")
    return parse


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


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse, read, print, export."""
    options = parser().parse_args(arguments)
    for option, path in (("--csv", options.csv), ("--parquet", options.parquet)):
        if path is not None:
            check_writable(option, Path(path))
    if options.parquet:
        check_parquet()
    cells = read_store(Path(options.store), options.sweep)
    if options.sweep is not None and not cells:
        known = ", ".join(sorted({cell.sweep for cell in read_store(Path(options.store))})) or "none"
        raise ValueError(f"--sweep must be one of the store's sweeps ({known}), got {options.sweep!r}")
    print(summary(cells))
    rows = table_rows(cells)
    if options.csv:
        write_csv(rows, Path(options.csv))
    if options.parquet:
        write_parquet(rows, Path(options.parquet))
    return ExitCode.FINE


if __name__ == "__main__":
    run(main, "python -m verify.sweep")
