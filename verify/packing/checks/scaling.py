"""Scaling: the atoms rebuilt over a grid of n, at the critical height or at the scales of Theorem A; fitted exponents
against the symbolic ones.

Every quantity is a power of n only as the caps get thin. Packings lose a share of order theta ~ sqrt(h) at the seams of
their layers, so log q = a + e log n + c sqrt(h) is fitted: a power law with its first correction. What the closed forms
of the norm and of the existence bound leave of the symbolic exponent after the same fit is the bias that finite heights
explain; it is added to the confidence interval. Where too few rows are thin enough, the plain slope over all rows is
shown and nothing is concluded. A row counts as in the power-law range where the local slope of the
existence bound 1/sigma_d(2 theta) is within 10 % of its limit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from sympy import Expr, Integer

from boundcalc import cap
from boundcalc.exact import fraction
from boundcalc.powers import power_exponent
from boundcalc.statement import Status, Theorem
from boundcalc.statements.caps import CAP_ATOM_NORM, CAP_ATOM_SEMINORM, PACKING_SIZE, SIGN_CLASS
from boundcalc.statements.sign_priors import FANO_PACKING
from boundcalc.statements.stacked_hats import HEIGHT, THEOREM_A
from boundcalc.statements.weighted_class import MINIMAX_LOWER
from boundcalc.symbols import d as D
from boundcalc.symbols import eps
from boundcalc.symbols import n as N
from constructions.atom import log_squared_norm
from constructions.hypercube import varshamov_gilbert
from constructions.packing import Packing, pack
from constructions.ridge import hat
from verify.outcome import Interval, Outcome, Relation, Trust, judged
from verify.packing.artefact import Artefact, critical_height
from verify.packing.atoms.hat import hat_scales
from verify.packing.setting import AtomKind, PackingSetting
from verify.power_law import LEAST_POINTS, LEVEL, ExponentFit, fit_exponent, local_exponent, sizes_between

_POINTS = 9
_DECADES = 4
# Most guaranteed caps on the grid, so that the rebuilt packings take seconds: in low dimensions codes are quick to build,
# in high ones the power law lies beyond reach anyway.
_CAPS = {2: 5000, 3: 5000, 4: 1500, 5: 1500}
_CAPS_BEYOND = 300
_RANGE_TOLERANCE = 0.1
_LARGEST_POWER = 15
# Slabs of a cap whose norms are computed, where it has more.
_SLABS = 33
# Atoms up to which random words are drawn and their distance counted.
_COUNTED = 100_000
# Of slopes fitted to values with rounding errors: exponents of 0 have no other.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Row:
    """One n of the grid: measured quantities and their closed-form models, as logarithms."""

    n: int
    height: float
    caps: int
    in_range: bool
    measured: dict[str, float]
    model: dict[str, float]


@dataclass(frozen=True)
class Study:
    """How one kind of atoms scales.

    Attributes
    ----------
    exponents : callable
        Exponents of n by quantity, as expressions in d, read off the expressions of the theorems.
    height : callable (setting, n) -> Fraction or None
        Height of the caps; None where n is too small.
    measure : callable (setting, n) -> Row
    theorems : tuple of Theorem
        That each exponent belongs to.
    """

    exponents: Callable[[], dict[str, Expr]]
    height: Callable[[PackingSetting, int], Fraction | None]
    measure: Callable[[PackingSetting, int], Row]
    theorems: tuple[Theorem, ...]
    status: Status


def cap_exponents() -> dict[str, Expr]:
    """At epsilon = kappa n^{-1/(d+1)}."""
    shell = N ** (-1 / (D + 1))
    size = PACKING_SIZE.bound.expr
    norm = CAP_ATOM_NORM.bounds["upper"].expr
    per_quantity = {
        "size": size,
        "norm": norm,
        "seminorm": size * CAP_ATOM_SEMINORM.bound.expr,
        "separation": size * norm,
    }
    exponents = {name: power_exponent(eps ** power_exponent(expr, eps), eps) for name, expr in per_quantity.items()}
    exponents = {name: power_exponent(shell**power, N) for name, power in exponents.items()}
    exponents["lower bound"] = -MINIMAX_LOWER.bound.exponent
    return exponents


def hat_exponents() -> dict[str, Expr]:
    """At the height and the width h^{(d+7)/4} of Theorem A: h/2w slabs, slopes 1/w at depth h."""
    height = N ** power_exponent(HEIGHT, N)
    width = height ** ((D + 7) / 4)
    # epsilon^2 = h in the theorem on packings.
    size = height ** (power_exponent(PACKING_SIZE.bound.expr, eps) / 2) * height / width
    norm = height ** ((D - 1) / 2) * width
    per_quantity = {"size": size, "norm": norm, "seminorm": size * height ** (D + 2) / width, "separation": size * norm}
    exponents = {name: power_exponent(expr, N) for name, expr in per_quantity.items()}
    exponents["lower bound"] = -THEOREM_A.bound.exponent
    return exponents


def grid(setting: PackingSetting, study: Study) -> list[int]:
    """Sample sizes over four decades, the largest with about as many caps as are built in seconds."""
    d, top = setting.dim, 5

    def few_enough(power: int) -> bool:
        height = study.height(setting, 10**power)
        return height is None or log_existence(d, float(height)) < math.log(_most_caps(d))

    while top < _LARGEST_POWER and few_enough(top + 1):
        top += 1
    return [n for n in sizes_between(top - _DECADES, top, _POINTS) if study.height(setting, n) is not None]


def _most_caps(d: int) -> int:
    return _CAPS.get(d, _CAPS_BEYOND)


def log_existence(d: int, h: float) -> float:
    """Logarithm of the guaranteed number of disjoint caps; the interval has two ends."""
    return math.log(2) if d == 1 else float(cap.packing_existence.log(d, h).log)


def measure_caps(setting: PackingSetting, n: int) -> Row:
    """Rebuild the packing at the critical height of n and measure it."""
    d, height = setting.dim, critical_height(setting.dim, n)
    packing = pack(d, height, seed=setting.seed, max_size=4 * _most_caps(d))
    h = float(height)
    log_norm = log_squared_norm(d, height)
    model_norm = float(cap.atom_norm_squared.log(d, h).log)
    weight = (d + 1) * math.log(h)
    return _row(setting, n, packing, (log_norm, model_norm), (0.0, 0.0), (weight, weight))


def measure_hats(setting: PackingSetting, n: int) -> Row:
    """Rebuild packing and hats at the scales of Theorem A and measure them: all slabs, or an even choice of many."""
    d, choice = setting.dim, hat_scales(setting, n)
    if choice is None:
        raise ValueError(f"n must be larger for Theorem A, got {n}")
    packing = pack(d, choice.height, seed=setting.seed, max_size=4 * _most_caps(d))
    h, w = choice.height, choice.width
    chosen = np.unique(np.linspace(0, choice.slabs - 1, _SLABS).astype(np.int64))
    profiles = [hat(1 - h + w / 2 + int(k) * w, w) for k in chosen]
    norm = float(np.mean([profile.squared_norm(d) for profile in profiles]))
    weight = float(np.mean([profile.seminorm(lambda t: (1 - t) ** (d + 2)) for profile in profiles]))
    # Integrals over the depths h/2 ... h in place of sums over slabs; int Lambda^2 = 1/3, slope changes 8/w in all.
    nodes, weights = np.polynomial.legendre.leggauss(20)
    depth = float(h) * (0.75 + 0.25 * nodes)
    model_norm = float(weights @ (depth * (2 - depth)) ** ((d - 1) / 2)) / 2 * float(w) / 3
    model_weight = 8 / float(w) * float(weights @ depth ** (d + 2)) / 2
    return _row(
        setting,
        n,
        packing,
        (math.log(norm), math.log(model_norm) + float(cap.marginal_constant.log(d).log)),
        (math.log(choice.slabs), math.log(float(h / (2 * w)))),
        (math.log(weight), math.log(model_weight)),
    )


def _row(
    setting: PackingSetting,
    n: int,
    packing: Packing,
    norm: tuple[float, float],
    per_cap: tuple[float, float],
    weight: tuple[float, float],
) -> Row:
    """The five quantities, measured and by the model, from logarithms of the squared norm, the number and the seminorm
    of a cap's atoms."""
    h = float(packing.height)
    sizes = (math.log(packing.size) + per_cap[0], log_existence(packing.dim, h) + per_cap[1])
    # Words at Hamming distance m/8 are found and counted here (ValueError if not): 4 |psi|^2 m/8 is their separation. Of
    # many atoms, alternating signs and equal ones are such words.
    atoms = round(math.exp(sizes[0]))
    if atoms <= _COUNTED:
        varshamov_gilbert(atoms, 2, seed=setting.seed)

    def quantities(k: int, count: int, rest: float) -> dict[str, float]:
        return {
            "size": sizes[k],
            "norm": norm[k],
            "seminorm": sizes[k] + weight[k],
            "separation": norm[k] + sizes[k] - (math.log(2) if k == 0 else 0),
            "lower bound": rest + log_two_point(setting, n, count, norm[k], sizes[k] + weight[k]),
        }

    in_range = _in_range(packing.dim, h)
    return Row(n, h, packing.size, in_range, quantities(0, atoms, 0.0), quantities(1, 1, sizes[1]))


