"""Networks: values, balances and weights against plain Python loops."""

import io
import os
import threading
from fractions import Fraction
from math import sqrt
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from constructions.network import Network, empirical_weight


def random_network(seed: int, width: int = 7, dim: int = 3) -> Network:
    rng = np.random.default_rng(seed)
    return Network(rng.standard_normal((width, dim)), rng.standard_normal(width), rng.standard_normal(width), 0.3)


def loop_value(f: Network, x: np.ndarray) -> float:
    value = f.beta
    for w, b, v in zip(f.W, f.b, f.v, strict=True):
        value += v * max(sum(p * q for p, q in zip(w, x, strict=True)) - b, 0.0)
    return value


def loop_branch(u: list[float], t: float, X: list[list[float]]) -> float:
    """P², conditional mean and conditional centre, as in the definition."""
    seen = [x for x in X if sum(p * q for p, q in zip(u, x, strict=True)) > t]
    if not seen:
        return 0.0
    share = len(seen) / len(X)
    excess = sum(sum(p * q for p, q in zip(u, x, strict=True)) - t for x in seen) / len(seen)
    centre = [sum(column) / len(seen) for column in zip(*seen, strict=True)]
    return share**2 * excess * sqrt(1 + sum(c * c for c in centre))


@settings(max_examples=50)
@given(st.integers(0, 10_000), st.integers(1, 30), st.integers(1, 4))
def test_empirical_weight_by_loops(seed: int, n: int, d: int) -> None:
    rng = np.random.default_rng(seed)
    X = rng.integers(-4, 5, size=(n, d)) / 4  # ties with the hyperplanes occur
    u = np.vstack([rng.integers(-2, 3, size=(4, d)).astype(float), np.eye(d)])
    t = np.concatenate([rng.uniform(-1, 1, 4), rng.integers(-4, 5, d) / 4])
    expected = [
        min(loop_branch(list(a), b, X.tolist()), loop_branch([-c for c in a], -b, X.tolist()))
        for a, b in zip(u, t, strict=True)
    ]
    assert empirical_weight(u, t, X) == pytest.approx(expected, rel=1e-12, abs=1e-300)


def test_blocks_of_the_weight_agree() -> None:
    rng = np.random.default_rng(0)
    X, u, t = rng.standard_normal((30_000, 2)), rng.standard_normal((300, 2)), rng.standard_normal(300)
    whole = empirical_weight(u, t, X)  # 133 columns a block
    assert whole[[0, 132, 133, 299]] == pytest.approx(
        [empirical_weight(u[[k]], t[[k]], X)[0] for k in (0, 132, 133, 299)], rel=1e-12
    )


@settings(max_examples=30)
@given(st.integers(0, 1000))
def test_values_and_invariances(seed: int) -> None:
    f = random_network(seed)
    X = np.random.default_rng(seed + 1).standard_normal((9, 3))
    expected = [loop_value(f, x) for x in X]
    assert f(X) == pytest.approx(expected, abs=1e-12)
    for same in (f.balanced(), f.balanced(with_bias=True), f.rescale(np.exp(X[:7, 0]))):
        assert same(X) == pytest.approx(expected, abs=1e-12)
    r = f.reduced()
    assert np.linalg.norm(r.u, axis=1) == pytest.approx(1)
    assert np.maximum(X @ r.u.T - r.t, 0) @ r.a + r.beta == pytest.approx(expected, abs=1e-12)
    assert f.preactivations(X)[2, 5] == pytest.approx(f.W[5] @ X[2] - f.b[5])
    weight = empirical_weight(r.u, r.t, X)
    seminorm = sum(abs(v) * np.linalg.norm(w) * g for v, w, g in zip(f.v, f.W, weight, strict=True))
    assert f.empirical_seminorm(X) == pytest.approx(seminorm)
    assert f.balanced().empirical_seminorm(X) == pytest.approx(seminorm)


def test_balances() -> None:
    f = random_network(0)
    assert np.abs(f.balanced().v) == pytest.approx(np.linalg.norm(f.balanced().W, axis=1))
    g = f.balanced(with_bias=True)
    assert g.v**2 == pytest.approx((g.W**2).sum(axis=1) + g.b**2)
    still = Network([[0.0], [1.0]], [1.0, 2.0], [3.0, 0.0]).balanced()
    assert still.W.tolist() == [[0.0], [1.0]]
    assert still.v.tolist() == [3.0, 0.0]


def test_extreme_weights() -> None:
    f = Network([[1e200, 1e200], [1e-200, 0.0]], [1e200, 0.0], [1e-200, 1e200])
    assert f.reduced().a == pytest.approx([sqrt(2), 1.0])
    g = f.balanced()
    assert np.abs(g.v) == pytest.approx(np.abs(g.W).max(axis=1) * [sqrt(2), 1])


def test_dead_neurons_join_the_constant() -> None:
    f = Network([[0.0, 0.0], [3.0, 4.0]], [-2.0, 5.0], [1.5, 1.0], 0.25)
    r = f.reduced()
    assert (r.a.tolist(), r.t.tolist(), r.beta) == ([0.0, 5.0], [0.0, 1.0], 3.25)
    assert f([[0.0, 0.0]])[0] == 3.25
    assert Network([[0.0]], [1.0], [1.0]).empirical_seminorm([[0.5]]) == 0.0


