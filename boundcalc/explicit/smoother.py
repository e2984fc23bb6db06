"""Linear smoothers of the ball that keep affine functions, and certified constants of their risk (Proposition L).

A self-adjoint operator S of finite rank on L2 of the core K = {|x| <= R}, R = 1 - eps, with S a = a for affine a, gives

    minimax risk <= B^2 (1 - R^d) + B C sup_t |(I - S)^2 (u.x - t)_+|_{L1(K)}/g(1 - t) + (sigma^2 + B^2)/n |S|_HS^2;

the proof, and that of the enclosure below, are in docs/proofs.md, section "Linear smoothers". P is the uniform law of the unit
ball; functions are sums f_l(r) Y_l of harmonics of degree l, with f_l piecewise linear between the knots.

* The operator. In degree l it is V s(Lambda) V^T in the metric of L2, s = exp(-sqrt(Lambda)/2), Lambda the eigenvalues of a
  discrete bending energy rho_r^4 f_rr^2 + 2 rho_r^2 rho_t^2 |grad_S (f/r)_r|^2 + rho_t^4 |H_T f|^2 whose null space is that
  of the affine functions. Whatever V and s are, their floats define an operator to which the proposition applies; constants
  (l = 0) and r (l = 1) are split off exactly.
* phi = (u.x - t)_+ is replaced by its interpolant phi^ in r between the nodes (knots and points between them), whose
  coefficients are sums of closed forms; phi^ >= phi, and |phi^ - phi|_1 is the difference of two closed forms.
* |h|_1 of h = (I - S)^2 phi^: by convexity at some of the nodes in r, and in the polar angle by the trapezoidal rule, whose error
  is at most (step^2/8) times the variation of (h omega)', omega the density of the angle.
* The supremum over t: phi_t is convex in t, so between two values it is their interpolant less a bump.
* Bumps b cost |(I - S)^2 b|_1 <= (1 + |2 S - S^2|_{1 -> 1}) |b|_1; that norm is attained at a knot, since the kernel is piecewise
  linear in r, and is bounded by sampling, by Bernstein's inequality for trigonometric polynomials in L1.
* Rounding: :meth:`Smoother._rounding`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len
from scipy.linalg import eigh
from scipy.sparse import csr_array, diags_array

from boundcalc.arb import ball, lower_float, precision
from boundcalc.cached import cached_property
from boundcalc.explicit.gegenbauer import dimension
from boundcalc.explicit.marginal import Marginal, Weighting, gauss, log_c1
from boundcalc.explicit.problem import Weight

Floats = NDArray[np.float64]

_UNIT = 2.0**-53
# Eigenvalues of S below this are left out.
_SMALL = 1e-6
# Share of the smoothed function's norm below which it counts in L2 where the function itself is 0.
_FAR = 2e-5
# All constants are raised by this: it covers the rounding of sums of positive terms, and other processors' eigenvectors.
_MARGIN = 1e-6


@dataclass(frozen=True)
class Resolution:
    """Numbers of knots per radial width, of nodes per knot, of those nodes where |h| is taken, angles; and the relative
    tolerance of the supremum over t."""

    knots: float = 2.0
    nodes: int = 8
    kept: int = 4
    angles: float = 10.0
    tolerance: float = 0.015


@dataclass(frozen=True)
class Constants:
    """What the bound needs of a smoother: each at least the true one."""

    eps: float
    canonical: float
    population: float
    variance: float


def _angle_law(d: int) -> float:
    """c in the density c sin^(d-2) of the polar angle, d >= 2."""
    return math.exp(log_c1(d - 2)) if d > 2 else 1 / math.pi


def _cosines(dimension_: int, last: int) -> Floats:
    """Row l: coefficients of cos(j theta), j = 0, ..., last, in P_l of R^dimension_; nonnegative, of sum 1.

    C_l^(a)(cos theta) = sum_i q_i q_(l-i) cos((l - 2i) theta), q_i = (a)_i/i!, a = (dimension_ - 2)/2 > 0; a = 0 is cos(l theta).
    """
    table = np.zeros((last + 1, last + 1))
    a = (dimension_ - 2) / 2
    if a == 0:
        return np.eye(last + 1)
    i = np.arange(1, last + 1)
    q = np.concatenate([[1.0], np.cumprod((a + i - 1) / i)])
    whole = np.concatenate([[1.0], np.cumprod((2 * a + i - 1) / i)])
    for degree in range(last + 1):
        products = q[: degree + 1] * q[degree::-1] / whole[degree]
        np.add.at(table[degree], np.abs(degree - 2 * np.arange(degree + 1)), products)
    return table


def _tail(power: int, angle: Floats) -> Floats:
    """Integral of sin^power over [0, angle], by the reduction of the power by 2, for power = 0, 1, 2, ..."""
    sine, cosine = np.sin(angle), np.cos(angle)
    value = angle if power % 2 == 0 else 2 * np.sin(angle / 2) ** 2
    for k in range(2 + power % 2, power + 1, 2):
        value = ((k - 1) * value - cosine * sine ** (k - 1)) / k
    return value


def _excess(d: int, r: Floats, t: float) -> tuple[Floats, Floats]:
    """Means over the sphere |x| = r in R^d of (u.x - t)_+ and of (u.x - t)_+ u.x/r, for t >= 0."""
    angle = _kink(r, t)
    if d == 1:
        half = np.maximum(r - t, 0.0) / 2
        return half, half
    c = _angle_law(d)
    # mass, first and second moments of cos over [0, angle]
    mass = c * _tail(d - 2, angle)
    first = c * np.sin(angle) ** (d - 1) / (d - 1)
    second = mass - c * _tail(d, angle)
    return r * first - t * mass, r * second - t * first


def _kink(r: Floats, t: float) -> Floats:
    """arccos(t/r), 0 where r <= t; of small relative error, too, where r is near t."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(r > t, 2 * np.arcsin(np.sqrt(np.clip((r - t) / (2 * r), 0.0, 0.5))), 0.0)


