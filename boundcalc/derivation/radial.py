"""Exponents for radial laws with P(|x| > 1 - eps) = eps^alpha."""

from __future__ import annotations

import dataclasses

from sympy import Rational, factor, fraction, together

from boundcalc.derivation.caps import cap_mass, samples_in_caps, weight
from boundcalc.derivation.core_shell import core_shell
from boundcalc.derivation.derivation import Derivation, Derived
from boundcalc.derivation.entropy import net_deviation
from boundcalc.derivation.exponents import decay, exponent_symbol, tidy
from boundcalc.derivation.formula import Formula, Relation, Step
from boundcalc.derivation.lower import unseen
from boundcalc.derivation.single_atoms import WORDS, single_atoms
from boundcalc.statement import Side
from boundcalc.statements.extra_symbols import alpha
from boundcalc.symbols import d, eps, h, n

_DOMAIN = {d: 1, alpha: 0}
_GEOMETRY = Step(
    "The radius exceeds 1 - h with probability h^alpha and the direction lies within sqrt(h) of an axis with "
    "probability h^((d-1)/2); the weight is the square of the product times the mean excess, of order h.",
    (
        Formula("mass of a cap", Relation.ORDER, cap_mass(alpha)),
        Formula("weight at depth h", Relation.ORDER, tidy(weight(alpha))),
    ),
)


def _upper() -> Derived:
    found = core_shell(net_deviation()[0], samples_in_caps(eps, alpha), radial=alpha, domain=_DOMAIN)
    # An additive deviation bound would need weight >= n^{-1/2} at the shell: a numerator that is linear in alpha.
    slack = decay(weight(alpha).subs(h, eps) * n ** Rational(1, 2), [eps])
    spare = factor(fraction(together(-slack.subs(exponent_symbol(eps), found.parameters[eps])))[0])
    additive = Step(
        "An additive deviation bound of order n^(-1/2) for the weight would allow this shell only where the following, "
        "the numerator of the spare exponent, is nonnegative.",
        (Formula(spare, Relation.AT_LEAST, Rational(0)),),
    )
    return dataclasses.replace(found, steps=(_GEOMETRY, *found.steps, additive))


UPPER = Derivation(
    key="radial-gap-upper",
    title="Generalization gap for radial laws: shell against core",
    side=Side.UPPER,
    work=_upper,
)
LOWER = Derivation(
    key="radial-gap-lower",
    title="Single atoms on caps that hold no sample, radial laws",
    side=Side.LOWER,
    work=lambda: unseen(single_atoms(alpha), domain=_DOMAIN).after(_GEOMETRY, WORDS),
)
