"""``python -m verify.memorise``: flat networks that memorise: a pair no sample can tell apart, and one neuron per point."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from boundcalc.files import save_figure, write_atomically
from boundcalc.theorem import Status
from verify.check import Outcome, Verdict
from verify.cli import Parser, Progress, check_outputs, deliver, run
from verify.memorise_pair import DrawnPair, Row, draw_pair, pair_outcomes, scaling_outcome, scaling_rows
from verify.memorise_setting import MemoriseSetting
from verify.memorise_sphere import NAME as SPHERE
from verify.memorise_sphere import SOURCE, Interpolator, build_interpolator, interpolator_outcomes
from verify.report import Report

__all__ = ["Memorised", "MemoriseSetting", "memorise_report"]


@dataclass(frozen=True, eq=False)
class Memorised:
    """What the study built.

    Attributes
    ----------
    setting : MemoriseSetting
    drawn : DrawnPair
    interpolator : Interpolator or None
        None in d = 1, where the sphere has two points.
    rows : tuple of Row
        The pair over a grid of n.
    """

    setting: MemoriseSetting
    drawn: DrawnPair
    interpolator: Interpolator | None
    rows: tuple[Row, ...]


def memorise_report(setting: MemoriseSetting, *, with_scaling: bool = True) -> tuple[Memorised, Report]:
    """Build the pair and the interpolator and check every claim; progress goes to stderr.

    Examples
    --------
    >>> memorised, report = memorise_report(MemoriseSetting.parse(3, 200), with_scaling=False)
    >>> int(report.exit_code), memorised.interpolator.balanced.width
    (0, 200)
    """
    start = time.perf_counter()
    outcomes: list[Outcome] = []
    rows: tuple[Row, ...] = ()
    with Progress(2 + with_scaling) as progress:
        progress.step("the pair")
        drawn = draw_pair(setting)
        outcomes += pair_outcomes(setting, drawn)
        if with_scaling:
            progress.step("the pair over a grid of n")
            rows = scaling_rows(setting)
            outcomes.append(scaling_outcome(setting, rows))
        progress.step("the interpolator on the sphere")
        interpolator: Interpolator | None = None
        if setting.d >= 2:
            interpolator = build_interpolator(setting, setting.n)
            outcomes += interpolator_outcomes(setting, interpolator)
        else:
            words = "the sphere of d = 1 has two points; take d >= 2"
            outcomes.append(Outcome(SPHERE, SOURCE, words, None, None, Verdict.NOT_APPLICABLE, Status.DERIVED))
    packing = drawn.packing
    facts = {
        "pair": {
            "caps": packing.size,
            "empty": len(drawn.pair.empty),
            "height": float(packing.height),
            "height_chosen": drawn.chosen,
            "family": packing.code.family,
            "neurons": drawn.pair.plus.width,
        }
    }
    title = f"Flat networks that memorise {setting.n} points in dimension {setting.d}, seed {setting.seed}"
    timing = {"total": time.perf_counter() - start}
    return Memorised(setting, drawn, interpolator, rows), Report(title, setting.as_json(), facts, outcomes, timing)


def save_memorised(memorised: Memorised, path: Path) -> None:
    """Write samples, labels and networks as .npz."""
    pair, own = memorised.drawn.pair, memorised.interpolator
    named = {"plus": pair.plus, "minus": pair.minus}
    arrays: dict[str, Any] = {"X": memorised.drawn.X, "centres": memorised.drawn.packing.centres, "empty": pair.empty}
    if own is not None:
        arrays |= {"sphere_X": own.X, "sphere_y": own.y}
        named |= {"balanced": own.balanced, "unbalanced": own.unbalanced}
    for name, network in named.items():
        arrays |= {f"{name}_W": network.W, f"{name}_b": network.b, f"{name}_v": network.v}
        arrays[f"{name}_beta"] = np.float64(network.beta)
    write_atomically(path, lambda stream: np.savez(stream, **arrays))


def parser() -> Parser:
    """The options."""
    parse = Parser(prog="python -m verify.memorise", description=__doc__)
    parse.add_argument("--dim", default="20", help="dimension (default 20)")
    parse.add_argument("--n", default="1000", help="samples (default 1000)")
    parse.add_argument("--eta", default="0.5", help="step size in (0, 2) (default 0.5)")
    parse.add_argument("--bound", default="1", help="L: sup norm of the pair, largest label on the sphere (default 1)")
    parse.add_argument("--seed", default="0", help="seed of everything random (default 0)")
    parse.add_argument("--no-scaling", action="store_true", help="skip the pair over a grid of n")
    parse.add_argument("--json", metavar="PATH|-", help="write the report as JSON; - prints it")
    parse.add_argument("--save", metavar="PATH.npz", help="write samples and networks")
    parse.add_argument("--plot", metavar="PATH", help="draw distances and eigenvalues against n (png, svg, pdf)")
    return parse


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse, build, check, report; the exit code."""
    options = parser().parse_args(arguments)
    setting = MemoriseSetting.parse(options.dim, options.n, eta=options.eta, bound=options.bound, seed=options.seed)
    check_outputs(json=options.json, save=options.save, plot=options.plot)
    memorised, report = memorise_report(setting, with_scaling=not options.no_scaling)
    if options.save:
        save_memorised(memorised, Path(options.save))
    if options.plot:
        from verify.memorise_figure import memorise_figure

        save_figure(memorise_figure(memorised), Path(options.plot))
    return deliver(report, options.json)


if __name__ == "__main__":
    run(main, "python -m verify.memorise")
