"""Runs on random data: target, points, noise, start and fresh points, each from a random stream of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from constructions.data import labels, uniform_ball
from verify.training.setting import Activation, Init, Run, initial_network
from verify.training.targets import make_target

COMMON: Mapping[str, Any] = {
    "decay": 0.0,
    "clip": 50.0,
    "sigma": 1.0,
    "target": "linear",
    "init": Init.LINEAR.value,
    "fresh": 4096,
    "device": "cpu",
}
"""What the settings of cells have in common unless they say otherwise."""

_STREAMS = ("target", "data", "noise", "network", "fresh")


def random_run(
    seed: Sequence[int], *, dim: int, n: int, width: int, fresh: int, sigma: float, target: str, init: Init, eta: float
) -> Run:
    """A run at step size ``eta`` without decay; ``dataclasses.replace`` makes others with the same data and start.

    Parameters
    ----------
    seed : sequence of int
        Together with the number of the use, that of each random stream.
    dim, n, width, fresh : int
        Dimension, points of the sample, neurons, and points for the error on fresh ones; all uniform on the unit ball.
    sigma : float
        Standard deviation of the label noise.
    target : str
        Name of the truth.
    init : Init

    Examples
    --------
    >>> run = random_run([0], dim=2, n=5, width=3, fresh=7, sigma=0.0, target="linear", init=Init.LINEAR, eta=0.5)
    >>> run.X.shape, run.fresh_X.shape, run.network.width, bool((run.y == run.truth).all())
    ((5, 2), (7, 2), 3, True)
    """
    streams = {use: np.random.default_rng([*seed, at]) for at, use in enumerate(_STREAMS)}
    function = make_target(target, dim, streams["target"])
    X, beside = uniform_ball(n, dim, streams["data"]), uniform_ball(fresh, dim, streams["fresh"])
    truth = function(X)
    return Run(
        initial_network(init, width, dim, streams["network"]),
        X,
        labels(truth, sigma, streams["noise"]),
        eta=eta,
        truth=truth,
        fresh_X=beside,
        fresh_truth=function(beside),
        large_step=eta >= 2,
    )


def training_runs(setting: Mapping[str, Any]) -> list[Run]:
    """The runs of a cell, one for each repetition.

    Data and start depend on seed, repetition, dimension and sample size, not on the training.

    Parameters
    ----------
    setting : mapping
        dim, n, width, fresh, sigma, target, init, seed, repeats (list), eta, decay, clip (None for none), and activation
        (ReLU by default).
    """
    drawn = {name: setting[name] for name in ("dim", "n", "width", "fresh", "sigma", "target", "eta")}
    activation = Activation(setting.get("activation", Activation.RELU))
    return [
        replace(
            random_run([setting["seed"], repeat, setting["dim"], setting["n"]], init=Init(setting["init"]), **drawn),
            decay=setting["decay"],
            clip=setting["clip"],
            activation=activation,
        )
        for repeat in setting["repeats"]
    ]
