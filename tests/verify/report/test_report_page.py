"""The page that is collected from a store."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from verify.figures import Inputs, Scale, experiment, mse, neurons
from verify.rates.lines import lines_of
from verify.report import study
from verify.report.__main__ import main
from verify.report.page import Heading, Image, table, to_html, to_markdown
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


@pytest.mark.slow
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


CRAFTED = (
    "[a](javascript:alert(1))",
    "![x](http://example.org/x.png)",
    "<img src=x onerror=alert(1)>",
    "<https://example.org>",
    "https://example.org www.example.org",
    "a | b || c",
    "`code` ```",
    "*n* __b__ ~~s~~ $x$",
    "&lt;script&gt; &#106;",
    "[id]: http://example.org",
    "\\[a\\](b) \\\\",
    "two\nlines | of\n\n# text",
    "é ∂ 中",
)


ELEMENTS = {"h1", "p", "table", "thead", "tbody", "tr", "th", "td", "img"}


class Shown(HTMLParser):
    """The text of a page, and the elements and addresses in it."""

    def __init__(self) -> None:
        super().__init__()
        self.text, self.tags = "", set()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        for name, value in attrs:
            assert name in ("lang", "charset", "style", "scope", "alt", "src")
            assert name != "src" or value.startswith("data:image/png;base64,")

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize("words", CRAFTED)
def test_crafted_text_comes_out_as_plain_text(words, tmp_path):
    picture = tmp_path / "a.png"
    picture.write_bytes(b"\x89PNG")
    page = [
        Heading(1, words),
        f"A store of {words}",
        table([words, "n"], [[words, "1e-3"], [words, "-"]]),
        Image(picture, words),
    ]
    text = to_html(page, words)
    well_formed(text)
    shown = Shown()
    shown.feed(text)
    assert shown.tags <= {"html", "head", "meta", "title", "style", "body", *ELEMENTS}
    assert shown.text.count(words) == 6  # title, heading, paragraph, head and two cells
    markdown = MarkdownIt("gfm-like", {"html": True, "linkify": False}).enable("table")
    shown = Shown()
    source = to_markdown(page)
    rendered = markdown.render(source).replace('src="a.png"', 'src="data:image/png;base64,"')
    shown.feed(rendered)
    assert shown.tags <= ELEMENTS
    line = " ".join(words.split())
    assert shown.text.count(line) == 5
    # Addresses that stand in a text by themselves are broken up, for readers that make links of them.
    assert not re.search(r"(?<!\\)://|www\.", source)
    assert rendered.count("<img") == 1


def test_columns_of_numbers_are_set_to_the_right():
    page = [table(["a", "b", "c"], [["1e-3", "x", "-"], ["-", "2", "7"]])]
    assert "|---:|---|---:|" in to_markdown(page)
    assert '<td style="text-align:right">1e-3</td>' in to_html(page, "numbers")


@pytest.mark.slow
def test_only_values_of_the_paper_stand_under_paper(store, tmp_path):
    out = tmp_path / "page"
    main([str(store), "--folder", str(out)])
    lines = (out / "report.md").read_text().splitlines()
    head = next(line for line in lines if line.startswith("| claim |"))
    assert head == "| claim | measured |  | compared with | paper | verdict |"
    rows = [line.split(" | ") for line in lines if "rank correlation of activation rate" in line]
    assert len(rows) == 3
    # That the correlation is negative is the paper's claim; 0 is no number of the paper.
    assert {(row[3], row[4]) for row in rows} == {("0", "-")}


def test_the_paper_reports_the_numbers_of_its_captions():
    found = {}
    for name in ("fig2", "fig10"):
        dims = {"fig2": (1, 2, 3, 4, 5), "fig10": (4, 5)}[name]
        records = [
            {"dim": dim, "eta": eta, "decay": decay, "n": n, "step": 10, "steps": 10, "train_mse": n**-0.1}
            for dim in dims
            for eta, decay in ((0.2, 0.0), (0.01, 0.1))
            for n in (32, 64)
            for _ in range(2)
        ]
        found[name] = [outcome.evidence.get("paper") for outcome in experiment(name).compare(records)]
    assert found["fig2"] == [0.1, None, 0.5, 0.5, 0.5, 0.5, 0.5]
    assert set(found["fig10"]) == {None}


def test_tolerances_stand_beside_the_comparison():
    trace = {"step": [1, 2], "lambda_max": [2.0, 2.2], "rates": [0.1, 0.1], "alive": [0.5, 0.5], "rare": [1.0, 1.0]}
    records = [
        {**trace, "eta": eta, "steps": 2, "train_mse": [error, error]} for eta, error in ((0.9, 1.2), (0.01, 0.078))
    ]
    rows = [study._row(outcome) for outcome in experiment("fig3").compare(records)]
    assert [row[3] for row in rows] == [
        "[1.77777, 2.77778]: edge-of-stability band about 2/eta",
        "0.9",
        "[0.905, 1.305]: the paper's 1.105, give or take 0.2",
        "0.110001",  # the float 0.11, rounded up
    ]
    assert rows[3][:3] == ["the same with decay 0.1, eta = 0.01: at most twice the paper's", "0.078", "<="]
    assert [row[4] for row in rows] == ["2.22222", "1", "1.105", "0.055"]


@pytest.mark.slow
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


def test_many_seeds_and_odd_ones_cost_little(tmp_path, monkeypatch):
    """A figure is looked for only where the store holds one of its cells; what is no seed is none."""
    sweep = experiment("fig3").sweep(Inputs(Scale.SMALL, 0))
    made = []
    for name in ("fig2", "fig3", "fig11"):
        entry, make = experiment(name), experiment(name).sweep
        monkeypatch.setattr(f"{study.__name__}.EXPERIMENTS", tuple(
            replace(e, sweep=lambda inputs, make=make: made.append(inputs) or make(inputs)) if e is entry else e
            for e in study.EXPERIMENTS
        ))  # fmt: skip
    path = tmp_path / "many.db"
    with Store(path) as store:
        store._connection.execute("BEGIN")  # one commit for all
        for seed in [*range(1000), -1, True, 0.5, "7", None, 10**30]:
            store.commit("mine", "1", {"seed": seed, "device": "cpu"}, "[]", 0.1, "here")
        for seed in (5, -1):
            store.commit(sweep.name, sweep.version, dict(sweep.cells[0]) | {"seed": seed}, "[]", 0.1, "here")
        store._connection.execute("COMMIT")
    assert main([str(path), "--folder", str(tmp_path / "page")]) == 0
    page = (tmp_path / "page" / "report.md").read_text()
    assert "| fig3 | small | 5 | 1 of 2 |" in page
    assert page.count("| fig3 ") == 1
    assert len(made) < 20
