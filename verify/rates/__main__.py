"""``python -m verify.rates``: how the error falls with n, with and without weight decay, beside the exponents of the theory."""

from __future__ import annotations

if __name__ == "__main__":  # before the imports below, so that an interruption there is one line as well
    from boundcalc import border

    border.run("verify.rates.__main__:command", "python -m verify.rates")

from pathlib import Path

from verify.command import study_command
from verify.rates.figure import rate_figure
from verify.rates.setting import RateSetting, rate_sweep
from verify.rates.study import Study, fit_table, run_study
from verify.sweep import SweepOptions, write_csv


def _write_fits(study: Study, path: Path) -> None:
    write_csv(fit_table(study.setting, study.results), path)


def _plan(setting: RateSetting, how: SweepOptions) -> str | None:
    return how.plan(rate_sweep(setting)) if how.dry_run else None


command = study_command(
    "rates",
    (RateSetting, SweepOptions),
    run_study,
    help="""Measure how the error of trained networks falls with n, with and without weight decay, beside the theory's exponents.

    --csv writes all fits, those of earlier steps too (all runs: boundcalc sweep STORE); --plot draws errors and exponents.""",
    example="--dims 1 2 --n 32 64 128 --seeds 3 --steps 2000 --store rates.db",
    plot=rate_figure,
    csv=_write_fits,
    plan=_plan,
    renamed={"--target": "is now --truth"},
)
main = command.run_on
