"""Which parts of an expression are polynomials, which powers belong together, which gamma functions form quotients."""

from __future__ import annotations

import sympy as sp
from sympy import Expr

CONSTANTS = (sp.pi, sp.E)


def is_linear(expr: Expr) -> bool:
    """A number, a symbol, or a sum of numbers and multiples of symbols: never overflows as a float."""
    if isinstance(expr, (sp.Add, sp.Mul)):
        symbols = sum(1 for arg in expr.args if not arg.is_number)
        return (isinstance(expr, sp.Add) or symbols <= 1) and all(is_linear(arg) for arg in expr.args)
    return bool(expr.is_Rational or expr.is_Symbol or expr in CONSTANTS)


def is_polynomial(expr: Expr) -> bool:
    """A polynomial in symbols with rational, π or E as coefficients and small powers."""
    if isinstance(expr, sp.Pow):
        return bool(expr.exp.is_Integer and 1 <= expr.exp <= 4 and is_polynomial(expr.base))
    if isinstance(expr, (sp.Add, sp.Mul)):
        return all(is_polynomial(arg) for arg in expr.args)
    return bool(expr.is_Rational or expr.is_Symbol or expr in CONSTANTS)


def group_powers(factors: list[Expr]) -> tuple[list[tuple[Expr, list[Expr]]], list[Expr]]:
    """Powers of polynomials whose exponents differ by a number at most, as (exponent, bases), and the other factors.

    Powers of one base are joined first: h**(d/2) * h**(-d/2) is 1, not the difference of two large logarithms.
    """
    exponents: dict[Expr, Expr] = {}
    rest: list[Expr] = []
    for factor in factors:
        base, power = factor.as_base_exp()
        # Numbers such as 10**(3/2) fall apart into 10*sqrt(10) again when they are joined.
        if base == sp.E or (base.is_Rational and power.is_Rational) or not is_polynomial(base):
            rest.append(factor)
            continue
        for part in sp.Mul.make_args(base) if not power.is_Rational else [base]:
            exponents[part] = exponents.get(part, sp.Integer(0)) + power
    groups: dict[Expr, list[tuple[Expr, Expr]]] = {}
    for base, total in exponents.items():
        number, symbolic = sp.expand(total).as_coeff_Add()
        if symbolic == 0:
            rest.append(base**number)
        else:
            groups.setdefault(symbolic, []).append((base, number))
    products: list[tuple[Expr, list[Expr]]] = []
    for symbolic, members in groups.items():
        if len(members) == 1:
            base, number = members[0]
            rest.append(base ** (symbolic + number))
        else:
            products.append((symbolic, [base for base, _ in members]))
            rest += [base**number for base, number in members if number != 0]
    return products, rest


def pair_gammas(expr: Expr) -> tuple[dict[tuple[Expr, Expr], int], list[Expr]]:
    """Split a product into quotients Γ(x+s)/Γ(x), as (x, s) with a number s, how often, and the other factors."""
    above: list[Expr] = []
    below: list[Expr] = []
    rest: list[Expr] = []
    for factor in expr.args:
        base, power = factor.as_base_exp()
        if isinstance(base, (sp.gamma, sp.factorial)) and power.is_Integer and abs(power) <= 8:
            argument = base.args[0] + (1 if isinstance(base, sp.factorial) else 0)
            (above if power > 0 else below).extend([argument] * abs(int(power)))
        else:
            rest.append(factor)
    ratios: dict[tuple[Expr, Expr], int] = {}
    for x in list(above):
        for y in below:
            step = sp.expand(x - y)
            if step.is_Rational and abs(step) < 10**6:
                ratios[y, step] = ratios.get((y, step), 0) + 1
                above.remove(x)
                below.remove(y)
                break
    return ratios, rest + [sp.gamma(x) for x in above] + [1 / sp.gamma(x) for x in below]
