"""The least mean squared error of a random sign seen through Gaussian noise: closed lower bounds.

mmse(s) = E(1 - T^2) with T = tanh(s + sqrt(s) Z), the posterior mean of a fair sign at signal-to-noise ratio s.

Derivation. E T = E T^2 gives mmse(s) = E sech(L)^2 with L ~ N(s, s). For an even function f, E f(L) =
exp(-s/2) E[cosh(K) f(K)] with K ~ N(0, s), so mmse(s) = exp(-s/2) E sech(sqrt(s) Z). Brownian motion leaves (-1, 1) at
a time tau with E exp(-tau x^2/2) = sech(x); hence mmse(s) = exp(-s/2) E (1 + s tau)^(-1/2). This is completely
monotone in s, so convex and decreasing. The function t -> (1 + s t)^(-1/2) has positive derivatives of every even
order, so Gauss's quadrature rule with k nodes for the law of tau lies below its mean:

    mmse(s) >= exp(-s/2) sum_j w_j (1 + s x_j)^(-1/2),

again completely monotone. One node gives exp(-s/2)/sqrt(1 + s); four nodes lose 0.05 % at s = 1. The rule comes from
the moments E tau^k = k! 2^k |E_2k|/(2k)!, E_2k the Euler numbers, which are rational: its nodes are roots of a
polynomial with rational coefficients.
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from sympy import euler

from boundcalc.arb import Ball, ball, precision, real_roots

_NODES = 4
_FLOAT_NODES = 3


def exit_time_moments(count: int) -> list[Fraction]:
    """E tau^0, ..., E tau^(count - 1) of the exit time of Brownian motion from (-1, 1).

    >>> [str(m) for m in exit_time_moments(4)]
    ['1', '1', '5/3', '61/15']
    """
    size = [abs(int(euler(2 * k))) for k in range(count)]
    return [Fraction(e * math.factorial(k) * 2**k, math.factorial(2 * k)) for k, e in enumerate(size)]


def _orthogonal(moments: list[Fraction], degree: int) -> list[Fraction]:
    """Monic polynomial of this degree orthogonal to all lower powers, lowest coefficient first: exact elimination."""
    rows = [[moments[i + j] for j in range(degree)] + [-moments[i + degree]] for i in range(degree)]
    for i in range(degree):
        rows[i] = [value / rows[i][i] for value in rows[i]]
        for k in range(degree):
            if k != i:
                rows[k] = [a - rows[k][i] * b for a, b in zip(rows[k], rows[i], strict=True)]
    return [*(row[-1] for row in rows), Fraction(1)]


@lru_cache(maxsize=8)
def _rule(nodes: int) -> tuple[tuple[Ball, Ball], ...]:
    """Nodes and weights of Gauss's rule, as balls of 256 bits."""
    with precision(256):
        moments = exit_time_moments(2 * nodes + 1)
        polynomial = _orthogonal(moments, nodes)
        rule = []
        for node in real_roots(polynomial):
            # Divide by (x - node) with Horner's scheme; the weight is the mean of quotient/quotient(node).
            quotient = [ball(0)] * nodes
            carry = ball(0)
            for i in range(nodes, 0, -1):
                carry = ball(polynomial[i]) + carry * node
                quotient[i - 1] = carry
            mean = sum((q * ball(m) for q, m in zip(quotient, moments, strict=False)), ball(0))
            at_node = ball(0)
            for q in reversed(quotient):
                at_node = at_node * node + q
            rule.append((node, mean / at_node))
        return tuple(rule)


@lru_cache(maxsize=1)
def _float_rule() -> tuple[tuple[float, float], ...]:
    return tuple((float(x.mid()), float(w.mid())) for x, w in _rule(_FLOAT_NODES))


def sign_error(snr: NDArray[np.float64]) -> NDArray[np.float64]:
    """Lower bound of mmse(s) in floats, for searching; three nodes."""
    total = np.zeros(np.shape(snr))
    for node, weight in _float_rule():
        total += weight / np.sqrt(1 + node * snr)
    return np.exp(-0.5 * snr) * total


def sign_error_ball(snr: Ball) -> Ball:
    """Rigorous lower bound of mmse(s), as the value of a decreasing convex function on a ball; four nodes.

    Examples
    --------
    >>> with precision(64):
    ...     print(sign_error_ball(ball(1)).str(4))
    [0.4494 +/- ...]
    """
    total = ball(0)
    for node, weight in _rule(_NODES):
        total += weight / (1 + node * snr).sqrt()
    return (-snr / 2).exp() * total
