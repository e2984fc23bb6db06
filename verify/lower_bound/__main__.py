"""``python -m verify.lower_bound``: exponents of the constructions' explicit lower bounds, and who overtakes whom."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from boundcalc.explicit.problem import Weight
from boundcalc.files import save_figure
from verify.command import Parser, check_outputs, deliver, run
from verify.lower_bound.setting import LowerBoundSetting
from verify.lower_bound.study import lower_bound_study


def parser() -> Parser:
    """The options."""
    parse_ = Parser(prog="python -m verify.lower_bound", description=__doc__)
    parse_.add_argument("--dims", nargs="+", default=["1", "2", "3", "5"], help="dimensions (default 1 2 3 5)")
    parse_.add_argument(
        "--n",
        nargs="+",
        default=["1e2..1e8"],
        help="sample sizes: a..b for a logarithmic grid, or a list (default 1e2..1e8)",
    )
    parse_.add_argument("--noise", default="1", help="sigma, standard deviation of the label noise (default 1)")
    parse_.add_argument("--sup", default="1", help="B, bound on the sup norm (default 1)")
    parse_.add_argument("--norm", default="1", help="C, bound on the weighted variation norm (default 1)")
    weights = " or ".join(weight.value for weight in Weight)
    parse_.add_argument("--weight", default=Weight.CANONICAL.value, help=f"{weights} (default canonical)")
    parse_.add_argument("--json", metavar="PATH|-", help="write the report as JSON; - prints it")
    parse_.add_argument("--plot", metavar="PATH", help="draw bounds and rates against n (png, svg, pdf)")
    return parse_


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse, evaluate, report; the exit code."""
    options = parser().parse_args(arguments)
    setting = LowerBoundSetting.parse(
        options.dims, options.n, noise=options.noise, sup=options.sup, norm=options.norm, weight=options.weight
    )
    check_outputs(json=options.json, plot=options.plot)
    study, report = lower_bound_study(setting)
    if options.plot:
        from verify.lower_bound.figure import lower_bound_figure

        save_figure(lower_bound_figure(study), Path(options.plot))
    return deliver(report, options.json)


if __name__ == "__main__":
    run(main, "python -m verify.lower_bound")
