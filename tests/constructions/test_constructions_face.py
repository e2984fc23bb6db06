"""The names of the package: they resolve, whatever was imported before, and cost little."""

import subprocess
import sys
from pathlib import Path

import pytest

import constructions

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", constructions.__all__)
def test_every_name_resolves_and_is_documented(name: str) -> None:
    value = getattr(constructions, name)
    assert isinstance(value, (tuple, dict)) or value.__doc__


def test_names_are_sorted_and_no_module_has_one_of_them() -> None:
    assert list(constructions.__all__) == sorted(constructions.__all__)
    modules = {path.stem for path in (ROOT / "constructions").rglob("*.py")}
    assert not modules & set(constructions.__all__)


@pytest.mark.slow
@pytest.mark.parametrize(
    "first", ["constructions.cap_ridges", "constructions.packet_fields", "constructions.codes.leech"]
)
def test_the_order_of_imports_does_not_matter(first: str) -> None:
    use = "import constructions; assert callable(constructions.fan) and callable(constructions.packet_field)"
    code = f"import {first}; {use}; import constructions.stacked; {use}; assert constructions.build('leech', 24, 60, max_size=9)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_the_import_is_light() -> None:
    code = "import sys, constructions; print([m for m in ('scipy', 'flint', 'sympy', 'torch') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"
