"""What public functions return: one screen in a terminal, something readable in a notebook, numbers where names promise some."""

import ast
import inspect
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import boundcalc
from boundcalc import cap
from boundcalc.enclosure import enclose
from boundcalc.logspace import compile_log
from boundcalc.statement import Theorem
from boundcalc.symbols import n as N

ROOT = Path(boundcalc.__file__).parent
RESULTS: dict[str, Callable[[], object]] = {
    "rate": lambda: boundcalc.rate(20, 1e4, sigma="0.3", eta="1/3"),
    "rate beyond floats": lambda: boundcalc.rate(2, "1e4000", B="1/7").lower,
    "one rate": lambda: boundcalc.rate(20, 1e4).upper,
    "rate grid": lambda: boundcalc.rate([1, 2], 1e4),
    "rate grid, one side": lambda: boundcalc.rate([1, 2], 1e4).lower,
    "lower": lambda: boundcalc.explicit_lower(5, "1e6", sigma="1/3"),
    "lower, one family": lambda: boundcalc.explicit_lower(5, "1e6").best,
    "lower grid": lambda: boundcalc.explicit_lower([1, 2], 1e4),
    "upper": lambda: boundcalc.explicit_upper(5, "1e300"),
    "Theorem A": lambda: boundcalc.rate(5, "1e6").explicit,
    "Theorem A, unmet": lambda: boundcalc.rate(5, 10).explicit,
    "family": lambda: boundcalc.explicit_lower(5, "1e6").best.family,
    "crossover": lambda: boundcalc.crossover(12),
    "packing number": lambda: boundcalc.packing_number(12, 50),
    "bound of it": lambda: boundcalc.packing_number(12, 50).upper_bounds[0],
    "sample size": lambda: boundcalc.sample_size(3, "1/30"),
    "one size": lambda: boundcalc.sample_size(3, "1/30").sizes[0],
    "registry": boundcalc.theorems,
    "derivation": lambda: boundcalc.derive("stable-gap-upper"),
    "errata": lambda: boundcalc.errata()[4],
    "table": lambda: boundcalc.table(contents="registry"),
    "setting": lambda: boundcalc.Setting.parse(d=3, n="1e300", eta="1/3"),
    "closed form": lambda: cap.cap_mass,
    "enclosure": lambda: cap.cap_mass.enclose(5, "1/3"),
    "logarithms": lambda: cap.cap_mass.log([5, 6], 0.25),
    "plain bound": lambda: boundcalc.theorem("mse-upper").bound,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", RESULTS)
def test_results_fit_one_screen(name: str) -> None:
    result = RESULTS[name]()
    shown = repr(result)
    assert 1 <= len(shown.splitlines()) <= 25
    assert max(map(len, shown.splitlines())) < 500
    assert not any(dump in shown for dump in ("Fraction(", "Dyadic(", "<Weight", "<Side", "array(", "object at"))
    assert f"{type(result).__name__}(" not in shown or name in ("setting", "one rate", "rate beyond floats")
    assert result._repr_markdown_().strip() if name != "setting" else True  # type: ignore[attr-defined]


@pytest.mark.slow
def test_every_statement_and_derivation_fits_one_screen() -> None:
    from boundcalc.derivation import DERIVATIONS

    for result in (*boundcalc.theorems(), *DERIVATIONS, *boundcalc.errata()):
        screen = repr(result).splitlines()
        assert len(screen) <= 25
        assert str(result).startswith(screen[0])
        assert result._repr_markdown_()
    assert isinstance(boundcalc.theorem("theorem-a"), Theorem)


def test_value_is_a_float_wherever_it_is() -> None:
    lower, upper = boundcalc.explicit_lower(3, 1000), boundcalc.explicit_upper(3, 1000)
    report = boundcalc.rate(3, 1000)
    assert report.lower is not None
    for bound in (lower, upper, report.upper, report.lower, report.low_norm, boundcalc.rate(5, "1e6").explicit):
        assert type(bound.value) is float  # type: ignore[union-attr]
    assert lower.value == lower.lower <= upper.upper == upper.value
    assert isinstance(boundcalc.rate([3, 4], 1000).lower.value, np.ndarray)
    assert float(compile_log(N**2, [N])(3.0).value) == pytest.approx(9.0)


def test_no_method_is_called_value() -> None:
    """Neither in the library; what enumerations carry is theirs."""
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef):
                for method in node.body:
                    if isinstance(method, ast.FunctionDef) and method.name == "value":
                        names = {ast.unparse(decorator) for decorator in method.decorator_list}
                        assert names & {"property", "cached_property"}, f"{path.name}: {node.name}.value"


def test_ends_are_numbers() -> None:
    lower, upper, number = (
        boundcalc.explicit_lower(3, 1000),
        boundcalc.explicit_upper(3, 1000),
        boundcalc.packing_number(9, 60),
    )
    assert (type(lower.lower), type(upper.upper), type(number.lower), type(number.upper)) == (float, float, int, int)
    third = enclose(N / 3, {N: boundcalc.Setting.parse(n=1).n})  # type: ignore[dict-item]
    assert third.lower <= Fraction(1, 3) <= third.upper
    assert boundcalc.explicit_lower([3, 4], 1000).lower.dtype == float


def test_closed_forms_are_functions() -> None:
    assert cap.cap_mass(1, 0.5) == pytest.approx(0.25, rel=1e-14)
    assert list(inspect.signature(cap.cap_mass).parameters) == ["values"]
