"""Shatterability: whether flatness keeps a network from memorising a given data set, and which points are exposed."""

from verify.shatterability.evidence import Evidence
from verify.shatterability.margins import HullMargins, hull_margins
from verify.shatterability.scaling import Scale, Scaled, rescale
from verify.shatterability.table import Table, read_table

__all__ = ["Evidence", "HullMargins", "Scale", "Scaled", "Table", "hull_margins", "read_table", "rescale"]
