"""``python -m verify.packing``: build a boundary-localised packing and check every claim about it."""

from __future__ import annotations

from argparse import BooleanOptionalAction
from collections.abc import Sequence
from pathlib import Path

from boundcalc.files import save_figure
from constructions.codes import FAMILIES
from verify.command import Parser, add_outputs, check_outputs, deliver, run
from verify.packing.artefact import save_artefact
from verify.packing.atoms.kind import AtomKind, Target
from verify.packing.setting import PackingSetting
from verify.packing.study import packing_report

DEFAULT_N = "65536"
# The network that discretises packets has tens of thousands of neurons, each of which reads every sample.
DEFAULT_PACKET_N = "4096"


def parser() -> Parser:
    """The options."""
    parse = Parser(prog="python -m verify.packing", description=__doc__)
    parse.add_argument("--dim", default="12", help="dimension d (default 12)")
    parse.add_argument("--n", help=f"samples (default {DEFAULT_N}, for packets {DEFAULT_PACKET_N})")
    parse.add_argument("--height", help="cap height in (0, 1] (default: critical for n)")
    parse.add_argument("--epsilon", help="root of the cap height, instead of --height")
    families = ["auto", *(family.name for family in FAMILIES)]
    parse.add_argument("--code", default="auto", help=f"spherical code: {', '.join(families)} (default auto)")
    kinds, targets = ", ".join(kind.value for kind in AtomKind), ", ".join(target.value for target in Target)
    parse.add_argument("--atoms", help=f"what stands on each cap: {kinds} (default cap, in dimension 1 hat)")
    parse.add_argument(
        "--target", default="canonical", help=f"weight of the norm below C: {targets} (default canonical)"
    )
    parse.add_argument("--caps", default="1", help="least number of caps (default 1)")
    parse.add_argument("--eta", default="0.5", help="step size in (0, 2) (default 0.5)")
    parse.add_argument("--noise", default="1", help="sigma, standard deviation of the label noise")
    parse.add_argument("--sup", default="1", help="B, bound on the sup norm")
    parse.add_argument("--norm", default="1", help="C, bound on the weighted variation norm")
    parse.add_argument("--seed", default="0", help="seed of everything random (default 0)")
    parse.add_argument("--device", default="auto", help="auto, cpu or cuda (default auto)")
    parse.add_argument(
        "--scaling", action=BooleanOptionalAction, default=True, help="the study over a grid of n (default on)"
    )
    add_outputs(parse, save="the arrays", plot="weight norms and inner products")
    return parse


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse, build, check, report; the exit code."""
    options = parser().parse_args(arguments)
    setting = PackingSetting.parse(
        options.dim,
        options.n or (DEFAULT_PACKET_N if options.atoms == AtomKind.PACKET.value else DEFAULT_N),
        height=options.height,
        epsilon=options.epsilon,
        code=options.code,
        eta=options.eta,
        noise=options.noise,
        sup=options.sup,
        norm=options.norm,
        seed=options.seed,
        device=options.device,
        atoms=options.atoms,
        target=options.target,
        caps=options.caps,
    )
    check_outputs(json=options.json, save=options.save, plot=options.plot)
    artefact, report = packing_report(setting, with_scaling=options.scaling)
    if options.save:
        save_artefact(artefact, Path(options.save))
    if options.plot:
        from verify.packing.figure import packing_figure

        save_figure(packing_figure(artefact), Path(options.plot))
    return deliver(report, options.json)


if __name__ == "__main__":
    run(main, "python -m verify.packing")
