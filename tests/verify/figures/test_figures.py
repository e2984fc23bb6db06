"""The figures: their trainings, numbers, comparisons, and the command end to end at tiny sizes."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from verify.figures import EXPERIMENTS, Inputs, Scale, experiment, mse, neurons
from verify.figures.__main__ import main
from verify.figures.base import by_setting, records_of
from verify.figures.neurons import active_norm, rank_correlation
from verify.outcome import Verdict
from verify.rates.setting import RateSetting, rate_sweep
from verify.shattering.cells import neuron_cell, run_neuron_cell
from verify.sweep import Store, read_store
from verify.sweep.codec import decode_records, encode_records, encode_setting
from verify.training import Activation, train
from verify.training.runs import training_runs
from verify.training.trace import spread_steps

SMALL, PAPER = Inputs(Scale.SMALL), Inputs(Scale.PAPER)


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every training short and small."""
    monkeypatch.setattr(mse, "_SIZES", {scale: (8, 16, 32) for scale in Scale})
    monkeypatch.setattr(mse, "_TIME", {scale: 5 for scale in Scale})
    monkeypatch.setitem(neurons._STEPS, "fig7", {scale: 40 for scale in Scale})


def mse_records(exponents: dict[tuple[int, float], float], decay: float = 0.0) -> list[dict]:
    """Records at the last step whose MSE is exactly n^-e, by dimension and step size."""
    return [
        {
            "dim": dim, "eta": eta, "decay": decay, "n": n, "width": 4 * n, "sigma": 1.0, "target": "linear", "seed": 0,
            "repeat": repeat, "step": 10, "steps": 10, "loss": 0.1, "train_mse": n**-exponent, "fresh_mse": n**-exponent,
            "diverged_at": None,
        }
        for (dim, eta), exponent in exponents.items()
        for n in (32, 64, 128)
        for repeat in range(3)
    ]  # fmt: skip


def test_every_figure_has_distinct_cells_that_can_be_stored():
    for entry in EXPERIMENTS:
        for inputs in (SMALL, PAPER, Inputs(Scale.SMALL, 3, "cuda")):
            sweep = entry.sweep(inputs)
            assert len({encode_setting(cell) for cell in sweep.cells}) == len(sweep.cells) >= 2
            assert {cell["seed"] for cell in sweep.cells} == {inputs.seed}
    numbers = [int(entry.name.removeprefix("fig")) for entry in EXPERIMENTS]
    assert numbers == list(range(2, 16))


