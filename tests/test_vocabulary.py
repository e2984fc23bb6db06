"""The house speaks one language: a walk over every option of every command, of the calculator and of verify."""

from __future__ import annotations

import ast
import importlib
import shlex
import tomllib
from collections import defaultdict
from pathlib import Path

import pytest

from boundcalc.command import Command, added_commands, summary_of
from boundcalc.options import Option
from boundcalc.program import group

ROOT = Path(__file__).parents[1]
DECLARED = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]["boundcalc.commands"]
PLACES = group.places | DECLARED

# Examples that take a few seconds at most.
CHEAP = ("rate", "explicit", "packing-number", "list", "show", "derive", "table", "plot", "codes")
# A bound holds for any number n, a sample has a whole number of points.
NARROWED = {"n": {"number", "integer"}}
# Where a symbol is left out of a rate, no number stands for it.
LEFT_OUT = {("rate", "sigma"), ("rate", "B"), ("rate", "C")}


def command(name: str) -> Command:
    module, _, attribute = PLACES[name].partition(":")
    found = getattr(importlib.import_module(module), attribute)
    assert isinstance(found, Command)
    return found


def uses() -> dict[str, list[tuple[str, Option]]]:
    """Name of an option -> the commands that have it, each with its form of it."""
    found = defaultdict(list)
    for name in PLACES:
        one = command(name)
        for option in (*one.declared, *one.arguments):
            found[option.name].append((name, option))
    return found


@pytest.mark.parametrize("what", ["kind", "help", "aliases", "own_default"])
def test_a_concept_is_the_same_in_every_command(what: str) -> None:
    for name, forms in uses().items():
        values = {(o.reader.kind if what == "kind" else getattr(o, what)): command for command, o in forms}
        assert len(values) == 1 or (what == "kind" and values.keys() == NARROWED.get(name)), f"{name}: {values}"


def test_a_concept_has_one_default() -> None:
    """But for the sizes of experiments, which are each command's affair."""
    for name, forms in uses().items():
        defaults = {
            option.typed_default: command
            for command, option in forms
            if not option.own_default and (command, name) not in LEFT_OUT
        }
        assert len(defaults) <= 1, f"{name}: {defaults}"


def test_a_flag_means_one_thing_in_the_whole_house() -> None:
    meaning: dict[str, str] = {}
    for name, forms in uses().items():
        for _, option in forms:
            switched_off = [f"--no-{option.flag[2:]}"] if option.reader.kind == "switch" and option.default else []
            for flag in (option.flag, *option.aliases, *switched_off):
                assert meaning.setdefault(flag, name) == name, f"{flag}: {meaning[flag]} and {name}"


def test_words_differ_where_concepts_differ() -> None:
    helps = defaultdict(set)
    for name, forms in uses().items():
        helps[forms[0][1].help].add(name)
    assert {text: names for text, names in helps.items() if len(names) > 1} == {}


@pytest.mark.parametrize("name", PLACES)
def test_help_shows_what_it_does_every_option_its_default_and_an_example(name: str) -> None:
    one = command(name)
    with one.make_context(f"boundcalc {name}", [], resilient_parsing=True) as ctx:
        shown = " ".join(one.get_help(ctx).split())
    summary = summary_of(PLACES[name])
    assert one.name == name
    assert summary[0].isupper()
    assert summary.endswith(".")
    assert " ".join(summary.split()) in shown
    assert f"Example: boundcalc {name} {one.example}".rstrip() in shown
    for option in one.declared:
        assert f"{option.flag} " in shown or f"{option.flag}/" in shown
        assert all(f"{alias} " not in shown for alias in option.aliases)
        default = option.typed_default
        if default is not None and option.reader.kind != "switch":
            words = ", ".join(default) if isinstance(default, tuple) else default
            assert f"[default: {words}]" in shown.replace("- ", "-"), option.name


@pytest.mark.parametrize("name", PLACES)
def test_examples_are_read(name: str) -> None:
    one = command(name)
    assert one.example
    with one.make_context(name, shlex.split(one.example)) as ctx:
        for option in (*one.declared, *one.arguments):
            value = ctx.params[option.name]
            option.read(None if value == () else value, option.flag)


@pytest.mark.slow
@pytest.mark.parametrize("name", CHEAP)
def test_cheap_examples_run(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert command(name).run_on(shlex.split(command(name).example)) == 0


def test_every_command_of_verify_is_one_of_boundcalc() -> None:
    rooms = {path.parent.name for path in (ROOT / "verify").glob("*/__main__.py")}
    assert {name.replace("-", "_") for name in DECLARED} == rooms
    assert all(DECLARED[name] == f"verify.{name.replace('-', '_')}.__main__:command" for name in DECLARED)
    for room in rooms:
        # Its imports lie behind the border, so that an interruption there is one line.
        statements = ast.parse((ROOT / "verify" / room / "__main__.py").read_text()).body
        first = next(s for s in map(ast.unparse, statements[1:]) if s != "from __future__ import annotations")
        assert first == (
            "if __name__ == '__main__':\n    from boundcalc import border\n"
            f"    border.run('verify.{room}.__main__:command', 'python -m verify.{room}')"
        )
    if added_commands():
        assert added_commands().items() >= DECLARED.items()
