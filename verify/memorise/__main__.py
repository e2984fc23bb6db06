"""``python -m verify.memorise``: flat networks that memorise: a pair no sample can tell apart, and one neuron per point."""

if __name__ == "__main__":  # before the imports below, so that an interruption there is one line as well
    from boundcalc import border

    border.run("verify.memorise.__main__:command", "python -m verify.memorise")

from verify.command import study_command
from verify.memorise.figure import memorise_figure
from verify.memorise.setting import MemoriseSetting
from verify.memorise.study import Memorised, memorise_report

command = study_command(
    "memorise",
    MemoriseSetting,
    memorise_report,
    help="""Build flat networks that memorise: a pair no sample can tell apart, and one neuron per point of the sphere.

    --bound is the sup norm of the pair and the largest label on the sphere. --save writes samples and networks, --plot draws
    distances and eigenvalues against n.""",
    example="--dim 20 --n 1000",
    save=Memorised.arrays,
    plot=memorise_figure,
)
main = command.run_on
