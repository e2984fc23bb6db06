"""No file of the three packages imports itself, through whatever others; and verify is built in storeys."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("boundcalc", "constructions", "verify")


def modules() -> dict[str, Path]:
    """Module name -> file."""
    found = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def is_for_types(node: ast.AST) -> bool:
    """Whether a statement is ``if TYPE_CHECKING``, whose imports never run."""
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def imports(path: Path, known: dict[str, Path], *, types: bool = True) -> set[str]:
    """The modules of these packages that a file imports, anywhere in it."""
    found, waiting = set(), [ast.parse(path.read_text(encoding="utf-8"))]
    while waiting:
        node = waiting.pop()
        if not types and is_for_types(node):
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            whole = {f"{node.module}.{alias.name}" for alias in node.names}
            # A name that is no module comes from the module itself; a face (an __init__) needs no arrow of its own.
            found |= whole & known.keys() or {node.module}
        waiting += ast.iter_child_nodes(node)
    return found & known.keys()


def circle_of(graph: dict[str, set[str]]) -> list[str]:
    """One circle of the graph, empty if there is none."""
    state: dict[str, int] = {}

    def visit(name: str, path: list[str]) -> list[str]:
        state[name] = 1
        for other in sorted(graph[name]):
            if state.get(other) == 1:
                return [*path[path.index(other) :], other] if other in path else [name, other]
            if other not in state and (found := visit(other, [*path, other])):
                return found
        state[name] = 2
        return []

    for name in sorted(graph):
        if name not in state and (found := visit(name, [name])):
            return found
    return []


@pytest.mark.parametrize("package", PACKAGES)
def test_no_file_imports_itself_through_others(package: str) -> None:
    known = {name: path for name, path in modules().items() if name.split(".")[0] == package}
    graph = {name: imports(path, known) - {name} for name, path in known.items()}
    assert circle_of(graph) == []


def test_the_search_finds_a_circle() -> None:
    assert circle_of({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]
    assert circle_of({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


# The rooms of verify that others stand on, the lowest first; every other one stands on top.
STOREYS = ("outcome", "power_law", "hessian", "training", "command", "sweep")


def storey(module: str) -> int:
    """How high the room of a module of verify lies."""
    room = module.split(".")[1]
    return STOREYS.index(room) if room in STOREYS else len(STOREYS)


@pytest.mark.parametrize("room", STOREYS)
def test_no_room_imports_anything_above_itself(room: str) -> None:
    """So the engines, hessian and training, know neither the commands nor what these share, and no sweep."""
    known = {name: path for name, path in modules().items() if name.startswith("verify.")}
    mine = {name: path for name, path in known.items() if name.split(".")[1] == room}
    assert mine
    above = {
        name: {other for other in imports(path, known) if storey(other) > storey(name)} for name, path in mine.items()
    }
    assert {name: others for name, others in above.items() if others} == {}


def test_the_storeys_refuse_a_command_below(tmp_path: Path) -> None:
    culprit = tmp_path / "culprit.py"
    culprit.write_text("def f():\n    from verify.rates.cells import run_cell\n    return run_cell\n")
    (found,) = imports(culprit, modules())
    assert storey(found) > storey("verify.sweep.store") > storey("verify.command") > storey("verify.training.train")
