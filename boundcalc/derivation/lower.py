"""Lower bounds: signs on a family of atoms, by Assouad, by Fano, or because no sample sees an atom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sympy import Expr, Integer, Symbol, factor

from boundcalc.derivation.derivation import Derived
from boundcalc.derivation.exponents import decay, exponent_symbol, monomial, tidy
from boundcalc.derivation.formula import Formula, Relation, Step
from boundcalc.derivation.parameters import amplitude
from boundcalc.derivation.program import Constraint, certificate_step, minimise
from boundcalc.positivity import Domain
from boundcalc.symbols import d as D
from boundcalc.symbols import n as N


@dataclass(frozen=True)
class Construction:
    """Signed sums of atoms, orthogonal up to constants, with disjoint caps; orders of magnitude at amplitude 1.

    Attributes
    ----------
    caps : sympy.Expr
        Number of disjoint caps.
    atoms_per_cap : sympy.Expr
    norm_squared : sympy.Expr
        Squared L2 norm of one atom.
    seminorm : sympy.Expr
        Seminorm of a signed sum of all atoms, for the worst signs.
    parameters : tuple of Symbol
        What may be chosen, each in (0, 1], besides the amplitude.
    shape : mapping of str to Expr
        Conditions on the shape: each expression must be of order at most 1.
    budgets : mapping of str to Expr
        Further budgets at amplitude 1 that scale with the amplitude: of order at most 1.
    cap_mass : sympy.Expr or None
        Probability of one cap, where it is needed.
    """

    caps: Expr
    atoms_per_cap: Expr
    norm_squared: Expr
    seminorm: Expr
    parameters: tuple[Symbol, ...]
    shape: Mapping[str, Expr] = field(default_factory=dict)
    budgets: Mapping[str, Expr] = field(default_factory=dict)
    cap_mass: Expr | None = None

    @property
    def atoms(self) -> Expr:
        """Number of atoms."""
        return tidy(self.caps * self.atoms_per_cap)

    @property
    def step(self) -> Step:
        """The data as a step."""
        rows = {
            "caps": self.caps,
            "atoms per cap": self.atoms_per_cap,
            "squared norm of an atom": self.norm_squared,
            "seminorm of a signed sum": self.seminorm,
            **self.budgets,
        }
        return Step(
            "The construction, at amplitude 1, up to constants that depend on d.",
            tuple(Formula(name, Relation.ORDER, tidy(value)) for name, value in rows.items()),
        )


def assouad(construction: Construction, *, domain: Domain | None = None) -> Derived:
    """Assouad's lemma: all signs; flipping one must change the law of the data by O(1) in relative entropy.

    Risk of order (number of atoms) * (squared norm of one) while n * (squared norm of one) is of order at most 1.
    """
    k = construction
    flip = amplitude**2 * k.norm_squared
    rule = Step(
        "Assouad: flipping one sign moves the law of the data by a relative entropy of order n times the atom's "
        "squared norm; while that is of order at most 1, every sign is undecided and costs that squared norm.",
        (
            Formula(tidy(N * flip), Relation.AT_MOST_ORDER, Integer(1)),
            Formula("risk", Relation.ORDER, tidy(k.atoms * flip)),
        ),
    )
    return _lower(k, "one sign stays undecided", N * flip, rule, domain)


def fano(construction: Construction, *, domain: Domain | None = None) -> Derived:
    """Fano's inequality on a Varshamov-Gilbert subset of the signs.

    The subset has log-cardinality of the order of the number of atoms, and pairwise squared distances of the order of
    the squared diameter; the relative entropies n * diameter^2 must not exceed the log-cardinality.
    """
    k = construction
    separation = tidy(amplitude**2 * k.atoms * k.norm_squared)
    rule = Step(
        "Fano on a Varshamov-Gilbert set of signs: log-cardinality of the order of the number of atoms, squared "
        "separation and diameter both of the order of the squared norm of the whole sum.",
        (
            Formula("log cardinality", Relation.ORDER, k.atoms),
            Formula(N * separation, Relation.AT_MOST_ORDER, k.atoms),
            Formula("risk", Relation.ORDER, separation),
        ),
    )
    return _lower(k, "relative entropy at most log cardinality", N * separation / k.atoms, rule, domain)


def unseen(construction: Construction, *, domain: Domain | None = None) -> Derived:
    """Without noise: a constant share of the caps holds no sample while n * (mass of a cap) is of order at most 1.

    Raises
    ------
    ValueError
        If the construction has no cap mass.
    """
    k = construction
    if k.cap_mass is None:
        raise ValueError("construction must have a cap_mass, got None; pass the probability of one cap")
    risk = tidy(amplitude**2 * k.atoms * k.norm_squared)
    rule = Step(
        "Caps that no sample sees: while n times the mass of a cap is of order at most 1, a constant share of the caps "
        "is empty, and there the sign cannot be told even without noise.",
        (Formula(N * k.cap_mass, Relation.AT_MOST_ORDER, Integer(1)), Formula("risk", Relation.ORDER, risk)),
    )
    return _lower(k, "a cap may hold no sample", N * k.cap_mass, rule, domain)


def _lower(k: Construction, name: str, condition: Expr, rule: Step, domain: Domain | None) -> Derived:
    domain = {D: 1} if domain is None else domain
    parameters = (amplitude, *k.parameters)
    at_most_one = {
        name: condition,
        "seminorm within budget": amplitude * k.seminorm,
        **{words: amplitude * value for words, value in k.budgets.items()},
        **k.shape,
        **{f"{p} <= 1": p for p in parameters},
    }
    constraints = [Constraint(words, decay(value, parameters)) for words, value in at_most_one.items()]
    objective = decay(amplitude**2 * k.atoms * k.norm_squared, parameters)
    best = minimise(objective, [exponent_symbol(p) for p in parameters], constraints, domain)
    chosen = {p: factor(best.point[exponent_symbol(p)]) for p in parameters}
    steps = [k.step, rule]
    if k.shape:
        steps.append(
            Step(
                "The shape: " + ", ".join(k.shape) + ".",
                tuple(Formula(v, Relation.AT_MOST_ORDER, Integer(1)) for v in k.shape.values()),
            )
        )
    steps.append(
        Step(
            "The best choice, and the risk there.",
            (
                *(Formula(p, Relation.ORDER, monomial([(N, -x)])) for p, x in chosen.items()),
                Formula("risk", Relation.AT_LEAST_ORDER, monomial([(N, -best.value)])),
            ),
        )
    )
    steps.append(certificate_step(objective, best, maximal=False))
    return Derived(best.value, tuple(steps), parameters=chosen, optima=(best,))
