"""Tables of exponents, rates, explicit bounds, sample sizes and of the registry."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from decimal import ROUND_CEILING, ROUND_FLOOR
from enum import Enum

from sympy import Rational

from boundcalc.exact import describe, exact_rational
from boundcalc.explicit.lower import check_dimension
from boundcalc.markup import EMPTY, Cell, code, formula, fraction, number, number_from_log10, symbol, words
from boundcalc.rates import RateBound, RateReport, rate, read_quantity
from boundcalc.registry import theorem, theorems
from boundcalc.setting import Setting
from boundcalc.shown import show_exact
from boundcalc.statement import Quantity, Theorem
from boundcalc.symbols import VARIABLES
from boundcalc.table_format import Align, Column, Group, Table

_LN10 = math.log(10)
_DIMS = (1, 2, 5, 10, 20)
_SIZES = ("1e3", "1e6")
_ERRORS = ("0.1", "0.01")

# Columns of the table of exponents, from the lower bounds to the upper ones, and what stands in at d = 1.
_EXPONENTS = {
    Quantity.MSE: (
        *("minimax-lower", "theorem-a", "theorem-b", "theorem-c", "stable-mse-lower"),
        *("stable-mse-upper", "mse-core-shell", "mse-upper", "low-norm-mse"),
    ),
    Quantity.GAP: ("gap-lower", "stable-gap-upper", "gap-core-shell", "gap-upper", "low-norm-gap"),
}
_AT_ONE = {"minimax-lower": "minimax-lower-1d"}


class Contents(Enum):
    """What a table shows."""

    EXPONENTS = "exponents"
    RATES = "rates"
    EXPLICIT = "explicit"
    SAMPLE_SIZES = "sample-sizes"
    REGISTRY = "registry"


def _dims(dims: object) -> tuple[Rational, ...]:
    return tuple(VARIABLES["d"].exact(d, "dims") for d in _listed("dims", dims))


def _sizes(n: object) -> tuple[Rational, ...]:
    return tuple(VARIABLES["n"].exact(size) for size in _listed("n", n))


def _listed(name: str, values: object) -> list[object]:
    if isinstance(values, (str, bytes)) or not isinstance(values, Iterable) or getattr(values, "ndim", 1) == 0:
        values = [values]
    items = list(values)
    if not items:
        raise ValueError(f"{name} must hold at least one number, got an empty list")
    return items


def _label(theorem: Theorem) -> str:
    return theorem.source.label.split(",")[0] or theorem.source.short


def _kind(theorem: Theorem) -> Cell:
    return words(f"{theorem.bound.side.value}, {theorem.status.value}")


def size_cell(value: Rational) -> Cell:
    """A sample size; powers of ten from 10^4 on as such."""
    digits = str(value)
    power = len(digits) - 1
    if power >= 4 and digits == "1" + "0" * power:
        return Cell(f"1e{power}", f"$10^{{{power}}}$", f"10<sup>{power}</sup>", f"$10^{{{power}}}$", f"1e{power}")
    return words(show_exact(value))


def _report(d: Rational, n: Rational, quantity: str, **options: object) -> RateReport:
    return rate(d, n, quantity=quantity, **options)  # type: ignore[call-overload]


def _rate(bound: RateBound) -> Cell:
    log10 = bound.log_value / _LN10
    return number(bound.value) if abs(log10) < 300 else number_from_log10(log10)


def exponent_table(dims: object = _DIMS, quantity: str = "mse") -> Table:
    """Exponents e of the rates n**(-e), side by side.

    Examples
    --------
    >>> print(exponent_table([1, 2, 3]).columns[2].heading, exponent_table([1, 2, 3]).rows[1][3])
    Theorem A 2/7
    """
    which = read_quantity(quantity)
    chosen = [theorem(key) for key in _EXPONENTS[which]]
    rows = []
    for d in _dims(dims):
        setting = Setting(d=d)
        cells = [fraction(d)]
        for usual in chosen:
            here = theorem(_AT_ONE[usual.key]) if d == 1 and usual.key in _AT_ONE else usual
            cells.append(EMPTY if here.broken(setting) else fraction(here.bound.exponent_at(d)))
        rows.append(tuple(cells))
    remarks = {f"{_label(t)}: {t.bound.remark}." for t in chosen if "log" in t.bound.remark}
    return Table(
        f"Exponents of 1/n in the rates of the {which.value}",
        (Column(symbol("d")), *(Column(words(_label(t)), _kind(t)) for t in chosen)),
        (Group(tuple(rows)),),
        (
            "A smaller exponent is a stronger lower bound and a weaker upper bound; constants that depend on d are hidden.",
            *sorted(remarks),
        ),
    )


def rate_table(dims: object = _DIMS, n: object = _SIZES, quantity: str = "mse") -> Table:
    """Constant-free rates of the paper's bounds and of low-norm networks."""
    which = read_quantity(quantity)
    sizes, groups = _sizes(n), []
    reports: list[RateReport] = []
    for size in sizes:
        rows = []
        for d in _dims(dims):
            report = _report(d, size, quantity)
            reports.append(report)
            values = [report.upper, report.lower, report.low_norm]
            rows.append((size_cell(size), fraction(d), *(_rate(v) if v else EMPTY for v in values)))
        groups.append(Group(tuple(rows)))
    lower = next((r.lower for r in reports if r.lower is not None and r.setting.d != 1), reports[0].lower)
    shown = [("upper", reports[0].upper), ("lower", lower), ("low norm", reports[0].low_norm)]
    columns = [
        Column(words(name), words(f"{_label(bound.theorem)}, {bound.status.value}") if bound else None)
        for name, bound in shown
    ]
    return Table(
        f"Rates of the {which.value} of flat minima, without constants",
        (Column(symbol("n")), Column(symbol("d")), *columns),
        tuple(groups),
        ("Constants that depend on d are hidden: no entry is a value of the error.",),
    )


