"""Sequential piecewise-linear networks: a bound of lambda_max without chance, from block norms of the residual part.

The loss is a sum of functions l_i of the outputs f_i, each times the share of its point. With rho_i and S_i its first and second
derivatives, H = B'B + R, row (i, o) of B being S_i^(1/2) J_i, and R = sum_i sum_o rho_io Hess f_io. In

    h_0 = x,   z_a = W_a h_(a-1) + b_a,   h_a = N_a(z_a),   f = h_L,

with W_a dense, a convolution, or the scale of a batch normalisation, and N_a without parameters and linear near each z
(activations, pooling, normalisation with frozen statistics), of slopes D, R has no diagonal blocks. The matrix of (bounds of)
the norms of its others has a largest eigenvalue rho of at least lambda_max(R). On the complement of a Krylov basis, lambda_max(H)
is at most rho plus the trace of B'B there, and the Schur complement does the rest. tr(B'B) = tr(H), and of it a Ritz vector with
Ritz value theta holds at least theta - rho. For few data lambda_max(BB' - BQ(BQ)') is less than that trace. Proofs are in
docs/proofs.md, "Residual blocks of sequential networks". Rounding is estimated, not bounded.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from verify.hessian.polynomial import Run
from verify.modules.problem import ModuleLoss
from verify.modules.trace import second_derivatives, square_root

Tensor = Any
Step = Callable[[Tensor], Tensor]
Pull = Callable[[Tensor], list[Tensor]]
# The matrix BB' is formed up to this many rows, and blocks of R up to this many multiplications and entries.
_MOST_ROWS = 1536
_MOST_WORK, _MOST_ENTRIES = 3e9, 2e7
# Each costs less than a product.
_MOST_IMAGES = 6
_LAYERS = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)
_SINGLE = (nn.ReLU, nn.LeakyReLU, nn.ReLU6, nn.Hardtanh, nn.Identity, nn.Dropout, nn.Flatten)
# Their derivatives have entries of one sign.
_POOLS = [getattr(nn, f"{kind}Pool{d}d") for kind in ("Max", "Avg", "AdaptiveAvg", "AdaptiveMax") for d in (1, 2, 3)]


@dataclass
class Layer:
    """A layer with tensors, the places among the parameters of those that are trainable, and the steps behind it.

    ``plain``: it is dense, and the steps act on each number by itself.
    """

    part: Any
    weight: Tensor
    bias: Tensor | None
    weight_at: int | None
    bias_at: int | None
    plain: bool
    steps: list[Step] = field(default_factory=list)

    @property
    def learns(self) -> tuple[bool, bool]:
        """Whether its weight and its bias are trainable."""
        return self.weight_at is not None, self.bias_at is not None

    def gram(self, h: Tensor) -> Tensor:
        """What the trainable tensors of a dense layer make of pairs of its inputs."""
        weight, bias = self.learns
        return weight * (h @ h.T) + bias

    def apply(self, h: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        if isinstance(self.part, nn.Linear):
            return nn.functional.linear(h, weight, bias)
        if weight.ndim > 1:
            return self.part._conv_forward(h, weight, bias)
        shape = (1, -1, *[1] * (h.ndim - 2))
        return h * weight.view(shape) if bias is None else h * weight.view(shape) + bias.view(shape)

    def slope(self, z: Tensor) -> Tensor:
        """The slopes of a plain layer's steps."""
        with torch.enable_grad():
            z = out = z.detach().requires_grad_()
            for step in self.steps:
                out = step(out)
            slopes: Tensor = torch.autograd.grad(out.sum(), z)[0]
        return slopes

    def uses(self, h: Tensor) -> Tensor:
        """How many patches of a convolution each number of its input is in; 1 for other layers."""
        if self.weight.ndim <= 2:
            return h.new_ones(1, *[1] * (h.ndim - 1))
        kernel = torch.zeros_like(self.weight)
        kernel.view(self.part.groups, -1, *kernel.shape[1:])[:, 0] = 1
        with torch.enable_grad():
            ones = h.new_ones(1, *h.shape[1:]).requires_grad_()
            counts: Tensor = torch.autograd.grad(self.apply(ones, kernel, None).sum(), ones)[0]
        return counts


