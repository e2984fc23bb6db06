"""Every kind of atoms and every weight through the packing command, and claims that fail when the atoms are broken."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from fractions import Fraction

import numpy as np
import pytest
from sympy import Integer

from boundcalc.enclosure import enclose
from boundcalc.symbols import d as D
from constructions.data import uniform_ball
from constructions.network import empirical_weight
from constructions.packing import pack
from constructions.ridge import Profile, hat, oscillating
from constructions.stacked import hats
from verify.outcome import Verdict
from verify.packing.__main__ import main
from verify.packing.artefact import build_artefact
from verify.packing.atoms import Atoms, Occupancy
from verify.packing.atoms.hat import HatAtoms, hat_width
from verify.packing.atoms.ridges import depth_monte_carlo, population_seminorm, squared_norm_expr
from verify.packing.checks import CHECKS
from verify.packing.checks.lower_bound import sample_ratios
from verify.packing.setting import AtomKind, PackingSetting, Weight


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Mapping[str, object]]:
    code = main([*arguments, "--json", "-"])
    return code, json.loads(capsys.readouterr().out)


CASES = [
    ("1", "hat", "5000"),
    ("2", "hat", "4000"),
    ("4", "hat", "2000"),
    ("1", "ridge", "500"),
    ("2", "ridge", "500"),
    ("6", "ridge", "800"),
    ("30", "ridge", "300"),
    ("1", "packet", "400"),
    ("1", "cap", "400"),
    ("64", "cap", "1000"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("dim", "kind", "n"), CASES)
def test_every_kind_runs(dim: str, kind: str, n: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, content = run(capsys, "--dim", dim, "--atoms", kind, "--n", n, "--no-scaling")
    outcomes: list[dict[str, object]] = content["outcomes"]  # type: ignore[assignment]
    assert code in (0, 3), [o for o in outcomes if o["verdict"] == "REFUTED"]
    assert {o["check"] for o in outcomes} >= {"atom norms", "seminorm", "sign codes", "flatness", "lower bound"}
    assert all(
        "reason" in o["evidence"] for o in outcomes if o["verdict"] == "not applicable" and o["measured"] is None
    )  # type: ignore[operator]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["cap", "hat", "ridge"])
@pytest.mark.parametrize("weight", ["canonical", "population", "empirical"])
def test_the_seminorm_with_the_chosen_weight_stays_in_the_class(
    kind: str, weight: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """With a small C the largest amplitude is that at which the seminorm is C."""
    code, content = run(
        capsys, "--dim", "3", "--n", "3000", "--norm", "1e-6", "--atoms", kind, "--weight", weight, "--no-scaling"
    )
    assert code in (0, 3)
    row = {"canonical": 0, "population": 1, "empirical": 3}[weight]
    claim = [o for o in content["outcomes"] if o["check"] == "seminorm"][row]  # type: ignore[attr-defined]
    assert "every f_xi is in the class" in claim["claim"]
    upper = claim["measured"] if isinstance(claim["measured"], float) else claim["measured"]["upper"]
    assert upper == pytest.approx(1e-6, rel=1e-6)


def test_the_bound_given_the_sample_lies_below_a_simulated_risk() -> None:
    """Posterior means for one fixed sample: their risk over signs and noise is the Bayes risk, above the bound."""
    setting = PackingSetting.parse(2, 300, weight="empirical", atoms="hat", seed=3)
    artefact = build_artefact(setting, lambda words: None)
    outcome = next(CHECKS["lower bound"](setting, artefact))
    amplitude = float(outcome.evidence["amplitude"])  # type: ignore[arg-type]
    ratios, norms = sample_ratios(artefact)
    rng = np.random.default_rng(0)
    s = amplitude**2 * ratios
    signs = rng.choice([-1.0, 1.0], (4000, len(s)))
    evidence = s * signs + np.sqrt(s) * rng.standard_normal((4000, len(s)))
    risks = amplitude**2 * ((signs - np.tanh(evidence)) ** 2) @ norms
    assert outcome.bound is not None
    assert risks.mean() + 5 * risks.std() / 4000**0.5 >= float(outcome.bound)  # type: ignore[arg-type]
    assert risks.mean() <= 2 * float(outcome.bound)  # type: ignore[arg-type]


PROFILES = [
    hat(Fraction(9, 10), Fraction(1, 20)),
    oscillating(Fraction(1, 2), Fraction(1, 3)),
    Profile((Fraction(1, 2), Fraction(5, 8)), (Fraction(8), Fraction(0))),  # 1 up to the boundary of the ball
]


@pytest.mark.parametrize("d", [1, 2, 7, 40])
@pytest.mark.parametrize("profile", PROFILES)
def test_closed_forms_of_profiles(profile: Profile, d: int) -> None:
    closed = enclose(squared_norm_expr(profile), {D: Integer(d)})
    assert closed.relative_width < 1e-12
    assert profile.squared_norm(d) == pytest.approx(closed.floats[0], rel=1e-11)
    assert closed.floats[0] in depth_monte_carlo(profile, d, np.random.default_rng(1))


def test_population_seminorm_is_that_of_a_large_sample() -> None:
    profile = PROFILES[1]
    X = uniform_ball(400_000, 2, np.random.default_rng(2))
    t = [float(knot) for knot in profile.knots]
    weight = empirical_weight(np.tile([0.6, 0.8], (len(t), 1)), t, X)
    sample = sum(float(abs(c)) * g for c, g in zip(profile.changes, weight, strict=True))
    exact = enclose(population_seminorm(profile, 2), {})
    assert sample == pytest.approx(exact.floats[0], rel=0.02)


def built(kind: str, d: int = 3) -> tuple[PackingSetting, Atoms]:
    setting = PackingSetting.parse(d, 2000, atoms=kind)
    return setting, build_artefact(setting, lambda words: None).atoms


@pytest.mark.parametrize("kind", ["cap", "hat", "ridge"])
def test_empirical_seminorm_is_that_of_the_network(kind: str) -> None:
    _, atoms = built(kind)
    X = uniform_ball(2000, 3, np.random.default_rng(4))
    sample = Occupancy(X, atoms.packing.active(X))
    c = np.random.default_rng(5).standard_normal((atoms.packing.size, atoms.per_cap))
    network = atoms.network(c)
    assert np.allclose(network(X), atoms.evaluate(c, sample), atol=1e-9)
    assert atoms.empirical_seminorm(c, sample) == pytest.approx(network.empirical_seminorm(X), rel=1e-9)


def test_a_hat_that_is_too_high_is_refuted() -> None:
    setting = PackingSetting.parse(2, 3000, atoms="hat")
    artefact = build_artefact(setting, lambda words: None)
    assert isinstance(artefact.atoms, HatAtoms)
    tall = tuple(Profile(p.knots, tuple(2 * slope for slope in p.slopes)) for p in artefact.atoms.ridges.profiles)
    atoms = dataclasses.replace(artefact.atoms)
    object.__setattr__(atoms, "ridges", dataclasses.replace(artefact.atoms.ridges, profiles=tall))
    found = [o.verdict for o in CHECKS["atom norms"](setting, dataclasses.replace(artefact, atoms=atoms))]
    assert found[0] is Verdict.REFUTED


def test_an_amplitude_beyond_the_class_is_refuted_for_its_weight_only() -> None:
    for weight, row in ((Weight.CANONICAL, 0), (Weight.POPULATION, 1), (Weight.EMPIRICAL, 3)):
        setting = PackingSetting.parse(3, 1500, atoms="ridge", weight=weight.value)
        artefact = build_artefact(setting, lambda words: None)
        huge = dataclasses.replace(artefact, amplitude=artefact.amplitude * 10**9)
        verdicts = [o.verdict for o in CHECKS["seminorm"](setting, huge)]
        assert verdicts[row] is Verdict.REFUTED
        assert verdicts.count(Verdict.REFUTED) == 1


def test_neurons_of_empty_caps_may_be_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    setting = PackingSetting.parse(4, 700)
    plain = build_artefact(setting, lambda words: None)
    assert plain.watched is plain.network  # which is decided once, before the limit is lowered
    monkeypatch.setattr("verify.packing.artefact._MANY_PAIRS", 0)
    fewer = build_artefact(setting, lambda words: None)
    assert fewer.watched.width == int((~fewer.empty).sum()) < plain.watched.width
    assert fewer.sharpness.proved
    assert fewer.sharpness.lower <= plain.sharpness.upper
    assert plain.sharpness.lower <= fewer.sharpness.upper


@pytest.mark.slow
@pytest.mark.parametrize(
    ("d", "kind", "expected"),
    [
        (1, "hat", [1 / 2, -1, 0, -1 / 2, -1 / 2]),
        (1, "cap", [0, -1, -2, -1, -1]),
        (2, "hat", [7 / 11, -1, 0, -4 / 11, -4 / 11]),
        (3, "hat", [5 / 7, -1, 0, -2 / 7, -2 / 7]),
        (5, "hat", [4 / 5, -1, 0, -1 / 5, -1 / 5]),
        (3, "cap", [1 / 2, -1, -3 / 2, -1 / 2, -1 / 2]),
        (5, "cap", [2 / 3, -1, -4 / 3, -1 / 3, -1 / 3]),
    ],
)
def test_fitted_exponents(d: int, kind: str, expected: list[float]) -> None:
    setting = PackingSetting.parse(d, 1000, atoms=kind)
    artefact = build_artefact(PackingSetting.parse(d, 100, atoms="cap"), lambda words: None)
    rows = list(CHECKS["scaling"](setting, artefact))
    assert [float(row.bound) for row in rows] == pytest.approx(expected)  # type: ignore[arg-type]
    assert [row.verdict for row in rows] == [Verdict.CONSISTENT] * 5
    assert all("rows in range" in row.claim for row in rows)
    assert all(abs(row.evidence["slope"] - e) < 0.1 for row, e in zip(rows, expected, strict=True))  # type: ignore[operator]


def test_kinds_without_a_study_say_so() -> None:
    setting = PackingSetting.parse(2, 1000, atoms="ridge")
    artefact = build_artefact(setting, lambda words: None)
    (row,) = CHECKS["scaling"](setting, artefact)
    assert row.verdict is Verdict.NOT_APPLICABLE
    assert "sample sizes" in str(row.evidence["reason"])


def test_caps_asks_for_a_lower_height_or_says_what_is_possible() -> None:
    setting = PackingSetting.parse(3, 20, caps="12")
    assert build_artefact(setting, lambda words: None).packing.size >= 12
    with pytest.raises(ValueError, match="caps must be at most"):
        build_artefact(PackingSetting.parse(3, 20, caps="5000"), lambda words: None)


def test_hats_where_theorem_a_says_nothing() -> None:
    artefact = build_artefact(PackingSetting.parse(9, 1000, atoms="hat"), lambda words: None)
    assert "Theorem A says nothing" in artefact.height_reason
    assert artefact.atoms.kind is AtomKind.HAT
    assert artefact.atoms.per_cap >= 2
    assert hat_width(Fraction(1, 10), 3, 1.0, 1.0) == pytest.approx(0.1**2.5, rel=1e-9)
    # Where the formula makes more than 200 slabs, there are 200.
    assert hat_width(Fraction(1, 100), 3, 1.0, 1.0) == Fraction(1, 100) / 400 > 0.01**2.5
    assert len(hats(pack(2, Fraction(1, 10)), hat_width(Fraction(1, 10), 2, 1.0, 1.0)).profiles) >= 2
