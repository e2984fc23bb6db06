"""The rate study: fits against exact answers, verdicts against a typed table, the command end to end."""

from __future__ import annotations

import csv
import itertools
import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from constructions.network import Network
from verify.outcome import Verdict
from verify.power_law import ExponentFit
from verify.rates.__main__ import main
from verify.rates.cells import batch_size, run_cell, trace_steps
from verify.rates.claims import ModeResult, bounds_at, outcomes_of
from verify.rates.setting import MODES, RateSetting, rate_sweep
from verify.sweep import read_store
from verify.training import train
from verify.training.runs import training_runs

ROOT = Path(__file__).parents[3]
SMALL = ["--dims", "2", "--n", "8", "16", "--seeds", "3", "--steps", "150", "--fresh", "60", "--resamples", "1000"]
SIZES = (32, 64, 128, 256, 512)


# Cells


def test_cells_share_data_between_modes_and_nothing_between_sizes():
    setting = RateSetting.parse([2, 3], [8, 32], seeds=7, steps=10)
    cells = rate_sweep(setting).cells
    assert len(cells) == 2 * 2 * 2 * 2
    assert {tuple(cell["repeats"]) for cell in cells} == {(0, 1, 2, 3, 4), (5, 6)}
    plain, decay = (
        training_runs(cell)[1] for cell in cells if (cell["dim"], cell["n"]) == (2, 32) and 0 in cell["repeats"]
    )
    assert (plain.eta, plain.decay, decay.eta, decay.decay) == (0.2, 0, 0.01, 0.1)
    assert np.array_equal(plain.X, decay.X)
    assert np.array_equal(plain.y, decay.y)
    assert np.array_equal(plain.network.W, decay.network.W)
    small = next(training_runs(cell)[1] for cell in cells if (cell["dim"], cell["n"]) == (2, 8))
    assert not np.isin(small.X, plain.X).any()
    # The repetitions of a cell don't depend on what else is in it.
    (alone,) = training_runs({**cells[0], "repeats": [3]})
    assert np.array_equal(alone.X, training_runs(cells[0])[3].X)


def test_records_are_those_of_the_training():
    (setting,) = (
        c
        for c in rate_sweep(RateSetting.parse([2], [8, 16], seeds=2, steps=300)).cells
        if c["n"] == 16 and not c["decay"]
    )
    records = run_cell(setting)
    assert [(r["repeat"], r["step"]) for r in records] == list(itertools.product((0, 1), trace_steps(300)))
    training = train(training_runs(setting), 300)
    for record in records:
        assert ("lambda_max" in record) == (record["step"] == 300)
    for record, run, network in zip(
        [r for r in records if r["step"] == 300], training.runs, training.networks, strict=True
    ):
        assert isinstance(network, Network)
        X, y, truth = np.asarray(run.X), np.asarray(run.y), np.asarray(run.truth)
        f = np.maximum(X @ network.W.T - network.b, 0) @ network.v + network.beta
        assert record["train_mse"] == pytest.approx(np.mean((f - truth) ** 2), rel=1e-9)
        assert record["loss"] == pytest.approx(np.mean((f - y) ** 2) / 2, rel=1e-9)
        assert record["optimized"] == np.mean(np.abs(f - y) <= np.abs(truth - y))
        fresh = np.maximum(np.asarray(run.fresh_X) @ network.W.T - network.b, 0) @ network.v + network.beta
        assert record["fresh_mse"] == pytest.approx(np.mean((fresh - np.asarray(run.fresh_truth)) ** 2), rel=1e-9)
        assert record["sup"] == pytest.approx(max(np.abs(f).max(), np.abs(fresh).max()))
        assert record["alive"] == ((network.b < X @ network.W.T).any(axis=0)).mean()


def test_batches_are_as_large_as_they_gain():
    assert [batch_size(n, 4 * n) for n in (*SIZES, 4096)] == [5, 5, 5, 2, 1, 1]


# Verdicts


def _result(mode: str, dim: int, lower: float, upper: float, **entries: float) -> ModeResult:
    fit = ExponentFit((lower + upper) / 2, lower, upper, bend=0.0, sizes=SIZES, medians=(1.0,) * 5, count=5)
    numbers = {"optimized": 1.0, "edge": 1.0, "sup": 2.0, "runs": 25, "diverged": 0, **entries}
    return ModeResult(dim, mode, {"train_mse": fit, "fresh_mse": fit}, {}, **numbers)


