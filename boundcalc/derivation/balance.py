"""Upper bounds: the best choice of parameters in a sum of powers, under validity conditions."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from sympy import Expr, Integer, Symbol, cancel, factor

from boundcalc.derivation.derivation import Derived
from boundcalc.derivation.exponents import decay, exponent_symbol, monomial, tidy
from boundcalc.derivation.formula import Formula, Relation, Step
from boundcalc.derivation.program import Constraint, certificate_step, maximise
from boundcalc.positivity import Domain
from boundcalc.symbols import d as D
from boundcalc.symbols import n as N

# The exponent of the whole sum.
TARGET = Symbol("t")


def balance(
    terms: Mapping[str, Expr],
    parameters: Sequence[Symbol],
    *,
    conditions: Mapping[str, Expr] | None = None,
    domain: Domain | None = None,
) -> Derived:
    """Choose parameters in (0, 1] so that a sum of products of powers decays fastest in n.

    The sum decays like its slowest summand, so the exponent is the largest t with t <= exponent of every summand: a
    linear program.

    Parameters
    ----------
    terms : mapping of str to Expr
        Summands, products of powers of n and the parameters, by name.
    parameters : sequence of Symbol
    conditions : mapping of str to Expr, optional
        Validity conditions: each expression must be of order at least 1.
    domain : mapping of Symbol to lower end, optional
        Ranges of the symbols in exponents; d >= 1 when left out.

    Examples
    --------
    >>> from boundcalc.symbols import d, eps, n
    >>> balance({"bias": eps**4, "variance": n**-1 * eps**-d}, [eps]).exponent
    4/(d + 4)
    """
    ranges = tuple(Constraint(f"{p} <= 1", exponent_symbol(p)) for p in parameters)
    return _balance(terms, parameters, conditions or {}, ranges, {D: 1} if domain is None else domain)


def balance_monomial(
    terms: Mapping[str, Expr], parameters: Sequence[Symbol], symbol: Symbol, *, domain: Domain | None = None
) -> tuple[Expr, Derived]:
    """As :func:`balance`, keeping one further symbol: the balanced sum as a product of powers of n and ``symbol``.

    ``symbol`` is written n^{-c} with c of either sign and the parameters may exceed 1; the best exponent comes out
    affine in c.

    Raises
    ------
    ValueError
        If the best exponent is not affine in c, or is not shown for every real c.

    Examples
    --------
    >>> from boundcalc.symbols import C, eps, n
    >>> balance_monomial({"bias": C * eps, "variance": 1 / (n * eps)}, [eps], C)[0]
    sqrt(C)/sqrt(n)
    """
    c = exponent_symbol(symbol)
    replaced = {name: term.subs(symbol, N ** (-c)) for name, term in terms.items()}
    best = _balance(replaced, parameters, {}, (), {**({D: 1} if domain is None else domain), c: 0})
    # The sample needs a value of c; the proof must not.
    slope = factor(cancel(best.exponent.diff(c)))
    (optimum,) = best.optima
    if any(e.has(c) for e in (*optimum.multipliers.values(), *optimum.slacks.values(), slope)):
        raise ValueError(f"the balanced exponent {best.exponent} is not shown affine in {c} for every real {c}")
    unranged = dataclasses.replace(optimum, domain={s: low for s, low in optimum.domain.items() if s != c})
    steps = (*best.steps[:-1], certificate_step(TARGET, unranged, maximal=True))
    kept = dataclasses.replace(best, optima=(unranged,), steps=steps)
    return monomial([(symbol, slope), (N, -factor(best.exponent.subs(c, 0)))]), kept


def _balance(
    terms: Mapping[str, Expr],
    parameters: Sequence[Symbol],
    conditions: Mapping[str, Expr],
    ranges: tuple[Constraint, ...],
    domain: Domain,
) -> Derived:
    unknowns = [TARGET, *(exponent_symbol(p) for p in parameters)]
    constraints = [Constraint(name, decay(term, parameters) - TARGET) for name, term in terms.items()]
    constraints += [Constraint(name, -decay(term, parameters)) for name, term in conditions.items()]
    constraints += ranges
    best = maximise(TARGET, unknowns, constraints, domain)
    chosen = {p: best.point[exponent_symbol(p)] for p in parameters}
    values = {exponent_symbol(p): x for p, x in chosen.items()}
    at_best = {name: factor(cancel(decay(term, parameters).subs(values))) for name, term in terms.items()}
    steps = [
        Step(
            "Summands: " + ", ".join(terms) + ".",
            tuple(Formula(name, Relation.ORDER, tidy(term)) for name, term in terms.items()),
        )
    ]
    if conditions:
        steps.append(
            Step(
                "Valid while: " + ", ".join(conditions) + ".",
                tuple(Formula(tidy(term), Relation.AT_LEAST_ORDER, Integer(1)) for term in conditions.values()),
            )
        )
    steps.append(
        Step(
            "The best choice, and each summand there.",
            (
                *(Formula(p, Relation.ORDER, monomial([(N, -x)])) for p, x in chosen.items()),
                *(Formula(name, Relation.ORDER, monomial([(N, -e)])) for name, e in at_best.items()),
            ),
        )
    )
    steps.append(certificate_step(TARGET, best, maximal=True))
    return Derived(best.value, tuple(steps), at_best, chosen, (best,))
