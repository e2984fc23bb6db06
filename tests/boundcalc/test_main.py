"""The commands: what they print, their exit codes, and that files are written whole or not at all."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import boundcalc
from boundcalc.__main__ import run as run_program
from boundcalc.program import main

ROOT = Path(__file__).parents[2]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "boundcalc", *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
        timeout=120,
    )


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(arguments) == 0
    return capsys.readouterr().out


def test_rate(capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys, "rate", "--dim", "20", "--n", "1e4", "--sigma", "0.5", "--eta", "0.2")
    assert text.strip() == str(boundcalc.rate(20, "1e4", sigma="0.5", eta="0.2")).strip()
    assert "n^(-2/21)" in text
    text = printed(capsys, "rate", "5", "1e4", "--flatness", "trace", "--quantity", "gap")
    assert text.strip() == str(boundcalc.rate(5, "1e4", flatness="trace", quantity="gap")).strip()


def test_explicit(capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys, "explicit", "--d", "2", "--n", "1e4")
    assert text.strip().endswith(str(boundcalc.explicit_upper(2, "1e4")))
    assert text.startswith(str(boundcalc.explicit_lower(2, "1e4")))


@pytest.mark.slow
def test_sample_size_and_packing_number(capsys: pytest.CaptureFixture[str]) -> None:
    assert "required" in printed(capsys, "sample-size", "--dim", "2", "--error", "0.1")
    assert "240" in printed(capsys, "packing-number", "--dim", "8", "--angle", "60")
    assert "at most 8 " in printed(capsys, "packing-number", "--dim", "4", "--cosine", "0")


def test_list_and_show(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, "list").count("\n") == len(boundcalc.theorems())
    derivations = printed(capsys, "list", "--derivations")
    for line in derivations.splitlines():
        assert boundcalc.derive(line.split()[0]).key == line.split()[0]
    shown = printed(capsys, "show", "minimax-lower", "--latex")
    assert r"n}\right)^{2/(d + 1)}" in shown
    assert "erratum 7." in shown


def test_derive(capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys, "derive", "theorem-a")
    assert text.splitlines()[0].endswith("[theorem-a]")
    assert "4/(3*d + 5)" in text.splitlines()[-1]


def test_errata(capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys, "errata")
    assert [line.split(".")[0] for line in text.splitlines()] == [str(e.number) for e in boundcalc.errata()]


@pytest.mark.parametrize("kind", ["text", "latex", "markdown", "csv", "html"])
def test_table_formats(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    contents = ["exponents"] if kind == "csv" else ["exponents", "rates"]
    text = printed(capsys, "table", "--dims", "1", "2", "--n", "1e3", "--contents", *contents, "--format", kind)
    assert "4/11" in text
    mark = {"latex": r"\toprule", "markdown": "|---:", "html": "<table>", "csv": "Theorem A (", "text": "-----"}
    assert mark[kind] in text


def test_tables_speak_of_the_quantity_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys, "table", "--dims", "2", "--n", "1e3", "--quantity", "gap")
    assert "generalization gap" in text
    assert "mean squared" not in text
    assert "mean squared" in printed(capsys, "table", "--dims", "2", "--n", "1e3")


def test_table_to_a_file(tmp_path: Path) -> None:
    target = tmp_path / "tables.tex"
    target.write_text("old")
    assert main(["table", "--contents", "registry", "--format", "latex", "--document", "--out", str(target)]) == 0
    text = target.read_text()
    assert text.startswith(r"\documentclass")
    assert text.endswith("\\end{document}\n")
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.slow
def test_values_go_by_position_too(capsys: pytest.CaptureFixture[str]) -> None:
    pairs = [
        ("rate 20 1e4", "rate --dim 20 --n 1e4"),
        ("explicit 2 1e4 --noise 2", "explicit --d 2 --n 1e4 --sigma 2"),
        ("sample-size 2 0.1 --norm 2 --sup 2", "sample-size --dim 2 --error 0.1 --C 2 --B 2"),
        ("packing-number 8 60", "packing-number --dim 8 --angle 60"),
        ("packing-number 5 --cosine -1/2", "packing-number --dim 5 --cosine=-1/2"),
    ]
    for short, long in pairs:
        assert printed(capsys, *short.split()) == printed(capsys, *long.split())


WRONG = [
    ("rate --dim 2.5 --n 10", "--dim (dimension of the inputs) must be an integer with --dim >= 1, got '2.5'"),
    ("rate -3 10", "--dim (dimension of the inputs) must be an integer with --dim >= 1, got '-3'"),
    ("rate --dim 2 --n 0.5", "--n (number of samples) must be"),
    ("rate --dim 2 --n nan", "--n must be a number, got 'nan'"),
    ("rate --dim 2 --n 2**9", "--n must be a number, got '2**9'"),
    ("rate --dim 2 --n 9 --sigma -1", "--sigma"),
    ("rate --dim 2 --n 9 --noise -1", "--sigma"),
    ("rate --dim 2 --n 9 --quantity risk", "--quantity must be one of mse, gap, got 'risk'"),
    ("rate 2 9 --flatness sgd", "--flatness must be one of lambda-max, localised, trace, none, got 'sgd'"),
    ("rate --n 9", "--dim is missing"),
    ("rate 2 9 3", "unexpected argument '3'"),
    ("explicit --dim 2 --n 9 --weight flat", "--weight must be 'canonical' or 'population', 'trace', or a power from"),
    ("explicit --dim 2 --n 9 --effort most", "--effort must be one of fast, full, got 'most'"),
    ("sample-size --dim 2 --error 2", "--error must be a number in (0, 1], got '2'"),
    ("packing-number --dim 2", "--angle or --cosine must be given"),
    ("packing-number 2 60 --cosine 0", "--angle or --cosine must be given, and not both"),
    ("packing-number 2 181", "--angle must be a number in (0, 180], got '181'"),
    ("packing-number 2 --cosine 1", "--cosine must be a number in [-1, 1), got '1'"),
    ("show --latex", "KEY is missing: key of a statement or derivation"),
    ("show minimax", "KEY must name a theorem, got 'minimax'; nearest: "),
    ("derive theorem-z", "KEY must name a derivation, got 'theorem-z'"),
    ("plot --out figure.gif", "--out must end in .png, .svg or .pdf"),
    ("plot --out /no/such/folder/f.png", "--out must lie in an existing folder"),
    ("plot --out f.png --sizes 100 10", "--sizes must increase"),
    ("plot --out f.png --sizes 100 1000 10000", "--sizes must be two numbers"),
    ("plot --out f.png --dims 0 10", "--dims (dimension of the inputs) must be"),
    ("table --dims x", "--dims must be a number, got 'x'"),
    ("table --n 5 5", "--n must hold at least one value and none twice, got 5, 5"),
    ("table --format word", "--format must be one of text, latex, markdown, csv, html, got 'word'"),
    ("table --contents rates prices", "--contents must be one of exponents, rates"),
    ("table --format csv", "--contents must be one table with --format csv"),
    ("table --document --format csv", "--document goes with --format latex or html"),
    ("table --out .", "--out must be a file, got the folder"),
    ("tables", "COMMAND must be one that boundcalc has, got 'tables'; nearest: table"),
]


@pytest.mark.parametrize(("arguments", "words"), WRONG)
def test_wrong_input_is_one_line_that_names_the_option(
    arguments: str, words: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["boundcalc", *arguments.split()])
    monkeypatch.setattr(sys, "stderr", sys.stderr)  # which the program wraps
    with pytest.raises(SystemExit) as caught:
        run_program()
    out, err = capfd.readouterr()
    assert (caught.value.code, out, err.count("\n")) == (2, "", 1)
    place = "boundcalc" if arguments == "tables" else f"boundcalc {arguments.split()[0]}"
    assert err.startswith(f"{place}: error: {words}" if words.startswith(("--", "KEY", "un", "COM")) else place)
    assert words in err
    assert not Path("f.png").exists()


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [[], ["rate"], ["show"], ["plot"]])
def test_help_is_shown_where_nothing_is_asked(arguments: list[str]) -> None:
    done = run(*arguments)
    assert (done.returncode, done.stderr) == (2, "")
    assert done.stdout == run(*arguments, "--help").stdout
    assert done.stdout.startswith(f"Usage: {' '.join(['boundcalc', *arguments])} ")


def test_the_version() -> None:
    assert run("--version").stdout.strip() == boundcalc.__version__


@pytest.mark.slow
def test_the_installed_program_is_the_same_one() -> None:
    program = Path(sys.executable).with_name("boundcalc")
    if not program.exists():
        pytest.skip("boundcalc is not installed here")
    done = subprocess.run([program, "packing-number", "8"], capture_output=True, text=True, cwd=ROOT, check=False)
    assert (done.returncode, done.stderr) == (2, run("packing-number", "8").stderr)


def test_the_shell_completes_words() -> None:
    completion = {
        "_BOUNDCALC_COMPLETE": "bash_complete",
        "COMP_CWORD": "3",
        "COMP_WORDS": "boundcalc rate --quantity g",
    }
    done = subprocess.run(
        [sys.executable, "-m", "boundcalc"], env={**os.environ, **completion}, capture_output=True, text=True, cwd=ROOT,
        check=False,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("plain,gap\n", "")
    script = subprocess.run(
        [sys.executable, "-m", "boundcalc"], env={**os.environ, "_BOUNDCALC_COMPLETE": "bash_source"},
        capture_output=True, text=True, cwd=ROOT, check=True,
    )  # fmt: skip
    assert "complete -o nosort -F _boundcalc_completion boundcalc" in script.stdout


@pytest.mark.slow
def test_interrupting_ends_with_130_and_one_line() -> None:
    code = (
        "import boundcalc.__main__ as m, signal, os\n"
        "def act(options): os.kill(os.getpid(), signal.SIGINT); import time; time.sleep(9)\n"
        "import boundcalc; boundcalc.rate = lambda *a, **k: act(None)\n"
        "import sys; sys.argv = ['boundcalc', 'rate', '--dim', '2', '--n', '9']; m.run()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 130 != -signal.SIGINT
    assert done.stderr.strip() == "boundcalc rate: interrupted; nothing was left half-written"


@pytest.mark.slow
def test_a_reader_that_stops_is_no_error() -> None:
    command = f"{sys.executable} -m boundcalc list | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.stdout.startswith("stability-seminorm")
    assert "Traceback" not in done.stderr
