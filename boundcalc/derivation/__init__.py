"""A small calculus of rates: exponents derived from their ingredients, each choice certified to be the best."""

from __future__ import annotations

from boundcalc.derivation import (
    core_shell,
    estimators,
    minimax_lower_1d,
    radial,
    single_atoms,
    subspaces,
    theorem_a,
    theorem_b,
    theorem_c,
    theorem_e,
    theorem_g,
    unweighted,
)
from boundcalc.derivation.derivation import Derivation
from boundcalc.lookup import by_key

__all__ = ["DERIVATIONS", "Derivation", "derive"]

DERIVATIONS: tuple[Derivation, ...] = (
    *unweighted.DERIVATIONS,
    *core_shell.DERIVATIONS,
    single_atoms.DERIVATION,
    single_atoms.GAP,
    minimax_lower_1d.DERIVATION,
    theorem_a.DERIVATION,
    theorem_b.DERIVATION,
    theorem_c.DERIVATION,
    theorem_e.UPPER,
    theorem_e.LOWER,
    theorem_e.GAP,
    theorem_g.DERIVATION,
    theorem_g.TRACE,
    theorem_g.TRACE_UPPER,
    theorem_g.TRACE_GAP,
    estimators.CELLS,
    estimators.MIXTURE,
    radial.UPPER,
    radial.LOWER,
    subspaces.DERIVATION,
)
_BY_KEY = {derivation.key: derivation for derivation in DERIVATIONS}


def derive(key: str) -> Derivation:
    """The derivation with this key; it prints as numbered steps and renders in a notebook.

    Raises
    ------
    ValueError
        If there is none; the message names the nearest keys.

    Examples
    --------
    >>> derive("theorem-a").exponent, derive("theorem-b").exponent
    (4/(3*d + 5), 2/(3*d + 1))
    >>> derive("gap-upper").terms["core"]
    3/(2*(2*d + 3))
    """
    return by_key(_BY_KEY, key, "a derivation", "boundcalc.derivation.DERIVATIONS holds them")
