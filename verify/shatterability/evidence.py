"""How far a number can be trusted, in the words that the whole of verify uses."""

from __future__ import annotations

from verify.outcome import Trust as Evidence

__all__ = ["Evidence"]
