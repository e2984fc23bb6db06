"""The memorisation command: closed forms re-derived by loops, verdicts that fail on broken objects, bad input."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path

import numpy as np
import pytest

from verify.hessian.structure import secular_root
from verify.memorise.__main__ import main
from verify.memorise.pair import Row, draw_pair, pair_outcomes, scaling_outcome
from verify.memorise.setting import MemoriseSetting
from verify.memorise.sphere import build_interpolator, interpolator_outcomes
from verify.memorise.study import memorise_report
from verify.outcome import Verdict

SETTING = MemoriseSetting.parse(3, 300, eta="1.5", bound=2, seed=3)


@pytest.mark.parametrize("d", [1, 2, 3, 8, 20])
def test_pair_agrees_on_the_sample_and_differs_by_what_is_stated(d: int) -> None:
    drawn = draw_pair(MemoriseSetting.parse(d, 200, bound=2))
    pair = drawn.pair
    assert (pair.plus.preactivations(drawn.X) <= 0).all()
    # The squared norm of an atom by the beta integral of the marginal density, midpoint rule in the depth.
    h = float(drawn.packing.height)
    depth = (np.arange(200_000) + 0.5) / 200_000 * h
    density = math.exp(math.lgamma(d / 2 + 1) - math.lgamma((d + 1) / 2)) / math.sqrt(math.pi)
    norm = density * ((depth * (2 - depth)) ** ((d - 1) / 2) * (1 - depth / h) ** 2).mean() * h
    assert drawn.distance.floats[0] == pytest.approx(16 * len(pair.empty) * norm, rel=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize(("d", "n"), [(2, 300), (5, 200), (20, 1000)])
def test_every_verdict_is_good(d: int, n: int) -> None:
    memorised, report = memorise_report(MemoriseSetting.parse(d, n, scaling=False))
    assert {o.verdict for o in report.outcomes} <= {Verdict.PROVED, Verdict.CONSISTENT}
    assert int(report.exit_code) == 0
    own = memorised.interpolator
    assert own is not None
    # J'J/n of solitary neurons, dense: blocks q_i coupled by the bias.
    active = own.X @ own.balanced.W.T - own.balanced.b
    assert np.array_equal((active > 0).sum(axis=1), np.ones(n))
    squares = 2 * own.balanced.v**2 + np.diag(active) ** 2
    gram = np.ones((n, n)) + np.diag(squares)
    top = float(np.linalg.eigvalsh(gram)[-1]) / n
    assert own.sharp_balanced.value == pytest.approx(top, rel=1e-9)
    assert top <= 1 + 2 * 2**0.5 * np.abs(own.y).max() / n


@pytest.mark.parametrize("n", [1, 2, 7, 50])
def test_secular_root(n: int) -> None:
    q = np.random.default_rng(n).uniform(0, 5, n)
    assert secular_root(q) == pytest.approx(float(np.linalg.eigvalsh(np.ones((n, n)) + np.diag(q))[-1]) / n, rel=1e-12)


def test_unstable_interpolators_are_called_so() -> None:
    sharp = MemoriseSetting.parse(3, 20, eta="1.9", bound=100)
    rows = list(interpolator_outcomes(sharp, build_interpolator(sharp, 20)))
    assert "not stable" in rows[-1].claim
    assert rows[-1].sign == ">"
    assert rows[-1].verdict is Verdict.PROVED


def test_broken_objects_are_seen() -> None:
    drawn = draw_pair(SETTING)
    seen = np.vstack([drawn.X[1:], drawn.packing.centres[drawn.pair.empty[:1]]])
    rows = list(pair_outcomes(SETTING, dataclasses.replace(drawn, X=seen)))
    assert Verdict.UNDECIDED in {o.verdict for o in rows[:3]}
    # Half of the caps forgotten: the closed form no longer matches the functions.
    fewer = dataclasses.replace(drawn.pair, empty=drawn.pair.empty[::2])
    assert list(pair_outcomes(SETTING, dataclasses.replace(drawn, pair=fewer)))[3].verdict is Verdict.REFUTED
    found = build_interpolator(SETTING, 100)
    spoiled = dataclasses.replace(found, y=found.y + 0.01)
    assert next(interpolator_outcomes(SETTING, spoiled)).verdict is Verdict.REFUTED
    swapped = dataclasses.replace(found, sharp_balanced=found.sharp_unbalanced)
    assert Verdict.REFUTED in {o.verdict for o in interpolator_outcomes(SETTING, swapped)}


def test_scaling_sees_a_wrong_exponent() -> None:
    def rows(exponent: float) -> tuple[Row, ...]:
        return tuple(Row(n, 100, 40.0, n**-0.5 / 10, n**exponent, 10) for n in (100, 200, 400, 800, 1600, 3200, 6400))

    assert scaling_outcome(SETTING, rows(-0.5)).verdict is Verdict.CONSISTENT
    assert scaling_outcome(SETTING, rows(-0.55)).verdict is Verdict.UNDECIDED
    assert scaling_outcome(SETTING, rows(-0.5)[:4]).verdict is Verdict.NOT_APPLICABLE


@pytest.mark.slow
def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    saved, target, figure = (tmp_path / name for name in ("m.npz", "m.json", "m.svg"))
    arguments = ["--dim", "2", "--n", "200", "--save", str(saved), "--json", str(target), "--plot", str(figure)]
    assert main(arguments) == 0
    assert "solitary" not in capsys.readouterr().err
    content = json.loads(target.read_text())
    assert content["setting"]["n"] == 200
    scaling = next(o for o in content["outcomes"] if "squared distance of the pair ~" in o["claim"])
    assert scaling["verdict"] in ("consistent", "not applicable")
    with np.load(saved, allow_pickle=False) as arrays:
        X, y = arrays["sphere_X"], arrays["sphere_y"]
        values = np.maximum(X @ arrays["balanced_W"].T - arrays["balanced_b"], 0) @ arrays["balanced_v"]
        assert np.allclose(values, y, atol=1e-5)
        assert not np.any(arrays["X"] @ arrays["plus_W"].T > arrays["plus_b"])
    assert figure.stat().st_size > 1000


def test_one_dimension_has_no_sphere(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--dim", "1", "--n", "100", "--no-scaling", "--json", "-"]) == 0
    verdicts = {o["verdict"] for o in json.loads(capsys.readouterr().out)["outcomes"] if o["check"] == "sphere"}
    assert verdicts == {"not applicable"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"dim": 0, "n": 10}, "dim"),
        ({"dim": 2, "n": 0}, "n must be an integer from 1 to 20000"),
        ({"dim": 2, "n": 10**6}, "n must be an integer from 1 to 20000"),
        ({"dim": 2, "n": 10, "eta": 0}, "0 < eta < 2"),
        ({"dim": 2, "n": 10, "bound": 0}, "bound must be a number from 1e-6 to 1e6"),
        ({"dim": 2, "n": 10, "seed": -1}, "seed"),
        ({"dim": 2, "n": "x"}, "n must"),
    ],
)
def test_bad_input(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        MemoriseSetting.parse(**arguments)
