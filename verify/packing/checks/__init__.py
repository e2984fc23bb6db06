"""The claims of the packing job; :data:`CHECKS` is the order of the report."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from verify.outcome import Outcome
from verify.packing.artefact import Artefact
from verify.packing.checks.caps import disjoint_caps, emptiness
from verify.packing.checks.flatness import flatness, stability_bound
from verify.packing.checks.lower_bound import lower_bound
from verify.packing.checks.norms import atom_norms, seminorm, sign_codes
from verify.packing.checks.scaling import scaling
from verify.packing.setting import PackingSetting

__all__ = ["CHECKS", "Check"]

Check = Callable[[PackingSetting, Artefact], Iterator[Outcome]]

CHECKS: Mapping[str, Check] = {
    "disjoint caps": disjoint_caps,
    "atom norms": atom_norms,
    "seminorm": seminorm,
    "sign codes": sign_codes,
    "emptiness": emptiness,
    "flatness": flatness,
    "stability bound": stability_bound,
    "lower bound": lower_bound,
    "scaling": scaling,
}
"""Name -> check: it measures an artefact and yields one outcome per claim, under that name; it never prints."""
