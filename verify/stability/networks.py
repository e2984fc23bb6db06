"""The networks of the stability sweep: random ones, ones close to equality, sparse ones, and trained ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from constructions.data import labels, sphere, uniform_ball
from constructions.network import Network
from verify.training import Init, Run, initial_network, train

Float = NDArray[np.float64]
Made = tuple[Network, Float, Float]
_TRAINING_STEPS = (30, 300, 2000)


@dataclass(frozen=True, eq=False)
class Case:
    """A network with its sample; ``number`` counts the cases of its kind and dimension, and seeds them."""

    kind: str
    dim: int
    number: int
    network: Network
    X: Float
    y: Float


@dataclass(frozen=True)
class Kind:
    """How networks are made. ``make(streams, n, dim, device)`` gives one (network, X, y) per generator, None if it diverged."""

    name: str
    words: str
    make: Callable[[Sequence[np.random.Generator], int, int, str], Sequence[Made | None]]


def _log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _width(rng: np.random.Generator, n: int) -> int:
    return max(1, round(_log_uniform(rng, 1, 2 * n)))


def _noisy(X: Float, rng: np.random.Generator) -> Float:
    return labels(X @ sphere(1, X.shape[1], rng)[0], float(rng.integers(2)), rng)


def _random(streams: Sequence[np.random.Generator], n: int, dim: int, device: str) -> list[Made]:
    found = []
    for rng in streams:
        X = uniform_ball(n, dim, rng)
        start = initial_network(Init.LINEAR, _width(rng, n), dim, rng)
        inner, outer = _log_uniform(rng, 0.1, 10), _log_uniform(rng, 0.1, 10)
        network = Network(inner * start.W, inner * start.b, outer * start.v, start.beta)
        found.append((network, X, _noisy(X, rng)))
    return found


def proof_balance(network: Network, X: Float) -> Network:
    """The same function with |v_k| |sum of active z_i| = sum of active preactivations.

    Then the inequality of the means in the proof of Thm 3.2, v^2 |Z^T 1|^2 + (h^T 1)^2 >= 2 |v| |Z^T 1| h^T 1, is an
    equality. Neurons that are active on no point stay.
    """
    h = np.maximum(network.preactivations(X), 0)
    Z = np.column_stack([X, -np.ones(len(X))])
    reach = np.linalg.norm((h > 0).T.astype(np.float64) @ Z, axis=1) * np.abs(network.v)
    total = h.sum(axis=0)
    able = (total > 0) & (reach > 0)
    c = np.ones(network.width)
    c[able] = np.sqrt(total[able] / reach[able])
    return network.rescale(c)


def _near_equality(streams: Sequence[np.random.Generator], n: int, dim: int, device: str) -> list[Made]:
    """Zero loss, the balance of the proof, every neuron active on its lighter side: equality for small norms."""
    found = []
    for rng in streams:
        X = uniform_ball(n, dim, rng)
        width = _width(rng, n)
        W, t = sphere(width, dim, rng), rng.uniform(0, 1, width)
        size = _log_uniform(rng, 1e-4, 1) / width
        network = proof_balance(Network(W, t, size * rng.choice([-1.0, 1.0], width), 0.0), X)
        found.append((network, X, network(X)))
    return found


def _sparse(streams: Sequence[np.random.Generator], n: int, dim: int, device: str) -> list[Made]:
    """Neurons that cut off one to four points each, with large norms: shattered networks."""
    found = []
    for rng in streams:
        X = uniform_ball(n, dim, rng)
        width = _width(rng, n)
        U = sphere(width, dim, rng)
        heights = np.sort(X @ U.T, axis=0)
        rank = n - rng.integers(1, min(5, n), width)
        below, above = heights[rank - 1, np.arange(width)], heights[rank, np.arange(width)]
        t = below + (above - below) * rng.uniform(0.1, 0.9, width)
        size = _log_uniform(rng, 0.1, 30)
        network = proof_balance(Network(U, t, size * rng.standard_normal(width), 0.0), X)
        noise = float(rng.integers(2)) * _log_uniform(rng, 0.01, 1)
        found.append((network, X, labels(network(X), noise, rng)))
    return found


def _trained(
    streams: Sequence[np.random.Generator], n: int, dim: int, device: str, *, decay: float = 0.0
) -> list[Made | None]:
    """Gradient descent at step sizes on both sides of the edge of stability, stopped early, later and late."""
    runs = []
    for rng in streams:
        X = uniform_ball(n, dim, rng)
        start = initial_network(Init.LINEAR, 2 * n, dim, rng)
        runs.append(Run(start, X, _noisy(X, rng), eta=_log_uniform(rng, 0.05, 1.9), decay=decay, clip=50.0))
    networks: list[Network | None] = [None] * len(runs)
    for at, steps in enumerate(_TRAINING_STEPS):
        part = slice(at, None, len(_TRAINING_STEPS))
        if runs[part]:
            networks[part] = train(runs[part], steps, dtype=np.float64, device=device).networks
    return [
        None if network is None else (network, np.asarray(run.X), np.asarray(run.y))
        for run, network in zip(runs, networks, strict=True)
    ]


KINDS: tuple[Kind, ...] = (
    Kind("random", "initialised at random, layers scaled by 0.1 to 10", _random),
    Kind("near equality", "zero loss, the balance of the proof, norms from 1e-4 to 1", _near_equality),
    Kind("sparse", "every neuron active on one to four points, norms from 0.1 to 30", _sparse),
    Kind("trained", "gradient descent, step sizes from 0.05 to 1.9", _trained),
    Kind("trained with decay", "the same with weight decay 0.05", partial(_trained, decay=0.05)),
)


def sweep_cases(dim: int, n: int, count: int, seed: int, kind: Kind, at: int, device: str = "cpu") -> list[Case]:
    """``count`` cases of a kind; ``at`` is its place in KINDS, which enters the seeds. A diverged run is left out."""
    streams = [np.random.default_rng([seed, dim, at, number]) for number in range(count)]
    made = kind.make(streams, n, dim, device)
    return [Case(kind.name, dim, number, *one) for number, one in enumerate(made) if one is not None]
