"""Top eigenpairs and the spectral density."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from boundcalc.shown import Shown
from boundcalc.style import BLUE, panels, styled
from verify.hessian.arrays import Array, to_numpy
from verify.hessian.inputs import check_instance, check_integer, check_positive
from verify.hessian.lanczos import lanczos, ritz
from verify.hessian.layout import from_live
from verify.hessian.operator import HessianOperator

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False, repr=False)
class Eigenpairs(Shown):
    """The largest eigenvalues, descending, with multiplicity.

    Attributes
    ----------
    values (k,), vectors (P, k), residuals (k,) : |H v - value v| for unit v
    """

    values: NDArray[np.float64]
    vectors: NDArray[np.float64]
    residuals: NDArray[np.float64]
    iterations: int
    converged: bool

    def __str__(self) -> str:
        end = "converged" if self.converged else "not converged"
        head = f"{len(self.values)} largest eigenvalues, {self.iterations} Hessian-vector products, {end}"
        pairs = zip(self.values.tolist(), self.residuals.tolist(), strict=True)
        return "\n".join([head, *(f"{value:18.12g}  residual {residual:.2g}" for value, residual in pairs)])


@np.errstate(under="ignore")  # whatever the caller has told numpy to do with it
def top_eigenpairs(operator: HessianOperator, k: int, *, tol: float = 1e-12, seed: int = 0) -> Eigenpairs:
    """The k largest eigenvalues and their vectors, by Lanczos with locking.

    A Krylov space holds one vector of each eigenspace; after convergence the search is repeated from a random vector
    orthogonal to what was found, until it finds nothing larger, so that multiple eigenvalues come out with their
    multiplicity.

    Examples
    --------
    >>> import numpy as np
    >>> from types import SimpleNamespace
    >>> net = SimpleNamespace(W=np.array([[2.0]]), b=np.array([0.5]), v=np.array([3.0]), beta=0.0)
    >>> H = HessianOperator(net, np.array([[1.0], [-1.0]]), np.array([4.5, 0.0]))
    >>> top_eigenpairs(H, 2).values.round(6)
    array([10.649631,  0.475369])
    """
    check_instance("operator", operator, HessianOperator)
    problem = operator.problem
    k = check_integer("k", k, 1, operator.shape[0])
    tolerance = check_positive("tol", tol, below=1.0)
    rng = np.random.default_rng(check_integer("seed", seed, 0))
    backend, size = problem.backend, problem.size
    locked = np.empty((0, size))
    values = np.empty(0)
    iterations, converged = 0, True
    wanted = min(k, size)
    while True:
        held = backend.asarray(locked)
        room = size - len(locked)
        if room == 0:
            break

        # Deflation to 0 would hide eigenvalues below 0, so locked directions are shifted below the spectrum.
        apply = _deflated(operator.products.hessian, held, 2 * (problem.jacobian_square + problem.gamma_max))
        start = rng.standard_normal(size)
        start -= (locked @ start) @ locked
        found = lanczos(
            apply,
            backend.asarray(start),
            backend,
            tolerance=tolerance,
            max_steps=min(room, max(200, 20 * wanted)),
            wanted=min(wanted, room),
        )
        iterations += found.steps
        # As many steps as dimensions that are left hold all there is.
        converged &= found.converged or found.steps == room
        theta, S = ritz(found.alpha, found.beta)
        fresh = theta[::-1][:wanted]
        vectors = S[:, ::-1][:, : len(fresh)].T @ to_numpy(found.basis)
        floor = np.sort(values)[::-1][k - 1] if len(values) >= k else -math.inf
        keep = fresh > floor * (1 + tolerance) if floor > 0 else fresh > floor
        if len(values) >= k and not keep.any():
            break
        candidates = np.concatenate([locked, vectors[keep] if len(values) >= k else vectors])
        locked = np.linalg.qr(candidates.T)[0].T
        locked, values = _rotate(operator, locked)
        wanted = max(1, k - len(values)) if len(values) < k else 1
    order = np.argsort(values)[::-1][: min(k, len(values))]
    vectors = locked[order]
    images = to_numpy(operator.products.hessian(backend.asarray(vectors)))
    residuals = np.linalg.norm(images - values[order][:, None] * vectors, axis=1)
    # The parameters of neurons left out add eigenvalues 0.
    dead = np.flatnonzero(from_live(problem, np.ones(size)) == 0)[:k]
    units = np.zeros((len(dead), operator.shape[0]))
    units[np.arange(len(dead)), dead] = 1.0
    values = np.concatenate([np.ldexp(values[order], problem.exponent), np.zeros(len(dead))])
    residuals = np.concatenate([np.ldexp(residuals, problem.exponent), np.zeros(len(dead))])
    top = np.argsort(-values, kind="stable")[:k]
    full = np.concatenate([from_live(problem, vectors), units])
    return Eigenpairs(values[top], full[top].T.copy(), residuals[top], iterations, converged)


def _deflated(product: Callable[[Array], Array], held: Array, shift: float) -> Callable[[Array], tuple[Array, Array]]:
    def apply(p: Array) -> tuple[Array, Array]:
        out = product(p)
        if len(held):
            weights = held @ p
            out = out - (held @ out) @ held - shift * (weights @ held)
        return out, p[:0]

    return apply


def _rotate(operator: HessianOperator, basis: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rayleigh–Ritz within the span of orthonormal rows."""
    images = to_numpy(operator.products.hessian(operator.problem.backend.asarray(basis)))
    small = basis @ images.T
    values, S = np.linalg.eigh((small + small.T) / 2)
    return S.T @ basis, values


