"""The writer: whole or not at all, links followed, modes kept, devices and pipes written to and never replaced."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO

import numpy as np
import pytest

from boundcalc.files import check_figure_path, check_writable, save_figure, write_atomically


def write(path: Path, text: bytes = b"new") -> None:
    check_writable("--json", path)
    write_atomically(path, lambda stream: stream.write(text))


def test_a_new_file_has_the_mode_that_any_new_file_has(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    write(tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == b"new"
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.parametrize("mode", [0o600, 0o664, 0o755])
def test_an_old_file_keeps_its_mode(mode: int, tmp_path: Path) -> None:
    target = tmp_path / "a"
    target.write_bytes(b"old")
    target.chmod(mode)
    write(target)
    assert target.read_bytes() == b"new"
    assert stat.S_IMODE(target.stat().st_mode) == mode


@pytest.mark.parametrize("exists", [True, False])
def test_links_are_followed(exists: bool, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    target = tmp_path / "there" / "file"
    if exists:
        target.write_bytes(b"old")
    (tmp_path / "middle").symlink_to("there/file")
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "middle")
    write(link)
    assert link.is_symlink()
    assert (tmp_path / "middle").is_symlink()
    assert target.read_bytes() == b"new"
    assert os.listdir(target.parent) == ["file"]


def test_a_file_behind_a_link_is_left_as_it_was_by_a_failure(tmp_path: Path) -> None:
    target, link = tmp_path / "file", tmp_path / "link"
    target.write_bytes(b"old")
    link.symlink_to(target)

    def fail(stream: IO[bytes]) -> None:
        stream.write(b"half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_atomically(link, fail)
    assert target.read_bytes() == b"old"
    assert sorted(os.listdir(tmp_path)) == ["file", "link"]


def test_devices_stay_devices() -> None:
    before = os.stat("/dev/null")
    write(Path("/dev/null"))
    after = os.stat("/dev/null")
    assert stat.S_ISCHR(after.st_mode)
    assert (before.st_ino, before.st_rdev) == (after.st_ino, after.st_rdev)


def test_pipes_are_written_to(tmp_path: Path) -> None:
    pipe, arrived = tmp_path / "pipe.npz", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: arrived.append(pipe.read_bytes()))
    reader.start()
    check_writable("--save", pipe)
    write_atomically(pipe, lambda stream: np.savez(stream, X=np.ones(3)))
    reader.join(timeout=60)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    copy = tmp_path / "copy.npz"
    copy.write_bytes(arrived[0])
    assert np.load(copy)["X"].tolist() == [1, 1, 1]


def test_nothing_of_a_failed_write_enters_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    def fail(stream: IO[bytes]) -> None:
        stream.write(b"half")
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):  # and nobody waits for a reader
        write_atomically(pipe, fail)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["png", "svg", "pdf"])
def test_figures_go_through_pipes_unchanged(kind: str, tmp_path: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure()
    figure.subplots().plot([1, 2])
    save_figure(figure, tmp_path / f"file.{kind.upper()}")
    pipe, arrived = tmp_path / f"pipe.{kind}", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: arrived.append(pipe.read_bytes()))
    reader.start()
    save_figure(figure, pipe)
    reader.join(timeout=60)
    assert arrived == [(tmp_path / f"file.{kind.upper()}").read_bytes()]


@pytest.mark.slow
@pytest.mark.parametrize("path", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
@pytest.mark.parametrize("redirected", [True, False])
def test_standard_output_is_written_to_in_order(path: str, redirected: bool, tmp_path: Path) -> None:
    code = (
        "from pathlib import Path; from boundcalc.files import check_writable, write_atomically as w\n"
        f"p = Path({path!r}); print('before'); check_writable('--json', p)\n"
        "w(p, lambda stream: stream.write(b'written\\n')); print('after')"
    )
    if redirected:
        target = tmp_path / "log"
        with target.open("wb") as stream:
            subprocess.run([sys.executable, "-c", code], stdout=stream, check=True)
        text = target.read_text()
    else:
        text = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert text == "before\nwritten\nafter\n"


def test_names_as_long_as_names_can_be(tmp_path: Path) -> None:
    longest = os.pathconf(tmp_path, "PC_NAME_MAX")
    write(tmp_path / ("x" * longest))
    assert os.listdir(tmp_path) == ["x" * longest]
    with pytest.raises(ValueError, match=r"--json must be a path that can be written, got '.*: File name too long"):
        check_writable("--json", tmp_path / ("x" * (longest + 1)))


def test_what_cannot_be_written_is_refused_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    with pytest.raises(ValueError, match="--json must be a path that can be written"):
        check_writable("--json", tmp_path / "circle")
    with pytest.raises(ValueError, match="null"):
        check_writable("--json", Path("a\0b"))
    (tmp_path / "lost").symlink_to(tmp_path / "missing" / "file")
    with pytest.raises(ValueError, match=r"must lie in an existing folder, got .*lost'; create .*missing' first"):
        check_writable("--json", tmp_path / "lost")
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match=r"--json must be a path that can be written.*Not a directory"):
        check_writable("--json", tmp_path / "file" / "x")
    with socket.socket(socket.AF_UNIX) as server:
        folder = os.open(tmp_path, os.O_RDONLY)  # a socket's path may be short only
        server.bind(f"/proc/self/fd/{folder}/socket")
        os.close(folder)
        with pytest.raises(ValueError, match="must be a file or a pipe"):
            check_writable("--json", tmp_path / "socket")
    with pytest.raises(ValueError, match=r"--plot must end in \.png, \.svg or \.pdf"):
        check_figure_path("--plot", Path("/dev/null"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_what_may_not_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch(0o444)
    with pytest.raises(ValueError, match="--json must be writable"):
        check_writable("--json", tmp_path / "file")
    tmp_path.chmod(0o500)
    with pytest.raises(ValueError, match="--json must be writable"):
        check_writable("--json", tmp_path / "new")
    tmp_path.chmod(0o700)
