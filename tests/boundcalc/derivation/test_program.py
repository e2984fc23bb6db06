"""The linear programs: what is certified is optimal, and what is not is refused."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Integer, Rational, Symbol, cancel, symbols

from boundcalc.derivation.balance import balance, balance_monomial
from boundcalc.derivation.caps import samples_in_caps
from boundcalc.derivation.exponents import decay, tidy
from boundcalc.derivation.lower import Construction, unseen
from boundcalc.derivation.program import Constraint, maximise, minimise
from boundcalc.positivity import is_nonnegative
from boundcalc.symbols import d, eps, h, n

x, y = symbols("x y")


def test_domain_where_the_binding_constraints_change_is_refused() -> None:
    # The smaller of 1/2 and 2/d changes at d = 4.
    terms = {"fixed": n ** Rational(-1, 2), "falling": n ** (-2 / d)}
    with pytest.raises(ValueError, match="split the domain"):
        balance(terms, [])
    assert balance(terms, [], domain={d: 4}).exponent == 2 / d


@pytest.mark.parametrize(
    "constraints",
    [
        [Constraint("never", -x - 1), Constraint("positive", x)],
        [Constraint("from above only", 1 - x)],
    ],
)
def test_infeasible_and_unbounded(constraints: list[Constraint]) -> None:
    with pytest.raises(ValueError, match="no optimal vertex"):
        minimise(x, [x], constraints, {d: 1})


def test_not_affine() -> None:
    with pytest.raises(ValueError, match="affine"):
        minimise(x * y, [x, y], [Constraint("a", x), Constraint("b", y)], {})


def test_symbol_without_a_range() -> None:
    with pytest.raises(ValueError, match="domain must give a lower end"):
        is_nonnegative(d + Symbol("z"), {d: 1})


def test_construction_without_mass() -> None:
    bare = Construction(caps=Integer(1), atoms_per_cap=Integer(1), norm_squared=h, seminorm=h, parameters=(h,))
    with pytest.raises(ValueError, match="cap_mass"):
        unseen(bare)


def test_parameter_inside_a_sum_is_refused() -> None:
    with pytest.raises(ValueError, match="power"):
        decay(1 + h, [h])


def test_monomial_with_a_summand_that_does_not_scale() -> None:
    from boundcalc.symbols import C

    # The balanced sum is n^{-1/2} or C/n, whichever is larger: no single product.
    with pytest.raises(ValueError, match=r"not shown|split the domain|no optimal vertex"):
        balance_monomial({"a": n ** Rational(-1, 2), "b": C / n}, [], C)


def test_conditions_bind() -> None:
    free = balance({"shell": eps, "core": eps**-1 / n}, [eps])
    bound = balance({"shell": eps, "core": eps**-1 / n}, [eps], conditions={"wide": eps * n ** Rational(1, 4)})
    assert free.exponent == Rational(1, 2)
    assert bound.exponent == Rational(1, 4)
    assert bound.terms == {"shell": Rational(1, 4), "core": Rational(3, 4)}
    assert samples_in_caps(eps)


coefficient = st.integers(-4, 4).map(Rational)


@pytest.mark.slow
@settings(max_examples=60)
@given(
    goal=st.tuples(coefficient, coefficient),
    rows=st.lists(st.tuples(coefficient, coefficient, st.integers(0, 6).map(Rational)), min_size=1, max_size=4),
)
def test_random_programs_against_enumeration_of_vertices(
    goal: tuple[Rational, Rational], rows: list[tuple[Rational, Rational, Rational]]
) -> None:
    """In a box, so that an optimum exists; 0 is feasible."""
    box = [(1, 0, 5), (-1, 0, 5), (0, 1, 5), (0, -1, 5)]
    everything = [*rows, *box]
    constraints = [Constraint(f"row {i}", a * x + b * y + c) for i, (a, b, c) in enumerate(everything)]
    values = []
    for (a, b, c), (e, f, g) in itertools.combinations(everything, 2):
        determinant = a * f - b * e
        if determinant == 0:
            continue
        u, v = Rational(-c * f + b * g) / determinant, Rational(-a * g + c * e) / determinant
        if all(p * u + q * v + r >= 0 for p, q, r in everything):
            values.append(goal[0] * u + goal[1] * v)
    objective = goal[0] * x + goal[1] * y
    assert minimise(objective, [x, y], constraints, {}).value == min(values)
    best = maximise(objective, [x, y], constraints, {})
    assert best.value == max(values)
    # The certificate proves it: value - objective is a nonnegative combination of the slacks.
    combination = sum((m * c.slack for c, m in best.multipliers.items()), Integer(0))
    assert cancel(best.value - objective - combination) == 0
    assert all(m >= 0 for m in best.multipliers.values())


@given(st.lists(st.integers(-9, 9), min_size=1, max_size=4), st.integers(-6, 6), st.integers(1, 3))
def test_positivity_is_never_claimed_wrongly(coefficients: list[int], at: int, start: int) -> None:
    expr = sum((c * d**k for k, c in enumerate(coefficients)), Integer(0))
    if is_nonnegative(expr, {d: start}):
        assert all(expr.subs(d, start + step) >= 0 for step in (0, Rational(1, 3), 1, 5, 1000))


def test_positivity_of_quotients() -> None:
    assert is_nonnegative((d - 1) / (d + 1), {d: 1})
    assert not is_nonnegative((d - 1) / (d - 3), {d: 1})
    assert not is_nonnegative(-1 / d, {d: 1})
    assert is_nonnegative(Integer(0), {d: 1})


def test_tidy_merges_powers() -> None:
    assert tidy(h ** (d / 2) * (h**2) ** (d / 4) / n / n) == h**d / n**2
