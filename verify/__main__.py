"""``python -m verify``: the experiments, each also a command of ``boundcalc`` and a module of its own."""

if __name__ == "__main__":  # before the imports below, so that an interruption there is one line as well
    from boundcalc import border

    border.run("verify.__main__:group", "python -m verify")

import boundcalc
from boundcalc.command import CommandGroup, added_commands

group = CommandGroup(
    {"Commands": added_commands()},
    help="""Experiments on the theory of flat minima: build, train and measure, and hold what is found against the theorems.

    `boundcalc packing`, `python -m verify packing` and `python -m verify.packing` are the same.""",
    version=boundcalc.__version__,
)
main = group.run_on
