"""The catalogue of codes: what is stored is what is built, exactly, and what all who speak of codes say."""

from fractions import Fraction

import numpy as np
import pytest

from boundcalc.explicit.codes import KnownCode, catalogue
from boundcalc.packing_numbers import packing_number
from boundcalc.statement import Status
from constructions.codes import best_code, build
from constructions.codes.catalogue import Place, checksum, places
from constructions.codes.golden import vertices
from verify.codes.setting import CodesSetting
from verify.codes.study import codes_report

PLACES = tuple(places())
PAIRS = list(zip(PLACES, catalogue(), strict=True))
NAMES = [f"{place.d}-{place.cosine.replace('/', '_')}" for place in PLACES]
SMALL = [pair for pair in PAIRS if pair[1].size <= 2000 and pair[0].d < 21]


def ask(place: Place) -> dict[str, object]:
    """The place as a caller asks for it."""
    degrees = getattr(place.asked, "degrees", None)
    if degrees is not None:
        return {"angle": degrees}
    return {"angle": 60} if place.asked == Fraction(1, 2) else {"cosine": place.asked}


def test_the_list_that_is_stored() -> None:
    kissing = {code.d: code.size for code in catalogue() if code.cosine == "1/2"}
    assert kissing == {
        2: 6, 3: 12, 4: 24, 5: 40, 6: 72, 7: 126, 8: 240, 9: 306, 10: 510, 11: 604, 12: 840, 13: 1154, 14: 1932, 15: 2564,
        16: 4320, 17: 5730, 18: 8358, 19: 12276, 20: 19448, 21: 31560, 22: 49896, 23: 93150, 24: 196560,
    }  # fmt: skip
    # The table of universally optimal codes of Cohn and Kumar (2007), but for infinite families, of which the last two are one.
    sharp = {(code.d, code.cosine, code.size) for code in catalogue() if code.optimal}
    assert sharp >= {
        (3, "1/√5", 12), (4, "cos 36°", 120), (8, "1/2", 240), (7, "1/3", 56), (6, "1/4", 27), (5, "1/5", 16),
        (24, "1/2", 196560), (23, "1/3", 4600), (22, "1/4", 891), (23, "1/5", 552), (22, "1/6", 275), (21, "1/7", 162),
        (22, "1/11", 100), (21, "1/9", 112), (52, "1/16", 325), (105, "1/25", 756),
    }  # fmt: skip
    for place, code in PAIRS:
        assert (place.d, place.family, place.cosine, place.source, place.optimal) == (
            code.d, code.family, code.cosine, code.source, code.optimal,
        )  # fmt: skip
        assert code.enclosure[0] <= code.enclosure[1] <= place.asked or code.degrees is not None
        assert code.record is None or code.record[0] >= code.size


@pytest.mark.parametrize(("place", "code"), PAIRS, ids=NAMES)
def test_checksums(place: Place, code: KnownCode) -> None:
    """The coordinates that were certified are those that are built today."""
    draft = place.draft()
    assert (draft.size, draft.dim, draft.family) == (code.size, code.d, code.name)
    assert checksum(draft) == code.checksum


def agree(place: Place, code: KnownCode) -> None:
    number = packing_number(place.d, **ask(place))
    built = best_code(place.d, **ask(place))  # type: ignore[arg-type]
    assert number.lower == built.size == code.size
    if code.optimal:
        assert number.exact == code.size
    bound = built.max_inner_product()
    assert (bound.lower, bound.upper, bound.degrees) == (*code.enclosure, code.degrees)
    _, report = codes_report(CodesSetting.parse(place.d, **ask(place)))
    assert report.facts["code"]["size"] == code.size
    assert int(report.exit_code) == 0
    # Exactly there: at an angle that is larger by next to nothing the code is none.
    closer = code.enclosure[0] - Fraction(1, 10**30)
    assert built.certify_separation(closer).holds is False


@pytest.mark.parametrize(("place", "code"), SMALL, ids=lambda x: getattr(x, "name", ""))
def test_everybody_says_the_same_of_small_codes(place: Place, code: KnownCode) -> None:
    agree(place, code)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("place", "code"), [pair for pair in PAIRS if pair not in SMALL], ids=lambda x: getattr(x, "name", "")
)
def test_everybody_says_the_same_of_large_codes(place: Place, code: KnownCode) -> None:
    agree(place, code)


def test_golden_vertices_against_floats() -> None:
    golden = (1 + 5**0.5) / 2
    for d, size, norm, cosine in ((3, 12, 2 + golden, 5**-0.5), (4, 120, 4, golden / 2)):
        corners = vertices(d)
        flat = corners[:, :, 0] + golden * corners[:, :, 1]
        assert len(np.unique(flat.round(9), axis=0)) == size
        gram = flat @ flat.T
        assert np.allclose(np.diag(gram), norm)
        assert (gram - 9 * np.eye(size)).max() / norm == pytest.approx(cosine)
        assert float(build("golden", d, cosine=Fraction(82, 100)).max_inner_product().lower) == pytest.approx(
            cosine, abs=1e-15
        )


def test_the_600_cell_is_known_at_exactly_its_angle() -> None:
    assert best_code(4, 36).size == packing_number(4, 36).exact == 120
    assert best_code(4, "36.000001").size < 120
    assert packing_number(4, "36.000001").lower < 120 == packing_number(4, "36.000001").upper
    assert packing_number(4, cosine="0.80901").lower < 120 == packing_number(4, cosine="0.80902").lower


def test_quoted_bounds_are_labelled() -> None:
    assert (packing_number(3, 60).exact, packing_number(4, 60).exact) == (12, 24)
    for d in range(3, 25):
        number = packing_number(d, 60)
        quoted = [b for b in number.upper_bounds if b.status is Status.PAPER]
        derived = [b for b in number.upper_bounds if b.status is Status.DERIVED]
        assert all("quoted: " in b.name for b in quoted)
        assert not any("quoted" in b.name for b in (*derived, *number.lower_bounds))
        assert quoted
        assert min(b.count for b in quoted) <= derived[0].count
        assert number.lower <= number.upper
    assert packing_number(12, 60).upper == 1355
    assert packing_number(8, 60).upper_bounds[0].status is Status.DERIVED  # Levenshtein's bound proves it here
