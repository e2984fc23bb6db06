"""``python -m verify.shattering``: train with a large step and with weight decay, and see neurons shatter or not."""

if __name__ == "__main__":  # before the imports below, so that an interruption there is one line as well
    from boundcalc import border

    border.run("verify.shattering.__main__:command", "python -m verify.shattering")

from verify.command import study_command
from verify.shattering.figure import shattering_figure
from verify.shattering.setting import ShatteringSetting
from verify.shattering.study import Checkpoint, Experiment, run_experiment

command = study_command(
    "shattering",
    (ShatteringSetting, Checkpoint),
    run_experiment,
    help="""Train a network with a large step and with weight decay, and see its neurons shatter or not.

    --save writes data, traces and trained networks; --plot draws traces and neurons.""",
    example="--dim 5 --n 128 --width 512 --steps 4000",
    save=Experiment.arrays,
    plot=shattering_figure,
    renamed={"--target": "is now --truth"},
)
main = command.run_on