class Smoother:
    """A linear smoother: exp(-sqrt(L)/2) of a bending energy L with widths that grow with the depth z.

    Parameters
    ----------
    d : int
    eps : float
        Depth at which the estimate is cut to 0.
    delta : float
        Radial width at depth eps, divided by eps.
    shape, a, kappa : float
        rho_r = delta eps y^(1+a) and rho_t = shape delta sqrt(eps) y^(1/2+a), with y = (z/eps + kappa)/(1 + kappa).
    resolution : Resolution

    Examples
    --------
    >>> smoother = Smoother(1, 0.03, 0.1, 1.0, 0.65, 0.3)
    >>> constants = smoother.constants()
    >>> 0 < constants.canonical < 0.1 and constants.population > constants.canonical
    True
    """

    def __init__(
        self,
        d: int,
        eps: float,
        delta: float,
        shape: float,
        a: float,
        kappa: float,
        resolution: Resolution = Resolution(),
    ) -> None:
        self.d, self.eps, self.resolution = d, eps, resolution
        self._profile = (delta, shape, a, kappa)
        depths = [eps]
        while depths[-1] < 1:
            depths.append(depths[-1] + float(self._widths(np.array(depths[-1]))[0]) / resolution.knots)
        if len(depths) > 3 and 1 - depths[-2] < 0.5 * (depths[-2] - depths[-3]):
            depths.pop()
        depths[-1] = 1.0
        self.knots = 1.0 - np.array(depths[::-1])
        steps = np.arange(resolution.nodes) / resolution.nodes
        inner = self.knots[:-1, None] + np.diff(self.knots)[:, None] * steps
        self.nodes = np.append(inner.ravel(), self.knots[-1])
        # The hats of the knots at the nodes.
        cell = np.minimum(np.arange(self.nodes.size) // resolution.nodes, self.knots.size - 2)
        share = (self.nodes - self.knots[cell]) / np.diff(self.knots)[cell]
        rows = np.arange(self.nodes.size)
        entries = np.concatenate([1 - share, share]), (np.tile(rows, 2), np.concatenate([cell, cell + 1]))
        self._hats = csr_array(entries, shape=(self.nodes.size, self.knots.size))
        self._gram = self._mass(self.knots).toarray()
        self._fine = (self._hats.T @ self._mass(self.nodes)).tocsr()
        self.kept = np.append(np.arange(0, rows[-1], resolution.nodes // resolution.kept), rows[-1])
        self.factors = list(self._factors())
        self.degree = len(self.factors) - 1
        self._hat_integrals: dict[int, Floats] = {}
        self._residuals: dict[float, float] = {}
        self.counts = np.array([1 if d == 1 else dimension(d, k) for k in range(self.degree + 1)], dtype=float)

    def _widths(self, depth: Floats) -> tuple[Floats, Floats]:
        delta, shape, a, kappa = self._profile
        y = (depth / self.eps + kappa) / (1 + kappa)
        return delta * self.eps * y ** (1 + a), shape * delta * math.sqrt(self.eps) * y ** (0.5 + a)

    def _pieces(self, grid: Floats) -> tuple[Floats, Floats, Floats]:
        """Integrals over each cell of (1 - x)^2, x (1 - x) and x^2, x the place in the cell, with respect to d r^(d-1) dr."""
        x, w = gauss((self.d + 2) // 2 + 1)
        step = np.diff(grid)[:, None]
        weight = self.d * (grid[:-1, None] + step * x) ** (self.d - 1) * w * step
        return (weight * (1 - x) ** 2).sum(1), (weight * x * (1 - x)).sum(1), (weight * x**2).sum(1)

    def _mass(self, grid: Floats) -> csr_array:
        """Gram matrix of the hats of a grid."""
        left, both, right = self._pieces(grid)
        bands = [both, np.append(left, 0.0) + np.append(0.0, right), both]
        return diags_array(bands, offsets=[-1, 0, 1]).tocsr()

    def _weights(self, grid: Floats) -> Floats:
        """Integrals of the hats of a grid."""
        if grid.size not in self._hat_integrals:
            left, both, right = self._pieces(grid)
            self._hat_integrals[grid.size] = np.append(left + both, 0.0) + np.append(0.0, right + both)
        return self._hat_integrals[grid.size]

    def _energy(self, degree: int) -> Floats:
        """Discrete bending energy: sums of squares of differences that vanish for constants (degree 0) and for r (degree 1)."""
        d, r = self.d, self.knots
        step = np.diff(r)
        between = (step[:-1] + step[1:]) / 2
        middle = (r[1:] + r[:-1]) / 2
        count = step.size
        slope = np.zeros((count, count + 1))
        at = np.arange(count)
        slope[at, at], slope[at, at + 1] = -1 / step, 1 / step
        mean = np.zeros_like(slope)
        mean[at, at] = mean[at, at + 1] = 0.5
        radial, _ = self._widths(1 - r[1:-1])
        curvature = np.diff(slope, axis=0) / between[:, None]
        energy = curvature.T @ ((radial**4 * d * r[1:-1] ** (d - 1) * between)[:, None] * curvature)
        if d == 1:
            if degree == 0:  # even functions: the second difference at 0
                energy[:2, :2] += self._widths(np.array(1.0))[0] ** 4 * 2 / step[0] ** 3 * np.array([[1, -1], [-1, 1]])
            return np.asarray(energy)
        eigenvalue = degree * (degree + d - 2)
        radial, tangential = self._widths(1 - middle)
        volume = d * middle ** (d - 1) * step
        twist = slope / middle[:, None] - mean / middle[:, None] ** 2
        energy += twist.T @ ((2 * eigenvalue * (radial * tangential) ** 2 * volume)[:, None] * twist)
        trace = slope / middle[:, None] - eigenvalue / (d - 1) * mean / middle[:, None] ** 2
        energy += trace.T @ (((d - 1) * tangential**4 * volume)[:, None] * trace)
        rest = eigenvalue * (d - 2) / (d - 1) * max(eigenvalue - (d - 1), 0)
        energy += mean.T @ ((rest * tangential**4 * volume / middle**4)[:, None] * mean)
        return np.asarray(energy)

    def _factors(self) -> Iterator[tuple[Floats, Floats]]:
        """V and s of each degree, without the affine functions; V vanishes at r = 0 from degree 1 on."""
        degree = 0
        while self.d > 1 or degree < 2:
            start = min(degree, 1)
            gram = self._gram[start:, start:]
            values, vectors = eigh(self._energy(degree)[start:, start:], gram)
            if degree < 2:  # the first vector is 1 or r
                values, vectors = values[1:], vectors[:, 1:]
                affine = np.ones(self.knots.size) if degree == 0 else self.knots[1:]
                image = gram @ affine
                vectors = vectors - np.outer(affine, image @ vectors) / (affine @ image)
            s = np.exp(-np.sqrt(np.maximum(values, 0.0)) / 2)
            keep = s > _SMALL
            if degree > 1 and not keep.any():
                return
            yield np.vstack([np.zeros((start, int(keep.sum()))), vectors[:, keep]]), s[keep]
            degree += 1

    @cached_property
    def _defect(self) -> float:
        """How far V^T G V is from the identity, in norm, over all degrees."""
        return max(
            float(np.linalg.norm(v.T @ self._gram @ v - np.eye(v.shape[1]))) if v.size else 0.0 for v, _ in self.factors
        )

    @property
    def variance(self) -> float:
        """The squared Hilbert-Schmidt norm of S, rounded up: the affine part's d + 1 and the squares of s."""
        total = sum(count * float(s @ s) for count, (_, s) in zip(self.counts, self.factors, strict=True))
        return float(self.d + 1 + total * (1 + self._defect) ** 2) * (1 + _MARGIN)

    def _apply(self, image: Floats) -> Floats:
        """2 S - S^2 at the knots, less its affine part, from the inner products of each degree with the hats of the knots."""
        out = np.zeros((self.knots.size, self.degree + 1))
        for degree, (v, s) in enumerate(self.factors):
            out[:, degree] = v @ ((2 * s - s * s) * (v.T @ image[:, degree]))
        return out

    # -- the angle -------------------------------------------------------------------------------------------------------

    @cached_property
    def _angles(self) -> int:
        """M: the angle's step is pi/M."""
        _, tangential = self._widths(np.array(self.eps))
        least = math.pi * self.resolution.angles / float(tangential)
        return int(next_fast_len(int(max(least, 2 * math.pi * (self.degree + self.d))), real=True))

    @cached_property
    def _series(self) -> Floats:
        """Row l: coefficients of P_l omega in cosines (d even) or sines (d odd) of j theta."""
        d, last = self.d, self.degree
        table = np.zeros((last + 1, last + d - 1))
        table[:, : last + 1] = _cosines(d, last) * _angle_law(d)
        odd = False
        # Times sin: sin a cos b = (sin(a + b) + sin(a - b))/2, sin a sin b = (cos(a - b) - cos(a + b))/2.
        for _ in range(d - 2):
            up, down = np.roll(table, 1, axis=1), np.roll(table, -1, axis=1)
            up[:, 0] = 0.0
            down[:, -1] = 0.0
            if odd:
                turned = (down - up) / 2
                turned[:, 0] = table[:, 1] / 2
            else:
                turned = (up - down) / 2
                turned[:, 1] += table[:, 0] / 2
                turned[:, 0] = 0.0
            table, odd = turned, not odd
        return table

    def _values(self, coefficients: Floats, angles: int) -> Floats:
        """Trigonometric polynomials with these coefficients at the angles j pi/angles, j = 0, ..., angles."""
        spectrum = np.zeros((coefficients.shape[0], angles + 1), dtype=complex)
        spectrum[:, : coefficients.shape[1]] = coefficients * angles
        spectrum[:, 0] *= 2
        if self.d % 2:
            spectrum *= -1j
        return np.asarray(irfft(spectrum, n=2 * angles, axis=1)[:, : angles + 1])

    def _bernstein(self, angles: int) -> float:
        """|q|_1 <= this factor times the trapezoidal sum of |q|, for the trigonometric polynomials here."""
        return 1 / (1 - (self.degree + self.d - 2) * math.pi / angles / 2)

    def _on_sphere(self, coefficients: Floats, angles: int) -> Floats:
        """At least the mean over the sphere of |sum_l c_l P_l|, for each row of coefficients; in d = 1 at both of its points."""
        if self.d == 1:
            even, odd = coefficients.T
            return (np.abs(even + odd) + np.abs(even - odd)) / 2
        values = np.abs(self._values(coefficients @ self._series, angles))
        return np.asarray(np.trapezoid(values, dx=math.pi / angles)) * self._bernstein(angles)

    @cached_property
    def norm(self) -> float:
        """At least the norm of 2 S - S^2 from L1 to L1: the largest integral of |kernel| over its values at the knots."""
        weights = self._weights(self.knots)
        angles = int(4 * (self.degree + self.d))
        scale = self.knots[-1] ** self.d
        radius = scale * self.knots[-1] ** 2 * self.d / (self.d + 2)
        largest = 0.0
        for i, r in enumerate(self.knots):
            kernel = np.empty((self.knots.size, self.degree + 1))
            for degree, (v, s) in enumerate(self.factors):
                kernel[:, degree] = self.counts[degree] * (v @ ((2 * s - s * s) * v[i]))
            kernel[:, 0] += 1 / scale
            kernel[:, 1] += self.counts[1] * self.knots * r / radius
            largest = max(largest, float(weights @ self._on_sphere(kernel, angles)))
        return largest * (1 + _MARGIN)

    # -- the bias --------------------------------------------------------------------------------------------------------

    @cached_property
    def _degrees(self) -> Floats:
        """P_(l-2) of R^(d+4) in cosines, l = 2, ..., degree."""
        return _cosines(self.d + 4, self.degree - 2)

    def _coefficients(self, t: float) -> tuple[Floats, float]:
        """Coefficients of the P_l in (u.x - t)_+ at the nodes, and the norm in L2(K) of bounds of their moduli."""
        d, r = self.d, self.nodes
        out = np.zeros((r.size, self.degree + 1))
        out[:, 0], first = _excess(d, r, t)
        out[:, 1] = self.counts[1] * first
        size = np.zeros_like(out)
        size[:, 0], size[:, 1] = out[:, 0], out[:, 1]
        if self.degree > 1:
            start = int(np.searchsorted(r, t, side="right"))
            angle = _kink(r[start:], t)
            waves = np.cos(np.outer(angle, np.arange(self.degree - 1))) @ self._degrees.T
            scale = _angle_law(d) / ((d - 1) * (d + 1)) * r[start:] * np.sin(angle) ** (d + 1)
            size[start:, 2:] = np.outer(scale, self.counts[2:])
            out[start:, 2:] = size[start:, 2:] * waves
        square = float(self._weights(r) @ (size**2 / self.counts).sum(1))
        return out, math.sqrt(square)

    def _rounding(self, size: float) -> float:
        """At least the error in L1(K) of h by rounding; ``size`` is the norm of the bounds of the coefficients.

        Each value is reached by products of matrices with inner dimensions below N = nodes + degree, of which V, orthonormal
        in L2(K), has norm 1 and Frobenius norm at most sqrt(rank); the hats' Gram matrix lies between 0.29 and 1.71 of its
        diagonal, so that moduli add at most sqrt(6). Passing from coefficients to values costs at most
        sqrt(sum of dimensions), by the Cauchy-Schwarz inequality. Sines and cosines of k theta have absolute errors below
        4 k theta units; a Fourier transform of length 2M is accurate to 5 log2(2M) units in norm. 64 units are above the sum.
        """
        rank = max(v.shape[1] for v, _ in self.factors)
        terms = self.nodes.size + self.degree + 5 * math.log2(4 * (self.degree + self.d) * 100)
        spread = math.sqrt(6 * rank) + math.sqrt(float(self.counts.sum()))
        return (64 * _UNIT * terms * spread + 2 * self._defect) * size

    def _bump(self, grid: Floats, t: float) -> float:
        """Integral over K of the interpolant of (u.x - t)_+ in r, less that of the function itself."""
        d, top = self.d, self.knots[-1]
        # On K the coordinate has the law of one of a sphere of R^(d+2).
        whole = top**d * float(_excess(d + 2, np.array([top]), t)[0][0])
        return max(float(self._weights(grid) @ _excess(d, grid, t)[0]) - whole, 0.0)

    def _residual(self, depth: float) -> float:
        """At least |(I - S)^2 (u.x - t)_+|_1, t = 1 - depth."""
        if depth not in self._residuals:
            self._residuals[depth] = self._measure(1 - depth) if depth > self.eps else 0.0
        return self._residuals[depth]

    def _measure(self, t: float) -> float:
        d, grid = self.d, self.nodes[self.kept]
        coefficients, size = self._coefficients(t)
        image = self._fine @ coefficients
        smooth = self._hats[self.kept] @ self._apply(image)
        constant = image[:, 0].sum() / self._gram.sum()
        linear = (self.knots @ image[:, 1]) / (self.knots @ self._gram @ self.knots)
        smooth[:, 0] += constant
        smooth[:, 1] += linear * grid
        weights = self._weights(grid)
        if d == 1:
            total = float(weights @ self._on_sphere(coefficients[self.kept] - smooth, 2))
        else:
            # Far inside the plane the norm in L2 will do.
            far = np.sqrt((smooth**2 / self.counts).sum(1))
            share = np.cumsum(weights * far)
            inside = int(min(np.searchsorted(grid, t), np.searchsorted(share, _FAR * share[-1])))
            total = float(share[inside - 1]) if inside else 0.0
            total += float(weights[inside:] @ self._around(smooth[inside:], grid[inside:], t))
        coarse, fine = self._bump(grid, t), self._bump(self.nodes, t)
        return total + max(coarse - fine, 0.0) + (1 + self.norm) * fine + self._rounding(size)

    def _around(self, smooth: Floats, grid: Floats, t: float) -> Floats:
        """At least the mean over the sphere |x| = r of |(u.x - t)_+ - sum_l g_l P_l|, for each r of the grid."""
        d, angles = self.d, self._angles
        step = math.pi / angles
        theta = step * np.arange(angles + 1)
        law = _angle_law(d) * np.sin(theta) ** (d - 2)
        series = smooth @ self._series
        order = np.arange(series.shape[1])
        out = np.empty(grid.size)
        rows = max(1, 2**22 // angles)
        for start in range(0, grid.size, rows):
            part = slice(start, start + rows)
            h = np.abs(
                np.maximum(np.outer(grid[part], np.cos(theta)) - t, 0.0) * law - self._values(series[part], angles)
            )
            bend = np.abs(self._values(series[part] * order**2, angles))
            out[part] = np.trapezoid(h, dx=step) + step**2 / 8 * np.trapezoid(bend, dx=step) * self._bernstein(angles)
        return out + step**2 / 8 * self._variation(grid, t)

    def _variation(self, grid: Floats, t: float) -> Floats:
        """At least the variation of the derivative of (r cos theta - t)_+ omega over the angles, for each r.

        The jump at the kink; with f = r cos theta - t before it, the integrals of |f''| omega, 2 |f'| omega' and f |omega''|.
        """
        d, c = self.d, _angle_law(self.d)
        kink = _kink(grid, t)
        sine = np.sin(kink)
        law = c * sine ** (d - 2) if d > 2 else np.where(kink > 0, c, 0.0)
        total = grid * law * (3 * sine + kink)
        if d > 2:
            total += np.maximum(grid - t, 0.0) * 2 * c * (d - 2) * sine ** (d - 3)
        return total

    def _supremum(self, weight: Weight) -> float:
        """At least sup over t of |(I - S)^2 (u.x - t)_+|_1/g(1 - t).

        Between two depths the norm is at most its linear interpolant plus that of a bump; intervals are halved where that is
        too much. g/z^(d+2) falls with the depth z.
        """
        power = self.d + 2
        depths = [self.eps]
        while depths[-1] < 1:
            depths.append(min(1.0, depths[-1] + float(self._widths(np.array(depths[-1]))[0])))
        stack = list(pairwise(depths))
        seen = most = 0.0
        c1, alpha = math.exp(log_c1(self.d)), (self.d - 1) / 2
        with precision(64):
            weighting = Weighting(weight, Marginal(self.d))
            while stack:
                shallow, deep = stack.pop()
                first, last = self._residual(shallow), self._residual(deep)
                ratio = lower_float(weighting.ratio(ball(deep)))
                slope = (last - first) / (deep - shallow)
                start = first - slope * shallow
                at = shallow  # where (start + slope z)/z^power is largest
                if slope > 0:
                    at = min(max(-power * start / ((power - 1) * slope), shallow), deep)
                density = c1 * max((1 - self.eps) ** 2 - (1 - deep) ** 2, 0.0) ** alpha
                bump = (1 + self.norm) * (deep - shallow) ** 2 / 8 * density
                bound = ((start + slope * at) / at**power + bump / shallow**power) / ratio
                seen = max(seen, last / deep**power / ratio)
                if bound > max(most, seen * (1 + self.resolution.tolerance)):
                    middle = (shallow + deep) / 2
                    stack += [(shallow, middle), (middle, deep)]
                else:
                    most = max(most, bound)
        return float(most) * (1 + _MARGIN)

    def constants(self) -> Constants:
        """Certified constants of the bound; each is rounded up."""
        return Constants(self.eps, self._supremum(Weight.CANONICAL), self._supremum(Weight.POPULATION), self.variance)
