"""Decisions against the exact 2/eta, and results that show themselves on one screen."""

from __future__ import annotations

from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest

from constructions.network import Network
from verify.hessian import (
    HessianOperator,
    flat,
    gelu_sharpness,
    is_flat,
    sharpness,
    spectral_density,
    top_eigenpairs,
)
from verify.hessian.balance import flattest_balance
from verify.outcome import Relation, Trust, Verdict, judge

DEAD = SimpleNamespace(W=np.array([[1.0, 0.0]]), b=np.array([2.0]), v=np.array([3.0]), beta=0.0)
POINTS = np.array([[0.5, 0.5], [-0.5, 0.1]])


def case(n: int = 40, neurons: int = 12) -> tuple[Network, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    net = Network(rng.standard_normal((neurons, 3)), rng.standard_normal(neurons), rng.standard_normal(neurons))
    return net, rng.standard_normal((n, 3)), rng.standard_normal(n)


@pytest.mark.parametrize("kind", [float, str, Fraction, np.float64])
def test_step_sizes_are_exact(monkeypatch: pytest.MonkeyPatch, kind: type) -> None:
    """An enclosure of the float 2/eta alone: for 82 of the 199 step sizes k/100 it lies above the exact one."""
    above = 0
    for k in range(1, 200):
        edge, exact = 2 / (k / 100), Fraction(200, k)
        monkeypatch.setattr(flat, "true_bounds", lambda problem, lower, upper, edge=edge: (edge, edge))
        eta = Fraction(k, 100) if kind is Fraction else kind(k / 100)
        verdict = is_flat(*case(), eta)
        assert verdict is (Verdict.REFUTED if Fraction(edge) > exact else Verdict.PROVED)
        above += Fraction(edge) > exact
    assert above == 82


@pytest.mark.parametrize(
    ("eta", "verdict"),
    [
        (2, Verdict.PROVED),
        ("2.00000000000000000000000001", Verdict.REFUTED),
        ("1.99999999999999999999999999", Verdict.PROVED),
        (Fraction(2 * 10**40 + 1, 10**40), Verdict.REFUTED),
        (3.0, Verdict.REFUTED),
        ("1e-400", Verdict.PROVED),
    ],
)
def test_the_bias_alone(eta: object, verdict: Verdict) -> None:
    assert is_flat(DEAD, POINTS, np.zeros(2), eta) is verdict


@pytest.mark.parametrize("eta", ["1e-310", "1e-400", 5e-324])
def test_tiny_step_sizes(eta: object) -> None:
    assert is_flat(*case(), eta) is Verdict.PROVED


@pytest.mark.parametrize(
    ("eta", "error"), [(0, ValueError), (-1, ValueError), ("x", ValueError), (np.nan, ValueError), (None, TypeError)]
)
def test_bad_step_sizes(eta: object, error: type[Exception]) -> None:
    with pytest.raises(error, match="eta must"):
        is_flat(*case(), eta)


def test_an_enclosure_can_be_judged() -> None:
    found = sharpness(*case())
    assert found.trust is Trust.PROVED
    assert judge(found.interval, Relation.AT_MOST, Fraction(found.upper)) is Verdict.PROVED
    assert judge(found.interval, Relation.AT_MOST, Fraction(found.lower) - Fraction(1, 2**1000)) is Verdict.REFUTED
    assert judge(found.interval, Relation.AT_MOST, Fraction(found.lower)) is Verdict.UNDECIDED
    likely = sharpness(*case(), certificate="probabilistic")
    assert likely.trust is Trust.FLOAT_CERTIFIED
    assert judge(likely.interval, Relation.AT_MOST, 10**6) is Verdict.CONSISTENT
    # Without an upper bound a network can still be shown to be sharp.
    alone = sharpness(*case(), certificate="none")
    assert judge(alone.interval, Relation.AT_MOST, 10**6) is Verdict.UNDECIDED
    assert judge(alone.interval, Relation.AT_MOST, 1) is Verdict.REFUTED


def test_choices_of_sides_add_up_their_failures() -> None:
    net = Network([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], [0.5, 0.25, -3.0], [1.0, 2.0, -1.0])
    X, y = np.array([[0.5, 0.5], [1.0, 0.25], [0.3, 0.9]]), np.array([1.0, 0.0, 2.0])
    one = sharpness(net, X + 0.01, y, certificate="probabilistic").failure_probability
    assert sharpness(net, X, y, certificate="probabilistic").failure_probability == pytest.approx(4 * one)


def test_results_fit_on_a_screen() -> None:
    net, X, y = case(200, 150)
    operator = HessianOperator(net, X, y)
    found = sharpness(net, X, y)
    low, high = repr(found).split("[")[1].split("]")[0].split(", ")
    assert Fraction(low) <= Fraction(found.lower)
    assert Fraction(found.upper) <= Fraction(high)
    for result in (
        found,
        sharpness(net, X, y, certificate="none"),
        gelu_sharpness(net, X, y),
        top_eigenpairs(operator, 40),
        spectral_density(operator),
        flattest_balance(net, X, y, max_iterations=3),
    ):
        lines = repr(result).splitlines()
        assert 2 <= len(lines) <= 25
        assert max(map(len, lines)) <= 120
        assert "array(" not in repr(result)
        assert result._repr_markdown_().startswith("```text\n")
