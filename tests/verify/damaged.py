"""A generator of damaged files, by a seed: bytes that are lost or changed, and what nobody would write but someone might."""

from __future__ import annotations

import csv
import io
import sqlite3
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np


def damages(data: bytes, rng: np.random.Generator, count: int) -> Iterator[bytes]:
    """Copies of a file with bytes cut off, changed, doubled, moved, put in or wiped out."""
    for number in range(count):
        at, end = sorted(int(place) for place in rng.integers(0, len(data), 2))
        junk = rng.integers(0, 256, max(1, end - at) % 97 + 1, dtype=np.uint8).tobytes()
        yield [
            data[:at],
            data[end:],
            data[:at] + junk + data[at + len(junk) :],
            data[:at] + bytes([data[at] ^ 1 << int(rng.integers(8))]) + data[at + 1 :],
            data[:at] + data[end:],
            data[:at] + data[at:end] + data[at:],
            data[:at] + bytes(end - at) + data[end:],
            data[:at] + junk + data[at:],
            data + junk,
            junk,
        ][number % 10]


def odd_archives(arrays: dict[str, np.ndarray]) -> Iterator[bytes]:
    """Archives of arrays that are encrypted, packed in unknown ways, of unknown kinds, too large, or no arrays at all."""
    whole = _archive({name: _npy(array) for name, array in arrays.items()})
    for flag in (b"\x01\x00", b"\x41\x00"):  # encrypted, in the folder of the archive and in each entry
        yield _patched(whole, 6, 8, flag)
    for method in (8, 12, 14, 99):
        yield _patched(whole, 8, 10, struct.pack("<H", method))
    yield _patched(whole, 22, 24, b"\xff\xff\xff\x7f")  # its size
    for name, array in arrays.items():
        for entry in (
            _npy(array)[:-1],
            b"",
            b"\x93NUMPY",
            _header("{'descr': '<f8', 'fortran_order': False, 'shape': (100000000000000,), }"),
            _header("{'descr': '<f8', 'fortran_order': False, 'shape': (-1,), }"),
            _header("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }") + b"cos\nsystem\n(S'true'\ntR.",
            _header("{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (1,), }") + bytes(8),
            _header("{'descr': '<f8', 'fortran_order': False, 'shape': (1,"),
            _header("(" * 5000),
            _header("__import__('os').abort()"),
            _npy(np.full(array.shape, np.nan)),
            _npy(array.astype(complex) + 1j),
            _npy(array.astype(str)),
            _npy(array.astype("datetime64[s]")),
            _npy(np.zeros((0, *array.shape))),
            _npy(np.full(array.shape, 1e-308)),
        ):
            yield _archive({other: _npy(a) for other, a in arrays.items() if other != name} | {name: entry})
        yield _archive({other: _npy(a) for other, a in arrays.items() if other != name})
    yield _npy(next(iter(arrays.values())))
    yield _archive({})
    yield _archive({"W": b"text"}, ending=".txt")
    yield zipfile_bomb()


def _npy(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=True)
    return stream.getvalue()


def _header(text: str) -> bytes:
    data = text.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(data)) + data


def _archive(entries: dict[str, bytes], ending: str = ".npy") -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, entry in entries.items():
            archive.writestr(name + ending, entry)
    return stream.getvalue()


def _patched(archive: bytes, local: int, central: int, value: bytes) -> bytes:
    """Bytes of every local header and of every entry of the folder at the end, replaced."""
    data = bytearray(archive)
    for mark, offset in ((b"PK\x03\x04", local), (b"PK\x01\x02", central)):
        at = data.find(mark)
        while at >= 0:
            data[at + offset : at + offset + len(value)] = value
            at = data.find(mark, at + 4)
    return bytes(data)


def zipfile_bomb() -> bytes:
    """A small archive that says that it holds a petabyte."""
    return _patched(
        _archive({"X": _header("{'descr': '<f8', 'fortran_order': False, 'shape': (9,), }")}), 22, 24, b"\xfe" * 4
    )


def odd_tables() -> Iterator[bytes]:
    """Text files that are no table of numbers, or one that nobody wants."""
    head = b"a,b,y\n"
    rows = b"1,2,3\n4,5,6\n7,8,10\n"
    yield from (
        b"",
        b"\n",
        head,
        rows,
        head + b"1,2\n",
        head + b"1,2,3,4\n",
        head + b"1,two,3\n" + rows,
        head + b'1,"2,3\n4,5,6\n',
        head + b"1,2," + b"9" * 200000 + b"\n" + rows,
        b'"' + b"x" * 200000 + b'",b,y\n' + rows,
        head + b'"' + b"x" * 200000 + b'",2,3\n' + rows,
        head + b"1,\x00,3\n" + rows,
        b"a,\x00,y\n" + rows,
        head + b"1,\xff,3\n" + rows,
        b"\xff\xfe" + head.decode().encode("utf-16-le"),
        head + b"1,nan,3\n" + rows,
        head + b"1,1e999,3\n" + rows,
        head + b"1,,3\n" + rows,
        b"a,a,y\n" + rows,
        b"a,b,c\n" + rows,
        head + b"1,1_0,\xd9\xa3\n",
        head + b"1,2,3\r4,5,6\r",
        b"y\n1\n2\n",
        head + b"1,2,3\n" * 2,
        head + b"1,2,3\n1,2,4\n",
        head + b"1e200,2,3\n" + rows,
        b"," * 70000 + b"\n",
        b"<html><body>404</body></html>\n",
        b"PK\x03\x04" + rows,
    )


def odd_records() -> Iterator[tuple[str, str, str]]:
    """Sweep, setting and records of cells that no code has computed, to be stored with the right digest."""
    plain = '{"x":1}'
    for sweep in ("rates", "shattering", "squares", ""):
        for setting in (
            "{}",
            plain,
            "[]",
            "7",
            '"text"',
            "{",
            '{"n":"many","seed":-1,"device":"cuda"}',
            '{"seed":true}',
        ):
            yield sweep, setting, '[{"mse":0.1}]'
        for records in (
            "[]",
            "{}",
            "null",
            "[1]",
            "[[]]",
            "[" * 20000,
            "[" * 20000 + "]" * 20000,
            '[{"step":0,"n":0,"width":1}]',
            '[{"step":null,"n":"a","width":[]}]',
            '[{"mse":1e999}]',
            '[{"mse":NaN}]',
            '[{"":{"":{}}}]',
            '[{"diverged_at":"never"}]',
            '[{"sweep":{},"finished":[],"seconds":"x"}]',
        ):
            yield sweep, plain, records


def edit_store(path: Path, *statements: tuple[str, tuple[object, ...]]) -> None:
    """Change a store behind the back of the package."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=DELETE")
    for statement, values in statements:
        connection.execute(statement, values)
    connection.close()


def csv_bytes(columns: dict[str, np.ndarray]) -> bytes:
    """A table as it should be."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerows([list(columns), *zip(*(column.tolist() for column in columns.values()), strict=True)])
    return stream.getvalue().encode()
