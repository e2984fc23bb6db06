"""Command lines made from the vocabulary: several values, negative ones, old names, help, errors in one line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click
import pytest
from click.testing import CliRunner

from boundcalc.command import Command
from boundcalc.options import OPTIONS, Option, choice, integer, switch, text, vocabulary


def command(seen: dict[str, Any]) -> Command:
    """A command with one option of every kind."""

    def act(values: Mapping[str, Any]) -> int:
        seen.update(values)
        return 3

    options = [
        OPTIONS["dim"].but(required=True),
        OPTIONS["n"].but(default="1e3"),
        OPTIONS["sigma"],
        OPTIONS["dims"].but(default=(1, 2)),
        OPTIONS["cosine"],
        Option("scaling", "the study", switch, True),
        Option("dry_run", "nothing is run", switch, False),
    ]
    return Command(
        "try", act, options, help="Try.", example="--dim 3", positional=("dim", "n"), renamed={"--old": "is now --n"}
    )


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("20 1e4", {"dim": "20", "n": "1e4", "dims": ("1", "2"), "scaling": True, "sigma": "1"}),
        ("--dim 20", {"dim": "20", "n": "1e3", "cosine": None}),
        ("20 --dims 3 5 -7/2 --sigma 2", {"dims": ("3", "5", "-7/2"), "sigma": "2"}),
        ("20 --dims 3 --dims 5", {"dims": ("3", "5")}),
        ("20 --cosine -1/2 --noise .5", {"cosine": "-1/2", "sigma": ".5"}),
        ("20 --cosine=-1/2 --no-scaling --dry-run", {"cosine": "-1/2", "scaling": False, "dry_run": True}),
    ],
)
def test_values_arrive(arguments: str, expected: dict[str, Any]) -> None:
    seen: dict[str, Any] = {}
    assert command(seen).run_on(arguments.split()) == 3
    assert {name: seen[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("20 5 7", "unexpected argument '7'"),
        ("20 --dim 3", "--dim is given twice: 20 and 3"),
        ("20 --old 3", "--old is now --n"),
        ("20 --nose 3", "No such option '--nose'"),
        ("--n 3", "--dim is missing"),
    ],
)
def test_usage_errors_name_the_option(arguments: str, words: str) -> None:
    with pytest.raises(click.UsageError) as caught:
        command({}).run_on(arguments.split())
    assert words in caught.value.format_message()


def test_help_shows_defaults_and_an_example() -> None:
    shown = CliRunner().invoke(command({}), ["--help"]).output
    for words in ("[default: 1, 2]", "--no-scaling", "boundcalc try --dim 3", "standard deviation of the label noise"):
        assert words in shown


def test_a_flag_has_one_meaning() -> None:
    with pytest.raises(ValueError, match="--x stands for x and for y"):
        vocabulary(Option("x", "", text), Option("y", "", text, aliases=("--x",)))


def test_readers_refuse_what_they_cannot_read() -> None:
    with pytest.raises(TypeError, match="dims must be a sequence"):
        OPTIONS["dims"].read(3)
    with pytest.raises(ValueError, match=r"--dims.*must be an integer"):
        OPTIONS["dims"].read(["1.5"], "--dims")
    with pytest.raises(TypeError, match="out must be text"):
        OPTIONS["out"].read(3)
    with pytest.raises(ValueError, match="at least 2"):
        integer(2).read("n", 1)
    with pytest.raises(ValueError, match="one of a, b"):
        choice(("a", "b")).read("word", "c")
