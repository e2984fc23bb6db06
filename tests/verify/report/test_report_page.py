"""The page that is collected from a store."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from verify.figures import Inputs, Scale, experiment, mse, neurons
from verify.rates.lines import lines_of
from verify.report.__main__ import main
from verify.report.page import Heading, Image, Table, Text, to_html, to_markdown
from verify.sweep import Store, Sweep, grid, run_sweep

ROOT = Path(__file__).parents[3]
CELL_VERSION = 1


def square(setting: dict[str, int]) -> list[dict[str, int]]:
    return [{"square": setting["x"] ** 2}]


class Tags(HTMLParser):
    """Checks that every tag is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def well_formed(text: str) -> None:
    tags = Tags()
    tags.feed(text)
    assert not tags.open


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """All cells of Fig. 7 at the small scale, two of three at the paper's, and another sweep."""
    monkeypatch.setitem(neurons._STEPS, "fig7", {Scale.SMALL: 20, Scale.PAPER: 30})
    path = tmp_path / "cells.db"
    run_sweep(experiment("fig7").sweep(Inputs(Scale.SMALL)), path, jobs=1)
    whole = experiment("fig7").sweep(Inputs(Scale.PAPER))
    run_sweep(replace(whole, cells=whole.cells[:2]), path, jobs=1)
    run_sweep(Sweep("squares", grid({"x": list(range(30))}), square), path, jobs=1)
    return path


def test_the_page_of_a_store(store, tmp_path, capsys):
    out = tmp_path / "page"
    assert main([str(store), "--folder", str(out)]) == 0
    assert "35 finished cells" in capsys.readouterr().out
    markdown, page = (out / "report.md").read_text(), (out / "report.html").read_text()
    well_formed(page)
    assert "### Fig. 7" in markdown
    assert "![Fig. 7, small scale, seed 0](fig7-small.png)" in markdown
    assert (out / "fig7-small.csv").exists()
    assert "data:image/png;base64,iVBOR" in page
    # What is under way is listed, not drawn; other sweeps are shown as they are.
    assert "| fig7 | paper | 0 | 2 of 3 |" in markdown
    assert not (out / "fig7-paper.png").exists()
    assert "## Sweep squares" in markdown
    assert "The first 20 of 30 records" in markdown
    first = (out / "report.html").read_bytes()
    main([str(store), "--folder", str(out)])
    assert (out / "report.html").read_bytes() == first


def test_the_command_is_verify_report(store, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "verify.report", str(store), "--folder", str(tmp_path / "out")],
        capture_output=True, text=True, cwd=ROOT, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    wrong = subprocess.run(
        [sys.executable, "-m", "verify.report", str(tmp_path / "none.db")],
        capture_output=True, text=True, cwd=ROOT, check=False,
    )  # fmt: skip
    assert wrong.returncode == 2
    assert wrong.stderr.startswith("python -m verify.report: error: store must be an existing file")
    assert wrong.stderr.count("\n") == 1


def test_an_empty_store_and_a_damaged_one(tmp_path):
    empty, damaged = tmp_path / "empty.db", tmp_path / "damaged.db"
    Store(empty).close()
    assert main([str(empty), "--folder", str(tmp_path / "out")]) == 0
    assert "no finished cell" in (tmp_path / "out" / "report.md").read_text()
    damaged.write_bytes(b"not a store")
    with pytest.raises(ValueError, match="damaged file"):
        main([str(damaged), "--folder", str(tmp_path / "other")])
    assert damaged.read_bytes() == b"not a store"
    assert not (tmp_path / "other").exists()


def test_cells_of_another_version_are_named(tmp_path, store):
    main([str(store), "--folder", str(tmp_path / "out")])
    assert "this package computes" not in (tmp_path / "out" / "report.md").read_text()
    with Store(tmp_path / "old.db") as old:
        old.commit("neurons", "0123456789abcdef", {"n": 8}, "[]", 0.1, "")
    main([str(tmp_path / "old.db"), "--folder", str(tmp_path / "out")])
    words = "The cells of neurons are of version 0123456789abcdef; this package computes 1."
    assert words in (tmp_path / "out" / "report.md").read_text()


def test_text_is_shown_as_it_is(tmp_path):
    picture = tmp_path / "a.png"
    picture.write_bytes(b"\x89PNG")
    page = [Heading(1, "a < b"), Text("x_1 & <script>"), Table(["a|b"], [["1e-3"], ["*n*"]]), Image(picture, 'q"')]
    text = to_html(page, "<title>")
    well_formed(text)
    assert "<script>" not in text
    assert "&lt;title&gt;" in text
    assert '<td class="number">1e-3</td>' in text
    markdown = to_markdown(page, tmp_path)
    assert "| a\\|b |" in markdown
    assert "x\\_1 & \\<script\\>" in markdown


def test_a_page_of_rates_has_their_exponents(tmp_path, monkeypatch):
    monkeypatch.setattr(mse, "_SIZES", {scale: (8, 16) for scale in Scale})
    monkeypatch.setattr(mse, "_TIME", {scale: 4 for scale in Scale})
    path = tmp_path / "rates.db"
    result = run_sweep(experiment("fig10").sweep(Inputs(Scale.SMALL)), path, jobs=1)
    out = tmp_path / "out"
    main([str(path), "--folder", str(out)])
    markdown = (out / "report.md").read_text()
    assert "## Fitted exponents" in markdown
    line = lines_of(result.records)[0]
    assert f"{line.exponent:.6g}" in markdown
