"""Dense piecewise-linear networks: a bound of lambda_max without chance, from block norms of the residual part.

The loss is a sum of functions l_i of the outputs f_i, each times the share of its point. With rho_i and S_i its first and second
derivatives, H = B'B + R, row (i, o) of B being S_i^(1/2) J_i, and R = sum_i sum_o rho_io Hess f_io. In

    h_0 = x,   z_a = W_a h_(a-1) + b_a,   h_a = act_a(z_a),   f = h_L,

with activations linear near each z, of slopes D, R has no diagonal blocks. With delta_b = d(sum rho f)/dz_b its others are,
for layers a < b,

    R_ab[dW_a, dW_b] = sum_i delta_bi' dW_b D_(b-1)i W_(b-1) ... D_ai dW_a (h_(a-1)i, 1).

For b = a + 1 it splits into the units q of layer a: its norm is the largest of |sum_i D_aiq delta_bi (h_(a-1)i, 1)'|. Farther
apart it is at most sum_i |delta_bi| |(h_(a-1)i, 1)| times the norms of the weights and slopes between. The matrix of these norms
has a largest eigenvalue of at least lambda_max(R).

On the complement of a Krylov basis Q, lambda_max(H) is at most that plus lambda_max(BB' - BQ(BQ)'), or the trace of this, and the
Schur complement does the rest. tr(H) = tr(BB'), since R has no diagonal blocks. Rounding is estimated, not bounded.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from verify.modules.polynomial import Run
from verify.modules.problem import ModuleLoss

Tensor = Any
# The matrix BB' is formed up to this many rows, and blocks of R up to this many multiplications and entries.
_MOST_ROWS = 1536
_MOST_WORK, _MOST_ENTRIES = 3e9, 2e7
_MOST_OUTPUTS = 32


@dataclass(frozen=True)
class Layer:
    """A dense layer: its tensors, which of them are trainable by place among the parameters, and the activation behind it."""

    weight: Tensor
    bias: Tensor | None
    weight_at: int | None
    bias_at: int | None
    act: Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Chain:
    """The layers of a module that was recognised, for one problem."""

    problem: ModuleLoss
    layers: tuple[Layer, ...]

    def outputs(self, inputs: tuple[Tensor], parameters: list[Tensor]) -> Tensor:
        """What the module should compute with these in place of its parameters."""
        h = inputs[0].flatten(1)
        for layer in self.layers:
            z = h @ (layer.weight if layer.weight_at is None else parameters[layer.weight_at]).T
            bias = layer.bias if layer.bias_at is None else parameters[layer.bias_at]
            h = layer.act(z if bias is None else z + bias)
        return h

    def forward(self, inputs: Tensor) -> tuple[list[Tensor], list[Tensor], Tensor]:
        """h_0, ..., h_(L-1), the slopes of all activations, and the outputs."""
        import torch

        h, inner, slopes = inputs.flatten(1), [], []
        for layer in self.layers:
            inner.append(h)
            z = h @ layer.weight.T if layer.bias is None else h @ layer.weight.T + layer.bias
            with torch.enable_grad():
                z = z.detach().requires_grad_()
                h = layer.act(z)
                slopes.append(torch.autograd.grad(h.sum(), z)[0] if h is not z else torch.ones_like(z))
            h = h.detach()
        return inner, slopes, h

    def backward(self, slopes: list[Tensor], ends: Tensor) -> list[Tensor]:
        """delta_1, ..., delta_L for derivatives by the outputs of shape (n, ..., c)."""
        deltas = []
        for layer, slope in zip(self.layers[::-1], slopes[::-1], strict=True):
            ends = ends * slope.view(len(slope), *[1] * (ends.ndim - 2), -1)
            deltas.append(ends)
            ends = ends @ layer.weight
        return deltas[::-1]

    def tangent(self, inner: list[Tensor], slopes: list[Tensor], along: list[Tensor]) -> Tensor:
        """The derivative of the outputs in a direction in parameter space."""
        moved: Tensor = 0.0
        for layer, h, slope in zip(self.layers, inner, slopes, strict=True):
            moved = moved @ layer.weight.T if isinstance(moved, type(h)) else moved
            if layer.weight_at is not None:
                moved = moved + h @ along[layer.weight_at].T
            if layer.bias_at is not None:
                moved = moved + along[layer.bias_at]
            moved = moved * slope
        return moved


def recognise(problem: ModuleLoss, seed: int = 0) -> Chain | str:
    """The module as a chain of dense layers with piecewise-linear activations, or why it isn't one.

    What decides is behaviour: the leaf modules in order, or the dense ones with ReLUs between, must have the module's loss and
    its product with a random vector, which determines the Hessian with probability 1.
    """
    import torch
    from torch import nn

    leaves = [part for part in problem.model.modules() if not list(part.children())]
    dense = [part for part in leaves if type(part) is nn.Linear]
    linear = (nn.ReLU, nn.LeakyReLU, nn.ReLU6, nn.Hardtanh, nn.Identity, nn.Dropout, nn.Flatten)
    others = [part for part in leaves if type(part) not in (nn.Linear, *linear)]
    if others:
        return f"{type(others[0]).__name__} is no dense layer and no piecewise-linear activation"
    if not dense or any(not isinstance(inputs, tuple) or len(inputs) != 1 for inputs, _ in problem.batches):
        return "it has no dense layer, or several inputs"
    if not problem.loss.convex:
        return "the loss is not known to be convex in the outputs"
    if problem.dtype != torch.float64:
        return "it needs float64"
    between: list[nn.Module] = [part for layer in dense for part in (layer, nn.ReLU())]
    p = problem.gaussians(seed + 1)()
    expected = problem.product(p)
    for parts in (leaves, between[:-1]):
        chain = _chain(problem, parts)
        if chain is None:
            continue
        try:
            found = problem.replaced(chain.outputs).product(p)
        except (RuntimeError, ValueError):  # shapes that don't fit, outputs that don't depend on parameters
            continue
        if float((expected - found).norm()) <= 1e-10 * float(expected.norm()):
            return chain
    return "its leaf modules in order, as dense layers and activations, have other second derivatives"


def _chain(problem: ModuleLoss, parts: list[Any]) -> Chain | None:
    """The layers with the parameters of the problem, None if a trainable one belongs to none of them."""
    from torch import nn

    owner = {id(p): name for name, p in problem.model.named_parameters()}
    places = {name: at for at, name in enumerate(problem.names)}
    layers: list[Layer] = []
    for part in parts:
        if isinstance(part, nn.Linear):
            found: list[tuple[Tensor, int | None]] = []
            for p in (part.weight, part.bias):
                at = None if p is None else places.get(owner.get(id(p), ""))
                tensor = None if p is None else problem.parameters[at] if at is not None else problem.constant(p)
                found.append((None if tensor is None else tensor.detach(), at))
            layers.append(Layer(found[0][0], found[1][0], found[0][1], found[1][1], lambda z: z))
        elif isinstance(part, (nn.ReLU, nn.LeakyReLU, nn.ReLU6, nn.Hardtanh)):
            if not layers:
                return None
            layers[-1] = _followed(layers[-1], part)
    used = [at for layer in layers for at in (layer.weight_at, layer.bias_at) if at is not None]
    return Chain(problem, tuple(layers)) if sorted(used) == list(range(len(problem.names))) else None


def _followed(layer: Layer, part: Any) -> Layer:
    before = layer.act

    def act(z: Tensor) -> Tensor:
        h = before(z)
        return type(part).forward(part, h.clone() if part.inplace else h)

    return Layer(layer.weight, layer.bias, layer.weight_at, layer.bias_at, act)


@dataclass(frozen=True)
class Parts:
    """Of a Hessian H = B'B + R, see the module's text.

    Attributes
    ----------
    trace : tr(B'B) = tr(H)
    tail : at least lambda_max of B'B on the complement of the basis
    """

    trace: float
    tail: float


def residual_bound(chain: Chain) -> float | str:
    """At least lambda_max(R); or why it can't be had."""
    import torch

    problem, layers = chain.problem, chain.layers
    count, depth = problem.points, len(layers)
    width = layers[-1].weight.shape[0]
    if width > _MOST_OUTPUTS:
        return f"{width} outputs are more than {_MOST_OUTPUTS}"
    exact = {(a, a + 1): _affordable(layers[a], layers[a + 1], count) for a in range(depth - 1)}
    sums: dict[tuple[int, int], Tensor] = {}
    for at, ((x,), y) in enumerate(problem.batches):
        inner, slopes, out = chain.forward(x)
        first, _ = second_derivatives(problem, at, out, y)
        for place, value in _couplings(chain, inner, slopes, first, exact).items():
            sums[place] = sums[place] + value if place in sums else value
    norms = torch.zeros(depth, depth, dtype=problem.dtype)
    for (a, b), value in sums.items():
        if (layers[a].weight_at is None and layers[a].bias_at is None) or layers[b].weight_at is None:
            continue
        norm = float(torch.linalg.matrix_norm(value, 2).max()) if value.ndim == 3 else float(value.max())
        norms[a, b] = norms[b, a] = norm * _between(layers[a + 1 : b])
    return float(torch.linalg.eigvalsh(norms)[-1]) * (1 + 1e-10) if depth > 1 else 0.0


def hessian_parts(chain: Chain, run: Run) -> Parts | str:
    """The trace, and what B'B has left outside the basis of a run; or why it can't be had."""
    import torch

    problem, layers = chain.problem, chain.layers
    together = problem.points * layers[-1].weight.shape[0] <= _MOST_ROWS
    directions = [
        [piece.view(p.shape) for piece, p in zip(row.split(problem.sizes), problem.parameters, strict=True)]
        for row in run.basis
    ]
    trace, held = 0.0, 0.0
    kept: list[tuple[list[Tensor], list[Tensor], Tensor]] = []
    for at, ((x,), y) in enumerate(problem.batches):
        inner, slopes, out = chain.forward(x)
        root = square_root(second_derivatives(problem, at, out, y)[1])
        if root is None:
            return "the loss is not convex in the outputs"
        deltas = chain.backward(slopes, root)
        for layer, delta, h in zip(layers, deltas, inner, strict=True):
            weight = (layer.weight_at is not None) * (h * h).sum(1) + (layer.bias_at is not None)
            trace += float(((delta**2).sum((1, 2)) * weight).sum())
        images = [torch.einsum("noc,nc->no", root, chain.tangent(inner, slopes, along)) for along in directions]
        held += sum(float((image * image).sum()) for image in images)
        if together:
            kept.append((inner, deltas, torch.stack(images, -1)))
    tail = max(trace - held, 0.0)
    if together:
        tail = min(tail, float(torch.linalg.eigvalsh(_outside(chain, kept))[-1]))
    return Parts(trace, tail + 1e-12 * trace)


def square_root(second: Tensor) -> Tensor | None:
    """Rows of S^(1/2), up to a rotation, for positive semidefinite S (n, c, c); None if they aren't."""
    import torch

    values, vectors = torch.linalg.eigh(second)
    if float(values.min()) < -1e-10 * float(values.abs().max()):
        return None
    root: Tensor = (vectors * values.clamp(min=0).sqrt().unsqueeze(-2)).transpose(-1, -2)
    return root


def _affordable(below: Layer, above: Layer, count: int) -> bool:
    (q, h), o = below.weight.shape, above.weight.shape[0]
    return max(q * h * o, count * o * min(q, h + 1)) <= _MOST_ENTRIES and float(q * h * o) * count <= _MOST_WORK


def second_derivatives(problem: ModuleLoss, at: int, out: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """First (n, c) and second (n, c, c) derivatives of the batch's part of the loss by the outputs."""
    import torch

    with torch.enable_grad():
        out = out.detach().requires_grad_()
        first = torch.autograd.grad(problem.loss.total(out, y) * problem.shares[at], out, create_graph=True)[0]
        if not first.requires_grad:
            return first.detach(), torch.zeros(*out.shape, out.shape[-1], dtype=out.dtype, device=out.device)
        columns = [
            torch.autograd.grad(first[:, o].sum(), out, retain_graph=True, materialize_grads=True)[0]
            for o in range(out.shape[1])
        ]
    second = torch.stack(columns, 1)
    return first.detach(), (second + second.transpose(1, 2)) / 2


def _couplings(
    chain: Chain, inner: list[Tensor], slopes: list[Tensor], first: Tensor, exact: dict[tuple[int, int], bool]
) -> dict[tuple[int, int], Tensor]:
    """One batch's part of the blocks of R: matrices by unit where they are ``exact``, else bounds of their norms by unit."""
    import torch

    deltas, layers, found = chain.backward(slopes, first), chain.layers, {}
    for a, (layer, into) in enumerate(zip(layers, inner, strict=True)):
        moved = torch.cat([into, into.new_ones(len(into), 1)], 1) if layer.bias_at is not None else into
        if layer.weight_at is None:
            moved = moved[:, into.shape[1] :]
        if not moved.shape[1]:
            continue
        size = (moved * moved).sum(1).sqrt()
        for b in range(a + 1, len(layers)):
            reach = (deltas[b] ** 2).sum(1).sqrt() * size
            if b > a + 1:
                found[a, b] = (reach @ slopes[a].abs().amax(1))[None]
            elif exact[a, b]:
                # One matrix product: of the three sums over points it pairs the two that make the smaller matrix.
                q, o, h = slopes[a].shape[1], deltas[b].shape[1], moved.shape[1]
                if h <= q:
                    pairs = (deltas[b][:, :, None] * moved[:, None]).reshape(-1, o * h)
                    found[a, b] = (slopes[a].T @ pairs).reshape(q, o, h)
                else:
                    pairs = (slopes[a][:, :, None] * deltas[b][:, None]).reshape(-1, q * o)
                    found[a, b] = (pairs.T @ moved).reshape(q, o, h)
            else:
                found[a, b] = reach @ slopes[a].abs()
    return found


def _between(layers: tuple[Layer, ...]) -> float:
    """The norms of the weights between two layers; their activations have slopes of at most 1, or as leaky ones say."""
    import torch

    product = 1.0
    for layer in layers:
        product *= float(torch.linalg.matrix_norm(layer.weight, 2)) * _steepest(layer)
    return product


def _steepest(layer: Layer) -> float:
    """The largest slope of an activation."""
    import torch

    z = torch.tensor([-1e3, -0.5, 0.5, 1e3], dtype=layer.weight.dtype, device=layer.weight.device, requires_grad=True)
    with torch.enable_grad():
        h = layer.act(z)
        return 1.0 if h is z else max(1.0, float(torch.autograd.grad(h.sum(), z)[0].abs().max()))


def _outside(chain: Chain, kept: list[tuple[list[Tensor], list[Tensor], Tensor]]) -> Tensor:
    """BB' - BQ(BQ)', from the Gram matrices of the layers."""
    import torch

    matrix: Tensor = 0.0
    for at, layer in enumerate(chain.layers):
        h = torch.cat([inner[at] for inner, _, _ in kept])
        delta = torch.cat([deltas[at] for _, deltas, _ in kept])
        columns = delta.shape[1]
        gram = (layer.weight_at is not None) * (h @ h.T) + (layer.bias_at is not None)
        flat = delta.reshape(-1, delta.shape[2])
        matrix = matrix + (flat @ flat.T) * gram.repeat_interleave(columns, 0).repeat_interleave(columns, 1)
    images = torch.cat([image for _, _, image in kept]).reshape(len(matrix), -1)
    return matrix - images @ images.T
