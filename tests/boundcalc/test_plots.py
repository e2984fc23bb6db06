"""Figures: the drawn data against the calculator, the files, and labels that do not overlap."""

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from sympy import Integer, Rational

import boundcalc
from boundcalc import plots, style
from boundcalc.files import save_figure
from boundcalc.plots import curves, exponent_at, flatness_curves, plot
from boundcalc.setting import Setting

SMALL = {"sizes": ("1e2", "1e4"), "dims": (1, 4)}


@pytest.fixture(autouse=True)
def few_points(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plots, "_POINTS", 4)


def test_curves_are_the_calculator_s() -> None:
    setting = Setting.parse(sigma="0.5", B=2, C=3)
    sizes = [Integer(10), Integer(10**5)]
    found = {curve.label.split("\n")[0]: curve for curve in curves([Integer(3)], sizes, setting)}
    for i, n in enumerate(sizes):
        report = boundcalc.rate(3, n, sigma="0.5", B=2, C=3)
        assert report.lower is not None
        for label, bound in (
            ("upper bound of stable minima", report.upper),
            ("lower bound of the flat class", report.lower),
        ):
            assert 10 ** found[label].log10[i] == pytest.approx(bound.value, rel=1e-12)
        lower = boundcalc.explicit_lower(3, n, "0.5", 2, 3)
        assert found["explicit lower bound"].log10[i] == lower.log10_lower
    # It is trivial at n = 10, and one point is no curve.
    assert "explicit upper bound" not in found


def test_the_explicit_upper_bound_is_drawn_where_it_is_not_trivial() -> None:
    for d in (1, 3):
        found = curves([Integer(d)], [Integer(10**4), Integer(10**5)], Setting.parse(sigma=1, B=1, C=1))
        (curve,) = (curve for curve in found if curve.label.startswith("explicit upper bound"))
        assert curve.log10[1] == boundcalc.explicit_upper(d, 10**5).log10_upper


def test_a_figure_has_two_panels_with_direct_labels() -> None:
    figure = plot(d=2, n=1000, **SMALL)  # type: ignore[arg-type]
    left, right = figure.axes
    assert left.get_xlim() == (1, 4)
    assert right.get_title() == "d = 2"
    for axes in (left, right):
        assert axes.get_xscale() == "log"
        assert axes.get_legend() is None
        labels = [text.get_text() for text in axes.texts]
        assert len(labels) == len(set(labels)) == len(axes.lines)
        colours = {line.get_color() for line in axes.lines}
        assert len(colours) == len(axes.lines)


@pytest.mark.parametrize(
    ("limits", "labels"),
    [
        ((1, 100), ["1", "2", "5", "10", "20", "50", "100"]),
        ((3, 4), ["3", "4"]),
        ((8000, 3e5), ["10⁴", "2 · 10⁴", "5 · 10⁴", "10⁵", "2 · 10⁵"]),
        ((1e2, 1e10), ["10²", "10⁴", "10⁶", "10⁸", "10¹⁰"]),
        ((10.5, 1e300), [f"10{n}" for n in ("⁴³", "⁸⁶", "¹²⁹", "¹⁷²", "²¹⁵", "²⁵⁸")]),
    ],
)
def test_ticks_of_logarithmic_axes(limits: tuple[float, float], labels: list[str]) -> None:
    _, ((axes,),) = style.panels(1, 1)
    axes.set(xscale="log", xlim=limits)
    style.decades(axes.xaxis)
    assert [text.get_text() for text in axes.get_xticklabels()] == labels
    assert not axes.get_xticks(minor=True).size


@pytest.mark.parametrize("d", [1, 2, 4, 10])
def test_exponents_of_the_kinds_of_flatness(d: int) -> None:
    assert exponent_at(d, Rational(d + 2)) == Rational(2, 3 * d + 1)
    assert exponent_at(d, Rational(d + 3, 2)) == Rational(2 * (d + 3), d**2 + 8 * d + 3)
    assert exponent_at(d, Rational(0)) == Rational(d + 3, 2 * d + 3)


