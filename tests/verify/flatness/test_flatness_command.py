"""The command on kinds of flatness, SGD, and the enclosures of Theorem F's two sides."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction

import click
import numpy as np
import pytest

from constructions.data import uniform_ball
from constructions.network import Network
from verify.flatness.__main__ import main
from verify.flatness.claims import METHODS, SGD, outcomes_of
from verify.flatness.setting import FlatnessSetting
from verify.flatness.study import flatness_runs, run_experiment
from verify.hessian import HessianOperator
from verify.outcome import Interval, Outcome, Verdict
from verify.stability.enclosure import SampleBounds
from verify.stability.networks import KINDS, sweep_cases
from verify.training import Init, Run, initial_network, train
from verify.training.stochastic import train_stochastic

SMALL = ["--dims", "1", "3", "--n", "20", "--width", "24", "--steps", "300", "--seeds", "2", "--fresh", "50"]


def small_run(dim: int = 2, *, bias: bool = True, clip: float | None = None) -> Run:
    rng = np.random.default_rng(dim)
    start = initial_network(Init.LINEAR, 12, dim, rng)
    if not bias:
        start = Network(start.W, np.zeros(12), start.v, start.beta)
    X = rng.uniform(-0.5, 0.5, (9, dim))
    return Run(start, X, X[:, 0] + rng.standard_normal(9), eta=0.1, bias=bias, clip=clip)


def exact_sides(network: Network, X: np.ndarray) -> tuple[Fraction, Fraction]:
    """Trace and the square of the one-neuron seminorm in rational arithmetic, neuron by neuron summed by the caller."""
    points = [[Fraction(c) for c in x] for x in X]
    total, cost = Fraction(1), Fraction(0)
    for w, b, v in zip(network.W, network.b, network.v, strict=True):
        weights, bias, outer = [Fraction(c) for c in w], Fraction(b), Fraction(v)
        excess = [sum((p * q for p, q in zip(x, weights, strict=True)), -bias) for x in points]
        sides = []
        for sign in (1, -1):
            first = sum(
                (sum(c * c for c in x) + 1 for x, e in zip(points, excess, strict=True) if sign * e > 0), Fraction(0)
            )
            second = sum((e * e for e in excess if sign * e > 0), Fraction(0))
            sides.append(first * second)
            if sign == 1:
                total += (outer**2 * first + second) / len(points)
        cost += 4 * outer**2 * min(sides) / len(points) ** 2
    return total, cost


def test_enclosures_hold_the_exact_trace_and_seminorm() -> None:
    for seed, dim in enumerate((1, 2, 5)):
        rng = np.random.default_rng(seed)
        # One neuron: its seminorm is the root of a rational number.
        network = Network(rng.standard_normal((1, dim)), [0.1], rng.standard_normal(1), 0.3)
        X = rng.standard_normal((11, dim))
        bounds, (total, square) = SampleBounds(network, X, np.zeros(11)), exact_sides(network, X)
        assert bounds.trace.lower <= total <= bounds.trace.upper
        assert Fraction(bounds.trace_seminorm.lower) ** 2 <= square <= Fraction(bounds.trace_seminorm.upper) ** 2
        for interval in (bounds.trace, bounds.trace_seminorm):
            assert float(interval.upper) <= float(interval.lower) * (1 + 1e-12)


def test_the_trace_is_that_of_the_hessian() -> None:
    run = small_run(3)
    operator = HessianOperator(run.network, run.X, run.y)
    size = operator.shape[0]
    diagonal = [operator @ row for row in np.eye(size)]
    bounds = SampleBounds(run.network, np.asarray(run.X), np.asarray(run.y))
    assert float(np.trace(diagonal)) == pytest.approx(float(bounds.trace.lower), rel=1e-12)


def test_a_network_that_is_active_nowhere_attains_the_inequality_exactly() -> None:
    bounds = SampleBounds(Network([[1.0]], [5.0], [2.0], 0.0), np.array([[0.5], [-0.5]]), np.zeros(2))
    assert bounds.trace == Interval(1, 1)
    assert bounds.trace_seminorm == Interval(0.0, 0.0)


def gap(bounds: SampleBounds) -> tuple[Fraction, Fraction]:
    """trace - 1 - seminorm, enclosed."""
    trace, cost = bounds.trace, bounds.trace_seminorm
    return Fraction(trace.lower) - 1 - Fraction(cost.upper), Fraction(trace.upper) - 1 - Fraction(cost.lower)


@pytest.mark.parametrize("at", range(4))
def test_theorem_f_on_random_sparse_and_trained_networks(at: int) -> None:
    """Enclosures prove it, or the two sides agree to fifteen digits, as at the balance they do."""
    kind, proved = KINDS[at], 0
    cases = [case for dim in (1, 2, 5) for case in sweep_cases(dim, 24, 30, 0, kind, at)]
    for case in cases:
        bounds = SampleBounds(case.network, case.X, case.y)
        low, high = gap(bounds)
        assert high >= 0, "refuted"
        assert low >= -2e-15 * bounds.trace.upper
        proved += low >= 0
    assert proved >= (0.9 if kind.name in ("near equality", "sparse") else 1) * len(cases) >= 80


@pytest.mark.slow
def test_theorem_f_on_ten_thousand_networks_by_enclosures() -> None:
    rng, undecided = np.random.default_rng(0), 0
    for number in range(10_000):
        d = (1, 2, 3, 5)[number % 4]
        X = uniform_ball(7, d, rng)
        v = rng.standard_normal(3) * 10 ** rng.uniform(-2, 2)
        network = Network(rng.standard_normal((3, d)), 0.5 * rng.standard_normal(3), v, 0.0)
        low, high = gap(SampleBounds(network, X, np.zeros(7)))
        assert high >= 0, "refuted"
        undecided += low < 0
    assert undecided == 0


def test_sgd_on_one_point_is_gradient_descent() -> None:
    """With a single point there is nothing to draw; both in float32."""
    for bias in (True, False):
        for clip in (None, 0.05):
            run = small_run(3, bias=bias, clip=clip)
            run = replace(run, X=np.asarray(run.X)[:1], y=np.asarray(run.y)[:1])
            (stochastic,) = train_stochastic([run], 50, np.random.default_rng(0))
            (full,) = train([run], 50).networks
            assert full is not None
            assert stochastic is not None
            for name in ("W", "b", "v"):
                np.testing.assert_allclose(getattr(stochastic, name), getattr(full, name), atol=1e-5)
            assert bias or not stochastic.b.any()


def test_steps_of_sgd_are_unbiased() -> None:
    """The mean of one step from one start, label noise included, is the step of gradient descent."""
    run = small_run(2)
    many = 6000
    moved = train_stochastic([run] * many, 1, np.random.default_rng(0), label_noise=0.3)
    (full,) = train([run], 1).networks
    assert full is not None
    for name in ("W", "v"):
        steps = np.array([getattr(network, name) - getattr(run.network, name) for network in moved])
        error = np.abs(steps.mean(axis=0) - (getattr(full, name) - getattr(run.network, name)))
        assert (error <= 5 * steps.std(axis=0) / np.sqrt(many) + 1e-7).all()


def test_biases_stay_zero_in_gradient_descent() -> None:
    with_bias, without = small_run(2), small_run(2, bias=False)
    first, second = train([replace(with_bias, decay=0.1), replace(without, decay=0.1)], 100).networks
    assert first is not None
    assert second is not None
    assert not second.b.any()
    assert first.b.any()
    with pytest.raises(ValueError, match="bias must be True"):
        replace(with_bias, bias=False)


def test_sgd_takes_no_decay() -> None:
    with pytest.raises(ValueError, match="no weight decay to be trained point by point, got decay"):
        train_stochastic([replace(small_run(), decay=0.1)], 1, np.random.default_rng(0))


def test_a_run_that_diverges_is_none() -> None:
    run = replace(small_run(), eta=100.0, large_step=True)
    assert train_stochastic([run], 300, np.random.default_rng(0)) == [None]


@pytest.mark.parametrize("bias", [True, False])
def test_report(bias: bool, tmp_path, capsys) -> None:
    paths = {name: tmp_path / f"out.{name}" for name in ("json", "npz", "svg")}
    outputs = ["--json", str(paths["json"]), "--save", str(paths["npz"]), "--plot", str(paths["svg"])]
    code = main([*SMALL, *outputs, *([] if bias else ["--no-bias"])])
    assert code in (0, 1, 3)
    assert "REFUTED" not in capsys.readouterr().out
    content = json.loads(paths["json"].read_text())
    verdicts = {(o["check"], o["claim"].split(":")[0]): o["verdict"] for o in content["outcomes"]}
    assert [verdicts["Theorem F", method] for method in METHODS] == ["proved"] * 4
    assert content["setting"]["bias"] is bias
    assert sum(o["check"] == "shattering" for o in content["outcomes"]) == (3 if bias else 4)
    with np.load(paths["npz"], allow_pickle=False) as saved:
        arrays = dict(saved)
    for dim in (1, 3):
        found = content[f"d = {dim}, {SGD}"]
        assert np.median(arrays[f"d{dim}_sgd_trace"][:, -1]) == found["trace"]
        assert (arrays[f"d{dim}_gd_trace"][:, 0] == arrays[f"d{dim}_weight_decay_trace"][:, 0]).all()
    assert paths["svg"].read_text().startswith("<?xml")


def test_data_and_start_are_the_same_for_all_methods() -> None:
    setting = FlatnessSetting.parse([2], 10, width=6, seeds=2)
    first, *others = (flatness_runs(setting, method) for method in METHODS)
    for runs in others:
        for one, other in zip(first, runs, strict=True):
            assert (np.asarray(one.X) == other.X).all()
            assert (np.asarray(one.y) == other.y).all()
            assert (one.network.W == other.network.W).all()


def test_a_violation_is_refuted_and_a_large_trace_is_not() -> None:
    """Theorem F is a theorem; that SGD has come near a stable minimum is not."""
    setting = FlatnessSetting.parse([2], 10, width=6, seeds=2, steps=10)
    experiment, _ = run_experiment(setting)
    measured = {
        key: [[m and replace(m, trace=Interval(1, 1), loss=0.0) for m in row] for row in rows]
        for key, rows in experiment.measured.items()
    }
    found = {o.check: o.verdict for o in outcomes_of(setting, measured)}
    assert found["Theorem F"] is Verdict.REFUTED
    measured = {
        key: [[m and replace(m, trace=Interval(99, 99), sgd_sharpness=99.0, loss=0.0) for m in row] for row in rows]
        for key, rows in experiment.measured.items()
    }
    found = {o.check: o.verdict for o in outcomes_of(setting, measured)}
    assert found["stability of SGD"] is Verdict.UNDECIDED


@pytest.mark.parametrize(
    ("option", "value", "word"),
    [
        ("--eta", "2", "eta must be below 2"),
        ("--seeds", "1", "seeds"),
        ("--label-noise", "-1", "label"),
        ("--n", "1", "n must"),
    ],
)
def test_bad_options_are_named_before_any_work(option: str, value: str, word: str) -> None:
    with pytest.raises((ValueError, click.UsageError), match=word):
        main([*SMALL, "--steps", "1000000000", option, value])


def test_errors_are_ordered_only_where_sgd_has_reached_a_minimum() -> None:
    """Else the ratio is shown, with the reason why no exponent speaks of it; at a minimum a wrong order does not hold."""
    setting = FlatnessSetting.parse([2], 10, width=6, seeds=2, steps=10)
    experiment, _ = run_experiment(setting)
    worse = {"GD": 1.0, SGD: 2.0, "weight decay": 4.0}

    def found(loss: float) -> list[Outcome]:
        measured = {
            (d, method): [
                [m and replace(m, loss=loss, alive=0.25, fresh_mse=worse.get(method, 1.0) + i / 100) for m in row]
                for i, row in enumerate(rows)
            ]
            for (d, method), rows in experiment.measured.items()
        }
        return [o for o in outcomes_of(setting, measured) if o.check == "order of errors"]

    assert [o.verdict for o in found(0.0)] == [Verdict.FAILS] * 2
    for outcome in found(0.5):
        assert outcome.verdict is Verdict.NOT_APPLICABLE
        assert isinstance(outcome.measured, Interval)
        assert outcome.measured.lower > 1
        assert outcome.evidence["reason"] == (
            "SGD has reached no global minimum, mean squared residual 1, 0.25 of its neurons are alive"
        )
