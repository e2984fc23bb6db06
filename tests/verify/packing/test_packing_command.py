"""The packing command end to end: exit codes, JSON, arrays, bad input, interruption."""

import json
import os
import signal
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path

import click
import numpy as np
import pytest

from constructions.codes import FAMILIES
from verify.packing.__main__ import main
from verify.packing.checks import CHECKS

ROOT = Path(__file__).parents[3]


def report(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, object]]:
    code = main([*arguments, "--json", "-"])
    return code, json.loads(capsys.readouterr().out)


def outcomes(content: dict[str, object], check: str) -> list[dict[str, object]]:
    return [o for o in content["outcomes"] if o["check"] == check]  # type: ignore[attr-defined]


@pytest.mark.parametrize("dim", ["2", "3", "5", "8", "12", "20", "24", "40"])
def test_every_dimension_runs(dim: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, content = report(capsys, "--dim", dim, "--n", "2000", "--no-scaling")
    assert code in (0, 3)
    assert content["packing"]["dim"] == int(dim)  # type: ignore[index]
    assert content["packing"]["size"] >= 2 * int(dim)  # type: ignore[index]
    assert outcomes(content, "disjoint caps")[0]["verdict"] == "proved"
    ran = {o["check"] for o in content["outcomes"]}  # type: ignore[attr-defined]
    assert ran == set(CHECKS) - {"scaling"}


def test_auto_finds_the_root_system_in_dimension_12(capsys: pytest.CaptureFixture[str]) -> None:
    _, content = report(capsys, "--dim", "12", "--height", "0.1339", "--n", "500", "--no-scaling")
    assert content["packing"]["size"] >= 264  # type: ignore[index]
    assert content["packing"]["max_inner_product"] <= 0.5 + 1e-12  # type: ignore[index]


@pytest.mark.parametrize(
    ("code", "dim", "height"),
    [("orthoplex", "9", "0.29"), ("roots", "6", "0.13"), ("greedy", "4", "0.1"), ("simplex", "5", "0.2")],
)
def test_named_codes(code: str, dim: str, height: str, capsys: pytest.CaptureFixture[str]) -> None:
    exit_code, content = report(capsys, "--dim", dim, "--code", code, "--height", height, "--n", "400", "--no-scaling")
    assert exit_code in (0, 3)
    assert code in content["packing"]["family"] or code == "roots"  # type: ignore[index]


def test_same_seed_same_json(capsys: pytest.CaptureFixture[str]) -> None:
    texts = []
    for _ in range(2):
        main(["--dim", "4", "--n", "900", "--seed", "7", "--no-scaling", "--json", "-"])
        lines = capsys.readouterr().out
        texts.append(lines[: lines.index('"timing"')])
    assert texts[0] == texts[1]
    main(["--dim", "4", "--n", "900", "--seed", "8", "--no-scaling", "--json", "-"])
    assert capsys.readouterr().out[: len(texts[0])] != texts[0]


def test_saved_arrays_recheck_with_plain_numpy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, figure, text = tmp_path / "p.npz", tmp_path / "p.svg", tmp_path / "p.json"
    arguments = ["--dim", "3", "--n", "3000", "--no-scaling", "--eta", "0.1"]
    main([*arguments, "--save", str(path), "--plot", str(figure), "--json", str(text)])
    capsys.readouterr()
    assert figure.read_text().startswith("<?xml")
    content = json.loads(text.read_text())
    with np.load(path, allow_pickle=False) as saved:
        arrays = dict(saved)
    assert set(arrays) == {"centres", "height", "signs", "amplitude", "W", "b", "v", "beta", "X", "y"}
    centres, h = arrays["centres"], float(arrays["height"])
    gram = centres @ centres.T - 2 * np.eye(len(centres))
    assert gram.max() <= 2 * (1 - h) ** 2 - 1 + 1e-12
    depth = np.maximum(arrays["X"] @ centres.T - (1 - h), 0) / h
    f = float(arrays["amplitude"]) * depth @ arrays["signs"]
    network = np.maximum(arrays["X"] @ arrays["W"].T - arrays["b"], 0) @ arrays["v"] + arrays["beta"]
    assert np.allclose(f, network, rtol=0, atol=1e-12)
    # The dense Gauss-Newton part and residual part, written out.
    n, K = len(f), len(arrays["v"])
    Z = np.column_stack([arrays["X"], -np.ones(n)])
    active = (arrays["X"] @ arrays["W"].T - arrays["b"] > 0).astype(float)
    jacobian = np.concatenate(
        [
            (active * arrays["v"])[:, :, None] * Z[:, None, :],
            (active * (Z @ np.column_stack([arrays["W"], arrays["b"]]).T))[:, :, None],
        ],
        axis=2,
    ).reshape(n, -1)
    jacobian = np.column_stack([jacobian, np.ones(n)])
    hessian = jacobian.T @ jacobian / n
    c = -(active * (arrays["y"] - network)[:, None]).T @ Z / n
    width = Z.shape[1] + 1
    for k in range(K):
        rows = slice(k * width, k * width + width - 1)
        hessian[rows, k * width + width - 1] += c[k]
        hessian[k * width + width - 1, rows] += c[k]
    largest = float(np.linalg.eigvalsh(hessian)[-1])
    flat = next(
        o for o in content["outcomes"] if o["check"] == "flatness" and o["evidence"].get("balance") == "|v_k| = |w_k|"
    )
    assert flat["measured"]["lower"] <= largest * (1 + 1e-10)
    assert largest <= flat["measured"]["upper"] * (1 + 1e-10)


@pytest.mark.slow
def test_scaling_in_the_power_law_range(capsys: pytest.CaptureFixture[str]) -> None:
    code, content = report(capsys, "--dim", "2", "--n", "500")
    assert code in (0, 3)
    rows = outcomes(content, "scaling")
    assert len(rows) == 5
    assert all(row["verdict"] in ("consistent", "undecided") for row in rows)
    assert [row["bound"] for row in rows] == pytest.approx([1 / 3, -1, -5 / 3, -2 / 3, -2 / 3])
    n = rows[0]["evidence"]["n"]  # type: ignore[index]
    assert len(n) >= 6
    assert n[-1] / n[0] >= 1000
    assert all(abs(row["evidence"]["slope"] - row["bound"]) < 0.02 for row in rows)  # type: ignore[index]


BAD = [
    (["--dim", "0"], "dim"),
    (["--dim", "4", "--atoms", "packet"], "packets are built for dim <= 3"),
    (["--atoms", "tent"], "--atoms must be one of cap, hat, ridge, packet"),
    (["--weight", "mine"], "--weight must be one of canonical, population, empirical"),
    (["--dim", "7", "--code", "e8"], "D4, E6, E7 and E8 are roots"),
    (["--dim", "7", "--code", "leech"], "possible there: auto, simplex"),
    (["--dim", "8", "--height", "0.134", "--caps", "241"], "caps must be at most 240"),
    (["--dim", "2.5"], "dim"),
    (["--dim", "x"], "dim"),
    (["--n", "nan"], "n must be a number"),
    (["--n", "2.5"], "n must be an integer"),
    (["--noise", "-1"], "--sigma must be a number from 1e-100 to 1e100"),
    (["--eta", "2"], "eta"),
    (["--eta", "0"], "eta"),
    (["--height", "0"], "height"),
    (["--height", "1.01"], "height"),
    (["--height", "0.1", "--epsilon", "0.1"], "pass one of them"),
    (["--code", "e9"], "--code must be one of"),
    (["--dim", "7", "--code", "polygon", "--height", "0.1"], "polygon exists in d = 2 only"),
    (["--dim", "3", "--code", "roots", "--height", "0.4"], "60"),
    (["--seed", "-1"], "seed"),
    (["--device", "tpu"], "device"),
    (["--json", "/nonexistent-folder/x.json"], "--json"),
    (["--plot", "figure.txt"], "--plot"),
]


@pytest.mark.parametrize(
    ("arguments", "message"), BAD, ids=lambda value: " ".join(value) if isinstance(value, list) else ""
)
def test_bad_input_raises_before_any_work(arguments: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        main(arguments)


@pytest.mark.slow
def test_the_process_says_one_line_and_exits_with_2(tmp_path: Path) -> None:
    for arguments in (["--eta", "2"], ["--no-such-option"]):
        done = subprocess.run(
            [sys.executable, "-m", "verify.packing", *arguments], capture_output=True, text=True, cwd=ROOT, check=False
        )
        assert done.returncode == 2
        assert done.stdout == ""
        assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.slow
def test_interruption_exits_with_130_and_leaves_files_alone(tmp_path: Path) -> None:
    target = tmp_path / "report.json"
    target.write_text("old")
    process = subprocess.Popen(
        [sys.executable, "-m", "verify.packing", "--dim", "5", "--n", "300000", "--json", str(target)],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    process.stderr.readline()  # the first progress line: the work has begun
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted" in errors
    assert "Traceback" not in errors
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["report.json"]


def test_every_family_is_offered() -> None:
    with pytest.raises(ValueError, match="--code must be one of") as caught:
        main(["--code", "e9"])
    assert all(family.name in str(caught.value) for family in FAMILIES)


def test_the_old_name_of_the_weight_is_refused_with_the_new_one() -> None:
    with pytest.raises(click.UsageError, match="--target is now --weight"):
        main(["--target", "canonical"])


@pytest.mark.gpu
def test_cuda_gives_the_same_verdicts(capsys: pytest.CaptureFixture[str]) -> None:
    import torch

    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    results = []
    for device in ("cpu", "cuda"):
        _, content = report(capsys, "--dim", "4", "--n", "2000", "--no-scaling", "--device", device)
        results.append([(o["check"], o["verdict"]) for o in content["outcomes"]])  # type: ignore[attr-defined]
    assert results[0] == results[1]


def test_default_height_is_critical_or_that_of_the_orthoplex() -> None:
    from verify.packing.artefact import build_packing, critical_height
    from verify.packing.setting import PackingSetting

    packing, reason = build_packing(PackingSetting.parse(12, 65536))
    assert reason == "critical for n"
    assert packing.height == critical_height(12, 65536)
    # (U_d n)^(-2/(d+1)) typed anew, U_12 = c_1 2^(13/2)/13, c_1 = 6!/(sqrt(pi) Gamma(13/2)).
    from math import gamma, pi, sqrt

    constant = gamma(7) / (sqrt(pi) * gamma(6.5)) * 2**6.5 / 13
    assert float(packing.height) == pytest.approx((constant * 65536) ** (-2 / 13), rel=1e-10)
    wide, reason = build_packing(PackingSetting.parse(40, 100))
    assert wide.size == 80
    assert "the largest for 80 caps" in reason
    assert wide.height < Fraction(29289322, 10**8)
