"""What every command shares: outputs, one-line errors, progress, interruption."""

from __future__ import annotations

import dataclasses
import io
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from boundcalc.command import Command
from boundcalc.files import check_figure_path, check_writable, is_written_to, save_figure, write_arrays
from boundcalc.options import OPTIONS as CALCULATOR_OPTIONS
from boundcalc.options import Option, Reader, choice, file_path, integer, number, real, switch, symbol, text, vocabulary
from constructions.codes import FAMILIES
from verify.hessian.result import Certificate
from verify.outcome import ExitCode, Report
from verify.training.setting import Init
from verify.training.targets import TARGETS

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Progress:
    """How far a work is, on stderr: a bar on a terminal, elsewhere a line each time; with the time gone and left.

    Parameters
    ----------
    work : float, optional
        The whole work: a number of steps, or any unit for :meth:`advance`. Where it is not known there is no bar.
    """

    def __init__(self, work: float | None = None) -> None:
        from tqdm import tqdm

        self._start = time.perf_counter()
        self._terminal = sys.stderr.isatty()
        self._step = 0
        self._pause = 0.2 if self._terminal else 10.0
        self._next_note = time.monotonic() + self._pause
        self._bar: Any = tqdm(
            total=work,
            # Elsewhere than on a terminal the bar is only formatted, and its lines are printed.
            file=sys.stderr if self._terminal else io.StringIO(),
            leave=False,
            dynamic_ncols=True,
            ascii=".#",
            bar_format="{desc} ({elapsed})" if work is None else "[{bar:24}] {desc} ({elapsed}, {remaining} left)",
        )

    @property
    def timing(self) -> dict[str, float]:
        """Seconds so far, as a report has them."""
        return {"total": time.perf_counter() - self._start}

    def step(self, words: str) -> None:
        """Announce the next step; those before it are done."""
        self._bar.n = self._step
        self._step += 1
        self._show(f"{self._step}/{self._bar.total} {words}")

    def advance(self, work: float, words: str) -> None:
        """Announce that a piece of the work is done."""
        self._bar.n = min(self._bar.n + work, self._bar.total)
        self._show(words)

    def note(self, words: str) -> None:
        """Say what is going on: at most five times a second on a terminal, and every ten seconds elsewhere."""
        if time.monotonic() >= self._next_note:
            self._next_note = time.monotonic() + self._pause
            self._show(words)

    def write(self, line: str) -> None:
        """Print a line that stays."""
        self._bar.write(line, file=sys.stderr)

    def _show(self, words: str) -> None:
        self._bar.set_description_str(words)
        if not self._terminal:
            print(self._bar, file=sys.stderr, flush=True)

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        """Clear the bar."""
        self._bar.close()


def deliver(report: Report, json_target: str | None) -> ExitCode:
    """Print the report (or its JSON, for ``-``), write the JSON file, and return the exit code."""
    if json_target not in (None, "-"):
        report.write_json(Path(json_target))
    print(report.text() if json_target != "-" else report.json(), end="\n" if json_target != "-" else "")
    return report.exit_code


def check_outputs(**paths: str | None) -> None:
    """Raise a ValueError naming the first output option that can't be written as asked, or names another one's file."""
    seen: dict[str, str] = {}
    for option, path in paths.items():
        if path is None or (option == "json" and path == "-"):
            continue
        check = check_figure_path if option == "plot" else check_writable
        check(f"--{option}", Path(path))
        other = seen.setdefault(os.path.realpath(path), option)
        if other != option and not is_written_to(Path(path)):
            raise ValueError(f"--{option} must be another file than --{other}, got {path!r} for both")


def _read_device(name: str, value: object) -> str:
    device: str = choice(("auto", "cpu", "cuda")).read(name, value)
    if device == "cuda":
        import torch

        if not torch.cuda.is_available():
            raise ValueError(f"{name} must be available, got 'cuda' where torch sees no CUDA device; pass 'cpu'")
    return device


def resolve_device(device: str) -> str:
    """ "cuda" for "auto" where a CUDA device is present, else the device as it is or "cpu".

    >>> resolve_device("cpu")
    'cpu'
    """
    if device != "auto":
        return device
    try:
        import torch
    except ImportError:
        return "cpu"
    return "cuda" if torch.cuda.is_available() else "cpu"


def random_stream(uses: Sequence[str], seed: int, use: str, *index: int) -> np.random.Generator:
    """The random stream of one of the uses of a seed; streams of different uses (and indices) are independent.

    Examples
    --------
    >>> float(random_stream(("data", "noise"), 0, "noise").random()) == float(np.random.default_rng([0, 1]).random())
    True
    """
    return np.random.default_rng([seed, list(uses).index(use), *index])


