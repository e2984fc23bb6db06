"""Finished cells in one SQLite file: written by one process, cell by cell, each in a transaction of its own.

The write-ahead log keeps every committed cell through SIGKILL at any moment, and lets others read meanwhile. The writer's
lock is on the file itself, whatever name leads to it, and the system drops it however the writer ends.
"""

from __future__ import annotations

import json
import os
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from boundcalc.files import as_path, check_writable
from verify.sweep.codec import Setting, cell_key, decode_records, digest, encode_setting

_MAGIC = b"SQLite format 3\0"
_APPLICATION = int.from_bytes(b"bcSw", "big")
# Raised whenever the meaning of a stored entry changes.
_FORMAT = 1
_ADVICE = "move it away, or pass another path"
# The column "code" holds the version; its name is that of older stores.
_SCHEMA = """
CREATE TABLE cells (
    key TEXT PRIMARY KEY,
    sweep TEXT NOT NULL,
    code TEXT NOT NULL,
    setting TEXT NOT NULL,
    records TEXT NOT NULL,
    digest TEXT NOT NULL,
    seconds REAL NOT NULL,
    finished TEXT NOT NULL,
    environment TEXT NOT NULL
) WITHOUT ROWID
"""
_COLUMNS = "key, sweep, code, setting, records, digest, seconds, finished, environment"


@dataclass(frozen=True)
class FinishedCell:
    """One cell with its results.

    Attributes
    ----------
    key : str
        Hash of sweep, version and setting.
    sweep, version : str
        Name of the sweep; CELL_VERSION of the code that computed the cell. Stores from before there was one have a hash
        of sources there.
    records : tuple of dict
        What the cell gave; NaN reads back as None.
    finished : str
        UTC time at which it was committed.
    environment : str
        Versions of Python and of the libraries that computed it.
    """

    key: str
    sweep: str
    version: str
    setting: dict[str, Any]
    records: tuple[dict[str, Any], ...]
    seconds: float
    finished: str
    environment: str


def _damaged(path: Path, why: object) -> ValueError:
    return ValueError(f"store must be intact, got the damaged file {str(path)!r} ({why}); {_ADVICE}")


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Name the store in errors of SQLite: a full disk, a page that can't be read, text that is none."""
    try:
        yield
    except sqlite3.Error as error:
        raise ValueError(f"store must be a file that SQLite can use, got {str(path)!r}: {error}; {_ADVICE}") from error


def _from_row(row: tuple[Any, ...], path: Path) -> FinishedCell:
    key, sweep, version, setting, records, mark, seconds, finished, environment = row
    texts = all(isinstance(entry, str) for entry in (key, sweep, version, setting, records, finished, environment))
    if not texts or not isinstance(seconds, (int, float)) or digest(key, setting, records) != mark:
        raise _damaged(path, f"a changed cell of {sweep}, {setting}")
    try:
        entries, found = json.loads(setting), decode_records(records)
    except (ValueError, RecursionError) as error:
        raise _damaged(path, error) from error
    if not isinstance(entries, dict):
        raise _damaged(path, f"no setting in a cell of {sweep}")
    return FinishedCell(key, sweep, version, entries, found, float(seconds), finished, environment)


def _inspect(path: Path) -> None:
    """Raise unless the file is an intact store of this format. The file and its folder are left as they are."""
    with path.open("rb") as stream:
        head = stream.read(100)
    if len(head) < 100 or not head.startswith(_MAGIC):
        raise ValueError(
            f"store must be an SQLite file of a sweep, got another or damaged file {str(path)!r}; {_ADVICE}"
        )
    # Offsets 60 and 68 of the header hold user_version and application_id.
    version, application = (int.from_bytes(head[at : at + 4], "big") for at in (60, 68))
    if application != _APPLICATION:
        raise ValueError(f"store must hold sweeps, got the SQLite file {str(path)!r} of another application; {_ADVICE}")
    if version != _FORMAT:
        raise ValueError(
            f"store must have format {_FORMAT}, got format {version} in {str(path)!r}; "
            "use the version of this package that wrote it, or pass another path"
        )
    try:
        with closing(_reader(path)) as connection:
            # A view or a trigger in a file from elsewhere could keep a query busy for ever.
            schema = connection.execute("SELECT type, name, sql FROM sqlite_master LIMIT 9").fetchall()
            if [(kind, name, " ".join(str(sql).split())) for kind, name, sql in schema] != [
                ("table", "cells", " ".join(_SCHEMA.split()))
            ]:
                raise _damaged(path, "other tables or views")
            found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.Error as error:
        found = str(error)
    if found != "ok":
        raise _damaged(path, found)