@dataclass(frozen=True)
class Chain:
    """The layers of a module that was recognised, for one problem, and the steps before the first."""

    problem: ModuleLoss
    layers: list[Layer]
    before: list[Step]

    def dense(self) -> bool:
        """Whether it is one of dense layers that take rows of numbers."""
        (x,), _ = self.problem.batches[0]
        inner = self.forward(x[:1], self.problem.values)[0]
        return all(layer.plain and h.ndim == 2 for layer, h in zip(self.layers, inner, strict=True))

    def outputs(self, inputs: tuple[Tensor], parameters: list[Tensor]) -> Tensor:
        """What the module should compute with these in place of its parameters."""
        return self.forward(inputs[0], parameters)[2]

    def forward(self, h: Tensor, parameters: list[Tensor]) -> tuple[list[Tensor], list[Tensor], Tensor]:
        """h_0, ..., h_(L-1), then z_1, ..., z_L, and the outputs."""
        inner, ends = [], []
        for step in self.before:
            h = step(h)
        for layer in self.layers:
            if layer.weight.ndim == 2 and h.shape[-1] != layer.weight.shape[1]:
                h = h.flatten(1)
            weight = layer.weight if layer.weight_at is None else parameters[layer.weight_at]
            inner.append(h)
            h = layer.apply(h, weight, layer.bias if layer.bias_at is None else parameters[layer.bias_at])
            ends.append(h)
            for step in layer.steps:
                h = step(h)
        return inner, ends, h

    def derivatives(self, at: int) -> tuple[list[Tensor], list[Tensor], Tensor, Tensor, Pull]:
        """Of a batch: h and z of the layers, first and second derivatives of the loss, and what derivatives by
        the outputs (n, c), or several of them (n, k, c), are by the z."""
        (x,), y = self.problem.batches[at]
        with torch.enable_grad():
            inner, ends, out = self.forward(x.detach().requires_grad_(), self.problem.values)

        def pull(along: Tensor) -> list[Tensor]:
            if along.ndim == 2:
                return list(torch.autograd.grad(out, ends, along, retain_graph=True))
            return [torch.stack(found, 1) for found in zip(*map(pull, along.unbind(1)), strict=True)]

        return [h.detach() for h in inner], ends, *second_derivatives(self.problem, at, out, y), pull

    def rows(self) -> tuple[list[Tensor], list[Tensor], list[Tensor], list[Tensor]] | None:
        """By dense layer, of all points: inputs (n, h), z (n, q), and derivatives by z of the rows of B, (n, c, q), and of the
        loss, (n, q); None where the loss isn't convex."""
        parts = []
        for at in range(len(self.problem.batches)):
            inner, ends, first, second, pull = self.derivatives(at)
            root = square_root(second)
            if root is None:
                return None
            parts.append((inner, [z.detach() for z in ends], pull(root), pull(first)))
        inner, ends, rows, rhos = (
            [torch.cat(tensors) for tensors in zip(*kind, strict=True)] for kind in zip(*parts, strict=True)
        )
        return inner, ends, rows, rhos

    def gram(self, inner: list[Tensor], rows: list[Tensor]) -> Tensor:
        """BB' from the inputs of dense layers and the rows."""
        matrix: Tensor = 0.0
        for layer, h, delta in zip(self.layers, inner, rows, strict=True):
            count, flat = delta.shape[1], delta.flatten(0, 1)
            pairs = layer.gram(h).repeat_interleave(count, 0).repeat_interleave(count, 1)
            matrix = matrix + (flat @ flat.T) * pairs
        return matrix


