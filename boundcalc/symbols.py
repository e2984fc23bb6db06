"""The symbols of the theory: the one place for their names, meanings and domains."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sympy import Integer, Rational, Symbol

from boundcalc.exact import describe, exact_rational


@dataclass(frozen=True)
class Variable:
    """A symbol with its meaning and domain.

    Attributes
    ----------
    symbol : sympy.Symbol
    name : str
        Keyword under which callers pass it.
    meaning : str
    lower, upper : sympy.Rational or None
        Ends of the domain; ``lower_open`` and ``upper_open`` say whether they are excluded.
    integer : bool

    Examples
    --------
    >>> VARIABLES["eta"].domain
    'a number with 0 < eta < 2'
    >>> VARIABLES["eta"].exact("0.2")
    1/5
    >>> VARIABLES["d"].exact(2.5)
    Traceback (most recent call last):
    ...
    ValueError: d (dimension of the inputs) must be an integer with d >= 1, got 2.5 (float)
    """

    symbol: Symbol
    name: str
    meaning: str
    lower: Rational | None = None
    upper: Rational | None = None
    lower_open: bool = False
    upper_open: bool = False
    integer: bool = False

    @property
    def domain(self) -> str:
        """The domain in words."""
        return self._domain(self.name)

    def _domain(self, name: str) -> str:
        kind = "an integer" if self.integer else "a number"
        left = "" if self.lower is None else f"{self.lower} {'<' if self.lower_open else '<='} "
        right = "" if self.upper is None else f" {'<' if self.upper_open else '<='} {self.upper}"
        if self.lower is not None and self.upper is None:
            return f"{kind} with {name} {'>' if self.lower_open else '>='} {self.lower}"
        return f"{kind} with {left}{name}{right}" if left or right else kind

    def contains(self, value: Rational) -> bool:
        """Whether an exact value lies in the domain."""
        if self.integer and not value.is_Integer:
            return False
        if self.lower is not None and not (value > self.lower if self.lower_open else value >= self.lower):
            return False
        return self.upper is None or bool(value < self.upper if self.upper_open else value <= self.upper)

    def inside(self, array: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Where an array of floats lies in the domain; nowhere at NaN and infinities."""
        good = np.isfinite(array)
        if self.integer:
            good &= array == np.floor(array)
        if self.lower is not None:
            good &= array > float(self.lower) if self.lower_open else array >= float(self.lower)
        if self.upper is not None:
            good &= array < float(self.upper) if self.upper_open else array <= float(self.upper)
        return good

    def exact(self, value: object, name: str | None = None) -> Rational:
        """The exact value of what a caller passed; raises an error that names this variable.

        ``name`` is the caller's word for it, where that is another one (such as the option ``noise`` for sigma).
        """
        called = name or self.name
        number = exact_rational(called, value)
        if not self.contains(number):
            raise ValueError(f"{called} ({self.meaning}) must be {self._domain(called)}, got {describe(value)}")
        return number


# positive=True lets sympy split (sigma**2/n)**p, so that the exponent of n can be read off every expression.
d = Symbol("d", integer=True, positive=True)
n = Symbol("n", positive=True)
eta = Symbol("eta", positive=True)
sigma = Symbol("sigma", positive=True)
B = Symbol("B", positive=True)
C = Symbol("C", positive=True)
M = Symbol("M", positive=True)
R = Symbol("R", positive=True)
delta = Symbol("delta", positive=True)
lam = Symbol("lambda_max", positive=True)
L = Symbol("L", nonnegative=True)
h = Symbol("h", positive=True)
eps = Symbol("epsilon", positive=True)

_zero, _one, _two = Integer(0), Integer(1), Integer(2)

VARIABLES: dict[str, Variable] = {
    v.name: v
    for v in (
        Variable(d, "d", "dimension of the inputs", lower=_one, integer=True),
        Variable(n, "n", "number of samples", lower=_one),
        Variable(
            eta, "eta", "step size of gradient descent", lower=_zero, lower_open=True, upper=_two, upper_open=True
        ),
        Variable(sigma, "sigma", "standard deviation of the label noise", lower=_zero, lower_open=True),
        Variable(B, "B", "bound on the sup norm", lower=_zero, lower_open=True),
        Variable(C, "C", "bound on the weighted variation norm", lower=_zero, lower_open=True),
        Variable(M, "M", "max of label bound, sup norm and 1", lower=_one),
        Variable(R, "R", "radius of the data", lower=_zero, lower_open=True),
        Variable(delta, "delta", "failure probability", lower=_zero, lower_open=True, upper=_one, upper_open=True),
        Variable(lam, "lambda_max", "largest eigenvalue of the Hessian of the loss", lower=_zero, lower_open=True),
        Variable(L, "L", "value of the loss (1/2n) sum of squared residuals", lower=_zero),
        Variable(h, "h", "cap height 1 - t", lower=_zero, lower_open=True, upper=_two, upper_open=True),
        Variable(eps, "epsilon", "width of the boundary shell", lower=_zero, lower_open=True, upper=_one),
    )
}
