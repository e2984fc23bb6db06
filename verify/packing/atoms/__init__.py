"""Kinds of atoms of the packing job, one file each."""

from verify.packing.atoms.base import Atoms, Level, Number, Occupancy, Reading
from verify.packing.atoms.kind import AtomKind, Target

__all__ = ["AtomKind", "Atoms", "Level", "Number", "Occupancy", "Reading", "Target"]