def _logs(path: Path) -> list[Path]:
    """What SQLite keeps beside a store that is being written, or whose writer was killed, as far as it holds anything."""
    beside = (path.with_name(path.name + ending) for ending in ("-wal", "-journal"))
    return [file for file in beside if file.is_file() and file.stat().st_size]


def _refuse_lone_log(path: Path) -> None:
    """Raise where a store was deleted but its log was not: SQLite would take the log for that of the next store there."""
    logs = _logs(path)
    if logs:
        raise ValueError(
            f"store must be with its log, got {str(logs[0])!r} with finished cells of a store that is no longer there; "
            "put the store back, move the log away, or pass another path"
        )


def _create(path: Path) -> None:
    """Put an empty store, whole or not at all, in the place of an empty file."""
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".boundcalc-") as folder:
        draft = Path(folder) / "store"
        with closing(sqlite3.connect(draft, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute(_SCHEMA)
            connection.execute(f"PRAGMA application_id={_APPLICATION}")
            connection.execute(f"PRAGMA user_version={_FORMAT}")
        os.replace(draft, path)


def _open_locked(path: Path) -> int:
    """A descriptor of the store, made if there is none, with an exclusive lock on it."""
    while True:
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            _lock(file, path)
            if _is_at(file, path):
                found = os.fstat(file)
                if found.st_nlink > 1:
                    raise ValueError(
                        f"store must have one name, got {str(path)!r} with {found.st_nlink} hard links, of which each would "
                        "have a log of its own; pass a copy"
                    )
                if found.st_size:
                    return file
                _refuse_lone_log(path)
                _create(path)  # and take the lock of what is there now
        except BaseException:
            os.close(file)
            raise
        os.close(file)


def _lock(file: int, path: Path) -> None:
    try:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise ValueError(
            f"store must have one writer at a time, got {str(path)!r}, which another process is writing; "
            "wait for it, or pass another path"
        ) from error
    except (OSError, ImportError) as error:
        raise ValueError(
            f"store must lie where files can be locked, got {str(path)!r}: {error}; pass a path on a local disk"
        ) from error


def _is_at(file: int, path: Path) -> bool:
    """Whether the path still leads to the open file."""
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except OSError:
        return False


def _state(path: Path) -> tuple[int, int, int] | None:
    """What tells whether a file has been changed."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _reader(path: Path) -> sqlite3.Connection:
    """A connection for reading only."""
    # Where there is no log, the file is at rest: read as immutable, it gets no files beside it.
    mode = "mode=ro" if path.with_name(path.name + "-wal").exists() else "mode=ro&immutable=1"
    return sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", uri=True, timeout=30)


class Store:
    """A store open for writing; a context manager.

    Parameters
    ----------
    path : str, Path or None
        The file, made if it does not exist; None keeps the cells in memory. It must lie on a local disk.

    Raises
    ------
    ValueError
        If the path can't be written, the file is damaged, of another format or no store (it is then left untouched),
        another process is writing it, or, later on, it has been deleted or replaced meanwhile.

    Examples
    --------
    >>> with Store(None) as store:
    ...     store.commit("demo", "1", {"n": 32}, '[{"mse":0.5}]', 0.1, "")
    ...     store.cells("demo")[0].records
    ({'mse': 0.5},)
    """

    def __init__(self, path: str | os.PathLike[str] | None) -> None:
        self.path: Path | None = None
        self._file: int | None = None
        if path is None:
            self._connection = sqlite3.connect(":memory:", isolation_level=None)
            self._connection.execute(_SCHEMA)
            return
        check_writable("store", as_path("store", path))
        self.path = Path(os.path.realpath(path))
        self._file = _open_locked(self.path)
        try:
            _inspect(self.path)
            with _told(self.path):
                self._connection = sqlite3.connect(self.path, isolation_level=None, timeout=30)
                # The log is written to disk at every commit.
                mode = self._connection.execute("PRAGMA journal_mode=WAL").fetchone()[0]
                self._connection.execute("PRAGMA synchronous=FULL")
                if mode != "wal":
                    raise sqlite3.OperationalError(f"no write-ahead log there, the journal's mode is {mode}")
        except BaseException:
            self._unlock()
            raise

    @property
    def _place(self) -> Path:
        """What errors call the store."""
        return self.path or Path(":memory:")

    def _unlock(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _refuse_if_gone(self) -> None:
        """Raise if the path no longer leads to the file that is written: what is stored there would be lost."""
        if self.path is not None and self._file is not None and not _is_at(self._file, self.path):
            raise ValueError(
                f"store must stay where it is while a sweep runs, got {str(self.path)!r}, which was moved, deleted or "
                "replaced; what was finished by then is where the file went"
            )

    def commit(
        self, sweep: str, version: str, setting: Setting, records: str, seconds: float, environment: str
    ) -> None:
        """Store one finished cell for good; ``records`` is JSON text."""
        key, text = cell_key(sweep, version, setting), encode_setting(setting)
        finished = datetime.now(UTC).isoformat(timespec="microseconds")
        row = (key, sweep, version, text, records, digest(key, text, records), seconds, finished, environment)
        self._refuse_if_gone()
        with _told(self._place):
            self._connection.execute(
                f"INSERT OR IGNORE INTO cells ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row
            )

    def cells(self, sweep: str | None = None, version: str | None = None) -> tuple[FinishedCell, ...]:
        """The finished cells, as :func:`read_store` gives them."""
        self._refuse_if_gone()
        return _cells(self._connection, sweep, version, self._place)

    def close(self) -> None:
        """Close the file; nothing is pending, since every cell was committed as it finished."""
        try:
            with _told(self._place):
                self._connection.close()
        finally:
            self._unlock()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _cells(
    connection: sqlite3.Connection, sweep: str | None, version: str | None, path: Path
) -> tuple[FinishedCell, ...]:
    where, values = ("", ()) if sweep is None else (" WHERE sweep = ?", (sweep,))
    with _told(path):
        rows: Iterable[tuple[Any, ...]] = connection.execute(
            f"SELECT {_COLUMNS} FROM cells{where} ORDER BY finished, key", values
        ).fetchall()
    cells = tuple(_from_row(row, path) for row in rows)
    others = [cell for cell in cells if version not in (None, cell.version)]
    if others:
        raise ValueError(
            f"store must hold cells of one version of the code, got {len(others)} of the sweep {others[0].sweep!r} by "
            f"version {others[0].version} in {str(path)!r}, where this is version {version}; pass another path, or use the code "
            "that wrote it (python -m verify.sweep exports what it holds)"
        )
    return cells


def read_store(
    path: str | os.PathLike[str], sweep: str | None = None, version: str | None = None
) -> tuple[FinishedCell, ...]:
    """The finished cells of a store in the order in which they finished; the store may be growing meanwhile.

    Parameters
    ----------
    path : str or Path
    sweep : str, optional
        Only the cells of this sweep.
    version : str, optional
        The version that they must have.

    Raises
    ------
    ValueError
        If the file does not exist, is damaged, of another format, or no store, or the cells are of another version; it is
        left untouched.
    """
    path = Path(os.path.realpath(as_path("store", path)))
    if not path.is_file():
        raise ValueError(f"store must be an existing file, got {str(path)!r}; run the sweep first")
    if path.stat().st_size == 0:
        _refuse_lone_log(path)
        return ()
    log = path.with_name(path.name + "-wal")
    while True:
        before = None if log.exists() else _state(path)  # with a log SQLite keeps readers and the writer apart
        try:
            _inspect(path)
            with _told(path), closing(_reader(path)) as connection:
                cells = _cells(connection, sweep, version, path)
        except ValueError:
            if before in (None, _state(path)):
                raise
        else:
            if before is None or (before == _state(path) and not log.exists()):
                return cells
        # A writer has started meanwhile: what was read of a file at rest may be torn.
