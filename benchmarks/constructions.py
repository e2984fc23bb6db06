"""Time and memory of the constructions: ``python -m benchmarks.constructions [PAGE.md [GROUP]]`` prints the tables, writes
the page, or measures one table of the page anew.

Every row runs in a process of its own, so that the peak memory is its own.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np

from boundcalc.files import write_text
from constructions.certificate import max_inner_product
from constructions.codes import best_code, build
from constructions.data import sphere
from constructions.packing import pack

DIMS = (2, 3, 5, 8, 12, 24, 48)
ANGLES = {"90°": Fraction(0), "60°": Fraction(1, 2), "45°": Fraction(7071067812, 10**10), "26°": Fraction(9, 10)}


def _best(d: int, label: str) -> str:
    code = best_code(d, cosine=ANGLES[label])
    return f"{code.size} | {code.family}"


def _pack(d: int) -> str:
    packing = pack(d, angle=60)
    return f"{packing.size} | {packing.code.family}"


def _random(n: int, d: int) -> str:
    found = max_inner_product(sphere(n, d, np.random.default_rng(0)))
    return f"{n} | {found.method}"


def _greedy(d: int, cosine: str, most: int) -> str:
    code = build("greedy", d, cosine=cosine, max_size=most)
    return f"{code.size} | {code.family}"


def _named(name: str, d: int) -> str:
    slightly = Fraction(1, 2) + Fraction(1, 10**9)
    code = build(name, d, cosine=slightly)
    return f"{code.size} | {code.max_inner_product().method}"


def _repulsion(d: int, cosine: str) -> str:
    code = build("repulsion", d, cosine=cosine)
    plain = build("greedy", d, cosine=cosine)
    return f"{code.size} | random sequential: {plain.size}"


def _command(*arguments: str) -> str:
    """`python -m verify.packing` with these arguments, its report thrown away."""
    from verify.packing.__main__ import main as packing

    with contextlib.redirect_stdout(io.StringIO()) as output:
        packing(arguments)
    facts = output.getvalue().splitlines()[2]
    return facts.removeprefix("packing: size ").replace(", dim", " | dim", 1).split(", height ")[0]


CASES: dict[str, tuple[str, Callable[[], str]]] = {}
for _d in DIMS:
    for _label in ANGLES:
        CASES[f"best code, d = {_d}, {_label}"] = ("Best code", lambda d=_d, label=_label: _best(d, label))  # type: ignore[misc]
    CASES[f"packing, d = {_d}, caps at 60°"] = ("Packing", lambda d=_d: _pack(d))  # type: ignore[misc]
CASES |= {
    "certificate, 100 000 uniform points, d = 24": ("Certificate", lambda: _random(100_000, 24)),
    "certificate, 100 000 uniform points, d = 3": ("Certificate", lambda: _random(100_000, 3)),
    "Leech, built and certified": ("Exact configurations", lambda: _named("leech", 24)),
    "laminated, d = 23": ("Exact configurations", lambda: _named("laminated", 23)),
    "laminated, d = 22 (on a lattice plane)": ("Exact configurations", lambda: _named("laminated", 22)),
    "odd signs, d = 21": ("Exact configurations", lambda: _named("odd-signs", 21)),
    "odd signs, d = 18 (on a lattice plane)": ("Exact configurations", lambda: _named("odd-signs", 18)),
    "Barnes-Wall, d = 32": ("Exact configurations", lambda: _named("barnes-wall", 32)),
    "random sequential, d = 6, 100 000 points": ("Numerical families", lambda: _greedy(6, "977/1000", 100_000)),
    "random sequential, d = 12, 20 000 points": ("Numerical families", lambda: _greedy(12, "9/10", 20_000)),
    "energy minimisation, d = 3, cos 0.9": ("Numerical families", lambda: _repulsion(3, "9/10")),
    "energy minimisation, d = 4, cos 0.8": ("Numerical families", lambda: _repulsion(4, "4/5")),
}
for _d in DIMS:
    CASES[f"packing command, d = {_d}"] = ("The packing command", lambda d=_d: _command("--dim", str(d)))  # type: ignore[misc]
CASES["packing command, d = 24, all of the Leech configuration"] = (
    "The packing command",
    lambda: _command("--dim", "24", "--code", "leech"),
)


def _run(name: str) -> None:
    start = time.perf_counter()
    result = CASES[name][1]()
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "peak_mb": peak, "result": result}))


def _table(group: str) -> list[str]:
    lines = [f"## {group}", "", "| case | points | what | seconds | peak memory, MB |", "|---|---|---|---|---|"]
    for name, (own, _) in CASES.items():
        if own != group:
            continue
        command = [sys.executable, "-m", "benchmarks.constructions", "--case", name]
        finished = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
        if finished.returncode:
            lines.append(f"| {name} | – | {finished.stderr.strip().splitlines()[-1]} | – | – |")
            continue
        row = json.loads(finished.stdout.splitlines()[-1])
        lines.append(f"| {name} | {row['result']} | {row['seconds']:.2f} | {row['peak_mb']:.0f} |")
        print(lines[-1], file=sys.stderr, flush=True)
    return [*lines, ""]


def main() -> None:
    """All tables, or one of them put in its place of the page."""
    if sys.argv[1:2] == ["--case"]:
        _run(sys.argv[2])
        return
    groups = list(dict.fromkeys(group for group, _ in CASES.values()))
    if len(sys.argv) > 2:
        path, group = Path(sys.argv[1]), sys.argv[2]
        if group not in groups:
            raise SystemExit(f"GROUP must be one of {', '.join(groups)}, got {group!r}")
        head, *sections = path.read_text(encoding="utf-8").split("\n## ")
        kept = {section.split("\n", 1)[0]: section.rstrip("\n") for section in sections}
        kept[group] = "\n".join(_table(group)).removeprefix("## ").rstrip("\n")
        ordered = [kept[name] for name in groups if name in kept]
        write_text(path, "\n\n## ".join([head.rstrip("\n"), *ordered]) + "\n")
        return
    machine = (
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, numpy {np.__version__}"
    )
    lines = [
        "# Constructions: time and memory",
        "",
        f"Measured on {machine}, other work running at the same time. Each row is a process of its own; the memory includes "
        "about 80 MB of interpreter and libraries (200 MB for the packing command, which loads sympy and torch). Codes are "
        "truncated to 20 000 points unless asked for by name or at exactly their own angle. Made by "
        "`python -m benchmarks.constructions docs/benchmarks/constructions.md`.",
        "",
    ]
    text = "\n".join(lines + [line for group in groups for line in _table(group)])
    if len(sys.argv) > 1:
        write_text(Path(sys.argv[1]), text)
    else:
        print(text)


if __name__ == "__main__":
    main()
