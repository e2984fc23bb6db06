"""Every statement, by subject; :data:`THEOREMS` is the ordered list."""

from __future__ import annotations

from boundcalc.statement import Theorem
from boundcalc.statements import (
    approximation,
    caps,
    data_geometry,
    empirical_weight,
    estimators,
    networks,
    power_weight,
    sign_priors,
    stability,
    stable_minima,
    stacked_hats,
    transforms,
    unweighted_class,
    weighted_class,
)

__all__ = ["THEOREMS"]

THEOREMS: tuple[Theorem, ...] = (
    stability.STABILITY_SEMINORM, stability.STABILITY_SEMINORM_SHARP, stability.STABLE_MINIMA_SEMINORM,
    stable_minima.GAP_UPPER, stable_minima.GAP_LOWER, stable_minima.MSE_UPPER, weighted_class.MINIMAX_LOWER,
    weighted_class.MINIMAX_LOWER_1D, caps.PACKING_SIZE, caps.CAP_ATOM_NORM, caps.CAP_ATOM_SEMINORM, caps.SIGN_CLASS,
    caps.EMPTY_CAPS, stability.EMPTY_NETWORK, unweighted_class.LOW_NORM_GAP, unweighted_class.LOW_NORM_MSE,
    stacked_hats.THEOREM_A, sign_priors.TWO_POINT, sign_priors.FANO_PACKING, unweighted_class.UNWEIGHTED_GAP,
    unweighted_class.LOCAL_COMPLEXITY, empirical_weight.ANNULUS_SHARE, empirical_weight.ANNULUS_SHARE_SHARP,
    empirical_weight.WEIGHT_DEVIATION, weighted_class.THEOREM_B, weighted_class.THEOREM_C, empirical_weight.THEOREM_D,
    stable_minima.GAP_CORE_SHELL, stable_minima.MSE_CORE_SHELL, stable_minima.STABLE_MINIMA_PEELING,
    stability.THEOREM_E, stable_minima.STABLE_MSE_UPPER, stable_minima.STABLE_MSE_LOWER,
    stable_minima.STABLE_GAP_UPPER, data_geometry.RADIAL_GAP_UPPER, data_geometry.RADIAL_GAP_LOWER,
    data_geometry.SUBSPACE_MIXTURE_GAP, data_geometry.HALF_SPACE_DEPTH_GAP, stability.UNIVARIATE_SEMINORM,
    stable_minima.UNIVARIATE_INTERIOR_MSE, approximation.BESOV_MINIMAX, approximation.N_TERM_APPROXIMATION,
    approximation.SEMICIRCLE_FREE_KNOTS, networks.REPRESENTER_WIDTH, transforms.RELU_PROCESS_COVARIANCE,
    transforms.RELU_PROCESS_KURTOSIS,
    transforms.RELU_PROCESS_STABLE_LIMIT, approximation.GAUSSIAN_VARIATION_NORM, approximation.SEPARATED_GAUSSIANS,
    transforms.K_PLANE_CONSTANT, transforms.ACTIVATION_OPERATORS, transforms.MULTIVARIATE_WIDTH,
    stability.TRACE_SEMINORM, stability.SGD_STABILITY, power_weight.POWER_WEIGHT_MINIMAX,
    power_weight.TRACE_MINIMAX, power_weight.TRACE_MSE_UPPER, power_weight.TRACE_GAP_UPPER, power_weight.TRACE_GAP_LOWER,
    estimators.CELLS_UPPER, estimators.CELLS_UPPER_1D, estimators.SMOOTHER_UPPER, estimators.MIXTURE_UPPER,
    networks.SELF_RECALL_ERROR, networks.NECESSARY_CACHE,
)  # fmt: skip
