"""Each check sees a claim fail when the artefact is broken: no verdict is a constant."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pkgutil
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from boundcalc import cap
from constructions.data import uniform_ball
from constructions.hypercube import SignCode
from constructions.packing import Packing, pack
from verify.command import random_stream
from verify.hessian import sharpness
from verify.hessian.balance import flattest_balance
from verify.outcome import Interval, Verdict
from verify.packing import checks
from verify.packing.artefact import STREAMS, Artefact, build_artefact
from verify.packing.atoms import Occupancy
from verify.packing.atoms.cap import CapAtoms, drawn_norm
from verify.packing.checks import CHECKS
from verify.packing.checks.norms import bernstein
from verify.packing.setting import PackingSetting

SETTING = PackingSetting.parse(3, 1500, eta="0.3", seed=4)


@pytest.fixture(scope="module")
def artefact() -> Artefact:
    return build_artefact(SETTING, lambda words: None)


def verdicts(name: str, setting: PackingSetting, built: Artefact) -> list[Verdict]:
    return [outcome.verdict for outcome in CHECKS[name](setting, built)]


@pytest.mark.parametrize("name", [name for name in CHECKS if name != "scaling"])
def test_nothing_is_refuted_on_a_sound_artefact(name: str, artefact: Artefact) -> None:
    found = list(CHECKS[name](SETTING, artefact))
    assert {outcome.check for outcome in found} == {name}
    assert Verdict.REFUTED not in [outcome.verdict for outcome in found]


def test_every_check_is_registered() -> None:
    found = set()
    for module in pkgutil.iter_modules(checks.__path__):
        members = vars(importlib.import_module(f"{checks.__name__}.{module.name}")).items()
        functions = [f for name, f in members if inspect.isfunction(f) and not name.startswith("_")]
        found |= {f for f in functions if list(inspect.signature(f).parameters) == ["setting", "artefact"]}
    assert found == set(CHECKS.values())


def changed(artefact: Artefact, **fields: Any) -> Artefact:
    return dataclasses.replace(artefact, **fields)


def test_a_wrong_certificate_is_refuted(artefact: Artefact) -> None:
    bound = dataclasses.replace(artefact.packing.certificate.bound, lower=Fraction(1), upper=Fraction(1))
    certificate = dataclasses.replace(artefact.packing.certificate, bound=bound)
    packing = dataclasses.replace(artefact.packing)
    object.__setattr__(packing, "certificate", certificate)
    assert verdicts("disjoint caps", SETTING, changed(artefact, atoms=CapAtoms(packing)))[0] is Verdict.REFUTED


def test_a_small_packing_is_undecided_against_the_guarantee(artefact: Artefact) -> None:
    packing = Packing(artefact.packing.code.truncated(3), artefact.packing.height)
    found = verdicts("disjoint caps", SETTING, changed(artefact, atoms=CapAtoms(packing)))
    assert found[1] is Verdict.UNDECIDED


def test_an_amplitude_beyond_the_class_is_refuted(artefact: Artefact) -> None:
    huge = artefact.amplitude * 10**30
    assert verdicts("seminorm", SETTING, changed(artefact, amplitude=huge))[0] is Verdict.REFUTED


def test_words_too_near_are_refuted(artefact: Artefact) -> None:
    words = artefact.words.words.copy()
    words[1] = words[0]
    words[1, 0] = -words[1, 0]
    near = SignCode(words, 1)
    assert verdicts("sign codes", SETTING, changed(artefact, words=near))[0] is Verdict.REFUTED


def test_data_that_are_not_uniform_are_refuted(artefact: Artefact) -> None:
    inner = uniform_ball(SETTING.n, 3, np.random.default_rng(0)) * 0.5
    active = artefact.packing.active(inner)
    assert (active < 0).all()
    found = verdicts("emptiness", SETTING, changed(artefact, sample=Occupancy(inner, active)))
    assert found[0] is Verdict.REFUTED


def test_a_wrong_closed_form_is_refuted(artefact: Artefact, monkeypatch: pytest.MonkeyPatch) -> None:
    right = cap.atom_norm_squared
    wrong = dataclasses.replace(right, formula=lambda: right.expr * 2)
    monkeypatch.setattr(cap, "atom_norm_squared", wrong)
    found = verdicts("atom norms", SETTING, artefact)
    assert found[1] is Verdict.REFUTED
    assert found[2] is Verdict.REFUTED


def test_a_network_seen_by_data_is_not_flat_by_prop_i2(artefact: Artefact) -> None:
    pretended = changed(artefact)
    pretended.__dict__["counts"] = np.zeros_like(artefact.counts)
    first = next(CHECKS["flatness"](SETTING, pretended))
    assert first.verdict is Verdict.UNDECIDED


def test_no_empty_cap_is_not_applicable(artefact: Artefact) -> None:
    full = changed(artefact)
    full.__dict__["counts"] = np.ones_like(artefact.counts)
    assert next(CHECKS["flatness"](SETTING, full)).verdict is Verdict.NOT_APPLICABLE


def test_a_false_stability_bound_is_refuted(artefact: Artefact) -> None:
    sound = artefact.sharpness
    lying = changed(artefact)
    lying.__dict__["sharpness"] = dataclasses.replace(sound, lower=-1e3, upper=-1e3)
    assert set(verdicts("stability bound", SETTING, lying)) == {Verdict.REFUTED}


def test_monte_carlo_interval_covers_and_is_narrow() -> None:
    for d, height in ((2, Fraction(1, 10)), (30, Fraction(1, 100)), (300, Fraction(1, 10**6))):
        interval = drawn_norm(d, height, np.random.default_rng(5))
        exact = cap.atom_norm_squared.log(d, float(height))
        if float(exact.log) < -700:
            continue
        value = float(np.exp(exact.log))
        assert value in interval
        assert interval.upper - interval.lower < 0.1 * value


def test_bernstein_covers_the_mean() -> None:
    rng = np.random.default_rng(1)
    misses = 0
    for _ in range(200):
        interval = bernstein((rng.random(400) < 0.01).astype(float), 1.0)
        misses += 0.01 not in interval
    assert misses == 0


def test_lower_bound_peaks_inside_the_amplitudes(artefact: Artefact) -> None:
    """With little noise the largest amplitude is not the best one."""
    quiet = PackingSetting.parse(3, 1500, sigma="0.01", seed=4)
    outcome = next(CHECKS["lower bound"](quiet, artefact))
    assert outcome.evidence["amplitude"] < float(artefact.amplitude)  # type: ignore[operator]
    assert outcome.verdict is Verdict.PROVED


def test_the_two_point_bound_is_below_a_simulated_bayes_risk() -> None:
    """Exact posterior means on simulated data: their risk must lie above the bound."""
    setting = PackingSetting.parse(2, 300, seed=1)
    packing = pack(2, Fraction(1, 20))
    outcome = next(
        CHECKS["lower bound"](
            setting, dataclasses.replace(build_artefact(setting, lambda w: None), atoms=CapAtoms(packing))
        )
    )
    amplitude = float(outcome.evidence["amplitude"])  # type: ignore[arg-type]
    rng = random_stream(STREAMS, 1, "monte carlo")
    norm = float(cap.atom_norm_squared(2, 0.05))
    errors = []
    for _ in range(200):
        X = uniform_ball(300, 2, rng)
        signs = rng.choice([-1.0, 1.0], packing.size)
        y = amplitude * packing.evaluate(X, signs) + rng.standard_normal(300)
        which = packing.active(X)
        heights = amplitude * np.abs(packing.evaluate(X, np.ones(packing.size)))
        evidence = np.bincount(which[which >= 0], weights=(heights * y)[which >= 0], minlength=packing.size)
        errors.append(float(((signs - np.tanh(evidence)) ** 2).sum()) * amplitude**2 * norm)
    risk, error = float(np.mean(errors)), float(np.std(errors)) / np.sqrt(len(errors))
    assert isinstance(outcome.bound, Interval)
    assert risk + 5 * error >= outcome.bound.upper
    assert risk <= 1.5 * outcome.bound.lower


def test_balances_keep_the_function_and_flatten(artefact: Artefact) -> None:
    rng = np.random.default_rng(2)
    X = uniform_ball(200, 3, rng)
    network = artefact.network.rescale(np.exp(rng.standard_normal(artefact.network.width)))
    y = rng.standard_normal(200)
    found = flattest_balance(network, X, y)
    assert np.allclose(found.network(X), network(X), rtol=0, atol=1e-12)
    assert found.sharpness.upper <= sharpness(network, X, y).upper


def test_streams_are_independent_and_seeded() -> None:
    one, again = random_stream(STREAMS, 3, "data").random(4), random_stream(STREAMS, 3, "data").random(4)
    assert np.array_equal(one, again)
    assert not np.array_equal(one, random_stream(STREAMS, 3, "noise").random(4))
