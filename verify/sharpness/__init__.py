"""The certified sharpness of a saved network, and the function behind it: ``from verify.sharpness import sharpness``."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from verify.hessian.enclosure import sharpness

__all__ = ["sharpness"]


def __getattr__(name: str) -> object:
    if name != "sharpness":
        raise AttributeError(f"module 'verify.sharpness' has no attribute {name!r}")
    from verify.hessian.enclosure import sharpness

    return sharpness
