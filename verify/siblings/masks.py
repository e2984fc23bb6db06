"""Pruning masks and sharpness: interlacing at fixed weights, and masks from random, real and distilled data after retraining.

The paper (2503.17905) prunes networks by the magnitudes of weights that were trained on distilled data, rewinds them to their
initialisation and retrains: on ResNet-18 with CIFAR-10 such masks leave runs that are linearly connected, in a flatter loss.

Checked: on scikit-learn's digits, for a perceptron with one hidden layer, lambda_max in the parameters that a mask keeps is at
most lambda_max in all of them, at the dense weights and at retrained ones: proved, rounding included, for masks that keep one
layer; certified in floats for masks of single weights. A mask that keeps the largest entries of the top eigenvector loses less
than 5 %, so the statement has no slack.

Measured, not claimed: lambda_max after retraining with each mask (certified), and the loss barrier on the line between two runs
that differ in the order of the data; which mask is best is a matter of one small network, and of the seed.

Not checked: the paper's own comparison. ResNet-18 has 11 million parameters; an enclosure on 50 000 images takes some 100
products with its Hessian, by our estimate an hour of one GPU, for each of a dozen networks to be pruned and retrained first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
from sympy import Expr

from boundcalc.enclosure import enclose
from boundcalc.exact import rational
from boundcalc.statement import Theorem
from boundcalc.statements.networks import MASKED_SHARPNESS, WHOLE_SHARPNESS
from boundcalc.statements.sources import STABLE_SUBNETWORKS
from boundcalc.style import BLUE, ORANGE
from verify.outcome import Interval, Outcome, Relation, judged
from verify.siblings.sibling import Sibling

if TYPE_CHECKING:
    import torch
    from matplotlib.axes import Axes

_HIDDEN, _IMAGES = 32, 1000
_KEPT = 0.2  # share of the weights
# Step size, images per step and epochs: where masks come from, and where two orders of the data are to end apart.
_STEADY, _NOISY = (0.3, 50, 30), (2.0, 100, 20)
_DISTILLED, _MATCHES = 5, 200  # images per class, steps of matching gradients
_POINTS = 21  # of the line between two runs
_TOL, _PROOF, _FLOATS = 1e-6, "two-layer", "probabilistic"
_MASKS = ("random", "magnitude", "distilled")


@dataclass(frozen=True)
class Masked:
    """lambda_max in the parameters that are kept, and in all, at the same weights."""

    mask: str
    weights: str
    kept: int
    sharpness: Interval
    whole: Interval


@dataclass(frozen=True)
class Masks:
    """What was measured: enclosures; and of the retrained networks loss and barrier by mask."""

    masked: tuple[Masked, ...]
    losses: Mapping[str, float]
    barriers: Mapping[str, float]


class _Digits:
    """Images, labels and the perceptron, whose parameters are one vector: W (h, 64), b (h,), V (10, h), beta (10,)."""

    def __init__(self) -> None:
        import torch
        from sklearn.datasets import load_digits

        images, labels = load_digits(return_X_y=True)
        self.X = torch.tensor(images[:_IMAGES] / 16)
        self.y = torch.tensor(labels[:_IMAGES])
        self.shapes = (_HIDDEN, self.X.shape[1]), (_HIDDEN,), (10, _HIDDEN), (10,)
        self.sizes = [int(np.prod(shape)) for shape in self.shapes]
        self.is_weight = torch.cat([torch.full(shape, len(shape) == 2).flatten() for shape in self.shapes])

    def drawn(self, rng: np.random.Generator) -> torch.Tensor:
        """Initial parameters: He's weights, small biases."""
        import torch

        scales = ((2 / shape[-1]) ** 0.5 if len(shape) == 2 else 0.1 for shape in self.shapes)
        parts = [scale * rng.standard_normal(size) for scale, size in zip(scales, self.sizes, strict=True)]
        return torch.tensor(np.concatenate(parts))

    def outputs(self, theta: torch.Tensor, X: torch.Tensor) -> torch.Tensor:
        W, b, V, beta = (part.view(shape) for part, shape in zip(theta.split(self.sizes), self.shapes, strict=True))
        return (X @ W.T + b).relu() @ V.T + beta

    def loss(self, theta: torch.Tensor, X: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        from torch.nn.functional import cross_entropy

        return cross_entropy(self.outputs(theta, X), y)

    def trained(
        self, start: torch.Tensor, mask: torch.Tensor, X: torch.Tensor, y: torch.Tensor, rng: np.random.Generator,
        plan: tuple[float, int, int],
    ) -> torch.Tensor:  # fmt: skip
        """Stochastic gradient descent on the parameters that are kept, the others 0; ``rng`` orders the data."""
        import torch

        theta, (rate, size, epochs) = (start * mask).requires_grad_(), plan
        for _ in range(epochs):
            for batch in torch.tensor(rng.permutation(len(X))).split(size):
                (gradient,) = torch.autograd.grad(self.loss(theta, X[batch], y[batch]), theta)
                theta = (theta - rate * gradient * mask).detach().requires_grad_()
        return theta.detach()

    def distilled(self, rng: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor]:
        """A few images per class whose gradients, at random parameters, are those of the data (Zhao et al. 2021)."""
        import torch

        labels = torch.arange(10).repeat_interleave(_DISTILLED)
        first = torch.cat([torch.nonzero(self.y == label)[:_DISTILLED, 0] for label in range(10)])
        images = self.X[first].clone().requires_grad_()
        for step in range(_MATCHES):
            theta = self.drawn(rng).requires_grad_()
            (real,) = torch.autograd.grad(self.loss(theta, self.X, self.y), theta)
            (seen,) = torch.autograd.grad(self.loss(theta, images, labels), theta, create_graph=True)
            (change,) = torch.autograd.grad(((seen - real) ** 2).sum(), images)
            images = (images - (step + 1) ** -0.5 * change / change.norm()).detach().requires_grad_()
        return images.detach(), labels

    def largest(self, size: torch.Tensor, share: float) -> torch.Tensor:
        """The mask of this share of all weights, those of largest ``size``, and of all biases."""
        import torch

        weights = torch.nonzero(self.is_weight)[:, 0]
        mask = ~self.is_weight
        mask[weights[size[weights].abs().argsort(descending=True)[: round(share * len(weights))]]] = True
        return mask

    def layers(self, theta: torch.Tensor, certificate: str, kept: str = "") -> tuple[Interval, torch.Tensor]:
        """lambda_max of the Hessian in all parameters, or those of one layer ("0" or "2"), and the eigenvector."""
        import torch
        from torch import nn

        from verify.modules.certificate import certify

        module = nn.Sequential(nn.Linear(self.X.shape[1], _HIDDEN), nn.ReLU(), nn.Linear(_HIDDEN, 10)).double()
        for (name, parameter), part in zip(module.named_parameters(), theta.split(self.sizes), strict=True):
            parameter.requires_grad_(name.startswith(kept)).data.copy_(part.view(parameter.shape))
        data = self.X, self.y
        found = certify(module, nn.CrossEntropyLoss(), data, certificate=certificate, tol=_TOL, trace=False)
        return found.interval, torch.tensor(found.eigenvector)

    def masked(self, theta: torch.Tensor, mask: torch.Tensor) -> Interval:
        """lambda_max of the Hessian in the parameters that are kept."""
        import torch
        from torch import nn

        from verify.modules.certificate import certify

        digits, places = self, torch.nonzero(mask)[:, 0]

        class Kept(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.kept = nn.Parameter(theta[places])

            def forward(self, X: torch.Tensor) -> torch.Tensor:
                return digits.outputs(theta.scatter(0, places, self.kept), X)

        return certify(
            Kept(), nn.CrossEntropyLoss(), (self.X, self.y), certificate=_FLOATS, tol=_TOL, trace=False
        ).interval


def measure(seed: int) -> Masks:
    """Train, prune, rewind, retrain twice with each mask; enclose."""
    import torch

    digits, rng = _Digits(), np.random.default_rng(seed)
    start = digits.drawn(rng)
    everything = torch.ones_like(digits.is_weight)
    dense = digits.trained(start, everything, digits.X, digits.y, rng, _STEADY)
    small = digits.trained(start, everything, *digits.distilled(rng), rng, _STEADY)
    scores = {"random": torch.tensor(rng.random(len(start))), "magnitude": dense, "distilled": small}
    masks = {name: digits.largest(scores[name], _KEPT) for name in _MASKS}
    whole, eigenvector = digits.layers(dense, _PROOF)
    sharpest = digits.largest(eigenvector, 0.5)
    masked = [
        Masked(name, "dense", int(mask.sum()), digits.masked(dense, mask), whole)
        for name, mask in (masks | {"sharpest": sharpest}).items()
    ]
    first, second = sum(digits.sizes[:2]), sum(digits.sizes[2:])
    for name, place, count in (("first-layer", "0", first), ("second-layer", "2", second)):
        masked.append(Masked(name, "dense", count, digits.layers(dense, _PROOF, place)[0], whole))
    losses, barriers = {}, {}
    for name, mask in masks.items():
        ends = [digits.trained(start, mask, digits.X, digits.y, rng, _NOISY) for _ in range(2)]
        masked.append(
            Masked(name, "retrained", int(mask.sum()), digits.masked(ends[0], mask), digits.layers(ends[0], _FLOATS)[0])
        )
        shares = np.linspace(0, 1, _POINTS)
        line = np.array([float(digits.loss(ends[0].lerp(ends[1], share), digits.X, digits.y)) for share in shares])
        losses[name] = float(line[0])
        barriers[name] = float((line - (1 - shares) * line[0] - shares * line[-1]).max())
    return Masks(tuple(masked), losses, barriers)


def facts(found: Masks) -> Mapping[str, object]:
    """Sizes, and what was measured after retraining."""
    after = {one.mask: one.sharpness for one in found.masked if one.weights == "retrained"}
    return {
        "images": _IMAGES, "hidden": _HIDDEN, "kept": _KEPT,
        **{f"lambda_max, {name} mask retrained": float(after[name].upper) for name in _MASKS},
        **{f"loss, {name}": found.losses[name] for name in _MASKS},
        **{f"barrier, {name}": found.barriers[name] for name in _MASKS},
    }  # fmt: skip


def _increasing(expression: Expr, whole: Interval) -> Interval:
    """An increasing function of lambda_max, enclosed."""
    ends = [
        Interval.of(enclose(expression, {WHOLE_SHARPNESS: rational(Fraction(end))}))
        for end in (whole.lower, whole.upper)
    ]
    return Interval(ends[0].lower, ends[1].upper, whole.meaning, whole.trust)


def outcomes(found: Masks, theorems: Mapping[str, Theorem]) -> list[Outcome]:
    """Interlacing for each mask, at the dense weights and at the retrained ones."""
    statement = theorems["masked-sharpness"]
    return [
        judged("masks", statement.key, f"lambda_max in {one.kept} parameters, {one.mask} mask, {one.weights} weights",
               one.sharpness, Relation.AT_MOST, _increasing(statement.bound.expr, one.whole), statement.status)
        for one in found.masked
    ]  # fmt: skip


def draw(axes: Axes, found: Masks) -> None:
    """lambda_max of the retrained masked networks, and their barriers."""
    places = np.arange(len(_MASKS))
    after = {one.mask: float(one.sharpness.upper) for one in found.masked if one.weights == "retrained"}
    axes.bar(places - 0.2, [after[name] for name in _MASKS], 0.35, color=BLUE, label="$\\lambda_{\\max}$, retrained")
    axes.bar(places + 0.2, [found.barriers[name] for name in _MASKS], 0.35, color=ORANGE, label="loss barrier")
    axes.set_xticks(places, _MASKS)
    axes.set(xlabel="mask", ylim=(0, 1.3 * max(after.values())))
    axes.legend(loc="upper right")


SIBLING = Sibling("masks", "Pruning masks", STABLE_SUBNETWORKS, (MASKED_SHARPNESS,), measure, facts, outcomes, draw)
