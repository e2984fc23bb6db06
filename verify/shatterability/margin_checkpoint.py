"""Hull margins of large data sets, saved from time to time so that an interrupted run goes on."""

from __future__ import annotations

import hashlib
import io
import time
import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from boundcalc.files import check_writable, write_atomically
from verify.shatterability.screening import Screening

__all__ = ["MarginCheckpoint"]

_EVERY = 30.0
_NAMES = ("lower", "upper", "directions", "vectors", "rounds", "points")


class MarginCheckpoint:
    """A file with the bounds found so far for given points.

    Parameters
    ----------
    path : Path
    X : ndarray, shape (n, d)
    """

    def __init__(self, path: Path, X: NDArray[np.float64]) -> None:
        check_writable("checkpoint", path)
        self._path, self._shape = path, X.shape
        self._fingerprint = hashlib.sha256(np.ascontiguousarray(X).tobytes()).hexdigest()
        self._next = time.monotonic() + _EVERY

    def load(self) -> Screening | None:
        """What the file holds; None if there is no file.

        Raises
        ------
        ValueError
            If it is damaged or belongs to other points.
        """
        if not self._path.exists():
            return None
        try:
            with np.load(self._path, allow_pickle=False) as content:
                found = {name: content[name] for name in _NAMES}
        except (OSError, ValueError, KeyError, zipfile.BadZipFile, EOFError) as error:
            raise ValueError(
                f"checkpoint must be a file written by this command, got {str(self._path)!r}: {error}"
            ) from error
        if str(found["points"]) != self._fingerprint:
            raise ValueError(
                f"checkpoint must belong to the same points, {str(self._path)!r} does not; pass another file"
            )
        return Screening(found["lower"], found["upper"], found["directions"], found["vectors"], int(found["rounds"]))

    def keep(self, state: Screening) -> None:
        """Save, if the last time is long enough ago."""
        if time.monotonic() >= self._next:
            self.save(state)

    def save(self, state: Screening) -> None:
        """Write the file, whole or not at all."""
        buffer = io.BytesIO()
        np.savez(
            buffer,
            lower=state.lower,
            upper=state.upper,
            directions=state.directions,
            vectors=state.vectors,
            rounds=np.int64(state.rounds),
            points=np.str_(self._fingerprint),
        )
        write_atomically(self._path, lambda stream: stream.write(buffer.getbuffer()))
        self._next = time.monotonic() + _EVERY