def check_step_sizes(eta: Fraction, decay: Fraction, decay_eta: Fraction, large_step: bool) -> None:
    """Raise unless both step sizes lie below 2, or larger ones are meant, and a step with decay still shrinks the weights."""
    for name, step in (("eta", eta), ("decay_eta", decay_eta)):
        if step >= 2 and not large_step:
            raise ValueError(
                f"{name} must be below 2, where stable networks end, got {float(step):g}; pass --large-step to train anyway"
            )
    if decay * decay_eta >= 1:
        raise ValueError(f"decay must be below 1 / decay_eta = {float(1 / decay_eta):g}, got {float(decay):g}")


STEP = number("a positive step size of at most 10^6", lambda x: 0 < x <= 10**6)
_SHARE = number("a number above 0 and at most 1", lambda x: 0 < x <= 1)

OPTIONS: Mapping[str, Option] = vocabulary(
    *CALCULATOR_OPTIONS.values(),
    Option("seed", "seed of everything random", integer(0, 2**63 - 1), 0, metavar="SEED"),
    Option("device", "auto, cpu or cuda", Reader("word", _read_device, ("auto", "cpu", "cuda")), "auto", metavar="DEVICE"),
    # Outputs
    Option("json", "write the report as JSON; - prints it", file_path, metavar="PATH|-"),
    Option("save", "write the arrays (npz)", file_path, metavar="PATH"),
    Option("plot", "draw a figure (png, svg, pdf)", file_path, metavar="PATH"),
    Option("csv", "write the numbers as CSV", file_path, metavar="PATH"),
    # Tables
    Option("data", "table of the points", file_path, metavar="FILE", required=True),
    Option("target", "column of the labels (default y)", text, metavar="COLUMN"),
    Option("drop", "columns to leave out, separated by commas", text, metavar="A,B"),
    Option("keep", "columns to use although they count the rows, separated by commas", text, metavar="A,B"),
    Option("sep", "separator of text: a character, tab or space (default: found out)", text, metavar="CHARACTER"),
    Option("decimal", "decimal mark of text, . or , (default: found out)", choice((".", ",")), metavar="MARK"),
    Option("encoding", "encoding of text (default UTF-8)", text, metavar="ENCODING"),
    Option("sheet", "sheet of a spreadsheet (default: the first)", text, metavar="SHEET"),
    Option("missing", "refuse rows with missing values, or drop them", choice(("refuse", "drop")), "refuse", metavar="WORD"),
    Option("one_hot", "turn a column of names into zeros and ones for each name", switch, False),
    Option("features", "scale of the points", choice(("as-is", "unit-ball", "standardise")), "as-is", ("--scale",), "SCALE"),
    Option("labels", "scale of the labels", choice(("as-is", "unit", "standardise")), "as-is", metavar="SCALE"),
    Option("columns", "list up to so many hyperplanes, search beyond", integer(0), 10**5, metavar="COUNT"),
    Option("nodes", "prove a lower bound with so many nodes of a tree where there are more", integer(0), 10**6, metavar="COUNT"),
    Option("time", "seconds after which to stop", number("a positive number", lambda x: x > 0), 600, metavar="SECONDS"),
    Option("checkpoint", "save the state there; go on from it if it exists", file_path, metavar="PATH"),
    Option("folder", "folder of what is written", file_path, metavar="DIR", own_default=True),
    # Sizes of one experiment
    Option("networks", "networks, spread over dimensions and kinds", integer(1, 10**6), 500, metavar="COUNT"),
    Option("samples", "independent samples of each size", integer(2, 10**4), 8, metavar="COUNT"),
    Option("directions", "random directions per sample, and as many to its outermost points", integer(1, 10**5), 24,
           metavar="COUNT"),
    Option("draws", "points of the Monte Carlo check", integer(1000, 10**9), "1e6", metavar="POINTS"),
    Option("delta", "failure probability", symbol("delta"), "0.01", metavar="DELTA"),
    Option("seeds", "repetitions of each setting", integer(2, 10**4), 5, metavar="COUNT"),
    Option("width_factor", "width of the network over n", integer(1, 10**5), 4, metavar="FACTOR"),
    Option("resamples", "bootstrap samples", integer(1000, 10**7), 20000, metavar="COUNT"),
    Option("figures", "figures of the paper: fig2 to fig15, or all", text, metavar="FIGURE", many=True, required=True),
    Option("sibling", "short name of a sibling paper, or all", text, metavar="NAME", required=True),
    Option("size", "small takes minutes, paper takes hours", choice(("small", "paper")), "small", metavar="SIZE"),
    Option("image", "kind of the figures' files", choice(("png", "svg", "pdf")), "png", metavar="KIND"),
    # Sweeps
    Option("store", "keep finished runs there; a second start skips them", file_path, metavar="PATH.db"),
    Option("sweep", "only the sweep of this name", text, metavar="NAME"),
    Option("parquet", "write the numbers as Parquet (needs pyarrow)", file_path, metavar="PATH"),
    Option("jobs", "local processes (default: one for each core)", integer(1, 4096), metavar="COUNT"),
    Option("cluster", "run on the Dask cluster with this scheduler", text, metavar="tcp://HOST:PORT"),
    Option("dry_run", "print the grid and an estimate of its cost, run nothing", switch, False),
    # Spherical codes
    Option("points", "least number of points", integer(1, 10**18), 1, metavar="COUNT"),
    Option("code", "family of the spherical code, auto for the largest of all",
           choice(("auto", *(family.name for family in FAMILIES)), "; D4, E6, E7 and E8 are roots in that dimension"),
           "auto", ("--family",), "FAMILY"),
    Option("thorough", "try the slow families too", switch, False),
    Option("max_size", "most points to build (default: as many as is quick)", integer(1, 10**6), metavar="COUNT"),
    # Sharpness
    Option("model", "file of the network (npz)", file_path, metavar="MODEL", required=True),
    Option("file", "the file to read", file_path, metavar="FILE", required=True),
    Option("certificate", "how the upper bound is proved", choice(Certificate), Certificate.AUTO, metavar="CERTIFICATE"),
    Option("tol", "relative width of the enclosure, or relative error, that is aimed at",
           real("a number with 0 < tol < 1", lambda x: 0 < x < 1), "1e-10", metavar="TOL"),
    # Constructions
    Option("height", "height of the caps (default: critical for n)", _SHARE, metavar="HEIGHT"),
    Option("epsilon", "root of the cap height, instead of --height", _SHARE, metavar="EPSILON"),
    Option("atoms", "what stands on each cap: cap, hat, ridge or packet", choice(("cap", "hat", "ridge", "packet")),
           metavar="KIND"),
    Option("caps", "least number of caps", integer(1, 10**6), 1, metavar="COUNT"),
    Option("bound", "largest absolute label", number("a number from 1e-6 to 1e6", lambda x: Fraction(1, 10**6) <= x <= 10**6),
           metavar="BOUND", own_default=True),
    # Trainings
    Option("width", "hidden neurons", integer(1, 10**6), metavar="K", own_default=True),
    Option("steps", "steps of gradient descent", integer(1, 10**9), 20000, ("--epochs",), "STEPS"),
    Option("label_noise", "standard deviation of what is added to the label in every step of label-noise SGD",
           number("a number from 0 to 10^6", lambda x: 0 <= x <= 10**6), "0.5", metavar="NOISE"),
    Option("bias", "train the biases of the neurons; without, all hyperplanes pass through 0", switch, True),
    Option("decay", "weight decay", number("a positive weight decay", lambda x: 0 < x <= 10**6), None, ("--wd",), "DECAY",
           own_default=True),
    Option("decay_eta", "step size of the runs with weight decay", STEP, "0.01", metavar="ETA"),
    Option("decay_steps", "steps of the runs with weight decay (default: as --steps)", integer(1, 10**9), metavar="STEPS"),
    Option("clip", "largest norm of the gradient, 0 for no clipping",
           number("a positive norm, or 0 for no clipping", lambda x: 0 <= x <= 10**9), 50, metavar="NORM"),
    Option("init", "random initialisation of the network", choice(Init), Init.LINEAR, metavar="INIT"),
    Option("truth", "function that the labels are noisy values of", choice(tuple(TARGETS)), "linear",
           metavar="TRUTH"),
    Option("traces", "points of every trace", integer(4, 10**5), 100, metavar="POINTS"),
    Option("fresh", "fresh points for the population error", integer(1, 10**6), 4096, metavar="POINTS"),
    Option("large_step", "allow step sizes of 2 and more", switch, False),
    Option("scaling", "the study over a grid of n", switch, True),
)  # fmt: skip


