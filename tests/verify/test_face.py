"""The names of verify: each resolves on its own, in any order, to one thing; only those about torch modules load torch."""

from __future__ import annotations

import json
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import verify

ROOT = Path(__file__).parents[2]
SCRIPT = """
import json, sys
import verify
loaded = sorted(name for name in sys.modules if name.split(".")[0] in ("numpy", "scipy", "sympy", "torch", "boundcalc"))
assert not loaded, loaded
for module in {first!r}:
    __import__(module)
found = {{}}
for name in {names!r}:
    value = getattr(verify, name)
    found[name] = f"{{value.__module__}}.{{value.__qualname__}}"
    assert "torch" not in sys.modules or any(home.startswith("verify.modules.") for home in found.values()), name
print(json.dumps(found))
"""


def resolve(names: list[str], first: list[str]) -> dict[str, str]:
    """Where names of verify lead in a fresh interpreter, after importing some modules first."""
    script = SCRIPT.format(names=names, first=first)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    found: dict[str, str] = json.loads(done.stdout)
    return found


@pytest.mark.slow
def test_names_mean_the_same_in_any_order() -> None:
    packages = [
        f"verify.{module.name}" for module in pkgutil.iter_modules(verify.__path__) if module.name != "__main__"
    ]
    names = list(verify.__all__)
    known = resolve(names, [])
    assert resolve(names[::-1], []) == known
    assert resolve(names, packages[::-1]) == known


@pytest.mark.slow
@pytest.mark.parametrize("name", verify.__all__[::7])
def test_a_name_alone(name: str) -> None:
    assert list(resolve([name], [])) == [name]


def test_no_name_is_a_subpackage() -> None:
    modules = {module.name for module in pkgutil.iter_modules(verify.__path__)}
    assert {"sharpness", "shatterability", "packing"} <= modules
    assert not modules & set(verify.__all__)
    assert sorted(verify.__all__) == sorted(set(verify.__all__)) == sorted(verify._PUBLIC)
    assert set(verify.__all__) <= set(dir(verify))


def test_unknown_names_are_refused() -> None:
    with pytest.raises(AttributeError, match="module 'verify' has no attribute 'roughness'"):
        verify.roughness  # noqa: B018


def test_functions_named_like_commands_come_from_their_packages() -> None:
    import verify.hessian
    import verify.sharpness
    import verify.shatterability

    assert verify.sharpness.sharpness is verify.hessian.sharpness
    assert callable(verify.shatterability.shatterability)
    with pytest.raises(AttributeError, match="no attribute 'flatness'"):
        verify.sharpness.flatness  # noqa: B018
