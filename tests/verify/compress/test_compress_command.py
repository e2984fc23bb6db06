"""The command: a network and a table in, a smaller network out."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from constructions.network import Network, read_arrays
from verify.compress.__main__ import main
from verify.compress.network import VectorNetwork


@pytest.fixture
def files(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    np.savez(
        tmp_path / "net.npz",
        W=rng.normal(size=(90, 2)),
        b=rng.normal(size=90) / 4,
        v=rng.normal(size=(90, 3)),
        beta=np.ones(3),
    )
    rows = [",".join(map(repr, map(float, row))) for row in rng.normal(size=(8, 3))]
    (tmp_path / "data.csv").write_text("\n".join(["a,b,y", *rows]) + "\n")
    return tmp_path


def test_the_smaller_network_is_saved_and_has_the_same_outputs(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small = files / "small.npz"
    arguments = [str(files / "net.npz"), "--data", str(files / "data.csv"), "--save", str(small), "--json", "-"]
    assert main(arguments) == 0
    report = json.loads(capsys.readouterr().out)
    assert [o["verdict"] for o in report["outcomes"]] == ["proved"] * 3
    assert report["compressed"]["neurons"] == 24
    X = np.loadtxt(files / "data.csv", delimiter=",", skiprows=1)[:, :2]
    networks = [VectorNetwork.of(read_arrays("FILE", path)) for path in (files / "net.npz", small)]
    assert len(networks[1].W) == 24
    assert (
        np.abs(networks[0](X) - networks[1](X)).max() <= report["compressed"]["largest difference of outputs"] < 1e-10
    )


def test_one_output_reads_as_a_network(files: Path) -> None:
    rng = np.random.default_rng(1)
    Network(rng.normal(size=(50, 2)), np.zeros(50), rng.normal(size=50), 0.5).save(files / "net.npz")
    assert main([str(files / "net.npz"), "--data", str(files / "data.csv"), "--save", str(files / "small.npz")]) == 0
    assert Network.load(files / "small.npz").width == 8


def test_where_rounding_decides_nothing_is_refuted(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [str(files / "net.npz"), "--data", str(files / "data.csv"), "--tol", "1e-15"]
    assert main(arguments) == 0
    text = capsys.readouterr().out
    assert "not applicable" in text
    assert "raise tol" in text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (["--drop", "b"], "--data must have the 2 feature.s. of MODEL, got 1"),
        (["--target", "z"], "--target z must name a column"),
    ],
)
def test_what_does_not_fit_is_refused(files: Path, change: list[str], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        main([str(files / "net.npz"), "--data", str(files / "data.csv"), *change])