def test_exponents_are_those_of_the_papers():
    """Typed here from the papers' formulas; there they are read off the registry's expressions."""
    for d in range(1, 13):
        plain = [theorem.bound.exponent_at(d) for theorem, _ in bounds_at(d, MODES[0])]
        assert [float(e) for e in plain] == pytest.approx(
            [1 / (2 * d + 4), 2 * (d + 3) / (3 * (d + 1) ** 2), 0.5 if d == 1 else 2 / (d + 1), 2 / (3 * d + 1)]
        )
        ((theorem, error),) = bounds_at(d, MODES[1])
        assert float(theorem.bound.exponent_at(d)) == pytest.approx((d + 3) / (2 * d + 3))
        assert error == "fresh_mse"


@pytest.mark.parametrize(
    ("lower", "upper", "verdicts"),
    [
        # d = 5: 1/14, 4/27 (upper bounds), 1/3, 1/8 (lower bounds).
        (0.01, 0.05, "undecided undecided consistent consistent"),
        (0.05, 0.10, "consistent undecided consistent consistent"),
        (0.20, 0.30, "consistent consistent consistent not applicable"),
        (0.40, 0.50, "consistent consistent not applicable not applicable"),
    ],
)
def test_verdicts_on_gradient_descent(lower, upper, verdicts):
    outcomes = outcomes_of([_result(MODES[0], 5, lower, upper)])
    assert " ".join(o.verdict.value for o in outcomes) == verdicts
    # No slope refutes a bound with an unknown constant, or one on the worst case.
    assert all(o.verdict is not Verdict.REFUTED for o in outcomes)
    assert {o.sign for o in outcomes[:2]} == {">="}
    assert {o.sign for o in outcomes[2:]} == {"<="}


def test_hypotheses_that_fail_are_named():
    outcomes = outcomes_of([_result(MODES[0], 5, 0.2, 0.3, optimized=0.5)])
    assert [o.verdict for o in outcomes[:2]] == [Verdict.NOT_APPLICABLE] * 2
    assert "not optimized (at 50% of the points" in outcomes[0].evidence["reason"]
    outcomes = outcomes_of([_result(MODES[0], 5, 0.2, 0.3, edge=1.5)])
    assert "lambda_max is 1.5 times 2/eta" in outcomes[0].evidence["reason"]
    assert outcomes_of([_result(MODES[1], 5, 0.2, 0.3)])[0].verdict is Verdict.NOT_APPLICABLE
    assert outcomes_of([_result(MODES[1], 5, 0.2, 0.7)])[0].verdict is Verdict.CONSISTENT


# The command


@pytest.mark.slow
def test_the_command_end_to_end(tmp_path, capsys):
    store, figure, table = (tmp_path / name for name in ("s.db", "r.svg", "r.csv"))
    arguments = [*SMALL, "--store", str(store), "--json", "-"]
    assert main([*arguments, "--jobs", "1", "--plot", str(figure), "--csv", str(table)]) in (0, 3)
    content = json.loads(capsys.readouterr().out)
    assert content["sweep"]["from_the_store"] == 0
    assert len(read_store(store)) == 4
    checks = [(o["check"], o["theorem"]) for o in content["outcomes"]]
    keys = ["mse-upper", "stable-mse-upper", "minimax-lower", "theorem-b"]
    assert checks == [("gradient descent, d = 2", key) for key in keys] + [("weight decay, d = 2", "low-norm-mse")]
    assert [o["evidence"]["exponent"] for o in content["outcomes"]] == ["1/8", "10/27", "2/3", "2/7", "5/7"]
    assert "worst case" in content["limits"]["can't be concluded"]
    assert figure.read_text().startswith("<?xml")
    with table.open() as stream:
        rows = list(csv.DictReader(stream))
    assert [(row["mode"], row["step"], row["error"]) for row in rows] == list(
        itertools.product(MODES, ("100", "150"), ("train_mse", "fresh_mse"))
    )
    # By hand from the store: the median of three at each n, and the line through two points.
    errors = {8: [], 16: []}
    for cell in read_store(store):
        if not cell.setting["decay"]:
            errors[cell.setting["n"]] += [r["train_mse"] for r in cell.records if r["step"] == 150]
    medians = [sorted(values)[1] for values in errors.values()]
    slope = math.log(medians[0] / medians[1]) / math.log(2)
    assert float(rows[2]["exponent"]) == pytest.approx(slope, rel=1e-12)
    assert content["gradient descent, d = 2"]["in_sample_exponent"] == pytest.approx(slope, rel=1e-12)
    # A second start, with another dimension: only that is trained, and what was there gives the same numbers.
    main([*arguments, "--jobs", "1", "--dims", "2", "1"])
    again = json.loads(capsys.readouterr().out)
    assert (again["sweep"]["cells"], again["sweep"]["from_the_store"]) == (8, 4)
    assert again["gradient descent, d = 2"] == content["gradient descent, d = 2"]
    # Two processes: the same bits.
    main([*SMALL, "--jobs", "2", "--json", "-"])
    other = json.loads(capsys.readouterr().out)
    assert other["outcomes"] == content["outcomes"]


