"""``python -m verify.stability``: a sweep of networks through Thm 3.2, Cor 3.3 and Theorem E, with rounding bounded."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from boundcalc.files import save_figure
from verify.command import Parser, check_outputs, deliver, run
from verify.stability.setting import StabilitySetting
from verify.stability.study import run_sweep, save_tightest


def parser() -> Parser:
    """The options."""
    parse = Parser(prog="python -m verify.stability", description=__doc__)
    parse.add_argument("--dims", nargs="+", default=["1", "2", "3", "5", "10"], help="dimensions (default 1 2 3 5 10)")
    parse.add_argument("--n", default="64", help="points of every sample (default 64)")
    parse.add_argument("--networks", default="500", help="networks, spread over dimensions and kinds (default 500)")
    parse.add_argument("--eta", default="0.5", help="step size of Cor 3.3, in (0, 2) (default 0.5)")
    parse.add_argument("--seed", default="0", help="seed of everything random (default 0)")
    parse.add_argument("--device", default="cpu", help="auto, cpu or cuda (default cpu)")
    parse.add_argument("--json", metavar="PATH|-", help="write the report as JSON; - prints it")
    parse.add_argument(
        "--save", metavar="PATH.npz", help="write the counterexample, or the network closest to equality"
    )
    parse.add_argument("--plot", metavar="PATH", help="draw the distribution of the slack (png, svg, pdf)")
    return parse


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse, sweep, report; the exit code."""
    options = parser().parse_args(arguments)
    setting = StabilitySetting.parse(
        options.dims, options.n, networks=options.networks, eta=options.eta, seed=options.seed, device=options.device
    )
    check_outputs(json=options.json, save=options.save, plot=options.plot)
    sweep, report = run_sweep(setting)
    if options.save:
        save_tightest(sweep, Path(options.save))
    if options.plot:
        from verify.stability.figure import stability_figure

        save_figure(stability_figure(sweep), Path(options.plot))
    return deliver(report, options.json)


if __name__ == "__main__":
    run(main, "python -m verify.stability")
