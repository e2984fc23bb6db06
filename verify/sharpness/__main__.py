"""``python -m verify.sharpness FILE.npz``: enclose lambda_max of a saved network's loss and compare it with 2/eta."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from boundcalc.exact import exact_rational
from boundcalc.statement import Status
from constructions.network import Network
from verify.command import Parser, check_outputs, deliver, run
from verify.hessian import Certificate, sharpness
from verify.outcome import Interval, Outcome, Report, Verdict

ARRAYS = ("W", "b", "v", "beta", "X", "y")


def parser() -> Parser:
    """The options."""
    parse = Parser(prog="python -m verify.sharpness", description=__doc__)
    parse.add_argument("file", metavar="FILE.npz", help=f"arrays {', '.join(ARRAYS)}")
    parse.add_argument("--eta", default="0.5", help="step size in (0, 2) (default 0.5)")
    names = ", ".join(item.value for item in Certificate)
    parse.add_argument("--certificate", default="auto", help=f"{names} (default auto)")
    parse.add_argument("--tol", default="1e-10", help="relative width aimed at (default 1e-10)")
    parse.add_argument("--seed", default="0", help="seed of the start vector (default 0)")
    parse.add_argument("--device", default="auto", help="auto (numpy), cpu or cuda (torch)")
    parse.add_argument("--json", metavar="PATH|-", help="write the report as JSON; - prints it")
    return parse


def _fraction(option: str, text: str) -> Fraction:
    value = exact_rational(option, text)
    return Fraction(int(value.p), int(value.q))


def read_arrays(path: Path) -> dict[str, Any]:
    """The six arrays of a file written with numpy.savez."""
    try:
        with np.load(path, allow_pickle=False) as content:
            found = {name: content[name] for name in ARRAYS if name in content}
    except (OSError, ValueError, TypeError, zipfile.BadZipFile, EOFError) as error:
        raise ValueError(f"FILE.npz must be a file written with numpy.savez, got {str(path)!r}: {error}") from error
    missing = [name for name in ARRAYS if name not in found]
    if missing:
        raise ValueError(f"FILE.npz must hold {', '.join(ARRAYS)}; {str(path)!r} lacks {', '.join(missing)}")
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse, read, enclose, report; the exit code."""
    options = parser().parse_args(arguments)
    eta = _fraction("--eta", options.eta)
    if not 0 < eta < 2:
        raise ValueError(f"--eta must lie in (0, 2), got {options.eta!r}")
    tol, seed = float(_fraction("--tol", options.tol)), _fraction("--seed", options.seed)
    if seed.denominator != 1:
        raise ValueError(f"--seed must be an integer, got {options.seed!r}")
    check_outputs(json=options.json)
    arrays = read_arrays(Path(options.file))
    network = Network(arrays["W"], arrays["b"], arrays["v"], float(arrays["beta"]))
    X, y = arrays["X"], arrays["y"]
    device = None if options.device == "auto" else options.device
    try:
        found = sharpness(network, X, y, certificate=options.certificate, tol=tol, seed=int(seed), device=device)
    except OverflowError as error:
        raise ValueError(str(error)) from error
    threshold = 2 / eta
    verdict = Verdict.UNDECIDED
    if Fraction(found.lower) > threshold:
        verdict = Verdict.REFUTED
    elif math.isfinite(found.upper) and Fraction(found.upper) <= threshold:
        verdict = Verdict.PROVED if found.proved else Verdict.CONSISTENT
    evidence = {
        "certificate": found.method,
        "failure_probability": found.failure_probability,
        "value": found.value,
        "iterations": found.iterations,
        "residual": found.residual,
        "kink_distance": found.kink_distance,
    }
    outcome = Outcome(
        "flatness",
        "LQWP25, Proposition 2.1",
        "lambda_max of the Hessian of the loss against 2/eta",
        Interval(found.lower, found.upper),
        float(threshold),
        verdict,
        Status.PAPER,
        evidence,
    )
    K, d = network.W.shape
    setting = {"file": options.file, "eta": str(eta), "certificate": options.certificate, "tol": tol, "seed": int(seed)}
    facts = {"network": {"neurons": K, "dim": d, "points": len(X), "parameters": K * (d + 2) + 1}, "flatness": evidence}
    return deliver(Report(f"Sharpness of {options.file}", setting, facts, [outcome]), options.json)


if __name__ == "__main__":
    run(main, "python -m verify.sharpness")
