"""``python -m verify.lower_bound``: exponents of the constructions' explicit lower bounds, and who overtakes whom."""

if __name__ == "__main__":  # before the imports below, so that an interruption there is one line as well
    from boundcalc import border

    border.run("verify.lower_bound.__main__:command", "python -m verify.lower_bound")

from verify.command import study_command
from verify.lower_bound.figure import lower_bound_figure
from verify.lower_bound.setting import LowerBoundSetting
from verify.lower_bound.study import lower_bound_study

command = study_command(
    "lower-bound",
    LowerBoundSetting,
    lower_bound_study,
    help="""Fit the exponents of the constructions' explicit lower bounds, and find who overtakes whom.

    --n takes sample sizes: a..b for a logarithmic grid, or a list. --plot draws bounds and rates against n.""",
    example="--dims 1 2 --n 1e2..1e8",
    plot=lower_bound_figure,
)
main = command.run_on
