"""How much memory there is: asked before a large array is made, so that a lack of it is one line and no crash."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path

ALWAYS_THERE = 2**25
_PROC, _GROUPS = Path("/proc"), Path("/sys/fs/cgroup")


def available() -> int:
    """Bytes that this process may still take: the least that the machine, its control groups and its own limits leave.

    Where the system says nothing of any of them, half of the machine's memory, or 4 GiB.
    """
    left = min((*_of_the_machine(), *_of_the_groups(), *_of_the_process()), default=None)
    if left is None:
        try:
            left = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
        except (OSError, ValueError, AttributeError):
            left = 2**32
    return max(left, 0)


def fits(wanted: int) -> bool:
    """Whether so many bytes can be had; of few ones nobody asks the system, which takes a millisecond."""
    return wanted <= ALWAYS_THERE or wanted <= available()


def require(argument: str, wanted: int, what: str) -> None:
    """Raise unless so many bytes can be had.

    Raises
    ------
    ValueError
        Naming the argument, and how much would be needed for what.
    """
    if not fits(wanted):
        raise ValueError(
            f"{argument} must be small enough for the memory: {what} needs {_size(wanted)}, and {_size(available())} are left"
        )


def require_array(argument: str, *shape: int, copies: int = 1) -> None:
    """Raise unless so many float64 arrays of this shape can be had."""
    require(argument, 8 * copies * math.prod(shape), f"an array of {' x '.join(map(str, shape))} numbers")


def _size(count: int) -> str:
    return f"{count / 2**30:.3g} GiB" if count < 2**1000 else "more than there is"


def _numbers(path: Path) -> dict[str, int]:
    """Lines "name number" of a file of the system; a number alone has the name ''. Empty where there is none."""
    try:
        lines = path.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return {}
    words = [line.replace(":", " ").split() for line in lines]
    pairs = [("", line[0]) if len(line) == 1 else (line[0], line[1]) for line in words if line]
    return {name: int(number) for name, number in pairs if number.isdigit()}


def _of_the_machine() -> Iterator[int]:
    found = _numbers(_PROC / "meminfo")
    if "MemAvailable" in found:
        yield 1024 * found["MemAvailable"]


def _of_the_groups() -> Iterator[int]:
    """What the control groups of this process leave, of version 2 and of version 1; files that are read don't count."""
    try:
        lines = (_PROC / "self" / "cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, place = line.split(":", 2)
        if controllers not in ("", "memory"):
            continue
        root, most, used = (
            (_GROUPS, "memory.max", "memory.current")
            if not controllers
            else (_GROUPS / "memory", "memory.limit_in_bytes", "memory.usage_in_bytes")
        )
        own = root / place.lstrip("/")
        for folder in (own, *own.parents):
            limit, taken = _numbers(folder / most), _numbers(folder / used)
            if limit and taken:
                files = _numbers(folder / "memory.stat").get("inactive_file", 0)
                yield limit[""] - max(taken[""] - files, 0)
            if folder == root:
                break


def _of_the_process() -> Iterator[int]:
    """What ``ulimit`` leaves."""
    try:
        import resource

        pages = [int(word) for word in (_PROC / "self" / "statm").read_text(encoding="ascii").split()]
    except (OSError, ImportError):
        return
    for kind, at in ((resource.RLIMIT_AS, 0), (resource.RLIMIT_DATA, 5)):
        limit, _ = resource.getrlimit(kind)
        if limit != resource.RLIM_INFINITY:
            yield limit - pages[at] * resource.getpagesize()
