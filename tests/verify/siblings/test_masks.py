"""Interlacing of masked networks: it stands at two seeds, falls when wrong, and the parts agree with a dense Hessian."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from sympy import Rational

from boundcalc.statements.networks import MASKED_SHARPNESS, WHOLE_SHARPNESS
from tests.verify.siblings.broken import bent, refuted, scaled
from verify.outcome import Interval, Verdict
from verify.siblings import masks
from verify.siblings.masks import _PROOF, SIBLING, Masks, _Digits


@pytest.fixture(scope="module", params=[0, pytest.param(1, marks=pytest.mark.slow)])
def found(request: pytest.FixtureRequest) -> Masks:
    return SIBLING.measure(request.param)


def test_every_claim_stands(found: Masks) -> None:
    outcomes = SIBLING.outcomes(found, SIBLING.statements)
    proved = [o.claim for o in outcomes if o.verdict is Verdict.PROVED]
    assert [("first-layer" in claim, "second-layer" in claim) for claim in proved] == [(True, False), (False, True)]
    assert [o.verdict for o in outcomes].count(Verdict.CONSISTENT) == 7 == len(outcomes) - 2


def test_what_is_wrong_is_refuted(found: Masks) -> None:
    """By the mask that keeps the top eigenvector."""
    for wrong in (
        scaled(MASKED_SHARPNESS, "sharpness", Rational(19, 20)),
        bent(MASKED_SHARPNESS, "sharpness", WHOLE_SHARPNESS, Rational(9, 10)),
    ):
        assert "sharpest mask" in [o.claim.split(", ")[1] for o in refuted(SIBLING, found, wrong)]


def test_overlapping_enclosures_decide_nothing(found: Masks) -> None:
    one = found.masked[0]
    wide = replace(one, sharpness=Interval(one.sharpness.lower, one.whole.upper, "wide"))
    assert SIBLING.outcomes(replace(found, masked=(wide,)), SIBLING.statements)[0].verdict is Verdict.UNDECIDED


def test_measured_by_mask(found: Masks) -> None:
    facts = SIBLING.facts(found)
    for name in ("random", "magnitude", "distilled"):
        assert facts[f"loss, {name}"] < 0.5  # of ten classes: 2.3 before training
        assert facts[f"barrier, {name}"] >= 0


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> _Digits:
    monkeypatch.setattr(masks, "_HIDDEN", 3)
    monkeypatch.setattr(masks, "_IMAGES", 150)
    return _Digits()


def test_enclosures_hold_a_dense_hessian(tiny: _Digits) -> None:
    rng = np.random.default_rng(0)
    theta = tiny.drawn(rng)
    hessian = torch.autograd.functional.hessian(lambda t: tiny.loss(t, tiny.X, tiny.y), theta).numpy()
    whole, vector = tiny.layers(theta, _PROOF)
    value = float(np.linalg.eigvalsh(hessian)[-1])
    assert whole.lower <= value * (1 + 1e-9)
    assert value <= whole.upper * (1 + 1e-9)
    assert np.linalg.norm(hessian @ vector.numpy() - value * vector.numpy()) < 1e-2 * value
    mask = tiny.largest(theta, 0.3)
    part = float(np.linalg.eigvalsh(hessian[np.ix_(mask, mask)])[-1])
    masked = tiny.masked(theta, mask)
    assert masked.lower * (1 - 1e-9) <= part <= masked.upper * (1 + 1e-9)
    layer = tiny.layers(theta, _PROOF, "2")[0]
    last = float(np.linalg.eigvalsh(hessian[-40:, -40:])[-1])  # V (10, 3) and beta (10,)
    assert layer.lower * (1 - 1e-9) <= last <= layer.upper * (1 + 1e-9)


def test_masks_keep_their_share_and_training_keeps_to_them(tiny: _Digits) -> None:
    rng = np.random.default_rng(1)
    theta = tiny.drawn(rng)
    mask = tiny.largest(theta, 0.2)
    weights = int(tiny.is_weight.sum())
    assert int(mask.sum()) == round(0.2 * weights) + 3 + 10
    assert theta[mask & tiny.is_weight].abs().min() >= theta[~mask].abs().max()
    trained = tiny.trained(theta, mask, tiny.X, tiny.y, rng, (0.5, 20, 5))
    assert (trained[~mask] == 0).all()
    assert tiny.loss(trained, tiny.X, tiny.y) < tiny.loss(theta * mask, tiny.X, tiny.y)


def test_distilled_images_have_gradients_nearer_to_the_data(tiny: _Digits) -> None:
    """Than the images that they started from, at parameters that the matching never saw."""
    images, labels = tiny.distilled(np.random.default_rng(2))
    first = torch.cat([torch.nonzero(tiny.y == label)[:5, 0] for label in range(10)])

    def gradient(X: torch.Tensor, y: torch.Tensor, seed: int) -> torch.Tensor:
        theta = tiny.drawn(np.random.default_rng(seed)).requires_grad_()
        return torch.autograd.grad(tiny.loss(theta, X, y), theta)[0]

    def mean(X: torch.Tensor) -> float:
        apart = [(gradient(X, labels, seed) - gradient(tiny.X, tiny.y, seed)).norm() for seed in range(100, 140)]
        return float(torch.stack(apart).mean())

    assert mean(images) < mean(tiny.X[first])
