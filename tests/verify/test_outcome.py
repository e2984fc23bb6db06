"""Reports: verdicts to exit codes, JSON that reads back, files that are whole or untouched."""

import json
import math
import os
import random
from fractions import Fraction
from pathlib import Path

import pytest

from boundcalc.files import check_writable, write_atomically
from boundcalc.statement import Status
from verify.command import check_outputs
from verify.outcome import ExitCode, Interval, Outcome, Relation, Report, Verdict, judged, show


def outcome(verdict: Verdict, **changes: object) -> Outcome:
    fields: dict[str, object] = {
        "check": "caps",
        "theorem": "packing-size",
        "claim": "a claim",
        "measured": 0.5,
        "bound": Interval(0.25, 1.0),
        "verdict": verdict,
        "status": Status.DERIVED,
        "evidence": {"seed": 3},
    }
    return Outcome(**{**fields, **changes})  # type: ignore[arg-type]


def report(*verdicts: Verdict) -> Report:
    return Report("title", {"n": 3}, {"packing": {"size": 2}}, [outcome(v) for v in verdicts], {"total": 1.0})


@pytest.mark.parametrize(
    ("verdicts", "code"),
    [
        ((), 0),
        ((Verdict.PROVED, Verdict.CONSISTENT, Verdict.NOT_APPLICABLE), 0),
        ((Verdict.PROVED, Verdict.UNDECIDED), 3),
        ((Verdict.UNDECIDED, Verdict.REFUTED), 1),
    ],
)
def test_exit_code(verdicts: tuple[Verdict, ...], code: int) -> None:
    assert report(*verdicts).exit_code == code


def test_json_reads_back() -> None:
    content = json.loads(report(Verdict.PROVED).json())
    assert content["setting"] == {"n": 3}
    assert content["packing"] == {"size": 2}
    assert content["outcomes"][0]["bound"] == {"lower": 0.25, "upper": 1.0, "meaning": "enclosure"}
    assert content["outcomes"][0]["verdict"] == "proved"
    assert set(content["outcomes"][0]) == {
        "check", "theorem", "claim", "measured", "bound", "verdict", "status", "evidence",
    }  # fmt: skip


def test_json_has_no_infinities_and_refuses_foreign_types() -> None:
    bad = Report("t", {}, {}, [outcome(Verdict.PROVED, measured=math.inf)])
    assert json.loads(bad.json())["outcomes"][0]["measured"] == "inf"
    with pytest.raises(TypeError, match="JSON types"):
        Report("t", {"x": object()}, {}, []).json()


def test_text_shows_verdict_status_values_and_counts() -> None:
    text = report(Verdict.PROVED, Verdict.REFUTED).text()
    assert "proved" in text
    assert "REFUTED" in text
    assert "[0.25, 1]" in text
    assert text.endswith("1 proved, 1 REFUTED")


def test_intervals() -> None:
    assert 0.5 in Interval(0.0, 1.0)
    assert 1.5 not in Interval(0.0, 1.0)
    assert str(Interval(1.0, 1.0 + 1e-10)) == "[1, 1.00000001]"
    assert str(Interval(0.5, 0.5)) == "0.5"
    with pytest.raises(ValueError, match="lower end"):
        Interval(1.0, 0.0)
    with pytest.raises(ValueError, match="lower end"):
        Interval(math.nan, 0.0)
    assert show(10**15) == "1e+15"


def test_what_is_shown_and_written_lies_on_the_safe_side() -> None:
    """Every number of the text and of the JSON, parsed back and compared with the exact one."""
    rng = random.Random(0)

    def exact() -> Fraction:
        return Fraction(rng.randint(1, 10**9), rng.randint(1, 10**9)) * Fraction(10) ** rng.randint(-300, 300)

    for _ in range(400):
        measured, bound = exact(), exact()
        low, high = sorted((exact(), exact()))
        relation = rng.choice([Relation.AT_MOST, Relation.AT_LEAST, Relation.BELOW, Relation.ABOVE])
        upwards = relation in (Relation.AT_MOST, Relation.BELOW)
        made = [
            judged("a", "minimax-lower", "b", measured, relation, bound, Status.DERIVED),
            judged("a", "minimax-lower", "b", Interval(low, high), relation, bound, Status.DERIVED),
        ]
        whole = Report("t", {}, {}, made)
        for outcome_, line, entry in zip(
            made,
            [line for line in whole.text().splitlines() if relation.value in line],
            json.loads(whole.json())["outcomes"],
            strict=True,
        ):
            words = line.split(maxsplit=2)[2]
            left, right = words.split(f" {relation.value} ")
            for shown in (Fraction(right.split()[0]), Fraction(entry["bound"])):
                assert shown >= bound if upwards else shown <= bound
                assert abs(shown / bound - 1) < Fraction(1, 10**5)
            if isinstance(outcome_.measured, Interval):
                ends = [Fraction(part) for part in left.strip().strip("[]").split(", ")]
                assert ends[0] <= low <= high <= ends[-1]
                assert Fraction(entry["measured"]["lower"]) <= low <= high <= Fraction(entry["measured"]["upper"])


def test_what_is_no_number_is_shown_and_stops_no_report() -> None:
    lost = outcome(Verdict.UNDECIDED, measured=math.nan, bound=math.nan, relation=Relation.AT_MOST)
    assert "nan" in Report("r", {}, {}, [lost]).text()
    assert show(math.nan) == show(math.nan, Relation.ABOVE) == "nan"


def test_a_failing_write_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "report.json"
    target.write_text("old")

    def fail(stream: object) -> None:
        stream.write(b"half")  # type: ignore[attr-defined]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_atomically(target, fail)
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["report.json"]


def test_unwritable_targets_are_found_before_work(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="--json must lie in an existing folder"):
        check_writable("--json", tmp_path / "missing" / "x.json")
    with pytest.raises(ValueError, match="--json must be a file"):
        check_writable("--json", tmp_path)
    check_writable("--json", tmp_path / "x.json")
    assert not os.listdir(tmp_path)


def test_two_outputs_are_two_files(tmp_path: Path) -> None:
    target, link = tmp_path / "a.png", tmp_path / "b.png"
    link.symlink_to(target)
    with pytest.raises(ValueError, match=r"--plot must be another file than --json, got .*b\.png' for both"):
        check_outputs(json=str(target), plot=str(link))
    check_outputs(json="/dev/null", save="/dev/null", csv=None)
    check_outputs(json="-", save=str(target))


def test_exit_codes_are_the_documented_ones() -> None:
    assert [int(c) for c in ExitCode] == [0, 1, 2, 3, 70, 130, 141]
