"""``python -m verify.memorise``: flat networks that memorise: a pair no sample can tell apart, and one neuron per point."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from boundcalc.files import save_figure
from verify.command import Parser, check_outputs, deliver, run
from verify.memorise.setting import MemoriseSetting
from verify.memorise.study import memorise_report, save_memorised


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
        from verify.memorise.figure import memorise_figure

        save_figure(memorise_figure(memorised), Path(options.plot))
    return deliver(report, options.json)


if __name__ == "__main__":
    run(main, "python -m verify.memorise")
