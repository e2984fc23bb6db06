"""What a check is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from verify.outcome import Outcome
from verify.packing.artefact import Artefact
from verify.packing.setting import PackingSetting

__all__ = ["Check"]


@dataclass(frozen=True)
class Check:
    """A named measurement of an artefact; ``run`` yields one outcome per claim and never prints."""

    name: str
    run: Callable[[PackingSetting, Artefact], Iterator[Outcome]]
