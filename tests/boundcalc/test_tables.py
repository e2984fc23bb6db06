"""Tables: their entries against the calculator, their formats against real readers (pdflatex, csv, html.parser)."""

import csv
import io
import math
import shutil
import subprocess
from decimal import ROUND_CEILING, ROUND_FLOOR
from fractions import Fraction
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sympy import Rational

import boundcalc
from boundcalc.explicit.lower import explicit_lower
from boundcalc.explicit.upper import explicit_upper
from boundcalc.markup import escape_latex, formula, number, number_from_log10, words
from boundcalc.statements import THEOREMS
from boundcalc.symbols import d as D
from boundcalc.symbols import n as N
from boundcalc.table_format import Column, Group, Table, latex_document
from boundcalc.tables import Contents, explicit_table, exponent_table, rate_table, registry_table, table
from boundcalc.typeset import tex

# The exponents side by side, typed independently of the registry:
# Thm 3.7, A, B, C, E lower, E upper, core and shell with D, Thm 3.6, low norm.
EXPONENTS = {
    1: "1/2 1/2 1/2 1/2 2/3 2/3 4/11 1/6 4/5",
    2: "2/3 4/11 2/7 2/7 10/27 10/27 5/23 1/8 5/7",
    3: "1/2 2/7 1/5 1/5 1/4 1/4 2/13 1/10 2/3",
    5: "1/3 1/5 1/8 1/8 4/27 4/27 8/83 1/14 8/13",
    10: "2/11 4/35 2/31 2/31 26/363 26/363 13/263 1/24 13/23",
}


def test_exponents_are_those_typed_here() -> None:
    for row, (d, typed) in zip(exponent_table(list(EXPONENTS)).rows, EXPONENTS.items(), strict=True):
        assert [cell.text for cell in row] == [str(d), *typed.split()]


def test_gap_exponents() -> None:
    rows = exponent_table([1, 3], "gap").rows
    assert [cell.text for cell in rows[0]] == ["1", "–", "1/2", "1/4", "1/6", "1/4"]
    assert [cell.text for cell in rows[1]] == ["3", "1/2", "1/4", "1/8", "1/10", "1/4"]


def test_rates_in_csv_are_the_calculator_s() -> None:
    rows = list(csv.reader(io.StringIO(rate_table([2, 20], ["1e4", "12345"]).csv())))
    assert rows[0][:2] == ["n", "d"]
    for size, d, upper, lower, low_norm in rows[1:]:
        report = boundcalc.rate(int(d), size)
        assert report.lower is not None
        assert [float(upper), float(lower), float(low_norm)] == [
            report.upper.value, report.lower.value, report.low_norm.value
        ]  # fmt: skip


def test_fractions_have_their_decimals_beside_them() -> None:
    head, *rows = csv.reader(io.StringIO(exponent_table([1, 7]).csv()))
    exact = [at for at, name in enumerate(head) if f"{name}, decimal" in head]
    assert len(exact) == len(head) // 2
    for row in rows:
        for at in exact:
            assert float(Fraction(row[at])) == float(row[at + 1])


def test_data_frames_hold_numbers() -> None:
    frame = rate_table([2, 20], ["1e4"]).to_pandas()
    assert frame["d"].tolist() == [2, 20]
    report = boundcalc.rate(20, "1e4")
    assert frame[frame.columns[2]].iloc[1] == report.upper.value
    gap = exponent_table([1, 3], "gap").to_pandas()
    assert gap["d"].tolist() == [1, 3]
    assert gap.iloc[0, 1] is None  # no such bound in one dimension
    assert gap.iloc[0, 2] != gap.iloc[0, 2]
    assert gap.iloc[1, 1:3].tolist() == ["1/2", 0.5]


def test_numbers_beyond_floats_stay_text_in_data_frames() -> None:
    frame = rate_table([3], ["1e2000"]).to_pandas()
    assert frame.iloc[0, 0] == "1e2000"
    assert float("inf") not in frame.iloc[0].tolist()