def candidates(problem: ModuleLoss) -> list[Chain] | str:
    """Chains that the module may be, judged by the leaf modules that it calls, or why there is none.

    They are taken in order, or with ReLUs behind all dense and convolutional ones but the last.
    """
    if any(not isinstance(inputs, tuple) or len(inputs) != 1 for inputs, _ in problem.batches):
        return "it has several inputs"
    if not problem.loss.convex:
        return "the loss is not known to be convex in the outputs"
    if problem.dtype != torch.float64:
        return "it needs float64"
    leaves = _called(problem)
    between: list[nn.Module] = []
    for part in leaves:
        between += [part, nn.ReLU()] if isinstance(part, _LAYERS) else [part]
    first = _chain(problem, leaves)
    if isinstance(first, str) or not between or not isinstance(between.pop(), nn.ReLU):
        return first if isinstance(first, str) else [first]
    second = _chain(problem, between)
    return [first] if isinstance(second, str) else [first, second]


def recognise(problem: ModuleLoss, seed: int = 0, known: tuple[Tensor, Tensor] | None = None) -> Chain | str:
    """The module as a chain of layers with piecewise-linear steps between, or why it isn't one.

    What decides is behaviour: a candidate must have the module's outputs and its product with a random vector, which determines
    the Hessian with probability 1. ``known`` is such a vector and its product.
    """
    chains = candidates(problem)
    for chain in chains if isinstance(chains, list) else ():
        try:
            with torch.no_grad():
                one, other = (of(problem.batches[0][0], problem.values) for of in (problem.outputs, chain.outputs))
            if not torch.allclose(one, other, rtol=1e-9):
                continue
            if known is None:
                p = problem.gaussians(seed + 1)()
                known = p, problem.product(p)
            found = problem.replaced(chain.outputs).product(known[0])
        except (RuntimeError, ValueError, TypeError, AttributeError, IndexError):  # shapes that don't fit
            continue
        if float((known[1] - found).norm()) <= 1e-10 * float(known[1].norm()):
            return chain
    if isinstance(chains, str):
        return chains
    return "its leaf modules in order have other outputs or second derivatives (as with a shortcut, a function between)"


def _called(problem: ModuleLoss) -> list[Any]:
    """The leaf modules in the order in which the model calls them."""
    order: list[Any] = []
    with torch.no_grad(), contextlib.ExitStack() as hooks:
        for part in problem.model.modules():
            if not list(part.children()):
                hooks.callback(part.register_forward_pre_hook(lambda part, _: order.append(part)).remove)
        problem.outputs(problem.batches[0][0], problem.values)
    return order


def _chain(problem: ModuleLoss, parts: list[Any]) -> Chain | str:
    """The layers with the parameters of the problem, or what prevents it."""
    before: list[Step] = []
    layers: list[Layer] = []

    def behind(step: Step, plain: bool) -> None:
        (layers[-1].steps if layers else before).append(step)
        if layers:
            layers[-1].plain &= plain

    for part in parts:
        if isinstance(part, _BatchNorm):
            if part.running_mean is None:
                return f"{type(part).__name__} has no running statistics"
            behind(_normalised(problem, part), False)
        elif type(part) in (*_SINGLE, *_POOLS, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.Unflatten):
            behind(_step(part), type(part) in _SINGLE)
            continue
        elif type(part) not in _LAYERS or getattr(part, "padding_mode", "zeros") != "zeros":
            return f"{type(part).__name__} is no layer and no piecewise-linear step that this certificate knows"
        tensors, places = problem.tensors(part)
        if "weight" in tensors:
            weight, at = tensors["weight"], (places.get("weight"), places.get("bias"))
            layers.append(Layer(part, weight, tensors.get("bias"), *at, plain=weight.ndim == 2))
    used = [at for layer in layers for at in (layer.weight_at, layer.bias_at) if at is not None]
    if sorted(used) != list(range(len(problem.names))):
        return "its parameters aren't those of its layers, each once"
    return Chain(problem, layers, before)


def _step(part: Any) -> Step:
    def step(h: Tensor) -> Tensor:
        found: Tensor = type(part).forward(part, h.clone() if getattr(part, "inplace", False) else h)
        return found

    return step


def _normalised(problem: ModuleLoss, part: Any) -> Step:
    """A batch normalisation without its weight and bias."""
    mean, var = problem.constant(part.running_mean), problem.constant(part.running_var)
    return lambda h: nn.functional.batch_norm(h, mean, var, None, None, False, 0.0, part.eps)


