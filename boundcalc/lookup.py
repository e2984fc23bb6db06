"""One entry by its key, or an error that names the nearest keys."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import TypeVar

from boundcalc.exact import describe

_Entry = TypeVar("_Entry")


def by_key(entries: Mapping[str, _Entry], key: object, kind: str, listing: str) -> _Entry:
    """The entry with this key.

    Parameters
    ----------
    entries : mapping of str to entry
    key : str
    kind : str
        What an entry is, with its article, for the message.
    listing : str
        How to list the keys, for the message where none is near.

    Raises
    ------
    ValueError
        If there is none.

    Examples
    --------
    >>> by_key({"alpha": 1}, "alhpa", "a letter", "see the alphabet")
    Traceback (most recent call last):
    ...
    ValueError: key must name a letter, got 'alhpa'; nearest: alpha
    """
    if isinstance(key, str) and key in entries:
        return entries[key]
    near = get_close_matches(str(key), entries, n=3)
    hint = f"nearest: {', '.join(near)}" if near else listing
    raise ValueError(f"key must name {kind}, got {describe(key)}; {hint}")
