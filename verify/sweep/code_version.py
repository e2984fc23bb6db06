"""The version of the code that a result depends on: a hash of the source, comments and docstrings apart."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
from collections.abc import Iterator, Sequence
from pathlib import Path

__all__ = ["code_version", "imported_modules", "source_hash"]


def source_hash(text: str) -> str:
    """A hash of a module's statements; comments, docstrings and layout don't count.

    Examples
    --------
    >>> source_hash("def f():\\n    '''One.'''\\n    return 1") == source_hash("def f(): return 1  # one")
    True
    >>> source_hash("def f(): return 1") == source_hash("def f(): return 2")
    False
    """
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            node.body = [part for part in node.body if not _is_text(part)] or [ast.Pass()]
    return hashlib.sha256(ast.unparse(tree).encode()).hexdigest()


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _source(name: str) -> str | None:
    """The text of a module, None for one without Python source."""
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return None
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        return None
    return Path(spec.origin).read_text(encoding="utf-8")


def _imports(text: str) -> Iterator[str]:
    """Names of what a module imports absolutely, anywhere in it but under TYPE_CHECKING; an imported name may be a module."""
    waiting: list[ast.AST] = [ast.parse(text)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        waiting += ast.iter_child_nodes(node)


def imported_modules(modules: Sequence[str]) -> dict[str, str]:
    """The named modules and all that they import, directly or not, from the same top-level packages; name to source.

    Raises
    ------
    ValueError
        Naming a module of ``modules`` that has no Python source.

    Examples
    --------
    >>> sorted(imported_modules(["verify.sweep.codec"]))
    ['verify.sweep.codec']
    """
    found: dict[str, str] = {}
    packages = {name.split(".")[0] for name in modules} | {"boundcalc", "constructions", "verify"}
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        if name in found or name.split(".")[0] not in packages:
            continue
        text = _source(name)
        if text is not None:
            found[name] = text
            waiting += _imports(text)
        elif name in modules:
            raise ValueError(f"modules must name modules with Python source, got {name!r}")
    return found


def code_version(modules: Sequence[str]) -> str:
    """A hash of the named modules and of all that they import from this package, 16 hexadecimal digits.

    A change of a comment, of a docstring, or of anything that the modules don't import leaves it as it is.

    Raises
    ------
    ValueError
        Naming a module that has no source.
    """
    total = hashlib.sha256()
    for name, text in sorted(imported_modules(modules).items()):
        total.update(f"{name} {source_hash(text)}\n".encode())
    return total.hexdigest()[:16]
