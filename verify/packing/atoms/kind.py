"""The choices of the packing job: which atoms, and which weight measures their variation norm."""

from __future__ import annotations

from enum import Enum

__all__ = ["AtomKind", "Target"]


class AtomKind(Enum):
    """What stands on each cap; the value is the word of ``--atoms``."""

    CAP = "cap"
    HAT = "hat"
    RIDGE = "ridge"
    PACKET = "packet"


class Target(Enum):
    """The weight of the variation norm; the value is the word of ``--target``."""

    CANONICAL = "canonical"
    POPULATION = "population"
    EMPIRICAL = "empirical"
