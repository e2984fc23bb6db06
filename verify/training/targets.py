"""The functions that labels are drawn around."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from constructions.data import sphere

Float = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Target:
    """A function on R^d with its name; ``directions`` (m, d) are the unit vectors that define it."""

    name: str
    directions: Float

    def __call__(self, X: Float) -> Float:
        """Values at points X (n, d), shape (n,)."""
        return TARGETS[self.name](np.asarray(X, dtype=np.float64), self.directions)


def _linear(X: Float, directions: Float) -> Float:
    return np.asarray(X @ directions[0])


def _roots(X: Float, directions: Float) -> Float:
    # Written without @ so that exact zeros stay exact under the root.
    return np.asarray(np.sqrt(np.abs(np.einsum("nd,md->nm", X, directions))).mean(axis=1) + 1)


TARGETS: dict[str, Callable[[Float, Float], Float]] = {"linear": _linear, "root": _roots}


def make_target(name: str, dim: int, rng: np.random.Generator) -> Target:
    """The target of that name, with random unit vectors.

    linear: f(x) = w·x (LQWP25, Figs. 2 to 12). root: f(x) = (1/d) sum_j |u_j·x|^(1/2) + 1 with d directions (Figs. 13 to 15).

    Examples
    --------
    >>> f = make_target("linear", 3, np.random.default_rng(0))
    >>> bool(np.isclose(f(f.directions)[0], 1))
    True
    >>> float(make_target("root", 2, np.random.default_rng(0))(np.zeros((1, 2)))[0])
    1.0
    >>> make_target("cubic", 2, np.random.default_rng(0))
    Traceback (most recent call last):
    ...
    ValueError: target must be one of linear, root, got 'cubic'
    """
    if name not in TARGETS:
        raise ValueError(f"target must be one of {', '.join(TARGETS)}, got {name!r}")
    return Target(name, sphere(1 if name == "linear" else dim, dim, rng))
