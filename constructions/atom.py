"""Integrals over caps of the uniform ball, and the norm of the ReLU atom of a cap, by quadrature.

Nothing here uses incomplete beta or hypergeometric functions: the integrals of the marginal density are computed by
Gauss–Legendre quadrature in the depth, so that they check closed forms independently.
"""

from __future__ import annotations

from fractions import Fraction
from math import lgamma, log, pi

import numpy as np
from numpy.typing import NDArray

from constructions import _arguments as check

_PANELS = 12
_NODES = 40
_LOG_CUTOFF = 80.0  # the integrand is dropped where it is below e^-80 of its maximum

Float = NDArray[np.float64]


def log_density_constant(d: int) -> float:
    """log c₁, c₁ = Γ(d/2+1)/(√π Γ((d+1)/2)): a coordinate of a uniform point of B^d has density c₁(1−s²)^{(d−1)/2}.

    Examples
    --------
    >>> round(np.exp(log_density_constant(3)).item(), 12)
    0.75
    """
    d = check.integer("d", d, 1)
    if d < 100:
        return lgamma(d / 2 + 1) - lgamma((d + 1) / 2) - log(pi) / 2
    # log Γ(x+1/2) − log Γ(x) at x = (d+1)/2 by its expansion in 1/x: the difference of two lgamma loses digits with d.
    x = (d + 1) / 2
    series = -1 / (8 * x) + 1 / (192 * x**3) - 1 / (640 * x**5) + 17 / (14336 * x**7)
    return log(x) / 2 + series - log(pi) / 2


def log_cap_moment(d: int, height: float | Fraction, power: int) -> float:
    """log E[(X₁ − (1−h))_+^k], X uniform on the unit ball of R^d, by quadrature.

    Parameters
    ----------
    d : int
        Dimension, at least 1.
    height : float or Fraction
        Cap height h in (0, 2).
    power : int
        k ≥ 0; k = 0 gives the cap mass.

    Returns
    -------
    float
        Error about 1e-13 for d <= 500; beyond, a few units in the last place of the logarithm's terms (2e-11 at
        d = 10 000).

    Examples
    --------
    >>> round(np.exp(log_cap_moment(3, 1.0, 0)).item(), 14)
    0.5
    """
    d, h = check.integer("d", d, 1), check.finite("height", height, above=0.0)
    if h >= 2:
        raise ValueError(f"height must lie in (0, 2), got {height}")
    power = check.integer("power", power, 0)
    tau, weight, log_factor = _depth_rule(d, h, power)
    # (s − t)^k = h^k (1 − τ²)^k
    return log_factor + power * log(h) + log(float(weight @ (1 - tau**2) ** power))


def log_squared_norm(d: int, height: float | Fraction) -> float:
    """log ‖Φ_h‖² of the cap atom Φ_h(x) = (u·x − (1−h))_+/h in L²(uniform on the unit ball), by quadrature.

    Examples
    --------
    >>> round(np.exp(log_squared_norm(1, Fraction(1, 2))).item(), 14)  # h/6
    0.08333333333333
    """
    return log_cap_moment(d, height, 2) - 2 * log(height)


def _depth_rule(d: int, h: float, power: int) -> tuple[Float, Float, float]:
    """Nodes τ, weights w and a logarithm L with e^L Σ w f(1 − hτ²) = E[f(X₁); X₁ > 1−h].

    With s = 1 − hτ² the density times ds is 2 c₁ h^{(d+1)/2} τ^d (2 − hτ²)^{(d−1)/2} dτ, analytic on [0, 1]. It is
    log-concave, also after multiplication by (1−τ²)^k: the panels cover the interval where that product is within
    e^{-80} of its maximum.
    """
    half = (d - 1) / 2

    def log_integrand(tau: Float) -> Float:
        value = d * np.log(tau) + half * np.log(2 - h * tau**2)
        return np.asarray(value + power * np.log1p(-(tau**2)) if power else value)

    # The maximum of a concave function: successive grids about the best node.
    low, high = 0.0, 1.0
    for _ in range(12):
        grid = np.linspace(low, high, 65)[1:-1] if power else np.linspace(low, high, 65)[1:]
        best = int(np.argmax(log_integrand(grid)))
        width = (high - low) / 64
        low, high = max(0.0, float(grid[best]) - width), min(1.0, float(grid[best]) + width)
    peak = float(grid[best])
    top = float(log_integrand(np.array([peak]))[0])

    def edge(outside: float) -> float:
        inside = peak
        for _ in range(60):
            middle = (inside + outside) / 2
            if float(log_integrand(np.array([middle]))[0]) > top - _LOG_CUTOFF:
                inside = middle
            else:
                outside = middle
        return outside

    left = edge(0.0)
    right = 1.0 if float(log_integrand(np.array([1 - 1e-16]))[0]) > top - _LOG_CUTOFF else edge(1.0)
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    edges = np.linspace(left, right, _PANELS + 1)
    centre, radius = (edges[1:] + edges[:-1]) / 2, (edges[1:] - edges[:-1]) / 2
    tau = (centre[:, None] + radius[:, None] * nodes).ravel()
    weight = (radius[:, None] * weights).ravel()
    log_density = d * np.log(tau) + half * np.log(2 - h * tau**2)
    shift = float(log_density.max())
    log_factor = log_density_constant(d) + log(2) + (d + 1) / 2 * log(h) + shift
    return tau, weight * np.exp(log_density - shift), log_factor