def explicit_table(dims: object = _DIMS, n: object = _SIZES, sigma: object = 1, B: object = 1, C: object = 1) -> Table:
    """Non-asymptotic lower and upper bounds of the minimax mean squared error, beside the rate of the lower one."""
    from boundcalc.explicit.lower import explicit_lower
    from boundcalc.explicit.upper import explicit_upper

    dimensions, sizes = _dims(dims), _sizes(n)
    setting = Setting.parse(sigma=sigma, B=B, C=C)
    groups = []
    for size in sizes:
        rows = []
        for d in dimensions:
            lower, upper = explicit_lower(d, size, sigma, B, C), explicit_upper(d, size, sigma, B, C)
            single = lower.family("theorem-a").enclosure
            bound = _report(d, size, "mse", sigma=sigma, B=B, C=C).lower
            rows.append(
                (
                    size_cell(size),
                    fraction(d),
                    number(lower.enclosure.low, rounding=ROUND_FLOOR),
                    words(lower.best.family.title),
                    number(single.low, rounding=ROUND_FLOOR) if single else EMPTY,
                    number(upper.enclosure.high, rounding=ROUND_CEILING),
                    _rate(bound) if bound else EMPTY,
                )
            )
        groups.append(Group(tuple(rows)))
    given = ", ".join(f"{name} = {value}" for name, value in setting.given())
    return Table(
        f"Explicit bounds of the minimax mean squared error at {given}",
        (
            Column(symbol("n")),
            Column(symbol("d")),
            Column(words("lower"), words("best family")),
            Column(words("family"), align=Align.LEFT),
            Column(words("lower"), words("Theorem A")),
            Column(words("upper"), words("explicit")),
            Column(words("rate"), words("Thm 3.7, no constants")),
        ),
        tuple(groups),
        (
            "Lower bounds are enclosed in ball arithmetic and rounded down, upper bounds rounded up.",
            "An upper bound of B^2 is trivial: the error of the estimate 0.",
            "The rate is no bound: its constant, which depends on d, is hidden.",
        ),
    )