@dataclass(frozen=True, eq=False, repr=False)
class SpectralDensity(Shown):
    """A quadrature for the spectral measure (1/P) sum_j delta(t - lambda_j).

    Attributes
    ----------
    nodes, weights : (probes, steps)
        Gauss quadrature of every probe; each row of weights sums to ``1 - zero_mass``.
    zero_mass : float
        Share of parameters of neurons active on no point: eigenvalue 0 exactly.
    """

    nodes: NDArray[np.float64]
    weights: NDArray[np.float64]
    zero_mass: float

    def __str__(self) -> str:
        probes, steps = self.nodes.shape
        low, high = float(self.nodes.min()), float(self.nodes.max())
        return (
            f"spectral density from {probes} probes of {steps} nodes in [{low:.6g}, {high:.6g}]\n"
            f"mean eigenvalue {self.integrate(np.asarray)[0]:.6g}, share {self.zero_mass:.3g} at 0 exactly"
        )

    def integrate(self, function: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> tuple[float, float]:
        """Mean of ``function`` over the spectrum, and its standard error over the probes (nan for one probe)."""
        per_probe = (self.weights * function(self.nodes)).sum(axis=1) + self.zero_mass * float(function(np.zeros(1))[0])
        spread = float(np.std(per_probe, ddof=1)) / math.sqrt(len(per_probe)) if len(per_probe) > 1 else math.nan
        return float(per_probe.mean()), spread

    def cumulative(self, t: Any) -> NDArray[np.float64]:
        """Share of the eigenvalues that are at most t, a number or an array."""
        nodes, weights = self._flat()
        order = np.argsort(nodes)
        sums = np.append(0.0, np.minimum(np.cumsum(weights[order]), 1.0))
        sums[-1] = 1.0
        return np.asarray(sums[np.searchsorted(nodes[order], t, side="right")])

    def smoothed(self, t: NDArray[np.float64], width: float) -> NDArray[np.float64]:
        """The density at t, convolved with a Gaussian of standard deviation ``width``."""
        check_positive("width", width)
        nodes, weights = self._flat()
        bells = np.exp(-0.5 * ((t[:, None] - nodes) / width) ** 2)
        return np.asarray(bells @ weights / (width * math.sqrt(2 * math.pi)))

    @styled()
    def figure(self) -> Figure:
        """The density, smoothed over 1 % of its range, and the share of the eigenvalues above each level."""
        low, high = min(float(self.nodes.min()), 0.0), max(float(self.nodes.max()), 0.0)
        width = 0.01 * (high - low) or 1.0
        levels = np.linspace(low - 5 * width, high + 5 * width, 1001)
        drawn, axes = panels(1, 2, (4.4, 3.3), "spectrum of the Hessian, an estimate")
        left, right = axes.flat
        density = self.smoothed(levels, width)
        left.semilogy(levels, density, color=BLUE)
        left.set(xlabel="eigenvalue", ylabel="density", ylim=(1e-6 * density.max(), 2 * density.max()))
        fine = np.unique(np.append(levels, self.nodes))
        right.step(fine, 1 - self.cumulative(fine), color=BLUE, where="post")
        right.set(xlabel="eigenvalue", ylabel="share of eigenvalues above", xlim=left.get_xlim())
        right.set_yscale("symlog", linthresh=1e-4)
        right.set_ylim(0, 1)
        return drawn

    def _flat(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """All nodes, and their weights in the mean over the probes."""
        nodes = np.append(self.nodes.ravel(), 0.0)
        return nodes, np.append(self.weights.ravel() / len(self.nodes), self.zero_mass)


@np.errstate(under="ignore")  # whatever the caller has told numpy to do with it
def spectral_density(operator: HessianOperator, *, probes: int = 8, steps: int = 40, seed: int = 0) -> SpectralDensity:
    """Stochastic Lanczos quadrature (Ubaru, Chen & Saad 2017; Ghorbani, Krishnan & Xiao 2019).

    Every probe is a Gaussian vector; its Krylov space gives the Gauss quadrature of its spectral measure, exact for
    polynomials of degree below 2 ``steps``.

    Examples
    --------
    >>> import numpy as np
    >>> from types import SimpleNamespace
    >>> net = SimpleNamespace(W=np.array([[2.0]]), b=np.array([0.5]), v=np.array([3.0]), beta=0.0)
    >>> H = HessianOperator(net, np.array([[1.0], [-1.0]]), np.array([4.5, 0.0]))
    >>> float(spectral_density(H, probes=2, steps=4).weights.sum().round(12))
    2.0
    """
    check_instance("operator", operator, HessianOperator)
    problem = operator.problem
    probes, steps = check_integer("probes", probes, 1, 10**6), check_integer("steps", steps, 1, 10**4)
    rng = np.random.default_rng(check_integer("seed", seed, 0))
    share = problem.size / operator.shape[0]
    nodes = np.zeros((probes, steps))
    weights = np.zeros((probes, steps))
    for at in range(probes):
        start = problem.backend.asarray(rng.standard_normal(problem.size))
        krylov = lanczos(
            lambda p: (operator.products.hessian(p), p[:0]), start, problem.backend, tolerance=0.0, max_steps=steps
        )
        theta, S = ritz(krylov.alpha, krylov.beta)
        nodes[at, : len(theta)] = np.ldexp(theta, problem.exponent)
        weights[at, : len(theta)] = share * S[0] ** 2
    return SpectralDensity(nodes, weights, 1.0 - share)
