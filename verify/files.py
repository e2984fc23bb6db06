"""Writing files so that an existing one is never left half-written."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

__all__ = ["check_writable", "write_atomically"]


def check_writable(argument: str, path: Path) -> None:
    """Raise before any work is done if ``path`` can't be written.

    Raises
    ------
    ValueError
        Naming the argument, if the folder does not exist, is not writable, or ``path`` is a folder.
    """
    folder = path.parent
    if not folder.is_dir():
        raise ValueError(f"{argument} must lie in an existing folder, got {str(path)!r}; create {str(folder)!r} first")
    if path.is_dir():
        raise ValueError(f"{argument} must be a file, got the folder {str(path)!r}; pass a file name inside it")
    problem = None
    try:
        # The only sure test is to do what the writing will do.
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        problem = error.strerror
    if problem or (path.exists() and not os.access(path, os.W_OK)):
        raise ValueError(f"{argument} must be writable, got {str(path)!r}; pass a path that you may write")


def write_atomically(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    """Call ``write`` on a temporary file beside ``path``, then rename it over ``path``.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> target = Path(folder.name) / "a.txt"
    >>> write_atomically(target, lambda stream: stream.write(b"whole"))
    >>> target.read_bytes()
    b'whole'
    >>> folder.cleanup()
    """
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            write(stream)
            stream.flush()
            os.fsync(stream.fileno())
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(name, 0o666 & ~umask)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