def log_two_point(setting: PackingSetting, n: int, size: int, log_norm: float, log_seminorm: float) -> float:
    """Logarithm of the two-point bound, best over the amplitude, as a float."""
    largest = min(float(setting.B), float(setting.C) * math.exp(-log_seminorm))
    log_snr = math.log(n) + 2 * math.log(largest) + log_norm - 2 * math.log(setting.sigma)
    # The bound peaks where the signal-to-noise ratio is about 1.
    amplitude = largest * np.geomspace(min(1e-6, 1e-3 * math.exp(-log_snr / 2)), 1, 400)
    squared = 2 * np.log(amplitude) + log_norm
    snr = np.exp(np.minimum(np.log(n) + squared - 2 * math.log(float(setting.sigma)), 700.0))
    return math.log(size) + float(np.max(squared - snr / 2 - np.log1p(snr) / 2))


def _in_range(d: int, h: float) -> bool:
    step = 1.01
    if d == 1:
        return h <= 1 / 8
    if h * step >= 1 - math.sqrt(0.5):  # 2 theta reaches a right angle: the bound is no longer a power of h
        return False
    slope = local_exponent(lambda height: log_existence(d, height), h, step)
    return bool(abs(slope / (-(d - 1) / 2) - 1) <= _RANGE_TOLERANCE)


