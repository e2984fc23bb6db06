"""Commands in README and docs: the program reads each of them, and prints what a console shows."""

from __future__ import annotations

import importlib
import math
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from boundcalc.__main__ import run
from boundcalc.command import Command
from boundcalc.program import group

ROOT = Path(__file__).parents[2]
FLOAT = r"-?\d+(?:\.\d+(?:e[-+]?\d+)?|e[-+]?\d+)"
PAGES = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "docs" / "benchmarks").glob("*.md")),
]
COMMAND = re.compile(r"^(?:\$ )?(?:boundcalc|python -m verify\.(?=\w))\s*([a-z][\w-]*(?: .*)?)$")
GENERATED = ("registry.md", "errata.md", "derivations.md", "codes.md")


def shown_commands() -> Iterator[tuple[str, str]]:
    """(page, what follows the program's name) for every command in code, inline or in a block."""
    for page in PAGES:
        if page.name in GENERATED:
            continue
        text = page.read_text()
        blocks = re.findall(r"^```[\w-]*\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
        # What a console shows to be refused is not meant to be read.
        refused = re.findall(r"^(\$ .*)\n.*: error: ", text, flags=re.MULTILINE)
        lines = [line for block in blocks for line in block.splitlines() if line not in refused]
        lines += re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))
        for line in lines:
            if found := COMMAND.match(line.partition("  #")[0].strip()):
                yield page.name, found[1].strip()


def consoles() -> Iterator[tuple[str, str, str]]:
    """(page, command, what is printed) of every console block, whose commands begin with a dollar sign."""
    for page in PAGES:
        for block in re.findall(r"^```console\n(.*?)^```", page.read_text(), flags=re.MULTILINE | re.DOTALL):
            for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
                command, _, printed = part.partition("\n")
                yield page.name, command, printed


@pytest.mark.parametrize(("page", "words"), sorted(set(shown_commands())))
def test_commands_are_read(page: str, words: str) -> None:
    name, *arguments = shlex.split(words)
    name = name.replace("_", "-")
    assert name in group.places, f"{page} names a command that is none"
    module, _, attribute = group.places[name].partition(":")
    command = getattr(importlib.import_module(module), attribute)
    assert isinstance(command, Command)
    if not arguments or arguments == ["--help"]:
        return
    with command.make_context(name, arguments) as ctx:
        for option in (*command.declared, *command.arguments):
            value = ctx.params[option.name]
            option.read(None if value == () else value, option.flag)


def test_the_pages_show_the_program_first() -> None:
    pages = [page for page, _ in shown_commands()]
    assert pages.count("README.md") >= 12
    assert pages.count("guide.md") >= 12
    named = {words.split()[0] for page, words in shown_commands() if page in ("README.md", "guide.md")}
    assert named >= set(group.places) - {"sample-size", "sweep"}


@pytest.mark.slow
@pytest.mark.parametrize(("page", "command", "printed"), list(consoles()))
def test_consoles_show_what_is_printed(
    page: str, command: str, printed: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lines of three dots stand for lines that are left out."""
    monkeypatch.setattr(sys, "argv", shlex.split(command))
    monkeypatch.setattr(sys, "stderr", sys.stderr)
    assert sys.argv[0] == "boundcalc"
    with pytest.raises(SystemExit):
        run()
    out, err = capfd.readouterr()
    got = out or err
    if not agrees(printed, got):
        pytest.fail(f"{page}: {command} prints\n{got}\nand not\n{printed}")


def agrees(shown: str, got: str) -> bool:
    """Whether text is what is shown: up to the width of columns, and the last digits of floats, which depend on the machine."""
    pieces = re.split(f"({FLOAT})", " ".join(shown.split()))
    texts, numbers = pieces[::2], [float(number) for number in pieces[1::2]]
    pattern = f"({FLOAT})".join(re.escape(text).replace(re.escape("..."), ".*?") for text in texts)
    found = re.fullmatch(pattern, " ".join(got.split()))
    return found is not None and all(
        math.isclose(float(one), other, rel_tol=1e-6) for one, other in zip(found.groups(), numbers, strict=True)
    )


def test_the_comparison_sees_what_differs() -> None:
    got = "a  1.25 of 3\nb 2e-07\nc"
    assert agrees("a 1.25 of 3\n...\nc", got)
    assert agrees("a 1.2500001 of 3\nb 2e-07\nc", got)
    assert not agrees("a 1.251 of 3\n...\nc", got)
    assert not agrees("a 1.25 of 4\n...\nc", got)
    assert not agrees("a 1.25 of 3\nb", got)
