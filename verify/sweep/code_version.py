"""The version of the code that a result depends on: a hash of the source, comments and docstrings apart."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
from collections.abc import Sequence
from pathlib import Path

__all__ = ["TRAINING_SOURCES", "code_version", "source_hash"]

# The modules that determine the bits of a training.
TRAINING_SOURCES = (
    "constructions.data",
    "constructions.network",
    "verify.training.device",
    "verify.training.gradient",
    "verify.training.host",
    "verify.training.margins",
    "verify.training.setting",
    "verify.training.stack",
    "verify.training.targets",
    "verify.training.trace",
    "verify.training.train",
)


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


def code_version(modules: Sequence[str]) -> str:
    """A hash of the named modules, 16 hexadecimal digits.

    Parameters
    ----------
    modules : sequence of str
        Names of modules; each counts by itself, without what it imports.

    Raises
    ------
    ValueError
        Naming a module that has no source.
    """
    total = hashlib.sha256()
    for name in sorted(set(modules)):
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
            raise ValueError(f"modules must name modules with Python source, got {name!r}")
        total.update(f"{name} {source_hash(Path(spec.origin).read_text(encoding='utf-8'))}\n".encode())
    return total.hexdigest()[:16]
