"""The packages depend on each other in one direction only, and `import boundcalc` stays light."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from boundcalc.statement import Theorem
from boundcalc.statements import THEOREMS

ROOT = Path(__file__).parent.parent
FORBIDDEN = {
    "boundcalc": {"mpmath", "torch", "constructions", "verify"},
    "constructions": {"sympy", "mpmath", "torch", "boundcalc", "verify"},
    "verify": {"mpmath", "tests", "benchmarks"},
}
FLINT_ALLOWED = {Path("boundcalc/enclosure.py"), Path("boundcalc/arb.py")}


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add((node.module or "").split(".")[0])
    return names


@pytest.mark.parametrize("package", FORBIDDEN)
def test_dependency_directions(package: str) -> None:
    files = sorted((ROOT / package).rglob("*.py"))
    assert files
    wrong = {str(f.relative_to(ROOT)): bad for f in files if (bad := imported(f) & FORBIDDEN[package])}
    assert not wrong


def test_one_file_of_boundcalc_knows_flint() -> None:
    users = {f.relative_to(ROOT) for f in (ROOT / "boundcalc").rglob("*.py") if "flint" in imported(f)}
    assert users <= FLINT_ALLOWED


def test_the_check_sees_a_forbidden_import(tmp_path: Path) -> None:
    culprit = tmp_path / "culprit.py"
    culprit.write_text("def f():\n    from torch.nn import Linear\n    return Linear\n")
    assert imported(culprit) & FORBIDDEN["boundcalc"] == {"torch"}


def test_import_boundcalc_loads_no_heavy_package() -> None:
    code = "import sys, boundcalc; print([m for m in ('torch', 'click', 'matplotlib', 'scipy', 'flint') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


def test_bounds_need_neither_scipy_nor_statements_on_other_subjects() -> None:
    """Importing scipy.special takes longer than a search, and making every statement's expressions too."""
    code = (
        "import sys, boundcalc; boundcalc.explicit_lower(7, 1e6); boundcalc.explicit_upper(7, 1e6); boundcalc.rate(7, [1e6]);"
        "unwanted = ('scipy', 'boundcalc.statements.approximation', 'boundcalc.statements.power_weight');"
        "print([m for m in unwanted if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


def test_the_programs_help_loads_no_heavy_package() -> None:
    """Nor does completing the name of a command."""
    code = (
        "import sys; from boundcalc.program import main; main(['--help']);"
        "print([m for m in ('torch', 'matplotlib', 'scipy', 'sympy', 'numpy', 'verify') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.splitlines()[-1] == "[]"


def test_every_statement_is_registered() -> None:
    """Each theorem that a file of statements defines is in the registry, under the name that its key says."""
    files = sorted(set((ROOT / "boundcalc/statements").glob("*.py")) - {ROOT / "boundcalc/statements/__init__.py"})
    found = [
        (name, entry)
        for file in files
        for name, entry in vars(importlib.import_module(f"boundcalc.statements.{file.stem}")).items()
        if isinstance(entry, Theorem)
    ]
    assert {entry.key for _, entry in found} == {entry.key for entry in THEOREMS}
    assert len(THEOREMS) == len({entry.key for entry in THEOREMS})
    assert all(name == entry.key.upper().replace("-", "_") for name, entry in found)


@pytest.mark.parametrize(
    ("folder", "collection"),
    [
        ("constructions/codes", "FAMILY"),
    ],
)
def test_every_file_is_registered(folder: str, collection: str) -> None:
    """Each file that defines an entry is imported by the folder's __init__, so none is forgotten."""
    init = (ROOT / folder / "__init__.py").read_text()
    definers = [
        f.stem
        for f in sorted((ROOT / folder).glob("*.py"))
        if any(
            isinstance(node, (ast.Assign, ast.AnnAssign))
            and any(
                getattr(t, "id", None) == collection for t in getattr(node, "targets", [getattr(node, "target", None)])
            )
            for node in ast.parse(f.read_text()).body
        )
    ]
    assert definers
    missing = [name for name in definers if f"{name}.{collection}" not in init]
    assert not missing
