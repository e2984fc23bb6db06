"""``python -m verify.stability``: a sweep of networks through Thm 3.2, Cor 3.3 and Theorem E, with rounding bounded."""

if __name__ == "__main__":  # before the imports below, so that an interruption there is one line as well
    from boundcalc import border

    border.run("verify.stability.__main__:command", "python -m verify.stability")

from verify.command import study_command
from verify.stability.figure import stability_figure
from verify.stability.setting import StabilitySetting
from verify.stability.study import Sweep, run_sweep

command = study_command(
    "stability",
    StabilitySetting,
    run_sweep,
    help="""Hold hundreds of networks against Thm 3.2, Cor 3.3 and Theorem E, with rounding bounded.

    --save writes the counterexample, or the network closest to equality; --plot the distribution of the slack.""",
    example="--dims 1 3 --networks 100",
    save=Sweep.arrays,
    plot=stability_figure,
)
main = command.run_on
