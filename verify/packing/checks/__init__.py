"""The claims of the packing job, one file each; :data:`CHECKS` is the order of the report."""

from __future__ import annotations

from verify.packing.checks import (
    atom_norms,
    disjoint_caps,
    emptiness,
    flatness,
    lower_bound,
    scaling,
    seminorm,
    sign_codes,
    stability_bound,
)
from verify.packing.checks.base import Check

__all__ = ["CHECKS", "Check"]

CHECKS: tuple[Check, ...] = (
    disjoint_caps.CHECK,
    atom_norms.CHECK,
    seminorm.CHECK,
    sign_codes.CHECK,
    emptiness.CHECK,
    flatness.CHECK,
    stability_bound.CHECK,
    lower_bound.CHECK,
    scaling.CHECK,
)
