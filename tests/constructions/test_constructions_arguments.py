"""What float64 can't hold is refused by every function that takes an array or a number, by the argument's name."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from odd_arrays import ODD_ARRAYS, ODD_NUMBERS

import constructions
from constructions import _arguments as check
from constructions.rounding import decimal_below

RNG = np.random.default_rng(0)
X, Y, U = constructions.uniform_ball(6, 2, RNG), np.arange(6) / 7, constructions.sphere(6, 2, RNG)
NETWORK = constructions.Network(X, Y, Y)
PACKING = constructions.pack(2, Fraction(1, 8))
RIDGES = constructions.hats(PACKING, Fraction(1, 16))
TAKERS: dict[str, tuple[np.ndarray, Callable[[object], object]]] = {
    "W": (X, lambda a: constructions.Network(a, Y, Y)),
    "b": (Y, lambda a: constructions.Network(X, a, Y)),
    "v": (Y, lambda a: constructions.Network(X, Y, a)),
    "u": (U, lambda a: constructions.Network.from_ridges(a, Y, Y)),
    "centres": (U, lambda a: constructions.Network.from_atoms(a, Fraction(1, 8), Y)),
    "amplitudes": (Y, lambda a: constructions.Network.from_atoms(U, Fraction(1, 8), a)),
    "c": (Y + 1, NETWORK.rescale),
    "X": (X, NETWORK),
    "t": (Y, lambda a: constructions.empirical_weight(U, a, X)),
    "points": (U, constructions.max_inner_product),
    "y": (Y, lambda a: constructions.sphere_interpolator(U, a)),
    "f_values": (Y, lambda a: constructions.labels(a, 1.0, RNG)),
    "words": (np.ones((3, 4)), constructions.distances),
    "signs": (np.ones(PACKING.size), lambda a: PACKING.evaluate(X, a)),
    "coefficients": (np.ones((RIDGES.packing.size, RIDGES.per_cap)), lambda a: RIDGES.evaluate(X, a)),
    "vectors": (np.eye(3), lambda a: constructions.SphericalCode.from_integers(a, "test")),
}
SINGLE: dict[str, Callable[[object], object]] = {
    "beta": lambda z: constructions.Network(X, Y, Y, z),
    "noise": lambda z: constructions.labels(Y, z, RNG),
    "inner": lambda z: constructions.annulus(3, 2, z, RNG),
    "alpha": lambda z: constructions.radial_alpha(3, 2, z, RNG),
    "bound": lambda z: constructions.invisible_pair(PACKING, X, z),
    "sigma": lambda z: constructions.theorem_a(3, 10, z),
    "scale": lambda z: constructions.packet_field(PACKING, z),
    "tilt": lambda z: constructions.CapRidges(PACKING, RIDGES.profiles, z),
}


@pytest.mark.parametrize("name", TAKERS)
def test_arrays_that_would_be_changed_are_refused(name: str) -> None:
    array, take = TAKERS[name]
    take(array)
    for kind, spoil in ODD_ARRAYS.items():
        with pytest.raises((TypeError, ValueError), match=rf"^{name} must ") as caught:
            take(spoil(array))
        assert len(str(caught.value)) < 300, kind


@pytest.mark.parametrize("name", SINGLE)
def test_numbers_that_would_be_changed_are_refused(name: str) -> None:
    for value in ODD_NUMBERS.values():
        with pytest.raises((TypeError, ValueError), match=rf"^{name} must "):
            SINGLE[name](value)


def test_what_float64_holds_is_taken_as_it_is() -> None:
    for value in ([1, 2], (1.5, 2), range(2), np.arange(2, dtype=np.int8), np.float32([0.1, 0.2]), [2**60, 2**53]):
        array = check.array("x", value, (2,))
        assert array.dtype == np.float64
        assert all(Fraction(a) == Fraction(v) for a, v in zip(array.tolist(), np.asarray(value).tolist(), strict=True))
    assert check.array("x", np.ma.array([1.0, 2.0]), (2,)).tolist() == [1, 2]  # nothing is masked
    same = np.arange(3.0)
    assert check.array("x", same, (3,)) is same


@pytest.mark.parametrize(
    "vectors", [[[0.5, 1.0]], [[2**26, 0]], [[2**31, 2**31], [1, 0]], [[-(2**63), 0], [1, 0]], [[2**32, 0], [2**32, 1]]]
)
def test_integer_vectors_are_integers_whose_squares_are_exact(vectors: list[list[float]]) -> None:
    with pytest.raises(ValueError, match="vectors must"):
        constructions.SphericalCode.from_integers(vectors, "test")
    with pytest.raises(ValueError, match="exact must"):
        constructions.SphericalCode(np.eye(2), "test", np.array(vectors))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((2, 10**30, 1.0, 1e300), "n must be smaller for stacked hats at d = 2, sigma = 1, B = 1e"),
        ((2, 10**30, 1.0, 1e-300), "n must be larger for stacked hats at d = 2"),
        ((1, 10**30, 1e300, 1e-300, 1e-300), "n must be larger for stacked hats at d = 1: h = exp"),
        ((1000, 10**30, 1.0, 1e300), "n must be smaller"),
        ((2, 10**4000), "n must be smaller for stacked hats at d = 2"),
        ((2**60 + 1, 100), "d must be a number that float64 can hold"),
        ((10**400, 100), "d must be finite"),
    ],
)
def test_theorem_a_refuses_scales_beyond_floats_at_once(arguments, words):
    with pytest.raises(ValueError, match=words):
        constructions.theorem_a(*arguments)


@pytest.mark.parametrize("value", [0, -1, 0.0, -1e-300])
def test_only_positive_numbers_have_a_decimal_below(value):
    with pytest.raises(ValueError, match="value must be positive"):
        decimal_below(value)
