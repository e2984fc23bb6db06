"""Every bound that is printed, tabulated or written, parsed back and compared exactly with what is proved."""

import csv
import io
import random
import re
from fractions import Fraction
from itertools import product

import pytest

import boundcalc
from boundcalc.dyadic import Dyadic
from boundcalc.enclosure import Enclosure
from boundcalc.explicit.lower import FAMILIES, LowerBound
from boundcalc.explicit.theorem_a import ExplicitBound
from boundcalc.sample_sizes import Kind
from boundcalc.table_format import Table
from boundcalc.tables import explicit_table, sample_size_table

NUMBER = r"-?\d+(?:\.\d+)?(?:e[+-]\d+)?"


def settings(count: int) -> list[tuple[int, str, dict[str, str]]]:
    """Random settings, and some at the ends of what is documented."""
    rng = random.Random(11)
    found: list[tuple[int, str, dict[str, str]]] = []
    for _ in range(count):
        values = {name: f"{10 ** rng.uniform(-2, 2):.4g}" for name in ("sigma", "B", "C") if rng.random() < 0.6}
        found.append((rng.choice((1, 2, 3, 4, 5, 12, 30)), str(int(10 ** rng.uniform(0, 14))), values))
    ends = [(1, "1"), (1, "1e300"), (5, "105845"), (2, "1e300"), (400, "1e300"), (10**6, "1e300"), (10**6, "3")]
    return found + [(d, n, {}) for d, n in ends]


def is_lower(text: str, end: Dyadic | Fraction | int, digits: int = 6) -> bool:
    """Whether a text is a lower bound of an exact number, and as close as so many digits allow."""
    shown = Fraction(text)
    return end >= shown and end < shown + abs(shown) * Fraction(10) ** (1 - digits)


def is_upper(text: str, end: Dyadic | Fraction | int, digits: int = 6) -> bool:
    shown = Fraction(text)
    return end <= shown and end > shown - abs(shown) * Fraction(10) ** (1 - digits)


def found(pattern: str, text: str) -> str:
    match = re.search(pattern.replace("NUMBER", f"({NUMBER})"), text)
    assert match is not None, (pattern, text)
    return match.group(1)


@pytest.mark.slow
@pytest.mark.parametrize(("d", "n", "values"), settings(14))
def test_explicit_bounds_as_printed(d: int, n: str, values: dict[str, str]) -> None:
    lower, upper = boundcalc.explicit_lower(d, n, **values), boundcalc.explicit_upper(d, n, **values)  # type: ignore[call-overload, arg-type]
    assert isinstance(lower, LowerBound)
    assert is_lower(found(r"at least NUMBER, by", str(lower)), lower.enclosure.low)
    markdown = lower._repr_markdown_()
    for value in lower.values:
        if value.enclosure is None:
            continue
        title = re.escape(value.family.title)
        assert is_lower(found(rf"(?m)^{title}: NUMBER(?: |$)", str(value)), value.enclosure.low)
        assert is_lower(found(rf"  {title}: NUMBER(?: |$)", str(lower)), value.enclosure.low)
        assert is_lower(found(rf"\| \**{title}\** \| NUMBER \|", markdown), value.enclosure.low)
    assert is_upper(found(r"at most NUMBER \(", str(upper)), upper.enclosure.high)
    for text, lines in ((repr(lower), len(FAMILIES) + 2), (repr(upper), 1)):
        assert text.count("\n") < lines
    assert lower.enclosure.low >= Fraction(lower.lower) == Fraction(lower.value)
    assert upper.enclosure.high <= Fraction(upper.upper) == Fraction(upper.value)


def test_the_figure_that_was_wrong() -> None:
    assert "at least 0.0267866, by" in str(boundcalc.explicit_lower(5, 105845))  # 0.02678666...


@pytest.mark.slow
@pytest.mark.parametrize(("d", "n", "values"), settings(40))
def test_the_explicit_line_of_rates(d: int, n: str, values: dict[str, str]) -> None:
    report = boundcalc.rate(d, n, **values)  # type: ignore[arg-type]
    explicit = report.explicit
    for text in (str(report), report._repr_markdown_()):
        if isinstance(explicit, ExplicitBound):
            assert is_lower(
                found(r"Explicit: no estimator.* than NUMBER\b(?= at|[ ,]|\()", text), explicit.enclosure.low
            )
        else:
            needed = found(r"Explicit: .* needs n >= NUMBER \(", text)
            assert not boundcalc.rate(d, n, **values).explicit  # type: ignore[arg-type]
            at = boundcalc.rate(d, int(Fraction(needed)), **values)  # type: ignore[arg-type]
            assert isinstance(at.explicit, ExplicitBound)


def test_grids_name_their_range() -> None:
    grid = boundcalc.explicit_lower([1, 2, 5], [[10.0], [1e6]])
    least, most = re.findall(NUMBER, str(grid).split("from")[1])[:2]
    ends = [bound.enclosure.low for bound in grid.bounds.flat]
    assert all(end >= Fraction(least) for end in ends)
    assert any(is_lower(most, end) for end in ends)


