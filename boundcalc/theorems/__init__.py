"""Every statement, one file each; :data:`THEOREMS` is the ordered list."""

from __future__ import annotations

from difflib import get_close_matches

from boundcalc.exact import describe
from boundcalc.theorem import Theorem
from boundcalc.theorems import (
    cap_atom_norm,
    cap_atom_seminorm,
    empty_caps,
    empty_network,
    fano_packing,
    gap_lower,
    gap_upper,
    low_norm_gap,
    low_norm_mse,
    minimax_lower,
    minimax_lower_1d,
    mse_upper,
    packing_size,
    sign_class,
    stability_seminorm,
    stability_seminorm_sharp,
    stable_minima_seminorm,
    stacked_hats,
    two_point,
)

__all__ = ["THEOREMS", "get"]

THEOREMS: tuple[Theorem, ...] = (
    stability_seminorm.THEOREM,
    stability_seminorm_sharp.THEOREM,
    stable_minima_seminorm.THEOREM,
    gap_upper.THEOREM,
    gap_lower.THEOREM,
    mse_upper.THEOREM,
    minimax_lower.THEOREM,
    minimax_lower_1d.THEOREM,
    packing_size.THEOREM,
    cap_atom_norm.THEOREM,
    cap_atom_seminorm.THEOREM,
    sign_class.THEOREM,
    empty_caps.THEOREM,
    empty_network.THEOREM,
    low_norm_gap.THEOREM,
    low_norm_mse.THEOREM,
    stacked_hats.THEOREM,
    two_point.THEOREM,
    fano_packing.THEOREM,
)
_BY_KEY = {theorem.key: theorem for theorem in THEOREMS}


def get(key: str) -> Theorem:
    """The theorem with this key.

    Raises
    ------
    ValueError
        If there is none; the message names the nearest keys.

    Examples
    --------
    >>> get("minimax-lower").bound.exponent
    2/(d + 1)
    """
    if key not in _BY_KEY:
        near = get_close_matches(str(key), _BY_KEY, n=3) or list(_BY_KEY)
        raise ValueError(f"key must name a theorem, got {describe(key)}; nearest: {', '.join(near)}")
    return _BY_KEY[key]
