"""Theorem A at a setting: the explicit value where its conditions hold, the reason where they don't."""

from __future__ import annotations

import dataclasses
import math

from sympy import Integer

from boundcalc.enclosure import Enclosure, enclose
from boundcalc.explicit.result import ExplicitBound, Unmet
from boundcalc.setting import Setting
from boundcalc.theorems.stacked_hats import SMALLEST_N, THEOREM

__all__ = ["evaluate", "smallest_n"]

_DEFAULTS = {name: Integer(1) for name in ("sigma", "B", "C")}


def smallest_n(setting: Setting) -> tuple[Enclosure, ...]:
    """Enclosures of the sample sizes from which each condition of Theorem A holds, in the order of SMALLEST_N."""
    return tuple(enclose(expr, setting.substitution) for expr in SMALLEST_N.values())


def evaluate(setting: Setting) -> ExplicitBound | Unmet:
    """Theorem A at a setting; sigma, B and C are 1 where not given.

    Examples
    --------
    >>> bound = evaluate(Setting.parse(d=5, n="1e6"))
    >>> f"{bound.lower:.4e}"
    '2.6309e-05'
    >>> print(evaluate(Setting.parse(d=5, n="1e4")))
    boundcalc Theorem A (derived) says nothing here: it needs n >= 18537 (caps of height at most 1/8).
    """
    assumed = {name: value for name, value in _DEFAULTS.items() if getattr(setting, name) is None}
    full = dataclasses.replace(setting, **assumed)
    thresholds = zip(SMALLEST_N, smallest_n(full), strict=True)
    words, needed = max(thresholds, key=lambda pair: pair[1].log10[1])
    if not needed.at_most(full.n):
        return Unmet(THEOREM, full, f"it needs n >= {_size(needed)} ({words})")
    return ExplicitBound(
        THEOREM, full, enclose(THEOREM.bound.expr, full.substitution), tuple(f"{name} = 1" for name in assumed)
    )


def _size(needed: Enclosure) -> str:
    """The smallest integer sample size, rounded up to what is shown."""
    log10 = needed.log10[1]
    if log10 < 12:
        return str(math.ceil(needed.upper))
    exponent = math.floor(log10)
    mantissa = math.ceil(10 ** (log10 - exponent + 2)) / 100
    return f"{mantissa:.3g}e{exponent}"
