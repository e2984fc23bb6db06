"""One trapezoid per cap, flat up to the sphere: values for all caps at once, in floats.

Where noise and budget are scarce this is the best stack, and the height of the caps matters most: a fine set of caps is
searched whole. It also keeps the ranking of caps right there. Per cap and ramp the value is N h(min(s_0, snr a^2 m))/snr with
the largest amplitude a <= 1 that the budget allows, monotone as in :mod:`boundcalc.explicit.slab_search`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from boundcalc.explicit.marginal import gauss, log_weight_ratio
from boundcalc.explicit.problem import Problem
from boundcalc.explicit.sign_error import sign_error
from boundcalc.explicit.slab_profile import best_snr
from boundcalc.explicit.slabs import Slab

Array = NDArray[np.float64]
Index = NDArray[np.intp]
RAMPS = np.array([0.02, 0.05, 0.1, 0.17, 0.27, 0.4, 0.6, 0.8, 1.0])
_NODES, _WEIGHTS = gauss(48)
_LOG_LIMIT = 600.0


def log_norms(d: int, heights: Array) -> Array:
    """Logarithms of the squared norms in units of q-mass, for all ramps (rows) and caps (columns)."""
    foot = 1 - RAMPS[:, None]
    # r = foot u^2 takes the root at 0 away; the last ramp has it inside.
    flat = foot * _NODES**2
    slope = 1 - RAMPS[:, None] * (1 - _NODES**2)
    nodes = np.concatenate([flat, slope], axis=1)
    jacobian = 2 * _NODES * _WEIGHTS
    weights = np.concatenate([foot * jacobian, RAMPS[:, None] * jacobian * (1 - _NODES**2) ** 2], axis=1)
    rows = []
    for r, w in zip(np.maximum(nodes, 1e-300), weights, strict=True):
        q = np.exp((d - 1) / 2 * np.log(r * (2 - heights[:, None] * r) / (2 - heights[:, None])))
        rows.append(q @ w)
    return np.log(np.maximum(np.array(rows), 1e-300))


@dataclass(frozen=True)
class Alone:
    """Logarithms of values per unit of mass and of amplitudes; rows are ramps, columns caps."""

    log_value: Array
    log_amplitude: Array

    def slab(self, row: int, column: int) -> Slab:
        """The trapezoid."""
        return Slab(0.0, 1.0, 1, float(RAMPS[row]), math.exp(float(self.log_amplitude[row, column])))


def values(problem: Problem, heights: Array, log_snr: Array, log_budget: Array, norms: Array) -> Alone:
    """For caps of these heights, at snr and budget per cap."""
    d, weight = problem.d, problem.weight
    feet = (d + 2) * np.log(np.maximum(1 - RAMPS, 1e-300))[:, None]
    feet = feet + log_weight_ratio(weight, d, heights * np.maximum(1 - RAMPS, 1e-9)[:, None])
    log_cost = np.logaddexp(feet, log_weight_ratio(weight, d, heights)) - np.log(RAMPS)[:, None]
    limit = np.minimum(log_budget - log_cost, 0.0)
    # Beyond s_0 a larger amplitude is not used.
    free = (math.log(best_snr()) - log_snr - norms) / 2
    log_amplitude = np.minimum(limit, free)
    log_energy = 2 * log_amplitude + norms
    snr = np.exp(np.maximum(log_snr + log_energy, -_LOG_LIMIT))
    return Alone(log_energy + np.log(sign_error(snr)), log_amplitude)
