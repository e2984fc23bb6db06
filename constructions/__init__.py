"""Explicit objects behind the lower bounds: spherical codes, cap packings, functions on them, networks, samples.

>>> import numpy as np
>>> import constructions
>>> code = constructions.best_code(12, 60)  # 840 unit vectors of R^12 at pairwise angles of at least 60 degrees, certified
>>> code.size, code.max_inner_product().upper
(840, Fraction(1, 2))
>>> packing = constructions.pack(12, angle=60)  # the caps of angular radius 30 degrees about such points are disjoint
>>> X = constructions.uniform_ball(1000, 12, np.random.default_rng(0))
>>> signs = constructions.varshamov_gilbert(packing.size).words[0]
>>> network = constructions.Network.from_atoms(packing.centres, packing.height, signs)
>>> bool(np.allclose(network(X), packing.evaluate(X, signs)))
True

Randomness enters as a seed or as a `numpy.random.Generator` that the caller owns. SciPy and python-flint are loaded by the
functions that need them.
"""

from constructions.cap_ridges import CapRidges, fan
from constructions.certificate import InnerProductBound, SeparationCertificate, max_inner_product
from constructions.codes import FAMILIES, best_code, build, survey
from constructions.codes.bounds import KISSING_RECORDS, size_bound
from constructions.data import (
    SubspaceMixture,
    annulus,
    labels,
    radial_alpha,
    sphere,
    subspace_mixture,
    uniform_ball,
)
from constructions.hypercube import SignCode, distances, varshamov_gilbert
from constructions.memorise import InvisiblePair, invisible_pair, nearest_inner_products, sphere_interpolator
from constructions.network import Network, Reduced, empirical_weight
from constructions.packet import CompactPacket
from constructions.packet_fields import PacketField, packet_field
from constructions.packing import Packing, largest_height, pack, separation_limit
from constructions.ridge import Profile, hat, oscillating
from constructions.spherical_code import SphericalCode
from constructions.stacked import hats, theorem_a
from constructions.wave_packet import PacketCap

__all__ = [
    "CapRidges",
    "CompactPacket",
    "FAMILIES",
    "InnerProductBound",
    "InvisiblePair",
    "KISSING_RECORDS",
    "Network",
    "PacketCap",
    "PacketField",
    "Packing",
    "Profile",
    "Reduced",
    "SeparationCertificate",
    "SignCode",
    "SphericalCode",
    "SubspaceMixture",
    "annulus",
    "best_code",
    "build",
    "distances",
    "empirical_weight",
    "fan",
    "hat",
    "hats",
    "invisible_pair",
    "labels",
    "largest_height",
    "max_inner_product",
    "nearest_inner_products",
    "oscillating",
    "pack",
    "packet_field",
    "radial_alpha",
    "separation_limit",
    "size_bound",
    "sphere",
    "sphere_interpolator",
    "subspace_mixture",
    "survey",
    "theorem_a",
    "uniform_ball",
    "varshamov_gilbert",
]
