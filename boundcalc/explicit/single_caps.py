"""One cap atom on each of N disjoint caps: the prior of the two-point bound.

The atom of height H is (u.x - (1 - H))_+/H, of sup norm 1, squared norm m = E(X_1 - 1 + H)_+^2/H^2 and cost g(H)/H, which is
H^(d+1) for the canonical weight. With random signs and amplitude a <= B, N a g(H)/H <= C:

    risk >= N a^2 m mmse(n a^2 m/sigma^2).

Stacked trapezoids contain this family (one slab, one ramp); it is kept for its simplicity. The amplitude is the largest up
to the one at which nu a^2 m = s_0, where s mmse(s) is largest: for each cap the value is monotone in n, sigma, B and C.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from boundcalc.explicit.caps import Caps, candidates, log_arrays
from boundcalc.explicit.family import Claim, Design, Family, NotApplicable
from boundcalc.explicit.marginal import gauss, log_c1, log_weight_ratio
from boundcalc.explicit.problem import Effort, Problem
from boundcalc.explicit.sign_error import sign_error
from boundcalc.explicit.slab_profile import best_snr
from boundcalc.explicit.slabs import Slab, StackedTrapezoids

# Logarithm of what is claimed less than the search's estimate, whose tables and quadrature err by less.
_MARGIN = 1e-3
_NODES, _WEIGHTS = gauss(64)
Array = NDArray[np.float64]


@lru_cache(maxsize=64)
def _arrays(d: int, extra: tuple[Caps, ...]) -> tuple[tuple[Caps, ...], Array, Array, Array]:
    caps = (*extra, *candidates(d))
    heights = np.array([c.height for c in caps])
    log_counts = np.append([math.log(c.count) for c in extra], log_arrays(d)[1])
    alpha = (d - 1) / 2
    # int_0^1 (1 - r)^2 (r(2 - H r)/(2 - H))^alpha dr with r = u^2, which takes the root at 0 away.
    r = _NODES**2
    column = heights[:, None]
    kernel = np.exp(alpha * np.log(r * (2 - column * r) / (2 - column)))
    integral = kernel @ ((1 - r) ** 2 * 2 * _NODES * _WEIGHTS)
    log_norm = log_c1(d) + alpha * np.log(heights * (2 - heights)) + np.log(heights) + np.log(integral)
    return caps, heights, log_counts, log_norm


def search(problem: Problem, effort: Effort, extra: tuple[Caps, ...], floor: float) -> Design | NotApplicable:
    """The best of all candidate caps, each with its best amplitude."""
    d = problem.d
    caps, heights, log_counts, log_norm = _arrays(d, extra)
    log_cost = (float(problem.weight.degree(d)) - 1) * np.log(heights) + log_weight_ratio(problem.weight, d, heights)
    free = 0.5 * (math.log(best_snr()) - problem.log_nu - log_norm)
    log_amplitude = np.minimum(np.minimum(0.0, free), problem.log_budget - log_counts - log_cost)
    energy = 2 * log_amplitude + log_norm
    snr = np.exp(np.clip(problem.log_nu + energy, -700, 700))
    score = log_counts + energy + np.log(np.maximum(sign_error(snr), 1e-300))
    best = int(score.argmax())
    amplitude = math.exp(max(log_amplitude[best], -700.0))
    design = StackedTrapezoids(caps[best], (Slab(0.0, 1.0, 1, 1.0, min(1.0, amplitude)),))
    return Claim(design, float(score[best]) - _MARGIN)


FAMILY = Family(
    key="single-caps",
    title="Single cap atoms on disjoint caps",
    statement="N a^2 m mmse(n a^2 m/sigma^2) for the cap atom of height H on N disjoint caps, a the amplitude.",
    conditions=("a <= B", "N a g(H)/H <= C"),
    proof=__doc__,
    boundary_localised=True,
    search=search,
    dimensions=(1, 10**4),
)