def asked(name: str, default: object = dataclasses.MISSING, *, json: bool = True, **changes: Any) -> Any:
    """A field of a setting: the option of that name, with this command's default or narrower ``reader`` or ``many``.

    ``json=False`` leaves it out of the setting's JSON.
    """
    if default is not dataclasses.MISSING:
        changes["default"] = default
    return dataclasses.field(metadata={"option": OPTIONS[name].but(**changes), "json": json})


class Setting:
    """The inputs of a command, exact and checked: a frozen dataclass whose fields are made by :func:`asked`.

    A subclass raises ValueError from ``__post_init__`` for values that don't go together, and may fill in values that depend
    on others in :meth:`complete`.
    """

    @classmethod
    def options(cls) -> tuple[Option, ...]:
        """The options that it reads, in order."""
        return tuple(f.metadata["option"] for f in dataclasses.fields(cls))  # type: ignore[arg-type]

    @classmethod
    def parse(cls, *values: object, **named: object) -> Self:
        """Read every input exactly and check it; values without a name are taken in the order of the fields.

        Raises
        ------
        ValueError, TypeError
            Naming the argument, what arrived and what to pass.
        """
        names = [option.name for option in cls.options()]
        if len(values) > len(names):
            raise TypeError(f"{cls.__name__} takes at most {len(names)} values ({', '.join(names)}), got {len(values)}")
        given = dict(zip(names, values, strict=False))
        for name, value in named.items():
            if name not in names or name in given:
                what = (
                    "is given twice"
                    if name in given
                    else f"is no input of {cls.__name__}; pass some of {', '.join(names)}"
                )
                raise TypeError(f"{name} {what}")
            given[name] = value
        return cls._read(given, lambda option: option.name)

    @classmethod
    def typed(cls, values: Mapping[str, object]) -> Self:
        """The same from what was typed on a command line; errors name the flags, further values are ignored."""
        return cls._read({option.name: values.get(option.name) for option in cls.options()}, lambda option: option.flag)

    @classmethod
    def _read(cls, given: Mapping[str, object], called: Callable[[Option], str]) -> Self:
        found: dict[str, Any] = {}
        for option in cls.options():
            value = given.get(option.name)
            found[option.name] = option.read(option.default if value is None else value, called(option))
        return cls(**cls.complete(found))

    @classmethod
    def complete(cls, values: dict[str, Any]) -> dict[str, Any]:
        """The values, with those filled in that depend on others: here the device that "auto" means on this machine."""
        return values | {"device": resolve_device(values["device"])} if "device" in values else values

    def as_json(self) -> dict[str, object]:
        """Every input as JSON types; exact numbers as text."""
        fields = dataclasses.fields(self)  # type: ignore[arg-type]
        return {f.name: _as_json(getattr(self, f.name)) for f in fields if f.metadata["json"]}


