"""``python -m verify.rates``: how the error falls with n, with and without weight decay, beside the exponents of the theory."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from boundcalc.files import check_writable, save_figure
from verify.command import Parser, check_outputs, deliver, run
from verify.outcome import ExitCode
from verify.rates.setting import RateSetting, rate_sweep
from verify.rates.study import fit_table, run_study
from verify.sweep import add_sweep_options, sweep_options, write_csv
from verify.training.setting import Init
from verify.training.targets import TARGETS


def parser() -> Parser:
    """The options."""
    parse = Parser(prog="python -m verify.rates", description=__doc__)
    parse.add_argument("--dims", nargs="+", default=["1", "2", "3", "4", "5"], help="dimensions d (default 1 2 3 4 5)")
    sizes = ["32", "64", "128", "256", "512"]
    parse.add_argument("--n", nargs="+", default=sizes, help="sample sizes, at least two (default 32 64 128 256 512)")
    parse.add_argument("--seeds", default="5", help="repetitions of each setting, at least 2 (default 5)")
    parse.add_argument("--width-factor", default="4", help="width of the network over n (default 4)")
    parse.add_argument("--eta", default="0.2", help="step size without decay, in (0, 2) (default 0.2)")
    parse.add_argument("--steps", "--epochs", default="20000", help="steps of gradient descent (default 20000)")
    parse.add_argument("--wd", default="0.1", help="weight decay of the runs to compare with (default 0.1)")
    parse.add_argument("--decay-eta", default="0.01", help="their step size (default 0.01)")
    parse.add_argument("--decay-steps", help="their steps (default: as --steps)")
    parse.add_argument("--sigma", default="1", help="standard deviation of the label noise (default 1)")
    parse.add_argument("--clip", default="50", help="largest norm of the gradient, 0 for no clipping (default 50)")
    parse.add_argument("--target", default="linear", help=f"truth: {', '.join(name for name, _ in TARGETS)}")
    names = ", ".join(kind.value for kind in Init)
    parse.add_argument("--init", default=Init.LINEAR.value, help=f"initialisation: {names} (default linear)")
    parse.add_argument("--fresh", default="4096", help="fresh points for the population error (default 4096)")
    parse.add_argument("--resamples", default="20000", help="bootstrap samples (default 20000)")
    parse.add_argument("--large-step", action="store_true", help="allow step sizes of 2 and more")
    parse.add_argument("--seed", default="0", help="seed of everything random (default 0)")
    parse.add_argument("--device", default="cpu", help="cpu or cuda (default cpu)")
    parse.add_argument("--json", metavar="PATH|-", help="write the report as JSON; - prints it")
    parse.add_argument(
        "--csv", metavar="PATH", help="write all fits, earlier steps too, as CSV (all runs: python -m verify.sweep)"
    )
    parse.add_argument("--plot", metavar="PATH", help="draw errors and exponents (png, svg, pdf)")
    add_sweep_options(parse)
    return parse


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse, train, fit, report; the exit code."""
    options = parser().parse_args(arguments)
    setting = RateSetting.parse(
        options.dims,
        options.n,
        seeds=options.seeds,
        width_factor=options.width_factor,
        eta=options.eta,
        steps=options.steps,
        decay=options.wd,
        decay_eta=options.decay_eta,
        decay_steps=options.decay_steps,
        sigma=options.sigma,
        clip=options.clip,
        target=options.target,
        init=options.init,
        fresh=options.fresh,
        resamples=options.resamples,
        seed=options.seed,
        device=options.device,
        large_step=options.large_step,
    )
    check_outputs(json=options.json, plot=options.plot)
    if options.csv:
        check_writable("--csv", Path(options.csv))
    how = sweep_options(options)
    if how.dry_run:
        print(how.plan(rate_sweep(setting)))
        return ExitCode.FINE
    study, report = run_study(setting, how)
    if options.csv:
        write_csv(fit_table(setting, study.results), Path(options.csv))
    if options.plot:
        from verify.rates.figure import rate_figure

        save_figure(rate_figure(study), Path(options.plot))
    return deliver(report, options.json)


if __name__ == "__main__":
    run(main, "python -m verify.rates")