def test_sizes_beyond_floats_become_powers_of_ten() -> None:
    (row,) = rate_table([3], ["1e2000"]).rows
    assert row[0].text == "1e2000"
    assert row[3].text == "1e-1000"  # n^(-1/2)
    assert row[3].latex == "$10^{-1000}$"


def test_explicit_bounds_are_rounded_to_their_safe_side() -> None:
    shown = explicit_table([1, 2, 20], ["1e6"])
    for d, row in zip((1, 2, 20), shown.rows, strict=True):
        exact = explicit_lower(d, "1e6")
        assert Fraction(row[2].text) <= Fraction(exact.lower)
        assert Fraction(row[2].text) > Fraction(exact.lower) * Fraction(99, 100)
        upper = explicit_upper(d, "1e6")
        assert Fraction(upper.upper) <= Fraction(row[5].text) < Fraction(upper.upper) * Fraction(101, 100)
    assert [row[5].text for row in shown.rows][2] == "1"
    assert "trivial" in str(shown)


def test_every_statement_is_in_the_registry_table() -> None:
    shown = registry_table()
    assert [row[0].text for row in shown.rows] == [theorem.key for theorem in THEOREMS]
    text = str(shown)
    for theorem in THEOREMS:
        assert theorem.title in text
        assert str(theorem.source) in text


@given(st.floats(1e-290, 1e290), st.integers(1, 12))
def test_rounding_is_directed(value: float, digits: int) -> None:
    low, high = number(value, digits, ROUND_FLOOR), number(value, digits, ROUND_CEILING)
    assert Fraction(low.text) <= Fraction(value) <= Fraction(high.text)
    assert Fraction(high.text) - Fraction(low.text) <= Fraction(value) * Fraction(10) ** (1 - digits)
    assert Fraction(low.csv) <= Fraction(value) <= Fraction(high.csv)
    assert math.nextafter(value, 0.0) <= float(low.csv) <= value <= float(high.csv) <= math.nextafter(value, math.inf)


def test_numbers_by_their_logarithm() -> None:
    assert number_from_log10(-5.0).text == "1e-05"
    assert number_from_log10(1e6 / 7).text == "1.39e+142857"
    assert float(number_from_log10(-301.5).csv) == pytest.approx(10**-301.5, rel=1e-5)


def test_text_is_escaped_in_every_format() -> None:
    nasty = "a_b & 50% <x> | $y$ \\z {q} #1 ~ ^2"
    cell = words(nasty)
    assert cell.html == "a_b &amp; 50% &lt;x&gt; | $y$ \\z {q} #1 ~ ^2"
    assert cell.markdown == "a\\_b \\& 50% \\<x\\> \\| \\$y\\$ \\\\z {q} \\#1 \\~ ^2"
    with pytest.raises(ValueError, match="no LaTeX for the character"):
        escape_latex("ж")


def test_typeset_powers() -> None:
    assert tex(N ** (-2 / (D + 1))) == "n^{-2/(d + 1)}"
    assert tex(N ** Rational(-1, 4)) == "n^{-1/4}"
    assert "sqrt[" not in "".join(tex(b.expr) for t in THEOREMS for b in t.bounds.values())
    assert formula(N**2).html.startswith("<math")


