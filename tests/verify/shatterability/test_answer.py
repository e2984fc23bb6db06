"""What a user reads: two scalings side by side, a paragraph, words of the trade, the figure."""

from __future__ import annotations

import json

import matplotlib.pyplot as plt
import numpy as np
import pytest

from constructions.data import uniform_ball
from verify.shatterability.__main__ import main
from verify.shatterability.decay import decay_path, halving_decay
from verify.shatterability.figure import shatterability_figure
from verify.shatterability.job import Protection, largest_capacity, shatterability
from verify.shatterability.plainly import GLOSSARY, difference, paragraph
from verify.shatterability.render import numbers, text
from verify.shatterability.solitary import solitary_network
from verify.shatterability.trace_edge import network_trace, solitary_trace, trace_capacity


@pytest.fixture(scope="module")
def wine(tmp_path_factory):
    from sklearn.datasets import load_wine

    X, y = load_wine(return_X_y=True)
    path = tmp_path_factory.mktemp("wine") / "wine.csv"
    np.savetxt(path, np.column_stack([X, y]), delimiter=",", header=",".join([*"abcdefghijklm", "y"]), comments="")
    return str(path), X, y


def test_both_questions_are_answered_side_by_side(wine, capsys):
    path, X, y = wine
    assert main([path, "--json", "-"]) == 0
    content = json.loads(capsys.readouterr().out)
    assert content["verdict"]["protection"] == "protected"
    assert list(content["beside"]) == ["normalised"]
    normalised = content["beside"]["normalised"]
    assert normalised["verdict"]["protection"] == "not protected"
    alone = shatterability(X, y, 0.5, features="unit-ball", labels="unit")
    values = {row["name"]: row["value"] for row in normalised["numbers"]}
    assert values["lambda* lower"] == alone.edge.lower
    assert normalised["verdict"]["eta_protects_above"] == pytest.approx(2 / alone.edge.lower)
    # Asked for the normalised question, the other is about the data as given.
    assert main([path, "--features", "unit-ball", "--labels", "unit"]) == 0
    said = capsys.readouterr().out
    assert (
        "The answers differ because lambda_max depends on the scales of features and labels: norms reach 1.68e+03"
        in said
    )
    assert said.index("Normalised: Flatness at eta = 0.5 does not keep") > said.index(
        "As given: Flatness at eta = 0.5 keeps"
    )
    assert "note (as given): norms of the points reach 1684, far from 1" in said
    used = said[said.index("\nwords\n") :]
    assert all(f"  {word}: " in used for word in ("extreme", "depth", "margin", "solitary", "edge"))


def test_the_normalised_answer_does_not_depend_on_units():
    rng = np.random.default_rng(0)
    X, y = uniform_ball(20, 2, rng), rng.choice([-1.0, 1.0], 20)
    one = shatterability(X, y, 0.5, features="unit-ball", labels="unit")
    other = shatterability(8.0 * X + 2.0, 1e6 * y + 3e6, 0.5, features="unit-ball", labels="unit")
    assert one.verdict == other.verdict
    assert paragraph(one) == paragraph(other)
    assert one.trace.upper == pytest.approx(other.trace.upper, rel=5e-3)


@pytest.fixture(scope="module")
def plane():
    rng = np.random.default_rng(1)
    return uniform_ball(30, 2, rng), rng.choice([-1.0, 1.0], 30)


def test_the_paragraph_says_what_the_numbers_say(plane):
    X, y = plane
    edge = shatterability(X, y, 0.5).edge
    below = shatterability(X, y, 0.9 * edge.eta_ok)
    said = paragraph(below)
    assert said.startswith(f"Flatness at eta = {below.eta:g} does not keep a network from memorising these labels")
    assert f"{edge.eta_max:.2g}"[:4] in said
    assert "weight decay of about" in said
    assert "The verdict is certain: proved, rounding included." in said
    # Between the edges of SGD and of gradient descent the trace decides.
    assert below.trace.eta_max < below.eta
    assert "SGD of batch size 1 is stable at no such network" in said
    above = paragraph(shatterability(X, y, 1.1 * edge.eta_max))
    assert "keeps every network from fitting all these labels" in above
    assert "with at most one neuron each" in above
    twice = paragraph(shatterability(np.vstack([X[:3], X[:1]]), np.array([1.0, -1, 1, -1]), 0.5))
    assert twice.startswith("No network memorises these labels, flat or not")


def test_an_open_question_is_called_open():
    rng = np.random.default_rng(2)
    X, y = uniform_ball(40, 5, rng), rng.standard_normal(40)
    edge = shatterability(X, y, 0.5, most_nodes=2000).edge
    found = shatterability(X, y, (edge.eta_ok + edge.eta_max) / 2, most_nodes=2000)
    assert found.protection is Protection.UNDECIDED
    assert "is open: it does not below" in paragraph(found)


def test_every_word_of_the_trade_in_the_numbers_is_explained(plane):
    found = shatterability(*plane, 0.5)
    said = text({"as given": found}, "t")
    for name, *_ in numbers(found):
        for word in GLOSSARY:
            if word in name:
                assert f"  {word}: {GLOSSARY[word]}" in said
    assert "question" not in difference(found, found).split("since")[1]


def test_what_can_be_memorised_under_the_trace_is_built_and_never_more_than_under_the_sharpness():
    rng = np.random.default_rng(3)
    X = rng.standard_normal((25, 12))
    X /= np.linalg.norm(X, axis=1)[:, None]
    y = np.where(np.arange(25) < 9, 1.0, rng.uniform(-1, 0.5, 25))
    found = shatterability(X, y, 0.5)
    able = found.margins.extreme
    etas = np.geomspace(0.05, 2.0, 30)
    counts = trace_capacity(X, y, etas, able)
    assert (np.diff(counts) <= 0).all()
    _, beta = solitary_trace(X, y)
    costs = np.abs(y - beta) * np.hypot(1.0, np.linalg.norm(X, axis=1))
    for eta, count in zip(etas, counts, strict=True):
        assert count <= len(largest_capacity(X, y, eta, found.solo.beta, able).rows)
        rows = np.argsort(costs, kind="stable")[:count]
        network = solitary_network(X, y, found.margins.directions, found.margins.lower, beta, rows)
        assert np.abs(network(X) - y)[rows].max(initial=0.0) < 1e-12
        assert network_trace(network, X)[0] <= 2 / eta * (1 + 1e-12)


def test_half_of_the_variance_is_fitted_near_the_decay_named(plane):
    X, y = plane
    decay = halving_decay(X, y)
    shares = [point.memorised for point in decay_path(X, y, [2 * decay, decay / 2], most_columns=0)]
    assert shares[0] < 0.5 < shares[1]
    assert halving_decay(1e4 * X, 1e4 * y) is not None
    assert halving_decay(X, np.ones(30)) is None


def test_the_figure_has_a_panel_for_each_scaling(plane):
    X, y = plane
    questions = {
        "normalised": shatterability(X, y, 0.5, features="unit-ball", labels="unit"),
        "as given": shatterability(X, y, 0.5),
    }
    figure = shatterability_figure(questions)
    titles = [axes.get_title() for axes in figure.axes]
    assert titles[:2] == ["memorisable, normalised", "memorisable, as given"]
    steps = [line.get_ydata() for line in figure.axes[0].lines[:2]]
    assert (steps[0] >= steps[1]).all()
    plt.close(figure)
