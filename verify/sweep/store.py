"""Finished cells in one SQLite file: written by one process, cell by cell, each in a transaction of its own.

The write-ahead log keeps every committed cell through SIGKILL at any moment, and lets others read meanwhile.
"""

from __future__ import annotations

import json
import os
import sqlite3
import tempfile
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from boundcalc.files import check_writable
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


def _from_row(row: tuple[Any, ...], path: str) -> FinishedCell:
    key, sweep, version, setting, records, mark, seconds, finished, environment = row
    if digest(key, setting, records) != mark:
        raise ValueError(f"store must be intact, got a changed cell ({sweep}, {setting}) in {path!r}; {_ADVICE}")
    return FinishedCell(
        key, sweep, version, json.loads(setting), decode_records(records), float(seconds), finished, environment
    )


def _inspect(path: Path, *, locked: bool) -> None:
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
        with closing(_reader(path, locked=locked)) as connection:
            found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
            if found == "ok":
                connection.execute(f"SELECT {_COLUMNS} FROM cells LIMIT 1").fetchall()
    except sqlite3.DatabaseError as error:
        found = str(error)
    if found != "ok":
        raise ValueError(f"store must be intact, got the damaged file {str(path)!r} ({found}); {_ADVICE}")


def _create(path: Path) -> None:
    """An empty store, whole or not at all."""
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
        draft = Path(folder) / path.name
        with closing(sqlite3.connect(draft, isolation_level=None)) as connection:
            connection.execute(_SCHEMA)
            connection.execute(f"PRAGMA application_id={_APPLICATION}")
            connection.execute(f"PRAGMA user_version={_FORMAT}")
        os.replace(draft, path)


def _reader(path: Path, *, locked: bool) -> sqlite3.Connection:
    """A connection for reading only; ``locked`` says that this process holds the writer's lock."""
    # Where there is no log and no other writer, the file is at rest: read as immutable, it gets no files beside it.
    beside = [path.with_name(path.name + ending) for ending in (("-wal",) if locked else ("-wal", ".lock"))]
    mode = "mode=ro" if any(file.exists() for file in beside) else "mode=ro&immutable=1"
    return sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", uri=True, timeout=30)


class Store:
    """A store open for writing; a context manager.

    Parameters
    ----------
    path : Path or None
        The file, made if it does not exist; None keeps the cells in memory. It must lie on a local disk.

    Raises
    ------
    ValueError
        If the path can't be written, the file is damaged, of another format or no store (it is then left untouched), or
        another process is writing it.

    Examples
    --------
    >>> with Store(None) as store:
    ...     store.commit("demo", "1", {"n": 32}, '[{"mse":0.5}]', 0.1, "")
    ...     store.cells("demo")[0].records
    ({'mse': 0.5},)
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._lock: sqlite3.Connection | None = None
        if path is None:
            self._connection = sqlite3.connect(":memory:", isolation_level=None)
            self._connection.execute(_SCHEMA)
            return
        check_writable("store", path)
        self._lock_path = path.with_name(path.name + ".lock")
        self._take_lock()
        try:
            # Looked at under the lock: a writer that has just ended may have made it.
            if path.exists() and path.stat().st_size:
                _inspect(path, locked=True)
            else:
                _create(path)
            self._connection = sqlite3.connect(path, isolation_level=None, timeout=30)
            # The log is written to disk at every commit.
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=FULL")
        except BaseException:
            self._release_lock()
            raise

    def _take_lock(self) -> None:
        """An exclusive lock that the system drops when this process ends, however it ends."""
        self._lock = sqlite3.connect(self._lock_path, isolation_level=None, timeout=0)
        try:
            self._lock.execute("PRAGMA journal_mode=MEMORY")  # no second file beside it
            self._lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            self._lock.close()
            raise ValueError(
                f"store must have one writer at a time, got {str(self.path)!r}, which another process is writing; "
                "wait for it, or pass another path"
            ) from error

    def _release_lock(self) -> None:
        if self._lock is not None:
            self._lock.rollback()
            self._lock.close()
            self._lock_path.unlink(missing_ok=True)
            self._lock = None

    def commit(
        self, sweep: str, version: str, setting: Setting, records: str, seconds: float, environment: str
    ) -> None:
        """Store one finished cell for good; ``records`` is JSON text."""
        key, text = cell_key(sweep, version, setting), encode_setting(setting)
        finished = datetime.now(UTC).isoformat(timespec="microseconds")
        row = (key, sweep, version, text, records, digest(key, text, records), seconds, finished, environment)
        self._connection.execute(f"INSERT OR IGNORE INTO cells ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)

    def cells(self, sweep: str | None = None, version: str | None = None) -> tuple[FinishedCell, ...]:
        """The finished cells, as :func:`read_store` gives them."""
        return _cells(self._connection, sweep, version, str(self.path))

    def close(self) -> None:
        """Close the file; nothing is pending, since every cell was committed as it finished."""
        self._connection.close()
        self._release_lock()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _cells(
    connection: sqlite3.Connection, sweep: str | None, version: str | None, path: str
) -> tuple[FinishedCell, ...]:
    where, values = ("", ()) if sweep is None else (" WHERE sweep = ?", (sweep,))
    rows: Iterable[tuple[Any, ...]] = connection.execute(
        f"SELECT {_COLUMNS} FROM cells{where} ORDER BY finished, key", values
    ).fetchall()
    cells = tuple(_from_row(row, path) for row in rows)
    others = [cell for cell in cells if version not in (None, cell.version)]
    if others:
        raise ValueError(
            f"store must hold cells of one version of the code, got {len(others)} of the sweep {others[0].sweep!r} by "
            f"version {others[0].version} in {path!r}, where this is version {version}; pass another path, or use the code "
            "that wrote it (python -m verify.sweep exports what it holds)"
        )
    return cells


def read_store(path: Path, sweep: str | None = None, version: str | None = None) -> tuple[FinishedCell, ...]:
    """The finished cells of a store in the order in which they finished; the store may be growing meanwhile.

    Parameters
    ----------
    path : Path
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
    if not path.is_file():
        raise ValueError(f"store must be an existing file, got {str(path)!r}; run the sweep first")
    if path.stat().st_size == 0:
        return ()
    _inspect(path, locked=False)
    with closing(_reader(path, locked=False)) as connection:
        return _cells(connection, sweep, version, str(path))
