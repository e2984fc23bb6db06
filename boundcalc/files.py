"""Writing files so that an existing one is never left half-written."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["check_figure_path", "check_writable", "save_figure", "write_atomically"]

_FORMATS = ("png", "svg", "pdf")


def check_writable(argument: str, path: Path) -> None:
    """Refuse a path that can't be written, before any work is done.

    Raises
    ------
    ValueError
        Naming the argument: the folder does not exist or may not be written to, or the path is a folder.
    """
    if not path.parent.is_dir():
        raise ValueError(
            f"{argument} must lie in an existing folder, got {str(path)!r}; create {str(path.parent)!r} first"
        )
    if path.is_dir():
        raise ValueError(f"{argument} must be a file, got the folder {str(path)!r}; pass a file name inside it")
    try:
        with tempfile.TemporaryFile(dir=path.parent):
            writable = not path.exists() or os.access(path, os.W_OK)
    except OSError:
        writable = False
    if not writable:
        raise ValueError(f"{argument} must be writable, got {str(path)!r}; pass a path that you may write")


def write_atomically(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    """Let ``write`` fill a temporary file in the same folder, then rename it: all or nothing.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_atomically(Path(folder) / "a.txt", lambda stream: stream.write(b"whole"))
    ...     (Path(folder) / "a.txt").read_bytes()
    b'whole'
    """
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            write(stream)
            stream.flush()
            os.fsync(stream.fileno())
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(name, 0o666 & ~mask)  # mkstemp makes files private
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def check_figure_path(argument: str, path: Path) -> None:
    """Raise a ValueError naming the argument if no figure can be written there."""
    if path.suffix.lstrip(".") not in _FORMATS:
        raise ValueError(f"{argument} must end in .png, .svg or .pdf, got {str(path)!r}")
    check_writable(argument, path)


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure in the format that the suffix names, whole or not at all; the same figure gives the same bytes.

    Raises
    ------
    ValueError
        If the suffix is not .png, .svg or .pdf, or the path can't be written.
    """
    import matplotlib

    check_figure_path("path", path)
    kind = path.suffix.lstrip(".")
    metadata = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(kind)
    with matplotlib.rc_context({"svg.hashsalt": "boundcalc"}):
        write_atomically(path, lambda stream: figure.savefig(stream, format=kind, dpi=160, metadata=metadata))