def sample_size_table(dims: object = _DIMS, errors: object = _ERRORS) -> Table:
    """Sample sizes that an error requires: of the explicit bound, and of rates without their constants."""
    from boundcalc.sample_sizes import SampleSize, sample_size

    def cell(size: SampleSize) -> Cell:
        return number_from_log10(size.log10) if size.n is None else number(size.n, rounding=size.rounding)

    dimensions, wanted = _dims(dims), [exact_rational("errors", e) for e in _listed("errors", errors)]
    groups = []
    for error in wanted:
        if not 0 < error <= 1:
            raise ValueError(f"errors must lie in (0, 1], got {error}")
    for error in wanted:
        rows = []
        for d in dimensions:
            sizes = {size.name: size for size in sample_size(d, error).sizes}
            lower = sizes.get("minimax-lower", sizes.get("minimax-lower-1d"))
            chosen = [sizes.get("explicit-lower"), sizes.get("explicit-upper"), lower]
            chosen += [sizes.get(key) for key in ("stable-mse-lower", "low-norm-mse")]
            rows.append((fraction(error), fraction(d), *(cell(size) if size else EMPTY for size in chosen)))
        groups.append(Group(tuple(rows)))
    return Table(
        "Sample sizes for a mean squared error, at sigma = B = C = 1",
        (
            Column(words("error")),
            Column(symbol("d")),
            Column(words("required"), words("explicit bound")),
            Column(words("sufficient"), words("explicit bound")),
            Column(words("flat class"), words("rate, Thm 3.7")),
            Column(words("stable minima"), words("rate, Theorem E")),
            Column(words("low norm"), words("rate")),
        ),
        tuple(groups),
        (
            "Required: with so many samples or fewer the worst-case error of every estimator is larger.",
            "Rates hide constants that depend on d, Theorem E also powers of log n: they show the growth, not the value.",
        ),
    )


def registry_table() -> Table:
    """Every registered statement with its main bound, side, status and source."""
    said = ((t, (t.title, t.bound.side.value, t.status.value, str(t.source))) for t in theorems())
    return Table(
        "The registered statements",
        (
            Column(words("key"), align=Align.LEFT),
            Column(words("statement"), align=Align.PARAGRAPH, width=0.34),
            Column(words("side"), align=Align.LEFT),
            Column(words("status"), align=Align.LEFT),
            Column(words("source"), align=Align.PARAGRAPH, width=0.17),
            Column(words("main bound"), align=Align.LEFT, own_line=True),
        ),
        tuple(Group(((code(t.key), *map(words, texts), formula(t.bound.expr)),)) for t, texts in said),
        ("Rates hide constants that depend on d; see each statement for its assumptions.",),
        long=True,
    )


def table(
    dims: object = _DIMS,
    n: object = _SIZES,
    contents: Contents | str = Contents.EXPONENTS,
    quantity: str = "mse",
    errors: object = _ERRORS,
) -> Table:
    """A table ready for a paper: it prints as text and has the methods ``latex``, ``markdown``, ``csv`` and ``html``.

    Parameters
    ----------
    dims : integers
        Dimensions.
    n : numbers or text
        Sample sizes, for tables that depend on them.
    contents : {"exponents", "rates", "explicit", "sample-sizes", "registry"} or Contents
    quantity : {"mse", "gap"}
        For exponents and rates; explicit bounds and sample sizes have the mean squared error alone.
    errors : numbers or text
        For sample sizes.

    Raises
    ------
    TypeError, ValueError
        For an argument that is not as asked; the message names it.

    Examples
    --------
    >>> print(table(dims=[2, 20], contents="exponents").markdown().splitlines()[4])
    | $2$ | $2/3$ | $4/11$ | $2/7$ | $2/7$ | $10/27$ | $10/27$ | $5/23$ | $1/8$ | $5/7$ |
    """
    try:
        which = Contents(contents)
    except Exception:  # whatever a comparison with the names raises
        names = ", ".join(repr(member.value) for member in Contents)
        raise ValueError(f"contents must be one of {names}, got {describe(contents)}") from None
    dimensions, _ = _dims(dims), _sizes(n)
    if which in (Contents.EXPLICIT, Contents.SAMPLE_SIZES):
        check_dimension("dims", max(dimensions))
    if read_quantity(quantity) is not Quantity.MSE and which in (Contents.EXPLICIT, Contents.SAMPLE_SIZES):
        raise ValueError(
            f"quantity must be 'mse' for contents={which.value!r}, which bounds the mean squared error alone, "
            f"got {quantity!r}; pass contents='exponents' or 'rates'"
        )
    builders: dict[Contents, Callable[[], Table]] = {
        Contents.EXPONENTS: lambda: exponent_table(dims, quantity),
        Contents.RATES: lambda: rate_table(dims, n, quantity),
        Contents.EXPLICIT: lambda: explicit_table(dims, n),
        Contents.SAMPLE_SIZES: lambda: sample_size_table(dims, errors),
        Contents.REGISTRY: registry_table,
    }
    return builders[which]()
