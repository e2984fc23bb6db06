"""The stability sweep end to end: no violation, tight cases among the networks, counterexamples reported and saved."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from constructions.network import Network
from verify.outcome import Verdict
from verify.sharpness import __main__ as sharpness_command
from verify.stability.__main__ import main
from verify.stability.claims import CLAIMS, measure_case
from verify.stability.enclosure import NormBounds, SampleBounds
from verify.stability.networks import KINDS, Case, proof_balance, sweep_cases

ROOT = Path(__file__).parents[3]
SMALL = ["--dims", "1", "3", "--n", "24", "--networks", "30"]


@pytest.mark.slow
def test_no_violation_and_the_tightest_network_is_saved(tmp_path, capsys):
    paths = {name: tmp_path / f"out.{name}" for name in ("npz", "json", "svg")}
    arguments = [*SMALL, "--json", str(paths["json"]), "--save", str(paths["npz"]), "--plot", str(paths["svg"])]
    assert main(arguments) == 0
    assert "refuted" not in capsys.readouterr().out.lower()
    content = json.loads(paths["json"].read_text())
    assert [o["verdict"] for o in content["outcomes"]] == ["proved"] * len(CLAIMS)
    assert sum(content[kind.name]["networks"] for kind in KINDS) == 30
    for outcome in content["outcomes"]:
        quantiles = list(outcome["evidence"]["slack quantiles"].values())
        assert quantiles == sorted(quantiles)
        assert quantiles[0] == outcome["measured"]["lower"] >= 0
    # The sweep reaches equality almost exactly, so a bound smaller by a thousandth would have been refuted.
    assert content["outcomes"][0]["evidence"]["largest seminorm / bound"] > 0.999
    assert paths["svg"].read_text().startswith("<?xml")
    assert sharpness_command.main([str(paths["npz"])]) == 0
    capsys.readouterr()
    first = paths["json"].read_text()
    main(arguments)
    again = json.loads(paths["json"].read_text())
    assert again | {"timing": 0} == json.loads(first) | {"timing": 0}


@pytest.mark.slow
def test_a_violation_is_refuted_saved_and_named(tmp_path, capsys, monkeypatch):
    honest = SampleBounds.seminorm

    def doubled(self: SampleBounds, subsets: np.ndarray) -> NormBounds:
        found = honest(self, subsets)
        return NormBounds(1.01 * found.lower, 1.01 * found.upper)

    monkeypatch.setattr(SampleBounds, "seminorm", doubled)
    saved, report = tmp_path / "found.npz", tmp_path / "report.json"
    assert main([*SMALL, "--save", str(saved), "--json", str(report)]) == 1
    assert "REFUTED" in capsys.readouterr().out
    outcome = json.loads(report.read_text())["outcomes"][0]
    place = outcome["evidence"]["counterexample at"]
    # Seed, dimension, kind and number make the same network again.
    at = [kind.name for kind in KINDS].index(place["kind"])
    case = next(
        c for c in sweep_cases(place["dim"], 24, place["number"] + 1, 0, KINDS[at], at) if c.number == place["number"]
    )
    with np.load(saved, allow_pickle=False) as arrays:
        assert arrays["W"].tolist() == case.network.W.tolist()
        assert arrays["y"].tolist() == case.y.tolist()


def test_slack_of_a_network_computed_by_hand():
    """One neuron, active on one of two points."""
    X = np.array([[1.0], [-1.0]])
    network = Network([[1.0]], [0.5], [0.7])
    case = Case("by hand", 1, 0, network, X, network(X))
    for found in measure_case(case, Fraction(1, 2)):
        assert found.verdict is Verdict.PROVED
        assert found.slack.lower <= found.slack.upper
    # By hand, at zero loss: J J'/n has rows (0.7² (1+1) + 0.5² + 1, 1; 1, 1)/2.
    top = np.linalg.eigvalsh(np.array([[0.98 + 0.25 + 1, 1], [1, 1]]) / 2)[-1]
    norm = 0.7 * 0.25 * np.sqrt(0.25 + 0.25)
    first = measure_case(case, Fraction(1, 2))[0]
    assert first.slack.lower == pytest.approx(top / 2 - 0.5 - norm, abs=1e-12)


def test_stable_claims_are_only_tested_on_stable_networks():
    X = np.linspace(-1, 1, 8)[:, None]
    network = Network([[3.0]], [0.05], [3.0])
    case = Case("by hand", 1, 0, network, X, network(X))
    names = {m.claim.name for m in measure_case(case, Fraction(1, 2))}
    assert names == {c.name for c in CLAIMS if not c.stable_only}


def test_proof_balance_attains_the_inequality_of_the_means():
    rng = np.random.default_rng(3)
    X = rng.uniform(-1, 1, (30, 2))
    network = Network(rng.standard_normal((6, 2)), 0.3 * rng.standard_normal(6), rng.standard_normal(6))
    balanced = proof_balance(network, X)
    np.testing.assert_allclose(balanced(X), network(X), rtol=1e-12)
    h = np.maximum(balanced.preactivations(X), 0)
    reach = np.linalg.norm((h > 0).T @ np.column_stack([X, -np.ones(30)]), axis=1)
    np.testing.assert_allclose(np.abs(balanced.v) * reach, h.sum(axis=0), rtol=1e-12)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--eta", "2"], "--eta (step size of gradient descent) must be a number with 0 < --eta < 2"),
        (["--n", "1"], "n must be an integer from 2"),
        (["--dims", "3", "3"], "none twice"),
        (["--dims", "0"], "dims must be an integer from 1"),
        (["--networks", "0"], "networks must be an integer from 1"),
        (["--device", "tpu"], "--device must be one of auto, cpu, cuda"),
        (["--plot", "out.gif"], "--plot must end in .png, .svg or .pdf"),
        (["--save", "nowhere/out.npz"], "--save must lie in an existing folder"),
    ],
)
def test_bad_input_is_refused_before_any_work(arguments, words, monkeypatch):
    monkeypatch.setattr("verify.stability.study.measure_case", lambda *_: pytest.fail("work was done"))
    with pytest.raises(ValueError, match=re.escape(words)):
        main(arguments)


@pytest.mark.slow
def test_one_line_on_stderr():
    done = subprocess.run(
        [sys.executable, "-m", "verify.stability", "--eta", "3"], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "--eta (step size of gradient descent) must be a number with 0 < --eta < 2" in done.stderr
