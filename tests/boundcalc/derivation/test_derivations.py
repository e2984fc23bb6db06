"""Derived exponents against the registry, against tables worked out by hand, and against a numerical LP solver."""

import ast
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import linprog
from sympy import Rational, simplify, sympify

import boundcalc.derivation as package
from boundcalc.derivation import DERIVATIONS, Derivation, derive
from boundcalc.derivation.caps import cap_mass, weight
from boundcalc.derivation.program import Optimum
from boundcalc.powers import power_exponent
from boundcalc.registry import theorem
from boundcalc.statements.extra_symbols import alpha
from boundcalc.symbols import M, d, h, n

FOLDER = Path(package.__file__).parent
KEYS = [derivation.key for derivation in DERIVATIONS]
# Exponents of 1/n worked out by hand, at d = 1, 2, 3, 5, 10.
TABLE = {
    "minimax-lower": ("1", "2/3", "1/2", "1/3", "2/11"),
    "theorem-a": ("1/2", "4/11", "2/7", "1/5", "4/35"),
    "theorem-b": ("1/2", "2/7", "1/5", "1/8", "2/31"),
    "theorem-c": ("1/2", "2/7", "1/5", "1/8", "2/31"),
    "stable-mse-upper": ("2/3", "10/27", "1/4", "4/27", "26/363"),
    "stable-mse-lower": ("2/3", "10/27", "1/4", "4/27", "26/363"),
    "stable-gap-upper": ("1/2", "10/27", "1/4", "4/27", "26/363"),
    "trace-minimax": ("2/3", "10/23", "1/3", "4/17", "26/183"),
    "trace-mse-upper": ("2/3", "10/23", "1/3", "4/17", "26/183"),
    "trace-gap-upper": ("1/2", "10/23", "1/3", "4/17", "26/183"),
    "cells-upper": ("1/2", "1/4", "2/13", "1/13", "1/38"),
    "mixture-upper": ("1/5", "2/13", "1/8", "1/11", "2/37"),
    "mse-core-shell": ("4/11", "5/23", "2/13", "8/83", "13/263"),
    "mse-upper": ("1/6", "1/8", "1/10", "1/14", "1/24"),
    "gap-upper": ("1/6", "1/8", "1/10", "1/14", "1/24"),
    "low-norm-mse": ("4/5", "5/7", "2/3", "8/13", "13/23"),
}


@pytest.mark.slow
@pytest.mark.parametrize("derivation", DERIVATIONS, ids=KEYS)
def test_agrees_with_the_registered_statement(derivation: Derivation) -> None:
    bound = theorem(derivation.key).bound
    assert simplify(derivation.exponent - bound.exponent) == 0
    assert derivation.side is bound.side


@pytest.mark.parametrize("key", TABLE)
def test_agrees_with_hand_computed_table(key: str) -> None:
    assert [derive(key).exponent_at(k) for k in (1, 2, 3, 5, 10)] == [Rational(e) for e in TABLE[key]]


def test_univariate_exponents() -> None:
    assert derive("minimax-lower-1d").exponent == Rational(1, 2)
    assert theorem("univariate-interior-mse").bound.exponent == derive("low-norm-mse").exponent_at(1)


@pytest.mark.parametrize(("key", "name"), [("gap-upper", "gap, two terms"), ("mse-upper", "mse")])
def test_core_terms_agree_with_the_registered_two_term_forms(key: str, name: str) -> None:
    expr = theorem(key).bounds[name].expr
    registered = {simplify(-power_exponent(term, n)) for term in expr.args}
    assert {simplify(e) for e in derive(key).terms.values()} == registered
    assert simplify(derive(key).terms["core"] - {"gap-upper": 3 / (4 * d + 6), "mse-upper": 3 / (2 * d + 3)}[key]) == 0


def test_radial_law_contains_the_uniform_ball_and_states_where_additive_bounds_fail() -> None:
    upper = derive("radial-gap-upper")
    assert simplify(upper.exponent.subs(alpha, 1) - derive("gap-core-shell").exponent) == 0
    assert simplify(derive("radial-gap-lower").exponent.subs(alpha, 1) - derive("gap-lower").exponent) == 0
    spare = upper.steps[-1].formulas[0].left
    # alpha >= 3d/(2d - 3)
    assert simplify(spare - (alpha * (2 * d - 3) - 3 * d)) == 0


