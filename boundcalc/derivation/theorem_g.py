"""Theorem G: the exponent for the weight (1-|t|)^gamma, phase by phase, from below and from above."""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Expr, Integer, Piecewise, Symbol, cancel, factor, sqrt
from sympy.core.relational import Ge, Le

from boundcalc.derivation.balance import balance
from boundcalc.derivation.caps import GEOMETRY, cap_count, cap_mass
from boundcalc.derivation.derivation import Derivation, Derived
from boundcalc.derivation.exponents import tidy
from boundcalc.derivation.formula import Formula, Relation, Step
from boundcalc.derivation.hats import ONE, gap, hats, rest, squared_error
from boundcalc.derivation.lower import Construction, assouad
from boundcalc.derivation.parameters import fill, first_scale, meshed, scale, share
from boundcalc.derivation.theorem_b import WORDS, packet_variation
from boundcalc.positivity import Domain
from boundcalc.powers import power_exponent
from boundcalc.statement import Side
from boundcalc.statements.extra_symbols import power
from boundcalc.symbols import d, h

# Where the phases meet: below CRITICAL the weight costs nothing.
CRITICAL = (d**2 + 2 * d + 3) / (4 * d)
FEW = (d + 5) / 4
PACKETS = (d + 1) / 2
_u = Symbol("u", nonnegative=True)


def packets(gamma: Expr) -> Construction:
    """A share of the disjoint caps, each filled with orthogonal packets of scale ell in the coordinates of the cap."""
    caps = cap_count() * share
    return Construction(
        caps=caps,
        atoms_per_cap=scale**-d,
        norm_squared=cap_mass() * scale**d,
        seminorm=caps * (h**gamma / h) * packet_variation().subs(fill, 1),
        parameters=(h, share, scale),
        shape={"at least one cap": 1 / caps},
    )


@dataclass(frozen=True)
class Piece:
    """A range of (d, gamma) on which one certificate holds.

    Attributes
    ----------
    gamma : Expr
        As a function of u >= 0 (and d).
    back : Expr
        u as a function of gamma.
    least_d : int
        The least dimension; the only one if ``alone``.
    alone : bool
    spaces_only : bool
        Whether the estimator has a space of hats for all depths that it keeps.
    """

    gamma: Expr
    back: Expr
    least_d: int
    alone: bool = False
    spaces_only: bool = False

    @classmethod
    def between(cls, low: Expr, high: Expr, least_d: int, **more: bool) -> Piece:
        """gamma from low to high."""
        return cls((low * _u + high) / (1 + _u), (high - power) / (power - low), least_d, **more)

    @classmethod
    def above(cls, low: Expr, least_d: int, **more: bool) -> Piece:
        """gamma from low on."""
        return cls(low + _u, power - low, least_d, **more)

    @property
    def domain(self) -> Domain:
        """Of the symbols in :meth:`at`."""
        return {_u: 0} if self.alone else {d: self.least_d, _u: 0}

    def at(self, expr: Expr) -> Expr:
        """A product of powers in d and gamma, in the symbols of the domain."""
        found = expr.subs(power, self.gamma)
        return tidy(found.subs(d, self.least_d) if self.alone else found)

    def said(self, found: Expr) -> Expr:
        """A value in the symbols of the domain, in d and gamma (gamma alone where the dimension is)."""
        return factor(cancel(found.subs(_u, self.back.subs(d, self.least_d) if self.alone else self.back)))

    def lower(self) -> Derived:
        """The best packets."""
        found = packets(power)
        return assouad(
            Construction(
                caps=self.at(found.caps),
                atoms_per_cap=self.at(found.atoms_per_cap),
                norm_squared=self.at(found.norm_squared),
                seminorm=self.at(found.seminorm),
                parameters=found.parameters,
                shape={name: self.at(value) for name, value in found.shape.items()},
            ),
            domain=self.domain,
        )

    def upper(self, dropped: Expr) -> Derived:
        """The best estimator: hats down to one depth, neurons sampled below, the deepest dropped at this cost.

        At a fixed mesh both costs of a depth are powers of it, so the exponent of its best cost is concave in its
        logarithm: the ends of a range of depths bound what lies between.
        """
        slopes, last = h**-power, h if self.spaces_only else meshed
        terms = {
            "hats at depth 1": hats(ONE, first_scale),
            "left over at depth 1": rest(ONE, first_scale, slopes),
            "hats at their last depth": hats(last, scale),
            "left over there": rest(last, scale, slopes),
            "dropped depths": dropped,
        }
        parameters, conditions = [first_scale, scale, h], {}
        if not self.spaces_only:
            terms["neurons below it, first depth"] = rest(meshed, ONE, slopes)
            terms["neurons below it, last depth"] = rest(h, ONE, slopes)
            parameters.append(meshed)
            conditions["hats end before the neurons do"] = meshed / h
        costs = {name: self.at(term) for name, term in terms.items()}
        return balance(costs, parameters, conditions=conditions, domain=self.domain)


