"""Checkpoints: plain arrays in one .npz file, written whole or not at all, read without pickle."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from boundcalc.files import write_atomically
from verify.training.setting import Run

__all__ = ["fingerprint", "load_checkpoint", "save_checkpoint"]

# Raised whenever the meaning of a saved state or the arithmetic of a step changes.
_FORMAT = "boundcalc training 1"


def fingerprint(runs: Sequence[Run], options: Sequence[str]) -> str:
    """A hash of everything that determines the bits of a batch: data, starts, options."""
    digest = hashlib.sha256(_FORMAT.encode())
    for run in runs:
        net = run.network
        optional = [value for value in (run.truth, run.fresh_X, run.fresh_truth) if value is not None]
        for value in (net.W, net.b, net.v, net.beta, run.X, run.y, run.eta, run.decay, *optional):
            array = np.asarray(value, dtype=np.float64)
            digest.update(repr(array.shape).encode())
            digest.update(np.ascontiguousarray(array).tobytes())
        digest.update(f"{run.clip!r} {run.activation.value} {len(optional)}".encode())
    digest.update(repr(list(options)).encode())
    return digest.hexdigest()


def save_checkpoint(path: Path, mark: str, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write the arrays with the fingerprint ``mark``."""
    content: dict[str, Any] = {"format": np.array(_FORMAT), "fingerprint": np.array(mark), **arrays}
    write_atomically(path, lambda stream: np.savez(stream, **content))


def load_checkpoint(path: Path, mark: str) -> dict[str, NDArray[Any]]:
    """Read the arrays back. The file is left as it is, whatever it holds.

    Raises
    ------
    ValueError
        If the file is damaged, no checkpoint, of another version, or of other runs.
    """
    advice = "move it away, or pass another path"
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
            content = {name: archive[name] for name in archive.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(
            f"checkpoint must be readable, got the damaged file {str(path)!r} ({error}); {advice}"
        ) from error
    if "format" not in content or str(content["format"]) != _FORMAT:
        found = str(content.get("format", "no checkpoint of a training"))
        raise ValueError(f"checkpoint must be of the format {_FORMAT!r}, got {found!r} in {str(path)!r}; {advice}")
    if str(content.get("fingerprint")) != mark:
        raise ValueError(
            f"checkpoint must belong to these runs and options, got another one in {str(path)!r}; {advice}"
        )
    return content
