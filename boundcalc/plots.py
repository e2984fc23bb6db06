"""Figures: bounds against the number of samples and against the dimension, and kinds of flatness against each other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sympy import Expr, Integer, Rational

from boundcalc.exact import describe, log_exact
from boundcalc.files import check_figure_path, save_figure
from boundcalc.grids import RateGrid
from boundcalc.rates import rate
from boundcalc.registry import theorem
from boundcalc.setting import Setting
from boundcalc.shown import show_exact
from boundcalc.statements.extra_symbols import power
from boundcalc.style import (
    BLACK,
    BLUE,
    COLOURS,
    DASHED,
    GREEN,
    GREY,
    ORANGE,
    PINK,
    decades,
    label_ends,
    panels,
    power_of_ten,
    powers_of_ten,
    styled,
)
from boundcalc.symbols import VARIABLES
from boundcalc.symbols import d as D

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Curve", "curves", "label_ends", "plot"]

_LN10 = math.log(10)
_POINTS = 13
_LARGEST_LOG10 = 300.0


@dataclass(frozen=True, eq=False)
class Curve:
    """One bound along an axis: ``proved`` with all its constants (drawn solid), or a rate without them (dashed)."""

    label: str
    color: str
    proved: bool
    x: NDArray[np.float64]
    log10: NDArray[np.float64]


def curves(dims: Sequence[Rational], sizes: Sequence[Rational], setting: Setting) -> tuple[Curve, ...]:
    """The bounds along one axis: ``dims`` or ``sizes`` has one entry, the other gives the points.

    ``setting`` holds sigma, B and C.
    """
    from boundcalc.explicit.lower import explicit_lower
    from boundcalc.explicit.upper import explicit_upper

    sigma, B, C = setting.sigma, setting.B, setting.C
    x = np.array([float(v) for v in (sizes if len(sizes) > 1 else dims)])
    grid = rate([int(d) for d in dims], np.array([float(n) for n in sizes]), sigma=sigma, B=B, C=C)
    if not isinstance(grid, RateGrid) or grid.lower is None:
        raise TypeError("dims and sizes must be sequences")
    found = [
        Curve("upper bound of stable minima\n(Thm 3.6, rate)", ORANGE, False, x, grid.upper.log_value / _LN10),
        Curve("lower bound of the flat class\n(Thm 3.7, rate)", BLUE, False, x, grid.lower.log_value / _LN10),
        Curve("low norm: weight decay\n(rate)", GREEN, False, x, grid.low_norm.log_value / _LN10),
    ]
    points = [(d, n) for d in dims for n in sizes]
    lower = [explicit_lower(d, n, sigma, B, C).log10_lower for d, n in points]
    found.append(Curve("explicit lower bound\n(proved)", BLACK, True, x, np.array(lower)))
    upper = [(point, explicit_upper(*point, sigma, B, C)) for point in points]
    known = [(i, bound.log10_upper) for i, (_, bound) in enumerate(upper) if not bound.trivial]
    if len(known) > 1:
        where = np.array([i for i, _ in known])
        values = np.array([value for _, value in known])
        found.append(Curve("explicit upper bound\n(proved)", PINK, True, x[where], values))
    return tuple(found)


def _draw(axes: Axes, found: tuple[Curve, ...], title: str, name: str) -> None:
    ends = np.concatenate([curve.log10 for curve in found])
    low, high = float(ends.min()), float(ends.max())
    margin = 0.06 * max(high - low, 1.0)
    low, high = low - margin, high + margin
    for curve in found:
        width, dashes = (2.0, "-") if curve.proved else (1.6, (0, (5, 2)))
        axes.plot(curve.x, curve.log10, color=curve.color, linewidth=width, linestyle=dashes, label=curve.label)
    impossible = next(curve for curve in found if curve.color == BLACK)
    axes.fill_between(impossible.x, low, impossible.log10, color="0.9", linewidth=0, zorder=0)
    axes.set(xscale="log", xlim=(found[0].x[0], found[0].x[-1]), ylim=(low, high), xlabel=name, title=title)
    decades(axes.xaxis)
    powers_of_ten(axes.yaxis)
    axes.yaxis.set_major_locator(_decades(low, high))
    label_ends(axes, gap=0.125)


def _decades(low: float, high: float) -> Any:
    from matplotlib.ticker import MaxNLocator, MultipleLocator

    return MaxNLocator(7, integer=True) if high - low > 1.5 else MultipleLocator(0.25 if high - low > 0.6 else 0.1)


def _geometric(low: Rational, high: Rational) -> list[Rational]:
    """Exact points, evenly spaced in the logarithm up to rounding to three digits."""
    logs = np.linspace(log_exact(low) / _LN10, log_exact(high) / _LN10, _POINTS)
    inner = [Rational(f"{10 ** (log - math.floor(log)):.3f}e{math.floor(log)}") for log in logs[1:-1]]
    return [low, *inner, high]


def _size(n: Rational) -> str:
    power = round(log_exact(n) / _LN10)
    return power_of_ten(power) if power >= 4 and n == Integer(10) ** power else show_exact(n)


def _range(name: str, symbol: str, values: object) -> tuple[Rational, Rational]:
    if isinstance(values, (str, bytes)) or not isinstance(values, Sequence) or len(values) != 2:
        raise ValueError(f"{name} must be two numbers, the ends of the axis, got {describe(values)}")
    low, high = (VARIABLES[symbol].exact(value, name) for value in values)
    if not low < high:
        raise ValueError(f"{name} must increase, got {show_exact(low)} and {show_exact(high)}")
    if log_exact(high) / _LN10 > _LARGEST_LOG10:
        raise ValueError(f"{name} must end at most at 1e{_LARGEST_LOG10:.0f}, got {show_exact(high)}")
    return low, high


def _kinds() -> tuple[tuple[str, str, str | int, Expr], ...]:
    """Weights of the kinds of flatness, as explicit_lower takes them, with their powers of the depth in dimension d."""
    from boundcalc.statements.power_weight import TRACE_POWER

    return (
        ("GD: largest eigenvalue", ORANGE, "canonical", D + 2),
        ("SGD: trace", BLUE, "trace", TRACE_POWER),
        ("weight decay", GREEN, 0, Integer(0)),
    )


_GAMMA_DIMS = (1, 2, 3, 5, 10, 20)


def flatness_curves(d: Rational, sizes: Sequence[Rational], setting: Setting) -> tuple[Curve, ...]:
    """For each kind of flatness at one dimension: the explicit lower bound, and Theorem G's rate by its exponent alone."""
    from boundcalc.explicit.lower import explicit_lower

    sigma, B, C = setting.sigma, setting.B, setting.C
    x = np.array([float(n) for n in sizes])
    found = []
    for label, colour, weight, gamma in _kinds():
        lower = [explicit_lower(d, n, sigma, B, C, weight).log10_lower for n in sizes]
        exponent = float(exponent_at(int(d), Rational(gamma.subs(D, d))))
        found.append(Curve(f"{label}, $n^{{-{exponent:.3f}}}$ (rate)", colour, False, x, -exponent * np.log10(x)))
        found.append(Curve(f"{label} (proved)", colour, True, x, np.array(lower)))
    return tuple(found)


