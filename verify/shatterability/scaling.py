"""Changing the scale of the points, only when asked to, and saying what was done."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from boundcalc.exact import describe
from verify.hessian.inputs import read_array
from verify.shatterability.frame import Frame
from verify.shatterability.table import constant_columns

Float = NDArray[np.float64]


class Scale(Enum):
    """AS_IS: untouched. UNIT_BALL: centred, then divided by the largest norm. STANDARDISE: each column to mean 0, variance 1."""

    AS_IS = "as-is"
    UNIT_BALL = "unit-ball"
    STANDARDISE = "standardise"


@dataclass(frozen=True, eq=False)
class Scaled:
    """Points (n, d) after ``scale``: (x - shift) / factor, column by column; ``words`` say what was done."""

    X: Float
    shift: Float
    factor: Float
    words: str


def rescale(X: Float, scale: Scale) -> Scaled:
    """Apply a scale to finite points (n, d).

    Raises
    ------
    TypeError
        If ``scale`` is not a member of Scale.
    ValueError
        If the points are all equal (UNIT_BALL) or a column is constant (STANDARDISE).

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
    shift = frame.centre + offset
    centred = (X - frame.centre) - offset  # the first difference is exact
    if scale is Scale.UNIT_BALL:
        radius = float(np.sqrt(np.einsum("ij,ij->i", centred, centred).max()))
        if radius == 0:
            raise ValueError("--features unit-ball needs at least two distinct points, all rows of X are equal")
        # A few units in the last place inside the ball, so that no rounded norm exceeds 1.
        factor = np.full(d, radius * (1 + 4e-16 * (d + 4)))
        return Scaled(centred / factor, shift, factor, f"centred and divided by the largest norm {radius:.6g}")
    constant = constant_columns(X)
    if constant.size:
        raise ValueError(
            f"--features standardise needs columns that vary, columns {constant.tolist()} (counted from 0) are constant; "
            "leave them out"
        )
    factor = centred.std(axis=0)
    return Scaled(centred / factor, shift, factor, "each column to mean 0 and variance 1")
