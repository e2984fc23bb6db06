"""Every erratum is demonstrated, every reference to one resolves, and a check that finds nothing would say so."""

import math

import pytest

from boundcalc import errata_checks
from boundcalc.erratum import Erratum, errata, erratum
from boundcalc.statement import Status
from boundcalc.statements import THEOREMS


@pytest.mark.slow
@pytest.mark.parametrize("entry", errata(), ids=lambda entry: str(entry.number))
def test_demonstrated(entry: Erratum) -> None:
    found = entry.demonstrate()
    assert found.shown, found.evidence
    assert entry.status is Status.DERIVED
    assert entry.correction in str(entry)
    assert entry.correction in entry._repr_markdown_()


def test_numbers_are_consecutive_and_checks_distinct() -> None:
    assert [entry.number for entry in errata()] == list(range(1, 11))
    assert len({entry.check for entry in errata()}) == len(errata())


def test_theorems_refer_to_existing_entries() -> None:
    for theorem in THEOREMS:
        for number in theorem.errata:
            assert erratum(number).number == number


@pytest.mark.parametrize("bad", [0, 11, -1, 1.0, "1", None, True])
def test_unknown_number(bad: object) -> None:
    with pytest.raises(ValueError, match="number must be that of an erratum"):
        erratum(bad)  # type: ignore[arg-type]


def test_figures() -> None:
    assert "c_5 = 0.571, 0.733, 0.871, 0.997, 1.120" in errata_checks.vanishing_constant().evidence
    assert "1.504e-04" in errata_checks.binomial_tail().evidence


def test_a_check_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a matrix that lacks the output bias the bound lambda_max >= 1 is not found."""
    honest = errata_checks._hessian
    monkeypatch.setattr(errata_checks, "_hessian", lambda *args: 0.5 * honest(*args))
    assert not errata_checks.sharpness_at_least_one().shown
    monkeypatch.undo()
    monkeypatch.setattr(math, "sqrt", lambda _: 1e6)
    assert not errata_checks.binomial_tail().shown
