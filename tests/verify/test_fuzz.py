"""Odd values for every argument of every public function: what is not understood is refused by the argument's name.

A call gives a result or raises TypeError, ValueError or OverflowError whose message names an argument; nothing else. Values
are drawn by a seed from what people have passed by mistake: text, truth values, NaN, infinities, dates, containers, numbers
of any size and of any library.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy
from odd_arrays import ODD_ARRAYS, ODD_NUMBERS

import boundcalc
import constructions
import verify
from boundcalc import cap
from boundcalc.shown import Shown
from constructions import cap_ridges, ridge, stacked
from verify.hessian import gelu_sharpness, sharpness
from verify.outcome import Interval, Relation, Report, judge
from verify.rates.setting import RateSetting, rate_sweep
from verify.shatterability import Scale, rescale, shatterability
from verify.training import Activation, Init, Run

RNG = np.random.default_rng(0)
CASES = 24_000
X, Y, U = constructions.uniform_ball(6, 2, RNG), np.arange(6) / 7, constructions.sphere(6, 2, RNG)
NET = constructions.Network(X, Y, Y)
PACKING = constructions.pack(2, Fraction(1, 8))
CODE = PACKING.code
HESSIAN = verify.HessianOperator(NET, X, Y)
SWEEP = rate_sweep(RateSetting.parse([1], [8, 16], seeds=2, steps=100, fresh=50))


class Mute:
    """Something that fails at whatever it is asked."""

    def __array__(self, *_: object, **__: object) -> Any:
        raise RuntimeError("no array")

    def __float__(self) -> float:
        raise RuntimeError("no number")

    def __repr__(self) -> str:
        return "Mute()"


ODD: list[object] = [
    None, "", " ", "x", "1", "-1", "0.5", "1/2", "1/0", "nan", "inf", "1e400", "-1e400", "1e999999999", "1" * 5000, "٣", "½",
    "0x10", "1_0",
    "2**5", b"1", bytearray(b"1"), True, False, np.True_, 0, -1, 1, 2, 3, 2**53 + 1, 2**63, 2**64, -(2**63), 10**30,
    10**400, 0.0, -0.0, 0.5, -0.5, 1.0, 1.5, 1e-320, 1e-300, 1e300, 1.7e308, float("nan"), float("inf"), -float("inf"), 1j,
    1 + 0j, np.int8(7), np.int64(-3), np.uint64(2**64 - 1), np.float16(0.1), np.float32(0.3), np.float64("nan"),
    np.longdouble("0.1"),
    np.complex128(1), np.datetime64("2020"), np.timedelta64(1, "s"), np.str_("1"), np.array(0.5), np.array([0.5]), np.array([]),
    np.array([[1.0, 2.0]]), np.array(["1"]), np.array([None]), np.ma.array([1.0], mask=[True]), np.zeros((0, 2)),
    np.zeros((2, 0)),
    Fraction(1, 3), Fraction(-1, 3), Fraction(0), Fraction(np.int32(123456789), np.int32(1000000007)), Fraction(10**400, 3),
    Decimal("0.1"), Decimal("NaN"), sympy.Rational(1, 3), sympy.pi, sympy.oo, sympy.nan, sympy.Symbol("x"), sympy.Float(0.1),
    [], [1], [0.5, 0.25], [True], ["1"], [None], [[1, 2], [3]], [float("nan")], (), (1, 2), {}, {1: 2}, set(), {0.5}, range(3),
    iter([1]), object(), type, int, len, lambda: 1, Mute(), Ellipsis, NotImplemented, slice(1), np.random.default_rng(0),
    np.random.RandomState(0), NET, X, Y, *ODD_NUMBERS.values(), *(spoil(Y) for spoil in ODD_ARRAYS.values()),
    *(spoil(X) for spoil in ODD_ARRAYS.values()),
]  # fmt: skip

# Functions with arguments that they take; odd values replace one, or two, of them.
CALLS: dict[str, tuple[Callable[..., object], dict[str, object]]] = {
    "rate": (boundcalc.rate, {"d": 3, "n": 100, "quantity": "mse", "eta": "0.1", "sigma": 1, "B": 1, "C": 1, "M": 1}),
    "packing_number": (boundcalc.packing_number, {"d": 2, "angle": 60}),
    "packing_number, cosine": (boundcalc.packing_number, {"d": 2, "cosine": "0.3"}),
    "theorem": (boundcalc.theorem, {"key": "gap-upper"}),
    "derive": (boundcalc.derive, {"key": "gap-upper"}),
    "setting": (boundcalc.Setting.parse, {"d": 1, "n": 2, "eta": 1, "sigma": 1, "B": 1, "C": 1, "M": 1, "R": 1, "delta": "0.1"}),
    "Network": (constructions.Network, {"W": X, "b": Y, "v": Y, "beta": 0.0}),
    "network at": (NET, {"X": X}),
    "rescale": (NET.rescale, {"c": Y + 1}),
    "from_ridges": (constructions.Network.from_ridges, {"u": U, "t": Y, "a": Y}),
    "seminorm": (NET.empirical_seminorm, {"X": X}),
    "empirical_weight": (constructions.empirical_weight, {"u": U, "t": Y, "X": X}),
    "max_inner_product": (constructions.max_inner_product, {"points": U}),
    "nearest": (constructions.nearest_inner_products, {"X": U}),
    "labels": (constructions.labels, {"f_values": Y, "noise": 0.1, "rng": RNG}),
    "sphere": (constructions.sphere, {"n": 3, "d": 2, "rng": RNG}),
    "uniform_ball": (constructions.uniform_ball, {"n": 3, "d": 2, "rng": RNG}),
    "radial_alpha": (constructions.radial_alpha, {"n": 3, "d": 2, "alpha": 0.5, "rng": RNG}),
    "annulus": (constructions.annulus, {"n": 3, "d": 2, "inner": 0.5, "rng": RNG}),
    "subspace_mixture": (constructions.subspace_mixture, {"n": 3, "d": 3, "m": 2, "J": 2, "rng": RNG}),
    "varshamov_gilbert": (constructions.varshamov_gilbert, {"length": 12, "size": 3, "min_distance": 2, "seed": 0}),
    "distances": (constructions.distances, {"words": np.ones((2, 3))}),
    "separation_limit": (constructions.separation_limit, {"height": Fraction(1, 8)}),
    "largest_height": (constructions.largest_height, {"cosine": Fraction(1, 8)}),
    "size_bound": (constructions.size_bound, {"d": 3, "cosine": Fraction(1, 2)}),
    "hat": (constructions.hat, {"centre": Fraction(1, 2), "width": Fraction(1, 8)}),
    "oscillating": (constructions.oscillating, {"centre": Fraction(1, 2), "width": Fraction(1, 8)}),
    "Profile": (constructions.Profile, {"knots": (Fraction(1, 2),), "slopes": (Fraction(2),)}),
    "ridge product": (ridge.ridge_inner_product, {"first": ridge.hat(Fraction(1, 2), Fraction(1, 8)),
                                                  "second": ridge.hat(Fraction(1, 2), Fraction(1, 8)), "d": 3}),
    "hats": (constructions.hats, {"packing": PACKING, "width": Fraction(1, 16)}),
    "CompactPacket": (constructions.CompactPacket, {"dim": 2}),
    "Packing": (constructions.Packing, {"code": CODE, "height": Fraction(1, 8)}),
    "evaluate": (PACKING.evaluate, {"X": X, "signs": np.ones(PACKING.size)}),
    "from_integers": (constructions.SphericalCode.from_integers, {"vectors": np.eye(2), "family": "test"}),
    "polygon": (constructions.best_code, {"d": 2, "angle": 60}),
    "from_atoms": (constructions.Network.from_atoms, {"centres": U, "height": Fraction(1, 8), "amplitudes": Y}),
    "invisible_pair": (constructions.invisible_pair, {"packing": PACKING, "X": X[:1], "bound": 1.0}),
    "sphere_interpolator": (constructions.sphere_interpolator, {"X": U, "y": Y, "beta": 0.0, "share": 0.5}),
    "fan": (cap_ridges.fan, {"packing": PACKING, "bumps": 2, "share": Fraction(1, 4), "axes": None}),
    "theorem_a": (stacked.theorem_a, {"d": 2, "n": 10_000, "sigma": 1.0, "B": 1.0, "C": 1.0}),
    "cap_mass": (lambda d, h: cap.cap_mass(d, h), {"d": 3, "h": 0.2}),
    "atom_norm_squared": (lambda d, h: cap.atom_norm_squared.log(d, h), {"d": 3, "h": 0.2}),
    "population_weight": (lambda d, h: cap.population_weight.enclose(d, h), {"d": 3, "h": "0.2"}),
    "hull_margins": (verify.hull_margins, {"X": X, "tol": 1e-9, "time_limit": 1.0}),
    "judge": (judge, {"measured": 1, "relation": Relation.AT_MOST, "bound": 2}),
    "Interval": (Interval, {"lower": 0, "upper": 1}),
    "sharpness": (sharpness, {"network": NET, "X": X, "y": Y, "certificate": "auto", "tol": 1e-9, "seed": 0, "dtype": None}),
    "gelu": (gelu_sharpness, {"network": NET, "X": X, "y": Y, "steps": 3, "failure_probability": 1e-9, "seed": 0}),
    "is_flat": (verify.is_flat, {"network": NET, "X": X, "y": Y, "eta": 1, "seed": 0}),
    "operator": (verify.HessianOperator, {"network": NET, "X": X, "y": Y}),
    "balance": (verify.flattest_balance, {"network": NET, "X": X, "y": Y, "tol": 1e-3, "max_iterations": 2}),
    "Run": (Run, {"network": NET, "X": X, "y": Y, "eta": 0.1, "decay": 0.0, "clip": None, "activation": Activation.RELU,
                  "truth": Y, "fresh_X": X, "fresh_truth": Y}),
    "initial_network": (verify.initial_network, {"init": Init.LINEAR, "width": 3, "dim": 2, "rng": RNG}),
    "fit_exponent": (verify.fit_exponent, {"log_n": np.arange(9.0), "log_values": np.arange(9.0), "error": 0.0, "level": 0.9}),
    "rescale points": (rescale, {"X": X, "scale": Scale.UNIT_BALL}),
    "solo_sharpness": (verify.solo_sharpness, {"X": X, "y": Y, "beta": 0.0}),
    "solo_capacity": (verify.solo_capacity, {"X": X, "y": Y, "eta": 0.1, "beta": 0.0, "able": np.ones(6, dtype=bool)}),
    "depth_bracket": (verify.depth_bracket, {"X": X, "directions": 3, "time_limit": 0.01, "seed": 0}),
    "grid": (verify.grid, {"axes": {"x": [1]}}),
}  # fmt: skip


SLOW: dict[str, tuple[Callable[..., object], dict[str, object]]] = {
    "explicit_lower": (boundcalc.explicit_lower, {"d": 3, "n": 100, "sigma": 1, "B": 1, "C": 1, "weight": "canonical",
                                                  "effort": "fast", "code": None}),
    "explicit_upper": (boundcalc.explicit_upper, {"d": 2, "n": 10**9, "sigma": 1, "B": 1, "C": 1, "weight": "canonical"}),
    "sample_size": (boundcalc.sample_size, {"d": 2, "error": "0.1", "sigma": 1, "B": 1, "C": 1, "weight": "canonical",
                                            "effort": "fast"}),
    "crossover": (boundcalc.crossover, {"d": 2, "sigma": 1, "B": 1, "C": 1, "weight": "canonical", "effort": "fast"}),
    "plot": (boundcalc.plot, {"d": 2, "n": 1000, "sizes": (100, 1000), "dims": (1, 2), "sigma": 1, "B": 1, "C": 1, "path": None}),
    **{f"table, {contents}": (boundcalc.table, {"dims": [2], "n": ["1e3"], "contents": contents, "quantity": "mse",
                                                "errors": ["0.1"]})
       for contents in ("exponents", "rates", "explicit", "sample-sizes", "registry")},
    "shatterability": (shatterability, {"X": X, "y": Y, "eta": 0.5, "features": "as-is", "labels": "as-is",
                                        "decay": 0.1, "bound": None, "time_limit": 1.0, "seed": 0,
                                        "most_columns": 1000, "progress": None, "checkpoint": None}),
    "memorisation_edge": (verify.memorisation_edge, {"X": X, "y": Y, "tol": 0.005, "time_limit": 1.0, "seed": 0,
                                                     "margins": None, "depth": None, "most_columns": 1000, "progress": None}),
    "decay_path": (verify.decay_path, {"X": X, "y": Y, "decays": [0.1], "tol": 1e-3, "time_limit": 1.0, "seed": 0,
                                       "most_columns": 1000, "progress": None}),
    "model_gap": (verify.model_gap, {"network": NET, "X": X, "y": Y, "tol": 0.005, "time_limit": 1.0, "seed": 0,
                  "progress": None}),
    "trace_edge": (verify.trace_edge, {"X": X, "y": Y, "tol": 0.005, "time_limit": 1.0, "seed": 0, "margins": None,
                   "most_columns": 50, "progress": None}),
    "train": (verify.train, {"runs": [Run(NET, X, Y, 0.1)], "steps": 3, "trace_at": (1,), "dtype": np.float64, "device": "cpu",
                             "with_sharpness": False, "checkpoint": None, "checkpoint_every": 2, "progress": None}),
    "hull_margins": (verify.hull_margins, {"X": X, "tol": 1e-9, "time_limit": 1.0, "progress": None, "checkpoint": None}),
    "depth_bracket": (verify.depth_bracket, {"X": X, "directions": 3, "start": None, "time_limit": 0.01, "seed": 0,
                                             "progress": None}),
    "solitary_network": (verify.solitary_network, {"X": U, "y": Y, "directions": U, "margins": Y + 1e-3, "beta": 0.0,
                                                   "rows": None, "share": 0.5}),
    "spectral_density": (verify.spectral_density, {"operator": HESSIAN, "probes": 2, "steps": 3, "seed": 0}),
    "top_eigenpairs": (verify.top_eigenpairs, {"operator": HESSIAN, "k": 2, "tol": 1e-12, "seed": 0}),
    "certify": (verify.certify, {"model": verify.network_to_torch(NET), "loss": "half-mse", "data": (X, Y),
                                 "certificate": "auto", "tol": 1e-3, "failure_probability": 1e-6, "weight_decay": 0.0,
                                 "average": "points", "dtype": None, "device": None, "max_products": 20, "trace": True,
                                 "top": 1, "layers": False, "start": None, "seed": 0}),
    "module_spectrum": (verify.module_spectrum, {"model": verify.network_to_torch(NET), "loss": "half-mse", "data": (X, Y),
                                                 "probes": 2, "steps": 3, "failure_probability": 1e-6, "weight_decay": 0.0,
                                                 "average": "points", "device": None, "seed": 0}),
    "activation": (verify.activation, {"model": verify.network_to_torch(NET), "data": X}),
    "EdgeMonitor": (verify.EdgeMonitor, {"model": verify.network_to_torch(NET), "loss": "half-mse", "data": X, "every": 1}),
    "certify, pair": (lambda X, y: verify.certify(verify.network_to_torch(NET), "half-mse", (X, y)), {"X": X, "y": Y}),
    "network_from_torch": (verify.network_from_torch, {"module": verify.network_to_torch(NET)}),
    "network_to_torch": (verify.network_to_torch, {"network": NET, "dtype": None}),
    "read_table": (verify.read_table, {"path": "table.csv", "target": None, "drop": (), "keep": (), "sep": None, "decimal": None,
                                       "encoding": None, "sheet": None, "missing": "refuse", "one_hot": False}),
    "Sweep": (verify.Sweep, {"name": "fuzz", "cells": SWEEP.cells, "run_cell": SWEEP.run_cell, "seconds": None}),
    "run_sweep": (verify.run_sweep, {"sweep": SWEEP, "store": None, "jobs": 1,
                                     "cluster": None}),
    "Store": (verify.Store, {"path": None}),
    "pack": (constructions.pack, {"d": 2, "height": Fraction(1, 8), "angle": None, "cosine": None, "family": "auto", "seed": 0,
                                  "max_size": 10}),
    "best_code": (constructions.best_code, {"d": 3, "angle": 60, "cosine": None, "seed": 0, "max_size": 20, "least": 1,
                                            "thorough": False}),
    "build": (constructions.build, {"name": "polygon", "d": 2, "angle": 60, "cosine": None, "seed": 0, "max_size": 20,
                                    "least": 1}),
    "survey": (constructions.survey, {"d": 3, "angle": 60, "cosine": None}),
    "packet_field": (constructions.packet_field, {"packing": constructions.pack(2, Fraction(1, 50)), "scale": 0.5}),
    "CapRidges": (constructions.CapRidges, {"packing": PACKING, "profiles": (ridge.hat(Fraction(15, 16), Fraction(1, 16)),),
                                            "tilt": 0.0, "axes": 0}),
    "SphericalCode": (constructions.SphericalCode, {"points": U, "family": "test", "exact": None, "known": None}),
    "SignCode": (constructions.SignCode, {"words": np.ones((2, 4), dtype=np.int8), "min_distance": 0}),
}  # fmt: skip
SLOW_CASES, FEWER = 100, {"plot": 10, "table, registry": 10, "sample_size": 40, "table, sample-sizes": 40}
# Made by other functions, or enumerations, or without arguments.
LEFT_OUT = {
    *("RateReport", "Setting", "Status", "Theorem", "errata", "theorems"),  # Setting.parse is asked
    *("FAMILIES", "KISSING_RECORDS", "InnerProductBound", "InvisiblePair", "PacketCap", "PacketField", "Reduced"),
    *("SeparationCertificate", "SubspaceMixture"),
    *("Activation", "Certificate", "Init", "Relation", "Trust", "Verdict"),
    *(
        "Balanced",
        "Eigenpairs",
        "HullMargins",
        "MemorisationEdge",
        "ModelActivation",
        "ModelGap",
        "ModuleSharpness",
        "ModuleSpectrum",
        "Outcome",
        "Report",
        "Sharpness",
    ),
    *("Shatterability", "SpectralDensity", "Trace", "TraceEdge", "Training"),
}


def complaint(call: Callable[..., object], arguments: dict[str, object]) -> str | None:
    """What is wrong with how a call ends, None if nothing is."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of numpy, where a number leaves the range of floats
            result = call(**arguments)
            if isinstance(result, Shown | Report):
                str(result)
    except (TypeError, ValueError, OverflowError) as error:
        said = str(error)
        if len(said) > 1000:
            return f"{len(said)} characters: {said[:80]}"
        # A path is called what commands call it.
        names = [*arguments, "FILE", "store"] if "path" in arguments else list(arguments)
        if not any(re.search(rf"\b{re.escape(name)}\b", said) for name in names):
            return f"names none of {', '.join(arguments)}: {said[:160]}"
    except Exception as error:
        return f"{type(error).__name__}: {str(error)[:160]}"
    return None


