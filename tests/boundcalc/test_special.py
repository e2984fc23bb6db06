"""Special functions in log space against mpmath with 50 digits."""

import mpmath
import numpy as np
import pytest

from boundcalc.special import log_erfc, log_gamma_ratio, log_hyp2f1


@pytest.mark.parametrize("x", [0.01, 0.5, 1.0, 3.3, 19.99, 20.0, 21.5, 1e3, 5e5, 1e8, 1e15])
@pytest.mark.parametrize("s", [-0.005, 0.25, 0.5, 1.0, 2.5, 40.0])
def test_gamma_ratio(x: float, s: float) -> None:
    with mpmath.workdps(50):
        truth = mpmath.loggamma(mpmath.mpf(x) + mpmath.mpf(s)) - mpmath.loggamma(mpmath.mpf(x))
        error = abs(float(log_gamma_ratio(np.array(x), np.array(s))) - truth)
    assert error <= 3e-14 * max(1, abs(s))


def test_gamma_ratio_downwards_is_the_inverse() -> None:
    up, down = log_gamma_ratio(np.array(5e5), np.array(0.5)), log_gamma_ratio(np.array(5e5 + 0.5), np.array(-0.5))
    assert up == -down


@pytest.mark.parametrize("x", [-1e3, -3.0, -1e-8, 0.0, 1e-300, 0.3, 0.5, 0.7, 5.0, 30.0, 1e6])
def test_erfc(x: float) -> None:
    with mpmath.workdps(50):
        truth = mpmath.log(mpmath.erfc(mpmath.mpf(x)))
        assert abs(float(log_erfc(np.array(x))) - truth) <= 1e-14 * max(1, abs(truth))


@pytest.mark.parametrize("d", [1, 2, 3, 10, 57, 400])
@pytest.mark.parametrize("k", [0, 1, 2, 5])
def test_balanced_hypergeometric(d: int, k: int) -> None:
    a, b, c = d + k + 1, k + 1, k + 1 + (d + 1) / 2
    z = np.array([0.0, 1e-300, 1e-5, 0.05, 0.2, 0.35, 0.42, 0.45, 0.49, 0.4999, 0.5, 0.501, 0.6, 0.9, 0.999])
    got = log_hyp2f1(*(np.asarray(v, dtype=float) for v in (a, b, c, z)))
    with mpmath.workdps(50):
        for value, at in zip(got, z, strict=True):
            truth = mpmath.log(mpmath.hyp2f1(a, b, mpmath.mpf(c), mpmath.mpf(float(at))))
            assert abs(float(value) - truth) <= 2e-13 * max(1, abs(truth) / 10), at


@pytest.mark.slow
@pytest.mark.parametrize("parameters", [(0.5, 0.25, 3.0), (2.5, 3.5, 1.25), (30.0, 7.0, 2.0), (400.0, 300.0, 10.0)])
def test_gauss_series(parameters: tuple[float, float, float]) -> None:
    z = np.array([0.0, 0.1, 0.5, 0.8, 0.97])
    got = log_hyp2f1(*(np.array(v) for v in parameters), z)
    with mpmath.workdps(50):
        for value, at in zip(got, z, strict=True):
            truth = mpmath.log(mpmath.hyp2f1(*parameters, mpmath.mpf(float(at))))
            assert abs(float(value) - truth) <= 1e-13 * max(1, abs(truth))


def test_an_element_does_not_depend_on_its_neighbours() -> None:
    rng = np.random.default_rng(5)
    d = rng.integers(1, 10**6, 300).astype(float)
    z = np.concatenate([rng.random(150), 0.5 - 0.4 * rng.random(150) / np.sqrt(d[150:])])
    together = log_hyp2f1(d + 1, np.array(1.0), (d + 3) / 2, z)
    alone = [log_hyp2f1(d[i] + 1, np.array(1.0), (d[i] + 3) / 2, z[i]) for i in range(300)]
    assert np.array_equal(together, np.array(alone))


@pytest.mark.slow
def test_refusals() -> None:
    one = np.array(1.0)
    with pytest.raises(ValueError, match="positive parameters"):
        log_hyp2f1(-one, one, one, one / 2)
    with pytest.raises(ValueError, match="0 <= z < 1"):
        log_hyp2f1(one, one, one, one)
    with pytest.raises(ArithmeticError, match="terms"):
        log_hyp2f1(one, one / 3, one, np.array(1 - 1e-9))
