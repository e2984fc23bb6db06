"""Every statement, by subject; :data:`THEOREMS` is the ordered list.

A file of statements is imported when one of them is first asked for: making expressions takes sympy its time.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from boundcalc.statement import Theorem

    THEOREMS: tuple[Theorem, ...]

__all__ = ["PLACES", "THEOREMS", "statement"]

_ORDER = """
    stability.STABILITY_SEMINORM stability.STABILITY_SEMINORM_SHARP stability.STABLE_MINIMA_SEMINORM
    stable_minima.GAP_UPPER stable_minima.GAP_LOWER stable_minima.MSE_UPPER weighted_class.MINIMAX_LOWER
    weighted_class.MINIMAX_LOWER_1D caps.PACKING_SIZE caps.CAP_ATOM_NORM caps.CAP_ATOM_SEMINORM caps.SIGN_CLASS
    caps.EMPTY_CAPS stability.EMPTY_NETWORK unweighted_class.LOW_NORM_GAP unweighted_class.LOW_NORM_MSE
    stacked_hats.THEOREM_A sign_priors.TWO_POINT sign_priors.FANO_PACKING unweighted_class.UNWEIGHTED_GAP
    unweighted_class.LOCAL_COMPLEXITY empirical_weight.ANNULUS_SHARE empirical_weight.ANNULUS_SHARE_SHARP
    empirical_weight.WEIGHT_DEVIATION weighted_class.THEOREM_B weighted_class.THEOREM_C empirical_weight.THEOREM_D
    stable_minima.GAP_CORE_SHELL stable_minima.MSE_CORE_SHELL stable_minima.STABLE_MINIMA_PEELING stability.THEOREM_E
    stable_minima.STABLE_MSE_UPPER stable_minima.STABLE_MSE_LOWER stable_minima.STABLE_GAP_UPPER
    data_geometry.RADIAL_GAP_UPPER data_geometry.RADIAL_GAP_LOWER data_geometry.SUBSPACE_MIXTURE_GAP
    data_geometry.HALF_SPACE_DEPTH_GAP stability.UNIVARIATE_SEMINORM stable_minima.UNIVARIATE_INTERIOR_MSE
    approximation.BESOV_MINIMAX approximation.N_TERM_APPROXIMATION approximation.SEMICIRCLE_FREE_KNOTS
    networks.REPRESENTER_WIDTH transforms.RELU_PROCESS_COVARIANCE transforms.RELU_PROCESS_KURTOSIS
    transforms.RELU_PROCESS_STABLE_LIMIT approximation.GAUSSIAN_VARIATION_NORM approximation.SEPARATED_GAUSSIANS
    transforms.K_PLANE_CONSTANT transforms.ACTIVATION_OPERATORS transforms.MULTIVARIATE_WIDTH stability.TRACE_SEMINORM
    stability.SGD_STABILITY power_weight.POWER_WEIGHT_MINIMAX power_weight.TRACE_MINIMAX power_weight.TRACE_MSE_UPPER
    power_weight.TRACE_GAP_UPPER power_weight.TRACE_GAP_LOWER estimators.CELLS_UPPER estimators.CELLS_UPPER_1D
    estimators.SMOOTHER_UPPER estimators.MIXTURE_UPPER networks.SELF_RECALL_ERROR networks.NECESSARY_CACHE
    networks.MASKED_SHARPNESS
"""

# Key -> file and name, in order.
PLACES: dict[str, tuple[str, str]] = {}
for _file, _name in (_place.split(".") for _place in _ORDER.split()):
    PLACES[_name.lower().replace("_", "-")] = (_file, _name)


def statement(file: str, name: str) -> Theorem:
    """The statement with this name in a file of statements."""
    found: Theorem = getattr(import_module(f"boundcalc.statements.{file}"), name)
    return found


def __getattr__(name: str) -> object:
    if name != "THEOREMS":
        raise AttributeError(f"module 'boundcalc.statements' has no attribute {name!r}")
    globals()[name] = tuple(statement(*place) for place in PLACES.values())
    return globals()[name]
