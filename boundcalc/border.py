"""The border of a program: the one place where errors become one line and an exit code."""

from __future__ import annotations

import gc
import importlib
import os
import re
import signal
import sys
import traceback
from contextlib import suppress
from enum import IntEnum
from typing import IO, Any, NoReturn, TextIO, cast

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


def run(command: Any, program: str) -> NoReturn:
    """Run a command, given as "module:attribute" or as such, as a program.

    Whatever goes wrong, imports included, ends in one line on standard error and a code of :class:`ExitCode`; only a fault of
    ours shows a traceback, too.
    """
    # Most objects that imports make live as long as the program: look for circles among them more rarely.
    gc.set_threshold(50_000)
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


def _exit_code(command: Any, program: str) -> int:
    place = program
    try:
        if isinstance(command, str):
            module, _, attribute = command.partition(":")
            command = getattr(importlib.import_module(module), attribute)
        place = command.place(program, sys.argv[1:])
        variable = f"_{program}_COMPLETE".replace("-", "_").upper()
        if variable in os.environ:
            return _complete(command, program, variable)
        return int(command.run_on(program=program))
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # whoever presses it again will not wait
        exec("")  # Python notes an interruption inside an `exec` and would end by the signal; this clears the note
        print(file=sys.stderr)  # ends the line of the terminal's ^C
        return _complain(place, "interrupted; nothing was left half-written", ExitCode.INTERRUPTED)
    except BrokenPipeError:
        raise
    except Exception as error:  # the net: no traceback may end with the code of a refuted claim
        return _after(error, place)


def _complete(command: Any, program: str, variable: str) -> int:
    from click.shell_completion import shell_complete

    with suppress(Exception):  # whoever types a command line wants no error in the middle of it
        return shell_complete(command, {}, program, variable, os.environ[variable])
    return ExitCode.USAGE


def _after(error: Exception, place: str) -> int:
    """Say what went wrong; the exit code."""
    import click

    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        print(error.format_message())
        return ExitCode.USAGE
    if isinstance(error, click.ClickException):
        return _complain(place, f"error: {error.format_message()}", ExitCode.USAGE)
    if isinstance(error, (ValueError, TypeError, OSError)):
        return _complain(place, f"error: {_words(error)}", ExitCode.USAGE)
    missing = (error.name or "").partition(".")[0] if isinstance(error, ModuleNotFoundError) else ""
    if missing and missing not in _OURS:
        return _complain(place, f"error: {missing} is not installed; {_remedy(missing)}", ExitCode.USAGE)
    traceback.print_exception(error)
    words = f"{type(error).__name__}: {said(error)}".rstrip(": ")
    return _complain(place, f"a fault of the program; the lines above say where: {words}", ExitCode.FAULT)


def said(error: BaseException) -> str:
    """What an error says, even if it fails to say it."""
    try:
        return str(error)
    except Exception as failed:
        return f"(its own text raises {type(failed).__name__})"


def _words(error: Exception) -> str:
    """What an error says, without the number of the system's error."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror if error.filename is None else f"{error.strerror}: {error.filename!r}"
    return said(error)


def _complain(place: str, message: str, code: ExitCode) -> ExitCode:
    print(f"{place}: {' '.join(message.split())}", file=sys.stderr)
    return code


def _remedy(name: str) -> str:
    """How to install a missing package: the extra of boundcalc that brings it."""
    import importlib.metadata

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