def exponent_at(d: int, gamma: Rational) -> Rational:
    """e(gamma, d) of Theorem G: the minimax error falls like n^-e where the weight is (1 - |t|)^gamma.

    >>> exponent_at(5, Rational(4)), exponent_at(5, Rational(0))
    (4/17, 8/13)
    """
    rate_of_all = theorem("power-weight-minimax").bounds["mse"].expr
    return Rational(-rate_of_all.subs({D: d, power: gamma}).as_base_exp()[1])


def _draw_exponents(axes: Axes) -> None:
    """e(gamma, d) against gamma, the kinds of flatness marked."""
    from boundcalc.statements.power_weight import CRITICAL_POWER, FEW_CAPS_POWER, PACKETS_POWER

    kinds = _kinds()
    for dim, colour in zip(_GAMMA_DIMS, COLOURS, strict=True):
        gammas = [Rational(k, 20) * (dim + 4) for k in range(21)]
        own = [Rational(p.subs(D, dim)) for p in (CRITICAL_POWER, PACKETS_POWER, FEW_CAPS_POWER)]
        gammas = sorted({*gammas, *(g for g in own if g < dim + 4)})
        values = [float(exponent_at(dim, g)) for g in gammas]
        axes.plot([float(g) for g in gammas], values, color=colour, label=f"d = {dim}")
        for (_, _, _, gamma), marker in zip(kinds, "so^", strict=True):
            at = Rational(gamma.subs(D, dim))
            axes.plot(float(at), float(exponent_at(dim, at)), marker, color=colour, label="_")
    for (label, *_), marker in zip(kinds, "so^", strict=True):
        axes.plot([], [], marker, color=GREY, label=label)
    axes.set(
        xlabel=r"power $\gamma$ of the depth in the weight", ylabel=r"minimax error $n^{-e}$: exponent $e(\gamma, d)$"
    )
    axes.set(ylim=(0, None), xlim=(-0.3, 24), title="Theorem G")
    axes.legend(ncols=2)