def residual_norms(chain: Chain) -> Tensor:
    """At least the norms of the blocks of R (L, L); the largest eigenvalue is at least lambda_max(R)."""
    problem, count = chain.problem, len(chain.layers)
    sums: dict[tuple[int, int], Tensor] = {}
    for at in range(len(problem.batches)):
        for place, value in _couplings(chain, at).items():
            sums[place] = sums[place] + value if place in sums else value
    norms = torch.zeros(count, count, dtype=problem.dtype)
    for (a, b), value in sums.items():
        norm = float(torch.linalg.matrix_norm(value, 2).max()) if value.ndim == 3 else float(value.max())
        norms[a, b] = norms[b, a] = norm * (1 + 1e-10)
    return norms


def _couplings(chain: Chain, at: int) -> dict[tuple[int, int], Tensor]:
    """One batch's part of the blocks of R: matrices by unit where they are affordable, else bounds of their norms, by unit too
    between dense layers."""
    layers, found = chain.layers, {}
    inner, ends, first, _, pull = chain.derivatives(at)
    deltas, uses = pull(first), [layer.uses(h) for layer, h in zip(layers, inner, strict=True)]
    slopes = [_slopes(z, layer.steps) for z, layer in zip(ends[:-1], layers, strict=False)]
    norms = [
        float(w.abs().max() if w.ndim == 1 else torch.linalg.matrix_norm(w.flatten(1), 2)) * float(count.max()) ** 0.5
        for w, count in zip((layer.weight for layer in layers), uses, strict=True)
    ]
    for a, (layer, h) in enumerate(zip(layers, inner, strict=True)):
        # Numbers of one layer that share a number of its bias, as many as there are patches.
        shared = ends[a][0].numel() // (h.shape[1] if layer.weight.ndim == 1 else layer.weight.shape[0])
        weight, bias = layer.learns
        if not (weight or bias):
            continue
        reach = (weight * (h * h * uses[a]).flatten(1).sum(1) + bias * shared).sqrt()
        for b in range(a + 1, len(layers)):
            reach = reach * slopes[b - 1] * (norms[b - 1] if b > a + 1 else 1.0)
            if layers[b].weight_at is None:
                continue
            if b > a + 1 or not (layer.plain and layers[b].weight.ndim == h.ndim == 2):
                pulled = deltas[b].flatten(1).norm(dim=1) * uses[b].max().sqrt()
                found[a, b] = (reach * pulled).sum()[None]
            else:
                found[a, b] = _adjacent(layer, h, ends[a], deltas[b], chain.problem.points)
    return found


def _slopes(z: Tensor, steps: list[Step]) -> Tensor:
    """At least the norm of the derivative of some steps, for each point."""
    total = z.new_ones(len(z))
    for step in steps:
        rows = torch.func.jvp(step, (z.detach(),), (torch.ones_like(z),))
        with torch.enable_grad():
            z = z.detach().requires_grad_()
            columns = torch.autograd.grad(step(z).sum(), z)[0]
        total = total * (rows[1].flatten(1).abs().amax(1) * columns.flatten(1).abs().amax(1)).sqrt()
        z = rows[0]
    return total


def _adjacent(layer: Layer, h: Tensor, z: Tensor, delta: Tensor, count: int) -> Tensor:
    """Of a dense layer and one behind it: the matrices by unit, or bounds of their norms."""
    slope, (weight, bias) = layer.slope(z), layer.learns
    moved = torch.cat([h[:, : weight * h.shape[1]], h.new_ones(len(h), int(bias))], 1)
    q, o, width = slope.shape[1], delta.shape[1], moved.shape[1]
    work = float(q * h.shape[1] * o)
    if max(work, count * o * min(q, h.shape[1] + 1)) > _MOST_ENTRIES or work * count > _MOST_WORK:
        return (delta.norm(dim=1) * moved.norm(dim=1)) @ slope.abs()
    # One matrix product: of the three sums over points it pairs the two that make the smaller matrix.
    if width <= q:
        return (slope.T @ (delta[:, :, None] * moved[:, None]).reshape(-1, o * width)).reshape(q, o, width)
    return ((slope[:, :, None] * delta[:, None]).reshape(-1, q * o).T @ moved).reshape(q, o, width)


