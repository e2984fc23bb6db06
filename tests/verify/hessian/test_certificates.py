"""The parts of the certificates against dense linear algebra, and both ways of bounding the part outside a subspace."""

from __future__ import annotations

from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from dense import dense_hessian

from constructions import memory
from constructions.network import Network
from verify.hessian import is_flat, sharpness
from verify.hessian.arrays import NumpyBackend, TorchBackend
from verify.hessian.cholesky import (
    DataCertificate,
    ParameterCertificate,
    build_cholesky,
    build_for_data,
    build_for_parameters,
    cholesky_bytes,
    cholesky_work,
)
from verify.hessian.components import build_blocks
from verify.hessian.inputs import read_inputs
from verify.hessian.krylov_bound import (
    gauss_newton_trace,
    krylov_lower_bound,
    krylov_upper_bound,
    outside_trace,
)
from verify.hessian.ladder import dense_is_cheap
from verify.hessian.lanczos import lanczos
from verify.hessian.perron import perron_bound, perron_step
from verify.hessian.problem import prepare
from verify.hessian.products import LiveProducts
from verify.hessian.rayleigh import rayleigh_lower_bound
from verify.hessian.reduction import eigenvalue_bound, reduce_at
from verify.hessian.trace import TraceCertificate, _frobenius_bound
from verify.outcome import Verdict


def problem_of(seed, n=60, K=80, d=4, residual=1.0):
    rng = np.random.default_rng(seed)
    net = Network(rng.standard_normal((K, d)) / 2, rng.standard_normal(K) / 2, rng.standard_normal(K) / K**0.5, 0.0)
    X = rng.standard_normal((n, d))
    X *= rng.random((n, 1)) ** (1 / d) / np.linalg.norm(X, axis=1, keepdims=True)
    y = net(X) + residual * rng.standard_normal(n)
    return net, X, y, prepare(read_inputs(net, X, y), NumpyBackend())


def dense_reduction(problem, c):
    """M(c) from its definition, without the factored form."""
    A, Z, h = problem.A, problem.Z, problem.A * (problem.Z @ problem.omega.T)
    gamma = np.linalg.norm(problem.c, axis=1)
    Y = c / np.sqrt(c * c - gamma * gamma) * (h + problem.v * A * (Z @ problem.c.T) / c)
    return 1 + (Z @ Z.T) * ((A * problem.v**2) @ A.T) + Y @ Y.T


@pytest.mark.parametrize("seed", range(5))
def test_the_reduction_is_exact(seed):
    """n c is an eigenvalue of M(c), its largest, exactly at the largest eigenvalue of the Hessian."""
    net, X, y, problem = problem_of(seed)
    value = sharpness(net, X, y).value
    M = dense_reduction(problem, value)
    assert np.linalg.eigvalsh(M)[-1] == pytest.approx(problem.n * value, rel=1e-12)
    parts = reduce_at(problem, value)
    assert np.trace(M) <= parts.trace <= np.trace(M) * (1 + 1e-5)
    assert np.linalg.norm(M) <= _frobenius_bound(parts) <= np.linalg.norm(M) * (1 + 1e-2)


@pytest.mark.parametrize("c_factor", [0.7, 0.95, 1.0, 1.05, 1.5])
@pytest.mark.parametrize("residual", [0.0, 1.0, 5.0])
def test_bounds_from_any_level_and_any_vectors_hold(c_factor, residual):
    net, X, y, problem = problem_of(3, residual=residual)
    value = sharpness(net, X, y).value
    c = max(value * c_factor, problem.gamma_max * 1.01)
    rng = np.random.default_rng(0)
    theta = np.linalg.eigvalsh(dense_reduction(problem, c))[-1] / (problem.n * c)
    assert eigenvalue_bound(problem, c, theta) >= value * (1 - 1e-12)
    for m in (1, 3, 10):
        Q = np.linalg.qr(rng.standard_normal((problem.n, m)))[0]
        for limit in (m, 60):
            assert TraceCertificate(problem, Q, limit).bound(c) >= value * (1 - 1e-13)
    assert perron_bound(problem, c, rng.uniform(0.1, 1, problem.n)) >= value


