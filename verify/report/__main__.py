"""``python -m verify.report STORE``: one page, Markdown and HTML, with the tables and figures of a store."""

if __name__ == "__main__":  # before the imports below, so that an interruption there is one line as well
    from boundcalc import border

    border.run("verify.report.__main__:command", "python -m verify.report")

from boundcalc.command import Command
from verify.report.study import PageSetting, write_page

_STORE, _FOLDER = PageSetting.options()
command = Command(
    "report",
    write_page,
    (_FOLDER,),
    help="Make one page, Markdown and HTML, with the tables and figures of a store of trainings.",
    example="rates.db --folder report",
    arguments=(_STORE,),
    renamed={"--out": "is now --folder"},
)
main = command.run_on
