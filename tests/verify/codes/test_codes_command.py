"""The command for spherical codes: what is built, what bounds say, what is refused."""

import json
from fractions import Fraction
from math import acos, degrees
from pathlib import Path

import numpy as np
import pytest

from boundcalc.packing_numbers import packing_number
from constructions.codes import survey
from constructions.codes.bounds import KISSING_RECORDS
from verify.codes.__main__ import main
from verify.codes.setting import CodesSetting
from verify.codes.study import codes_report
from verify.outcome import Verdict


@pytest.mark.parametrize(
    ("dim", "angle", "size"),
    [(2, 71, 5), (3, 90, 6), (3, 120, 3), (7, 60, 126), (8, 60, 240), (15, 60, 2564), (16, 60, 4320)],
)
def test_known_codes(dim: int, angle: int, size: int) -> None:
    code, report = codes_report(CodesSetting.parse(dim, angle))
    assert code.size == size
    assert int(report.exit_code) == 0
    first = report.outcomes[0]
    assert first.verdict is Verdict.PROVED
    unit = code.points / np.linalg.norm(code.points, axis=1, keepdims=True)
    gram = unit @ unit.T
    np.fill_diagonal(gram, -1)
    assert degrees(acos(float(gram.max()))) >= angle - 1e-6


def test_optimal_codes_are_called_so() -> None:
    _, report = codes_report(CodesSetting.parse(8, 60))
    assert any(o.claim.startswith("no code is larger") and o.verdict is Verdict.PROVED for o in report.outcomes)
    _, other = codes_report(CodesSetting.parse(9, 60))
    assert not any(o.claim.startswith("no code is larger") for o in other.outcomes)


@pytest.mark.parametrize("d", range(2, 25))
def test_surveys_never_exceed_what_is_proved_possible(d: int) -> None:
    for cosine in (Fraction(0), Fraction(1, 3), Fraction(1, 2)):
        upper = packing_number(d, cosine=cosine).upper
        assert max(size or 0 for _, size, _ in survey(d, cosine=cosine)) <= upper
        if cosine == Fraction(1, 2):
            assert KISSING_RECORDS[d].size <= upper


def test_irrational_angles_are_rounded_to_the_safe_side() -> None:
    setting = CodesSetting.parse(3, 45)
    assert setting.largest**2 <= Fraction(1, 2) < setting.number.cosine[1] ** 2
    code, _ = codes_report(setting)
    assert code.max_inner_product().upper <= setting.largest


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    saved = tmp_path / "code.npz"
    code = main(["--dim", "4", "--cosine", "1/2", "--save", str(saved), "--json", "-"])
    content = json.loads(capsys.readouterr().out)
    assert code == 0
    assert content["code"]["size"] == 24
    with np.load(saved, allow_pickle=False) as arrays:
        v = arrays["exact"]
        assert {int(p) for p in np.unique(v @ v.T)} == {-2, -1, 0, 1, 2}
    assert main(["--dim", "3", "--angle", "80", "--family", "greedy"]) in (0, 3)
    assert "not here:" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"dim": 7, "angle": 60, "points": 143}, r"points must be at most 1[34]\d \(.*no code in dimension 7"),
        ({"dim": 4, "angle": 60, "points": 27}, "points must be at most"),
        ({"dim": 3, "angle": 200}, "angle must lie"),
        ({"dim": 0, "angle": 60}, "dim"),
        ({"dim": 5000, "angle": 60}, "dim must be an integer from 1 to 4096"),
        ({"dim": 3, "angle": 60, "code": "e8"}, "code must be one of auto, endpoints"),
        ({"dim": 3, "cosine": 1}, "cosine must lie"),
        ({"dim": 3, "angle": 60, "seed": -1}, "seed"),
    ],
)
def test_refused_before_any_work(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        CodesSetting.parse(**arguments)  # type: ignore[arg-type]


def test_refused_by_what_is_built() -> None:
    with pytest.raises(ValueError, match="points must be at most 126, the points of roots E7"):
        codes_report(CodesSetting.parse(7, 60, points=130))
    with pytest.raises(ValueError, match="leech exists for 24 <= d <= 48"):
        codes_report(CodesSetting.parse(7, 60, code="leech"))
    with pytest.raises(TypeError, match="exactly one"):
        CodesSetting.parse(7, 60, cosine="1/2")
