"""Checkpoints: plain arrays in one .npz file with a mark of what they are, written whole or not at all, read without pickle."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from boundcalc.files import as_path, check_writable, write_arrays
from constructions.network import read_arrays

ADVICE = "move it away, or pass another path"


def fingerprint(parts: Iterable[object]) -> str:
    """A hash of arrays, by shape and bits, and of whatever else, by its text."""
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, np.ndarray):
            digest.update(f"{part.dtype} {part.shape}".encode())
            digest.update(np.ascontiguousarray(part).tobytes())
        else:
            digest.update(f"{part!r};".encode())
    return digest.hexdigest()


def _digest(arrays: Mapping[str, NDArray[Any]]) -> str:
    return fingerprint(part for name in sorted(arrays) for part in (name, np.asarray(arrays[name])))


class Checkpoint:
    """A file that holds the state of a computation.

    Parameters
    ----------
    path : str or Path
    kind : str
        What the state is, with a number that is raised whenever its meaning, or the arithmetic of a step, changes.
    owner : iterable
        Everything that determines the state: arrays, numbers, texts.
    words : str
        What that is, for messages.

    Raises
    ------
    ValueError
        If the path can't be written.
    """

    def __init__(self, path: str | Path, kind: str, owner: Iterable[object], words: str) -> None:
        self.path, self._kind, self._words = as_path("checkpoint", path), kind, words
        check_writable("checkpoint", self.path)
        self._fingerprint = fingerprint([kind, *owner])

    def save(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Write the arrays, whole or not at all."""
        marks = {"format": self._kind, "fingerprint": self._fingerprint, "digest": _digest(arrays)}
        write_arrays(self.path, {**marks, **arrays})

    def load(self, shapes: Mapping[str, tuple[int | None, ...]]) -> dict[str, NDArray[Any]] | None:
        """Read the arrays back; None if there is no file. The file is left as it is, whatever it holds.

        Parameters
        ----------
        shapes : mapping
            Arrays that must be there, without NaN, and their shapes; None stands for any length.

        Raises
        ------
        ValueError
            If the file is damaged, no checkpoint, of another kind, of another owner, or holds what no state can be.
        """
        if not self.path.exists():
            return None
        where = f"in {str(self.path)!r}; {ADVICE}"
        try:
            content = read_arrays("checkpoint", self.path)
        except ValueError as error:
            raise ValueError(
                f"checkpoint must be a file of this command, got a damaged one {where} ({error})"
            ) from error
        found = str(content.pop("format", "no checkpoint"))
        if found != self._kind:
            raise ValueError(f"checkpoint must be of the format {self._kind!r}, got {found!r} {where}")
        if str(content.pop("fingerprint", "")) != self._fingerprint:
            raise ValueError(f"checkpoint must belong to the same {self._words}, got that of others {where}")
        mark = str(content.pop("digest", ""))
        for name, array in content.items():
            if array.dtype.kind not in "biuf":
                raise ValueError(f"checkpoint must hold real numbers, got {name} of dtype {array.dtype} {where}")
        for name, shape in shapes.items():
            array = content.get(name, np.empty(0))
            if name not in content or not _fits(array.shape, shape):
                size = array.shape if name in content else "nothing"
                raise ValueError(f"checkpoint must hold {name} of shape {shape}, got {size} {where}")
            if np.isnan(array).any():
                raise ValueError(f"checkpoint must hold {name} without NaN {where}")
        if mark != _digest(content):
            raise ValueError(f"checkpoint must be as it was written, got changed arrays {where}")
        return content


def _fits(shape: tuple[int, ...], wanted: tuple[int | None, ...]) -> bool:
    return len(shape) == len(wanted) and all(w in (None, s) for s, w in zip(shape, wanted, strict=True))