def test_whatever_is_passed_is_taken_or_refused_by_name() -> None:
    rng, names, wrong = np.random.default_rng(20), list(CALLS), {}
    for number in range(CASES):
        name = names[number % len(names)]
        call, plain = CALLS[name]
        arguments = dict(plain)
        for key in rng.choice(list(plain), size=min(len(plain), 1 + int(rng.random() < 0.2)), replace=False):
            arguments[str(key)] = ODD[int(rng.integers(len(ODD)))]
        found = complaint(call, arguments)
        if found:
            wrong.setdefault(f"{name}: {found}", {k: v for k, v in arguments.items() if v is not plain[k]})
    assert not wrong, "\n".join(f"{words}  <- {str(given)[:150]}" for words, given in wrong.items())


@pytest.mark.slow
def test_whatever_is_passed_to_slow_functions_is_taken_or_refused_by_name(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("table.csv").write_text("a,b,y\n1,2,3\n4,5,6\n1,3,2\n", encoding="ascii")
    rng, wrong = np.random.default_rng(21), {}
    for name, (call, plain) in SLOW.items():
        for _ in range(FEWER.get(name, SLOW_CASES)):
            key = str(rng.choice(list(plain)))
            odd = ODD[int(rng.integers(len(ODD)))]
            if key == "progress" and callable(odd):
                continue  # its own errors are the caller's
            if (name, key) == ("train", "steps") and isinstance(odd, (int, np.integer)) and odd > 100:
                continue  # it trains as long as it is told to
            found = complaint(call, {**plain, key: odd})
            if found:
                wrong.setdefault(f"{name}: {found}", (key, odd))
    assert not wrong, "\n".join(f"{words}  <- {str(given)[:150]}" for words, given in wrong.items())


def test_every_public_function_is_asked() -> None:
    asked = {getattr(call, "__name__", "") for call, _ in (*CALLS.values(), *SLOW.values())}
    public = {name for package in (boundcalc, constructions, verify) for name in package.__all__}
    assert public - asked == LEFT_OUT


@pytest.mark.parametrize("progress", [True, False, 1, "yes", [print]])
def test_progress_is_a_function(progress: object) -> None:
    takers = [name for name, (_, plain) in SLOW.items() if "progress" in plain]
    assert len(takers) == 8
    for name in takers:
        call, plain = SLOW[name]
        with pytest.raises(TypeError, match="progress must be a function or None, got"):
            call(**{**plain, "progress": progress})


@pytest.mark.parametrize("name", [*CALLS, *SLOW])
def test_the_plain_arguments_are_taken(name: str, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("table.csv").write_text("a,b,y\n1,2,3\n4,5,6\n1,3,2\n", encoding="ascii")
    call, plain = (CALLS | SLOW)[name]
    call(**plain)
