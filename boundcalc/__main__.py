"""``boundcalc`` or ``python -m boundcalc``."""

from __future__ import annotations

from typing import NoReturn

from boundcalc import border


def run() -> NoReturn:
    """The program; whatever it imports is imported behind the border."""
    border.run("boundcalc.program:group", "boundcalc")


if __name__ == "__main__":
    run()
