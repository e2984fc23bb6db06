"""Bounds from the polynomials of Lanczos runs: how often they fail on spectra that are known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from verify.hessian.polynomial import excluded, lanczos_run, least_overlap, polynomial_bounds, top_bounds


def spectrum(rng: np.random.Generator) -> np.ndarray:
    """Bulk, outlier, repeated top eigenvalue, decades, cluster: as they occur in Hessians of losses."""
    size = int(rng.integers(5, 120))
    kind = rng.integers(5)
    if kind == 0:
        return rng.standard_normal(size)
    if kind == 1:
        return np.append(rng.uniform(0, 1, size - 1), 1 + rng.uniform(0, 3))
    if kind == 2:
        return np.append(np.zeros(size - 3), np.ones(3))
    if kind == 3:
        return 10.0 ** -rng.uniform(0, 6, size)
    return np.concatenate([rng.uniform(-0.01, 0.01, size - 4), 1 + 1e-4 * rng.standard_normal(3), [1.001]])


KINDS = {
    "bulk": lambda rng, size: rng.standard_normal(size),
    "outlier": lambda rng, size: np.append(rng.uniform(0, 1, size - 1), 1 + rng.uniform(0, 3)),
    "far outlier": lambda rng, size: np.append(rng.uniform(0, 1, size - 1), 10.0 ** rng.uniform(1, 5)),
    "repeated": lambda rng, size: np.append(np.zeros(size - 3), np.ones(3)),
    "cluster": lambda rng, size: np.append(rng.uniform(-0.01, 0.01, size - 3), 1 + 1e-4 * rng.standard_normal(3)),
    "decades": lambda rng, size: 10.0 ** -rng.uniform(0, 6, size),
    "negative": lambda rng, size: -(10.0 ** -rng.uniform(0, 4, size)),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_no_step_of_a_run_excludes_the_eigenvalue_more_often_than_stated(kind: str) -> None:
    """Kind by kind, whenever an adversary who knows the spectrum stops: at any step, at either end of the spectrum.

    A far outlier is the case in which the bound is sharp: there it must fail nearly as often as it may, or the test sees nothing.
    """
    rng = np.random.default_rng(len(kind))
    cases = 1500 if kind == "far outlier" else 400
    for failure in (0.05, 0.3):
        missed = np.zeros(2)
        for _ in range(cases):
            values = KINDS[kind](rng, int(rng.integers(20, 200)))
            run = lanczos_run(
                lambda v, values=values: values * v,
                rng.standard_normal(len(values)),
                lambda _: False,
                most=12,
                failure=failure,
            )
            mirrored = [-a for a in run.alpha]
            ends = (values.max(), run.alpha), (-values.min(), mirrored)
            missed += [excluded(float(c), alpha, run.beta, run.overlap, run.noise) for c, alpha in ends]
        # A rate of just ``failure`` is more than this once in some thousand times.
        assert missed.max() <= failure * cases + 3.3 * math.sqrt(failure * (1 - failure) * cases), (
            kind,
            failure,
            missed,
        )
        if kind == "far outlier":
            assert missed[0] >= 0.8 * failure * cases - 3.3 * math.sqrt(failure * (1 - failure) * cases)


@pytest.mark.slow
def test_each_of_the_largest_eigenvalues_fails_less_often_than_stated() -> None:
    rng, missed, cases = np.random.default_rng(8), np.zeros(3), 250
    for _ in range(cases):
        values = np.append(rng.uniform(0, 1, 60), 10.0 ** rng.uniform(0, 4, 3))
        found, _ = top_bounds(
            lambda v, values=values: values * v, lambda: rng.standard_normal(63), 3, failure=0.3, tol=1e-2, most=3
        )
        for j, ((low, high), value) in enumerate(zip(found, np.sort(values)[::-1], strict=False)):
            assert low <= value * (1 + 1e-12)
            missed[j] += high < value * (1 - 1e-12)
    assert missed.max() <= 0.3 * cases + 3.3 * math.sqrt(0.21 * cases)


@pytest.mark.slow
@pytest.mark.parametrize("warm", [False, True])
@pytest.mark.parametrize(("failure", "runs"), [(0.3, 1), (0.05, 1), (0.3, 2), (0.05, 2), (0.3, 3)])
def test_the_upper_bound_fails_less_often_than_stated(failure: float, runs: int, warm: bool) -> None:
    """On 1 000 spectra each; runs stop after few products or when they think that they are done."""
    rng = np.random.default_rng(round(1000 * failure) + runs)
    missed, cases = 0, 1000
    for _ in range(cases):
        values, start = spectrum(rng), None
        size = len(values)
        if warm:
            start = 0.1 * rng.standard_normal(size)
            start[values.argmax()] += rng.uniform()
        found = polynomial_bounds(
            lambda v, values=values: values * v, lambda size=size: rng.standard_normal(size),
            failure=failure, tol=float(10.0 ** -rng.uniform(0, 4)), most=int(rng.integers(1, 25)), runs=runs, warm=start,
        )  # fmt: skip
        assert found.lower <= values.max()
        missed += found.upper < values.max() * (1 - 1e-13) - 1e-15
    assert missed <= failure * cases


@pytest.mark.parametrize("value", [0.0, 1.0, -1.0, 1e100, 1e-100])
@pytest.mark.parametrize("size", [1, 2, 3, 40])
def test_multiples_of_the_identity(size: int, value: float) -> None:
    rng = np.random.default_rng(size)
    found = polynomial_bounds(
        lambda v: value * v, lambda: rng.standard_normal(size), failure=1e-12, tol=1e-6, most=50
    )  # fmt: skip
    assert found.lower <= value <= found.upper
    assert found.upper - found.lower <= 3e-6 * abs(value) + 1e-290


def test_two_runs_for_small_failure_probabilities() -> None:
    rng = np.random.default_rng(0)
    values = np.append(0.3 * rng.uniform(0, 1, 2000) ** 2, [1.0, 0.8, 0.5])
    widths, products = [], []
    for failure in (1e-6, 1e-12):
        found = polynomial_bounds(
            lambda v: values * v, lambda: rng.standard_normal(len(values)), failure=failure, tol=1e-6, most=100
        )
        assert found.lower <= 1.0 <= found.upper
        widths.append(found.upper - found.lower)
        products.append(found.products)
    assert max(widths) <= 2e-6
    assert products[0] < products[1] <= 40


def test_both_ends_of_one_run_and_what_they_exclude() -> None:
    rng = np.random.default_rng(1)
    values = np.append(rng.uniform(-1, 1, 200), [4.0, -3.0])
    run = lanczos_run(lambda v: values * v, rng.standard_normal(202), lambda _: False, most=25, failure=1e-6)
    assert run.values[-1] - run.noise <= 4.0 <= run.upper()
    assert run.least_lower() <= -3.0 <= run.values[0] + run.noise
    levels = np.linspace(4.0, 9.0, 200)
    outside = [excluded(float(c), run.alpha, run.beta, run.overlap, run.noise) for c in levels]
    assert outside == sorted(outside)  # what excludes c excludes all above it
    assert not excluded(3.999, run.alpha, run.beta, run.overlap, run.noise)


def test_the_overlap_is_a_quantile() -> None:
    rng = np.random.default_rng(2)
    starts = rng.standard_normal((20_000, 12))
    first = np.abs(starts[:, 0]) / np.linalg.norm(starts, axis=1)
    for failure in (0.05, 0.3):
        assert abs(np.mean(first < least_overlap(12, failure)) - failure) < 5 * np.sqrt(failure / 20_000)
    assert least_overlap(1, 0.3) == 1.0


def test_rounding_is_seen() -> None:
    """An operator with errors of 1e-6 in place of rounding: bounds give way to them."""
    rng = np.random.default_rng(3)
    values = np.append(rng.uniform(0, 0.5, 300), 1.0)
    noisy = np.random.default_rng(4)
    found = polynomial_bounds(
        lambda v: values * v + 1e-6 * noisy.standard_normal(301) / np.sqrt(301), lambda: rng.standard_normal(301),
        failure=1e-3, tol=1e-6, most=40,
    )  # fmt: skip
    assert found.run.noise > 1e-7
    assert found.lower <= 1.0 <= found.upper


@pytest.mark.parametrize("seed", range(10))
def test_the_schur_complement_against_dense_matrices(seed: int) -> None:
    """With the exact largest eigenvalue outside the basis, and with more; the bound falls as the basis grows."""
    rng = np.random.default_rng(seed)
    size = 30
    H = rng.standard_normal((size, size))
    H += H.T
    top = np.linalg.eigvalsh(H)[-1]
    gaps = []
    for steps in (2, 6, 24):
        run = lanczos_run(
            lambda v: H @ v, rng.standard_normal(size), lambda run, k=steps: run.steps == k, most=steps, failure=0.5
        )
        outside = np.eye(size) - run.basis.T @ run.basis
        mu = np.linalg.eigvalsh(outside @ H @ outside)[-1]
        for more in (0.0, 1.0):
            c = run.schur(mu + more)
            assert c >= top - 1e-12
            T = np.diag(run.alpha) + np.diag(run.beta[:-1], 1) + np.diag(run.beta[:-1], -1)
            T[-1, -1] += run.beta[-1] ** 2 / (c - mu - more)
            assert np.linalg.eigvalsh(T)[-1] <= c + 1e-9
        gaps.append(run.schur(mu) - top)
    assert gaps[2] < gaps[0]
    assert gaps[2] < 1e-6


def test_the_schur_complement_is_attained_in_two_dimensions() -> None:
    """There the complement is one direction, and the condition holds from the eigenvalue on; the search stops above it."""
    H = np.array([[2.0, 1.0], [1.0, -1.0]])
    run = lanczos_run(lambda v: H @ v, np.array([1.0, 0.0]), lambda run: True, most=1, failure=0.5)
    top = (1 + math.sqrt(13)) / 2
    assert run.room(top) == pytest.approx(-1.0, rel=1e-14)
    assert top <= run.schur(-1.0) <= top * (1 + 1e-4)
