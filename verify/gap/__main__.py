"""``python -m verify.gap MODEL.npz TABLE``: how sharp must this network be, for what it has learned?"""

if __name__ == "__main__":  # before the imports below, so that an interruption there is one line as well
    from boundcalc import border

    border.run("verify.gap.__main__:command", "python -m verify.gap")

from verify.command import OPTIONS, study_command
from verify.gap.study import GapSetting, gap_report

command = study_command(
    "gap",
    GapSetting,
    gap_report,
    help="""Hold lambda_max and trace of a trained two-layer network against the least that any network with its outputs has.

    MODEL is an .npz file with W, b, v and beta; FILE is the table it was trained on, read as boundcalc shatterability reads it,
    with the labels as they are. The bounds count however long it was trained, and say what the rest is worth: weights out of
    balance, and neurons that flatter networks do without. Exit code 1: not stable at this step size.""",
    example="network.npz data.csv --target y --eta 0.5",
    arguments=(OPTIONS["model"], OPTIONS["file"]),
)
main = command.run_on
