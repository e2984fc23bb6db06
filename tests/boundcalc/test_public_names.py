"""The public functions, whatever was imported before, and what importing the package costs."""

import random
import subprocess
import sys
from pathlib import Path

import pytest

import boundcalc

ROOT = Path(__file__).parents[2]
MODULES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for path in (ROOT / "boundcalc").rglob("*.py")
    if path.name != "__main__.py"
)
# Every public name is what the module that defines it means by it, and no module.
CHECK = """
import importlib, types, boundcalc
for name, module in boundcalc._PUBLIC.items():
    value = getattr(boundcalc, name)
    assert not isinstance(value, types.ModuleType), name
    assert value is getattr(importlib.import_module(module), name), name
assert boundcalc.theorem("minimax-lower").key == "minimax-lower"
assert len(boundcalc.theorems()) == len(boundcalc.theorems().keys) > 30
"""


def test_no_module_has_the_name_of_a_function() -> None:
    inside = {module.split(".")[1] for module in MODULES if "." in module}
    assert not inside & set(boundcalc.__all__)


@pytest.mark.slow
@pytest.mark.parametrize("order", ["sorted", "reversed", "shuffled 1", "shuffled 2", "checked first"])
def test_public_names_win_whatever_was_imported_before(order: str) -> None:
    names = list(MODULES)
    if order == "reversed":
        names.reverse()
    elif order.startswith("shuffled"):
        random.Random(order).shuffle(names)
    imports = "\n".join(f"import {name}" for name in names)
    code = CHECK + imports + CHECK if order == "checked first" else imports + CHECK
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
