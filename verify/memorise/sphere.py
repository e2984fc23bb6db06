"""The interpolator on the sphere: one neuron per point, and its lambda_max against 1 + 2 sqrt(2) D/n and 1 + (D^2 + 2)/n.

Neuron i is active at x_i alone, |x_i| = 1, with activation a_i and v_i a_i = y_i: J'J has the blocks 1 + 2 v_i^2 + a_i^2 coupled
by the output bias. Balanced, 2 v_i^2 = a_i^2, the block adds q_i = 2 sqrt(2) |y_i|; with a_i^2 = 2, y_i^2 + 2. Then
lambda_max is the largest root of sum_i 1/(n lambda - q_i) = 1, at most 1 + max q_i/n.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

import numpy as np
from numpy.typing import NDArray
from sympy import Expr, Integer, sqrt

from boundcalc.enclosure import enclose
from boundcalc.exact import rational
from boundcalc.statement import Status
from constructions.data import sphere
from constructions.memorise import nearest_inner_products, sphere_interpolator
from constructions.network import Network
from verify.hessian import Sharpness, sharpness
from verify.hessian.balance import flattest_balance
from verify.hessian.flat import side_of_the_edge
from verify.hessian.structure import secular_root
from verify.memorise.setting import MemoriseSetting
from verify.outcome import Interval, Outcome, Relation, Trust, judged

NAME = "sphere"
SOURCE = "boundcalc, solitary neurons on the sphere"
_derived = partial(judged, NAME, SOURCE, status=Status.DERIVED)
_ROUNDING = 1e-12
_NEAR = Fraction(1, 10**6)
_LEAST_GAP, _REDRAWS = 1e-9, 1000


@dataclass(frozen=True, eq=False)
class Interpolator:
    """Points of the sphere, labels, and the two parametrisations of the interpolator with their sharpness.

    Attributes
    ----------
    X, y : arrays (n, d), (n,)
    balanced, unbalanced : Network
        The same function; activations (8 y_i^2)^(1/4) and sqrt(2).
    """

    X: NDArray[np.float64]
    y: NDArray[np.float64]
    balanced: Network
    unbalanced: Network
    sharp_balanced: Sharpness
    sharp_unbalanced: Sharpness

    @property
    def largest_label(self) -> float:
        """D = max |y_i|."""
        return float(np.abs(self.y).max())


def build_interpolator(setting: MemoriseSetting, n: int, index: int = 0) -> Interpolator:
    """n uniform points of the sphere with labels uniform on [-L, L].

    Points within 4.5e-5 of another are drawn again: their kinks would stand closer than floats resolve well.
    """
    rng = setting.stream("sphere", index)
    X = sphere(n, setting.dim, rng)
    for _ in range(_REDRAWS):
        near = 1 - nearest_inner_products(X) < _LEAST_GAP
        if not near.any():
            break
        X[near] = sphere(int(near.sum()), setting.dim, rng)
    y = float(setting.bound) * setting.stream("labels", index).uniform(-1, 1, n)
    balanced = sphere_interpolator(X, y)
    # v_i -> y_i/sqrt(2) makes the activation sqrt(2).
    factors = np.where(
        balanced.v != 0, np.abs(y) / np.sqrt(2) / np.where(balanced.v != 0, np.abs(balanced.v), 1.0), 1.0
    )
    unbalanced = balanced.rescale(factors)
    return Interpolator(X, y, balanced, unbalanced, sharpness(balanced, X, y), sharpness(unbalanced, X, y))


def interpolator_outcomes(setting: MemoriseSetting, found: Interpolator) -> Iterator[Outcome]:
    """Interpolation, both bounds, stability, the secular equation, and that no balance is flatter."""
    n, size = len(found.y), rational(Fraction(found.largest_label))
    error = float(np.abs(found.balanced(found.X) - found.y).max())
    # Rounding of w·x - b, times |v|, at its largest neuron.
    network = found.balanced
    tolerance = float((np.abs(network.v) * np.linalg.norm(network.W, axis=1)).max()) * (setting.dim + 8) * 2.0**-52
    active = (found.balanced.preactivations(found.X) > 0).sum()
    yield _derived(
        f"largest |f(x_i) - y_i| over {n} points, one neuron each",
        error,
        Relation.AT_MOST,
        tolerance,
        evidence={"active_pairs": int(active), "least_preactivation": found.sharp_balanced.kink_distance},
        floats=Trust.FLOAT_CERTIFIED,
    )
    bounds: tuple[tuple[str, Sharpness, Expr, str], ...] = (
        ("balanced", found.sharp_balanced, 1 + 2 * sqrt(2) * size / n, "1 + 2 sqrt(2) D/n"),
        ("activations sqrt(2)", found.sharp_unbalanced, 1 + (size**2 + 2) / Integer(n), "1 + (D^2 + 2)/n"),
    )
    for words, sharp, expr, formula in bounds:
        bound = enclose(expr, {})
        excess = (sharp.value - 1) / (bound.floats[0] - 1)
        evidence = {"method": sharp.method, "D": found.largest_label, "share_of_the_excess": excess}
        claim = f"lambda_max, {words}: at most {formula}"
        yield _derived(claim, sharp.interval, Relation.AT_MOST, Interval.of(bound), evidence=evidence)
    root, sharp = secular_root(2 * np.sqrt(2) * np.abs(found.y)), found.sharp_balanced
    # Rounding of the activations moves every q_i by as much, relatively, as the values above.
    slack = float(_ROUNDING * root + 2 * np.sqrt(2) * tolerance / n)
    yield _derived(
        "lambda_max, balanced: the root of sum 1/(n lambda - q_i) = 1, q_i = 2 sqrt(2) |y_i|",
        Interval(sharp.lower - slack, sharp.upper + slack, "enclosure and rounding"),
        Relation.CONTAINS,
        root,
        evidence={"rounding": slack},
        floats=Trust.FLOAT_CERTIFIED,
    )
    yield from _flattest(found)
    yield side_of_the_edge(NAME, "lambda_max, balanced", sharp, setting.eta, Status.DERIVED, {})


def _flattest(found: Interpolator) -> Iterator[Outcome]:
    """The search from the other parametrisation, and its dual bound, enclose what any balance can reach."""
    flattest = flattest_balance(found.unbalanced, found.X, found.y, known=found.sharp_unbalanced)
    sharp = found.sharp_balanced
    trust = Trust.PROVED if flattest.bound_proved else Trust.FLOAT_CERTIFIED
    best = flattest.sharpness.upper
    optimum = Interval(min(flattest.lower_bound, best), best, "dual bound and enclosure", trust)
    claim = "lambda_max, balanced, against the flattest balance, by search and dual bound: optimal to 1e-6"
    evidence = {"eigenvectors": flattest.iterations, "gap": flattest.gap}
    yield _derived(claim, sharp.interval, Relation.AT_MOST, optimum * (1 + _NEAR), evidence=evidence)
    # The two parametrisations are the same function up to rounding.
    least = Fraction(flattest.lower_bound) * (1 - Fraction(_ROUNDING))
    claim = "upper end of lambda_max, balanced, against the dual bound of every balance: not below it"
    yield _derived(claim, Fraction(sharp.upper), Relation.AT_LEAST, Interval(least, least, "dual bound", trust))
