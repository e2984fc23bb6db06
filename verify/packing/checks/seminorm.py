"""Weighted variation norm of the signed atoms, for the canonical, the population and the empirical weight."""

from __future__ import annotations

from collections.abc import Iterator

from sympy import Rational

from boundcalc import cap
from boundcalc.enclosure import enclose
from boundcalc.exact import rational
from boundcalc.statement import Status
from boundcalc.statements.caps import SIGN_CLASS
from boundcalc.symbols import d as D
from verify.outcome import Outcome, Verdict
from verify.packing.artefact import Artefact
from verify.packing.atoms import Number, Target
from verify.packing.atoms.profiles import number
from verify.packing.checks.base import Check
from verify.packing.setting import PackingSetting


def run(setting: PackingSetting, artefact: Artefact) -> Iterator[Outcome]:
    """Canonical and population weight, their ratio, and the sample's own weight; the target's must be in the class."""
    atoms, amplitude = artefact.atoms, artefact.amplitude
    canonical = atoms.seminorm(Target.CANONICAL, artefact.sample)
    population = atoms.seminorm(Target.POPULATION, artefact.sample)
    if canonical is None or population is None:  # only the weight of the sample may be unknown
        return
    yield _in_class(setting, artefact, Target.CANONICAL, canonical)
    yield _in_class(setting, artefact, Target.POPULATION, population)
    limit = number(enclose(cap.weight_limit.expr * rational(canonical.ceiling * amplitude), {D: Rational(setting.d)}))
    scaled = population * amplitude
    holds = scaled.upper < limit.lower
    proved = canonical.proved and population.proved
    yield Outcome(
        NAME,
        SIGN_CLASS.key,
        "population weight against c_inf(d) times the canonical one",
        scaled.interval,
        limit.lower,
        (Verdict.PROVED if proved else Verdict.CONSISTENT) if holds else Verdict.UNDECIDED,
        Status.DERIVED,
        {"log10_bound": limit.log10},
    )
    yield from _sample(setting, artefact)


def _in_class(setting: PackingSetting, artefact: Artefact, target: Target, unit: Number) -> Outcome:
    scaled = unit * artefact.amplitude
    bound = setting.fraction("C")
    fits = scaled.ceiling <= bound
    outside = scaled.floor > bound
    aim = artefact.target is target
    words = "every f_xi is in the class" if fits and aim else "in the class" if fits else "outside the class"
    if not fits and (aim or not outside):
        verdict = Verdict.REFUTED if outside else Verdict.UNDECIDED
    else:
        verdict = Verdict.PROVED if unit.proved else Verdict.CONSISTENT
    exact = target is Target.CANONICAL and unit.proved
    evidence: dict[str, object] = {"log10_measured": scaled.log10}
    evidence |= {"arithmetic": "exact rational"} if exact else {"in_class": fits}
    return Outcome(
        NAME,
        SIGN_CLASS.key,
        f"{target.value} weight: {artefact.atoms.seminorm_words(target)}, {words}",
        scaled.upper if exact else scaled.interval,
        setting.real("C"),
        verdict,
        (Status.PAPER if exact else Status.DERIVED) if unit.proved else Status.NUMERIC,
        evidence,
    )


def _sample(setting: PackingSetting, artefact: Artefact) -> Iterator[Outcome]:
    obstacle = artefact.atoms.obstacle
    if obstacle is not None:
        yield Outcome(
            NAME, SIGN_CLASS.key, "weight of the drawn sample", None, setting.real("C"),
            Verdict.NOT_APPLICABLE, Status.NUMERIC, {"reason": obstacle},
        )  # fmt: skip
        return
    empirical = artefact.empirical_seminorm
    fits = empirical <= setting.real("C") * (1 + 1e-9)
    aim = artefact.target is Target.EMPIRICAL
    words = "every f_xi is in the class" if fits and aim else "in the class" if fits else "outside the class"
    yield Outcome(
        NAME,
        SIGN_CLASS.key,
        f"weight of the drawn sample, {words}",
        empirical,
        setting.real("C"),
        Verdict.REFUTED if aim and not fits else Verdict.CONSISTENT,
        Status.NUMERIC,
        {"arithmetic": "floating point", "in_class": fits},
    )


NAME = "seminorm"
CHECK = Check(NAME, run)
