"""``python -m verify.shatterability FILE``: does flatness keep a network from memorising this table?"""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from boundcalc.exact import exact_rational
from boundcalc.files import save_figure, write_atomically
from verify.command import Parser, Progress, check_outputs, run
from verify.outcome import ExitCode
from verify.shatterability.edge import MOST_COLUMNS
from verify.shatterability.job import Protection, Shatterability, shatterability
from verify.shatterability.render import json_text, text
from verify.shatterability.scaling import Scale, rescale
from verify.shatterability.table import read_table


def parser() -> Parser:
    """The options."""
    parse = Parser(prog="python -m verify.shatterability", description=__doc__)
    parse.add_argument(
        "file", metavar="FILE", help="table: .csv with a header line, .parquet, or .npz with X and labels"
    )
    parse.add_argument("--target", metavar="COLUMN", help="column of the labels (default y)")
    parse.add_argument("--drop", default="", metavar="A,B", help="columns to leave out")
    parse.add_argument("--eta", default="0.5", help="step size (default 0.5)")
    parse.add_argument("--wd", metavar="DECAY", help="weight decay for which to say what it lets a network memorise")
    names = ", ".join(scale.value for scale in Scale)
    parse.add_argument("--scale", default=Scale.AS_IS.value, help=f"of the points: {names} (default as-is)")
    parse.add_argument("--bound", metavar="D", help="labels lie in [-D, D]: also answer for the worst such labels")
    parse.add_argument(
        "--columns",
        default=str(MOST_COLUMNS),
        help=f"list up to so many hyperplanes, beyond, search (default {MOST_COLUMNS})",
    )
    parse.add_argument("--time", default="60", help="seconds to spend, roughly (default 60)")
    parse.add_argument("--seed", default="0", help="seed of everything random (default 0)")
    parse.add_argument("--checkpoint", metavar="PATH.npz", help="save hull margins there; go on from it if it exists")
    parse.add_argument("--json", metavar="PATH|-", help="write the report as JSON; - prints it")
    parse.add_argument("--save", metavar="PATH.npz", help="write the interpolating network with X and y")
    parse.add_argument("--plot", metavar="PATH", help="draw what is memorisable, margins, depths (png, svg, pdf)")
    return parse


def _positive(option: str, given: str | None) -> float | None:
    if given is None:
        return None
    value = float(exact_rational(option, given))
    if not value > 0:
        raise ValueError(f"{option} must be positive, got {given!r}")
    return value


def _scale(name: str) -> Scale:
    try:
        return Scale(name)
    except ValueError:
        raise ValueError(f"--scale must be one of {', '.join(s.value for s in Scale)}, got {name!r}") from None


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse, read, compute, report; the exit code: 0 for an answer, 3 for undecided."""
    options = parser().parse_args(arguments)
    eta, wd = _positive("--eta", options.eta), _positive("--wd", options.wd)
    bound, limit = _positive("--bound", options.bound), _positive("--time", options.time)
    seed, columns = exact_rational("--seed", options.seed), exact_rational("--columns", options.columns)
    for option, given, value in (("--seed", options.seed, seed), ("--columns", options.columns, columns)):
        if value.q != 1 or value < 0:
            raise ValueError(f"{option} must be a nonnegative integer, got {given!r}")
    scale = _scale(options.scale)
    check_outputs(json=options.json, save=options.save, plot=options.plot)
    table = read_table(Path(options.file), options.target, [name for name in options.drop.split(",") if name])
    scaled = rescale(table.X, scale)
    with Progress() as progress:
        found = shatterability(
            scaled.X,
            table.y,
            eta or 0.5,
            decay=wd,
            bound=bound,
            time_limit=limit or 60.0,
            seed=int(seed),
            most_columns=int(columns),
            progress=progress.note,
            checkpoint=Path(options.checkpoint) if options.checkpoint else None,
        )
    n, d = scaled.X.shape
    title = (
        f"Shatterability of {options.file}: {n} points, {d} feature(s) ({scaled.words}), "
        f"labels {table.target!r} in [{table.y.min():g}, {table.y.max():g}]"
    )
    setting = {
        "file": options.file, "target": table.target, "columns": list(table.columns), "points": n, "features": d,
        "scale": scale.value, "eta": eta, "wd": wd, "bound": bound, "time": limit, "seed": int(seed),
    }  # fmt: skip
    content = json_text(found, setting)
    if options.json == "-":
        sys.stdout.write(content)
    else:
        print(text(found, title))
        if options.json is not None:
            write_atomically(Path(options.json), lambda stream: stream.write(content.encode()))
    if options.save:
        _save(found, Path(options.save))
    if options.plot:
        from verify.shatterability.figure import shatterability_figure

        save_figure(shatterability_figure(found), Path(options.plot))
    return ExitCode.UNDECIDED if found.protection is Protection.UNDECIDED else ExitCode.FINE


def _save(found: Shatterability, path: Path) -> None:
    """The network with its data, and what was found for each point."""
    if found.edge is None or found.edge.network is None:
        raise ValueError("--save needs an interpolating network, and none was found; see the notes without --save")
    network = found.edge.network
    buffer = io.BytesIO()
    np.savez(
        buffer,
        W=network.W,
        b=network.b,
        v=network.v,
        beta=np.float64(network.beta),
        X=found.X,
        y=found.y,
        margin_lower=found.margins.lower,
        margin_upper=found.margins.upper,
        depth_lower=found.depth.lower,
        depth_upper=found.depth.upper,
        leverage=found.leverage,
    )
    write_atomically(path, lambda stream: stream.write(buffer.getvalue()))


if __name__ == "__main__":
    run(main, "python -m verify.shatterability")
