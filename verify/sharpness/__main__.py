"""``python -m verify.sharpness FILE.npz``: enclose lambda_max of a saved network's loss and compare it with 2/eta."""

if __name__ == "__main__":  # before the imports below, so that an interruption there is one line as well
    from boundcalc import border

    border.run("verify.sharpness.__main__:command", "python -m verify.sharpness")

from verify.command import OPTIONS, study_command
from verify.sharpness.study import SharpnessSetting, sharpness_report

command = study_command(
    "sharpness",
    SharpnessSetting,
    sharpness_report,
    help="""Certify lambda_max of a saved two-layer network from both sides and compare it with 2/eta.

    FILE is an .npz file with arrays W, b, v, beta, X, y. Exit code 1: not stable at this step size.""",
    example="network.npz --eta 0.5",
    arguments=(OPTIONS["file"],),
)
main = command.run_on