def test_paper_scale_has_the_settings_of_the_paper():
    cells = {encode_setting(cell) for cell in experiment("fig2").sweep(PAPER).cells}
    # The same trainings as those of the rates command, so that they share a store.
    assert cells == {
        encode_setting(cell) for cell in rate_sweep(RateSetting.parse(steps=50_000, decay_steps=20_000)).cells
    }
    plain, decay = experiment("fig3").sweep(PAPER).cells
    assert (plain["n"], plain["width"], plain["dim"], plain["eta"], plain["decay"]) == (512, 2048, 10, 0.9, 0.0)
    assert (decay["eta"], decay["decay"], decay["steps"]) == (0.01, 0.1, 20000)
    fourth = experiment("fig4").sweep(PAPER).cells
    assert [cell["dim"] for cell in fourth] == [1, 2, 3, 4, 5, 6]
    assert {(cell["n"], cell["width"], cell["eta"], cell["steps"]) for cell in fourth} == {(512, 1024, 0.5, 20000)}
    fifth = experiment("fig5").sweep(PAPER).cells
    assert {round(cell["eta"] * cell["steps"]) for cell in fifth} == {10000}
    for entry, factor, sigma, target in (
        (experiment("fig12"), 2, 0.5, "linear"),
        (experiment("fig13"), 2, 0.5, "root"),
    ):
        found = {(cell["width"] // cell["n"], cell["sigma"], cell["target"]) for cell in entry.sweep(PAPER).cells}
        assert found == {(factor, sigma, target)}
    assert {cell["decay"] for cell in experiment("fig12").sweep(PAPER).cells} == {0.0, 0.01}


@pytest.mark.parametrize("activation", list(Activation))
def test_neuron_cell_records_what_was_trained(activation):
    own = {"dim": 2, "n": 30, "width": 40, "seed": 0, "eta": 0.3, "steps": 60}
    setting = neuron_cell(own | {"activation": activation.value, "sharpness": True})
    (record,) = run_neuron_cell(setting)
    runs = training_runs(setting)
    network = train([replace(run, activation=activation) for run in runs], 60).networks[0]
    assert network is not None
    h = network.preactivations(np.asarray(runs[0].X, dtype=np.float32).astype(np.float64))
    np.testing.assert_array_equal(record["rates"], (h > 0).mean(axis=0))
    np.testing.assert_allclose(record["norms"], np.abs(network.v) * np.linalg.norm(network.W, axis=1))
    inside = (record["rates"] > 0) & (record["rates"] < 1)
    assert record["crossing"][-1] == inside.mean() <= record["alive"][-1]
    assert record["step"].tolist() == spread_steps(60, 40)
    assert (np.asarray(record["lambda_max"]) >= 1).all()


def test_panel_numbers_by_hand():
    record = {"rates": [0.0, 0.1, 0.5, 1.0], "norms": [9.0, 3.0, 2.0, 1.0]}
    assert active_norm(record) == 2.5
    assert rank_correlation(record) == pytest.approx(-1)
    assert np.isnan(rank_correlation({"rates": [0.0, 0.2], "norms": [1.0, 1.0]}))


def test_slopes_are_compared_in_the_direction_of_the_paper():
    steep = mse_records({(1, 0.1): 0.8, (3, 0.1): 0.2})
    (outcome,) = experiment("fig9").compare(steep)
    assert outcome.verdict is Verdict.CONSISTENT
    assert outcome.measured == pytest.approx(0.2)
    assert outcome.bound == pytest.approx(0.8)
    (outcome,) = experiment("fig9").compare(mse_records({(1, 0.1): 0.2, (3, 0.1): 0.8}))
    assert outcome.verdict is Verdict.UNDECIDED
    flat = experiment("fig10").compare(mse_records({(4, 0.1): 0.3, (5, 0.1): 0.1, (4, 0.4): 0.3, (5, 0.4): 0.05}))
    assert {o.verdict for o in flat} == {Verdict.CONSISTENT}
    pair = mse_records({(1, 0.1): 0.3, (2, 0.1): 0.2}) + mse_records({(1, 0.1): 0.6, (2, 0.1): 0.1}, decay=0.01)
    verdicts = [o.verdict for o in experiment("fig14").compare(pair)]
    assert verdicts == [Verdict.CONSISTENT, Verdict.CONSISTENT, Verdict.UNDECIDED]
    both = {(d, 0.2): 0.9 / d for d in (1, 2, 3, 4, 5)}
    second = experiment("fig2").compare(
        mse_records(both | {(5, 0.2): 0.1}) + mse_records({(d, 0.01): 0.4 + d / 10 for d in (1, 2)}, decay=0.1)
    )
    assert [o.verdict for o in second] == [Verdict.CONSISTENT] * 3 + [Verdict.CONSISTENT]
    assert second[0].bound == 0.1
    low = experiment("fig2").compare(mse_records(both) + mse_records({(1, 0.01): 0.4}, decay=0.1))
    assert low[-1].verdict is Verdict.UNDECIDED


def test_runs_that_diverged_are_left_out_or_undecided():
    records = mse_records({(1, 0.1): 0.8, (3, 0.1): 0.2})
    records[0]["train_mse"] = None
    assert {o.verdict for o in experiment("fig9").compare(records)} == {Verdict.CONSISTENT}
    for record in records:
        record["train_mse"] = None
    assert {o.verdict for o in experiment("fig9").compare(records)} == {Verdict.UNDECIDED}
    assert experiment("fig9").draw(records, "nothing").axes


def test_a_training_that_diverges_is_recorded_and_drawn():
    own = {"dim": 2, "n": 16, "width": 8, "seed": 0, "eta": 1.9, "steps": 60}
    setting = neuron_cell(own | {"clip": None, "sigma": 1e6})
    (record,) = run_neuron_cell(setting)
    assert record["diverged_at"] is not None
    lost = {**setting, **decode_records(encode_records([record]))[0]}
    rows = experiment("fig7").rows([lost])
    assert np.isnan(rows[0]["train_mse"])
    (outcome,) = experiment("fig7").compare([lost])
    assert outcome.verdict is Verdict.UNDECIDED
    assert experiment("fig7").draw([lost], "nothing").axes


@pytest.mark.slow
@pytest.mark.usefixtures("tiny")
def test_the_command_draws_compares_and_resumes(tmp_path, capsys):
    out, report = tmp_path / "out", tmp_path / "report.json"
    arguments = ["fig9", "fig13", "fig14", "--folder", str(out), "--jobs", "1", "--json", str(report)]
    assert main(arguments) in (0, 3)
    text = capsys.readouterr().out
    assert "REFUTED" not in text
    names = {path.name for path in out.iterdir()}
    for name in ("fig9", "fig13", "fig14"):
        assert {f"{name}-small.png", f"{name}-small.csv"} <= names
        assert (out / f"{name}-small.png").read_bytes().startswith(b"\x89PNG")
    content = json.loads(report.read_text())
    assert content["fig9"]["in the store before"] == 0
    # Fig. 14 needs the runs without decay of Fig. 13 in dimensions 1 and 2: they are not trained again.
    assert content["fig14"]["in the store before"] == content["fig14"]["cells"] // 2
    with (out / "fig9-small.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert {(int(r["dim"]), int(r["n"])) for r in rows} == {(d, n) for d in (1, 2, 3) for n in (8, 16, 32)}
    mine = [r for r in rows if r["dim"] == "2" and r["eta"] == "0.1"]
    medians = [np.median([float(r["train_mse"]) for r in mine if r["n"] == n]) for n in ("8", "16", "32")]
    slope = -np.polyfit(np.log([8, 16, 32]), np.log(medians), 1)[0]
    assert float(mine[0]["exponent"]) == pytest.approx(slope, abs=1e-9)
    before = {path.name: path.read_bytes() for path in out.glob("*.csv")}
    main(arguments)
    again = json.loads(report.read_text())
    assert again["fig9"]["in the store before"] == again["fig9"]["cells"]
    assert again["outcomes"] == content["outcomes"]
    assert {path.name: path.read_bytes() for path in out.glob("*.csv")} == before
    cells = read_store(out / "store.db")
    assert records_of(experiment("fig9").sweep(SMALL), by_setting(cells)) is not None
    assert records_of(experiment("fig9").sweep(Inputs(Scale.SMALL, 1)), by_setting(cells)) is None


@pytest.mark.usefixtures("tiny")
def test_a_training_that_fails_leaves_no_figure(tmp_path, capsys, monkeypatch):
    def broken(*_, **__):
        raise MemoryError("no memory")

    monkeypatch.setattr("verify.shattering.cells.train", broken)
    assert main(["fig7", "--folder", str(tmp_path / "out"), "--jobs", "1"]) == 3
    assert "3 of 3 trainings failed" in capsys.readouterr().out
    assert not list((tmp_path / "out").glob("*.png"))


@pytest.mark.usefixtures("tiny")
def test_a_store_of_other_code_is_refused_before_any_training(tmp_path, monkeypatch):
    store = tmp_path / "store.db"
    with Store(store) as open_store:
        open_store.commit("neurons", "0123456789abcdef", {"n": 32}, "[]", 0.1, "")
    before = store.read_bytes()
    monkeypatch.setattr("verify.figures.study.run_figure", lambda *_: pytest.fail("a training was started"))
    with pytest.raises(ValueError, match="cells of one version of the code"):
        main(["fig9", "fig7", "--store", str(store), "--folder", str(tmp_path / "out")])
    assert store.read_bytes() == before


def test_dry_run_writes_nothing(tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["fig5", "fig14", "--size", "paper", "--dry-run", "--folder", str(out)]) == 0
    text = capsys.readouterr().out
    assert all(f"{name}: " in text for name in ("fig5", "fig14"))
    assert "on one core" in text
    assert not out.exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["fig1"], "FIGURE must be of fig2, .*got 'fig1'"),
        (["all", "fig99"], "got 'fig99'"),
        (["fig3", "--size", "huge"], "--size must be one of small, paper"),
        (["fig3", "--seed", "-1"], "--seed must be an integer from 0"),
        (["fig3", "--device", "tpu"], "--device must be one of auto, cpu, cuda"),
        (["fig3", "--image", "gif"], "--image must be one of png, svg, pdf"),
        (["fig3", "--jobs", "0"], "--jobs must be an integer from 1"),
        (["fig3", "--folder", "no/such/folder"], "--folder must be a folder in an existing one"),
        (["fig3", "--json", "no/such/report.json"], "--json must lie in an existing folder"),
    ],
)
def test_bad_input_is_refused_before_any_training(arguments, words, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("verify.figures.study.run_figure", lambda *_: pytest.fail("a training was started"))
    with pytest.raises(ValueError, match=words):
        main(arguments)
    assert not list(Path(tmp_path).iterdir())
