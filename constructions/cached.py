"""A property that is computed once and kept."""

from __future__ import annotations

import functools
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from functools import cached_property as cached_property
else:

    class cached_property(functools.cached_property):
        """:class:`functools.cached_property` as it is from Python 3.12 on, without one lock for all objects of a class.

        One thread may hold that lock and wait for the precision (:func:`constructions.rounding.precision`) while another
        that has the precision waits for the lock.
        """

        def __init__(self, function: Any) -> None:
            super().__init__(function)
            self.lock = nullcontext()
