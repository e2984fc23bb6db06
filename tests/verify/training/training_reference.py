"""A plain PyTorch loop: the independent channel that the engine is held against."""

from __future__ import annotations

import numpy as np
import torch

from constructions.data import uniform_ball
from constructions.network import Network
from verify.training import Activation, Init, Run, initial_network


def make_run(seed=0, n=40, d=3, width=30, eta=0.5, sigma=1.0, **options):
    rng = np.random.default_rng(seed)
    X = uniform_ball(n, d, rng)
    truth = X[:, 0]
    y = truth + sigma * rng.standard_normal(n)
    return Run(initial_network(Init.LINEAR, width, d, rng), X, y, eta, truth=truth, **options)


class TorchLoop:
    """nn.Linear, ReLU or exact GELU, nn.Linear; autograd, clip_grad_norm_, torch.optim.SGD."""

    def __init__(self, run, dtype=torch.float64):
        net, d, K = run.network, run.network.dim, run.network.width
        activation = torch.nn.ReLU() if run.activation is Activation.RELU else torch.nn.GELU()
        self.inner, self.outer = torch.nn.Linear(d, K, dtype=dtype), torch.nn.Linear(K, 1, dtype=dtype)
        self.model = torch.nn.Sequential(self.inner, activation, self.outer)
        with torch.no_grad():
            self.inner.weight.copy_(torch.tensor(net.W))
            self.inner.bias.copy_(-torch.tensor(net.b))
            self.outer.weight.copy_(torch.tensor(net.v)[None])
            self.outer.bias.fill_(net.beta)
        self.optimiser = torch.optim.SGD(self.model.parameters(), lr=run.eta, weight_decay=run.decay)
        self.X, self.y = torch.tensor(np.array(run.X), dtype=dtype), torch.tensor(np.array(run.y), dtype=dtype)[:, None]
        self.clip = run.clip

    def backward(self):
        self.optimiser.zero_grad()
        loss = ((self.model(self.X) - self.y) ** 2).mean() / 2
        loss.backward()
        return float(loss.detach())

    def steps(self, count):
        for _ in range(count):
            self.backward()
            if self.clip is not None:
                torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.clip)
            self.optimiser.step()
        return self

    def gradient(self):
        """In (W, b, v, beta)."""
        return (
            self.inner.weight.grad.numpy(),
            -self.inner.bias.grad.numpy(),
            self.outer.weight.grad.numpy()[0],
            self.outer.bias.grad.numpy()[0],
        )

    def network(self):
        W, b = self.inner.weight.detach().numpy(), -self.inner.bias.detach().numpy()
        return Network(W, b, self.outer.weight.detach().numpy()[0], float(self.outer.bias.detach()[0]))


def distance(a, b):
    """Largest difference of any parameter of two networks."""
    parts = [(a.W, b.W), (a.b, b.b), (a.v, b.v), (np.float64(a.beta), np.float64(b.beta))]
    return max(float(np.abs(p - q).max()) for p, q in parts)
