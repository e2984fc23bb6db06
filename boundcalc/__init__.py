"""Explicit, certified bounds for flat minima of two-layer ReLU networks.

>>> import boundcalc
>>> boundcalc.rate(d=20, n=1e4).lower.exponent
2/21
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from boundcalc.derivation import derive
    from boundcalc.erratum import errata
    from boundcalc.explicit.crossover import crossover
    from boundcalc.explicit.lower import explicit_lower
    from boundcalc.explicit.upper import explicit_upper
    from boundcalc.packing_numbers import packing_number
    from boundcalc.plots import plot
    from boundcalc.rates import RateReport, rate
    from boundcalc.registry import theorem, theorems
    from boundcalc.sample_sizes import sample_size
    from boundcalc.setting import Setting
    from boundcalc.statement import Status, Theorem
    from boundcalc.tables import table

__version__ = "0.1.0"

# Public name -> module that defines it. Loaded on first use, so that importing the package costs next to nothing.
_PUBLIC = {
    "RateReport": "boundcalc.rates",
    "Setting": "boundcalc.setting",
    "Status": "boundcalc.statement",
    "Theorem": "boundcalc.statement",
    "derive": "boundcalc.derivation",
    "explicit_lower": "boundcalc.explicit.lower",
    "explicit_upper": "boundcalc.explicit.upper",
    "crossover": "boundcalc.explicit.crossover",
    "errata": "boundcalc.erratum",
    "packing_number": "boundcalc.packing_numbers",
    "plot": "boundcalc.plots",
    "rate": "boundcalc.rates",
    "sample_size": "boundcalc.sample_sizes",
    "table": "boundcalc.tables",
    "theorem": "boundcalc.registry",
    "theorems": "boundcalc.registry",
}

__all__ = [
    "RateReport",
    "Setting",
    "Status",
    "Theorem",
    "crossover",
    "derive",
    "errata",
    "explicit_lower",
    "explicit_upper",
    "packing_number",
    "plot",
    "rate",
    "sample_size",
    "table",
    "theorem",
    "theorems",
]


def __getattr__(name: str) -> object:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'boundcalc' has no attribute {name!r}")

    value = getattr(import_module(_PUBLIC[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_PUBLIC])