@pytest.mark.parametrize("seed", range(8))
def test_packing_numbers_as_printed(seed: int) -> None:
    rng = random.Random(seed)
    d = rng.choice((2, 3, 5, 8, 24, 60, 500, 3000))
    number = boundcalc.packing_number(d, f"{rng.uniform(10, 100):.3f}")
    lines = str(number).splitlines()
    assert is_upper(found(r"cosines at most NUMBER:", lines[0]), number.cosine[1])
    bounds = (*number.lower_bounds, *number.upper_bounds)
    for line, bound in zip(lines[1:], bounds, strict=True):
        side, check = ("at least", is_lower) if bound in number.lower_bounds else ("at most", is_upper)
        shown = found(rf"^  {side} NUMBER \(", line)
        assert check(shown, bound.count)
        assert bound.count >= 10**15 or Fraction(shown) == bound.count
        assert found(r"^NUMBER \(", repr(bound)) == shown


@pytest.mark.slow
@pytest.mark.parametrize(("d", "error"), [(1, "0.003"), (3, "0.02"), (20, "0.01"), (60, "0.05")])
def test_sample_sizes_as_printed_and_tabulated(d: int, error: str) -> None:
    """A required size is a lower bound, a sufficient one an upper bound, however long they are."""
    report = boundcalc.sample_size(d, error)
    table = sample_size_table([d], [error])
    for kind, check, column in ((Kind.REQUIRED, is_lower, 2), (Kind.SUFFICIENT, is_upper, 3)):
        for size in report.of_kind(kind):
            assert size.n is not None
            shown = found(rf"{size.name}: n [>=] NUMBER \(", str(report))
            assert check(shown, size.n)
            assert size.n >= 10**15 or Fraction(shown) == size.n
            for texts in renderings(table).values():
                assert check(texts[0][column], size.n, 3 if size.n >= 10**15 else 17)
    enough = report.of_kind(Kind.SUFFICIENT)
    if enough:
        n = int(Fraction(found(r"explicit-upper: n = NUMBER \(", str(report))))
        assert boundcalc.explicit_upper(d, n).enclosure.high <= Fraction(error)
    (required,) = report.of_kind(Kind.REQUIRED)
    n = int(Fraction(found(r"explicit-lower: n > NUMBER \(", str(report))))
    assert boundcalc.explicit_lower(d, n).enclosure.low > Fraction(error)
    assert n <= (required.n or 0)


def plain(cell: str) -> str:
    """A number of LaTeX, Markdown or HTML as Python reads it."""
    cell = re.sub(r"<[^>]*sup>|[${}]", "", cell.replace("<sup>", "^").replace("−", "-")).strip()
    cell = re.sub(r"^10\^", "1e", cell)
    return re.sub(r"\s*(?:\\times|×)\s*10\^", "e", cell)


def without_decimals(rows: list[list[str]]) -> list[list[str]]:
    """The rows of CSV without the columns that repeat fractions as decimals."""
    kept = [at for at, name in enumerate(rows[0]) if not name.endswith(", decimal")]
    return [[row[at] for at in kept] for row in rows[1:]]


def renderings(table: Table) -> dict[str, list[list[str]]]:
    """The rows of a table as each format shows them."""
    body = str(table).split("-----\n")[1].removesuffix("\n\n" + "\n".join(table.notes))
    latex = table.latex().split("\\midrule\n")[1].split("\\bottomrule")[0]
    shown = {
        "text": [re.split(r"\s{2,}", line.strip()) for line in body.splitlines() if line],
        "latex": [line.removesuffix("\\\\").split("&") for line in latex.splitlines() if "&" in line],
        "markdown": [line.strip("| ").split(" | ") for line in table.markdown().splitlines() if line[:1] == "|"][2:],
        "html": [
            re.findall(r"<td[^>]*>(.*?)</td>", line) for line in table.html().splitlines() if line[:8] == "<tr><td "
        ],
        "csv": without_decimals(list(csv.reader(io.StringIO(table.csv())))),
    }
    for name, found_rows in shown.items():
        assert len(found_rows) == len(table.rows), name
    return {name: [[plain(cell) for cell in row] for row in found_rows] for name, found_rows in shown.items()}


@pytest.mark.slow
def test_tables_of_explicit_bounds_in_every_format() -> None:
    dims, sizes = (1, 2, 5, 30, 1000), ("7", "123456", "1e300")
    shown = renderings(explicit_table(dims, sizes))
    for i, (n, d) in enumerate(product(sizes, dims)):
        lower, upper = boundcalc.explicit_lower(d, n), boundcalc.explicit_upper(d, n)
        single = lower.family("theorem-a").enclosure
        assert isinstance(single, Enclosure)
        for name, rows in shown.items():
            digits = 16 if name == "csv" else 3
            assert is_lower(rows[i][2], lower.enclosure.low, digits), (name, d, n)
            assert is_lower(rows[i][4], single.low, digits), (name, d, n)
            assert is_upper(rows[i][5], upper.enclosure.high, digits), (name, d, n)
        # A reader that takes floats stays on the safe side wherever floats reach.
        assert lower.enclosure.low >= Fraction(float(shown["csv"][i][2]))
        assert upper.enclosure.high <= Fraction(float(shown["csv"][i][5]))


@pytest.mark.slow
@pytest.mark.parametrize("d", [2, 8, 9])
def test_crossovers_are_whole_numbers_in_full(d: int) -> None:
    point = boundcalc.crossover(d)
    assert point.n is not None
    if point.n > 1:
        assert f"from n = {point.n} on" in str(point)
    assert repr(point) == str(point)
