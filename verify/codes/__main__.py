"""``python -m verify.codes``: which spherical codes exist at an angle, the best one built and certified, beside the bounds."""

if __name__ == "__main__":  # before the imports below, so that an interruption there is one line as well
    from boundcalc import border

    border.run("verify.codes.__main__:command", "python -m verify.codes")

from verify.codes.setting import CodesSetting
from verify.codes.study import code_arrays, codes_report
from verify.command import study_command

command = study_command(
    "codes",
    CodesSetting,
    codes_report,
    help="""Build and certify the best spherical code at an angle (by default 60 degrees), beside the bounds.

    --save writes the points.""",
    example="--dim 8 --angle 60",
    save=code_arrays,
)
main = command.run_on
