"""The command over all papers: their order, what it takes, and its figure."""

from pathlib import Path

import pytest

from boundcalc.registry import theorem
from verify.siblings import k_plane
from verify.siblings.__main__ import main
from verify.siblings.study import SIBLINGS, Measured, SiblingsSetting, siblings_figure


def test_all_nine_in_order_with_registered_statements() -> None:
    names = "gaussian-gap relu-process k-plane multivariate n-term compress besov masks memory"
    assert [sibling.name for sibling in SIBLINGS] == names.split()
    for sibling in SIBLINGS:
        assert sibling.theorems
        assert all(theorem(key) is statement for key, statement in sibling.statements.items())


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(ValueError, match="sibling must be one of all, gaussian-gap"):
        SiblingsSetting.parse("cousins")


def test_one_panel_for_each_paper() -> None:
    found = k_plane.SIBLING.measure(0)
    figure = siblings_figure(Measured(((k_plane.SIBLING, found),) * 4))
    assert [axes.get_title() for axes in figure.axes] == ["Random k-planes"] * 4 + [""] * 2


def test_a_report_and_a_figure(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["k-plane", "--seed", "3", "--plot", f"{tmp_path}/planes.svg"]) == 0
    assert "15 consistent" in capsys.readouterr().out
    assert (tmp_path / "planes.svg").stat().st_size > 1000
