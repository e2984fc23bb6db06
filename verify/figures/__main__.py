"""``python -m verify.figures fig2 ... | all``: the figures of LQWP25, with their numbers and the paper's values beside."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from verify.command import Parser, check_outputs, deliver, run
from verify.figures import EXPERIMENTS
from verify.figures.run import FORMATS, check_store, chosen, files_of, prepare_folder, read_inputs, run_figure
from verify.outcome import ExitCode, Outcome, Report
from verify.sweep import add_sweep_options, sweep_options


def parser() -> Parser:
    """The options."""
    parse = Parser(prog="python -m verify.figures", description=__doc__)
    names = ", ".join(entry.name for entry in EXPERIMENTS)
    parse.add_argument("names", nargs="+", metavar="FIGURE", help=f"{names}, or all")
    parse.add_argument("--scale", default="small", help="small (minutes) or paper (hours; resumes) (default small)")
    parse.add_argument("--out", metavar="DIR", default="figures", help="folder of the figures (default figures)")
    parse.add_argument("--format", default="png", help=f"{', '.join(FORMATS)} (default png)")
    parse.add_argument("--seed", default="0", help="seed of everything random (default 0)")
    parse.add_argument("--device", default="cpu", help="auto, cpu or cuda (default cpu)")
    parse.add_argument("--json", metavar="PATH|-", help="write the report as JSON; - prints it")
    add_sweep_options(parse)
    return parse


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse, train, draw, compare; the exit code."""
    options = parser().parse_args(arguments)
    entries, inputs = chosen(options.names), read_inputs(options.scale, options.seed, options.device)
    if options.format not in FORMATS:
        raise ValueError(f"--format must be one of {', '.join(FORMATS)}, got {options.format!r}")
    check_outputs(json=options.json)
    sweeping, folder = sweep_options(options), Path(options.out)
    if sweeping.store is None:
        # Figures share trainings, and an interrupted start is continued.
        sweeping = replace(sweeping, store=folder / "store.db")
    sweeps = {entry.name: entry.sweep(inputs) for entry in entries}
    if options.dry_run:
        print("\n\n".join(f"{name}: {sweeping.plan(sweep)}" for name, sweep in sweeps.items()))
        return ExitCode.FINE
    files = {entry.name: files_of(entry, inputs, folder, options.format) for entry in entries}
    check_store(sweeping.store, list(sweeps.values()))
    prepare_folder("--out", folder, list(files.values()))
    start = time.perf_counter()
    outcomes: list[Outcome] = []
    facts = {}
    for entry in entries:
        found, facts[entry.name] = run_figure(entry, inputs, sweeps[entry.name], sweeping, files[entry.name])
        outcomes += found
    setting: dict[str, object] = {
        "figures": [entry.name for entry in entries],
        "scale": inputs.scale.value,
        "seed": inputs.seed,
        "device": inputs.device,
    }
    title = (
        f"Figures of LQWP25, {inputs.scale.value} scale, seed {inputs.seed}: measured, and the paper's value as bound"
    )
    return deliver(Report(title, setting, facts, outcomes, {"total": time.perf_counter() - start}), options.json)


if __name__ == "__main__":
    run(main, "python -m verify.figures")
