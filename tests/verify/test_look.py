"""One look: figures are the same under any matplotlibrc, and no module but boundcalc.style chooses colours or frames."""

from __future__ import annotations

import re
from pathlib import Path

import matplotlib
import numpy as np
import pytest

import boundcalc
from boundcalc.files import save_figure
from boundcalc.style import label_ends, panels, powers_of_ten, styled
from verify.look import guide, neurons, steps

ROOT = Path(__file__).parents[2]
WILD = {
    "font.size": 30,
    "font.family": "serif",
    "axes.spines.top": True,
    "axes.facecolor": "black",
    "axes.grid": True,
    "lines.linewidth": 9,
    "legend.fontsize": 40,
    "savefig.facecolor": "red",
    "savefig.bbox": "tight",
    "text.usetex": True,
    "figure.dpi": 17,
    "xtick.direction": "in",
}


@styled()
def drawn():
    """Every mark of the look once."""
    figure, ((left, right),) = panels(1, 2, title="a title", sharey=True)
    left.plot([0, 1, 100], [0, 1, 2], label="a line")
    left.plot([0, 1, 100], [0, 1, 2.1], label="another")
    guide(left, y=1, words="one")
    guide(left, x=3, words="three", label="in the legend")
    left.legend()
    steps(left)
    neurons(right, [0.1, 0.5], [1, 2], title="neurons")
    powers_of_ten(right.xaxis)
    label_ends(left)
    return figure


def calculator():
    return boundcalc.plot(2, 1000, sizes=(100, 1000), dims=(1, 3))


@pytest.mark.slow
@pytest.mark.parametrize(("draw", "kind"), [(drawn, "png"), (drawn, "svg"), (calculator, "svg")])
def test_a_figure_is_the_same_under_any_settings_of_the_user(draw, kind, tmp_path):
    save_figure(draw(), tmp_path / f"plain.{kind}")
    with matplotlib.rc_context(WILD):
        save_figure(draw(), tmp_path / f"wild.{kind}")
        assert matplotlib.rcParams["font.size"] == 30
    assert (tmp_path / f"plain.{kind}").read_bytes() == (tmp_path / f"wild.{kind}").read_bytes()


def test_panels_have_no_frame_above_and_beside():
    figure = drawn()
    assert figure.get_suptitle() == "a title"
    for axes in figure.axes:
        assert [name for name, spine in axes.spines.items() if spine.get_visible()] == ["left", "bottom"]
    left, right = figure.axes
    assert np.ptp(left.get_ylim()) == np.ptp(right.get_ylim())
    assert [text.get_text() for text in left.get_legend().get_texts()] == ["a line", "another", "in the legend"]
    assert right.xaxis.get_major_formatter()(-3, 0) == "10⁻³"


def test_one_module_chooses_colours_frames_and_figures():
    own = re.compile(r"""["']#[0-9A-Fa-f]{6}["']|spines|frameon|rcParams|plt\.|\bFigure\(""")
    found = {
        str(path.relative_to(ROOT)): match.group()
        for package in ("boundcalc", "constructions", "verify")
        for path in sorted((ROOT / package).rglob("*.py"))
        if (match := own.search(path.read_text()))
    }
    assert set(found) == {"boundcalc/style.py"}