@pytest.mark.parametrize("device", [None, torch.device("cpu")])
@pytest.mark.parametrize(("n", "K", "d"), [(900, 4, 3), (5, 3, 2), (300, 1, 1)])
def test_the_hessian_of_few_parameters_is_formed_within_its_error_bound(device, n, K, d, monkeypatch):
    net, X, y, _ = problem_of(6, n=n, K=K, d=d)
    monkeypatch.setattr("verify.hessian.cholesky._CHUNK", 100)  # several pieces of points
    problem = prepare(read_inputs(net, X, y), NumpyBackend() if device is None else TorchBackend(device))
    certificate = build_for_parameters(problem)
    computed = np.asarray(certificate.hessian)
    exact = dense_hessian(net, X, y)
    values = np.linalg.eigvalsh(exact)
    dead = len(exact) - len(computed)
    expected = np.sort(np.concatenate([np.linalg.eigvalsh(computed), np.zeros(dead)]))
    assert np.abs(values - expected).max() <= certificate.error + 1e-14 * values[-1]
    assert certificate.error <= 1e-10 * values[-1]
    c = values[-1]
    assert certificate.proves_below(c * (1 + 1e-9))
    assert not certificate.proves_below(c * (1 - 1e-12))
    assert not certificate.proves_below(np.nan)


def test_components_with_many_points_are_summed_in_pieces(monkeypatch):
    net, X, y, problem = problem_of(6, n=900, K=4, d=3)
    (whole,) = build_blocks(problem)
    monkeypatch.setattr("verify.hessian.components._CHUNK", 100)
    (pieces,) = build_blocks(problem)
    assert whole.neurons.shape == pieces.neurons.shape
    assert np.linalg.norm(whole.H - pieces.H) <= whole.H_error[0] + pieces.H_error[0]
    assert np.linalg.norm(whole.g - pieces.g) <= whole.g_error[0] + pieces.g_error[0]
    truth = np.linalg.eigvalsh(dense_hessian(net, X, y))[-1]
    result = sharpness(net, X, y, certificate="structure")
    assert result.method == "structure"
    assert result.lower <= truth * (1 + 1e-13)
    assert truth * (1 - 1e-13) <= result.upper <= truth * (1 + 1e-9)


def test_a_large_component_shows_without_the_graph(monkeypatch):
    *_, problem = problem_of(0)
    assert build_blocks(problem, largest=10**6, cost_limit=1e20) is not None
    monkeypatch.setattr("verify.hessian.components.connected_components", None)
    assert build_blocks(problem, largest=(problem.width + 1) * 4) is None


def test_the_smaller_formulation_is_chosen_and_both_agree():
    for n, K, d, kind in [(400, 5, 3, ParameterCertificate), (60, 80, 4, DataCertificate)]:
        net, X, y, problem = problem_of(8, n=n, K=K, d=d)
        assert isinstance(build_cholesky(problem), kind)
        value = sharpness(net, X, y, certificate="cholesky")
        assert value.proved
        for build in (build_for_data, build_for_parameters):
            assert build(problem).proves_below(value.lower * (1 + 1e-8))
            assert not build(problem).proves_below(value.lower * (1 - 1e-9))


