"""How numbers and results show themselves: bounds as text on their safe side, in exact arithmetic.

The lower end of a bound is rounded down, its upper end up, to a number of significant digits, and laid out as Python's
format ``g`` does it. So a printed bound is as true as the number behind it. Rounding goes from the exact value, whatever its
size, straight to decimals, never through a float.

>>> show_lower(Fraction(1, 3)), show_upper(Fraction(1, 3)), show_upper(1.0), show_lower(2**-60)
('0.333333', '0.333334', '1', '8.67361e-19')
>>> show_lower(Dyadic(1, -(10**7))), show_upper(10**400 + 1, 3)
('1.10499e-3010300', '1.01e+400')
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Sequence
from decimal import MAX_EMAX, MIN_EMIN, ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from typing import Any, TypeAlias

from boundcalc.dyadic import Dyadic

__all__ = [
    "Number",
    "Shown",
    "Value",
    "aligned",
    "float_above",
    "float_below",
    "from_log10",
    "layout",
    "rounded",
    "show",
    "show_exact",
    "show_interval",
    "show_log10",
    "show_lower",
    "show_upper",
    "text",
]


Number: TypeAlias = Any
"""int, float (the binary number it is), Fraction, Dyadic, sympy.Rational or a number of numpy."""
Value: TypeAlias = Any
"""A Number; or an interval, of which the end on the safe side counts: a pair, or an object with ``low`` and ``high``."""

# Whole numbers below this are shown in full.
_WHOLE = 10**15
# Powers of ten that decimal numbers can have.
_MOST_POWER = 9 * 10**17
# Digits of the arithmetic beyond those shown: what it cannot decide is decided exactly.
_SPARE = 40
_MIRRORED = {ROUND_FLOOR: ROUND_CEILING, ROUND_CEILING: ROUND_FLOOR}
_SCREEN = 25
# On both sides of the logarithm of 2 to base 10.
_LOG2_BELOW, _LOG2_ABOVE = Fraction(301029995663981195, 10**18), Fraction(301029995663981196, 10**18)


def show_lower(value: Value, digits: int = 6) -> str:
    """A lower bound as text: rounded down, to at most one unit of the last digit.

    Parameters
    ----------
    value : int, float, Fraction, sympy.Rational, Dyadic, or an interval
        Of an interval (such as an Enclosure, or a pair) the lower end.
    digits : int
        Significant digits. Whole numbers below 10^15 are shown in full.

    Raises
    ------
    TypeError, ValueError
        If ``value`` is no number, or NaN.

    Examples
    --------
    >>> show_lower(0.023862270784), show_lower(-2.5, 1), show_lower((Fraction(2, 3), 1)), show_lower(123456789)
    ('0.0238622', '-3', '0.666666', '123456789')
    """
    return _one_sided(_end(value, 0), digits, ROUND_FLOOR)


def show_upper(value: Value, digits: int = 6) -> str:
    """An upper bound as text: rounded up; otherwise as :func:`show_lower`.

    Examples
    --------
    >>> show_upper(0.023862270784), show_upper(Fraction(1, 10)), show_upper(math.inf), show_upper(999_999.5)
    ('0.0238623', '0.1', 'inf', '1e+06')
    """
    return _one_sided(_end(value, 1), digits, ROUND_CEILING)


def _one_sided(value: Number, digits: int, rounding: str) -> str:
    """A bound as text. Where decimal numbers end, as a power of ten whose exponent is rounded to the same side."""
    if not isinstance(value, Dyadic) or abs(value.exponent) < 2**61:
        return text(rounded(value, digits, rounding), digits)
    above = (rounding == ROUND_CEILING) == (value.mantissa > 0)
    binary = value.exponent + abs(value.mantissa).bit_length() - (not above)
    decimal = binary * (_LOG2_ABOVE if above == (binary > 0) else _LOG2_BELOW)
    sign = "-" if value.mantissa < 0 else ""
    return f"{sign}10^{text(rounded(decimal, digits, ROUND_CEILING if above else ROUND_FLOOR), digits)}"


def show_interval(low: Value, high: Value, digits: int = 6) -> str:
    """An interval that contains the one with these ends; a single number where it is one.

    >>> show_interval(Fraction(1, 3), 1), show_interval(0.5, 0.5)
    ('[0.333333, 1]', '0.5')
    """
    ends = show_lower(low, digits), show_upper(high, digits)
    return ends[0] if ends[0] == ends[1] else f"[{ends[0]}, {ends[1]}]"


def show(value: Number, digits: int = 6) -> str:
    """A number that bounds nothing, rounded to the nearest.

    >>> show(0.13397459), show(264), show(Fraction(2, 3), 2)
    ('0.133975', '264', '0.67')
    """
    return text(rounded(value, digits), digits)


def show_exact(value: Number) -> str:
    """An exact number that somebody gave: in full where that is short, as a power of ten where it is one, else rounded.

    >>> show_exact(Fraction(3, 4)), show_exact(10**300), show_exact(3**100)
    ('3/4', '1e300', '5.15378e+47')
    """
    full = str(value) if abs(value) < 10**12 else ""
    if 0 < len(full) <= 12:
        return full
    nearest = rounded(value)
    power = nearest.adjusted()
    return f"1e{power}" if power > 0 and value == 10**power else text(nearest, 6)


def show_log10(log10: float, digits: int = 6) -> str:
    """A positive number that is known by its logarithm to base 10 alone and bounds nothing, to the nearest.

    Where a float holds less than whole numbers of the logarithm, the power of ten is all there is to show.

    >>> show_log10(-1000.0), show_log10(2000.5, 3), show_log10(-1.0), show_log10(-5.108e29, 3)
    ('1e-1000', '3.16e+2000', '0.1', '10^-5.11e+29')
    """
    if is_beyond_powers(log10):
        return f"10^{log10:.{digits}g}"
    return text(from_log10(log10, digits), digits)


def is_beyond_powers(log10: float) -> bool:
    """Whether decimal numbers can't have 10^log10 among them, and the power itself needs a power of ten."""
    return abs(log10) > _MOST_POWER


