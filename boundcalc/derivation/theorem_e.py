"""2(d+3)/(3(d+1)^2): stable minima under localised flatness, from above and from below."""

from __future__ import annotations

import dataclasses

from sympy import Min, Rational, sqrt

from boundcalc.derivation.balance import balance
from boundcalc.derivation.caps import GEOMETRY, cap_mass, samples_in_caps
from boundcalc.derivation.derivation import Derivation, Derived
from boundcalc.derivation.entropy import ENTROPY_STEP
from boundcalc.derivation.exponents import tidy
from boundcalc.derivation.formula import Formula, Relation, Step
from boundcalc.derivation.localised import FLATNESS_STEP, depth_entropy, flatness_cell
from boundcalc.derivation.lower import assouad
from boundcalc.derivation.parameters import resolution
from boundcalc.derivation.theorem_b import WORDS, packet_variation, wave_packets
from boundcalc.statement import Side
from boundcalc.symbols import d, h, n


def _upper() -> Derived:
    terms = {
        "shell": h,
        "squared resolution": resolution**2,
        "entropy over n": depth_entropy(flatness_cell(), resolution) / n,
    }
    found = balance(terms, [h, resolution], conditions=samples_in_caps(h))
    return found.after(GEOMETRY, ENTROPY_STEP, FLATNESS_STEP)


def _lower() -> Derived:
    # Curvature of one cap: sum over its neurons of |slope| * depth * (share of the sample that activates them). The
    # slopes sum to packet_variation / h, the depth is of order h.
    curvature = tidy(packet_variation() / h * h * cap_mass())
    words = Step(
        "For the networks to be stable, the sum over the neurons of one cap of slope, depth and share of active "
        "samples must be O(1): a second budget.",
        (Formula("curvature of one cap", Relation.ORDER, curvature),),
    )
    packets = dataclasses.replace(wave_packets(), budgets={"curvature of one cap": curvature})
    return assouad(packets).after(GEOMETRY, WORDS, words)


def _gap() -> Derived:
    # Chaining over the functions of depth h, whose L2 norm is at most sqrt(h): sqrt(h * entropy(sqrt(h)) / n), since
    # the entropy exponent is below 2. At h = 1 this is n^{-1/2}.
    fine = sqrt(h * depth_entropy(flatness_cell(), sqrt(h)) / n)
    terms = {"shell": h, "fluctuation at depth h": fine, "fluctuation at depth 1": fine.subs(h, 1)}
    words = Step(
        "Chaining over the functions that live at depth h, of L2 norm at most sqrt(h): fluctuation of order "
        "sqrt(h * entropy / n) at resolution sqrt(h). All depths count, so that of depth 1 is a summand of its own.",
    )
    interval = balance({name: term.subs(d, 1) for name, term in terms.items()}, [h], domain={})
    above = balance(terms, [h], conditions=samples_in_caps(h), domain={d: 2})
    steps = (
        GEOMETRY,
        ENTROPY_STEP,
        FLATNESS_STEP,
        words,
        Step("Dimension d = 1."),
        *interval.steps,
        Step("Dimension d >= 2."),
        *above.steps,
    )
    # One formula for both ranges; the test compares it with each.
    return Derived(
        Min(Rational(1, 2), above.exponent),
        steps,
        {"d = 1": interval.exponent, "d >= 2": above.exponent},
        optima=(*interval.optima, *above.optima),
    )


UPPER = Derivation(
    key="stable-mse-upper",
    title="Optimized stable minima under localised flatness, from above",
    side=Side.UPPER,
    work=_upper,
)
LOWER = Derivation(
    key="stable-mse-lower",
    title="Wave packets that stable networks realise, from below",
    side=Side.LOWER,
    work=_lower,
)
GAP = Derivation(
    key="stable-gap-upper",
    title="Generalization gap of stable minima under localised flatness",
    side=Side.UPPER,
    work=_gap,
)
