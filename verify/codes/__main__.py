"""``python -m verify.codes``: which spherical codes exist at an angle, the best one built and certified, beside the bounds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from boundcalc.files import write_atomically
from constructions.codes import FAMILIES
from verify.codes.setting import AUTO, CodesSetting
from verify.codes.study import codes_report
from verify.command import Parser, check_outputs, deliver, run


def parser() -> Parser:
    """The options."""
    parse = Parser(prog="python -m verify.codes", description=__doc__)
    parse.add_argument("--dim", default="12", help="dimension (default 12)")
    parse.add_argument("--angle", help="least angle between two points in degrees (default 60)")
    parse.add_argument("--cosine", help="its cosine, exactly, instead of --angle")
    parse.add_argument("--points", default="1", help="number of points needed (default 1)")
    names = ", ".join(family.name for family in FAMILIES)
    parse.add_argument("--family", default=AUTO, help=f"auto or one of {names} (default auto)")
    parse.add_argument("--thorough", action="store_true", help="try the slow families too")
    parse.add_argument("--max-size", help="most points to build (default: as many as is quick)")
    parse.add_argument("--seed", default="0", help="seed of the randomised families (default 0)")
    parse.add_argument("--json", metavar="PATH|-", help="write the report as JSON; - prints it")
    parse.add_argument("--save", metavar="PATH.npz", help="write the points")
    return parse


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse, build, certify, report; the exit code."""
    options = parser().parse_args(arguments)
    check_outputs(json=options.json, save=options.save)
    setting = CodesSetting.parse(
        options.dim,
        options.angle,
        cosine=options.cosine,
        points=options.points,
        family=options.family,
        thorough=options.thorough,
        max_size=options.max_size,
        seed=options.seed,
    )
    code, report = codes_report(setting)
    if options.save:
        arrays: dict[str, Any] = {"points": code.points}
        if code.exact is not None:
            arrays["exact"] = code.exact.vectors
        write_atomically(Path(options.save), lambda stream: np.savez(stream, **arrays))
    return deliver(report, options.json)


if __name__ == "__main__":
    run(main, "python -m verify.codes")
