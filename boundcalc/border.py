"""The border of a program: the one place where errors become one line and an exit code."""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import re
import signal
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from enum import IntEnum
from typing import IO, Any, NoReturn, TextIO, cast

import click
from click.shell_completion import shell_complete

__all__ = ["ExitCode", "Program", "run"]

_OURS = ("boundcalc", "constructions", "verify")
_DISTRIBUTIONS = {"sklearn": "scikit-learn"}


class ExitCode(IntEnum):
    """Exit codes of every command."""

    FINE = 0
    REFUTED = 1
    USAGE = 2
    UNDECIDED = 3
    FAULT = 70
    INTERRUPTED = 130
    BROKEN_PIPE = 141


class Program(click.Command):
    """A command that can be run in this process, or as a program."""

    def run_on(self, arguments: Sequence[str] | None = None, program: str | None = None) -> int:
        """Parse, act; the exit code. Errors are raised, as ValueError, TypeError, OSError or click.UsageError."""
        # Not click's own `main`, which ends with code 1, that of a refuted claim, where a reader closes the pipe.
        try:
            with self.make_context(program or self.name, list(sys.argv[1:] if arguments is None else arguments)) as ctx:
                return int(self.invoke(ctx) or 0)
        except click.exceptions.Exit as error:
            return error.exit_code

    def run(self, program: str) -> NoReturn:
        """Run as a program: errors become one line and an exit code."""
        run(self, program)

    def place(self, program: str, arguments: Sequence[str]) -> str:
        """What the part of the program is called that these arguments ask for."""
        return program


def run(command: Program | str, program: str) -> NoReturn:
    """Run a command, or what is imported as "module:attribute", as a program.

    Whatever goes wrong, imports included, ends in one line on standard error and a code of :class:`ExitCode`; only a fault of
    ours shows a traceback, too.
    """
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    sys.stderr = cast(TextIO, _Patient(sys.stderr))
    try:
        code = _exit_code(command, program)
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:  # such as `... | head`; nobody reads on
        _silence(sys.stdout)
        code = ExitCode.BROKEN_PIPE
    except OSError as error:  # such as a full disk
        _silence(sys.stdout)
        code = _complain(program, f"error: {_words(error)}", ExitCode.USAGE)
    sys.exit(code)


def _exit_code(asked: Program | str, program: str) -> int:
    command = None if isinstance(asked, str) else asked
    place = program
    try:
        if command is None:
            module, _, attribute = str(asked).partition(":")
            command = cast(Program, getattr(importlib.import_module(module), attribute))
        place = command.place(program, sys.argv[1:])
        variable = f"_{program}_COMPLETE".replace("-", "_").upper()
        if variable in os.environ:
            with suppress(Exception):  # whoever types a command line wants no error in the middle of it
                return shell_complete(command, {}, program, variable, os.environ[variable])
            return ExitCode.USAGE
        return command.run_on(program=program)
    except click.exceptions.NoArgsIsHelpError as error:
        print(error.format_message())
        return ExitCode.USAGE
    except click.ClickException as error:
        return _complain(place, f"error: {error.format_message()}", ExitCode.USAGE)
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # whoever presses it again will not wait
        print(file=sys.stderr)  # ends the line of the terminal's ^C
        return _complain(place, "interrupted; nothing was left half-written", ExitCode.INTERRUPTED)
    except BrokenPipeError:
        raise
    except (ValueError, TypeError, OSError) as error:
        return _complain(place, f"error: {_words(error)}", ExitCode.USAGE)
    except ModuleNotFoundError as error:
        name = (error.name or "").partition(".")[0]
        if name in ("", *_OURS):
            return _fault(place, error)
        return _complain(place, f"error: {name} is not installed; {_remedy(name)}", ExitCode.USAGE)
    except Exception as error:  # the net: no traceback may end with the code of a refuted claim
        return _fault(place, error)


def _words(error: Exception) -> str:
    """What an error says, without the number of the system's error."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror if error.filename is None else f"{error.strerror}: {error.filename!r}"
    return str(error)


def _complain(place: str, message: str, code: ExitCode) -> ExitCode:
    print(f"{place}: {' '.join(message.split())}", file=sys.stderr)
    return code


def _fault(place: str, error: Exception) -> ExitCode:
    traceback.print_exception(error)
    words = f"{type(error).__name__}: {error}".rstrip(": ")
    return _complain(place, f"a fault of the program; the lines above say where: {words}", ExitCode.FAULT)


def _remedy(name: str) -> str:
    """How to install a missing package: the extra of boundcalc that brings it."""
    try:
        wanted = importlib.metadata.requires("boundcalc") or []
    except importlib.metadata.PackageNotFoundError:
        wanted = []
    distribution = _DISTRIBUTIONS.get(name, name)
    for line in wanted:
        found = re.match(r"([\w.-]+).*extra == ['\"]([\w-]+)['\"]", line)
        if found and found[1].lower() == distribution.lower():
            return f"pip install 'boundcalc[{found[2]}]'"
    return f"pip install {distribution}"


class _Patient:
    """Standard error for a program whose reader may go away, as in ``2>&1 | head``: the work goes on, files are written."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text)
        except BrokenPipeError:
            _silence(self._stream)
            return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except BrokenPipeError:
            _silence(self._stream)


def _silence(stream: IO[str]) -> None:
    """Let everything that is still written to a stream vanish."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