def test_kinds_of_flatness_are_drawn_with_the_calculator_s_bounds() -> None:
    sizes = [Integer(100), Integer(10**5)]
    found = flatness_curves(Integer(3), sizes, Setting.parse(sigma="0.5", B=2, C=3))
    proved = [curve for curve in found if curve.proved]
    for curve, weight in zip(proved, ("canonical", "trace", 0), strict=True):
        for i, n in enumerate(sizes):
            assert curve.log10[i] == boundcalc.explicit_lower(3, n, "0.5", 2, 3, weight).log10_lower
    # At equal C the lighter weight holds the larger class.
    assert (proved[0].log10 > proved[1].log10).all()
    assert (proved[1].log10 > proved[2].log10).all()
    figure = plot(d=3, of="flatness", sizes=("1e2", "1e4"))
    left, right = figure.axes
    assert right.get_title() == "d = 3"
    assert {line.get_label() for line in left.lines} >= {"d = 1", "d = 20", "SGD: trace"}


@pytest.mark.slow
@pytest.mark.parametrize("d", [1, 10])
def test_labels_do_not_overlap(d: int) -> None:
    figure = plot(d=d, n="1e4", **SMALL)  # type: ignore[arg-type]
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    for axes in figure.axes:
        boxes = [text.get_window_extent(renderer) for text in axes.texts]
        for one, other in combinations(boxes, 2):
            assert not one.overlaps(other)
        for box in boxes:
            assert box.x1 <= figure.bbox.x1 + 1


def test_spreading_keeps_order_and_distance() -> None:
    placed = np.array(style._spread([0.5, 0.51, 0.1, 0.52], 0.1))
    ordered = placed[[2, 0, 1, 3]]
    assert np.all(np.diff(ordered) >= 0.1 - 1e-12)
    assert placed[2] == pytest.approx(0.1)
    assert np.mean(placed[[0, 1, 3]]) == pytest.approx(0.51)


@pytest.mark.slow
@pytest.mark.parametrize(("suffix", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_files_are_whole_and_reproducible(suffix: str, start: bytes, tmp_path: Path) -> None:
    target = tmp_path / f"figure.{suffix}"
    plot(d=1, n=100, path=target, **SMALL)  # type: ignore[arg-type]
    first = target.read_bytes()
    assert first.startswith(start)
    plot(d=1, n=100, path=target, **SMALL)  # type: ignore[arg-type]
    assert target.read_bytes() == first
    assert list(tmp_path.iterdir()) == [target]


def test_a_failure_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "figure.png"
    target.write_bytes(b"old")

    class Broken:
        def savefig(self, stream: object, **_: object) -> None:
            stream.write(b"half")  # type: ignore[attr-defined]
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        save_figure(Broken(), target)  # type: ignore[arg-type]
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"d": 0}, r"d \(dimension of the inputs\) must be"),
        ({"n": "x"}, "n must be a number"),
        ({"sigma": -1}, "sigma"),
        ({"sizes": 5}, "sizes must be two numbers"),
        ({"sizes": (1, 2, 3)}, "sizes must be two numbers"),
        ({"sizes": (10, 10)}, "sizes must increase, got 10 and 10"),
        ({"sizes": (1, "1e301")}, "sizes must end at most at 1e300"),
        ({"n": "1e301"}, "n must be at most 1e300"),
        ({"dims": (1.5, 3)}, r"dims \(dimension of the inputs\) must be an integer"),
        ({"of": "sharpness"}, "of must be 'bounds' or 'flatness'"),
        ({"path": "x.gif"}, "path must end in .png, .svg or .pdf"),
    ],
)
def test_bad_input(arguments: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        plot(**arguments)  # type: ignore[arg-type]
