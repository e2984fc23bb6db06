"""The program ``boundcalc``: the calculator, and every command that an installed package adds."""

from __future__ import annotations

import boundcalc
from boundcalc.command import CommandGroup, added_commands

_CALCULATOR = {
    name: f"boundcalc.calculator:{name.replace('-', '_')}_command"
    for name in (
        "rate",
        "explicit",
        "sample-size",
        "packing-number",
        "list",
        "show",
        "derive",
        "errata",
        "table",
        "plot",
    )
}

group = CommandGroup(
    {"Calculator": _CALCULATOR, "Experiments (with the extra boundcalc[verify])": added_commands()},
    help="""Explicit, certified bounds for flat minima of two-layer ReLU networks.

    The calculator states every bound; experiments build, train and measure, and hold what they find against the theorems.
    `boundcalc COMMAND --help` shows the options of a command.""",
    version=boundcalc.__version__,
)
main = group.run_on