def from_log10(log10: float, digits: int = 6) -> Decimal:
    """The same as a rounded number."""
    power = math.floor(log10)
    mantissa = Decimal(10 ** (log10 - power))
    return Context(prec=digits, Emin=MIN_EMIN, Emax=MAX_EMAX).multiply(mantissa, Decimal((0, (1,), power)))


def float_below(value: Value) -> float:
    """The largest float that is not above a number, or not above an interval; −inf below all floats.

    >>> float_below(Fraction(1, 10)), float_below(10**400), float_below(0.1)
    (0.09999999999999999, 1.7976931348623157e+308, 0.1)
    """
    return _float(_end(value, 0), 1)


def float_above(value: Value) -> float:
    """The smallest float that is not below a number, or not below an interval; inf above all floats.

    >>> float_above(Fraction(1, 3)), float_above((0, Fraction(1, 10**400)))
    (0.33333333333333337, 5e-324)
    """
    return -_float(_end(value, 1), -1)


def _float(value: Number, sign: int) -> float:
    """The largest float that is at most sign times a number."""
    if isinstance(value, float):
        return sign * value
    p, q, e = _parts(value)
    shift = max(0, 64 + q.bit_length() - p.bit_length())
    return Dyadic((sign * p << shift) // q, e - shift).round_down()


def _end(value: Value, which: int) -> Number:
    if isinstance(value, tuple):
        return value[which]
    name = ("low", "high")[which]
    return getattr(value, name) if hasattr(value, name) else value


def _parts(value: object) -> tuple[int, int, int]:
    """p, q and e with value = (p/q) 2^e."""
    if isinstance(value, Dyadic):
        return value.mantissa, 1, value.exponent
    if isinstance(value, numbers.Rational):
        return int(value.numerator), int(value.denominator), 0
    if isinstance(value, numbers.Real):
        return *float(value).as_integer_ratio(), 0
    raise TypeError(f"value must be a number or an interval, got {value!r} ({type(value).__name__})")


def rounded(value: Number, digits: int = 6, rounding: str = ROUND_HALF_EVEN) -> Decimal:
    """A number rounded to significant digits; whole numbers below 10^15, and infinities, stay as they are.

    Parameters
    ----------
    value : int, float, Fraction, sympy.Rational or Dyadic
    digits : int
    rounding : str
        One of decimal's. Rounding down (ROUND_FLOOR) and up (ROUND_CEILING) is exact.

    Examples
    --------
    >>> rounded(Fraction(1, 7), 3, ROUND_CEILING)
    Decimal('0.143')
    """
    if isinstance(value, numbers.Real) and not isinstance(value, numbers.Rational):
        value = float(value)
        if math.isnan(value):
            raise ValueError("value must be a number, got nan")
        if math.isinf(value):
            return Decimal(value)
    p, q, e = _parts(value)
    if p == 0 or (q == 1 and abs(p) < _WHOLE and isinstance(value, numbers.Rational)):
        return Decimal(p)
    if p < 0:
        return _positive(-p, q, e, digits, _MIRRORED.get(rounding, rounding)).copy_negate()
    return _positive(p, q, e, digits, rounding)


def _positive(p: int, q: int, e: int, digits: int, rounding: str) -> Decimal:
    low, high = _bracket(p, q, e, digits + _SPARE)
    context = Context(prec=digits, rounding=rounding, Emin=MIN_EMIN, Emax=MAX_EMAX)
    below, above = context.plus(low), context.plus(high)
    # They differ where the value is next to a number of so many digits, or is one.
    if below != above and rounding in _MIRRORED:
        edge = above if rounding == ROUND_FLOOR else below
        order = Dyadic(p, e).compare(Fraction(edge) * q)
        return edge if order == 0 else above if order > 0 else below
    return below


def _bracket(p: int, q: int, e: int, digits: int) -> tuple[Decimal, Decimal]:
    """Decimals around (p/q) 2^e > 0, equal to it where that takes few digits."""
    down, up = (Context(prec=digits, rounding=r, Emin=MIN_EMIN, Emax=MAX_EMAX) for r in (ROUND_FLOOR, ROUND_CEILING))
    drop, lost = (max(0, part.bit_length() - 4 * digits) for part in (p, q))
    top, bottom = p >> drop, q >> lost
    low = down.divide(top, bottom + (lost > 0))
    high = up.divide(top + (drop > 0), bottom)
    e += drop - lost
    least, most = (_power_of_two(abs(e), context) for context in (down, up))
    if e >= 0:
        return down.multiply(low, least), up.multiply(high, most)
    return down.divide(low, most), up.divide(high, least)


def _power_of_two(n: int, context: Context) -> Decimal:
    """2^n, each product rounded by the context."""
    power, square = Decimal(1), Decimal(2)
    while n:
        power = context.multiply(power, square) if n & 1 else power
        square = context.multiply(square, square)
        n >>= 1
    return power


def layout(number: Decimal, digits: int) -> tuple[str, int | None]:
    """A rounded number as digits, and the power of ten that follows them, if any.

    >>> layout(Decimal("0.00123"), 3), layout(Decimal("1.50e30"), 3)
    (('0.00123', None), ('1.5', 30))
    """
    sign, figures, _ = number.as_tuple()
    exponent = number.adjusted()
    whole = len(figures) > digits and number == number.to_integral_value()
    if not number.is_finite() or number == 0 or whole or -4 <= exponent < max(digits, 5):
        exponent, plain = 0, f"{number:f}".lower().replace("infinity", "inf")
    else:
        plain = "-" * sign + f"{figures[0]}." + "".join(map(str, figures[1:]))
    return plain.rstrip("0").rstrip(".") if "." in plain else plain, exponent or None


def text(number: Decimal, digits: int = 6) -> str:
    """A rounded number as text, laid out as Python's format ``g`` lays out floats.

    >>> text(rounded(2.0**-40, 3)), text(rounded(10**300))
    ('9.09e-13', '1e+300')
    """
    plain, exponent = layout(number, digits)
    return plain if exponent is None else f"{plain}e{exponent:+03d}"


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of cells, every column as wide as its widest cell.

    >>> aligned([("a", "1"), ("long", "2")])
    ['a     1', 'long  2']
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


class Shown:
    """Results whose ``repr`` is their text, cut to one screen; a notebook shows it in full, or whatever they render better."""

    def __repr__(self) -> str:
        lines = str(self).splitlines()
        if len(lines) <= _SCREEN:
            return "\n".join(lines)
        return "\n".join([*lines[: _SCREEN - 1], f"... {len(lines) - _SCREEN + 1} more lines; print() shows them"])

    def _repr_markdown_(self) -> str:
        return f"```text\n{self}\n```"
