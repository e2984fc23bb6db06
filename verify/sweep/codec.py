"""Settings and records as JSON text: exact, canonical, without pickle."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

Setting = Mapping[str, Any]
Record = Mapping[str, Any]


def _plain(name: str, value: Any, *, nan: bool) -> Any:
    """A JSON value for ``value``; NaN, where it is allowed, becomes null."""
    if isinstance(value, (np.generic, np.ndarray)):
        value = value.tolist()
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        if math.isfinite(value):
            return value
        if nan and math.isnan(value):
            return None
        raise ValueError(f"{name} must be {'finite or NaN' if nan else 'finite'}, got {value!r}")
    if isinstance(value, (list, tuple)):
        return [_plain(name, entry, nan=nan) for entry in value]
    raise TypeError(f"{name} must be a number, text, bool, None or a list of them, got {type(value).__name__}")


def _text(entries: Mapping[str, Any], kind: str, *, nan: bool) -> dict[str, Any]:
    if not isinstance(entries, Mapping):
        raise TypeError(f"a {kind} must be a mapping, got {type(entries).__name__}")
    wrong = [name for name in entries if not isinstance(name, str)]
    if wrong:
        raise TypeError(f"the names in a {kind} must be text, got {wrong[0]!r}")
    return {name: _plain(f"{kind}[{name!r}]", value, nan=nan) for name, value in entries.items()}


def encode_setting(setting: Setting) -> str:
    """Canonical JSON text of a setting: equal settings give equal text, whatever their order.

    Examples
    --------
    >>> encode_setting({"n": 32, "eta": 0.2, "seeds": (0, 1)})
    '{"eta":0.2,"n":32,"seeds":[0,1]}'
    """
    return json.dumps(_text(setting, "setting", nan=False), sort_keys=True, separators=(",", ":"), allow_nan=False)


def encode_records(records: Sequence[Record]) -> str:
    """JSON text of the records of a cell; NaN is stored as null.

    Examples
    --------
    >>> encode_records([{"seed": 0, "mse": float("nan"), "rates": [0.5, 1.0]}])
    '[{"seed":0,"mse":null,"rates":[0.5,1.0]}]'
    """
    if isinstance(records, (str, bytes, Mapping)) or not isinstance(records, Sequence):
        raise TypeError(f"a cell must give a list of records, got {type(records).__name__}")
    return json.dumps([_text(r, "record", nan=True) for r in records], separators=(",", ":"), allow_nan=False)


def decode_records(text: str) -> tuple[dict[str, Any], ...]:
    """The records of a cell; null reads back as None. Text that holds no list of them raises ValueError."""
    found = json.loads(text)
    if not isinstance(found, list) or not all(isinstance(record, dict) for record in found):
        raise ValueError(f"records must be a list of mappings, got {text[:40]!r}")
    return tuple(found)


def digest(*texts: str) -> str:
    """SHA-256 of some texts, in hexadecimal."""
    total = hashlib.sha256()
    for text in texts:
        data = text.encode()
        total.update(len(data).to_bytes(8, "big") + data)
    return total.hexdigest()


def cell_key(sweep: str, version: str, setting: Setting) -> str:
    """What identifies a finished cell: its sweep, the version of the code, and its exact setting."""
    return digest(sweep, version, encode_setting(setting))