def _as_json(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Fraction):
        return str(value)
    if isinstance(value, tuple):
        return [_as_json(one) for one in value]
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)


def study_command(
    name: str,
    settings: type[Setting] | Sequence[type[Setting]],
    study: Callable[..., tuple[Any, Report]],
    *,
    help: str,
    example: str,
    save: Callable[[Any], Mapping[str, Any]] | None = None,
    plot: Callable[[Any], Figure] | None = None,
    csv: Callable[[Any, Path], None] | None = None,
    plan: Callable[..., str | None] | None = None,
    arguments: Sequence[Option] = (),
    renamed: Mapping[str, str] | None = None,
) -> Command:
    """The command that reads its settings, runs a study on them, writes what was asked for, and prints the report.

    Parameters
    ----------
    name : str
    settings : type of Setting, or several
        Read from the options in this order and handed to ``study``; what the last ones add (such as where a sweep runs) is
        an option of the command like any other.
    study : callable
        (setting, ...) -> (what was built, report). It never prints to stdout.
    help, example : str
        As for :class:`boundcalc.command.Command`.
    save, plot, csv : callable, optional
        From what was built to its arrays by name, or to a figure, or writes it; the command then has the option of that name.
    plan : callable, optional
        (setting, ...) -> text that is printed instead of running the study, or None to run it.
    arguments : sequence of Option
        Those options of the settings that are positional arguments.
    renamed : mapping of str to str
        Flags of an earlier version, with what has become of them.
    """
    kinds = (settings,) if isinstance(settings, type) else tuple(settings)
    positional = {option.name for option in arguments}
    outputs = ["json", *(word for word, made in (("save", save), ("plot", plot), ("csv", csv)) if made is not None)]
    options = [option for kind in kinds for option in kind.options() if option.name not in positional]

    def act(typed: Mapping[str, Any]) -> int:
        read = [kind.typed(typed) for kind in kinds]
        path = {word: typed[word] for word in outputs}
        check_outputs(**path)
        words = None if plan is None else plan(*read)
        if words is not None:
            print(words)
            return ExitCode.FINE
        built, report = study(*read)
        if save is not None and path["save"] is not None:
            write_arrays(Path(path["save"]), save(built))
        if csv is not None and path["csv"] is not None:
            csv(built, Path(path["csv"]))
        if plot is not None and path["plot"] is not None:
            save_figure(plot(built), Path(path["plot"]))
        return deliver(report, path["json"])

    declared = [*options, *(OPTIONS[word] for word in outputs)]
    return Command(name, act, declared, help=help, example=example, arguments=arguments, renamed=renamed)
