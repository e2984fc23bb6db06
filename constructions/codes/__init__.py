"""Families of spherical codes, one file each, and the choice among them.

Every code returned here is certified: its exact coordinates, or where it has none its float rows, normalised exactly, have
inner products at most the one asked for, exactly at the angle asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from constructions import _arguments as check
from constructions.angle import Exact, cosine_at
from constructions.codes import (
    barnes_wall,
    binary_codes,
    coxeter_todd,
    endpoints,
    fano,
    farthest,
    golden,
    greedy,
    halves,
    laminated,
    layers,
    leech,
    odd_signs,
    orthoplex,
    polygon,
    quadrics,
    quadruples,
    repulsion,
    roots,
    sharp,
    shells,
    simplex,
    spinors,
    unbiased,
)
from constructions.codes.bounds import size_bound
from constructions.codes.family import Family
from constructions.spherical_code import SphericalCode

FAMILIES: tuple[Family, ...] = (
    endpoints.FAMILY,
    simplex.FAMILY,
    orthoplex.FAMILY,
    polygon.FAMILY,
    roots.FAMILY,
    quadruples.FAMILY,
    halves.FAMILY,
    fano.FAMILY,
    spinors.FAMILY,
    coxeter_todd.FAMILY,
    barnes_wall.FAMILY,
    laminated.FAMILY,
    odd_signs.FAMILY,
    leech.FAMILY,
    golden.FAMILY,
    sharp.FAMILY,
    quadrics.FAMILY,
    shells.FAMILY,
    binary_codes.FAMILY,
    unbiased.FAMILY,
    layers.FAMILY,
    greedy.FAMILY,
    farthest.FAMILY,
    repulsion.FAMILY,
)

_MOST_POINTS = 20_000
_MOST_ENTRIES = 50_000_000  # 400 MB of float64
_LEECH_DIM, _WHOLE_DIM = 24, 48
_WHOLE = 200_000  # a family asked for by name is built whole up to this size where its size is known


def default_size(d: int) -> int:
    """The largest number of points that are built in R^d without being asked for: 20 000 or 400 MB, at least 1000."""
    return max(1000, min(_MOST_POINTS, _MOST_ENTRIES // d))


def member(name: object, argument: str = "name") -> Family:
    """The family of that name."""
    found = next((family for family in FAMILIES if isinstance(name, str) and family.name == name), None)
    if found is None:
        names = ", ".join(family.name for family in FAMILIES)
        raise ValueError(f"{argument} must be one of {names}, got {check.describe(name)}")
    return found


def build(
    name: str,
    d: int,
    angle: Exact | None = None,
    *,
    cosine: Exact | None = None,
    seed: int = 0,
    max_size: int | None = None,
    least: int = 1,
) -> SphericalCode:
    """A certified code of the family `name` in R^d.

    Parameters
    ----------
    name : str
        The name of a member of `FAMILIES`.
    d : int
        Dimension, at least 1.
    angle : number or text
        Least angle between two points in degrees, 0 < angle ≤ 180, exactly. Where its cosine is irrational, codes other
        than those whose angle is known (regular polygons, the 600-cell) are certified at that cosine rounded down.
    cosine : number or text
        Largest inner product allowed, exactly, in [-1, 1): in the place of `angle`.
    seed : int
        Seed of the randomised families.
    max_size : int, optional
        Largest number of points; larger codes are truncated. By default at least 1000, at most 20 000 and 400 MB, but
        finite configurations of known size in d ≤ 48 are built whole (Leech: 196 560).
    least : int
        Number of points needed.

    Raises
    ------
    TypeError, ValueError
        If not exactly one of angle and cosine is given; if the family is unknown, has no certified code there, or has
        fewer points than `least`, or if no code can have as many; the message says what is possible.

    Examples
    --------
    >>> build("roots", 12, 60).size
    264
    """
    asked = _Request.read(d, angle, cosine, seed, max_size, least)
    family = member(name)
    obstacle = family.obstacle(asked.d, asked.cosine)
    if obstacle is not None:
        raise ValueError(obstacle)
    if max_size is None and asked.d <= _WHOLE_DIM:
        asked = asked.whole(family)
    code = asked.build(family)
    if code is None:
        raise ValueError(
            f"{name} has no code in d = {asked.d} with inner products certified to be at most {asked.cosine}; "
            "pass a slightly smaller angle, or use another family"
        )
    return asked.enough(code)


def best_code(
    d: int,
    angle: Exact | None = None,
    *,
    cosine: Exact | None = None,
    seed: int = 0,
    max_size: int | None = None,
    least: int = 1,
    thorough: bool = False,
) -> SphericalCode:
    """The largest certified code over all families (the first in `FAMILIES` among equals).

    Families of known size are tried from the largest down, so that only the winner is built as a rule.

    Parameters
    ----------
    d, angle, cosine, seed, max_size, least
        As in `build`; every code is truncated to `max_size` points. By default a code that is asked for at exactly its own
        angle is built whole in d ≤ 24, another one to the default of `build`.
    thorough : bool
        Also try the slow families: farthest points and energy minimisation.

    Raises
    ------
    TypeError, ValueError
        As in `build`, and if no family has a code there.

    Examples
    --------
    >>> best_code(12, 90).family
    'orthoplex of R^12'
    >>> best_code(12, 60).size, best_code(12, cosine="0.25").size
    (840, 24)
    >>> best_code(2, 72).size, best_code(18, 60).size
    (5, 8358)
    """
    asked, thorough = _Request.read(d, angle, cosine, seed, max_size, least), check.flag("thorough", thorough)
    tried = [family for family in FAMILIES if family.automatic or thorough]
    sizes = [family.known_size(asked.d, asked.cosine) for family in tried]
    possible = size_bound(asked.d, asked.cosine)
    requests = [
        asked.whole(family) if max_size is None and asked.d <= _LEECH_DIM and asked.at_own_angle(family) else asked
        for family in tried
    ]
    # Python's sort is stable: among equals the first of FAMILIES stays first.
    known = sorted((-min(size, requests[k].most), k) for k, size in enumerate(sizes) if size)
    best: SphericalCode | None = None
    for minus_size, k in known:
        if best is None or best.size < -minus_size:
            best = _larger(best, requests[k].build(tried[k]))
    for family, size in zip(tried, sizes, strict=True):
        if size is None and (best is None or best.size < min(asked.most, possible)):
            best = _larger(best, asked.build(family))
    if best is None:
        raise ValueError(f"no family has a code in d = {asked.d} with inner products at most {asked.cosine}")
    return asked.enough(best)


def survey(
    d: int, angle: Exact | None = None, *, cosine: Exact | None = None
) -> tuple[tuple[str, int | None, str], ...]:
    """What each family has there, without building: (name, size or None where only building tells, title or obstacle).

    Examples
    --------
    >>> [entry for entry in survey(24, 60) if entry[0] == "leech"][0][:2]
    ('leech', 196560)
    """
    asked = _Request.read(d, angle, cosine, 0, None, 1)
    place = asked.d, asked.cosine
    return tuple((f.name, f.known_size(*place), f.obstacle(*place) or f.title) for f in FAMILIES)


def _larger(first: SphericalCode | None, second: SphericalCode | None) -> SphericalCode | None:
    return second if second is not None and (first is None or second.size > first.size) else first


@dataclass(frozen=True)
class _Request:
    """What a caller asked for, read and checked: `most` is the largest number of points to build."""

    d: int
    cosine: Fraction
    seed: int
    most: int
    least: int

    @classmethod
    def read(
        cls, d: int, angle: Exact | None, cosine: Exact | None, seed: int, max_size: int | None, least: int
    ) -> _Request:
        d, c = check.integer("d", d, 1), cosine_at(angle, cosine)
        least = check.integer("least", least, 1)
        most = max(default_size(d), least) if max_size is None else check.integer("max_size", max_size, 1)
        if least > most:
            raise ValueError(f"least must be at most max_size = {most}, got {least}")
        possible = size_bound(d, c) if least > 1 else 1
        if least > possible:
            raise ValueError(
                f"least must be at most {possible}, which no code in d = {d} with inner products at most {c} exceeds, "
                f"got {least}"
            )
        return cls(d, c, check.integer("seed", seed, 0), most, least)

    def whole(self, family: Family) -> _Request:
        """The same with room for the whole code of the family, where its size is known and not too large."""
        size = family.known_size(self.d, self.cosine)
        return replace(self, most=size) if size is not None and self.most < size <= _WHOLE else self

    def at_own_angle(self, family: Family) -> bool:
        """Whether the family has fewer points at any larger angle."""
        closer = self.cosine - Fraction(1, 10**12)
        sizes = (family.known_size(self.d, max(closer, Fraction(-1))), family.known_size(self.d, self.cosine))
        return sizes[0] != sizes[1]

    def build(self, family: Family) -> SphericalCode | None:
        return family.build(self.d, self.cosine, np.random.default_rng(self.seed), self.most)

    def enough(self, code: SphericalCode) -> SphericalCode:
        if code.size < self.least:
            raise ValueError(
                f"least must be at most {code.size}, the points of {code.family}, got {self.least}; "
                "pass a smaller angle, or a family with more points (`survey` lists them)"
            )
        return code
