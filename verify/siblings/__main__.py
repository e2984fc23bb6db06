"""``python -m verify.siblings NAME|all``: the sibling papers' statements, each confronted with an object."""

if __name__ == "__main__":  # before the imports below, so that an interruption there is one line as well
    from boundcalc import border

    border.run("verify.siblings.__main__:command", "python -m verify.siblings")

from verify.command import OPTIONS, study_command
from verify.siblings.study import SiblingsSetting, siblings_figure, siblings_report

command = study_command(
    "siblings",
    SiblingsSetting,
    siblings_report,
    help="""Confront the sibling papers with objects: build what a statement speaks of, measure it, judge the statement.

    NAME is one of the papers' short names, or all. --plot draws one panel per paper.""",
    example="k-plane",
    plot=siblings_figure,
    arguments=(OPTIONS["sibling"],),
)
main = command.run_on
