"""Integrals of the marginal density: the series that is summed here against the library's hypergeometric function."""

from fractions import Fraction

import pytest

from boundcalc.arb import ball, precision
from boundcalc.explicit.marginal import Marginal, _series


@pytest.mark.slow
@pytest.mark.parametrize("bits", [128, 400])
@pytest.mark.parametrize("z", [1e-20, 0.02, 0.7, 0.95, 1.0])
def test_own_series_agrees_with_the_library(z: float, bits: int) -> None:
    """Both sides of the switch, and 1/2 at z = 1: incomplete beta functions."""
    with precision(bits):
        for d in (1, 30, 199, 202, 1001):
            marginal = Marginal(d)
            x = ball(z) / 2
            for a in (marginal.alpha, 2 * marginal.alpha):
                upper, lower = 2 * a + 2, a + 2
                own, other = (
                    _series(x, int(2 * upper), int(2 * lower)),
                    x.hypgeom_2f1(ball(upper), ball(1), ball(lower)),
                )
                assert own.overlaps(other)
                assert own.rel_accuracy_bits() > bits - 20
            if z == 1:
                assert marginal.mass(ball(1)).contains(ball(Fraction(1, 2)))
        with pytest.raises(ArithmeticError, match="depth"):
            _series(ball(1), 600, 400)