@dataclass(frozen=True)
class Phase:
    """A range of powers with one formula; the first piece covers all but the smallest dimensions.

    ``dropped`` is what the depths cost that are dropped: the shell, or their L1 norm.
    """

    name: str
    words: str
    pieces: tuple[Piece, ...]
    dropped: Expr


_ZERO = Integer(0)
PHASES = (
    Phase(
        "interior",
        f"gamma <= {CRITICAL}: packets in the bulk; the weight costs nothing.",
        (Piece.between(_ZERO, CRITICAL, 2), Piece.between(_ZERO, CRITICAL, 1, alone=True, spaces_only=True)),
        h,
    ),
    Phase(
        "single caps",
        f"From there to the smaller of {FEW} and {PACKETS}, d >= 2: one atom of small amplitude on every cap.",
        (Piece.between(CRITICAL, FEW, 3), Piece.between(CRITICAL, PACKETS, 2, alone=True)),
        h,
    ),
    Phase(
        "few full caps",
        f"{FEW} <= gamma <= {PACKETS}, d >= 4: full amplitude on a part of the caps.",
        (Piece.between(FEW, PACKETS, 3),),
        tidy(h**-power * h * cap_mass()),
    ),
    Phase(
        "packets on caps",
        f"gamma >= {PACKETS} (at d = 1 from {CRITICAL} on): packets of full amplitude on every cap.",
        (Piece.above(PACKETS, 2, spaces_only=True), Piece.above(CRITICAL, 1, alone=True, spaces_only=True)),
        h,
    ),
)


def _work() -> Derived:
    steps, optima = [GEOMETRY, WORDS], []
    exponents: dict[str, Expr] = {}
    for phase in PHASES:
        for piece in phase.pieces:
            below, above = piece.lower(), piece.upper(phase.dropped)
            value = piece.said(below.exponent)
            if cancel(below.exponent - above.exponent) != 0:
                raise ArithmeticError(f"{phase.name}: {value} from below, {piece.said(above.exponent)} from above")
            optima += [*below.optima, *above.optima]
            exponents.setdefault(phase.name, value)
            if piece is phase.pieces[0]:
                where = f"{phase.words} With gamma = {piece.gamma}, u >= 0:"
                steps.append(Step(where, (Formula("exponent", Relation.EQUAL, value),)))
                steps += [Step("From below."), *below.steps[-2:], Step("From above."), *above.steps[-2:]]
    first, single, few, last = exponents.values()
    exponent = Piecewise(
        (first, Le(power, CRITICAL, evaluate=False)),
        (last, Ge(power, PACKETS, evaluate=False)),
        (single, Le(power, FEW, evaluate=False)),
        (few, True),
        evaluate=False,
    )
    return Derived(exponent, tuple(steps), exponents, optima=tuple(optima))


DERIVATION = Derivation(
    key="power-weight-minimax",
    title="Every power of the depth as weight, phase by phase, from below and from above",
    side=Side.TIGHT,
    work=_work,
)


# Twice the root of the share of active points times the mean square of their excess, which is of order h.
_TRACE = tidy(sqrt(cap_mass() * (cap_mass() * h**2)))
_TRACE_STEP = Step(
    "The weight of the trace, twice the root of the share of active points times the mean square of their excess.",
    (Formula("weight of the trace at depth h", Relation.ORDER, _TRACE),),
)
TRACE = Derivation(
    key="trace-minimax",
    title="Wave packets under the weight of the trace",
    side=Side.LOWER,
    work=lambda: assouad(packets(power_exponent(_TRACE, h))).after(GEOMETRY, WORDS, _TRACE_STEP),
)
TRACE_UPPER = Derivation(
    key="trace-mse-upper",
    title="Optimized trace-flat minima, from above",
    side=Side.UPPER,
    work=lambda: squared_error(1 / _TRACE, _TRACE_STEP),
)
TRACE_GAP = Derivation(
    key="trace-gap-upper",
    title="Generalization gap of trace-flat minima",
    side=Side.UPPER,
    work=lambda: gap(1 / _TRACE, _TRACE_STEP),
)
