"""Where a program meets the shell: one line and one code for whatever goes wrong, closed pipes, interruption, imports."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# A program with one command, of a module of its own that does what the test wants.
PROGRAM = """
import sys, types
from boundcalc import border
from boundcalc.command import Command, CommandGroup

def act(values):
{act}

module = types.ModuleType("somewhere")
module.command = Command("act", act, [], help="Act.", example="")
sys.modules["somewhere"] = module
sys.argv = ["prog", "act"]
border.run(CommandGroup({{"Commands": {{"act": "somewhere:command"}}}}, help="Try.", version="1"), "prog")
"""


def program(*lines: str) -> list[str]:
    return [sys.executable, "-c", PROGRAM.format(act="\n".join(f"    {line}" for line in lines))]


def run(command: list[str], **further: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # type: ignore[call-overload, no-any-return]
        command, capture_output=True, text=True, cwd=ROOT, timeout=120, check=False, **further
    )


def with_path(folder: Path) -> dict[str, str]:
    """The environment, with a folder to import from."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)])}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        ("return 3", 3, ""),
        ("raise ValueError('key must be\\nshort, got 7')", 2, "prog act: error: key must be short, got 7\n"),
        ("raise TypeError('no')", 2, "prog act: error: no\n"),
        ("open('/no/such/file')", 2, "prog act: error: No such file or directory: '/no/such/file'\n"),
        ("raise KeyboardInterrupt", 130, "\nprog act: interrupted; nothing was left half-written\n"),
        ("import sys; sys.exit(5)", 5, ""),
    ],
)
def test_codes_and_lines(line: str, code: int, words: str) -> None:
    done = run(program(line))
    assert (done.returncode, done.stderr) == (code, words)


def test_a_fault_has_a_code_of_its_own_that_is_not_that_of_a_refuted_claim() -> None:
    done = run(program("1 / 0"))
    assert done.returncode == 70
    assert done.stderr.endswith(
        "prog act: a fault of the program; the lines above say where: ZeroDivisionError: division by zero\n"
    )
    assert "Traceback" in done.stderr


@pytest.mark.parametrize("lines", [1, 10**5])
def test_a_closed_pipe_is_no_error_and_has_one_code(lines: int, tmp_path: Path) -> None:
    target = tmp_path / "file"
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        program(f"open({str(target)!r}, 'w').write('whole')", f"print('line\\n' * {lines})", "return 0"),
        stdout=writer, stderr=subprocess.PIPE, text=True, cwd=ROOT, timeout=120, check=False,
    )  # fmt: skip
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, "")
    assert target.read_text() == "whole"


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["list"], ["table"], []])
def test_a_closed_pipe_has_that_code_in_every_part_of_the_program(arguments: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "boundcalc", *arguments]
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, cwd=ROOT, timeout=300, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, "")


def test_the_work_goes_on_where_nobody_reads_what_is_under_way(tmp_path: Path) -> None:
    """As in ``2>&1 | head``: progress meets a closed pipe, and the files are written all the same."""
    target = tmp_path / "file"
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        program("import sys", "for _ in range(3): print('step', file=sys.stderr, flush=True)",
                f"open({str(target)!r}, 'w').write('whole')", "print('report')", "return 1"),
        stdout=subprocess.PIPE, stderr=writer, text=True, cwd=ROOT, timeout=120, check=False,
    )  # fmt: skip
    os.close(writer)
    assert (done.returncode, done.stdout, target.read_text()) == (1, "report\n", "whole")


def test_no_standard_output_and_no_standard_error() -> None:
    command = program("print('report')", "raise ValueError('no')")
    done = subprocess.run(["sh", "-c", '"$@" >&- 2>&-', "sh", *command], cwd=ROOT, timeout=120, check=False)
    assert done.returncode == 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_is_one_line() -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            program("print('report')", "return 0"), stdout=full, stderr=subprocess.PIPE, text=True, cwd=ROOT,
            timeout=120, check=False,
        )  # fmt: skip
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert done.stderr.endswith(": error: No space left on device\n")


def test_interrupting_an_import_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(
        "import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(60)\ncommand = None\n"
    )
    code = "from boundcalc import border; border.run('slow:command', 'prog')"
    done = run([sys.executable, "-c", code], env=with_path(tmp_path))
    assert done.returncode == 130 != -signal.SIGINT
    assert done.stderr == "\nprog: interrupted; nothing was left half-written\n"


def test_the_border_is_there_before_anything_that_takes_time_to_import() -> None:
    code = (
        "import sys, boundcalc.__main__\n"
        "print([m for m in ('click', 'sympy', 'numpy', 'importlib.metadata', 'tempfile') if m in sys.modules])"
    )
    assert run([sys.executable, "-S", "-c", code]).stdout == "[]\n"


def test_an_interruption_inside_an_exec_has_the_code_too(tmp_path: Path) -> None:
    """Python remembers it, and would end a module by the signal instead."""
    (tmp_path / "tried.py").write_text(program("exec('raise KeyboardInterrupt')")[2])
    done = run([sys.executable, "-m", "tried"], env=with_path(tmp_path))
    assert (done.returncode, done.stderr) == (130, "\nprog act: interrupted; nothing was left half-written\n")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("package", "remedy"),
    [
        ("torch", "pip install 'boundcalc[verify]'"),
        ("joblib", "pip install 'boundcalc[verify]'"),
        ("pyarrow", "pip install 'boundcalc[parquet]'"),
        ("distributed", "pip install 'boundcalc[cluster]'"),
        ("nowhere", "pip install nowhere"),
    ],
)
def test_a_missing_package_says_what_to_install(package: str, remedy: str) -> None:
    done = run(program(f"import sys; sys.modules[{package!r}] = None", f"import {package}.part"))
    assert (done.returncode, done.stderr) == (2, f"prog act: error: {package} is not installed; {remedy}\n")


@pytest.mark.slow
def test_a_command_of_verify_without_torch() -> None:
    code = (
        "import sys; sys.modules['torch'] = None; "
        "sys.argv = ['boundcalc', 'stability', '--device', 'cuda']; from boundcalc.__main__ import run; run()"
    )
    done = run([sys.executable, "-c", code])
    assert done.returncode == 2
    assert done.stderr == "boundcalc stability: error: torch is not installed; pip install 'boundcalc[verify]'\n"


@pytest.mark.slow
def test_the_calculator_works_without_what_verify_needs() -> None:
    code = (
        "import sys\nfor name in ('torch', 'joblib', 'pandas', 'tqdm', 'distributed', 'pyarrow', 'jinja2', 'sklearn'):"
        " sys.modules[name] = None\n"
        "from boundcalc.program import main\nimport contextlib, io\n"
        "with contextlib.redirect_stdout(io.StringIO()) as out: main(['--help'])\n"
        "assert 'stability' in out.getvalue()\nprint(main(['packing-number', '8', '60']))"
    )
    done = run([sys.executable, "-c", code])
    assert done.stderr == ""
    assert done.stdout.endswith("\n0\n")
