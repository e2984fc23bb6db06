"""``python -m verify.figures fig2 ... | all``: the figures of LQWP25, with their numbers and the paper's values beside."""

if __name__ == "__main__":  # before the imports below, so that an interruption there is one line as well
    from boundcalc import border

    border.run("verify.figures.__main__:command", "python -m verify.figures")

from verify.command import OPTIONS, study_command
from verify.figures.setting import FiguresSetting
from verify.figures.study import figures_report, plan
from verify.sweep import SweepOptions

command = study_command(
    "figures",
    (FiguresSetting, SweepOptions),
    figures_report,
    help="""Redraw the paper's figures (fig2 to fig15, or all), with their numbers and the paper's values beside.

    --size small takes minutes, paper takes hours and resumes. Without --store the trainings are kept in the folder.""",
    example="fig3 fig9 --folder figures",
    plan=plan,
    arguments=(OPTIONS["figures"],),
    renamed={"--scale": "is now --size", "--out": "is now --folder", "--format": "is now --image"},
)
main = command.run_on
