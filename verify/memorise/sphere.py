"""The interpolator on the sphere: one neuron per point, and its lambda_max against 1 + 2 sqrt(2) D/n and 1 + (D^2 + 2)/n.

Neuron i is active at x_i alone, |x_i| = 1, with activation a_i and v_i a_i = y_i: J'J has the blocks 1 + 2 v_i^2 + a_i^2 coupled
by the output bias. Balanced, 2 v_i^2 = a_i^2, the block adds q_i = 2 sqrt(2) |y_i|; with a_i^2 = 2, y_i^2 + 2. Then
lambda_max is the largest root of sum_i 1/(n lambda - q_i) = 1, at most 1 + max q_i/n.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sympy import Expr, Integer, Rational, sqrt

from boundcalc.enclosure import enclose
from boundcalc.statement import Status
from constructions.data import sphere
from constructions.memorise import nearest_inner_products, sphere_interpolator
from constructions.network import Network
from verify.hessian import Sharpness, sharpness
from verify.hessian.balance import Balanced, flattest_balance
from verify.hessian.structure import secular_root
from verify.memorise.setting import MemoriseSetting
from verify.outcome import Interval, Outcome, Verdict

__all__ = ["Interpolator", "build_interpolator", "interpolator_outcomes"]

NAME = "sphere"
SOURCE = "boundcalc, solitary neurons on the sphere"
_ROUNDING = 1e-12
_LEAST_GAP, _REDRAWS = 1e-9, 1000


@dataclass(frozen=True, eq=False)
class Interpolator:
    """Points of the sphere, labels, and the two parametrisations of the interpolator with their sharpness.

    Attributes
    ----------
    X, y : arrays (n, d), (n,)
    balanced, unbalanced : Network
        The same function; activations (8 y_i^2)^(1/4) and sqrt(2).
    sharp_balanced, sharp_unbalanced : Sharpness
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
    X = sphere(n, setting.d, rng)
    for _ in range(_REDRAWS):
        near = 1 - nearest_inner_products(X) < _LEAST_GAP
        if not near.any():
            break
        X[near] = sphere(int(near.sum()), setting.d, rng)
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
    n, size = len(found.y), Rational(found.largest_label)
    error = float(np.abs(found.balanced(found.X) - found.y).max())
    # Rounding of w·x - b, times |v|, at its largest neuron.
    network = found.balanced
    tolerance = float((np.abs(network.v) * np.linalg.norm(network.W, axis=1)).max()) * (setting.d + 8) * 2.0**-52
    active = (found.balanced.preactivations(found.X) > 0).sum()
    yield Outcome(
        NAME,
        SOURCE,
        f"largest |f(x_i) - y_i| over {n} points, one neuron each",
        error,
        tolerance,
        Verdict.CONSISTENT if error <= tolerance else Verdict.REFUTED,
        Status.DERIVED,
        {"active_pairs": int(active), "least_preactivation": found.sharp_balanced.kink_distance},
    )
    bounds: tuple[tuple[str, Sharpness, Expr, str], ...] = (
        ("balanced", found.sharp_balanced, 1 + 2 * sqrt(2) * size / n, "1 + 2 sqrt(2) D/n"),
        ("activations sqrt(2)", found.sharp_unbalanced, 1 + (size**2 + 2) / Integer(n), "1 + (D^2 + 2)/n"),
    )
    for words, sharp, expr, formula in bounds:
        bound = enclose(expr, {})
        holds = bound.at_least(Rational(sharp.upper))
        fails = bound.less_than(Rational(sharp.lower))
        yield Outcome(
            NAME,
            SOURCE,
            f"lambda_max, {words}: at most {formula}",
            Interval(sharp.lower, sharp.upper),
            bound.floats[0],
            Verdict.REFUTED
            if fails
            else (Verdict.PROVED if sharp.proved else Verdict.CONSISTENT)
            if holds
            else Verdict.UNDECIDED,
            Status.DERIVED,
            {
                "method": sharp.method,
                "D": found.largest_label,
                "share_of_the_excess": (sharp.value - 1) / (bound.floats[0] - 1),
            },
        )
    root = secular_root(2 * np.sqrt(2) * np.abs(found.y))
    sharp = found.sharp_balanced
    # Rounding of the activations moves every q_i by as much, relatively, as the values above.
    slack = _ROUNDING * root + 2 * np.sqrt(2) * tolerance / n
    yield Outcome(
        NAME,
        SOURCE,
        "lambda_max, balanced: the root of sum 1/(n lambda - q_i) = 1, q_i = 2 sqrt(2) |y_i|",
        Interval(sharp.lower, sharp.upper),
        root,
        Verdict.CONSISTENT if sharp.lower - slack <= root <= sharp.upper + slack else Verdict.REFUTED,
        Status.DERIVED,
        {"rounding": float(slack)},
        relation="contains",
    )
    flattest = flattest_balance(found.unbalanced, found.X, found.y, known=found.sharp_unbalanced)
    yield _flattest(found, flattest)
    edge = float(setting.edge)
    stable = sharp.upper <= edge
    yield Outcome(
        NAME,
        "stable-minima-seminorm",
        f"lambda_max, balanced: {'stable, although it memorises' if stable else 'not stable at this step size'}",
        Interval(sharp.lower, sharp.upper),
        edge,
        (Verdict.PROVED if sharp.proved else Verdict.CONSISTENT) if stable or sharp.lower > edge else Verdict.UNDECIDED,
        Status.DERIVED,
        {"edge": "2/eta"},
        relation="<=" if stable else ">",
    )


def _flattest(found: Interpolator, flattest: Balanced) -> Outcome:
    """The search from the other parametrisation ends at the closed form, and its certificate says that no more is possible."""
    sharp, best = found.sharp_balanced, flattest.lower_bound
    # The bound may exceed the closed form's enclosure by rounding only.
    beats = best > sharp.upper * (1 + 1e-12)
    close = sharp.upper <= best * (1 + 1e-6)
    return Outcome(
        NAME,
        SOURCE,
        "lambda_max of the flattest balance, by search and dual bound: the balanced one is optimal to 1e-6",
        Interval(min(best, flattest.sharpness.upper), flattest.sharpness.upper, "dual bound and enclosure"),
        sharp.value,
        Verdict.REFUTED
        if beats
        else Verdict.PROVED
        if close and flattest.bound_proved and sharp.proved
        else Verdict.UNDECIDED,
        Status.DERIVED,
        {"eigenvectors": flattest.iterations, "gap": flattest.gap},
        relation="contains",
    )
