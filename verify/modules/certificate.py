"""The certified sharpness of any torch module: :func:`certify`."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from boundcalc.exact import exact_rational, fraction
from boundcalc.shown import Shown, float_above, float_below, show_interval, show_upper
from constructions.network import Network
from verify.hessian.arrays import backend_for
from verify.hessian.convex import convex_sharpness
from verify.hessian.enclosure import sharpness
from verify.hessian.from_torch import two_layers
from verify.hessian.inputs import check_dtype, check_flag, check_integer, check_number, check_positive
from verify.hessian.polynomial import Run, polynomial_bounds, top_bounds
from verify.modules.chain import candidates, hopeless, outside_bound, recognise
from verify.modules.loss import read_loss
from verify.modules.problem import ModuleLoss, check_symmetric, check_word, unwrapped
from verify.modules.trace import exact_trace
from verify.outcome import Interval, Relation, Trust, Verdict, judge

_OPEN = "no proof for two layers closes at a moderate price"
# Operations of a factorisation that "auto" takes for it: about a second.
_MODERATE = 2e10
CERTIFICATES = ("auto", "two-layer", "deterministic", "probabilistic")


@dataclass(frozen=True, eq=False, repr=False)
class ModuleSharpness(Shown):
    """An enclosure of the largest eigenvalue of the Hessian of a module's loss with respect to its trainable parameters.

    Attributes
    ----------
    lower, upper : float
        ``lower <= lambda_max <= upper``: the upper end unless a random start was unlucky (``failure_probability``), both with
        rounding estimated, not proved, unless ``trust`` is PROVED.
    value : float
        The Ritz value: the best estimate.
    certificate : str
        What the upper end rests on.
    failure_probability : float
        Over the random starts; 0.0 for deterministic certificates.
    trust : Trust
    trace : float or None
        Of the Hessian, where it follows exactly from first derivatives.
    lambda_min : Interval or None
        Of the least eigenvalue, from the same products, with the failure probability of one run; proved for "two-layer", or None.
    loss : float
        Its value, without weight decay.
    convention : str
        Which loss of which parameters this is the Hessian of.
    parameters, points, products : int
        Trainable numbers, data points, and products made with the Hessian.
    kinks : dict of str to float
        Least distance of an argument to a kink, by activation in the order of calls, and of the loss. At 0 the loss isn't
        twice differentiable there, and the numbers belong to the derivative that torch takes.
    notes : tuple of str
        What was done to read the model, and why no stronger certificate was taken.
    eigenvector : ndarray (P,)
        Unit Ritz vector, in the order of ``names``.
    names : tuple of str
        The trainable tensors.
    eigenvalues : tuple of Interval
        The ``top`` largest, each from one run of products, which is asked for no less than 1e-6 (1e-2 in float32); the first
        is ``interval`` where only one was asked for.
    layers : dict of str to Interval
        Of each layer with trainable tensors, the largest eigenvalue of its block; empty unless asked for.
    """

    lower: float
    upper: float
    value: float
    certificate: str
    failure_probability: float
    trust: Trust
    trace: float | None
    lambda_min: Interval | None
    loss: float
    convention: str
    parameters: int
    points: int
    products: int
    kinks: dict[str, float]
    notes: tuple[str, ...]
    eigenvector: NDArray[np.float64]
    names: tuple[str, ...]
    eigenvalues: tuple[Interval, ...] = ()
    layers: dict[str, Interval] = field(default_factory=dict)

    @property
    def interval(self) -> Interval:
        """The enclosure as :func:`verify.outcome.judge` takes it."""
        if self.trust is Trust.PROVED:
            return Interval(self.lower, self.upper, trust=self.trust)
        return _interval(self.lower, self.upper, 0.0, self.failure_probability)

    @property
    def kink_distance(self) -> float:
        """The least of ``kinks``, inf if there are none."""
        return min(self.kinks.values(), default=float("inf"))

    def stable_at(self, eta: Any) -> Verdict:
        """Whether lambda_max <= 2/eta, as :func:`verify.outcome.judge` says; a float eta counts as the decimal it shows.

        Examples
        --------
        >>> import torch
        >>> model = torch.nn.Linear(1, 1)
        >>> found = certify(model, "half-mse", (torch.ones(4, 1), torch.zeros(4)))
        >>> found.stable_at("0.9").value, found.stable_at(1.1).value
        ('proved', 'REFUTED')
        """
        step = fraction(exact_rational("eta", eta))
        if step <= 0:
            raise ValueError(f"eta must be positive, got {eta!r}")
        return judge(self.interval, Relation.AT_MOST, 2 / step)

    def __str__(self) -> str:
        failing = (
            f", fails with probability {show_upper(self.failure_probability, 2)}" if self.failure_probability else ""
        )
        lines = [
            f"lambda_max in {show_interval(self.lower, self.upper, 12)} ({self.certificate}, {self.trust.value}{failing})",
            f"of {self.convention}",
            f"estimate {self.value:.12g}, {self.products} Hessian-vector products, {self.parameters} parameters, "
            f"{self.points} points, loss {self.loss:.6g}",
        ]
        more = [
            "" if self.lambda_min is None else f"lambda_min in {self.lambda_min}",
            "" if self.trace is None else f"trace {self.trace:.12g}",
            f"least distance to a kink {self.kink_distance:.3g}" if self.kinks else "",
        ]
        lines.append(", ".join(filter(None, more)))
        if len(self.eigenvalues) > 1:
            lines.append("largest eigenvalues in " + ", ".join(map(str, self.eigenvalues)))
        lines += [f"block of {name}: largest eigenvalue in {inside}" for name, inside in self.layers.items()]
        return "\n".join([*filter(None, lines), *self.notes])


def read_problem(
    model: Any, loss: Any, data: Any, *, average: str = "points", dtype: Any = None, device: Any = None
) -> tuple[ModuleLoss, list[str]]:
    """The loss of a module as a function of its parameters, with notes on how it was read; arguments as :func:`certify`."""
    module, notes = unwrapped(model)
    kind = _precision(dtype)
    return ModuleLoss(module, read_loss(loss), data, average=average, dtype=kind, device=device), notes


def _precision(dtype: Any) -> Any:
    """torch's float64 (for None, too) or float32, from itself, numpy's or its name."""
    name = str(dtype).rpartition(".")[2] if isinstance(dtype, torch.dtype) else dtype
    return getattr(torch, check_dtype(name).name)


def certify(
    model: Any,
    loss: Any,
    data: Any,
    *,
    certificate: str = "auto",
    tol: float = 1e-6,
    failure_probability: float = 1e-6,
    weight_decay: float = 0.0,
    average: str = "points",
    dtype: Any = None,
    device: Any = None,
    max_products: int = 300,
    trace: bool = True,
    top: int = 1,
    layers: bool = False,
    start: Any = None,
    seed: int = 0,
) -> ModuleSharpness:
    """Enclose lambda_max of the Hessian of a module's loss with respect to its trainable parameters, from both sides.

    Parameters
    ----------
    model : torch.nn.Module
        Parameters with ``requires_grad`` count, others are constants. Call ``model.eval()`` first where there is dropout or
        batch normalisation. The module is not changed.
    loss : str or callable
        "half-mse" for (1/2n) sum of squares; MSELoss, CrossEntropyLoss, BCEWithLogitsLoss or HuberLoss of torch.nn, with their
        reductions; or any function of outputs and targets that is the mean over the points of its batch.
    data : (X, y), DataLoader, or list of batches (X, y)
        Tensors, numpy arrays or pandas frames; a tuple or mapping X is several inputs of the model (a
        mapping that it doesn't take as keywords is its one argument). Batches count by their sizes.
        A loader is gone through once, so that all products see the same data.
    certificate : str
        "two-layer": at most two dense layers, ReLU or leaky ReLU or nothing between them, and a loss of those named above:
        proved, rounding included.
        "deterministic": dense and convolutional layers, piecewise-linear activations, pooling, batch normalisation with
        frozen statistics, one after the other, and a convex loss; rounding is estimated.
        "probabilistic": any module and loss. "auto" takes the first of these that applies and closes to ``tol``.
    tol : float in (0, 1)
        Relative width aimed at; the result has the width that was reached.
    failure_probability : float in (0, 1)
        1e-12 takes two runs of products where 1e-6 takes one.
    weight_decay : float
        Adds weight_decay/2 times the squared norm of the trainable parameters to the loss.
    average : str
        "points": the mean over all points. "batches": the mean over the batches of their means.
    dtype : torch.float64 (default) or torch.float32
        Precision of the products. The model's parameters are exact in either.
    device : torch device, optional
        By default that of the model.
    max_products : int
        Largest number of products of one run.
    trace : bool
        Whether to work out the trace where it follows from first derivatives: as many backward passes as there are outputs.
    top : int
        How many of the largest eigenvalues to enclose.
    layers : bool
        Whether to enclose the largest eigenvalue of each layer's block of the Hessian as well.
    start : array (P,), optional
        Where the first run of products starts, such as the ``eigenvector`` of a result for nearly the same parameters.
    seed : int
        Of the random starts; results are deterministic for a seed.

    Raises
    ------
    ValueError, TypeError
        For what can't be read or differentiated twice, with what to do.

    References
    ----------
    Section 11 of the project's mathematics: the polynomials of a Lanczos run, after van Dorsselaer, Hochstenbach & van der
    Vorst, SIAM J. Matrix Anal. Appl. 22 (2000) 837.

    Examples
    --------
    >>> import torch
    >>> _ = torch.manual_seed(0)
    >>> model = torch.nn.Sequential(torch.nn.Linear(4, 8, bias=False), torch.nn.Tanh(), torch.nn.Linear(8, 3))
    >>> found = certify(model, torch.nn.CrossEntropyLoss(), (torch.randn(20, 4), torch.arange(20) % 3))
    >>> found.upper - found.lower <= 2e-6 * found.upper, found.failure_probability
    (True, 1e-06)
    """
    check_word("certificate", certificate, CERTIFICATES)
    tol, failure = check_positive("tol", tol, 1.0), check_positive("failure_probability", failure_probability, 1.0)
    decay, most = check_number("weight_decay", weight_decay, least=0), check_integer("max_products", max_products, 1)
    with_trace, with_layers = check_flag("trace", trace), check_flag("layers", layers)
    check_integer("seed", seed, 0)
    count, kind = check_integer("top", top, 1), _precision(dtype)
    exact, notes = read_problem(model, loss, data, average=average, device=device)
    problem = exact
    if kind != exact.dtype:  # of the same batches: a loader may shuffle
        problem, _ = read_problem(model, loss, exact.batches, average=average, dtype=kind, device=device)
    warm = None if start is None else problem.vector("start", start)
    aims: dict[str, Any] = {"failure": failure, "tol": tol, "most": most}
    found: dict[str, Any] | str = ""
    exactly: float | str | None = None
    if certificate in ("auto", "two-layer"):
        found = _proved(problem, decay, tol=tol, seed=seed, hasty=certificate == "auto")
        if found == _OPEN and certificate == "auto":
            notes.append(f"not proved, since {found} (certificate='two-layer' takes longer)")
        elif isinstance(found, str) and certificate == "two-layer":
            trouble = ": " if found == _OPEN else " does not apply: "
            raise ValueError(f"certificate 'two-layer'{trouble}{found}; pass certificate='auto'")
    if isinstance(found, str):
        found, exactly = _by_products(problem, exact, certificate, aims, warm, notes, seed, decay)
    if exactly is None and with_trace:
        exactly = exact_trace(exact)
    if isinstance(exactly, str):
        notes.append(f"no exact trace: {exactly}")
    result = ModuleSharpness(
        trace=exactly + decay * problem.size if isinstance(exactly, float) else None,
        loss=problem.value,
        convention=convention(problem, decay, average),
        parameters=problem.size,
        points=problem.points,
        notes=tuple(notes),
        names=tuple(problem.names),
        **found,
    )
    eigenvalues, blocks = [result.interval], dict[str, Interval]()
    if count > 1:
        # Rounding hides what one run would need for less.
        each = max(failure, 1e-2 if problem.single else 1e-6)
        ends, products = top_bounds(
            problem.product, problem.gaussians(seed), min(count, problem.size), failure=each, tol=tol, most=most
        )
        eigenvalues = [_interval(low, high, decay, each) for low, high in ends]
        result = replace(result, products=result.products + products)
    for name, block in problem.blocks().items() if with_layers else ():
        inside = polynomial_bounds(problem.restricted(block), problem.gaussians(seed, len(block)), **aims)
        blocks[name] = _interval(inside.lower, inside.upper, decay, failure)
        result = replace(result, products=result.products + inside.products)
    return replace(result, eigenvalues=tuple(eigenvalues), layers=blocks)


def convention(problem: ModuleLoss, decay: float, average: str) -> str:
    """Which loss of which parameters the Hessian is of, as results print it."""
    words = f"the Hessian of {problem.loss.words}"
    if problem.loss.count is not None and average == "batches":
        words += ", averaged over batches"
    if decay:
        words += f", with weight decay {decay:g}"
    return words + f", with respect to {len(problem.names)} trainable tensors"


def _interval(low: float, high: float, decay: float, failure: float) -> Interval:
    return Interval(low + decay, high + decay, f"holds but for probability {failure:g}", Trust.FLOAT_CERTIFIED)


def _by_products(
    problem: ModuleLoss,
    exact: ModuleLoss,
    certificate: str,
    aims: dict[str, Any],
    warm: Any,
    notes: list[str],
    seed: int,
    decay: float,
) -> tuple[dict[str, Any], float | None]:
    """Numbers from products with the Hessian, and its trace where it is known by the way."""
    chains = "" if certificate == "probabilistic" else candidates(problem)
    if certificate == "deterministic" and isinstance(chains, str):
        raise ValueError(f"certificate 'deterministic' does not apply: {chains}; pass certificate='auto'")
    outside = None if isinstance(chains, str) else _Complement(problem, certificate, warm is None, seed)
    found = polynomial_bounds(problem.product, problem.gaussians(seed), outside=outside, warm=warm, **aims)
    run, lower, upper, failure = found.run, found.lower, found.upper, found.failure
    check_symmetric(run)
    if certificate == "deterministic":
        upper, failure = max(found.sure, lower), 0.0
    elif failure and certificate == "auto":
        notes.append(f"not deterministic, since {chains if outside is None else outside.reason}")
    if exact is not problem:
        lower = _rayleigh(exact, run)
    if problem.single:
        notes.append(f"products in float32, errors along one direction taken to be at most {run.noise:.2g}")
    vector = run.combined(run.vectors[:, -1]).double().cpu().numpy()
    vector /= np.linalg.norm(vector)
    vector.setflags(write=False)
    least, value = float(run.values[0]), float(run.values[-1])
    return {
        "lower": lower + decay,
        "upper": upper + decay,
        "value": value + decay,
        "certificate": "probabilistic" if failure else "deterministic",
        "failure_probability": failure,
        "trust": Trust.FLOAT_CERTIFIED,
        "lambda_min": Interval(
            min(run.least_lower(), least) + decay, least + 4 * run.noise + decay, "one run's confidence"
        ),
        "products": found.products + (exact is not problem),
        "kinks": dict(problem.kinks),
        "eigenvector": vector,
    }, None if outside is None else outside.trace


@dataclass
class _Complement:
    """Bounds lambda_max on the complement of a run's basis by the layers; "auto" takes no pains in vain.

    ``reason`` says why that didn't do, and ``trace`` is the Hessian's where it was worked out.
    """

    problem: ModuleLoss
    certificate: str
    random: bool
    seed: int
    reason: str = ""
    trace: float | None = None

    def __call__(self, run: Run, enough: float) -> float:
        """The bound, inf where it can't be had; ``enough`` is what would do."""
        closing = "its certificate does not close: {} against {:.3g}"
        if self.certificate == "auto" and self.random and (words := hopeless(self.problem, run)):
            self.reason = closing.format(words, enough)
            return math.inf
        known = None
        if self.random and run.steps > 1:  # H q_1, as the run has it
            known = run.basis[0], run.alpha[0] * run.basis[0] + run.beta[0] * run.basis[1]
        chain = recognise(self.problem, self.seed, known)
        trace = exact_trace(self.problem) if not isinstance(chain, str) else chain
        if isinstance(chain, str) or isinstance(trace, str):
            self.reason = str(trace)
            if self.certificate == "deterministic":
                raise ValueError(f"certificate 'deterministic' does not apply: {trace}; pass certificate='auto'")
            return math.inf
        self.trace = trace
        bound, words = outside_bound(chain, run, trace, enough)
        self.reason = closing.format(words, enough)
        return bound


def _rayleigh(problem: ModuleLoss, run: Run) -> float:
    """The Rayleigh quotient of the Ritz vector in float64, less 64 roundings."""
    vector = run.basis.new_tensor(run.vectors[:, -1]).to(problem.dtype) @ run.basis.to(problem.dtype)
    image = problem.product(vector)
    return float(vector @ image / (vector @ vector)) - 64 * 2.0**-52 * float(image.norm() / vector.norm())


def _proved(problem: ModuleLoss, decay: float, *, tol: float, seed: int, hasty: bool) -> dict[str, Any] | str:
    """Numbers from the engine for two layers; or why there are none, or none within ``tol`` if ``hasty``."""
    if problem.loss.points is None or not problem.loss.convex:
        return "the loss is none of those whose derivatives are bounded"
    if problem.single or len(set(problem.shares)) > 1:
        return "it needs float64 and the mean over points"
    if any(not isinstance(inputs, tuple) or len(inputs) != 1 or inputs[0].ndim != 2 for inputs, _ in problem.batches):
        return "the inputs are not rows of numbers"
    X, y = torch.cat([x for (x,), _ in problem.batches]), torch.cat([targets for _, targets in problem.batches])
    device, quick = None if X.device.type == "cpu" else X.device, _MODERATE if hasty else math.inf
    least: Interval | None = None
    try:
        net = two_layers(problem.model)
        point, factor = problem.loss.points(y, len(net.beta))
        if net.size != problem.size:
            return "it has other parameters"
        if problem.loss.squares and len(net.beta) == 1 and net.slope == 0 and all(net.trainable):
            network = Network(net.W, -net.b, net.V[0], float(net.beta[0]))
            found = sharpness(network, X, y.reshape(-1), tol=min(tol, 1e-10), seed=seed, device=device)
            vector = found.eigenvector.copy()
            vector[net.W.size : net.W.size + net.b.size] *= -1  # torch adds its biases
            vector.setflags(write=False)
        else:
            backend = backend_for(None, device)
            found, least = convex_sharpness(net, X.cpu().numpy(), point, backend, tol=tol, seed=seed, quick=quick)
            vector = found.eigenvector
            if found.upper == math.inf or (hasty and found.upper - found.lower > tol * found.upper):
                return _OPEN
    except (TypeError, ValueError) as error:
        return str(error).partition(";")[0]

    def shifted(value: Any) -> Fraction:
        """Of the mean over points, as it is of the loss."""
        return Fraction(value) * factor * problem.points + Fraction(decay)

    if least is not None:
        least = Interval(float_below(shifted(least.lower)), float_above(shifted(least.upper)), trust=least.trust)
    return {
        "lower": float_below(shifted(found.lower)),
        "upper": float_above(shifted(found.upper)) if math.isfinite(found.upper) else math.inf,
        "value": float(shifted(found.value)),
        "certificate": f"two-layer, {found.method}",
        "failure_probability": found.failure_probability,
        "trust": found.trust,
        "lambda_min": least,
        "products": found.iterations,
        "kinks": {**problem.kinks, "hidden layer": found.kink_distance},
        "eigenvector": vector,
    }
