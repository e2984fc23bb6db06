"""Lemma S in powers: spaces of hats for the neurons of one depth, and what they leave over to sampling."""

from __future__ import annotations

from sympy import Expr, Integer, Min, Rational, sqrt

from boundcalc.derivation.balance import balance
from boundcalc.derivation.caps import GEOMETRY, cap_count, cap_mass, samples_in_caps
from boundcalc.derivation.derivation import Derived
from boundcalc.derivation.exponents import tidy
from boundcalc.derivation.formula import Formula, Relation, Step
from boundcalc.derivation.parameters import scale
from boundcalc.symbols import d, h, n

ONE = Integer(1)


def hats(depth: Expr, mesh: Expr) -> Expr:
    """Cost of a space of hats for one depth, its dimension over n: cells, times places of a mesh in d parameters.

    Examples
    --------
    >>> hats(h, scale)
    h**(1/2 - d/2)/(ell**d*n)
    """
    return cap_count().subs(h, depth) * mesh**-d / n


def rest(depth: Expr, mesh: Expr, slopes: Expr) -> Expr:
    """Cost of what hats of this mesh leave over at one depth (at mesh 1: of all its neurons), its norm over sqrt n.

    ``slopes`` is the sum of the slopes of the neurons at depth h. Interpolated in its parameters, a neuron of slope 1 leaves
    a function of height depth * mesh on a slab whose mass is that of the cap, times the mesh.
    """
    slab = cap_mass().subs(h, depth) * mesh
    return slopes.subs(h, depth) * depth * mesh * sqrt(slab) / sqrt(n)


def _step(slopes: Expr) -> Step:
    return Step(
        "Lemma S at depth h: hats of mesh ell in the parameters of a cap's neurons span a space; sampling of what they "
        "leave over costs its norm over sqrt n, up to logarithms.",
        (
            Formula("sum of slopes at depth h", Relation.AT_MOST_ORDER, slopes),
            Formula("dimension over n", Relation.ORDER, tidy(hats(h, scale))),
            Formula("left over", Relation.ORDER, tidy(rest(h, scale, slopes))),
        ),
    )


def _samples() -> dict[str, Expr]:
    return samples_in_caps(h) | {"slabs of the hats hold samples": n * cap_mass() * scale}


def squared_error(slopes: Expr, *words: Step) -> Derived:
    """Optimized minima whose neurons at each depth have this sum of slopes: the shell against the deepest hats."""
    terms = {"shell": h, "hats": hats(h, scale), "left over": rest(h, scale, slopes)}
    found = balance({name: tidy(term) for name, term in terms.items()}, [h, scale], conditions=_samples())
    return found.after(GEOMETRY, *words, _step(slopes))


def gap(slopes: Expr, *words: Step) -> Derived:
    """Generalization gap of the same networks: n^{-1/2} from depth 1 on the interval, the deepest hats above."""
    # On the shell of depth h the functions have L2 norm at most sqrt(h): Rademacher signs against hats give sqrt(h * dim/n).
    terms = {
        "shell": h,
        "hats against functions of norm sqrt(h)": sqrt(h * hats(h, scale)),
        "left over": rest(h, scale, slopes),
        "depth 1": 1 / sqrt(n),
    }
    tidied = {name: tidy(term) for name, term in terms.items()}
    interval = balance({name: tidy(term.subs(d, 1)) for name, term in tidied.items()}, [h, scale], domain={})
    above = balance(tidied, [h, scale], conditions=_samples(), domain={d: 2})
    start = (GEOMETRY, *words, _step(slopes))
    steps = (*start, Step("Dimension d = 1."), *interval.steps, Step("Dimension d >= 2."), *above.steps)
    # One formula for both ranges; the tests compare it with each.
    return Derived(
        Min(Rational(1, 2), above.exponent),
        steps,
        {"d = 1": interval.exponent, "d >= 2": above.exponent},
        optima=(*interval.optima, *above.optima),
    )
