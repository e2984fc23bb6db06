"""The whole answer: verdicts, evidence, notes, and the command."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from data_sets import DATA_SETS

from constructions.data import uniform_ball
from verify.hessian import sharpness
from verify.outcome import Trust
from verify.sharpness.__main__ import main as sharpness_main
from verify.shatterability.__main__ import main
from verify.shatterability.job import Protection, leverages, shatterability
from verify.shatterability.render import json_text, numbers

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def plane() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return uniform_ball(40, 2, rng), rng.uniform(-1, 1, 40)


def save(path: Path, X: np.ndarray, y: np.ndarray) -> str:
    header = ",".join([*(f"c{i}" for i in range(X.shape[1])), "y"])
    np.savetxt(path, np.column_stack([X, y]), delimiter=",", header=header, comments="", fmt="%.17g")
    return str(path)


def test_the_verdict_turns_at_the_edge(plane) -> None:
    X, y = plane
    first = shatterability(X, y, 0.5)
    edge = first.edge
    assert edge is not None
    below, above = shatterability(X, y, 0.999 * edge.eta_ok), shatterability(X, y, 1.001 * edge.eta_max)
    assert below.protection is Protection.NOT_PROTECTED
    assert "an explicit interpolant has lambda_max" in below.verdict
    assert above.protection is Protection.PROTECTED
    assert f"above eta = {edge.eta_max:.3g}" in above.verdict
    assert below.evidence is above.evidence is Trust.PROVED
    assert below.capacity.value <= 2 / below.eta
    assert shatterability(X, y, 2.5).protection is Protection.PROTECTED


@pytest.mark.slow
def test_every_number_says_how_far_it_can_be_trusted(plane) -> None:
    X, y = plane
    found = shatterability(X, y, 0.5, decay=0.01, bound=1.0, time_limit=20)
    kinds = {name: kind for name, _, kind, _ in numbers(found)}
    assert kinds.pop("threshold") is None
    assert all(isinstance(kind, Trust) for kind in kinds.values())
    assert kinds["decay 0.01"] is Trust.FLOAT_CERTIFIED
    searched = shatterability(X, y, 0.5, decay=0.01, time_limit=20, most_columns=0, most_nodes=2000)
    words = {name: (kind, meaning) for name, _, kind, meaning in numbers(searched)}
    assert words["decay 0.01"][0] is Trust.HEURISTIC
    assert words["decay 0.01"][1].endswith("no lower bound")
    assert kinds["lambda* lower"] is Trust.PROVED
    assert len(found.decay) == 4
    assert found.worst_labels >= found.solo.value


def test_undecided_between_the_bounds() -> None:
    X, y = DATA_SETS["ball-5"]()
    found = shatterability(X[:80], y[:80], 1.5, time_limit=10, most_nodes=2000)
    assert found.edge is not None
    if found.edge.lower <= 2 / 1.5 < found.edge.upper:
        assert found.protection is Protection.UNDECIDED
        assert "the edge lies in" in found.verdict
    assert any("too many hyperplanes" in note for note in found.notes) == (found.edge.method == "sampled hyperplanes")


def test_awkward_data_get_an_answer_and_a_note() -> None:
    rng = np.random.default_rng(0)
    X = uniform_ball(12, 2, rng)
    clash = shatterability(np.vstack([X, X[:1]]), np.arange(13.0), 0.5)
    assert clash.protection is Protection.PROTECTED
    assert clash.edge is None
    assert "rows 0 and 12 are equal with labels 0 and 12" in clash.verdict
    twice = shatterability(np.vstack([X, X[:1]]), np.append(np.arange(12.0), 0.0) / 12, 0.5)
    assert any("1 row(s) repeat" in note for note in twice.notes)
    padded = shatterability(np.column_stack([X, np.full(12, 0.3)]), np.arange(12.0) / 12, 0.5)
    assert any("feature(s) 'x2' are constant" in note for note in padded.notes)
    assert padded.edge is not None
    assert padded.edge.upper <= 1.02 * padded.edge.lower
    few = shatterability(uniform_ball(4, 6, rng), np.arange(4.0), 0.5)
    assert few.margins.extreme.all()
    assert any("4 points in dimension 6" in note for note in few.notes)
    large = shatterability(9 * X, np.arange(12.0) / 12, 0.5)
    assert any("norms reach" in note for note in large.notes)
    flat = shatterability(X, np.ones(12), 1.9)
    assert flat.protection is Protection.NOT_PROTECTED
    assert any("all labels are equal" in note for note in flat.notes)


@pytest.mark.parametrize("d", [3, 5])
def test_a_slow_machine_gives_the_same_answer(d, monkeypatch) -> None:
    """Work is counted, not timed: with a clock that runs faster nothing changes, until time runs out, and that is said."""
    rng = np.random.default_rng(1)
    X, y = uniform_ball(30, d, rng), rng.uniform(-1, 1, 30)

    def answer(seconds: float):
        """With a clock that goes on by so much whenever it is asked."""
        clock = itertools.count()
        monkeypatch.setattr("verify.shatterability.guard.time.monotonic", lambda: seconds * next(clock))
        return shatterability(X, y, 0.5, decay=0.03, most_columns=2000, most_nodes=2000)

    quick, slow, late = answer(1e-9), answer(1e-3), answer(1e3)
    assert json_text(quick, {}) == json_text(slow, {})
    assert not any("time ran out" in note for note in quick.notes)
    (said,) = [note for note in late.notes if "time ran out" in note]
    assert said.startswith(
        "time ran out for hull margins, depths, the edge, the trace edge, weight decay, the weight decay that halves the fit:"
    )
    assert late.edge.lower <= quick.edge.upper
    assert quick.edge.lower <= late.edge.upper
    assert (late.margins.lower <= quick.margins.upper).all()
    assert (late.depth.lower <= quick.depth.upper).all()


def test_leverages_are_the_diagonal_of_the_hat_matrix() -> None:
    X = np.random.default_rng(0).standard_normal((30, 4)) * [1, 1e6, 1e-6, 1]
    design = np.column_stack([np.ones(30), X / [1, 1e6, 1e-6, 1]])
    assert leverages(X) == pytest.approx(np.diag(design @ np.linalg.pinv(design)), abs=1e-10)
    assert leverages(X).sum() == pytest.approx(5)
    assert leverages(np.ones((4, 2))) == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"eta": 0.0}, "eta must be positive"),
        ({"decay": -1.0}, "decay must be positive"),
        ({"bound": 0.5}, r"bound must be at least every \|y_i\|"),
        ({"seed": -1}, "seed must be an integer from 0"),
        ({"time_limit": 0.0}, "time_limit must be positive"),
    ],
)
def test_bad_arguments(plane, change, message) -> None:
    X, y = plane
    y = y / np.abs(y).max()
    with pytest.raises(ValueError, match=message):
        shatterability(X, y, **{"eta": 0.5, **change})


@pytest.mark.slow
def test_the_command_writes_what_the_sharpness_command_confirms(plane, tmp_path, capsys) -> None:
    X, y = plane
    file = save(tmp_path / "t.csv", X, y)
    saved, drawn, report = (str(tmp_path / name) for name in ("n.npz", "f.svg", "r.json"))
    code = main([file, "--eta", "0.001", "--save", saved, "--plot", drawn, "--json", report, "--wd", "0.01"])
    out = capsys.readouterr().out
    assert code == 0
    assert "not protected at eta = 0.001" in out
    assert "most exposed points" in out
    assert Path(drawn).stat().st_size > 10_000
    content = json.loads(Path(report).read_text())
    upper = next(row["value"] for row in content["numbers"] if row["name"] == "lambda* upper")
    assert content["verdict"]["evidence"] == "proved"
    assert len(content["exposed"]) == 12
    assert [p["decay"] for p in content["decay"]] == pytest.approx([0.3, 0.1, 0.03, 0.01])
    assert sharpness_main([saved, "--eta", repr(2 / (upper * 1.001))]) == 0
    assert "proved" in capsys.readouterr().out
    with np.load(saved) as arrays:
        assert (arrays["X"] == X).all()
        assert arrays["depth_upper"].shape == y.shape
        from constructions.network import Network

        network = Network(arrays["W"], arrays["b"], arrays["v"], float(arrays["beta"]))
        assert sharpness(network, X, y).upper <= upper * (1 + 1e-9)


def test_the_command_goes_on_from_a_checkpoint(plane, tmp_path, capsys) -> None:
    X, y = plane
    file, kept = save(tmp_path / "t.csv", X, y), tmp_path / "c.npz"
    options = [file, "--checkpoint", str(kept)]
    assert main(options) == main(options) == 0
    assert kept.exists()
    with pytest.raises(ValueError, match="must belong to the same points"):
        main([*options, "--scale", "standardise"])


def test_exit_codes_and_scales(plane, tmp_path, capsys) -> None:
    X, y = plane
    file = save(tmp_path / "t.csv", 5 * X + 3, y)
    assert main([file, "--eta", "1.9", "--scale", "unit-ball", "--json", "-"]) == 0
    content = json.loads(capsys.readouterr().out)
    assert content["verdict"]["protection"] == "protected"
    assert content["setting"]["scale"] == "unit-ball"
    X5, y5 = DATA_SETS["ball-5"]()
    file = save(tmp_path / "u.csv", X5[:60], y5[:60])
    assert main([file, "--eta", "1.7", "--nodes", "0"]) == 3
    assert "undecided at eta = 1.7" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--target", "z"], "--target z must name a column"),
        (["--eta", "x"], "--eta"),
        (["--eta", "-1"], "--eta must be a positive number"),
        (["--scale", "sphere"], "--features must be one of as-is, unit-ball, standardise"),
        (["--seed", "1.5"], "--seed must be an integer from 0"),
        (["--bound", "0.001"], "bound must be at least"),
        (["--plot", "x.bmp"], "--plot must end in"),
        (["--save", "/nowhere/x.npz"], "--save must lie in an existing folder"),
    ],
)
def test_bad_options_are_one_line(plane, tmp_path, options, message) -> None:
    file = save(tmp_path / "t.csv", *plane)
    with pytest.raises(ValueError, match=message):
        main([file, *options])


def test_errors_of_the_command_line_are_one_line(tmp_path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "verify.shatterability", str(tmp_path / "none.csv")],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "must be an existing file" in done.stderr


def test_the_report_comes_before_a_save_that_can_not_be(tmp_path, capsys) -> None:
    file = save(tmp_path / "t.csv", np.array([[0.0], [1.0], [0.0]]), np.arange(3.0))
    with pytest.raises(ValueError, match="--save needs an interpolating network"):
        main([file, "--save", str(tmp_path / "n.npz")])
    assert "no function interpolates the data" in capsys.readouterr().out
    assert not (tmp_path / "n.npz").exists()
