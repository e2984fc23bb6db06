"""Kinds of atoms of the packing job, one file each."""

from verify.packing.atoms.base import Atoms, Level, Occupancy, Reading

__all__ = ["Atoms", "Level", "Occupancy", "Reading"]