def _draw_kinds(axes: Axes, found: tuple[Curve, ...], title: str) -> None:
    """Solid lines for what is proved, dashed ones for rates."""
    for curve in found:
        style = "-" if curve.proved else DASHED
        axes.plot(curve.x, curve.log10, color=curve.color, linestyle=style, label=curve.label)
    axes.set(xscale="log", xlim=(found[0].x[0], found[0].x[-1]), xlabel="number of samples n", title=title)
    axes.set_ylabel("mean squared error")
    decades(axes.xaxis)
    powers_of_ten(axes.yaxis)
    axes.legend(fontsize=7)


@styled()
def plot(
    d: object = 10,
    n: object = "1e6",
    sizes: object = ("1e2", "1e10"),
    dims: object = (1, 100),
    *,
    sigma: object = 1,
    B: object = 1,
    C: object = 1,
    of: object = "bounds",
    path: str | Path | None = None,
) -> Figure:
    """Upper, lower, explicit and low-norm bounds of the mean squared error, against d at one n and against n at one d.

    With ``of="flatness"``: what GD, SGD and weight decay can be held to, by their exponents against the power of the weight
    in several dimensions, and by bounds against n at one; then ``n`` and ``dims`` play no part.

    Solid lines are bounds with all constants, the grey region below them is proved to be out of reach of every
    estimator; dashed lines are rates without their constants, which depend on d.

    Parameters
    ----------
    d, n : number or text
        Dimension of the right panel, sample size of the left one.
    sizes, dims : pair of numbers
        Ends of the axes of the right and of the left panel.
    sigma, B, C : number or text
        Noise level, bounds on the sup norm and the weighted variation norm.
    of : "bounds" or "flatness"
        What is compared.
    path : path, optional
        Where to write the figure: .png, .svg or .pdf. Written whole or not at all.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    TypeError, ValueError
        For an argument that is not as asked, before any work; the message names it.

    Examples
    --------
    >>> figure = plot(d=2, n=1000, sizes=(100, 1000), dims=(1, 3))
    >>> [axes.get_title() for axes in figure.axes]
    ['n = 1000', 'd = 2']
    """
    setting = Setting.parse(d=d, n=n, sigma=sigma, B=B, C=C)
    if setting.d is None or setting.n is None or None in (setting.sigma, setting.B, setting.C):
        raise TypeError("d, n, sigma, B and C must be numbers, got None")
    if of not in ("bounds", "flatness"):
        raise ValueError(f"of must be 'bounds' or 'flatness', got {describe(of)}")
    if log_exact(setting.n) / _LN10 > _LARGEST_LOG10:
        raise ValueError(f"n must be at most 1e{_LARGEST_LOG10:.0f} in a figure, got {describe(n)}")
    smallest, largest = _range("sizes", "n", sizes)
    first, last = _range("dims", "d", dims)
    if path is not None:
        check_figure_path("path", path)
    figure, ((left, right),) = panels(1, 2, (5.5, 4.2))
    along, title = _geometric(smallest, largest), f"d = {setting.d}"
    if of == "flatness":
        _draw_exponents(left)
        _draw_kinds(right, flatness_curves(setting.d, along, setting), title)
        words = "solid: no estimator does better, all constants proved"
    else:
        points = sorted({Integer(round(v)) for v in np.geomspace(int(first), int(last), _POINTS)})
        _draw(left, curves(points, [setting.n], setting), f"n = {_size(setting.n)}", "dimension d")
        _draw(right, curves([setting.d], along, setting), title, "number of samples n")
        left.set_ylabel("mean squared error")
        words = "solid: proved, with all constants; grey: out of reach of every estimator over the flat class"
    figure.supxlabel(f"{words}; dashed: rates, constants hidden", fontsize=9, color="0.3")
    if path is not None:
        save_figure(figure, path)
    return figure