def test_atoms() -> None:
    h = Fraction(1, 4)
    f = Network.from_atoms(np.eye(3), h, [2.0, -1.0, 0.0])
    assert f(np.vstack([np.eye(3), 0.875 * np.eye(3)])) == pytest.approx([2, -1, 0, 1, -0.5, 0])
    assert np.abs(f.v[:2]) == pytest.approx(np.linalg.norm(f.W[:2], axis=1))
    assert f.reduced().t == pytest.approx([0.75] * 3)
    assert (f.width, f.dim, f.parameter_count) == (3, 3, 16)


def test_files(tmp_path: Path) -> None:
    f = random_network(3)
    path = tmp_path / "network.npz"
    path.write_bytes(b"old")
    f.save(path)
    g = Network.load(path)
    for name in ("W", "b", "v"):
        assert np.array_equal(getattr(f, name), getattr(g, name))
    assert g.beta == f.beta
    assert list(tmp_path.iterdir()) == [path]
    f.save(path, X=np.ones((4, 3)), centres=np.eye(3, dtype=np.float32), height=0.25, names=["a", "b"])
    assert np.array_equal(Network.load(path).W, f.W)
    with np.load(path, allow_pickle=False) as archive:
        assert set(archive) == {"W", "b", "v", "beta", "X", "centres", "height", "names"}
        assert archive["centres"].dtype == np.float32
        assert archive["names"].tolist() == ["a", "b"]
    stream = io.BytesIO()
    f.save(stream, y=np.arange(3))
    assert np.array_equal(Network.load(io.BytesIO(stream.getvalue())).v, f.v)
    with pytest.raises(ValueError, match="must not be called W, b, v, beta, the network's own, got 'W'"):
        f.save(path, W=f.W)
    with pytest.raises(ValueError, match="names must hold numbers or text, got entries of list"):
        f.save(path, names=[None])
    assert list(tmp_path.iterdir()) == [path]
    np.savez(tmp_path / "other.npz", W=f.W)
    with pytest.raises(ValueError, match="lacks \\['b', 'v', 'beta'\\]"):
        Network.load(tmp_path / "other.npz")
    np.savez(tmp_path / "bad.npz", W=np.array([{}], dtype=object), b=f.b, v=f.v, beta=0.0)
    with pytest.raises(ValueError, match="it is no such archive, or holds objects"):
        Network.load(tmp_path / "bad.npz")


def test_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "network.npz"
    path.write_bytes(b"old")

    def fail(*_: object, **__: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(np, "savez", fail)
    with pytest.raises(OSError, match="disk full"):
        random_network(0).save(path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_files_have_the_permissions_of_other_files(tmp_path: Path) -> None:
    random_network(0).save(tmp_path / "network.npz")
    (tmp_path / "plain").write_bytes(b"")
    assert os.stat(tmp_path / "network.npz").st_mode == os.stat(tmp_path / "plain").st_mode


def test_arrays_are_private_copies() -> None:
    W = np.ones((2, 2))
    f = Network(W, [0.0, 0.0], [1.0, 1.0])
    W[0, 0] = 9
    assert f.W[0, 0] == 1
    with pytest.raises(ValueError, match="read-only"):
        f.W[0, 0] = 2


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: Network([[1.0]], [0.0, 0.0], [1.0]), ValueError, "b must have shape"),
        (lambda: Network([[np.nan]], [0.0], [1.0]), ValueError, "W must be finite"),
        (lambda: Network([[1.0]], [0.0], [1.0], np.inf), ValueError, "beta must be finite"),
        (lambda: Network(np.empty((0, 2)), [], []), ValueError, "W must have at least one row"),
        (lambda: Network([["a"]], [0.0], [1.0]), TypeError, "W must be an array of real numbers"),
        (lambda: random_network(0)([[1.0]]), ValueError, "X must have shape"),
        (lambda: random_network(0).rescale(np.zeros(7)), ValueError, "c must be positive"),
        (lambda: Network.from_atoms([[2.0]], Fraction(1, 2), [1.0]), ValueError, "centres must have rows of norm 1"),
        (
            lambda: Network.from_atoms(np.empty((0, 2)), Fraction(1, 2), []),
            ValueError,
            "centres must have at least one",
        ),
        (lambda: Network.from_atoms([[1.0]], Fraction(1, 10**300), [1e300]), ValueError, "amplitudes over the height"),
        (lambda: Network.from_atoms([[1.0]], Fraction(1, 10**400), [0.0]), ValueError, "amplitudes over the height"),
        (lambda: Network.from_ridges([[2.0]], [0.0], [1.0]), ValueError, "u must have rows of norm 1"),
        (lambda: Network.from_ridges([[1e200]], [0.0], [1.0]), ValueError, "u must have rows of norm 1"),
        (lambda: Network.from_ridges([[1.0]], [1.7e308], [1e10]), ValueError, "t must keep"),
        (lambda: empirical_weight([[1.0]], [0.0], np.empty((0, 1))), ValueError, "at least one row"),
    ],
)
def test_bad_input(call: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()  # type: ignore[operator]


def test_files_with_the_longest_names_and_pipes(tmp_path: Path) -> None:
    f, longest = random_network(0), tmp_path / ("x" * os.pathconf(tmp_path, "PC_NAME_MAX"))
    f.save(longest)
    assert Network.load(longest).v.tolist() == f.v.tolist()
    pipe, arrived = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: arrived.append(pipe.read_bytes()))
    reader.start()
    f.save(pipe)
    reader.join(timeout=60)
    assert pipe.is_fifo()
    assert np.load(io.BytesIO(arrived[0]))["W"].tolist() == f.W.tolist()
    f.save("/dev/null")
    assert Path("/dev/null").is_char_device()
