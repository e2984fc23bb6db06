"""Cells for tests: cheap, with known results."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

from verify.sweep.codec import Setting

CELL_VERSION = 1


def square(setting: Setting) -> list[dict[str, Any]]:
    """One record with x squared.

    >>> square({"x": 3})
    [{'square': 9}]
    """
    if setting["x"] == "bad":
        raise ValueError("x must be a number, got 'bad'")
    return [{"square": setting["x"] ** 2}]


def wasteful_square(setting: Setting) -> list[dict[str, Any]]:
    """The same, but the setting is used up."""
    assert isinstance(setting, dict)
    return [{"square": setting.pop("x") ** 2}]


def slow_square(setting: Setting) -> list[dict[str, Any]]:
    """The same after ``seconds``; the file ``log`` gets a line when a cell starts and another one when it is done."""
    log = Path(setting["log"])
    _note(log, f"start {setting['x']} {os.getpid()}")
    time.sleep(setting["seconds"])
    _note(log, f"done {setting['x']} {os.getpid()}")
    return [{"square": setting["x"] ** 2, "pid": os.getpid()}]


def deadly_square(setting: Setting) -> list[dict[str, Any]]:
    """The same as ``slow_square``, but the cell ``deadly`` brings down its process, as one without memory would."""
    if setting["x"] == setting["deadly"]:
        os.kill(os.getpid(), signal.SIGKILL)
    return slow_square(setting)


def _note(log: Path, line: str) -> None:
    # One write of a short line in append mode is not torn apart by other processes.
    with log.open("a", encoding="utf-8") as stream:
        stream.write(line + "\n")


def greedy_square(setting: Setting) -> list[dict[str, Any]]:
    """The same, but the setting is changed in place, whatever is inside."""
    assert isinstance(setting, dict)
    setting["x"] *= 100
    setting["more"].append(setting["x"])
    return [{"square": setting["x"] ** 2}]


class _Mute(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


class _Odd(BaseException):
    pass


def unruly_square(setting: Setting) -> list[dict[str, Any]]:
    """The same, or an end of another kind."""
    ends = {"exit": SystemExit(3), "exit words": SystemExit("enough"), "mute": _Mute(), "odd": _Odd("odd end")}
    if setting["x"] in ends:
        raise ends[setting["x"]]
    if setting["x"] == "deep":
        return unruly_square(setting)
    if setting["x"] == "folder":
        os.chdir("/")
        return [{"square": 0}]
    return [{"square": setting["x"] ** 2}]
