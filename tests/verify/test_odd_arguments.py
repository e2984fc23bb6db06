"""What float64 can't hold is refused by every function of verify that takes an array or a number, by the argument's name."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from odd_arrays import ODD_ARRAYS, ODD_NUMBERS

import verify
from boundcalc.cap import cap_mass
from boundcalc.grids import read_array
from constructions import Network
from verify.hessian import gelu_sharpness, sharpness
from verify.shatterability import Scale, rescale
from verify.training import Run

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(7, 2)), np.arange(7) / 7
W, V = RNG.normal(size=(7, 2)), RNG.normal(size=7)
NETWORK = Network(W, V, V)


def network(**changes: object) -> SimpleNamespace:
    """Anything with the attributes of a network, unchecked by constructions."""
    return SimpleNamespace(**{"W": W, "b": V, "v": V, "beta": 0.0, **changes})


def solitary(**changes: object) -> Network:
    """Points of the plane that are all extreme, with labels."""
    turns = np.arange(5) * 2 * np.pi / 5
    points = np.column_stack([np.cos(turns), np.sin(turns)])
    margins = verify.hull_margins(points)
    given = {"X": points, "y": turns, "directions": margins.directions, "margins": margins.lower, "beta": 0.5}
    return verify.solitary_network(**(given | changes))


TAKERS: dict[str, tuple[str, np.ndarray, Callable[[object], object]]] = {
    "sharpness X": ("X", X, lambda a: sharpness(NETWORK, a, Y)),
    "sharpness y": ("y", Y, lambda a: sharpness(NETWORK, X, a)),
    "sharpness W": ("network.W", W, lambda a: sharpness(network(W=a), X, Y)),
    "sharpness b": ("network.b", V, lambda a: sharpness(network(b=a), X, Y)),
    "sharpness v": ("network.v", V, lambda a: sharpness(network(v=a), X, Y)),
    "gelu": ("X", X, lambda a: gelu_sharpness(NETWORK, a, Y, steps=5)),
    "is_flat": ("y", Y, lambda a: verify.is_flat(NETWORK, X, a, 1)),
    "operator": ("X", X, lambda a: verify.HessianOperator(NETWORK, a, Y)),
    "balance": ("X", X, lambda a: verify.flattest_balance(NETWORK, a, Y, max_iterations=1)),
    "run X": ("X", X, lambda a: Run(NETWORK, a, Y, 0.1)),
    "run y": ("y", Y, lambda a: Run(NETWORK, X, a, 0.1)),
    "run truth": ("truth", Y, lambda a: Run(NETWORK, X, Y, 0.1, truth=a)),
    "fit": ("log_n", np.arange(9.0), lambda a: verify.fit_exponent(a, np.arange(9.0))),
    "fit values": ("log_values", np.arange(9.0), lambda a: verify.fit_exponent(np.arange(9.0), a)),
    "hull margins": ("X", X, verify.hull_margins),
    "depth": ("X", X, verify.depth_bracket),
    "labels": ("y", Y, lambda a: verify.solo_sharpness(X, a)),
    "rescale": ("X", X, lambda a: rescale(a, Scale.UNIT_BALL)),
    "directions": ("directions", np.eye(5)[:, :2], lambda a: solitary(directions=a)),
    "margins": ("margins", np.ones(5), lambda a: solitary(margins=a)),
    "rows": ("rows", np.arange(5.0), lambda a: solitary(rows=a)),
}
SINGLE: dict[str, tuple[str, Callable[[object], object]]] = {
    "network": ("network.beta", lambda z: sharpness(network(beta=z), X, Y)),
    "run": ("eta", lambda z: Run(NETWORK, X, Y, z)),
    "decay": ("decay", lambda z: Run(NETWORK, X, Y, 0.1, decay=z)),
    "solo": ("beta", lambda z: verify.solo_sharpness(X, Y, z)),
    "capacity": ("beta", lambda z: verify.solo_capacity(X, Y, 0.1, z)),
    "capacity eta": ("eta", lambda z: verify.solo_capacity(X, Y, z)),
    "solitary": ("beta", lambda z: solitary(beta=z)),
    "share": ("share", lambda z: solitary(share=z)),
    "fit error": ("error", lambda z: verify.fit_exponent(np.arange(9.0), np.arange(9.0), error=z)),
    "fit level": ("level", lambda z: verify.fit_exponent(np.arange(9.0), np.arange(9.0), level=z)),
}


@pytest.mark.parametrize("case", TAKERS)
def test_arrays_that_would_be_changed_are_refused(case: str) -> None:
    name, array, take = TAKERS[case]
    take(array)
    for kind, spoil in ODD_ARRAYS.items():
        if kind == "nothing" and case in ("run truth", "rows"):
            continue  # these may be left out
        with pytest.raises((TypeError, ValueError), match=rf"^{name} must ") as caught:
            take(spoil(array))
        assert len(str(caught.value)) < 300, kind


@pytest.mark.parametrize("case", SINGLE)
def test_numbers_that_would_be_changed_are_refused(case: str) -> None:
    name, take = SINGLE[case]
    for value in ODD_NUMBERS.values():
        with pytest.raises((TypeError, ValueError), match=rf"^{name} must "):
            take(value)


@pytest.mark.parametrize(
    "tensor",
    [
        torch.tensor(X) + 1j,
        (torch.tensor(X) + 1j).conj(),
        torch.tensor(X).to(torch.bfloat16),
        torch.tensor(X).to_sparse(),
        torch.tensor(X) > 0,
        torch.full((7, 2), torch.nan),
        torch.full((7, 2), 2**53 + 1),
    ],
)
def test_tensors_that_would_be_changed_are_refused(tensor: torch.Tensor) -> None:
    for take in (lambda a: sharpness(NETWORK, a, torch.tensor(Y)), lambda a: Run(NETWORK, a, Y, 0.1)):
        with pytest.raises((TypeError, ValueError), match=r"^X must "):
            take(tensor)


def test_an_imaginary_part_never_vanishes_into_a_proof() -> None:
    with pytest.raises(TypeError, match="W must be an array of real numbers, got dtype complex128"):
        Network(W + 5j, V, V)


@pytest.mark.parametrize(
    "able", [[0, 2, 3], np.array([0, 2, 3]), [1, 0, 1, 1, 1, 1, 1], np.ones(6, dtype=bool), "abc", 3]
)
def test_a_list_of_indices_is_no_mask(able: object) -> None:
    with pytest.raises(TypeError, match="able must hold one truth value for each of 7 points"):
        verify.solo_capacity(X, Y, 0.1, able=able)
    assert verify.solo_capacity(X, Y, 0.1, able=np.arange(7) < 3).rows.max() < 3


def test_rows_are_different_indices() -> None:
    for rows in ([0, 0], [5], [-1], [0.5], [[0]]):
        with pytest.raises(ValueError, match="rows must"):
            solitary(rows=rows)
    assert solitary(rows=[1, 3]).width == 2


@pytest.mark.parametrize("kind", [k for k in ODD_ARRAYS if k not in ("large integers", "large integer entry")])
def test_grids_of_the_calculator_refuse_the_same(kind: str) -> None:
    # Integers beyond 2^53 are rounded there: the values of smooth functions at them are floats anyway.
    if kind == "large unsigned integers":
        return
    odd = ODD_ARRAYS[kind](np.array([0.1, 0.2]))
    with pytest.raises((TypeError, ValueError), match=r"^eta "):
        read_array("eta", odd)
    with pytest.raises((TypeError, ValueError), match=r"^h "):
        cap_mass(3, odd)
