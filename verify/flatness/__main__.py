"""``python -m verify.flatness``: train by GD, SGD, label-noise SGD and weight decay, and measure every kind of flatness."""

if __name__ == "__main__":  # before the imports below, so that an interruption there is one line as well
    from boundcalc import border

    border.run("verify.flatness.__main__:command", "python -m verify.flatness")

from verify.command import study_command
from verify.flatness.figure import flatness_figure
from verify.flatness.setting import FlatnessSetting
from verify.flatness.study import Experiment, run_experiment

command = study_command(
    "flatness",
    FlatnessSetting,
    run_experiment,
    help="""Train by gradient descent, SGD, label-noise SGD and weight decay, and measure every kind of flatness.

    All start from the same network on the same data, in every dimension. --no-bias asks whether networks without biases
    shatter. --save writes what was measured over the steps.""",
    example="--dims 2 5 --n 48 --width 96 --steps 3000 --seeds 2",
    save=Experiment.arrays,
    plot=flatness_figure,
)
main = command.run_on