def resolve(optimum: Optimum, values: dict[object, Rational]) -> float:
    """The optimal value by HiGHS in floating point."""
    unknowns = list(optimum.point)

    def row(expr: object) -> tuple[list[float], float]:
        at = sympify(expr).subs(values)
        zero = dict.fromkeys(unknowns, 0)
        return [float(at.diff(x).subs(zero)) for x in unknowns], float(at.subs(zero))

    rows = [row(constraint.slack) for constraint in optimum.slacks]
    goal, constant = row(optimum.objective)
    sign = -1.0 if _maximal(optimum) else 1.0
    solved = linprog(
        sign * np.array(goal),
        A_ub=-np.array([r for r, _ in rows]),
        b_ub=np.array([c for _, c in rows]),
        bounds=[(None, None)] * len(unknowns),
        method="highs",
    )
    assert solved.status == 0, solved.message
    return sign * float(solved.fun) + constant


def _maximal(optimum: Optimum) -> bool:
    """Upper bounds maximise the exponent t itself."""
    return optimum.objective.is_Symbol and optimum.objective.name == "t"


@pytest.mark.parametrize("derivation", DERIVATIONS, ids=KEYS)
def test_a_numerical_solver_finds_the_same_optimum(derivation: Derivation) -> None:
    assert derivation.derived.optima
    for optimum in derivation.derived.optima:
        free = {s for c in optimum.slacks for s in c.slack.free_symbols} - set(optimum.point)
        for dimension in (1, 2, 3, 7, 40):
            values = {s: {d: Rational(dimension), alpha: Rational(3, 4)}.get(s, Rational(0)) for s in free}
            if d in optimum.domain and dimension < optimum.domain[d]:
                continue
            assert resolve(optimum, values) == pytest.approx(float(optimum.value.subs(values)), abs=1e-9)


@pytest.mark.parametrize("derivation", DERIVATIONS, ids=KEYS)
def test_prints_and_renders(derivation: Derivation) -> None:
    text = str(derivation)
    assert all(step.words in text for step in derivation.steps)
    assert str(derivation.exponent) in text
    markdown = derivation._repr_markdown_()
    assert markdown.count("$$") % 2 == 0
    assert r"\text{" in markdown


def test_derivations_read_nothing_from_the_statements() -> None:
    """The exponents are derived: no derivation imports a theorem, only symbols that theorems share."""
    for file in FOLDER.glob("*.py"):
        modules = {node.module for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.ImportFrom)}
        used = {m for m in modules if m and m.startswith("boundcalc.statements")}
        assert used <= {"boundcalc.statements.extra_symbols"}, file.name


def test_every_derivation_is_listed() -> None:
    init = (FOLDER / "__init__.py").read_text()
    for file in FOLDER.glob("*.py"):
        for node in ast.parse(file.read_text()).body:
            call = getattr(node, "value", None)
            if (
                isinstance(node, ast.Assign)
                and isinstance(call, ast.Call)
                and getattr(call.func, "id", "") == "Derivation"
            ):
                assert f"{file.stem}.{node.targets[0].id}," in init
    assert len(set(KEYS)) == len(KEYS)


@pytest.mark.parametrize("bad", ["theorem-z", "", 3, None, ["theorem-a"]])
def test_unknown_key(bad: object) -> None:
    with pytest.raises(ValueError, match="key must name a derivation"):
        derive(bad)  # type: ignore[arg-type]


def test_unknown_key_names_the_nearest() -> None:
    with pytest.raises(ValueError, match="theorem-a"):
        derive("theorem_a")


@pytest.mark.parametrize("dimension", [1, 2, 5, 9])
def test_orders_of_caps_agree_with_quadrature(dimension: int) -> None:
    def mass(t: float) -> float:
        return quad(lambda s: (1 - s * s) ** ((dimension - 1) / 2), t, 1)[0]

    def excess(t: float) -> float:
        return quad(lambda s: (s - t) * (1 - s * s) ** ((dimension - 1) / 2), t, 1)[0]

    large, small = 1e-3, 1e-4

    def slope(f: object) -> float:
        return float(np.log(f(1 - large) / f(1 - small)) / np.log(large / small))  # type: ignore[operator]

    # The relative correction is linear in h, so the slope is off by about d * large.
    assert slope(mass) == pytest.approx(float(power_exponent(cap_mass(), h).subs(d, dimension)), abs=dimension * large)
    product = slope(lambda t: mass(t) * excess(t))
    assert product == pytest.approx(float(power_exponent(weight(), h).subs(d, dimension)), abs=2 * dimension * large)


def test_balanced_products_keep_the_other_symbols() -> None:
    """Lemma F.5 with its bound on the variation norm, from the same program."""
    from boundcalc.derivation.entropy import critical_square, net_deviation
    from boundcalc.symbols import C

    registered = theorem("unweighted-gap").bound.expr
    assert simplify(power_exponent(net_deviation()[0], C) - power_exponent(registered, C)) == 0
    squared = theorem("local-complexity").bound.expr
    assert simplify(power_exponent(critical_square()[0], C) - power_exponent(squared, C)) == 0
    assert power_exponent(registered, M) != 0
