"""Moments of one coordinate of a uniform point of the ball, as expressions."""

from __future__ import annotations

from sympy import Expr, Integer, Rational, binomial, factorial, gamma, hyper, pi, prod, rf, sqrt

from boundcalc.exact import describe
from boundcalc.symbols import d, h

__all__ = ["beyond_expr", "check_order", "marginal_expr", "moment_expr", "series_expr"]

# The marginal of one coordinate has density c₁(1−s²)^{(d−1)/2} on [−1, 1], c₁ = Γ(d/2+1)/(√π Γ((d+1)/2)): the slice at
# s is a ball of dimension d−1 and radius (1−s²)^{1/2}.


def marginal_expr(dim: Expr) -> Expr:
    """Γ(d/2+1)/(√π Γ((d+1)/2)), the density of one coordinate at 0."""
    return gamma(dim / 2 + 1) / (sqrt(pi) * gamma((dim + 1) / 2))


def series_expr(k: int, dim: Expr, height: Expr) -> Expr:
    """₂F₁(k+1+d, k+1; k+1+(d+1)/2; h/2), all of whose terms are positive."""
    return hyper((dim + k + 1, k + 1), ((dim + 3) / 2 + k,), height / 2)


def moment_expr(k: int, dim: Expr = d, height: Expr = h) -> Expr:
    """E[(X₁−t)_+^k] as an expression in the dimension and the height 1 − t, in terms that are all positive.

    With r = 1−s: c₁ ∫_0^h (h−r)^k (r(2−r))^{(d−1)/2} dr. Put r = hx; Euler's integral gives
    c₁ 2^{(d−1)/2} h^{k+a} B(k+1, a) ₂F₁(1−a, a; k+1+a; h/2) with a = (d+1)/2, an alternating series; Euler's
    transformation makes it (1−h/2)^{k+a} ₂F₁(k+1+d, k+1; k+1+a; h/2) with positive terms. Finally
    2^{(d−1)/2} (h(1−h/2))^{k+a} B(k+1, a) = (h(2−h))^{k+a} k!/((d+1)(d+3)…(d+1+2k)).

    Examples
    --------
    >>> moment_expr(0).subs({d: 1, h: 1}).simplify()
    1/2
    """
    check_order(k)
    power = (dim + 1) / 2 + k
    steps = prod([dim + 1 + 2 * i for i in range(k + 1)])
    return (
        marginal_expr(dim) * factorial(k) / steps * height**power * (2 - height) ** power * series_expr(k, dim, height)
    )


def beyond_expr(k: int, dim: Expr = d, height: Expr = h) -> Expr:
    """The same for t < 0: (X+|t|)_+^k = (X+|t|)^k − (−1)^k (−X−|t|)_+^k, and −X has the law of X."""
    shift = height - 1
    # E X₁^{2j} = (1/2)_j / (d/2+1)_j.
    full = sum(
        (
            binomial(k, 2 * j) * shift ** (k - 2 * j) * rf(Rational(1, 2), j) / rf(dim / 2 + 1, j)
            for j in range(k // 2 + 1)
        ),
        Integer(0),
    )
    return full - (-1) ** k * moment_expr(k, dim, 2 - height)


def check_order(k: int) -> None:
    """Raise unless k is an int from 0 to 60."""
    if isinstance(k, bool) or not isinstance(k, int):
        raise TypeError(f"k must be an int, got {describe(k)}; pass the order 0, 1, 2, ... of the moment")
    if not 0 <= k <= 60:
        raise ValueError(f"k must satisfy 0 <= k <= 60, got {k}")
