"""Progress on stderr: a bar that is cleared on a terminal, a readable line each time elsewhere."""

from __future__ import annotations

import io
import re
import sys

import pytest

from boundcalc import border
from boundcalc.command import Command
from verify.command import Progress

LEFT = r"\(00:00, (00:00|\?) left\)"


class Terminal(io.StringIO):
    """A terminal that keeps what it is sent."""

    def isatty(self) -> bool:
        return True


def test_elsewhere_each_step_is_a_line(capsys):
    with Progress(2) as progress:
        progress.step("build")
        progress.step("check")
    first, second = capsys.readouterr().err.splitlines()
    assert re.fullmatch(rf"\[\.{{24}}\] 1/2 build {LEFT}", first)
    assert re.fullmatch(rf"\[#{{12}}\.{{12}}\] 2/2 check {LEFT}", second)


def test_work_may_be_of_any_unit(capsys):
    with Progress(0.3) as progress:
        for _ in range(3):
            progress.advance(0.1, "cells")
        progress.write("a line")
    lines = capsys.readouterr().err.splitlines()
    assert [line.count("#") for line in lines] == [8, 16, 24, 0]
    assert lines[-1] == "a line"


def test_notes_are_rare_where_nobody_watches(capsys, monkeypatch):
    now = 0.0
    monkeypatch.setattr("verify.command.time.monotonic", lambda: now)
    with Progress() as progress:
        for now in range(25):
            progress.note(f"round {now}")
    lines = [line.partition(" (")[0] for line in capsys.readouterr().err.splitlines()]
    assert lines == ["round 10", "round 20"]


def test_on_a_terminal_one_line_is_drawn_again_and_cleared(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with Progress(2) as progress:
        progress.step("build")
        progress.write("a line that stays")
    text = terminal.getvalue()
    assert text.count("\n") == 1
    assert "1/2 build" in text
    assert text.rpartition("\n")[0].endswith("\ra line that stays")
    assert re.search(r"\r *\r$", text)


def test_without_its_package_a_command_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["codes"])
    monkeypatch.setattr(sys, "stderr", sys.stderr)  # which the program wraps
    monkeypatch.setitem(sys.modules, "tqdm", None)
    with pytest.raises(SystemExit) as ended:
        border.run(Command("codes", lambda _: Progress(1), [], help="", example=""), "python -m verify.codes")
    assert ended.value.code == 2
    assert capsys.readouterr().err == (
        "python -m verify.codes: error: tqdm is not installed; pip install 'boundcalc[verify]'\n"
    )
