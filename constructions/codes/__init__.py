"""Families of spherical codes, one file each, and the choice among them.

Every code returned here is certified: its float rows, normalised exactly, have inner products at most the one asked
for.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from constructions import _arguments as check
from constructions.codes import (
    barnes_wall,
    binary_codes,
    coxeter_todd,
    endpoints,
    farthest,
    greedy,
    halves,
    laminated,
    layers,
    leech,
    odd_signs,
    orthoplex,
    polygon,
    quadruples,
    repulsion,
    roots,
    sharp,
    shells,
    simplex,
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
    coxeter_todd.FAMILY,
    barnes_wall.FAMILY,
    laminated.FAMILY,
    odd_signs.FAMILY,
    leech.FAMILY,
    sharp.FAMILY,
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
_WHOLE_DIM = 48
_WHOLE = 200_000  # a family asked for by name is built whole up to this size where its size is known


def default_max_size(d: int) -> int:
    """Number of points beyond which codes are truncated unless the caller allows more."""
    return max(1000, min(_MOST_POINTS, _MOST_ENTRIES // d))


def build(
    name: str, d: int, separation_cos: Fraction, *, seed: int = 0, max_size: int | None = None, least: int = 1
) -> SphericalCode:
    """A certified code of the family `name` in R^d.

    Parameters
    ----------
    name : str
        The name of a member of `FAMILIES`.
    d : int
        Dimension, at least 1.
    separation_cos : Fraction
        Largest inner product allowed, in [-1, 1).
    seed : int
        Seed of the randomised families.
    max_size : int, optional
        Largest number of points; larger codes are truncated. By default at least `default_max_size`, and finite
        configurations of known size in d ≤ 48 are built whole (Leech: 196 560).
    least : int
        Number of points needed.

    Raises
    ------
    ValueError
        If the family is unknown, has no certified code there, or has fewer points than `least`, and if no code
        can have as many; the message says what is possible.

    Examples
    --------
    >>> build("roots", 12, Fraction(1, 2)).size
    264
    """
    whole = max_size is None
    d, separation_cos, seed, max_size = _checked(d, separation_cos, seed, max_size, least)
    for family in FAMILIES:
        if family.name == name:
            obstacle = family.obstacle(d, separation_cos)
            if obstacle is not None:
                raise ValueError(obstacle)
            known = family.known_size(d, separation_cos)
            if whole and known is not None and max_size < known <= _WHOLE and d <= _WHOLE_DIM:
                max_size = known
            code = family.build(d, separation_cos, np.random.default_rng(seed), max_size)
            if code is None:
                raise ValueError(
                    f"{name} has no float64 code in d = {d} with inner products certified to be at most "
                    f"{separation_cos}; ask for a slightly smaller separation, or use another family"
                )
            return _enough(code, least)
    names = ", ".join(family.name for family in FAMILIES)
    raise ValueError(f"name must be one of {names}, got {name!r}")


def best_code(
    d: int,
    separation_cos: Fraction,
    *,
    seed: int = 0,
    max_size: int | None = None,
    least: int = 1,
    thorough: bool = False,
) -> SphericalCode:
    """The largest certified code over all families (the first in `FAMILIES` among equals).

    Families of known size are tried from the largest down, so that only the winner is built as a rule.

    Parameters
    ----------
    d, separation_cos, seed, max_size, least
        As in `build`; codes are truncated to `default_max_size` points by default.
    thorough : bool
        Also try the slow families: farthest points and energy minimisation.

    Raises
    ------
    ValueError
        If no family has a code there, or none with `least` points.

    Examples
    --------
    >>> best_code(12, Fraction(0)).family
    'orthoplex of R^12'
    >>> best_code(12, Fraction(1, 2)).size
    840
    """
    d, separation_cos, seed, max_size = _checked(d, separation_cos, seed, max_size, least)
    tried = [family for family in FAMILIES if family.automatic or thorough]
    sizes = [family.known_size(d, separation_cos) for family in tried]
    # Python's sort is stable: among equals the first of FAMILIES stays first.
    known = sorted((-min(size, max_size), k) for k, size in enumerate(sizes) if size)
    best: SphericalCode | None = None
    for minus_size, k in known:
        if best is None or best.size < -minus_size:
            best = _larger(best, tried[k].build(d, separation_cos, np.random.default_rng(seed), max_size))
    for k, size in enumerate(sizes):
        if size is None and (best is None or best.size < max_size) and not _settled(d, separation_cos, best):
            best = _larger(best, tried[k].build(d, separation_cos, np.random.default_rng(seed), max_size))
    if best is None:
        raise ValueError(f"no family has a code in d = {d} with inner products at most {separation_cos}")
    return _enough(best, least)


def survey(d: int, separation_cos: Fraction) -> tuple[tuple[str, int | None, str], ...]:
    """What each family has there, without building: (name, size or None where only building tells, title or obstacle).

    Examples
    --------
    >>> [entry for entry in survey(24, Fraction(1, 2)) if entry[0] == "leech"][0][:2]
    ('leech', 196560)
    """
    d, separation_cos, _, _ = _checked(d, separation_cos, 0, None, 1)
    return tuple(
        (family.name, family.known_size(d, separation_cos), family.obstacle(d, separation_cos) or family.title)
        for family in FAMILIES
    )


def _larger(first: SphericalCode | None, second: SphericalCode | None) -> SphericalCode | None:
    return second if second is not None and (first is None or second.size > first.size) else first


def _settled(d: int, separation_cos: Fraction, best: SphericalCode | None) -> bool:
    """Whether no larger code exists by an exact bound."""
    return best is not None and best.size >= size_bound(d, separation_cos)


def _enough(code: SphericalCode, least: int) -> SphericalCode:
    if code.size < least:
        raise ValueError(
            f"least must be at most {code.size}, the points of {code.family}, got {least}; "
            "ask for a smaller separation, or a family with more points (`survey` lists them)"
        )
    return code


def _checked(
    d: int, separation_cos: Fraction, seed: int, max_size: int | None, least: int
) -> tuple[int, Fraction, int, int]:
    d = check.integer("d", d, 1)
    separation_cos = check.fraction("separation_cos", separation_cos)
    if not -1 <= separation_cos < 1:
        raise ValueError(f"separation_cos must lie in [-1, 1), got {separation_cos}")
    least = check.integer("least", least, 1)
    most = max(default_max_size(d), least) if max_size is None else check.integer("max_size", max_size, 1)
    if least > most:
        raise ValueError(f"least must be at most max_size = {most}, got {least}")
    possible = size_bound(d, separation_cos) if least > 1 else np.inf
    if least > possible:
        raise ValueError(
            f"least must be at most {possible}, which no code in d = {d} with inner products at most "
            f"{separation_cos} exceeds, got {least}"
        )
    return d, separation_cos, check.integer("seed", seed, 0), most
