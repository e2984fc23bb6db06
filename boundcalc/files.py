"""The one writer of files: whole or not at all, into what the path leads to, which is never replaced by something else.

A regular file is replaced in one step and keeps its mode; a symbolic link stays and the file behind it is written. Devices
and pipes (``/dev/null``, ``/dev/stdout``, a FIFO) are written to once everything that goes there is ready.
"""

from __future__ import annotations

import os
import secrets
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from boundcalc.exact import describe
from boundcalc.style import styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_FORMATS = ("png", "svg", "pdf")
_IN_MEMORY = 2**26


def as_path(argument: str, value: object) -> Path:
    """A path that a caller wrote as text or as a Path.

    Raises
    ------
    TypeError
        Naming the argument, for anything else.
    """
    if not isinstance(value, (str, os.PathLike)) or not isinstance(os.fspath(value), str):
        raise TypeError(f"{argument} must be a path, got {describe(value)}; pass text or a pathlib.Path")
    return Path(value)


def _descriptor(path: Path) -> int | None:
    """The open descriptor that a path such as /dev/stdout or /dev/fd/3 stands for."""
    for _ in range(40):  # the kernel follows no more links than that either
        if not path.is_symlink():
            break
        if os.path.realpath(path.parent) == f"/proc/{os.getpid()}/fd":
            return int(path.name)
        path = path.parent / path.readlink()
    return None


def is_written_to(path: Path) -> bool:
    """Whether a path leads to something that is written to rather than replaced: a descriptor, a device or a pipe."""
    if _descriptor(path) is not None:
        return True
    return path.exists() and not path.is_file()


def check_writable(argument: str, path: Path) -> None:
    """Refuse a path that can't be written, before any work is done.

    Raises
    ------
    ValueError
        Naming the argument: the folder does not exist or may not be written to, or the path is a folder, too long, or
        leads to something that holds no files.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        mode = None
    except (OSError, ValueError) as error:  # too long, a circle of links, a NUL
        why = getattr(error, "strerror", None) or str(error)
        raise ValueError(f"{argument} must be a path that can be written, got {describe(str(path))}: {why}") from error
    if mode is not None and stat.S_ISDIR(mode):
        raise ValueError(f"{argument} must be a file, got the folder {str(path)!r}; pass a file name inside it")
    if mode is not None and not stat.S_ISREG(mode):
        if _descriptor(path) is None and not (stat.S_ISCHR(mode) or stat.S_ISFIFO(mode)):
            raise ValueError(f"{argument} must be a file or a pipe, got the disk or socket {str(path)!r}")
        writable = os.access(path, os.W_OK)
    else:
        target = Path(os.path.realpath(path))
        if not target.parent.is_dir():
            folder = path.parent if not path.is_symlink() else target.parent
            raise ValueError(
                f"{argument} must lie in an existing folder, got {str(path)!r}; create {str(folder)!r} first"
            )
        try:
            with tempfile.TemporaryFile(dir=target.parent):
                writable = mode is None or os.access(target, os.W_OK)
        except OSError:
            writable = False
    if not writable:
        raise ValueError(f"{argument} must be writable, got {str(path)!r}; pass a path that you may write")


def write_atomically(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    """Let ``write`` fill a temporary file, and put it in the place of the old one only when it is complete.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_atomically(Path(folder) / "a.txt", lambda stream: stream.write(b"whole"))
    ...     (Path(folder) / "a.txt").read_bytes()
    b'whole'
    >>> write_atomically(Path("/dev/null"), lambda stream: stream.write(b"nobody reads this"))
    """
    if is_written_to(path):
        with tempfile.SpooledTemporaryFile(_IN_MEMORY) as whole:
            write(whole)
            whole.seek(0)
            _pour(whole, path)
        return
    target = Path(os.path.realpath(path))
    # Its name does not grow with the target's, which may be as long as names can be.
    temporary = target.with_name(f".boundcalc-{secrets.token_hex(8)}.part")
    try:
        with open(temporary, "xb") as stream:
            write(stream)
            stream.flush()
            os.fsync(stream.fileno())
        with suppress(FileNotFoundError):
            shutil.copymode(target, temporary)
        os.replace(temporary, target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _pour(whole: IO[bytes], path: Path) -> None:
    """Copy what is ready into a device, a pipe or an open descriptor, after what was printed before."""
    descriptor = _descriptor(path)
    if descriptor is None:
        with open(path, "wb") as stream:
            shutil.copyfileobj(whole, stream)
        return
    for standard in (sys.stdout, sys.stderr):
        if standard is not None:
            standard.flush()
    with os.fdopen(os.dup(descriptor), "wb") as stream:  # shares the position: nothing before it is overwritten
        shutil.copyfileobj(whole, stream)


def write_text(path: Path, text: str) -> None:
    """Write text, whole or not at all."""
    write_atomically(path, lambda stream: stream.write(text.encode()))


def write_arrays(path: str | os.PathLike[str], arrays: Mapping[str, ArrayLike]) -> None:
    """Write arrays as .npz, whole or not at all."""
    write_atomically(path, lambda stream: np.savez(stream, **arrays))  # type: ignore[arg-type]


def check_figure_path(argument: str, path: str | os.PathLike[str]) -> None:
    """Raise a ValueError naming the argument if no figure can be written there."""
    path = as_path(argument, path)
    if path.suffix[1:].lower() not in _FORMATS:
        raise ValueError(f"{argument} must end in .png, .svg or .pdf, got {str(path)!r}")
    check_writable(argument, path)


def save_figure(figure: Figure, path: str | os.PathLike[str]) -> None:
    """Write a figure in the format that the suffix names, whole or not at all; the same figure gives the same bytes.

    Raises
    ------
    ValueError
        If the suffix is not .png, .svg or .pdf, or the path can't be written.
    """
    path = as_path("path", path)
    check_figure_path("path", path)
    kind = path.suffix[1:].lower()
    metadata = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(kind)
    with styled():
        write_atomically(path, lambda stream: figure.savefig(stream, format=kind, dpi=160, metadata=metadata))
