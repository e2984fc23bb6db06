"""The command: verdicts, exit codes, JSON and one-line errors."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from constructions.network import Network
from verify.hessian import sharpness
from verify.sharpness.__main__ import main

ROOT = Path(__file__).parents[3]


@pytest.fixture
def saved(tmp_path):
    rng = np.random.default_rng(0)
    net = Network(rng.standard_normal((6, 2)), rng.standard_normal(6), rng.standard_normal(6), 0.25)
    X, y = rng.standard_normal((15, 2)), rng.standard_normal(15)
    path = tmp_path / "net.npz"
    np.savez(path, W=net.W, b=net.b, v=net.v, beta=np.float64(net.beta), X=X, y=y)
    return path, sharpness(net, X, y)


@pytest.mark.parametrize(("factor", "code", "verdict"), [(1.001, 1, "does not hold"), (0.999, 0, "proved")])
def test_the_verdict_turns_at_the_enclosure(saved, capsys, factor, code, verdict):
    path, found = saved
    assert main([str(path), "--eta", repr(2 / found.value * factor), "--json", "-"]) == code
    outcome = json.loads(capsys.readouterr().out)["outcomes"][0]
    assert outcome["verdict"] == verdict
    assert outcome["measured"]["lower"] == found.lower
    assert outcome["measured"]["upper"] == found.upper


def test_a_probabilistic_bound_is_never_called_proved(saved, capsys):
    path, found = saved
    assert main([str(path), "--eta", repr(0.01 / found.value), "--certificate", "probabilistic", "--json", "-"]) == 0
    outcome = json.loads(capsys.readouterr().out)["outcomes"][0]
    assert outcome["verdict"] == "consistent"
    assert outcome["evidence"]["failure_probability"] == 1e-12


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (["--eta", "2"], "--eta"),
        (["--eta", "x"], "--eta"),
        (["--tol", "0"], "tol"),
        (["--seed", "1.5"], "--seed"),
        (["--certificate", "magic"], "certificate"),
        (["--device", "moon"], "device"),
        (["--json", "/nowhere/report.json"], "--json"),
    ],
)
def test_bad_options_are_named(saved, change, word):
    with pytest.raises(ValueError, match=word):
        main([str(saved[0]), *change])


def test_bad_files_are_named(tmp_path):
    with pytest.raises(ValueError, match=r"FILE\.npz"):
        main([str(tmp_path / "missing.npz")])
    (tmp_path / "text.npz").write_text("text")
    with pytest.raises(ValueError, match=r"FILE\.npz"):
        main([str(tmp_path / "text.npz")])
    np.savez(tmp_path / "half.npz", W=np.ones((1, 1)))
    with pytest.raises(ValueError, match="lacks b, v, beta, X, y"):
        main([str(tmp_path / "half.npz")])


@pytest.mark.slow
def test_in_a_process_errors_are_one_line(tmp_path):
    command = [sys.executable, "-m", "verify.sharpness", str(tmp_path / "missing.npz")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr
