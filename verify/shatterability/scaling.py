"""Changing the scales of points and labels, only when asked to, invertibly, and saying what was done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from boundcalc.exact import describe
from verify.hessian.inputs import read_array
from verify.shatterability.frame import Frame, row_norms

Float = NDArray[np.float64]


class Scale(Enum):
    """AS_IS: untouched. UNIT_BALL: centred, then divided by the largest norm. STANDARDISE: each column to mean 0, variance 1."""

    AS_IS = "as-is"
    UNIT_BALL = "unit-ball"
    STANDARDISE = "standardise"


class LabelScale(Enum):
    """AS_IS: untouched. UNIT: the least to -1, the largest to 1. STANDARDISE: to mean 0, variance 1."""

    AS_IS = "as-is"
    UNIT = "unit"
    STANDARDISE = "standardise"


@dataclass(frozen=True, eq=False)
class Scaled:
    """Points (n, d) after ``scale``: (x - shift) / factor, column by column; ``words`` say what was done."""

    X: Float
    shift: Float
    factor: Float
    words: str

    def lines(self, columns: Sequence[str], most: int = 6) -> list[str]:
        """What became of the first columns, by name; nothing if all are as given.

        >>> rescale(np.array([[0.0], [4.0]]), Scale.STANDARDISE).lines(["size"])
        ["size: ('size' - 2) / 2"]
        """
        if not self.shift.any() and (self.factor == 1).all():
            return []
        shown = zip(columns[:most], self.shift.tolist(), self.factor.tolist(), strict=False)
        rest = [f"... and {len(columns) - most} more columns"] if len(columns) > most else []
        return [_formula(*each) for each in shown] + rest


@dataclass(frozen=True, eq=False)
class ScaledLabels:
    """Labels (n,) after ``scale``: (y - shift) / factor; ``words`` say what was done."""

    y: Float
    shift: float
    factor: float
    words: str

    def lines(self, target: str) -> list[str]:
        """The same for the labels."""
        return [] if self.shift == 0 and self.factor == 1 else [_formula(target, self.shift, self.factor)]


def _formula(name: str, shift: float, factor: float) -> str:
    moved = f"{name!r} {'-' if shift >= 0 else '+'} {abs(shift):.6g}"
    return f"{name}: ({moved}) / {factor:.6g}"


def rescale(X: Float, scale: Scale) -> Scaled:
    """Apply a scale to finite points (n, d). What does not vary becomes 0, with factor 1.

    Raises
    ------
    TypeError
        If ``scale`` is not a member of Scale.
    ValueError
        If there is no point.

    Examples
    --------
    >>> rescale(np.array([[0.0], [4.0]]), Scale.UNIT_BALL).X.ravel()
    array([-1.,  1.])
    """
    if not isinstance(scale, Scale):
        raise TypeError(f"scale must be a member of Scale, got {describe(scale)}")
    X = read_array("X", X, (None, None))
    if not X.size:
        raise ValueError(f"X must hold at least one point, got shape {X.shape}")
    d = X.shape[1]
    if scale is Scale.AS_IS:
        return Scaled(X, np.zeros(d), np.ones(d), "as given")
    frame = Frame.of(X)
    offset = frame.factor * frame.points.mean(axis=0)
    centred = (X - frame.centre) - offset  # the first difference is exact
    shift = frame.centre + offset
    constant = (X[0] == X).all(axis=0)
    centred[:, constant], shift[constant] = 0.0, X[0, constant]
    if scale is Scale.UNIT_BALL:
        radius = float(row_norms(centred).max())
        # A few units in the last place inside the ball, so that no rounded norm exceeds 1.
        factor = np.full(d, radius * (1 + 4e-16 * (d + 4)) if radius > 0 else 1.0)
        return Scaled(centred / factor, shift, factor, f"centred and divided by the largest norm {radius:.6g}")
    top = np.where(constant, 1.0, np.abs(centred).max(axis=0))
    factor = np.where(constant, 1.0, top * (centred / top).std(axis=0))
    zero = f", {int(constant.sum())} constant one(s) to 0" if constant.any() else ""
    return Scaled(centred / factor, shift, factor, f"each column to mean 0 and variance 1{zero}")


def rescale_labels(y: Float, scale: LabelScale) -> ScaledLabels:
    """Apply a scale to finite labels (n,). Equal labels become 0, with factor 1.

    Raises
    ------
    TypeError
        If ``scale`` is not a member of LabelScale.
    ValueError
        If there is no label.

    Examples
    --------
    >>> rescale_labels(np.array([10.0, 20.0, 40.0]), LabelScale.UNIT).y.round(3).tolist()
    [-1.0, -0.333, 1.0]
    """
    if not isinstance(scale, LabelScale):
        raise TypeError(f"scale must be a member of LabelScale, got {describe(scale)}")
    y = read_array("y", y, (None,))
    if not y.size:
        raise ValueError(f"y must hold at least one label, got shape {y.shape}")
    if scale is LabelScale.AS_IS:
        return ScaledLabels(y, 0.0, 1.0, "as given")
    if scale is LabelScale.STANDARDISE:
        found = rescale(y[:, None], Scale.STANDARDISE)
        words = "to mean 0 and variance 1" if np.ptp(y) else "all equal, to 0"
        return ScaledLabels(found.X[:, 0], float(found.shift[0]), float(found.factor[0]), words)
    low, high = float(y.min()), float(y.max())
    if low == high:
        return ScaledLabels(np.zeros_like(y), low, 1.0, "all equal, to 0")
    shift, factor = low / 2 + high / 2, high / 2 - low / 2
    return ScaledLabels(np.clip((y - shift) / factor, -1, 1), shift, factor, "to [-1, 1]")
