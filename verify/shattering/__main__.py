"""``python -m verify.shattering``: train with a large step and with weight decay, and see neurons shatter or not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from boundcalc.files import save_figure
from verify.command import Parser, add_outputs, check_outputs, deliver, run
from verify.shattering.setting import ShatteringSetting
from verify.shattering.study import run_experiment, save_experiment
from verify.training.setting import Init
from verify.training.targets import TARGETS


def parser() -> Parser:
    """The options."""
    parse = Parser(prog="python -m verify.shattering", description=__doc__)
    parse.add_argument("--dim", default="10", help="dimension d (default 10)")
    parse.add_argument("--n", default="512", help="samples (default 512)")
    parse.add_argument("--width", default="2048", help="hidden neurons (default 2048)")
    parse.add_argument("--eta", default="0.9", help="step size without decay, in (0, 2) (default 0.9)")
    parse.add_argument("--steps", default="20000", help="steps of gradient descent (default 20000)")
    parse.add_argument("--decay", default="0.1", help="weight decay of the run to compare with (default 0.1)")
    parse.add_argument("--decay-eta", default="0.01", help="its step size (default 0.01)")
    parse.add_argument("--noise", default="1", help="sigma, standard deviation of the label noise (default 1)")
    parse.add_argument("--clip", default="50", help="largest norm of the gradient, 0 for no clipping (default 50)")
    names = ", ".join(kind.value for kind in Init)
    parse.add_argument("--init", default=Init.LINEAR.value, help=f"initialisation: {names} (default linear)")
    parse.add_argument("--target", default="linear", help=f"truth: {', '.join(name for name, _ in TARGETS)}")
    parse.add_argument("--traces", default="100", help="points of every trace (default 100)")
    parse.add_argument("--fresh", default="4096", help="fresh points for the error (default 4096)")
    parse.add_argument("--large-step", action="store_true", help="allow step sizes of 2 and more")
    parse.add_argument("--seed", default="0", help="seed of everything random (default 0)")
    parse.add_argument("--device", default="cpu", help="auto, cpu or cuda (default cpu)")
    parse.add_argument("--checkpoint", metavar="PATH.npz", help="save the state there; continue from it if it exists")
    add_outputs(parse, save="data, traces and trained networks", plot="traces and neurons")
    return parse


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse, train, measure, report; the exit code."""
    options = parser().parse_args(arguments)
    setting = ShatteringSetting.parse(
        options.dim,
        options.n,
        width=options.width,
        steps=options.steps,
        eta=options.eta,
        noise=options.noise,
        decay=options.decay,
        decay_eta=options.decay_eta,
        clip=options.clip,
        traces=options.traces,
        fresh=options.fresh,
        seed=options.seed,
        init=options.init,
        target=options.target,
        device=options.device,
        large_step=options.large_step,
    )
    check_outputs(json=options.json, save=options.save, plot=options.plot)
    experiment, report = run_experiment(setting, Path(options.checkpoint) if options.checkpoint else None)
    if options.save:
        save_experiment(experiment, Path(options.save))
    if options.plot:
        from verify.shattering.figure import shattering_figure

        save_figure(shattering_figure(experiment), Path(options.plot))
    return deliver(report, options.json)


if __name__ == "__main__":
    run(main, "python -m verify.shattering")
