"""``python -m verify.report STORE``: one page, Markdown and HTML, with the tables and figures of a store."""

from __future__ import annotations

from verify.command import run
from verify.report.study import main

if __name__ == "__main__":
    run(main, "python -m verify.report")