def test_a_dry_run_trains_nothing_and_writes_nothing(tmp_path, capsys):
    store = tmp_path / "s.db"
    assert main(["--steps", "1000000000", "--store", str(store), "--dry-run", "--jobs", "2"]) == 0
    text = capsys.readouterr().out
    assert "rates: 110 cells, 0 of them finished" in text
    assert "dim: 1, 2, 3, 4, 5" in text
    assert "days on one core" in text
    assert not store.exists()


def test_runs_that_diverge_are_recorded_and_stop_nothing(tmp_path, capsys):
    store = tmp_path / "s.db"
    large = ["--eta", "60", "--clip", "0", "--large-step"]
    arguments = [*SMALL, *large, "--store", str(store), "--jobs", "1", "--json", "-"]
    assert main(arguments) == 3
    content = json.loads(capsys.readouterr().out)
    gone = [r for cell in read_store(store) for r in cell.records if r["diverged_at"] is not None]
    assert {cell.setting["decay"] for cell in read_store(store)} == {0.0, 0.1}
    assert content["gradient descent, d = 2"]["diverged"] == 6 == len([r for r in gone if r["step"] == 150])
    assert all(r["train_mse"] is None for r in gone if r["step"] >= r["diverged_at"])
    assert content["weight decay, d = 2"]["diverged"] == 0
    (first, *_) = content["outcomes"]
    assert first["verdict"] == "undecided"
    assert "runs diverged and are left out" in first["claim"]


@pytest.mark.parametrize(
    ("option", "values", "word"),
    [
        ("--eta", ["0"], "eta must be a positive"),
        ("--eta", ["-0.1"], "eta must be a positive"),
        ("--eta", ["2"], "--large-step"),
        ("--eta", ["nan"], "eta"),
        ("--decay-eta", ["2.5"], "--decay-eta must be below 2"),
        ("--width-factor", ["0"], "width-factor"),
        ("--truth", ["cubic"], "--truth must be one of linear, root"),
        ("--n", ["64"], "--n must hold at least two sample sizes"),
        ("--n", ["64", "64"], "none twice"),
        ("--n", ["1", "64"], "n must be an integer from 2"),
        ("--n", ["64", "100000"], r"--width-factor and n must have width \* n"),
        ("--dims", ["0"], "dims"),
        ("--dims", ["1.5"], "dims"),
        ("--seeds", ["1"], "seeds must be an integer from 2"),
        ("--wd", ["0"], "--decay must be a positive"),
        ("--wd", ["200"], "--decay must be below 1 / decay_eta"),
        ("--sigma", ["-1"], "sigma"),
        ("--steps", ["0"], "steps"),
        ("--decay-steps", ["x"], "decay-steps"),
        ("--init", ["zeros"], "init"),
        ("--resamples", ["10"], "resamples"),
        ("--seed", ["-1"], "seed"),
        ("--device", ["tpu"], "device"),
        ("--jobs", ["0"], "--jobs"),
        ("--cluster", ["localhost"], "cluster must be the address"),
        ("--store", ["/nowhere/s.db"], "--store must lie in an existing folder"),
        ("--csv", ["/nowhere/s.csv"], "--csv"),
        ("--json", ["/nowhere/s.json"], "--json"),
        ("--plot", ["x.gif"], "--plot"),
    ],
)
def test_bad_options_are_named_before_any_work(option, values, word):
    with pytest.raises((ValueError, TypeError), match=word):
        main([*SMALL, "--steps", "1000000000", option, *values])


@pytest.mark.slow
def test_errors_are_one_line_with_the_usage_code(tmp_path):
    store = tmp_path / "s.db"
    store.write_text("not a store")
    for arguments in (["--eta", "3"], ["--store", str(store)], ["--n", "64"]):
        done = subprocess.run(
            [sys.executable, "-m", "verify.rates", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 2
        assert len(done.stderr.strip().splitlines()) == 1
    assert store.read_text() == "not a store"
