"""``python -m verify.packing``: build a boundary-localised packing and check every claim about it."""

if __name__ == "__main__":  # before the imports below, so that an interruption there is one line as well
    from boundcalc import border

    border.run("verify.packing.__main__:command", "python -m verify.packing")

from verify.command import study_command
from verify.packing.artefact import Artefact
from verify.packing.figure import packing_figure
from verify.packing.setting import PackingSetting
from verify.packing.study import packing_report

command = study_command(
    "packing",
    PackingSetting,
    packing_report,
    help="""Build a boundary-localised packing and check every claim about it.

    There are 65536 samples by default, 4096 for packets; the atoms are caps, in dimension 1 hats. --weight is that of the norm
    below C: canonical, population or empirical. --save writes the arrays, --plot weight norms and inner products.""",
    example="--dim 12 --n 65536",
    save=Artefact.arrays,
    plot=packing_figure,
    renamed={"--target": "is now --weight"},
)
main = command.run_on
