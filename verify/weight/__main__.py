"""``python -m verify.weight``: empirical against population weight: Thm E.5, Theorem D, closed forms, c_infinity."""

if __name__ == "__main__":  # before the imports below, so that an interruption there is one line as well
    from boundcalc import border

    border.run("verify.weight.__main__:command", "python -m verify.weight")

from verify.command import study_command
from verify.weight.figure import weight_figure
from verify.weight.setting import WeightSetting
from verify.weight.study import run_study

command = study_command(
    "weight",
    WeightSetting,
    run_study,
    help="""Compare empirical and population weight: Thm E.5, Theorem D, closed forms, c_infinity.

    --plot draws deviations, weights and depths.""",
    example="--dim 3 --n 1024 4096 16384",
    plot=weight_figure,
    renamed={"--points": "is now --draws", "--device": "is gone: this study runs on the CPU"},
)
main = command.run_on
