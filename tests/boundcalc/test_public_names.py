"""The public functions, whatever was imported before, and what importing the package costs."""

import subprocess
import sys
from pathlib import Path

import pytest

import boundcalc

ROOT = Path(__file__).parents[2]
USE = (
    "assert boundcalc.theorem('minimax-lower').key == 'minimax-lower'; "
    "assert len(boundcalc.theorems()) == len(boundcalc.theorems().keys) > 30"
)
ORDERS = {
    "nothing before": "import boundcalc",
    "statements before": "from boundcalc.statements import THEOREMS, get; import boundcalc",
    "types before": "from boundcalc.statement import Theorem; import boundcalc",
    "submodules after": f"import boundcalc; {USE}; import boundcalc.statement, boundcalc.statements",
    "names from the package": "from boundcalc import theorem, theorems; theorem('theorem-a'); import boundcalc",
}


@pytest.mark.parametrize("order", ORDERS)
def test_functions_win_over_modules_of_the_same_name(order: str) -> None:
    code = f"{ORDERS[order]}; {USE}; from boundcalc.statement import Theorem; from boundcalc.statements import get"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", boundcalc.__all__)
def test_every_public_name_resolves_and_is_documented(name: str) -> None:
    value = getattr(boundcalc, name)
    assert value.__doc__
    assert name in dir(boundcalc)


def test_the_list_of_names_is_the_map() -> None:
    assert sorted(boundcalc.__all__) == sorted(boundcalc._PUBLIC)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'rates_of'"):
        boundcalc.rates_of  # noqa: B018


def test_the_import_is_light() -> None:
    code = "import sys, boundcalc; print([m for m in ('torch', 'matplotlib', 'scipy', 'flint') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


def test_the_registry_prints() -> None:
    registry = boundcalc.theorems()
    text = str(registry)
    assert all(key in text for key in registry.keys)
    assert registry._repr_markdown_().count("\n") == len(registry) + 1
    assert registry[0] is next(iter(registry))
    with pytest.raises(ValueError, match="nearest: minimax-lower"):
        boundcalc.theorem("minimax-lowr")
