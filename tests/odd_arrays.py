"""Arrays that float64 can't hold as they are: each must be refused by whoever takes an array, naming the argument."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray


def _with(value: object) -> Callable[[NDArray[np.float64]], object]:
    """Nested lists with one odd entry among floats; numpy would make an array of floats of many of them."""

    def spoil(array: NDArray[np.float64]) -> object:
        spoilt = array.astype(object)
        spoilt.flat[0] = value
        return spoilt.tolist()

    return spoil


ODD_ARRAYS: dict[str, Callable[[NDArray[np.float64]], object]] = {
    "complex": lambda a: a + 1j,
    "complex entry": _with(1j),
    "masked": lambda a: np.ma.array(a, mask=np.arange(a.size).reshape(a.shape) == 0),
    "masked entry": lambda a: list(np.ma.array(a, mask=True)),
    "dates": lambda a: a.astype("datetime64[s]"),
    "durations": lambda a: a.astype("timedelta64[s]"),
    "text": lambda a: a.astype(str),
    "text entry": _with("1"),
    "arabic digits": lambda a: np.full(a.shape, "٣"),
    "bytes": lambda a: a.astype("S8"),
    "objects": lambda a: np.full(a.shape, None),
    "fractions": lambda a: np.full(a.shape, Fraction(1, 3)),
    "truth values": lambda a: a > 0,
    "truth value entry": _with(True),
    "numpy truth value entry": _with(np.True_),
    "records": lambda a: np.zeros(a.shape, dtype=[("x", float)]),
    "large integers": lambda a: np.full(a.shape, 2**53 + 1),
    "large unsigned integers": lambda a: np.full(a.shape, 2**64 - 1, dtype=np.uint64),
    "large integer entry": _with(2**53 + 1),
    "huge integer entry": _with(10**400),
    "nan": lambda a: a * np.nan,
    "inf": lambda a: np.where(np.arange(a.size).reshape(a.shape) == 0, np.inf, a),
    "wide": lambda a: np.full(a.shape, np.longdouble("1e400") if np.finfo(np.longdouble).max > 1e308 else np.inf),
    "nothing": lambda a: None,
    "a set": lambda a: {1.0},
    "ragged": lambda a: [[1.0], [1.0, 2.0]],
}
ODD_NUMBERS: dict[str, object] = {
    "text": "1",
    "arabic digit": "٣",
    "truth value": True,
    "numpy truth value": np.True_,
    "complex": 1j,
    "nan": float("nan"),
    "inf": float("inf"),
    "array": np.array([1.0, 2.0]),
    "large integer": 2**53 + 1,
    "huge integer": 10**400,
    "date": np.datetime64("2020"),
    "list": [1.0],
}
