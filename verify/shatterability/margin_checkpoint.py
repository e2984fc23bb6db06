"""Hull margins of large data sets, saved from time to time so that an interrupted run goes on."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from verify.shatterability.screening import Screening
from verify.training.checkpoint import Checkpoint

_EVERY = 30.0


class MarginCheckpoint:
    """A file with the bounds found so far for given points.

    Parameters
    ----------
    path : str or Path
    X : ndarray, shape (n, d)
    """

    def __init__(self, path: str | Path, X: NDArray[np.float64]) -> None:
        self._file = Checkpoint(path, "boundcalc margins 2", [X], "points")
        n = len(X)
        self._shapes = {"lower": (n,), "upper": (n,), "directions": X.shape, "vectors": X.shape, "rounds": ()}
        self._next = time.monotonic() + _EVERY

    def load(self) -> Screening | None:
        """What the file holds; None if there is no file.

        Raises
        ------
        ValueError
            If it is damaged, of other points, or no bounds.
        """
        found = self._file.load(self._shapes)
        if found is None:
            return None
        if not ((found["lower"] >= 0) & (found["lower"] <= found["upper"])).all():
            raise ValueError(f"checkpoint must hold bounds 0 <= lower <= upper, got others in {str(self._file.path)!r}")
        return Screening(found["lower"], found["upper"], found["directions"], found["vectors"], int(found["rounds"]))

    def keep(self, state: Screening) -> None:
        """Save, if the last time is long enough ago."""
        if time.monotonic() >= self._next:
            self.save(state)

    def save(self, state: Screening) -> None:
        """Write the file, whole or not at all."""
        self._file.save({name: np.asarray(getattr(state, name)) for name in self._shapes})
        self._next = time.monotonic() + _EVERY
