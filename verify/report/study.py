"""``python -m verify.report STORE``: one page, Markdown and HTML, with the tables and figures of a store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from boundcalc.files import write_text
from verify.command import Setting, asked, check_outputs
from verify.figures import EXPERIMENTS
from verify.figures.base import Experiment, Inputs, Record, Scale, by_setting, records_of
from verify.figures.neurons import neuron_rows
from verify.figures.study import files_of, prepare_folder, write_figure
from verify.outcome import ExitCode, Interval, Measured, Outcome, Relation, show, show_fact
from verify.rates.lines import lines_of
from verify.report.page import Heading, Image, Item, Page, table, to_html, to_markdown
from verify.shattering.cells import SWEEP_NAME
from verify.sweep import FinishedCell, read_store, table_rows
from verify.sweep.codec import encode_setting
from verify.sweep.sweep import duration

_RATES = "rates"
_LONGEST = 20
# Only what the paper reports stands under "paper"; a measurement may be compared with another, or with a threshold of ours.
_HEAD = ("claim", "measured", "", "compared with", "paper", "verdict")


@dataclass(frozen=True)
class PageSetting(Setting):
    """The store, and the folder of the page."""

    file: str = asked("file", metavar="STORE.db")
    folder: str = asked("folder", "report")


def write_page(typed: Mapping[str, object]) -> int:
    """Read the store, draw, write; the exit code."""
    setting = PageSetting.typed(typed)
    store, folder = Path(setting.file), Path(setting.folder)
    cells = read_store(store)
    prepare_folder("--folder", folder, [])
    targets = {kind: folder / f"report.{kind}" for kind in ("md", "html")}
    for path in targets.values():
        check_outputs(save=str(path))
    try:
        page = collect(cells, folder, store.name)
    except (LookupError, TypeError, ArithmeticError, AttributeError) as error:
        raise ValueError(
            f"FILE must hold cells that this version has computed, got others in {setting.file!r}: {error!r}; "
            "python -m verify.sweep exports what it holds"
        ) from error
    texts = {"md": to_markdown(page), "html": to_html(page, f"Report of {store.name}")}
    for kind, path in targets.items():
        write_text(path, texts[kind])
    print(f"{len(cells)} finished cells: {targets['md']}, {targets['html']}")
    return ExitCode.FINE


def collect(cells: Sequence[FinishedCell], folder: Path, name: str) -> Page:
    """The page; figures whose trainings are all in the store are drawn into the folder."""
    page: list[Item] = [Heading(1, f"Report of {name}")]
    if not cells:
        return [*page, "The store holds no finished cell."]
    page += _overview(cells)
    page += _figures(cells, folder)
    page += _rates(cells)
    page += _neurons(cells)
    page += _others(cells)
    return page


def _overview(cells: Sequence[FinishedCell]) -> Page:
    rows = []
    for sweep, version in dict.fromkeys((cell.sweep, cell.version) for cell in cells):
        own = [cell for cell in cells if (cell.sweep, cell.version) == (sweep, version)]
        records = [record for cell in own for record in cell.records]
        gone = sum(record.get("diverged_at") is not None for record in records)
        spent = duration(sum(cell.seconds for cell in own))
        first, last = own[0].finished[:16], own[-1].finished[:16]
        rows.append([sweep, version, str(len(own)), str(len(records)), str(gone), spent, first, last])
    head = ["sweep", "version", "cells", "records", "diverged", "time", "first (UTC)", "last (UTC)"]
    environments = sorted({cell.environment for cell in cells})
    page: list[Item] = [table(head, rows), f"Computed with {'; '.join(environments)}."]
    sweeps = (entry.sweep(Inputs(Scale.SMALL)) for entry in EXPERIMENTS)
    for sweep, version in sorted({(sweep.name, sweep.version) for sweep in sweeps}):
        others = sorted({cell.version for cell in cells if cell.sweep == sweep} - {version})
        if others:
            page.append(f"The cells of {sweep} are of version {', '.join(others)}; this package computes {version}.")
    return page


def _seedless(setting: Mapping[str, object]) -> str:
    return encode_setting({name: value for name, value in setting.items() if name != "seed"})


def _begun(cells: Sequence[FinishedCell]) -> Iterator[tuple[Experiment, Inputs]]:
    """Each figure with every scale, seed and device of which the store holds some cell.

    The settings of a figure are the same for every seed but for the seed itself: they are made once, however many seeds
    there are.
    """
    known = {(cell.sweep, _seedless(cell.setting), cell.setting.get("seed")) for cell in cells}
    seeds = sorted({seed for _, _, seed in known if type(seed) is int and seed >= 0})
    devices = sorted({cell.setting["device"] for cell in cells if isinstance(cell.setting.get("device"), str)})
    wanted = {}
    for scale, device, entry in product(Scale, devices, EXPERIMENTS):
        sweep = entry.sweep(Inputs(scale, 0, device))
        wanted[scale, device, entry.name] = [(sweep.name, _seedless(setting)) for setting in sweep.cells]
    for scale, seed, device, entry in product(Scale, seeds, devices, EXPERIMENTS):
        if any((*key, seed) in known for key in wanted[scale, device, entry.name]):
            yield entry, Inputs(scale, seed, device)


def _figures(cells: Sequence[FinishedCell], folder: Path) -> Page:
    page: list[Item] = []
    waiting: list[list[str]] = []
    known = by_setting(cells)
    for entry, inputs in _begun(cells):
        sweep = entry.sweep(inputs)
        records = records_of(sweep, known)
        if records is not None:
            page += _figure(entry, inputs, records, folder)
            continue
        done = sum((sweep.name, encode_setting(setting)) in known for setting in sweep.cells)
        waiting.append([entry.name, inputs.scale.value, str(inputs.seed), f"{done} of {len(sweep.cells)}"])
    if page:
        page.insert(0, Heading(2, "Figures of LQWP25"))
    if waiting:
        page += [
            Heading(2, "Figures under way"),
            table(["figure", "scale", "seed", "finished cells"], waiting),
        ]
    return page


def _figure(entry: Experiment, inputs: Inputs, records: Sequence[Record], folder: Path) -> Page:
    files = files_of(entry, inputs, folder)
    write_figure(entry, inputs, records, files)
    number = entry.name.removeprefix("fig")
    label = f"{inputs.scale.value} scale, seed {inputs.seed}"
    return [
        Heading(3, f"Fig. {number}: {entry.title} ({label})"),
        f"Setting: {entry.setting}.",
        f"Choices: {entry.choices}",
        Image(files.figure, f"Fig. {number}, {label}"),
        table(_HEAD, [_row(outcome) for outcome in entry.compare(records)]),
        f"Numbers: {files.numbers.name}",
    ]


def _row(outcome: Outcome) -> list[str]:
    relation, paper = outcome.relation, outcome.evidence.get("paper")
    measured, bound = _with_tolerance(outcome.measured, relation), _with_tolerance(outcome.bound, relation)
    return [outcome.claim, measured, outcome.sign, bound, _short(paper), outcome.verdict.value]


def _with_tolerance(value: Measured, relation: Relation | None) -> str:
    """A value, and of an interval what made it one: how far a number may lie off, or be sampled."""
    shown = show(value, relation)
    return f"{shown}: {value.meaning}" if isinstance(value, Interval) else shown


def _rates(cells: Sequence[FinishedCell]) -> Page:
    """Fitted exponents of all trainings of the rate study, whatever figure they belong to."""
    records = table_rows([cell for cell in cells if cell.sweep == _RATES])
    groups = ("target", "sigma", "init", "seed", "eta", "decay", "width/n", "steps")
    for record in records:
        record["width/n"] = record["width"] / record["n"]
    rows = []
    for key in dict.fromkeys(tuple(r[g] for g in groups) for r in records):
        mine = [r for r in records if tuple(r[g] for g in groups) == key]
        for line in lines_of(mine):
            if line.fit is not None:
                sizes = f"{line.fit.sizes[0]} to {line.fit.sizes[-1]}"
                rows.append([*map(_short, key), str(line.dim), sizes, show(line.exponent), show(line.interval)])
    if not rows:
        return []
    head = [*groups, "d", "n", "exponent of 1/n", "95 % interval"]
    return [
        Heading(2, "Fitted exponents"),
        "Minus the slope of log median MSE (to the truth, on the training points) on log n, at the last step.",
        table(head, rows),
    ]


def _neurons(cells: Sequence[FinishedCell]) -> Page:
    records = table_rows([cell for cell in cells if cell.sweep == SWEEP_NAME])
    if not records:
        return []
    rows = neuron_rows(records)
    columns = ("dim", "n", "width", "activation", "eta", "decay", "steps", "seed", "loss", "train_mse", "fresh_mse",
               "lambda_max", "alive", "crossing", "rare", "diverged_at")  # fmt: skip
    return [
        Heading(2, "Neurons at the end of training"),
        "alive, crossing: shares of neurons active on some point, and on some but not on all; rare: share of those alive "
        "that are active on at most 10 % of the sample.",
        table(columns, [[_short(row[name]) for name in columns] for row in rows]),
    ]  # fmt: skip


def _others(cells: Sequence[FinishedCell]) -> Iterator[Item]:
    """The first rows of every other sweep."""
    for sweep in dict.fromkeys(cell.sweep for cell in cells if cell.sweep not in (_RATES, SWEEP_NAME)):
        rows = table_rows([cell for cell in cells if cell.sweep == sweep])
        hidden = ("sweep", "version", "finished")
        columns = [name for name in (rows[0] if rows else {}) if name not in hidden]
        yield Heading(2, f"Sweep {sweep}")
        if len(rows) > _LONGEST:
            yield f"The first {_LONGEST} of {len(rows)} records; all with: python -m verify.sweep STORE --csv PATH."
        yield table(columns, [[_short(row[name]) for name in columns] for row in rows[:_LONGEST]])


def _short(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return f"{len(value)} values"
    return show_fact(value)
