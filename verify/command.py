"""What every command shares: outputs, one-line errors, progress, interruption."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import NoReturn

from boundcalc.exact import describe, exact_rational
from boundcalc.files import check_figure_path, check_writable
from verify.outcome import ExitCode, Report

__all__ = [
    "Parser",
    "Progress",
    "ProgressBar",
    "add_outputs",
    "check_device",
    "check_outputs",
    "deliver",
    "read_fraction",
    "read_integer",
    "read_share",
    "run",
]


class Parser(argparse.ArgumentParser):
    """An ArgumentParser that says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        """Print one line and exit with the usage code."""
        self.exit(ExitCode.USAGE, f"{self.prog}: error: {' '.join(message.split())}\n")


class Progress:
    """One line on stderr that says what is under way; where stderr is no terminal, one line per step.

    Parameters
    ----------
    steps : int
        How many steps will be announced.
    """

    def __init__(self, steps: int) -> None:
        self._steps = steps
        self._done = 0
        self._start = time.perf_counter()
        self._terminal = sys.stderr.isatty()

    def step(self, words: str) -> None:
        """Announce the next step."""
        self._done += 1
        elapsed = time.perf_counter() - self._start
        line = f"[{self._done}/{self._steps}] {words} ({elapsed:.1f} s)"
        if self._terminal:
            print(f"\r\033[K{line}", end="", file=sys.stderr, flush=True)
        else:
            print(line, file=sys.stderr, flush=True)

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        """Clear the line."""
        if self._terminal:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


class ProgressBar:
    """A bar on stderr with the time that is left; where stderr is no terminal, one line per piece of work.

    Parameters
    ----------
    title : str
    work : float
        The whole work, in any unit.
    """

    _CELLS = 24

    def __init__(self, title: str, work: float) -> None:
        self._title, self._work, self._done = title, work, 0.0
        self._start = time.perf_counter()
        self._terminal = sys.stderr.isatty()

    def advance(self, work: float, words: str) -> None:
        """Announce that a piece of the work is done."""
        self._done += work
        elapsed = time.perf_counter() - self._start
        share = min(1.0, self._done / self._work) if self._work > 0 else 1.0
        full = round(share * self._CELLS)
        left = elapsed * (1 - share) / share if share > 0 else 0.0
        minutes, seconds = divmod(round(left), 60)
        hours, minutes = divmod(minutes, 60)
        line = (
            f"{self._title} [{'#' * full}{'.' * (self._CELLS - full)}] {words}, {hours}:{minutes:02}:{seconds:02} left"
        )
        if self._terminal:
            print(f"\r\033[K{line}", end="", file=sys.stderr, flush=True)
        else:
            print(line, file=sys.stderr, flush=True)

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(self, *_: object) -> None:
        """Clear the line."""
        if self._terminal:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


def deliver(report: Report, json_target: str | None) -> ExitCode:
    """Print the report (or its JSON, for ``-``), write the JSON file, and return the exit code."""
    if json_target == "-":
        sys.stdout.write(report.json())
    else:
        print(report.text())
        if json_target is not None:
            report.write_json(Path(json_target))
    return report.exit_code


def add_outputs(parse: Parser, *, save: str | None = None, plot: str | None = None) -> None:
    """Declare --json and, where there are words for what they hold, --save and --plot."""
    parse.add_argument("--json", metavar="PATH|-", help="write the report as JSON; - prints it")
    if save is not None:
        parse.add_argument("--save", metavar="PATH.npz", help=f"write {save}")
    if plot is not None:
        parse.add_argument("--plot", metavar="PATH", help=f"draw {plot} (png, svg, pdf)")


def check_outputs(*, json: str | None = None, save: str | None = None, plot: str | None = None) -> None:
    """Raise a ValueError naming the first output option that can't be written as asked."""
    for option, path in (("json", json), ("save", save)):
        if path is not None and not (option == "json" and path == "-"):
            check_writable(f"--{option}", Path(path))
    if plot is not None:
        check_figure_path("--plot", Path(plot))


def run(main: Callable[[Sequence[str] | None], int], program: str) -> NoReturn:
    """Run a command's ``main`` and turn errors into one line and an exit code."""
    try:
        code = int(main(None))
    except KeyboardInterrupt:
        print(f"\n{program}: interrupted; nothing was left half-written", file=sys.stderr)
        code = ExitCode.INTERRUPTED
    except (ValueError, TypeError, OSError) as error:
        print(f"{program}: error: {' '.join(str(error).split())}", file=sys.stderr)
        code = ExitCode.USAGE
    sys.exit(code)


def read_integer(name: str, value: object, least: int, most: int, remark: str = "") -> int:
    """An integer from ``least`` to ``most``; ``remark`` ends the sentence that asks for it.

    Raises
    ------
    ValueError, TypeError
        Naming the argument, what arrived and what to pass.

    Examples
    --------
    >>> read_integer("seed", "1e3", 0, 10**6)
    1000
    """
    number = exact_rational(name, value)
    if not number.is_Integer or not least <= number <= most:
        largest = "2^63 - 1" if most == 2**63 - 1 else str(most)
        raise ValueError(f"{name} must be an integer from {least} to {largest}{remark}, got {describe(value)}")
    return int(number)


def read_fraction(name: str, value: object, words: str, *, positive: bool, most: int) -> Fraction:
    """A number from 0 (without 0 if ``positive``) to ``most``, which ``words`` describe."""
    number = exact_rational(name, value)
    if number < 0 or (positive and number == 0) or number > most:
        raise ValueError(f"{name} must be {words}, got {describe(value)}")
    return Fraction(int(number.p), int(number.q))


def read_share(name: str, value: object) -> Fraction:
    """A number in (0, 1]."""
    return read_fraction(name, value, f"a number with 0 < {name} <= 1", positive=True, most=1)


def check_device(device: str) -> None:
    """Raise unless the device is "auto", "cpu", or "cuda" with a CUDA device present.

    Raises
    ------
    ValueError
        Naming what arrived and what to pass.
    """
    if device not in ("auto", "cpu", "cuda"):
        raise ValueError(f"device must be 'auto', 'cpu' or 'cuda', got {describe(device)}")
    if device == "cuda":
        import torch

        if not torch.cuda.is_available():
            raise ValueError("device must be available, got 'cuda' where torch sees no CUDA device; pass 'cpu'")
