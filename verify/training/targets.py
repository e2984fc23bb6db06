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
    values: Callable[[Float, Float], Float]

    def __call__(self, X: Float) -> Float:
        """Values at points X (n, d), shape (n,)."""
        return self.values(np.asarray(X, dtype=np.float64), self.directions)


def _linear(X: Float, directions: Float) -> Float:
    return np.asarray(X @ directions[0])


def _roots(X: Float, directions: Float) -> Float:
    # Written without @ so that exact zeros stay exact under the root.
    return np.asarray(np.sqrt(np.abs(np.einsum("nd,md->nm", X, directions))).mean(axis=1) + 1)


def linear_target(dim: int, rng: np.random.Generator) -> Target:
    """f(x) = w·x with a random unit vector w (LQWP25, Figs. 2 to 12).

    Examples
    --------
    >>> f = linear_target(3, np.random.default_rng(0))
    >>> bool(np.isclose(f(f.directions)[0], 1))
    True
    """
    return Target("linear", sphere(1, dim, rng), _linear)


def root_target(dim: int, rng: np.random.Generator) -> Target:
    """f(x) = (1/d) sum_j |u_j·x|^(1/2) + 1 with d random unit vectors u_j (LQWP25, Figs. 13 to 15).

    Examples
    --------
    >>> float(root_target(2, np.random.default_rng(0))(np.zeros((1, 2)))[0])
    1.0
    """
    return Target("root", sphere(dim, dim, rng), _roots)


TARGETS: tuple[tuple[str, Callable[[int, np.random.Generator], Target]], ...] = (
    ("linear", linear_target),
    ("root", root_target),
)


def make_target(name: str, dim: int, rng: np.random.Generator) -> Target:
    """The target of that name.

    Examples
    --------
    >>> make_target("cubic", 2, np.random.default_rng(0))
    Traceback (most recent call last):
    ...
    ValueError: target must be one of linear, root, got 'cubic'
    """
    known = dict(TARGETS)
    if name not in known:
        raise ValueError(f"target must be one of {', '.join(known)}, got {name!r}")
    return known[name](dim, rng)
