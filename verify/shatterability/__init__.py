"""Shatterability: whether flatness keeps a network from memorising a given data set, and which points are exposed."""

from verify.shatterability.decay import DecayPoint, decay_path
from verify.shatterability.depth import DepthBracket, depth_bracket
from verify.shatterability.edge import MemorisationEdge, memorisation_edge
from verify.shatterability.gap import ModelGap, model_gap
from verify.shatterability.job import Protection, Shatterability, shatterability
from verify.shatterability.margins import HullMargins, hull_margins
from verify.shatterability.scaling import LabelScale, Scale, Scaled, ScaledLabels, rescale, rescale_labels
from verify.shatterability.solitary import (
    SoloCapacity,
    SoloSharpness,
    solitary_network,
    solo_capacity,
    solo_sharpness,
)
from verify.shatterability.table import Table, read_table
from verify.shatterability.trace_edge import TraceEdge, trace_edge

__all__ = [
    "DecayPoint",
    "DepthBracket",
    "HullMargins",
    "LabelScale",
    "MemorisationEdge",
    "ModelGap",
    "Protection",
    "Scale",
    "Scaled",
    "ScaledLabels",
    "Shatterability",
    "SoloCapacity",
    "SoloSharpness",
    "Table",
    "TraceEdge",
    "decay_path",
    "depth_bracket",
    "hull_margins",
    "memorisation_edge",
    "model_gap",
    "read_table",
    "rescale",
    "rescale_labels",
    "shatterability",
    "solitary_network",
    "solo_capacity",
    "solo_sharpness",
    "trace_edge",
]
