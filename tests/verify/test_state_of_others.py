"""What a caller has told numpy, flint or matplotlib neither changes a result, nor is changed by one."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import flint
import numpy as np
import pytest

import boundcalc
import boundcalc.cached
import boundcalc.enclosure
import constructions
import constructions.cached
import constructions.rounding
import verify
from verify.hessian import gelu_sharpness, sharpness
from verify.training import Run

ROOT = Path(__file__).parents[2]
RNG = np.random.default_rng(0)
NET = constructions.Network(RNG.normal(size=(30, 3)), RNG.normal(size=30), RNG.normal(size=30))
X, Y = RNG.normal(size=(50, 3)), RNG.normal(size=50)
CALLS: dict[str, Callable[[], object]] = {
    "lower": lambda: [str(boundcalc.explicit_lower(d, n, weight=w)) for d in (1, 3, 100) for n in (10, "1e300")
                      for w in ("canonical", "population")],
    "upper": lambda: [str(boundcalc.explicit_upper(d, n)) for d in (1, 3, 100) for n in (10, "1e300")],
    "sample size": lambda: str(boundcalc.sample_size(3, "0.001")),
    "rates": lambda: boundcalc.rate([1, 2, 1000], [1e5, 1e200, 1e300]).lower.log_value.tolist(),
    "packing number": lambda: str(boundcalc.packing_number(24, 50)),
    "errata": lambda: str(boundcalc.errata()),
    "table": lambda: str(boundcalc.table([1, 5], [100, 1e9], contents="explicit")),
    "packing": lambda: constructions.pack(3, angle=40).evaluate(X / 9, np.ones(constructions.pack(3, angle=40).size)).tolist(),
    "samples": lambda: constructions.uniform_ball(9, 10**4, np.random.default_rng(0)).sum(),
    "packets": lambda: constructions.packet_field(constructions.pack(3, angle=60)).squared_norm,
    "sharpness": lambda: [sharpness(NET, X, Y, certificate=c).upper for c in ("auto", "structure", "trace", "cholesky")],
    "float32": lambda: sharpness(NET, X, Y * 1e100, dtype=np.float32).upper,
    "gelu": lambda: gelu_sharpness(NET, X * 100, Y).upper,
    "flat": lambda: verify.is_flat(NET, X, Y, "0.1").value,
    "balance": lambda: verify.flattest_balance(NET, X, Y).sharpness.upper,
    "eigenpairs": lambda: verify.top_eigenpairs(verify.HessianOperator(NET, X, Y), 2).values.tolist(),
    "density": lambda: verify.spectral_density(verify.HessianOperator(NET, X, Y)).nodes.tolist(),
    "training": lambda: verify.train([Run(NET, X, Y, 0.1)], 20, trace_at=[0, 20]).traces[0].loss.tolist(),
    "decay": lambda: verify.decay_path(X[:12], Y[:12], [0.1], time_limit=1e9)[0].objective,
    "margins": lambda: verify.hull_margins(X).upper.tolist(),
}  # fmt: skip


@pytest.mark.slow
def test_numpy_told_to_raise_whatever_happens() -> None:
    """In a process of its own, where no table is known yet."""
    code = (
        "import sys, numpy as np; sys.path[:0] = ['tests', 'tests/verify']\n"
        "from test_state_of_others import CALLS\n"
        "with np.errstate(all='raise'): found = {name: call() for name, call in CALLS.items()}\n"
        "assert found == {name: call() for name, call in CALLS.items()}"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr


def test_threads_that_enclose_leave_the_precision_as_it_was() -> None:
    before, switch = flint.ctx.prec, sys.getswitchinterval()
    calls: list[Callable[[], object]] = [
        lambda: str(boundcalc.explicit_lower(3, 10**5)),
        lambda: str(boundcalc.packing_number(5, 37)),
        lambda: constructions.best_code(2, "51.3").size,
        lambda: str(boundcalc.explicit_upper(4, 10**6)),
        lambda: constructions.best_code(3, 51).size,
    ]
    expected = [call() for call in calls]
    wrong: list[object] = []

    def work(number: int) -> None:
        for turn in range(5):
            at = (number + turn) % len(calls)
            if calls[at]() != expected[at]:
                wrong.append(at)

    sys.setswitchinterval(1e-5)
    try:
        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(switch)
    assert (flint.ctx.prec, wrong) == (before, [])


@pytest.fixture
def other_precision() -> Iterator[int]:
    before = flint.ctx.prec
    flint.ctx.prec = 177
    yield 177
    flint.ctx.prec = before


@pytest.mark.slow
def test_the_precision_of_the_caller_stays_and_changes_nothing(other_precision: int) -> None:
    names = ("lower", "packing number", "sample size")
    found = [CALLS[name]() for name in names]
    assert flint.ctx.prec == other_precision
    flint.ctx.prec = 53
    assert [CALLS[name]() for name in names] == found


@pytest.mark.parametrize(
    ("cached_property", "precision"),
    [
        (boundcalc.cached.cached_property, boundcalc.enclosure.precision),
        (constructions.cached.cached_property, constructions.rounding.precision),
    ],
)
def test_a_property_and_the_precision_never_wait_for_each_other(cached_property: Any, precision: Any) -> None:
    """One thread computes a property and needs the precision for it; another has it and reads the same property elsewhere."""
    has_precision, in_property = threading.Event(), threading.Event()

    class Number:
        def __init__(self, first: bool) -> None:
            self.first = first

        @cached_property
        def value(self) -> int:
            if self.first:
                in_property.set()
                has_precision.wait(10)
            with precision(64):
                return 1

    def holder() -> None:
        with precision(64):
            in_property.wait(10)
            has_precision.set()
            assert Number(False).value == 1

    threads = [
        threading.Thread(target=holder, daemon=True),
        threading.Thread(target=lambda: Number(True).value, daemon=True),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert not any(thread.is_alive() for thread in threads)
