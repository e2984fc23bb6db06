"""Smaller networks with the same outputs on the data: ``from verify.compress import compress``, and the command."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from verify.compress.layer import compress

__all__ = ["compress"]


def __getattr__(name: str) -> object:
    if name != "compress":
        raise AttributeError(f"module 'verify.compress' has no attribute {name!r}")
    from verify.compress.layer import compress

    return compress
