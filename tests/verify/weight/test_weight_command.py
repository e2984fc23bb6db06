"""The weight study: its parts against other routes, and the command end to end."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from boundcalc import cap
from constructions.data import sphere, uniform_ball
from constructions.network import empirical_weight
from verify.outcome import Verdict
from verify.weight import study as job
from verify.weight.__main__ import main
from verify.weight.closed_forms import log_weight_by_quadrature, weight_by_monte_carlo
from verify.weight.deviation import (
    Deviation,
    deviations,
    least_useful_n,
    smallest_depth,
    theorem_d_constant,
)
from verify.weight.profile import weight_profile
from verify.weight.setting import WeightSetting

SMALL = ["--dim", "2", "--n", "256", "1024", "8192", "--samples", "6", "--directions", "6", "--draws", "20000"]


def test_profile_is_the_weight_at_every_threshold():
    """Against the weight of one half-space at a time, just beside every value."""
    rng = np.random.default_rng(0)
    X, u = uniform_ball(40, 3, rng), sphere(1, 3, rng)[0]
    found = weight_profile(X, u)
    ends = np.sort(X @ u)
    assert found.t.tolist() == [*ends, *ends]
    step = 1e-11
    beside = np.concatenate([ends + step, ends - step])
    np.testing.assert_allclose(found.weight, empirical_weight(np.tile(u, (80, 1)), beside, X), rtol=0, atol=2 * step)
    # Between two ends the weight is concave as the lesser of two linear functions: no extreme is missed below.
    middle = (ends[1:] + ends[:-1]) / 2
    inner = empirical_weight(np.tile(u, (39, 1)), middle, X)
    assert (inner >= np.minimum(found.weight[:39], found.weight[41:]) - 1e-12).all()


@pytest.mark.parametrize("dim", [1, 2, 7, 60])
@pytest.mark.parametrize("height", [1.0, 0.3, 1e-6])
def test_quadrature_agrees_with_the_closed_form(dim, height):
    closed = float(cap.population_weight.log(dim, height).log)
    assert log_weight_by_quadrature(dim, height) == pytest.approx(closed, abs=1e-11)


def test_monte_carlo_error_is_honest():
    """Scores of 24 independent estimates have about unit variance."""
    heights = np.array([0.9, 0.5])
    closed = cap.population_weight(3, heights)
    scores = []
    for seed in range(24):
        found = weight_by_monte_carlo(3, heights, 20_000, np.random.default_rng(seed))
        scores.append((found.weight - closed) / found.error)
    spread = np.std(scores, axis=0)
    assert (spread > 0.5).all()
    assert (spread < 1.7).all()


def test_smallest_depth_and_constant_by_hand():
    d, n, delta = 3, 10**5, 0.05
    c1 = math.gamma(d / 2 + 1) / (math.sqrt(math.pi) * math.gamma((d + 1) / 2))
    rate = (d + 1) * math.log(2 * math.e * n / (d + 1)) + math.log(4 / delta)
    assert smallest_depth(d, n, delta) == pytest.approx(4 / 3 * (16 * (d + 1) * rate / (c1 * n)) ** (2 / (d + 1)))
    assert theorem_d_constant(d) == pytest.approx(c1**2 / (8 * (d + 1) ** 2) * 0.75 ** ((d + 1) / 2))
    least = least_useful_n(d, delta)
    assert smallest_depth(d, least, delta) <= 1 < smallest_depth(d, 0.999 * least, delta)


@pytest.mark.slow
def test_the_command_end_to_end(tmp_path, capsys):
    plot, report = tmp_path / "weight.svg", tmp_path / "report.json"
    assert main([*SMALL, "--plot", str(plot), "--json", str(report)]) == 0
    assert "says nothing" in capsys.readouterr().out
    content = json.loads(report.read_text())
    by_check: dict[str, list[dict]] = {}
    for outcome in content["outcomes"]:
        by_check.setdefault(outcome["check"], []).append(outcome)
    assert [o["verdict"] for o in by_check["Theorem D"]] == ["not applicable", "not applicable", "consistent"]
    assert by_check["Theorem D"][-1]["evidence"]["half-spaces tested"] > 1000
    assert by_check["Theorem D"][-1]["evidence"]["least g_n / (gamma_d (1-|t|)^(d+2))"] > 1
    assert by_check["Theorem D"][-1]["measured"] == 1  # the probability of no sample or more
    exponent = by_check["Thm E.5"][0]
    lower, upper = exponent["evidence"]["interval"]
    assert lower < exponent["evidence"]["exponent"] < upper == exponent["measured"]
    assert 0.3 < exponent["evidence"]["exponent"] < 0.7
    assert content["constants"]["c_infinity"] == pytest.approx(math.sqrt(2) * 16 * (2 / math.pi) ** 2 / (9 * 5))
    assert plot.read_text().startswith("<?xml")
    first = content | {"timing": 0}
    main([*SMALL, "--json", str(report)])
    assert json.loads(report.read_text()) | {"timing": 0} == first


def test_a_bound_that_fails_too_often_is_refuted():
    setting = WeightSetting.parse(2, [1024, 8192], samples=8, directions=2)
    good = deviations(setting, 1)
    assert job._relative(setting, good).verdict is Verdict.CONSISTENT
    lowest = good.lowest.copy()
    # One sample in eight breaks it, where one in a hundred may: no refutation. All of them: one.
    lowest[0] = 0.9
    one = Deviation(good.n, good.largest, lowest, good.tested, good.reach)
    assert job._relative(setting, one).verdict is Verdict.CONSISTENT
    every = Deviation(good.n, good.largest, 0 * lowest, good.tested, good.reach)
    assert job._relative(setting, every).verdict is Verdict.REFUTED


def test_a_wrong_closed_form_is_refuted(monkeypatch):
    setting = WeightSetting.parse(3, [64, 128], draws=100_000)
    wrong = log_weight_by_quadrature
    monkeypatch.setattr(job, "log_weight_by_quadrature", lambda dim, h: wrong(dim, h) + 1e-9)
    assert job._quadrature(setting).verdict is Verdict.REFUTED
    honest = job.weight_by_monte_carlo

    def biased(*arguments):
        found = honest(*arguments)
        return type(found)(1.05 * found.weight, found.error)

    assert job._monte_carlo(setting).verdict is Verdict.CONSISTENT
    monkeypatch.setattr(job, "weight_by_monte_carlo", biased)
    assert job._monte_carlo(setting).verdict is Verdict.REFUTED


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--n", "100"], "n must hold at least two sample sizes"),
        (["--n", "100", "100"], "none twice"),
        (["--dim", "0"], "--dim must be an integer from 1"),
        (["--delta", "1"], r"--delta .*must be a number with 0 < --delta < 1"),
        (["--samples", "1"], "samples must be an integer from 2"),
        (["--directions", "100000", "--n", "100000", "1000000"], "a product of at most"),
        (["--plot", "out.gif"], "--plot must end in"),
    ],
)
def test_bad_input_is_refused_before_any_work(arguments, words, monkeypatch):
    monkeypatch.setattr("verify.weight.study.deviations", lambda *_: pytest.fail("work was done"))
    with pytest.raises(ValueError, match=words):
        main(arguments)
