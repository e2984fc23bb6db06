"""Data sets that the tests share: 24 of very different geometry."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from sklearn import datasets

from constructions.data import radial_alpha, sphere, subspace_mixture, uniform_ball

Maker = Callable[[], tuple[NDArray[np.float64], NDArray[np.float64]]]


def in_unit_ball(X: NDArray[np.float64]) -> NDArray[np.float64]:
    centred = X - X.mean(axis=0)
    return centred / (np.linalg.norm(centred, axis=1).max() * (1 + 1e-12))


def _random(make: Callable[[np.random.Generator], NDArray[np.float64]], seed: int) -> Maker:
    def build() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        rng = np.random.default_rng(seed)
        X = make(rng)
        return X, rng.standard_normal(len(X))

    return build


def _table(load: Callable[..., tuple[NDArray[np.float64], NDArray[np.float64]]]) -> Maker:
    def build() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        X, y = load(return_X_y=True)
        y = y.astype(float)
        return in_unit_ball(X / np.where(X.std(axis=0) > 0, X.std(axis=0), 1.0)), 2 * (y - y.min()) / np.ptp(y) - 1

    return build


DATA_SETS: dict[str, Maker] = {
    **{f"ball-{d}": _random(lambda r, d=d: uniform_ball(200, d, r), d) for d in (2, 3, 4, 5, 8, 12, 20, 50)},
    **{f"sphere-{d}": _random(lambda r, d=d: sphere(150, d, r), 100 + d) for d in (2, 5, 20)},
    **{f"gaussian-{d}": _random(lambda r, d=d: in_unit_ball(r.standard_normal((150, d))), 200 + d) for d in (3, 10)},
    **{f"radial-{a}": _random(lambda r, a=a: radial_alpha(150, 4, a, r), 300) for a in (0.1, 0.3, 1.0, 5.0)},
    **{f"mixture-{m}": _random(lambda r, m=m: subspace_mixture(150, 10, m, 3, r).X, 400 + m) for m in (2, 4)},
    "digits": _table(datasets.load_digits),
    "breast-cancer": _table(datasets.load_breast_cancer),
    "diabetes": _table(datasets.load_diabetes),
    "wine": _table(datasets.load_wine),
    "iris": _table(datasets.load_iris),
}
