"""Thresholded wavelets: the estimator against a reconstruction, right exponents stand, wrong ones fall."""

import sys

import numpy as np
import pytest
from sympy import Rational

from boundcalc.statements.approximation import BESOV_MINIMAX, NOISE, RECOVERY
from boundcalc.statements.extra_symbols import p, q, s
from boundcalc.symbols import d, n, sigma
from tests.verify.siblings.broken import bent, refuted
from verify.outcome import Verdict
from verify.siblings import study
from verify.siblings.besov import SIBLING, Found, _dense, _samples, _sparse, _squared_error

pywt = pytest.importorskip("pywt")


@pytest.fixture(scope="module", params=[0, 1])
def found(request: pytest.FixtureRequest) -> Found:
    return SIBLING.measure(request.param)


def test_every_claim_stands(found: Found) -> None:
    assert {o.verdict for o in SIBLING.outcomes(found, SIBLING.statements)} == {Verdict.CONSISTENT}


def test_the_exponents(found: Found) -> None:
    """s/d, s/(2s + d) and the kink m^-s, with s = 3/2; p = 1 costs 1/2 without noise."""
    assert found.clean[2].exponent == pytest.approx(1.5, abs=0.02)
    assert found.clean[1].exponent == pytest.approx(1.0, abs=0.02)
    assert found.noise.exponent == pytest.approx(0.375, abs=0.01)
    assert found.kink[2].exponent == pytest.approx(1.5, abs=0.03)
    assert found.kink[1].exponent == pytest.approx(5 / 6, abs=0.03)


@pytest.mark.parametrize("factor", [Rational(11, 10), Rational(9, 10)])
@pytest.mark.parametrize(("name", "claims"), [("without noise", 2), ("noise", 1), ("balance", 2)])
def test_a_wrong_exponent_is_refuted(found: Found, name: str, claims: int, factor: Rational) -> None:
    assert len(refuted(SIBLING, found, bent(BESOV_MINIMAX, name, n, factor))) >= claims


def test_both_terms_are_equal_at_the_balance() -> None:
    for at in ({p: 1, q: 2}, {p: 2, q: 2}, {p: 2, q: 1}):
        values = {**at, s: Rational(5, 2), d: 2, n: 10**6}
        noise = BESOV_MINIMAX.bounds["balance"].expr.subs(values)
        assert float(NOISE.subs({**values, sigma: noise})) == pytest.approx(float(RECOVERY.subs(values)), rel=1e-12)


def test_functions_have_norm_one_on_every_level() -> None:
    """2^{j(s + 1/2 - 1/p)} times the l_p norm of level j: the dense one for every p, the sparse one for p = 1."""
    for function, norms in ((_dense(np.random.default_rng(0)), (1.0, 1.7, 2.0)), (_sparse(), (1.0,))):
        for j, level in enumerate(function.coefficients, 3):
            for power in norms:
                size = 2 ** (j * (2 - 1 / power)) * (np.abs(level) ** power).sum() ** (1 / power)
                assert size == pytest.approx(1, rel=1e-12)


def test_the_values_have_the_norm_of_the_coefficients() -> None:
    function = _dense(np.random.default_rng(1))
    total = sum((level**2).sum() for level in function.coefficients)
    assert (function.values**2).mean() == pytest.approx(total, rel=1e-10)


def test_the_error_is_that_of_the_reconstruction() -> None:
    """Without noise: the interpolant is built on the fine grid and compared there."""
    function = _dense(np.random.default_rng(2))
    data = _samples(function, 8)
    fine = data.copy()
    for _ in range(19 - 8):
        fine = pywt.idwt(fine, None, "coif5", "periodization")
    difference = fine * 2 ** ((19 - 8) / 2) - function.values
    assert (difference**2).mean() == pytest.approx(_squared_error(function, data, 0.0), rel=1e-8)


def test_small_noise_costs_what_it_should() -> None:
    """So far below the coefficients nothing is thresholded: the error grows by sigma^2, m coefficients of sigma^2/m each."""
    function, noise = _dense(np.random.default_rng(3)), 1e-6
    data, draws = _samples(function, 6), np.random.default_rng(4).standard_normal((200, 64))
    more = np.mean([_squared_error(function, data + noise * draw, noise) for draw in draws])
    expected = _squared_error(function, data, 0.0) + noise**2
    assert more == pytest.approx(expected, abs=0.4 * noise**2 + 1e-5 * expected)


@pytest.mark.parametrize("name", ["besov", "all"])
def test_without_the_package_the_command_refuses_at_once(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pywt", None)
    monkeypatch.setattr("verify.siblings.sibling.find_spec", lambda _: None)
    with pytest.raises(ValueError, match=r"besov needs the package PyWavelets.*pip install 'boundcalc\[siblings\]'"):
        study.siblings_report(study.SiblingsSetting.parse(name))
