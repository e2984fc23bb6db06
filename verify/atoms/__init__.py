"""Kinds of atoms of the packing job, one file each."""

from verify.atoms.base import Atoms, Level, Number, Occupancy, Reading
from verify.atoms.kind import AtomKind, Target

__all__ = ["AtomKind", "Atoms", "Level", "Number", "Occupancy", "Reading", "Target"]
