"""Hull margins of large data sets, saved from time to time so that an interrupted run goes on."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from verify.shatterability.frame import Frame, row_norms
from verify.shatterability.screening import Screening
from verify.training.checkpoint import Checkpoint

_EVERY = 30.0
# No more than this share of the time goes into saving.
_SHARE = 0.1
_MASKS = ("todo", "moved", "closed")


class MarginCheckpoint:
    """A file with the bounds found so far for given points.

    Vectors and directions that are still those of the start are not kept: they are made again.

    Parameters
    ----------
    path : str or Path
    X : ndarray, shape (n, d)
    """

    def __init__(self, path: str | Path, X: NDArray[np.float64]) -> None:
        self._file = Checkpoint(path, "boundcalc margins 3", [X], "points")
        n, d = X.shape
        self._shapes: dict[str, tuple[int | None, ...]] = {"lower": (n,), "upper": (n,), "rounds": ()}
        self._shapes |= dict.fromkeys(_MASKS, (n,)) | dict.fromkeys(("directions", "vectors"), (None, d))
        self._next = time.monotonic() + _EVERY

    def load(self, frame: Frame) -> Screening | None:
        """What the file holds; None if there is no file.

        Raises
        ------
        ValueError
            If it is damaged, of other points, or no bounds.
        """
        found = self._file.load(self._shapes)
        if found is None:
            return None
        where = f"in {str(self._file.path)!r}"
        if not ((found["lower"] >= 0) & (found["lower"] <= found["upper"])).all():
            raise ValueError(f"checkpoint must hold bounds 0 <= lower <= upper, got others {where}")
        masks = {name: found[name].astype(bool) for name in _MASKS}
        moved = masks["moved"]
        if not len(found["vectors"]) == len(found["directions"]) == moved.sum():
            raise ValueError(
                f"checkpoint must hold a vector and a direction for every row that moved, got others {where}"
            )
        state = Screening.begin(frame.points, masks["closed"])
        outer = state.vectors / frame.factor
        norms = row_norms(outer)
        known = (found["lower"] > 0) & ~moved & (norms > 0)
        state.directions[known] = outer[known] / norms[known, None]
        state.vectors[moved], state.directions[moved] = found["vectors"], found["directions"]
        return replace(state, lower=found["lower"], upper=found["upper"], rounds=int(found["rounds"]), **masks)

    def keep(self, state: Screening) -> None:
        """Save, if the last time is long enough ago."""
        if time.monotonic() >= self._next:
            self.save(state)

    def save(self, state: Screening) -> None:
        """Write the file, whole or not at all."""
        began = time.monotonic()
        arrays = {name: np.asarray(getattr(state, name)) for name in ("lower", "upper", "rounds", *_MASKS)}
        arrays |= {name: getattr(state, name)[state.moved] for name in ("directions", "vectors")}
        self._file.save(arrays)
        now = time.monotonic()
        self._next = now + max(_EVERY, (now - began) / _SHARE)
