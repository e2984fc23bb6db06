"""The shattering command end to end."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import click
import numpy as np
import pytest

from constructions.network import Network
from verify.shattering.__main__ import main
from verify.shattering.claims import outcomes_of
from verify.shattering.setting import ShatteringSetting
from verify.shattering.study import run_experiment

ROOT = Path(__file__).parents[3]
SMALL = ["--dim", "2", "--n", "50", "--width", "96", "--traces", "20", "--fresh", "100"]


@pytest.mark.slow
def test_edge_shattering_and_bounds(tmp_path, capsys):
    paths = {name: tmp_path / f"out.{name}" for name in ("npz", "json", "svg", "state.npz")}
    arguments = [*SMALL, "--dim", "5", "--n", "64", "--width", "256", "--steps", "1500"]
    arguments += ["--json", str(paths["json"]), "--save", str(paths["npz"]), "--plot", str(paths["svg"])]
    code = main([*arguments, "--checkpoint", str(paths["state.npz"])])
    text = capsys.readouterr().out
    assert code == 0
    assert "REFUTED" not in text
    content = json.loads(paths["json"].read_text())
    plain, decay = content["without decay"], content["with decay"]
    assert abs(plain["lambda_max"] / plain["edge"] - 1) < 0.25
    assert plain["edge"] == pytest.approx(2 / 0.9, rel=1e-6)
    assert plain["rarely_active_share_of_alive"] > decay["rarely_active_share_of_alive"]
    assert plain["mse_train"] > 3 * decay["mse_train"]
    checks = {(o["check"], o["theorem"]) for o in content["outcomes"]}
    for name in ("without decay", "with decay"):
        for key in ("stability-seminorm", "stability-seminorm-sharp", "theorem-e"):
            assert (name, key) in checks
    assert paths["svg"].read_text().startswith("<?xml")
    # The saved arrays give the reported numbers with plain numpy.
    with np.load(paths["npz"], allow_pickle=False) as saved:
        arrays = dict(saved)
    h = arrays["X"] @ arrays["plain_W"].T - arrays["plain_b"]
    f = np.maximum(h, 0) @ arrays["plain_v"] + arrays["plain_beta"]
    assert np.mean((f - arrays["y"]) ** 2) / 2 == pytest.approx(plain["loss"], rel=1e-9)
    rates = (h > 0).mean(axis=0)
    assert ((rates <= 0.1) & (rates > 0)).sum() / (rates > 0).sum() == plain["rarely_active_share_of_alive"]
    # From the finished checkpoint: the same report.
    main([*arguments, "--checkpoint", str(paths["state.npz"])])
    assert capsys.readouterr().out == text


def test_a_violated_bound_is_refuted(monkeypatch):
    """The bounds are theorems, so only a wrong measurement can break them."""
    setting = ShatteringSetting.parse(2, 50, width=96, steps=300, traces=8, fresh=10)
    experiment, report = run_experiment(setting)
    assert all(o.verdict.value != "REFUTED" for o in report.outcomes)
    monkeypatch.setattr(Network, "empirical_seminorm", lambda self, X: 1e6)
    verdicts = [o.verdict.value for o in outcomes_of(setting, experiment.training)]
    assert verdicts.count("REFUTED") == 4


def test_a_diverged_run_is_undecided(capsys):
    code = main([*SMALL, "--steps", "400", "--eta", "60", "--clip", "0", "--large-step", "--json", "-"])
    content = json.loads(capsys.readouterr().out)
    assert code == 3
    assert content["without decay"]["diverged_at_step"] >= 1
    assert "diverged" in content["outcomes"][0]["claim"]
    assert any(o["check"] == "with decay" for o in content["outcomes"])


def test_same_seed_same_report(capsys):
    texts = []
    for seed in ("3", "3", "4"):
        main([*SMALL, "--steps", "60", "--seed", seed, "--truth", "root", "--init", "kaiming-normal", "--json", "-"])
        content = json.loads(capsys.readouterr().out)
        texts.append(json.dumps([content["outcomes"], content["with decay"]]))
    assert texts[0] == texts[1] != texts[2]


@pytest.mark.parametrize(
    ("option", "value", "word"),
    [
        ("--eta", "0", "eta"),
        ("--eta", "2", "--large-step"),
        ("--eta", "1/0", "eta"),
        ("--width", "0", "width"),
        ("--n", "1", "n must"),
        ("--steps", "1.5", "steps"),
        ("--decay", "0", "decay"),
        ("--decay", "1000", "decay must be below"),
        ("--noise", "-1", "sigma"),
        ("--target", "linear", "--target is now --truth"),
        ("--truth", "cubic", "truth"),
        ("--init", "zeros", "init"),
        ("--seed", "-1", "seed"),
        ("--device", "tpu", "device"),
        ("--traces", "1", "traces"),
        ("--plot", "x.gif", "--plot"),
        ("--json", "/nowhere/x.json", "--json"),
    ],
)
def test_bad_options_are_named_before_any_work(option, value, word):
    with pytest.raises((ValueError, click.UsageError), match=word):
        main([*SMALL, "--steps", "1000000000", option, value])


@pytest.mark.slow
def test_errors_are_one_line_with_the_usage_code():
    command = [sys.executable, "-m", "verify.shattering", "--eta", "3"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert "eta must be below 2" in done.stderr
