"""The registry as a caller sees it: all statements in order, or one by its key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from boundcalc.lookup import by_key
from boundcalc.shown import Shown, aligned
from boundcalc.statement import Theorem
from boundcalc.statements import PLACES, statement


@dataclass(frozen=True, repr=False)
class Registry(Shown):
    """Statements in order; prints as a list of keys and renders as a table in a notebook."""

    entries: tuple[Theorem, ...]

    def __len__(self) -> int:
        return len(self.entries)

    def __iter__(self) -> Iterator[Theorem]:
        return iter(self.entries)

    def __getitem__(self, index: int) -> Theorem:
        return self.entries[index]

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys, in order."""
        return tuple(entry.key for entry in self.entries)

    def __str__(self) -> str:
        rows = [(t.key, t.bound.side.value, t.status.value, str(t.source), t.title) for t in self.entries]
        return "\n".join(aligned(rows))

    def _repr_markdown_(self) -> str:
        lines = ["| key | statement | side | status | source |", "|---|---|---|---|---|"]
        lines += [
            f"| `{t.key}` | {t.title} | {t.bound.side.value} | {t.status.value} | {t.source} |" for t in self.entries
        ]
        return "\n".join(lines)


def theorems() -> Registry:
    """Every registered statement, in order.

    Examples
    --------
    >>> [entry.key for entry in theorems()][:2]
    ['stability-seminorm', 'stability-seminorm-sharp']
    """
    return Registry(tuple(theorem(key) for key in PLACES))


def theorem(key: str) -> Theorem:
    """The statement with this key.

    Raises
    ------
    ValueError
        If there is none; the message names the nearest keys.

    Examples
    --------
    >>> print(theorem("minimax-lower").bound.exponent)
    2/(d + 1)
    """
    return statement(*by_key(PLACES, key, "a theorem", "boundcalc.theorems() lists them"))
