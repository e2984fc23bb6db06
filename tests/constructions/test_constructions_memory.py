"""The memory that is left: what the system says, and refusals before anything is made."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import constructions
from constructions import memory

ROOT = Path(__file__).parents[2]


def test_limits_of_the_process_count() -> None:
    code = (
        "import resource; from constructions import memory; before = memory.available()\n"
        "resource.setrlimit(resource.RLIMIT_AS, (3 * 10**9, 3 * 10**9)); after = memory.available()\n"
        "assert 0 < after <= min(before, 3 * 10**9), (before, after)\n"
        "bytearray(after // 2)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


@pytest.mark.parametrize("version", [1, 2])
def test_control_groups_count_without_the_files_that_were_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: int
) -> None:
    proc, groups = tmp_path / "proc", tmp_path / "groups"
    (proc / "self").mkdir(parents=True)
    (proc / "meminfo").write_text("MemTotal: 99 kB\nMemAvailable:   4000000 kB\n")
    names = ("memory.max", "memory.current") if version == 2 else ("memory.limit_in_bytes", "memory.usage_in_bytes")
    (proc / "self" / "cgroup").write_text("0::/a/b\n" if version == 2 else "3:cpu:/x\n7:memory:/a/b\n")
    folder = (groups if version == 2 else groups / "memory") / "a"
    (folder / "b").mkdir(parents=True)
    (folder / "b" / names[0]).write_text("max\n")
    (folder / "b" / names[1]).write_text("1000\n")
    (folder / names[0]).write_text("3000000000\n")  # of a group above
    (folder / names[1]).write_text("2500000000\n")
    (folder / "memory.stat").write_text("anon 5\ninactive_file 500000000\n")
    monkeypatch.setattr(memory, "_PROC", proc)
    monkeypatch.setattr(memory, "_GROUPS", groups)
    assert memory.available() == 10**9
    (folder / names[0]).write_text("max\n")
    assert memory.available() == 4_096_000_000


def test_where_nothing_is_known_there_is_some(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_PROC", tmp_path)
    assert memory.available() >= 2**28


def test_what_is_too_large_is_refused_by_name() -> None:
    memory.require("n", 1000, "a sample")
    for wanted in (2**60, 10**400):
        with pytest.raises(ValueError, match=r"^n must be small enough for the memory: a sample needs .*"):
            memory.require("n", wanted, "a sample")


@pytest.mark.parametrize("n", [10**12, 10**18, 10**30])
def test_samplers_ask_before_they_draw(n: int) -> None:
    rng = np.random.default_rng(0)
    for draw in (
        lambda: constructions.sphere(n, 2, rng),
        lambda: constructions.sphere(2, n, rng),
        lambda: constructions.uniform_ball(n, 3, rng),
        lambda: constructions.radial_alpha(n, 3, 0.5, rng),
        lambda: constructions.annulus(n, 3, 0.5, rng),
        lambda: constructions.subspace_mixture(n, 3, 2, 2, rng),
        lambda: constructions.subspace_mixture(3, n, 2, 2, rng),
        lambda: constructions.subspace_mixture(3, 3, 2, n, rng),
        lambda: constructions.varshamov_gilbert(n),
        lambda: constructions.varshamov_gilbert(100, size=n),
    ):
        with pytest.raises(ValueError, match=r"must be (small enough for the memory|attainable)"):
            draw()
