"""The spectral density of the Hessian of any torch module's loss: :func:`verify.module_spectrum`.

Stochastic Lanczos quadrature: the run from a start q uniform on the sphere of R^P gives the Gauss quadrature of the measure
sum_j (u_j·q)^2 delta(lambda_j), whose mean is the spectral measure (1/P) sum_j delta(lambda_j). Averages over m starts are
estimates; moments that are known exactly are put right (:mod:`verify.modules.moments`).

How far it may be off, in Wasserstein's distance, before that. Two measures on [a, b] with the same 2k - 1 moments differ by at
most twice the error of the best polynomial for a function of slope 1, pi (b - a) / (4k) (Jackson's theorem). The weight of a
start on the share F of the eigenvalues that are at most x has variance 2F(1 - F) / (P + 2), so that starts add at most the
integral of sqrt(2F(1 - F) / ((P + 2) m)) in the mean.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from boundcalc.shown import show_upper
from verify.hessian.inputs import check_integer, check_number, check_positive
from verify.hessian.polynomial import lanczos_run
from verify.hessian.spectrum import SpectralDensity
from verify.modules.certificate import convention, read_problem
from verify.modules.moments import calibrated, exact_moments, powers
from verify.modules.problem import check_symmetric
from verify.outcome import Interval, Trust


@dataclass(frozen=True, eq=False, repr=False)
class ModuleSpectrum(SpectralDensity):
    """An estimate of the spectral density of a module's Hessian, with what is exact about it.

    Attributes
    ----------
    nodes, weights : (probes, steps)
        Of all probes together the weights have the exact sum and ``moments``.
    zero_mass : 0.0
    eigenvalues : Interval
        Holds all eigenvalues, unless a start was unlucky.
    failure_probability : float
        Of each of its ends.
    trace, squared_norm : float or None
        The sum of the eigenvalues, and of their squares, exact up to rounding; None where they are only estimated.
    moments : int
        How many of these two the weights have exactly; fewer than are known where no weights at these nodes have them.
    distance : float
        Estimate of how far the quadrature may be from the spectrum in Wasserstein's distance, before weights are corrected.
    parameters, products, seed : int
    convention : str
        Which loss of which parameters this is the Hessian of.
    notes : tuple of str
        How the model was read, and why moments are only estimated.
    """

    eigenvalues: Interval
    failure_probability: float
    trace: float | None
    squared_norm: float | None
    moments: int
    distance: float
    parameters: int
    products: int
    seed: int
    convention: str
    notes: tuple[str, ...]

    @property
    def trust(self) -> Trust:
        """Of the quadrature: an estimate, whatever is known of its ends and moments."""
        return Trust.HEURISTIC

    def __str__(self) -> str:
        known = [("trace", self.trace, lambda t: t), ("squared norm", self.squared_norm, lambda t: t * t)]
        words = [
            f"{name} {value:.12g}" if value is not None
            else "{} about {:.4g} +- {:.1g}".format(name, *(self.parameters * x for x in self.integrate(function)))
            for name, value, function in known
        ]  # fmt: skip
        probes, steps = self.nodes.shape
        ends = f"fails with probability {show_upper(self.failure_probability, 2)} at each"
        return "\n".join([
            f"spectral density, an estimate: {probes} probes of {steps} nodes, seed {self.seed}",
            f"of {self.convention}",
            f"eigenvalues in {self.eigenvalues}, {ends}",
            f"{', '.join(words)}; {self.parameters} parameters, {self.products} Hessian-vector products",
            f"Wasserstein's distance to the spectrum about {self.distance:.2g} or less",
            *self.notes,
        ])  # fmt: skip

    def integrate(self, function: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> tuple[float, float]:
        """Mean of ``function`` over the spectrum, and its standard error over the probes (nan for one probe).

        What the exact moments determine of it has no error.
        """
        values = np.broadcast_to(np.asarray(function(self.nodes), dtype=np.float64), self.nodes.shape)
        basis, root = powers(self.nodes, self.moments), np.sqrt(self.weights.ravel())
        fit = np.linalg.lstsq(basis.reshape(len(root), -1) * root[:, None], values.ravel() * root)[0]
        per_probe = (self.weights * (values - basis @ fit)).sum(axis=1)
        spread = float(np.std(per_probe, ddof=1)) / math.sqrt(len(per_probe)) if len(per_probe) > 1 else math.nan
        return float((self.weights * values).sum()) / len(values), spread


def module_spectrum(
    model: Any,
    loss: Any,
    data: Any,
    *,
    probes: int = 8,
    steps: int = 40,
    failure_probability: float = 1e-6,
    weight_decay: float = 0.0,
    average: str = "points",
    device: Any = None,
    seed: int = 0,
) -> ModuleSpectrum:
    """Spectral density of the Hessian of a module's loss with respect to its trainable parameters, by Lanczos quadrature.

    Parameters
    ----------
    model, loss, data, weight_decay, average, device : as for :func:`verify.certify`, and what is raised
    probes, steps : int
        Random starts, and products of each: the quadrature's resolution is about the range of the spectrum over ``steps``.
    failure_probability : float in (0, 1)
        Of each of the two ends of ``eigenvalues``.
    seed : int
        Of the random starts; results are deterministic for a seed.

    References
    ----------
    Ubaru, Chen & Saad 2017; Ghorbani, Krishnan & Xiao 2019; for exact moments see the module's text.

    Examples
    --------
    >>> import torch
    >>> _ = torch.manual_seed(0)
    >>> model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 3))
    >>> found = module_spectrum(model, torch.nn.CrossEntropyLoss(), (torch.randn(20, 4), torch.arange(20) % 3))
    >>> found.moments, abs(found.integrate(lambda t: t)[0] * found.parameters - found.trace) < 1e-12
    (2, True)
    >>> float(found.cumulative(found.eigenvalues.upper)), found.trust.value
    (1.0, 'heuristic')
    """
    count, length = check_integer("probes", probes, 1, 10**6), check_integer("steps", steps, 1, 10**4)
    failure = check_positive("failure_probability", failure_probability, 1.0)
    decay = check_number("weight_decay", weight_decay, least=0)
    check_integer("seed", seed, 0)
    problem, notes = read_problem(model, loss, data, average=average, device=device)
    gaussian = problem.gaussians(seed)
    nodes, weights = np.zeros((2, count, length))
    low, high, products = -math.inf, math.inf, 0
    for at in range(count):
        run = lanczos_run(problem.product, gaussian(), lambda _: False, most=length, failure=failure / count)
        check_symmetric(run)
        nodes[at, : run.steps], weights[at, : run.steps] = run.values, run.vectors[0] ** 2
        low, high, products = max(low, run.least_lower()), min(high, run.upper()), products + run.steps
    exact, why = exact_moments(problem, seed)
    weights, held = calibrated(nodes, weights, [value / problem.size for value in exact])
    if held < len(exact):
        why.append(f"no weights at these nodes have more than {held} of the {len(exact)} exact moments; raise probes")
    order = np.argsort(nodes, axis=None)
    below = np.clip(np.cumsum(weights.ravel()[order])[:-1] / count, 0, 1)
    spread = np.sqrt(2 * below * (1 - below) / ((problem.size + 2) * count)) @ np.diff(nodes.ravel()[order])
    meaning = f"each end holds but for probability {failure:g}"
    return ModuleSpectrum(
        nodes=nodes + decay,
        weights=weights,
        zero_mass=0.0,
        eigenvalues=Interval(
            min(low, nodes.min()) + decay, max(high, nodes.max()) + decay, meaning, Trust.FLOAT_CERTIFIED
        ),
        failure_probability=failure,
        trace=exact[0] + decay * problem.size if exact else None,
        squared_norm=exact[1] + 2 * decay * exact[0] + decay**2 * problem.size if len(exact) > 1 else None,
        moments=held,
        distance=float(spread) + math.pi * (high - low) / (4 * length),
        parameters=problem.size,
        products=products,
        seed=int(seed),
        convention=convention(problem, decay, average),
        notes=(*notes, *why),
    )
