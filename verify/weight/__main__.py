"""``python -m verify.weight``: empirical against population weight: Thm E.5, Theorem D, closed forms, c_infinity."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from boundcalc.files import save_figure
from verify.command import Parser, check_outputs, deliver, run
from verify.weight.setting import WeightSetting
from verify.weight.study import run_study


def parser() -> Parser:
    """The options."""
    parse = Parser(prog="python -m verify.weight", description=__doc__)
    parse.add_argument("--dim", default="5", help="dimension d (default 5)")
    sizes = ["1024", "4096", "16384", "65536"]
    parse.add_argument("--n", nargs="+", default=sizes, help=f"sample sizes (default {' '.join(sizes)})")
    parse.add_argument("--samples", default="8", help="independent samples of each size (default 8)")
    parse.add_argument(
        "--directions",
        default="24",
        help="random directions per sample, and as many to its outermost points (default 24)",
    )
    parse.add_argument("--points", default="1e6", help="points of the Monte Carlo check (default 1e6)")
    parse.add_argument("--delta", default="0.01", help="failure probability of Theorem D (default 0.01)")
    parse.add_argument("--seed", default="0", help="seed of everything random (default 0)")
    parse.add_argument("--device", default="cpu", choices=["cpu"], help="cpu: this study runs on the host")
    parse.add_argument("--json", metavar="PATH|-", help="write the report as JSON; - prints it")
    parse.add_argument("--plot", metavar="PATH", help="draw deviations, weights and depths (png, svg, pdf)")
    return parse


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse, draw, measure, report; the exit code."""
    options = parser().parse_args(arguments)
    setting = WeightSetting.parse(
        options.dim,
        options.n,
        samples=options.samples,
        directions=options.directions,
        points=options.points,
        delta=options.delta,
        seed=options.seed,
    )
    check_outputs(json=options.json, plot=options.plot)
    study, report = run_study(setting)
    if options.plot:
        from verify.weight.figure import weight_figure

        save_figure(weight_figure(study), Path(options.plot))
    return deliver(report, options.json)


if __name__ == "__main__":
    run(main, "python -m verify.weight")
