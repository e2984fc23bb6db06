"""Linear programs over exponents, solved in symbols and certified by duality.

With every length and amplitude written as a power n^{-x}, a product of powers has an exponent that is affine in the
unknowns x, and "the best choice" is a linear program whose coefficients are rational functions of d. Which
constraints bind is guessed at one sample dimension by exact rational arithmetic; the optimum is then solved for in
symbols, and proved for the whole range of d by weak duality: the identity

    objective - value = sum of (multiplier >= 0) * (slack >= 0),

checked as an identity of polynomials in the unknowns, with every sign shown on the range.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from sympy import Expr, Integer, Matrix, Rational, Symbol, cancel, factor, sympify
from sympy.polys.matrices import DomainMatrix
from sympy.polys.matrices.exceptions import DMNonInvertibleMatrixError

from boundcalc.derivation.formula import Formula, Relation, Step
from boundcalc.positivity import Domain, is_nonnegative


@dataclass(frozen=True)
class Constraint:
    """``slack >= 0``, affine in the unknowns; ``words`` say what it means."""

    words: str
    slack: Expr


@dataclass(frozen=True)
class Optimum:
    """A certified optimum.

    Attributes
    ----------
    value : sympy.Expr
        Optimal objective, a rational function of the symbols of ``domain``.
    point : mapping of Symbol to Expr
        An optimal choice of the unknowns.
    multipliers : mapping of Constraint to Expr
        Dual solution: nonzero multipliers, each shown to be nonnegative on the domain.
    slacks : mapping of Constraint to Expr
        Every constraint's slack at ``point``, each shown to be nonnegative on the domain.
    domain : mapping of Symbol to lower end
    objective : sympy.Expr
        What was optimised, affine in the unknowns.
    """

    value: Expr
    point: Mapping[Symbol, Expr]
    multipliers: Mapping[Constraint, Expr]
    slacks: Mapping[Constraint, Expr]
    domain: Domain
    objective: Expr


def minimise(objective: Expr, unknowns: Sequence[Symbol], constraints: Sequence[Constraint], domain: Domain) -> Optimum:
    """Minimise an affine objective under affine constraints, for all values of the domain's symbols at once.

    Parameters
    ----------
    objective : sympy.Expr
        Affine in ``unknowns``, with coefficients that are rational functions of the symbols in ``domain``.
    unknowns : sequence of Symbol
    constraints : sequence of Constraint
    domain : mapping of Symbol to lower end
        Ranges of the parameters; empty when there are none.

    Raises
    ------
    ValueError
        If something is not affine, if no vertex is optimal at the sample (infeasible or unbounded), or if no single set
        of binding constraints is shown optimal on the whole domain: split the domain.

    Examples
    --------
    >>> from sympy import symbols
    >>> from boundcalc.symbols import d
    >>> x = symbols("x")
    >>> best = minimise(2 * x, [x], [Constraint("Fano", (d + 1) * x - 1), Constraint("small", x)], {d: 1})
    >>> best.value, best.point[x]
    (2/(d + 1), 1/(d + 1))
    """
    rows = [_affine(constraint.slack, unknowns) for constraint in constraints]
    goal = _affine(objective, unknowns)
    # An irregular sample makes a tie between vertices there, but not elsewhere, unlikely; a tie costs a second try.
    sample = {symbol: start + Rational(17 + 6 * i, 7) for i, (symbol, start) in enumerate(domain.items())}
    numeric_rows = [[Rational(c.subs(sample)) for c in row] for row in rows]
    numeric_goal = [Rational(c.subs(sample)) for c in goal]
    found = False
    for active in combinations(range(len(rows)), len(unknowns)):
        if not _optimal_vertex(numeric_rows, numeric_goal, active):
            continue
        found = True
        optimum = _certified(objective, goal, unknowns, constraints, rows, active, domain)
        if optimum is not None:
            return optimum
    if not found:
        raise ValueError(f"the program has no optimal vertex at {sample}: infeasible, unbounded or without vertices")
    raise ValueError(f"no single set of binding constraints is shown optimal on {domain}; split the domain")


def maximise(objective: Expr, unknowns: Sequence[Symbol], constraints: Sequence[Constraint], domain: Domain) -> Optimum:
    """As :func:`minimise`, for the largest value: value - objective = sum of multipliers * slacks."""
    best = minimise(-objective, unknowns, constraints, domain)
    return Optimum(factor(-best.value), best.point, best.multipliers, best.slacks, domain, objective)


def _affine(expr: Expr, unknowns: Sequence[Symbol]) -> list[Expr]:
    """Coefficients of the unknowns, then the constant."""
    expr = sympify(expr, strict=True)
    coefficients = [cancel(expr.diff(x)) for x in unknowns]
    if any(c.has(*unknowns) for c in coefficients):
        raise ValueError(f"exponents must be affine in {list(unknowns)}, got {expr}")
    return [*coefficients, cancel(expr.subs(dict.fromkeys(unknowns, 0)))]


def _solve(matrix: list[list[Expr]], right: list[Expr]) -> list[Expr] | None:
    """Solve a square system over the field of rational functions; None where it is singular."""
    try:
        a, b = DomainMatrix.from_Matrix(Matrix(matrix)).unify(DomainMatrix.from_Matrix(Matrix(right)))
        return [factor(entry) for entry in a.to_field().lu_solve(b.to_field()).to_Matrix()]
    except DMNonInvertibleMatrixError:
        return None


def _optimal_vertex(rows: list[list[Rational]], goal: list[Rational], active: tuple[int, ...]) -> bool:
    """Whether the active rows meet in a feasible point with nonnegative multipliers, in exact arithmetic."""
    point = _solve([rows[i][:-1] for i in active], [-rows[i][-1] for i in active])
    if point is None or any(sum((c * x for c, x in zip(row, point, strict=False)), row[-1]) < 0 for row in rows):
        return False
    multipliers = _solve([[rows[i][k] for i in active] for k in range(len(active))], goal[:-1])
    return multipliers is not None and all(y >= 0 for y in multipliers)


def _certified(
    objective: Expr,
    goal: list[Expr],
    unknowns: Sequence[Symbol],
    constraints: Sequence[Constraint],
    rows: list[list[Expr]],
    active: tuple[int, ...],
    domain: Domain,
) -> Optimum | None:
    """The optimum with these binding constraints in symbols, if the certificate holds on the whole domain."""
    solution = _solve([rows[i][:-1] for i in active], [-rows[i][-1] for i in active])
    multipliers = _solve([[rows[i][k] for i in active] for k in range(len(active))], goal[:-1])
    if solution is None or multipliers is None:
        return None
    point = dict(zip(unknowns, solution, strict=True))
    value = factor(sympify(objective, strict=True).subs(point))
    dual = {constraints[i]: y for i, y in zip(active, multipliers, strict=True) if y != 0}
    slacks = {constraint: factor(sympify(constraint.slack, strict=True).subs(point)) for constraint in constraints}
    # The proof, independent of how the candidate was found.
    identity = sympify(objective, strict=True) - value - sum((y * c.slack for c, y in dual.items()), Integer(0))
    if cancel(identity) != 0 or not all(is_nonnegative(e, domain) for e in (*dual.values(), *slacks.values())):
        return None
    return Optimum(value, point, dual, slacks, domain, sympify(objective, strict=True))


def certificate_step(objective: Expr, best: Optimum, *, maximal: bool) -> Step:
    """Weak duality, written out: a combination of the constraints that no choice can beat."""
    combination = sum((y * c.slack for c, y in best.multipliers.items()), Integer(0))
    left = best.value - objective if maximal else objective - best.value
    names = ", ".join(c.words for c in best.multipliers)
    ranges = ", ".join(f"{symbol} >= {start}" for symbol, start in best.domain.items())
    return Step(
        f"No choice is better{' for ' + ranges if ranges else ''}: with every parameter p = n^(-x_p), multiply the "
        f"conditions ({names}), each of the form slack >= 0, by the nonnegative multipliers shown and add.",
        (Formula(left, Relation.EQUAL, combination),),
    )
