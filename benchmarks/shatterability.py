"""The figures of docs/shatterability.md: python -m benchmarks.shatterability PART, PART one of the functions below."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog, minimize
from scipy.stats import spearmanr
from sklearn import datasets

from constructions.data import uniform_ball
from verify.hessian import sharpness
from verify.shatterability import (
    DecayPoint,
    decay_path,
    depth_bracket,
    hull_margins,
    memorisation_edge,
    model_gap,
    solo_capacity,
    solo_sharpness,
)
from verify.shatterability.depth import directional_depth
from verify.shatterability.depth_exact import plane_depth
from verify.shatterability.frame import Frame
from verify.shatterability.screening import screen
from verify.training.setting import Init, Run, initial_network
from verify.training.train import train

Float = NDArray[np.float64]


def in_ball(X: Float) -> Float:
    """Centred and scaled into the unit ball."""
    centred = X - X.mean(axis=0)
    return np.asarray(centred / (np.linalg.norm(centred, axis=1).max() * (1 + 1e-12)))


def ball(d: int, n: int, seed: int = 0) -> tuple[Float, Float]:
    """Uniform points of the unit ball, standard normal labels."""
    rng = np.random.default_rng(seed)
    return uniform_ball(n, d, rng), rng.standard_normal(n)


def diabetes(n: int) -> tuple[Float, Float]:
    """The first n rows, in the unit ball, labels standardised."""
    X, y = datasets.load_diabetes(return_X_y=True)
    return in_ball(X[:n]), (y[:n] - y[:n].mean()) / y[:n].std()


def edges() -> None:
    """Brackets of lambda* over all hyperplanes."""
    for d, n in ((1, 60), (2, 60), (3, 40)):
        for seed in range(5):
            X, y = ball(d, n, seed)
            started = time.perf_counter()
            edge = memorisation_edge(X, y)
            seconds = time.perf_counter() - started
            print(
                f"d={d} n={n} seed={seed}: lambda* in [{edge.lower:.6g}, {edge.upper:.6g}], width "
                f"{100 * (edge.upper / edge.lower - 1):.2f} %, loss {edge.loss:.0e}, {seconds:.1f} s, "
                f"{edge.lower_evidence.value}/{edge.upper_evidence.value}"
            )


def trees() -> None:
    """Lower bounds by tree search where hyperplanes are too many to list."""
    for d, n, seed in ((4, 60, 0), (5, 100, 0), (5, 100, 1), (5, 100, 2), (5, 200, 0)):
        X, y = ball(d, n, seed)
        started = time.process_time()
        edge = memorisation_edge(X, y, time_limit=np.inf)
        print(
            f"d={d} n={n} seed={seed}: {int((~hull_margins(X).extreme).sum())} inside, lambda* in [{edge.lower:.5f}, "
            f"{edge.upper:.5f}], {edge.lower_evidence.value}, {time.process_time() - started:.0f} s of processor time"
        )


def tables() -> None:
    """Data sets of scikit-learn: extreme share, edge."""
    loaders = {
        "digits": datasets.load_digits, "breast cancer": datasets.load_breast_cancer, "diabetes": datasets.load_diabetes,
        "wine": datasets.load_wine,
    }  # fmt: skip
    for name, load in loaders.items():
        X, y = load(return_X_y=True)
        y = 2 * (y - y.min()) / np.ptp(y) - 1.0
        X = in_ball(X / np.where(X.std(axis=0) > 0, X.std(axis=0), 1))
        margins = hull_margins(X)
        edge = memorisation_edge(X, y, margins=margins)
        print(
            f"{name}: n={len(y)} d={X.shape[1]} extreme {margins.extreme.mean():.3f}, margins {margins.lower.min():.2g} to "
            f"{margins.lower.max():.2g}, lambda* in [{edge.lower:.8f}, {edge.upper:.8f}], edge {edge.eta_ok:.5f}"
        )
    X, y = diabetes(300)
    edge = memorisation_edge(X, y)
    print(f"diabetes 300: lambda* in [{edge.lower:.10f}, {edge.upper:.10f}], {edge.method}")


def programs() -> None:
    """Hull margins against HiGHS on up to 200 random points of every set."""
    sets: dict[str, Float] = {f"ball {d}": ball(d, 400)[0] for d in (2, 3, 5, 10)}
    for name in ("digits", "breast_cancer", "diabetes", "wine", "iris"):
        X = getattr(datasets, f"load_{name}")(return_X_y=True)[0]
        sets[name] = in_ball(X / np.where(X.std(axis=0) > 0, X.std(axis=0), 1))
    for name, X in sets.items():
        margins = hull_margins(X)
        rows = np.random.default_rng(0).choice(len(X), min(200, len(X)), replace=False)
        wrong = 0
        for row in rows.tolist():
            others = np.delete(X, row, axis=0)
            system = {"A_eq": np.vstack([others.T, np.ones(len(others))]), "b_eq": np.append(X[row], 1.0)}
            found = linprog(np.zeros(len(others)), **system)
            if found.status == 4:  # the simplex code gave up
                found = linprog(np.zeros(len(others)), method="highs-ipm", **system)
            wrong += (found.status == 2) != bool(margins.lower[row] > 1e-7) and margins.upper[row] > 1e-7
        print(
            f"{name}: {len(rows)} points, {wrong} disagreements, widest bracket {(margins.upper - margins.lower).max():.1e}"
        )


def depths() -> None:
    """Depth brackets in the plane against the exact sweep, and in space."""
    for seed in range(5):
        X, _ = ball(2, 300, seed)
        exact = plane_depth(X)
        upper, _ = directional_depth(X, 2000)
        print(
            f"plane, seed {seed}: largest error {int((upper - exact).max())}, all above {bool((upper >= exact).all())}"
        )
    for d, n in ((3, 300), (5, 200), (10, 1000)):
        found = depth_bracket(ball(d, n)[0])
        print(
            f"d={d} n={n}: known for {100 * np.mean(found.lower == found.upper):.0f} % of the points, "
            f"deepest in [{found.lower.max()}, {found.upper.max()}]"
        )


def networks() -> None:
    """The inequality with loss on 60 trained networks."""
    slack = []
    for d in (1, 2, 3):
        for steps in (300, 3000, 20000, 60000):
            runs = []
            for seed in range(5):
                rng = np.random.default_rng([seed, d, steps])
                X, y = uniform_ball(12, d, rng), rng.standard_normal(12)
                runs.append(Run(initial_network(Init.LINEAR, 60, d, rng), X, y, eta=0.2 * (seed + 1)))
            for run, network in zip(
                runs, train(runs, steps, dtype=np.float64, with_sharpness=False).networks, strict=True
            ):
                if network is not None:
                    found = model_gap(network, np.asarray(run.X), np.asarray(run.y), tol=0.01, time_limit=2)
                    slack.append((found.gap, found.sharpness.value, found.bound))
    gaps = np.array(slack)
    print(f"{len(gaps)} networks, least slack {gaps[:, 0].min():.3g}, median {np.median(gaps[:, 0]):.3g}")
    telling = gaps[gaps[:, 2] > 1]
    ratio = telling[:, 2] / telling[:, 1]
    print(
        f"bound above 1 for {len(telling)}; of these bound/lambda_max up to {ratio.max():.3f}, median {np.median(ratio):.3f}"
    )


def decay_ball() -> None:
    """Optimal networks with weight decay against trained ones, uniform ball."""
    _decay("ball 5", *ball(5, 200))


def decay_diabetes() -> None:
    """The same on the diabetes set."""
    _decay("diabetes", *diabetes(200))


def _decay(name: str, X: Float, y: Float) -> None:
    y = (y - y.mean()) / y.std()
    path = decay_path(X, y, [0.03, 0.01, 0.003, 0.001], tol=3e-3, time_limit=600)
    margins = hull_margins(X)
    centred = np.column_stack([np.ones(len(y)), X])
    leverage = np.einsum("ij,ji->i", centred, np.linalg.pinv(centred))
    start = initial_network(Init.LINEAR, 400, X.shape[1], np.random.default_rng(1))
    runs = [Run(start, X, y, eta=0.5, decay=point.decay) for point in path]
    trained = train(runs, 40_000, dtype=np.float32, with_sharpness=False).networks
    for point, network in zip(path, trained, strict=True):
        if network is None:
            print(f"{name}, decay {point.decay}: diverged")
            continue
        residual = np.abs(y - network(X))
        norms = float(np.sum(network.W**2) + np.sum(network.b**2) + np.sum(network.v**2))
        objective = 0.5 * float(np.mean(residual**2)) + 0.5 * point.decay * norms
        fitted = 1 - residual / np.abs(y - network.beta)
        agreement = spearmanr(residual, np.abs(y - point.values)).statistic
        print(
            f"{name}, decay {point.decay}: lasso {point.objective:.5f} ({_proof(point)}, memorised "
            f"{100 * point.memorised:.0f} %, lambda_max {sharpness(point.network, X, y).value:.3g}), trained "
            f"{objective:.5f}, ratio {objective / point.objective:.3f}, rank correlation of |y - f| {agreement:.3f}; of the "
            f"share fitted with the margin {spearmanr(fitted, margins.lower).statistic:.2f}, "
            f"with leverage {spearmanr(fitted, leverage).statistic:.2f}"
        )


def _proof(point: DecayPoint) -> str:
    return "no lower bound" if point.gap is None else f"gap {point.gap:.0e}"


def decay_quasi_newton() -> None:
    """Networks of width 300 trained by L-BFGS to a stationary point, best of three starts: the same two sets, two listed ones."""
    sets = {"ball 2": ball(2, 60), "ball 3": ball(3, 40), "ball 5": ball(5, 200), "diabetes": diabetes(200)}
    for name, (X, y) in sets.items():
        y = (y - y.mean()) / y.std()
        for point in decay_path(X, y, [0.03, 0.01, 0.003], tol=3e-3, time_limit=600):
            starts = [_quasi_newton(X, y, point.decay, 300, seed) for seed in range(3)]
            objective, values = min(starts, key=lambda found: found[0])
            agreement = spearmanr(np.abs(y - values), np.abs(y - point.values)).statistic
            print(
                f"{name}, decay {point.decay}: lasso {point.objective:.5f} ({_proof(point)}), quasi-Newton "
                f"{objective:.5f}, ratio {objective / point.objective:.4f}, rank correlation of |y - f| {agreement:.3f}"
            )


def _quasi_newton(X: Float, y: Float, decay: float, width: int, seed: int) -> tuple[float, Float]:
    """Least (1/2n)|y - f|^2 + (decay/2)|(W, b, v)|^2 found from a random start, and f on the points."""
    n, d = X.shape
    Z = np.column_stack([X, -np.ones(n)])
    rng = np.random.default_rng(seed)
    omega = rng.standard_normal((width, d + 1)) / np.sqrt(d + 1)
    start = np.concatenate([omega.ravel(), 0.3 * rng.standard_normal(width), [0.0]])

    def parts(theta: Float) -> tuple[Float, Float, Float]:
        return theta[: width * (d + 1)].reshape(width, d + 1), theta[width * (d + 1) : -1], theta[-1:]

    def objective(theta: Float) -> tuple[float, Float]:
        omega, v, beta = parts(theta)
        hidden = np.maximum(Z @ omega.T, 0)
        residual = hidden @ v + beta - y
        back = (hidden > 0) * residual[:, None] * v / n
        gradient = np.concatenate(
            [(back.T @ Z + decay * omega).ravel(), hidden.T @ residual / n + decay * v, [residual.mean()]]
        )
        penalty = decay / 2 * float(np.sum(theta[:-1] ** 2))
        return float(residual @ residual) / (2 * n) + penalty, gradient

    options = {"maxiter": 6000, "maxfun": 12_000, "maxcor": 30, "ftol": 1e-12, "gtol": 1e-8}
    found = minimize(objective, start, jac=True, method="L-BFGS-B", options=options)
    omega, v, beta = parts(found.x)
    return float(found.fun), np.maximum(Z @ omega.T, 0) @ v + beta


def descent() -> None:
    """Up to which step size gradient descent reaches zero loss, where the edge is at 2."""
    X, y = ball(10, 60, 3)
    X = X / np.linalg.norm(X, axis=1, keepdims=True)
    edge = memorisation_edge(X, y)
    print(f"sphere, d=10 n=60: edge in [{edge.eta_ok:.4f}, {edge.eta_max:.4f}]")
    runs = []
    etas = (0.1, 0.3, 0.5, 0.7, 0.9, 1.1, 1.4, 1.7)
    for eta in etas:
        runs.append(Run(initial_network(Init.LINEAR, 600, 10, np.random.default_rng(0)), X, y, eta=eta))
    result = train(runs, 100_000, dtype=np.float64, with_sharpness=False)
    for eta, network in zip(etas, result.networks, strict=True):
        loss = np.nan if network is None else 0.5 * float(np.mean((network(X) - y) ** 2))
        print(f"eta {eta}: loss {loss:.2e} after 100 000 steps")


def speed() -> None:
    """Digits: margins, depth and solitary together."""
    X, y = datasets.load_digits(return_X_y=True)
    started = time.perf_counter()
    margins = hull_margins(X)
    depth = depth_bracket(X, start=margins.directions)
    solo_sharpness(X, y)
    solo_capacity(X, y, 0.5, able=margins.extreme)
    print(f"digits: {time.perf_counter() - started:.1f} s, depths exact {depth.exact}")


def screening() -> None:
    """n = 20 000, d = 200."""
    X = np.random.default_rng(0).standard_normal((20_000, 200))
    started = time.perf_counter()
    found = screen(Frame.of(X))
    print(f"n=20000 d=200: {time.perf_counter() - started:.1f} s, {np.mean(found.lower > 0):.3f} extreme")


def large() -> None:
    """n = 100 000, d = 100: time and memory."""
    X = np.random.default_rng(0).standard_normal((100_000, 100))
    started = time.perf_counter()
    found = screen(Frame.of(X))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        f"n=100000 d=100: {time.perf_counter() - started:.0f} s, {np.mean(found.lower > 0):.4f} extreme, {memory:.1f} GiB"
    )


PARTS: tuple[Callable[[], None], ...] = (
    edges, trees, tables, programs, depths, networks, decay_ball, decay_diabetes,
    decay_quasi_newton, descent, speed, screening, large,
)  # fmt: skip

if __name__ == "__main__":
    names = {part.__name__: part for part in PARTS}
    if len(sys.argv) != 2 or sys.argv[1] not in names:
        sys.exit(f"usage: python -m benchmarks.shatterability {{{','.join(names)}}}")
    names[sys.argv[1]]()
