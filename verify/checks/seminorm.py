"""Weighted variation norm of the signed atoms, for the canonical, the population and the empirical weight."""

from __future__ import annotations

from collections.abc import Iterator

from sympy import Rational

from boundcalc import cap
from boundcalc.enclosure import enclose
from boundcalc.symbols import d as D
from boundcalc.symbols import h as H
from boundcalc.theorem import Status
from boundcalc.theorems.sign_class import AMPLITUDE, N_ATOMS, THEOREM
from verify.artefact import Artefact
from verify.check import Interval, Outcome, Verdict
from verify.checks.base import Check
from verify.setting import PackingSetting


def run(setting: PackingSetting, artefact: Artefact) -> Iterator[Outcome]:
    """A N h^{d+1} exactly; A N g_P(1-h)/h as an enclosure; the sample's own value in floats."""
    packing, amplitude = artefact.packing, artefact.amplitude
    height = Rational(packing.height.numerator, packing.height.denominator)
    exact_amplitude = Rational(amplitude.numerator, amplitude.denominator)
    norm = setting.theory.C
    values = {D: Rational(setting.d), H: height, N_ATOMS: Rational(packing.size), AMPLITUDE: exact_amplitude}
    canonical = THEOREM.bound.expr.subs(values)
    size = enclose(canonical, {})
    yield Outcome(
        NAME,
        THEOREM.key,
        "canonical weight: A N h^(d+1), every f_xi is in the class",
        size.floats[1],
        setting.real("C"),
        Verdict.PROVED if canonical <= norm else Verdict.REFUTED,
        Status.PAPER,
        {"arithmetic": "exact rational", "log10_measured": size.log10[0]},
    )
    place = {D: Rational(setting.d), H: height}
    population = enclose(exact_amplitude * packing.size * cap.atom_seminorm_population.expr, place)
    fits = population.at_most(norm) is True
    yield Outcome(
        NAME,
        THEOREM.key,
        f"population weight: A N g_P(1-h)/h, {'in' if fits else 'outside'} the class",
        Interval(*population.floats),
        setting.real("C"),
        Verdict.PROVED if population.at_most(norm) is not None else Verdict.UNDECIDED,
        Status.DERIVED,
        {"log10_measured": population.log10[0], "in_class": fits},
    )
    limit = enclose(cap.weight_limit.expr * canonical, place)
    yield Outcome(
        NAME,
        THEOREM.key,
        "population weight against c_inf(d) times the canonical one",
        Interval(*population.floats),
        limit.floats[0],
        Verdict.PROVED if population.less_than(limit) else Verdict.UNDECIDED,
        Status.DERIVED,
        {"log10_bound": limit.log10[0]},
    )
    empirical = artefact.network.empirical_seminorm(artefact.X)
    fits = empirical <= setting.real("C")
    yield Outcome(
        NAME,
        THEOREM.key,
        f"weight of the drawn sample, {'in' if fits else 'outside'} the class",
        empirical,
        setting.real("C"),
        Verdict.CONSISTENT,
        Status.NUMERIC,
        {"arithmetic": "floating point", "in_class": fits},
    )


NAME = "seminorm"
CHECK = Check(NAME, run)