class _Cells(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.rows = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.rows += tag == "tr"
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("contents", [Contents.EXPONENTS, Contents.RATES, Contents.REGISTRY])
def test_html_is_well_formed(contents: Contents) -> None:
    shown = table(contents=contents)
    reader = _Cells()
    reader.feed(shown.html())
    assert not reader.open
    assert reader.rows == len(shown.rows) + 2  # heading and notes


@pytest.mark.parametrize("contents", ["explicit", "sample-sizes"])
def test_no_table_answers_for_another_quantity(contents: str) -> None:
    with pytest.raises(ValueError, match=f"quantity must be 'mse' for contents='{contents}'"):
        table([2], ["1e3"], contents, "gap")
    for other in ("exponents", "rates"):
        assert "generalization gap" in str(table([2], ["1e3"], other, "gap"))


@pytest.mark.slow
@pytest.mark.parametrize("contents", list(Contents))
def test_markdown_rows_have_as_many_cells_as_the_heading(contents: Contents) -> None:
    shown = table([2, 5], ["1e3"], contents)
    lines = [line for line in shown.markdown().splitlines() if line.startswith("|")]
    assert len(lines) == len(shown.rows) + 2
    bars = {line.replace("\\|", "").count("|") for line in lines}
    assert bars == {len(shown.columns) + 1}


def compiled(source: str, folder: Path) -> str:
    """Compile twice, as longtable needs; the log."""
    (folder / "table.tex").write_text(source)
    for _ in range(2):
        done = subprocess.run(
            ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "table.tex"],
            cwd=folder, capture_output=True, text=True, errors="replace", check=False, timeout=120,
        )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:]
    assert (folder / "table.pdf").read_bytes().startswith(b"%PDF")
    return done.stdout


latex = pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")


@pytest.mark.slow
@latex
def test_latex_compiles_without_lines_that_are_too_wide(tmp_path: Path) -> None:
    shown = [table([1, 2, 5, 10, 20], ["1e3", "1e6", "1e400"], contents) for contents in Contents]
    log = compiled(latex_document([*shown, exponent_table([2], "gap")]), tmp_path)
    assert "Overfull" not in log
    assert "Missing character" not in log


@latex
def test_latex_of_nasty_text_compiles(tmp_path: Path) -> None:
    cells = (words('a_b & 50% <x> | $y$ \\z {q} #1 ~ ^2 "w"'),)
    compiled(latex_document([Table("100 % & more", (Column(words("x_1")),), (Group((cells,)),), ("~ 1",))]), tmp_path)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"dims": [0]}, r"dims \(dimension of the inputs\) must be an integer with dims >= 1, got 0"),
        ({"dims": []}, "dims must hold at least one number"),
        ({"dims": ["x"]}, "dims must be a number, got 'x'"),
        ({"n": ["nan"]}, "n must be a number"),
        ({"n": [0]}, r"n \(number of samples\) must be"),
        ({"contents": "all"}, "contents must be one of 'exponents', 'rates'"),
        ({"quantity": "risk"}, "quantity must be 'mse' or 'gap', got 'risk'"),
    ],
)
def test_bad_input(arguments: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        table(**arguments)  # type: ignore[arg-type]


def test_numbers_known_by_a_logarithm_beyond_all_decimals_are_powers_of_powers() -> None:
    cell = number_from_log10(-5.1e29)
    assert (cell.text, cell.csv) == ("10^-5.1e+29", "10^-5.1e+29")
    assert cell.latex == r"$10^{-5.1\times 10^{29}}$"
    assert cell.html == "10<sup>−5.1 × 10<sup>29</sup></sup>"
    for log10 in (9e17, 9.000001e17, 1e18, 1e30, 1e300):
        assert number_from_log10(log10).text
        assert number_from_log10(-log10).latex.startswith("$10^{-")
    for log10 in (math.inf, -math.inf, math.nan):
        with pytest.raises(ValueError, match="log10 must be finite"):
            number_from_log10(log10)


@pytest.mark.parametrize("d", [2**63, 2**64, 10**30])
def test_sizes_beyond_all_decimals_have_a_table(d: int) -> None:
    shown = table(dims=[d], contents="sample-sizes", errors=["0.1"])
    assert "10^" in str(shown)
    assert r"\times 10^{" in shown.latex()


def test_the_dimensions_of_a_table_are_refused_by_their_name() -> None:
    for contents in ("explicit", "sample-sizes"):
        with pytest.raises(ValueError, match="dims must be at most 1e100 for bounds with all constants, got 1e101"):
            table(dims=[2, "1e101"], contents=contents)
    with pytest.raises((TypeError, ValueError), match="dims must"):
        table(dims=np.array(0.5))
    assert len(table(dims=["1e400"], contents="rates").groups) >= 1