def _fit(rows: list[Row], values: list[float], corrected: bool) -> ExponentFit:
    """The exponent of 1/n in a power law, with its first correction or plain."""
    heights = np.sqrt([row.height for row in rows]) if corrected else None
    return fit_exponent(np.log([row.n for row in rows]), values, heights, independent=True)


def scaling(setting: PackingSetting, artefact: Artefact) -> Iterator[Outcome]:
    """One outcome per fitted exponent; the rows are in the evidence of the first."""
    study = STUDIES.get(setting.atoms)
    sizes = [] if study is None else grid(setting, study)
    if study is None or len(sizes) < 4:
        words = "Theorem A says nothing at the sample sizes whose packings can be built"
        if study is None:
            words = "is shown by cap and hat atoms; the others reach their power laws at sample sizes beyond any that is built"
        key, claim = FANO_PACKING.key, "fitted exponents"
        yield judged("scaling", key, claim, None, Relation.CONTAINS, None, Status.NUMERIC, obstacle=words)
        return
    rows = [study.measure(setting, n) for n in sizes]
    inside = [row for row in rows if row.in_range]
    enough = len(inside) >= LEAST_POINTS
    fitted = inside if enough else rows
    where = f"{len(inside)} of {len(rows)} rows in range"
    for theorem, (name, symbolic) in zip(study.theorems, study.exponents().items(), strict=True):
        exponent = symbolic.subs(D, Integer(setting.dim))
        fit = _fit(fitted, [row.measured[name] for row in fitted], enough)
        bias = abs(_fit(fitted, [row.model[name] for row in fitted], enough).exponent + float(exponent))
        # Finite heights may bend the law by more than the model does: what misses the exponent refutes nothing.
        room, kind = (bias + _ROUNDING, ", and the bias of finite heights") if enough else (0.0, "")
        meaning = f"confidence interval, level {LEVEL}{kind}"
        yield judged(
            "scaling",
            theorem.key,
            f"{name} ~ n^({exponent}); {where}",
            Interval(-fit.upper - room, -fit.lower + room, meaning, Trust.HEURISTIC),
            Relation.CONTAINS,
            fraction(exponent),
            study.status,
            {
                "slope": -fit.exponent,
                "finite_height_bias": bias,
                "n": [row.n for row in fitted],
                "caps": [row.caps for row in fitted],
                "in_range": [row.in_range for row in fitted],
                "log_measured": [row.measured[name] for row in fitted],
            },
            obstacle=None if enough else "too few",
        )


STUDIES: dict[AtomKind, Study] = {
    AtomKind.CAP: Study(
        cap_exponents,
        lambda setting, n: critical_height(setting.dim, n),
        measure_caps,
        (PACKING_SIZE, CAP_ATOM_NORM, SIGN_CLASS, FANO_PACKING, MINIMAX_LOWER),
        Status.PAPER,
    ),
    AtomKind.HAT: Study(
        hat_exponents,
        lambda setting, n: None if (scales := hat_scales(setting, n)) is None else scales.height,
        measure_hats,
        (PACKING_SIZE, THEOREM_A, THEOREM_A, FANO_PACKING, THEOREM_A),
        Status.DERIVED,
    ),
}
