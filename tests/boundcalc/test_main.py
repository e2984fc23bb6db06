"""The commands: what they print, their exit codes, and that files are written whole or not at all."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

import boundcalc
from boundcalc.__main__ import main

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


def test_explicit(capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys, "explicit", "--d", "2", "--n", "1e4")
    assert text.strip().endswith(str(boundcalc.explicit_upper(2, "1e4")))
    assert text.startswith(str(boundcalc.explicit_lower(2, "1e4")))


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
    text = printed(
        capsys, "table", "--dims", "1", "2", "--n", "1e3", "--contents", "exponents", "rates", "--format", kind
    )
    assert "4/11" in text
    mark = {"latex": r"\toprule", "markdown": "|---:", "html": "<table>", "csv": "Theorem A (", "text": "-----"}
    assert mark[kind] in text


def test_table_to_a_file(tmp_path: Path) -> None:
    target = tmp_path / "tables.tex"
    target.write_text("old")
    assert main(["table", "--contents", "registry", "--format", "latex", "--document", "--out", str(target)]) == 0
    text = target.read_text()
    assert text.startswith(r"\documentclass")
    assert text.endswith("\\end{document}\n")
    assert list(tmp_path.iterdir()) == [target]


WRONG = [
    (["rate", "--dim", "2.5", "--n", "10"], "d (dimension of the inputs) must be an integer with d >= 1, got '2.5'"),
    (["rate", "--dim", "2", "--n", "0.5"], "n (number of samples) must be"),
    (["rate", "--dim", "2", "--n", "nan"], "n must be a number, got 'nan'"),
    (["rate", "--dim", "2", "--n", "2**9"], "n must be a number, got '2**9'"),
    (["rate", "--dim", "2", "--n", "9", "--sigma", "-1"], "sigma"),
    (["rate", "--dim", "2", "--n", "9", "--quantity", "risk"], "quantity must be 'mse' or 'gap', got 'risk'"),
    (["rate", "--n", "9"], "the following arguments are required: --dim/--d"),
    (["explicit", "--dim", "2", "--n", "9", "--weight", "flat"], "weight must be"),
    (["explicit", "--dim", "2", "--n", "9", "--effort", "most"], "effort must be"),
    (["sample-size", "--dim", "2", "--error", "2"], "error must lie in (0, 1]"),
    (["packing-number", "--dim", "2"], "exactly one of angle"),
    (["show", "minimax"], "key must name a theorem, got 'minimax'"),
    (["derive", "theorem-z"], "key must name a derivation, got 'theorem-z'"),
    (["plot", "--out", "figure.gif"], "--out must end in .png, .svg or .pdf"),
    (["plot", "--out", "/no/such/folder/f.png"], "--out must lie in an existing folder"),
    (["plot", "--out", "f.png", "--sizes", "100", "10"], "sizes must increase"),
    (["plot", "--out", "f.png", "--dims", "0", "10"], "dims (dimension of the inputs) must be"),
    (["table", "--dims", "x"], "dims must be a number, got 'x'"),
    (["table", "--format", "word"], "argument --format: invalid choice: 'word'"),
    (["table", "--document", "--format", "csv"], "--document goes with --format latex or html"),
    (["table", "--out", "."], "--out must be a file, got the folder"),
    (["tables"], "invalid choice: 'tables'"),
    ([], "the following arguments are required: COMMAND"),
]


@pytest.mark.parametrize(("arguments", "words"), WRONG)
def test_wrong_input_is_one_error_that_names_the_argument(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """In process: usage errors exit with 2, the library's raise what :func:`run` turns into one line."""
    with pytest.raises((SystemExit, ValueError, TypeError)) as caught:
        main(arguments)
    message = str(caught.value)
    if isinstance(caught.value, SystemExit):
        assert caught.value.code == 2
        message = capsys.readouterr().err
        assert message.count("\n") == 1
    assert words in message
    assert not Path("f.png").exists()


@pytest.mark.parametrize("arguments", [WRONG[0][0], WRONG[13][0], WRONG[-1][0]])
def test_exit_code_and_single_line(arguments: list[str]) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "error: " in done.stderr


def test_interrupting_ends_with_130_and_one_line() -> None:
    code = (
        "import boundcalc.__main__ as m, signal, os\n"
        "def act(options): os.kill(os.getpid(), signal.SIGINT); import time; time.sleep(9)\n"
        "m.boundcalc.rate = lambda *a, **k: act(None)\n"
        "import sys; sys.argv = ['boundcalc', 'rate', '--dim', '2', '--n', '9']; m.run()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 130 != -signal.SIGINT
    assert done.stderr.strip() == "python -m boundcalc: interrupted; nothing was left half-written"


def test_a_reader_that_stops_is_no_error() -> None:
    command = f"{sys.executable} -m boundcalc list | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.stdout.startswith("stability-seminorm")
    assert "Traceback" not in done.stderr
