"""The command: a trained network and its table in, both bounds for its outputs out."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from constructions.data import uniform_ball
from verify.gap.__main__ import main
from verify.hessian.sgd import gram_matrix
from verify.shatterability.edge import memorisation_edge
from verify.shatterability.trace_edge import trace_edge


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A flat interpolant, stretched by a factor of 4, and its table."""
    folder = tmp_path_factory.mktemp("gap")
    rng = np.random.default_rng(0)
    X, y = uniform_ball(14, 2, rng), rng.choice([-1.0, 1.0], 14)
    network = memorisation_edge(X, y).network
    network = network.rescale(np.full(network.width, 2.0))
    network.save(folder / "net.npz")
    rows = [",".join(map(repr, map(float, row))) for row in np.column_stack([X, y])]
    (folder / "data.csv").write_text("\n".join(["a,b,y", *rows]) + "\n")
    return folder, network, X, y


def test_both_edges_of_the_outputs(files, capsys):
    folder, network, X, y = files
    assert main([str(folder / "net.npz"), str(folder / "data.csv"), "--eta", "0.1", "--json", "-"]) == 0
    report = json.loads(capsys.readouterr().out)
    sharp, trace = report["lambda_max"], report["trace"]
    assert sharp["least with its outputs"]["lower"] <= memorisation_edge(X, y).upper < sharp["of the network"]["lower"]
    assert sharp["gap"] > 0.1
    assert trace["least with its outputs"]["lower"] <= trace_edge(X, y).upper * (1 + 1e-6)
    assert trace["of the network"] == pytest.approx(np.trace(gram_matrix(network, X)) / len(y), rel=1e-9)
    assert [outcome["verdict"] for outcome in report["outcomes"]] == ["proved", "consistent", "consistent"]


def test_text_and_exit_code(files, capsys):
    folder, *_ = files
    assert main([str(folder / "net.npz"), str(folder / "data.csv"), "--eta", "1.9"]) == 1
    said = capsys.readouterr().out
    assert "does not hold" in said
    assert "the trace is at least tr*(f(X))" in said


@pytest.mark.parametrize(
    ("model", "data", "words"),
    [
        ("data.csv", "data.csv", "MODEL must be a file written with numpy.savez"),
        ("none.npz", "data.csv", "MODEL must be a file"),
        ("short.npz", "data.csv", "MODEL must hold W, b, v and beta; "),
        (
            "net.npz",
            "wide.csv",
            "FILE must have the 2 feature(s) of MODEL, got 3: a, b, c; leave others out with --drop",
        ),
    ],
)
def test_files_that_do_not_fit_are_named(files, model, data, words):
    folder, *_ = files
    np.savez(folder / "short.npz", W=np.eye(2))
    (folder / "wide.csv").write_text("a,b,c,y\n1.5,2,3,1\n2.5,1,7,0\n0.5,3,2,1\n")
    with pytest.raises(ValueError, match=re.escape(words)) as error:
        main([str(folder / model), str(folder / data)])
    assert "pickle" not in str(error.value)