def outside_bound(chain: Chain, run: Run, trace: float, enough: float) -> tuple[float, str]:
    """At least lambda_max(H) on the complement of a run's basis, and what it is made of, given tr(H).

    What costs more is done only where less doesn't bring it to ``enough``.
    """
    norms, sizes = residual_norms(chain), chain.problem.sizes
    residual = float(torch.linalg.eigvalsh(norms)[-1])
    values, ritz = run.values[::-1].tolist(), run.combined(run.vectors[:, ::-1].T.copy())
    squares = torch.stack([(piece * piece).sum(1) for piece in ritz.split(sizes, 1)], 1).cpu()
    own = [[at for at in (layer.weight_at, layer.bias_at) if at is not None] for layer in chain.layers]
    lengths = torch.stack([squares[:, places].sum(1) for places in own], 1).sqrt()
    missing = ((lengths @ norms) * lengths).sum(1).tolist()
    held = [max(value - less, 0.0) for value, less in zip(values, missing, strict=True)]

    def tail(known: list[float]) -> float:
        return max(trace - sum(known) - sum(held[len(known) :]), 0.0)

    images = next((k for k in range(len(held)) if residual + tail(values[:k]) <= (0.95 if k else 1.0) * enough), 0)
    if 0 < images <= _MOST_IMAGES:
        held[:images] = gauss_newton(chain.problem, ritz[:images])
    rest = tail([])
    few = chain.problem.points * len(chain.layers[-1].weight) <= _MOST_ROWS
    if residual + rest > enough >= residual and few and chain.dense():
        rest = min(rest, gram_rest(chain, run))
    return residual + rest + 1e-12 * trace, f"residual part {residual:.3g} and rest {rest:.3g}"


def gauss_newton(problem: ModuleLoss, vectors: Tensor) -> list[float]:
    """|B q|^2 for each of some vectors."""
    found = [0.0] * len(vectors)
    for at, (inputs, y) in enumerate(problem.batches):
        with torch.enable_grad():
            out = problem.outputs(inputs, problem.parameters)
            ends = torch.zeros_like(out, requires_grad=True)
            gradient = torch.autograd.grad(out, problem.parameters, ends, create_graph=True, materialize_grads=True)
        second = second_derivatives(problem, at, out, y)[1]
        for k, vector in enumerate(vectors):
            along = [piece.view_as(p) for piece, p in zip(vector.split(problem.sizes), problem.parameters, strict=True)]
            moved = torch.autograd.grad(gradient, ends, along, retain_graph=True)[0]
            found[k] += float(torch.einsum("no,nop,np->", moved, second, moved))
    return found


def hopeless(problem: ModuleLoss, run: Run) -> str:
    """Why the trace must be too large outside the basis of a run from a random start, as far as an estimate shows."""
    outputs = problem.outputs(problem.batches[0][0], problem.values)
    seen, size = sum(value for value in run.values.tolist() if value > 0), problem.size * run.alpha[0]
    if problem.points * outputs[0].numel() <= _MOST_ROWS or size <= 2 * (seen + float(run.values[-1])):
        return ""
    return f"trace about {size:.2g}, of which {seen:.2g} is known"


def gram_rest(chain: Chain, run: Run) -> float:
    """lambda_max of BB' - BQ(BQ)' for dense layers, from the Gram matrices of the layers."""
    found = chain.rows()
    if found is None:
        return math.inf
    inner, _, rows, _ = found
    bases = run.basis.split(chain.problem.sizes, 1)
    images: Tensor = 0.0
    for layer, h, delta in zip(chain.layers, inner, rows, strict=True):
        for place, along in ((layer.weight_at, h), (layer.bias_at, h.new_ones(len(h), 1))):
            if place is not None:
                Q = bases[place].reshape(run.steps, -1, along.shape[1])
                images = images + torch.einsum("nco,koh,nh->nck", delta, Q, along).flatten(0, 1)
    return float(torch.linalg.eigvalsh(chain.gram(inner, rows) - images @ images.T)[-1])
