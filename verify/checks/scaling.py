"""Scaling: the packing rebuilt at the critical height over a grid of n; fitted exponents against the symbolic ones.

Every quantity is a power of n only as the caps get thin. Packings lose a share of order theta ~ sqrt(h) at the seams of
their layers, so log q = a + e log n + c sqrt(h) is fitted: a power law with its first correction. What the closed forms
of the norm and of the existence bound leave of the symbolic exponent after the same fit is the bias that finite heights
explain; it is added to the confidence interval. Where too few rows are thin enough, the plain slope over all rows is
shown and nothing is concluded. A row counts as in the power-law range where the local slope of the
existence bound 1/sigma_d(2 theta) is within 10 % of its limit.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student
from sympy import Expr, Integer

from boundcalc import cap
from boundcalc.powers import power_exponent
from boundcalc.symbols import d as D
from boundcalc.symbols import eps
from boundcalc.symbols import n as N
from boundcalc.theorem import Status
from boundcalc.theorems import cap_atom_norm, cap_atom_seminorm, minimax_lower, packing_size
from constructions.atom import CapAtom
from constructions.hypercube import varshamov_gilbert
from constructions.packing import pack
from verify.artefact import Artefact, critical_height
from verify.check import Interval, Outcome, Verdict
from verify.checks.base import Check
from verify.setting import PackingSetting

_POINTS = 9
_DECADES = 4
# Most guaranteed caps on the grid, so that the rebuilt packings take seconds: in low dimensions codes are quick to build,
# in high ones the power law lies beyond reach anyway.
_CAPS = {2: 5000, 3: 5000, 4: 1500, 5: 1500}
_CAPS_BEYOND = 300
_RANGE_TOLERANCE = 0.1
_LEVEL = 0.99
_LEAST_ROWS = 6


@dataclass(frozen=True)
class Row:
    """One n of the grid: measured quantities and their closed-form models, as logarithms."""

    n: int
    height: float
    caps: int
    in_range: bool
    measured: dict[str, float]
    model: dict[str, float]


def symbolic_exponents() -> dict[str, Expr]:
    """Exponents of n at epsilon = kappa n^{-1/(d+1)}, read off the expressions of the theorems."""
    shell = N ** (-1 / (D + 1))
    size = packing_size.THEOREM.bound.expr
    norm = cap_atom_norm.THEOREM.bounds["upper"].expr
    per_quantity = {
        "size": size,
        "norm": norm,
        "seminorm": size * cap_atom_seminorm.THEOREM.bound.expr,
        "separation": size * norm,
    }
    exponents = {name: power_exponent(eps ** power_exponent(expr, eps), eps) for name, expr in per_quantity.items()}
    exponents = {name: power_exponent(shell**power, N) for name, power in exponents.items()}
    exponents["lower bound"] = -minimax_lower.THEOREM.bound.exponent
    return exponents


def grid(d: int) -> list[int]:
    """Sample sizes over four decades, the largest with about as many caps as are built in seconds."""
    top = 5
    while top < 15 and log_existence(d, float(critical_height(d, 10 ** (top + 1)))) < math.log(_most_caps(d)):
        top += 1
    return [round(10 ** (top - _DECADES * (1 - k / (_POINTS - 1)))) for k in range(_POINTS)]


def _most_caps(d: int) -> int:
    return _CAPS.get(d, _CAPS_BEYOND)


def log_existence(d: int, h: float) -> float:
    """Logarithm of the guaranteed number of disjoint caps."""
    return float(cap.packing_existence.log(d, h).log)


def measure(setting: PackingSetting, n: int) -> Row:
    """Rebuild the packing at the critical height of n and measure it."""
    d, height = setting.d, critical_height(setting.d, n)
    packing = pack(d, height, seed=setting.seed, max_size=4 * _most_caps(d))
    h = float(height)
    log_norm = CapAtom(d, height).log_squared_norm
    log_size = math.log(packing.size)
    model_size = log_existence(d, h)
    model_norm = float(cap.atom_norm_squared.log(d, h).log)
    weight = (d + 1) * math.log(h)
    # Words at Hamming distance N/8 are found and counted here (ValueError if not): 4 |Phi|^2 N/8 is their separation.
    varshamov_gilbert(packing.size, 2, seed=setting.seed)
    return Row(
        n,
        h,
        packing.size,
        _in_range(d, h),
        {
            "size": log_size,
            "norm": log_norm,
            "seminorm": log_size + weight,
            "separation": log_norm + math.log(packing.size / 2),
            "lower bound": log_two_point(setting, n, packing.size, log_norm, log_size + weight),
        },
        {
            "size": model_size,
            "norm": model_norm,
            "seminorm": model_size + weight,
            "separation": model_size + model_norm,
            "lower bound": model_size + log_two_point(setting, n, 1, model_norm, model_size + weight),
        },
    )


def log_two_point(setting: PackingSetting, n: int, size: int, log_norm: float, log_seminorm: float) -> float:
    """Logarithm of the two-point bound, best over the amplitude, as a float."""
    largest = min(setting.real("B"), setting.real("C") * math.exp(-log_seminorm))
    amplitude = largest * np.geomspace(1e-6, 1, 400)
    squared = 2 * np.log(amplitude) + log_norm
    snr = np.exp(np.log(n) + squared - 2 * math.log(setting.real("sigma")))
    return math.log(size) + float(np.max(squared - snr / 2 - np.log1p(snr) / 2))


def _in_range(d: int, h: float) -> bool:
    step = 1.01
    if h * step >= 1 - math.sqrt(0.5):  # 2 theta reaches a right angle: the bound is no longer a power of h
        return False
    slope = (log_existence(d, h * step) - log_existence(d, h / step)) / (2 * math.log(step))
    return bool(abs(slope / (-(d - 1) / 2) - 1) <= _RANGE_TOLERANCE)


def slope(rows: list[Row], values: NDArray[np.float64], corrected: bool) -> tuple[float, float]:
    """Exponent of n in a power law, with its first correction or plain, and the half-width of its confidence interval."""
    logs = np.log([row.n for row in rows])
    columns = [np.ones(len(rows)), logs - logs.mean()]
    if corrected:
        columns.append(np.sqrt([row.height for row in rows]))
    design = np.column_stack(columns)
    coefficients, *_ = np.linalg.lstsq(design, values, rcond=None)
    residual = values - design @ coefficients
    freedom = len(rows) - design.shape[1]
    covariance = np.linalg.inv(design.T @ design) * float(residual @ residual) / freedom
    half_width = float(student.ppf((1 + _LEVEL) / 2, freedom)) * math.sqrt(covariance[1, 1])
    return float(coefficients[1]), half_width


def run(setting: PackingSetting, artefact: Artefact) -> Iterator[Outcome]:
    """One outcome per fitted exponent; the rows are in the evidence of the first."""
    rows = [measure(setting, n) for n in grid(setting.d)]
    inside = [row for row in rows if row.in_range]
    enough = len(inside) >= _LEAST_ROWS
    fitted_rows = inside if enough else rows
    where = f"{len(inside)} of {len(rows)} rows in range"
    if not enough:
        where += ", too few"
    for name, symbolic in symbolic_exponents().items():
        exponent = symbolic.subs(D, Integer(setting.d))
        target = float(exponent)
        measured, half_width = slope(fitted_rows, np.array([row.measured[name] for row in fitted_rows]), enough)
        modelled, _ = slope(fitted_rows, np.array([row.model[name] for row in fitted_rows]), enough)
        bias = abs(modelled - target)
        if not enough:
            verdict = Verdict.NOT_APPLICABLE
        else:
            agrees = abs(measured - target) <= half_width + bias
            verdict = Verdict.CONSISTENT if agrees else Verdict.UNDECIDED
        yield Outcome(
            NAME,
            minimax_lower.THEOREM.key if name == "lower bound" else _THEOREMS[name],
            f"{name} ~ n^({exponent}); {where}",
            Interval(measured - half_width, measured + half_width, f"confidence interval, level {_LEVEL}"),
            target,
            verdict,
            Status.PAPER,
            {
                "slope": measured,
                "finite_height_bias": bias,
                "n": [row.n for row in fitted_rows],
                "caps": [row.caps for row in fitted_rows],
                "in_range": [row.in_range for row in fitted_rows],
                "log_measured": [row.measured[name] for row in fitted_rows],
            },
            relation="contains",
        )


_THEOREMS = {
    "size": packing_size.THEOREM.key,
    "norm": cap_atom_norm.THEOREM.key,
    "seminorm": "sign-class",
    "separation": "fano-packing",
}
NAME = "scaling"
CHECK = Check(NAME, run)
