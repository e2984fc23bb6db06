"""Command lines made from the vocabulary: several values, negative ones, old names, help, errors in one line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click
import pytest
from click.shell_completion import ShellComplete
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
        ("20 --dims 3 --dims 5 7", {"dims": ("5", "7")}),
        ("--dim 20 --d 3 --sigma 1 --noise=2", {"dim": "3", "sigma": "2"}),
        ("20 --cosine -1/2 --noise .5", {"cosine": "-1/2", "sigma": ".5"}),
        ("20 --cosine=-1/2 --no-scaling --dry-run", {"cosine": "-1/2", "scaling": False, "dry_run": True}),
        ("20 --dims=3 5 --n=7", {"dims": ("3", "5"), "n": "7"}),
        ("--dims 3 5 -- 20 -7", {"dims": ("3", "5"), "dim": "20", "n": "-7"}),
        ("--n -7 -20", {"n": "-7", "dim": "-20"}),
        ("--d 20", {"dim": "20"}),
        ("--dim=20 --cosine=", {"cosine": ""}),
        ("--scaling --scaling 20", {"scaling": True, "dim": "20"}),
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
        ("20 --old=3", "--old is now --n"),
        ("20 --nose 3", "--nose is no option here; nearest: --noise"),
        ("20 --xyzzy", "--xyzzy is no option here; see --help"),
        ("--n 3", "--dim is missing: dimension d of the inputs"),
        ("20 --cosine", "--cosine needs a value: its cosine"),
        ("20 --cosine --sigma 3", "--cosine needs a value"),
        ("20 --cosine -- 3", "--cosine needs a value"),
        ("20 --cosine --nose", "--cosine needs a value"),
        ("20 --cosine -h", "--cosine needs a value"),
        ("20 --dims", "--dims needs a value"),
    ],
)
def test_usage_errors_name_the_option(arguments: str, words: str) -> None:
    with pytest.raises(click.UsageError) as caught:
        command({}).run_on(arguments.split())
    assert words in caught.value.format_message()


def test_help_shows_defaults_and_an_example_and_no_aliases() -> None:
    shown = CliRunner().invoke(command({}), ["--help"]).output
    for words in ("[default: 1, 2]", "--no-scaling", "boundcalc try --dim 3", "standard deviation of the label noise",
                  "[OPTIONS] D [N]", "--dim D ", "[required]", "--dims D ..."):  # fmt: skip
        assert words in shown
    assert "--noise" not in shown
    assert "--d D" not in shown


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("dry_run must be True", "--dry-run must be True"),
        ("path must be short", "PATH must be short"),
        ("nothing is known of dim", "nothing is known of dim"),
    ],
)
@pytest.mark.parametrize("kind", [ValueError, TypeError])
def test_the_names_of_the_library_become_flags_in_errors(message: str, shown: str, kind: type[Exception]) -> None:
    def act(_: Mapping[str, Any]) -> int:
        raise kind(message)

    options, arguments = [Option("dry_run", "nothing is run", switch, False)], [Option("path", "a path", text, "x")]
    with pytest.raises(kind) as caught:
        Command("try", act, options, help="Try.", example="", arguments=arguments).run_on([])
    assert str(caught.value) == shown


def completed(program: click.Command, arguments: list[str], part: str) -> list[str]:
    """What the shell offers after these arguments for a word that begins so."""
    return [item.value for item in ShellComplete(program, {}, "try", "_TRY_COMPLETE").get_completions(arguments, part)]


def test_the_shell_completes_words_and_options() -> None:
    kinds = Option("kinds", "which", choice(("fast", "full", "slow")), many=True)
    program = Command(
        "try", lambda _: 0, [OPTIONS["effort"], OPTIONS["sigma"], kinds, OPTIONS["out"]], help="Try.", example=""
    )
    assert completed(program, ["--effort"], "f") == ["fast", "full"]
    assert completed(program, ["--effort", "fast", "--kinds", "fast"], "s") == ["slow"]
    assert completed(program, [], "--s") == ["--sigma"]
    assert completed(program, [], "--n") == []
    named = ShellComplete(program, {}, "try", "_TRY_COMPLETE").get_completions(["--out"], "b")
    assert [item.type for item in named] == ["file"]
    several = Command("try", lambda _: 0, [], help="Try.", example="", arguments=(kinds,))
    assert completed(several, ["fast"], "s") == ["slow"]


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