def test_too_many_points_are_refused_with_the_memory_that_they_need(monkeypatch):
    net, X, y, problem = problem_of(2)
    needed = cholesky_bytes(problem)
    monkeypatch.setattr(memory, "ALWAYS_THERE", 0)
    monkeypatch.setattr(memory, "available", lambda: needed)  # a tenth is kept for the rest
    with pytest.raises(ValueError, match=r"needs .* GiB for 60 points and \d+ parameters .* certificate='auto'"):
        sharpness(net, X, y, certificate="cholesky")
    monkeypatch.setattr(memory, "ALWAYS_THERE", 0)
    monkeypatch.setattr(memory, "available", lambda: needed * 10 // 9 + 1)
    assert sharpness(net, X, y, certificate="cholesky").proved


def test_memory_grows_with_the_smaller_formulation():
    few = cholesky_bytes(problem_of(8, n=2000, K=5, d=3)[3])
    assert few < 2**28 < 24 * 2000**2 * 4
    dense = problem_of(8, n=300, K=80)[3]
    assert cholesky_bytes(dense) == 8 * (3 * 300**2 + 2 * 300 * dense.live_count)


@pytest.mark.parametrize("n", [200, 201, 250, 300])
def test_large_gram_matrices_are_formed_in_blocks(n, monkeypatch):
    rows = np.random.default_rng(0).standard_normal((n, 7))
    monkeypatch.setattr("verify.hessian.arrays._GRAM_BLOCK", 100)
    product = NumpyBackend().gram(rows)
    assert np.allclose(product, np.einsum("ij,kj->ik", rows, rows), rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("n", [60, 61, 190])
@pytest.mark.parametrize("smallest", [1e-6, -1e-6])
def test_a_blocked_factorisation_decides_like_an_unblocked_one(n, smallest, monkeypatch):
    rng = np.random.default_rng(n)
    Q = np.linalg.qr(rng.standard_normal((n, n)))[0]
    matrix = (Q * np.concatenate([[smallest], rng.uniform(0.1, 2, n - 1)])) @ Q.T
    assert NumpyBackend().is_positive_definite(matrix.copy()) is (smallest > 0)
    monkeypatch.setattr("verify.hessian.arrays._LARGEST_FACTORISED", 10)
    monkeypatch.setattr("verify.hessian.arrays._FACTOR_BLOCK", 20)
    factor = matrix.copy()
    assert NumpyBackend().is_positive_definite(factor) is (smallest > 0)
    matrix[n // 2, n // 2] = np.nan
    assert not NumpyBackend().is_positive_definite(matrix)


def test_where_the_trace_is_heavy_the_frobenius_norm_serves():
    """Many eigenvalues of similar size below the largest: no few directions hold the trace."""
    net, X, y, problem = problem_of(1, n=150, K=400, d=12, residual=0.0)
    v = np.where(np.arange(400) % 2 == 0, 8.0, 0.01) * np.sign(net.v)
    net = Network(net.W, net.b + 1.0, v, 0.0)
    y = net(X)
    problem = prepare(read_inputs(net, X, y), NumpyBackend())
    value = sharpness(net, X, y, certificate="cholesky").value
    parts = reduce_at(problem, value * (1 + 1e-13))
    top = np.linalg.eigvalsh(dense_reduction(problem, value))[::-1] / (problem.n * value)
    assert top[6:].sum() > 1.5
    assert parts.trace / (problem.n * value) > 2.5
    result = sharpness(net, X, y, certificate="trace")
    assert result.proved
    assert result.lower <= value * (1 + 1e-12)
    assert value * (1 - 1e-12) <= result.upper <= value * (1 + 1e-8)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("steps", [1, 2, 3, 8])
def test_bounds_from_a_lanczos_run_hold_and_close_in(seed, steps):
    net, X, y, problem = problem_of(seed, residual=0.3)
    value = sharpness(net, X, y, certificate="cholesky").value
    products = LiveProducts(problem)
    start = products.mean_gradient()
    run = lanczos(products.hessian_with_image, start, problem.backend, tolerance=1e-15, max_steps=steps)
    trace = gauss_newton_trace(problem)
    h = problem.A * (problem.Z @ problem.omega.T)
    exact = (
        1 + (problem.A * problem.v**2 * (problem.Z**2).sum(1)[:, None]).sum() / problem.n + (h * h).sum() / problem.n
    )
    assert exact <= trace <= exact * (1 + 1e-5)
    tau = outside_trace(problem, run.images, trace)
    lower, vector = krylov_lower_bound(products, run)
    upper = krylov_upper_bound(problem, run, trace)
    assert lower <= value * (1 + 1e-14)
    assert upper >= max(value * (1 - 1e-14), tau)
    assert lower == pytest.approx(rayleigh_lower_bound(products, vector), rel=1e-10)
    # The Schur complement: theta + residual^2 / (b - tau) up to rounding, where tau is below.
    if tau < value:
        assert upper <= max(1.002 * tau, run.value + 1.5 * run.residual**2 / (run.value - tau)) * (1 + 1e-9)
    if steps == 8 and tau < 0.99 * value:
        assert upper <= lower * (1 + 1e-9)


def test_the_krylov_certificate_encloses_where_one_direction_dominates():
    rng = np.random.default_rng(3)
    net = Network(
        rng.uniform(-1, 1, (400, 6)) / 6**0.5, rng.uniform(-1, 1, 400) / 6**0.5, rng.uniform(-1, 1, 400) / 20, 0
    )
    X = rng.standard_normal((150, 6))
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    y = rng.standard_normal(150)
    result = sharpness(net, X, y, certificate="krylov")
    assert result.proved
    assert result.method == "krylov"
    assert result.upper <= result.lower * (1 + 1e-10)
    assert sharpness(net, X, y, tol=1e-6).method == "krylov"
    assert result.value == pytest.approx(sharpness(net, X, y, certificate="cholesky").value, rel=1e-12)


def test_perron_steps_approach_the_eigenvalue():
    """On the unit ball with small residuals N is close to M, and its powers close in from above."""
    net, X, y, problem = problem_of(5, residual=0.0)
    value = sharpness(net, X, y).value
    parts = reduce_at(problem, value * (1 + 1e-9))
    step = perron_step(parts)
    bounds = [step.bound]
    for _ in range(30):
        step = perron_step(parts, step.image / step.image.max())
        bounds.append(step.bound)
    assert min(bounds) >= value * (1 - 1e-14)
    assert bounds[1] < bounds[0]
    assert bounds[-1] <= value * (1 + 1e-6)
    assert step.estimate == pytest.approx(value, rel=1e-6)
    assert perron_step(parts, np.ones(problem.n)).bound == pytest.approx(bounds[0], rel=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("certificate", ["trace", "cholesky", "perron", "probabilistic"])
@pytest.mark.parametrize("device", [None, "cpu"])
def test_numpy_and_torch_agree(certificate, device):
    net, X, y, _ = problem_of(2)
    reference = sharpness(net, X, y, certificate="cholesky")
    result = sharpness(net, X, y, certificate=certificate, device=device)
    assert result.method == certificate
    assert result.lower == pytest.approx(reference.lower, rel=1e-11)
    assert result.upper >= reference.lower


def test_a_float32_krylov_iteration_gives_a_rigorous_float64_enclosure():
    net, X, y, _ = problem_of(4)
    reference = sharpness(net, X, y)
    result = sharpness(net, X, y, dtype=np.float32)
    assert result.proved
    assert result.lower <= reference.upper
    assert result.upper >= reference.lower
    assert result.upper <= result.lower * (1 + 1e-5)
    # The error of a Rayleigh quotient is the square of the vector's.
    assert result.value == pytest.approx(reference.value, rel=1e-10)


def test_coarse_float32_products_are_not_trusted():
    net, X, y, _ = problem_of(0)
    inputs = read_inputs(net, X, y)
    before = torch.get_float32_matmul_precision()
    bounds = []
    try:
        for precision in ("highest", "medium"):
            torch.set_float32_matmul_precision(precision)
            problem = prepare(inputs, TorchBackend(torch.device("cpu")))
            bounds.append(_frobenius_bound(reduce_at(problem, 1e3)))
    finally:
        torch.set_float32_matmul_precision(before)
    assert bounds[0] < np.inf
    assert bounds[1] == np.inf


@pytest.mark.parametrize("left", [2**23, 2**24, 2**25, 2**40])
def test_with_little_memory_another_certificate_is_taken(monkeypatch, left):
    net, X, y, _ = problem_of(3, n=600, K=400, d=3)
    exact = sharpness(net, X, y)
    monkeypatch.setattr(memory, "ALWAYS_THERE", 0)
    monkeypatch.setattr(memory, "available", lambda: left)
    found = sharpness(net, X, y)
    assert found.lower <= exact.upper
    assert exact.lower <= found.upper <= exact.upper * 1.1
    if left < 2**24:
        with pytest.raises(ValueError, match=r"certificate 'cholesky' needs .* are left; pass certificate='auto'"):
            sharpness(net, X, y, certificate="cholesky")


def test_with_too_little_memory_the_pattern_is_refused(monkeypatch):
    net, X, y, _ = problem_of(3, n=600, K=400, d=3)
    monkeypatch.setattr(memory, "ALWAYS_THERE", 0)
    monkeypatch.setattr(memory, "available", lambda: 10**6)
    with pytest.raises(ValueError, match=r"X and network: the activation pattern of 600 points .* limit of .* here"):
        sharpness(net, X, y)


def test_a_certificate_that_does_not_fit_after_all_is_left_out(monkeypatch):
    net, X, y, _ = problem_of(3, n=60, K=40, d=3)
    exact = sharpness(net, X, y)

    def fails(*_: object) -> float:
        raise MemoryError

    for name in ("krylov_upper_bound", "perron_bound", "build_cholesky"):
        monkeypatch.setattr(f"verify.hessian.ladder.{name}", fails)
    monkeypatch.setattr(TraceCertificate, "bound", fails)
    found = sharpness(net, X, y)
    assert (found.method, found.proved) == ("probabilistic", False)
    assert found.lower <= exact.upper
    assert exact.lower <= found.upper


@pytest.mark.parametrize("certificate", ["auto", "trace", "krylov", "probabilistic"])
@pytest.mark.parametrize("scale", [1e20, 1e38, 1e39, 1e100, 1e300])
def test_float32_iterations_on_numbers_that_float32_can_not_hold(certificate, scale):
    net, X, y, _ = problem_of(3)
    exact = sharpness(net, X, y * scale)
    found = sharpness(net, X, y * scale, dtype=np.float32, certificate=certificate)
    assert found.lower <= exact.upper
    assert exact.lower <= found.upper


def test_the_dense_certificate_is_left_out_where_its_work_is_far_above_a_quick_one_and_above_lanczos():
    for dense, other, cheap in [(9e11, 1.0, True), (1.1e12, 1e9, False), (1.1e12, 1e12, True), (1e13, 1e12, False)]:
        assert dense_is_cheap(dense, other, quick=1e12) is cheap
    # What it costs: small problems as before, 50 000 points and 1 000 neurons not.
    _, _, _, small = problem_of(3, n=600, K=400, d=3)
    assert cholesky_work(small) == 2 * 600**2 * small.live_count + 600**3 / 3
    few = problem_of(8, n=2000, K=5, d=3)[3]
    assert cholesky_work(few) == few.n * few.size**2 + few.size**3 / 3
    products = LiveProducts(small)
    assert products.work(300) == 2 * products.work(150) == 4 * 300 * small.n * small.live_count * small.width
    large = SimpleNamespace(n=50_000, live_count=1000, size=12_001, sparse=False)
    assert 7e12 < cholesky_work(large) < 9e12
    assert not dense_is_cheap(cholesky_work(large), 4 * 300 * 5e7 * 11, NumpyBackend().quick_work())
    # On a card it is a matter of seconds.
    card = TorchBackend("cuda")
    assert dense_is_cheap(cholesky_work(large), 4 * 300 * 5e7 * 11, card.quick_work())


@pytest.mark.parametrize("left", [2**27, 2**30, 2**40])
@pytest.mark.parametrize("seed", range(3))
def test_a_dense_certificate_that_is_too_dear_is_taken_by_name_only_whatever_the_memory_and_the_seed(
    monkeypatch, left, seed
):
    # Many equal eigenvalues outside the unit ball: only the dense certificate is sharp.
    rng = np.random.default_rng(4)
    X, y = 3 * rng.standard_normal((200, 20)), rng.standard_normal(200)
    net = Network(rng.standard_normal((150, 20)), 2 * rng.standard_normal(150), 30 * rng.standard_normal(150), 0.0)
    exact = sharpness(net, X, y)
    assert exact.method == "cholesky"
    assert exact.proved
    monkeypatch.setattr(memory, "ALWAYS_THERE", 0)
    monkeypatch.setattr(memory, "available", lambda: left)
    monkeypatch.setattr(NumpyBackend, "quick_work", lambda _: 1e6)
    monkeypatch.setattr(LiveProducts, "work", lambda *_: 1e6)
    found = sharpness(net, X, y, seed=seed)
    assert found.method != "cholesky"
    assert found.proved
    assert found.lower <= exact.upper
    assert exact.lower <= found.upper
    assert sharpness(net, X, y, certificate="cholesky", seed=seed).method == "cholesky"
    # A decision has no cheaper way: it is made.
    assert is_flat(net, X, y, Fraction(2) / Fraction(exact.upper * (1 + 1e-9))) is Verdict.PROVED
