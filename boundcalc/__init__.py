"""Explicit, certified bounds for flat minima of two-layer ReLU networks.

>>> import boundcalc
>>> boundcalc.rate(d=20, n=1e4).lower.exponent
2/21
"""

from __future__ import annotations

from importlib import import_module

__version__ = "0.1.0"

# Public name -> module that defines it. Loaded on first use, so that importing the package costs no more than sympy.
_PUBLIC = {
    "RateReport": "boundcalc.rates",
    "Setting": "boundcalc.setting",
    "Status": "boundcalc.theorem",
    "Theorem": "boundcalc.theorem",
    "rate": "boundcalc.rates",
}

__all__ = ["RateReport", "Setting", "Status", "Theorem", "rate"]


def __getattr__(name: str) -> object:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'boundcalc' has no attribute {name!r}")

    value = getattr(import_module(_PUBLIC[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_PUBLIC])
