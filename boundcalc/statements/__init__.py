"""Every statement, one file each; :data:`THEOREMS` is the ordered list."""

from __future__ import annotations

from boundcalc.lookup import by_key
from boundcalc.statement import Theorem
from boundcalc.statements import (
    annulus_share,
    annulus_share_sharp,
    besov_minimax,
    cap_atom_norm,
    cap_atom_seminorm,
    empty_caps,
    empty_network,
    fano_packing,
    gap_core_shell,
    gap_lower,
    gap_upper,
    gaussian_variation_norm,
    half_space_depth_gap,
    k_plane_constant,
    local_complexity,
    low_norm_gap,
    low_norm_mse,
    minimax_lower,
    minimax_lower_1d,
    mse_core_shell,
    mse_upper,
    n_term_approximation,
    packing_size,
    peeling,
    radial_gap_lower,
    radial_gap_upper,
    relu_process_covariance,
    representer_width,
    sign_class,
    stability_seminorm,
    stability_seminorm_sharp,
    stable_gap_upper,
    stable_minima_seminorm,
    stable_mse_lower,
    stable_mse_upper,
    stacked_hats,
    subspace_mixture_gap,
    theorem_b,
    theorem_c,
    theorem_d,
    theorem_e,
    two_point,
    univariate_interior_mse,
    univariate_seminorm,
    unweighted_gap,
    weight_deviation,
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
    unweighted_gap.THEOREM,
    local_complexity.THEOREM,
    annulus_share.THEOREM,
    annulus_share_sharp.THEOREM,
    weight_deviation.THEOREM,
    theorem_b.THEOREM,
    theorem_c.THEOREM,
    theorem_d.THEOREM,
    gap_core_shell.THEOREM,
    mse_core_shell.THEOREM,
    peeling.THEOREM,
    theorem_e.THEOREM,
    stable_mse_upper.THEOREM,
    stable_mse_lower.THEOREM,
    stable_gap_upper.THEOREM,
    radial_gap_upper.THEOREM,
    radial_gap_lower.THEOREM,
    subspace_mixture_gap.THEOREM,
    half_space_depth_gap.THEOREM,
    univariate_seminorm.THEOREM,
    univariate_interior_mse.THEOREM,
    besov_minimax.THEOREM,
    n_term_approximation.THEOREM,
    representer_width.THEOREM,
    relu_process_covariance.THEOREM,
    gaussian_variation_norm.THEOREM,
    k_plane_constant.THEOREM,
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
    return by_key(_BY_KEY, key, "a theorem", "boundcalc.theorems() lists them")
