"""Assumptions that several statements share."""

from __future__ import annotations

from sympy.core.relational import Eq, Ge, Lt

from boundcalc.statement import Assumption
from boundcalc.symbols import d, eta

D_AT_LEAST_2 = Assumption("d >= 2", Ge(d, 2))
D_IS_1 = Assumption("d = 1", Eq(d, 1))
ETA_BELOW_2 = Assumption("0 < eta < 2 (no minimum is stable at eta > 2, since lambda_max >= 1)", Lt(eta, 2))
UNIFORM_BALL = Assumption("x_1, ..., x_n independent and uniform on the unit ball of R^d")
GAUSSIAN_NOISE = Assumption("y_i = f_0(x_i) + independent N(0, sigma^2) noise")
STABLE = Assumption("theta in Theta_flat(eta; D): lambda_max of the Hessian of the loss is at most 2/eta")
TRACE_FLAT = Assumption("trace of the Hessian of the loss at most 2/eta, the loss twice differentiable at theta")
TWICE_DIFFERENTIABLE = Assumption("the loss is twice differentiable at theta (no data point on a kink)")
DATA_IN_BALL = Assumption("|x_i| <= R for every i")
OPTIMIZED = Assumption("optimized: (f_theta(x_i) - y_i)^2 <= (f_0(x_i) - y_i)^2 for every i")
SUP_NORM_B = Assumption("sup norm of f_theta and f_0 at most B")
OUTPUTS_AT_MOST_M = Assumption("outputs and labels at most M")
VARIATION_BOUNDED = Assumption("variation norm bounded")
IN_UNIT_BALL = Assumption("x_1, ..., x_n independent in the unit ball")
ZERO_LOSS = Assumption("zero training loss")
EPSILON_AT_MOST_1 = Assumption("epsilon <= 1")
