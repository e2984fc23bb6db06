"""The packing of a setting and the atoms on it: heights critical for n, or those of Theorem A."""

from __future__ import annotations

from fractions import Fraction

from boundcalc.enclosure import enclose
from boundcalc.exact import fraction
from boundcalc.setting import Setting
from boundcalc.statements.caps import CRITICAL_HEIGHT
from constructions.cap_ridges import fan
from constructions.packet_fields import packet_field
from constructions.packing import Packing, largest_height, pack
from constructions.rounding import decimal_below
from constructions.stacked import theorem_a
from verify.packing.atoms.base import Atoms
from verify.packing.atoms.cap import CapAtoms
from verify.packing.atoms.hat import HatAtoms, hat_width
from verify.packing.atoms.kind import AtomKind
from verify.packing.atoms.packet import PacketAtoms
from verify.packing.atoms.ridge import FanAtoms
from verify.packing.setting import PackingSetting

__all__ = ["build_atoms", "build_packing", "critical_height"]

# Where the critical caps are too high for 2d disjoint ones: the angles 90, 60 and 45 degrees.
_FALLBACK_INNER_PRODUCTS = (Fraction(0), Fraction(1, 2), Fraction(7071067812, 10**10))


def critical_height(d: int, n: int) -> Fraction:
    """The height (U_d n)^{-2/(d+1)} at which a cap holds about one sample, rounded down to 12 digits."""
    lower = enclose(CRITICAL_HEIGHT, Setting.parse(d=d, n=n).substitution).lower
    return min(decimal_below(fraction(lower)), Fraction(1))


def build_packing(setting: PackingSetting) -> tuple[Packing, str]:
    """The packing of a setting and the words that say how its height was chosen.

    Raises
    ------
    ValueError
        If the requested family does not exist in this dimension or at this height.
    """
    d, seed, family = setting.d, setting.seed, setting.family
    enough = max(2 * d, setting.caps)
    most = None if setting.caps <= 20_000 else setting.caps
    if setting.height is not None:
        return pack(d, setting.height, family=family, seed=seed, max_size=most), "as requested"
    critical = critical_height(d, setting.n)
    try:
        packing = pack(d, critical, family=family, seed=seed, max_size=most)
        if packing.size >= enough:
            return packing, "critical for n"
    except ValueError:  # the family has no code at that height: it needs lower caps
        pass
    for inner_product in _FALLBACK_INNER_PRODUCTS:
        height = min(critical, largest_height(inner_product))
        try:
            packing = pack(d, height, family=family, seed=seed, max_size=most)
        except ValueError:
            continue
        if packing.size >= enough or family != "auto":
            return packing, f"the largest for {packing.size} caps; the critical one is {float(critical):.6g}"
    # Says what is possible for that family.
    return pack(d, critical, family=family, seed=seed, max_size=most), "critical for n"


def build_atoms(setting: PackingSetting) -> tuple[Atoms, str]:
    """The atoms of a setting and the words that say how the height was chosen.

    Raises
    ------
    ValueError
        If the requested family does not exist in this dimension or at this height, or the atoms don't.
    """
    atoms, reason = _build(setting)
    if atoms.packing.size < setting.caps:
        raise ValueError(
            f"caps must be at most {atoms.packing.size}, the points of {atoms.packing.code.family}, at height "
            f"{float(atoms.packing.height):.6g}, got {setting.caps}; pass a smaller height, or another code"
        )
    return atoms, reason


def _build(setting: PackingSetting) -> tuple[Atoms, str]:
    if setting.atoms is AtomKind.HAT:
        return _hats(setting)
    packing, reason = build_packing(setting)
    if setting.atoms is AtomKind.RIDGE:
        ridges = fan(packing)
        return FanAtoms(packing, ridges), reason
    if setting.atoms is AtomKind.PACKET:
        return PacketAtoms(packing, packet_field(packing)), reason
    return CapAtoms(packing), reason


def _hats(setting: PackingSetting) -> tuple[Atoms, str]:
    """Height and width of Theorem A where n is large enough for it, else the critical height and two slabs or more."""
    d, B, C = setting.d, setting.real("B"), setting.real("C")
    if setting.height is None:
        try:
            choice = theorem_a(d, setting.n, setting.real("sigma"), B, C)
        except ValueError:
            choice = None
        if choice is not None and choice.slabs >= 1:
            packing = pack(d, choice.height, family=setting.family, seed=setting.seed)
            return HatAtoms(packing, choice.width), "that of Theorem A for n"
    packing, reason = build_packing(setting)
    if setting.height is None:
        reason += "; Theorem A says nothing at this n"
    return HatAtoms(packing, hat_width(packing.height, d, B, C)), reason
