"""The one vocabulary of options: each thing that can be asked for is named, read, defaulted and explained here, once.

A command line, the ``parse`` of a setting, its JSON and its help are all made from these declarations. An option of a command
may narrow the domain or choose its own default (a sample size is the command's affair), never its name, type or meaning.
:data:`OPTIONS` holds what the calculator asks for; :mod:`verify.command` adds what only experiments need.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from fractions import Fraction
from typing import Any

from boundcalc.exact import describe, exact_rational, fraction
from boundcalc.symbols import VARIABLES


@dataclass(frozen=True)
class Reader:
    """How an option's value is read: exactly, checked against its domain, with an error that names the option.

    Attributes
    ----------
    kind : str
        "integer", "number", "word", "text", "path" or "switch".
    read : callable
        (name as the caller knows it, what arrived) -> value; raises ValueError or TypeError.
    words : tuple of str
        The possible words, if there are few.
    """

    kind: str
    read: Callable[[str, object], Any]
    words: tuple[str, ...] = ()


def integer(least: int, most: int | None = None, remark: str = "") -> Reader:
    """An integer from ``least`` to ``most``; ``remark`` ends the sentence that asks for it.

    Examples
    --------
    >>> integer(0, 10**6).read("seed", "1e3")
    1000
    >>> integer(1, 64).read("--dim", "0.5")
    Traceback (most recent call last):
    ...
    ValueError: --dim must be an integer from 1 to 64, got '0.5'
    """
    largest = "2^63 - 1" if most == 2**63 - 1 else str(most)
    domain = f"an integer of at least {least}" if most is None else f"an integer from {least} to {largest}"

    def read(name: str, value: object) -> int:
        found = exact_rational(name, value)
        if not found.is_Integer or found < least or (most is not None and found > most):
            raise ValueError(f"{name} must be {domain}{remark}, got {describe(value)}")
        return int(found)

    return Reader("integer", read)


def number(domain: str, contains: Callable[[Fraction], bool]) -> Reader:
    """An exact number; ``domain`` says in words which ones ``contains`` lets pass.

    Examples
    --------
    >>> number("a number with 0 < delta < 1", lambda x: 0 < x < 1).read("delta", "1e-2")
    Fraction(1, 100)
    """

    def read(name: str, value: object) -> Fraction:
        exact = exact_rational(name, value)
        found = fraction(exact)
        if not contains(found):
            raise ValueError(f"{name} must be {domain}, got {describe(value)}")
        return found

    return Reader("number", read)


def real(domain: str, contains: Callable[[Fraction], bool]) -> Reader:
    """A number that is only ever used as a float, such as a tolerance; its domain is checked exactly."""
    exact = number(domain, contains)
    return Reader("number", lambda name, value: float(exact.read(name, value)))


def symbol(name: str) -> Reader:
    """A symbol of the theory with its own domain, as in :data:`boundcalc.symbols.VARIABLES`.

    Examples
    --------
    >>> symbol("eta").read("eta", 3)
    Traceback (most recent call last):
    ...
    ValueError: eta (step size of gradient descent) must be a number with 0 < eta < 2, got 3 (int)
    """
    variable = VARIABLES[name]

    def read(called: str, value: object) -> Fraction | int:
        exact = variable.exact(value, called)
        return int(exact) if variable.integer else fraction(exact)

    return Reader("integer" if variable.integer else "number", read)


def choice(words: type[Enum] | tuple[str, ...], remark: str = "") -> Reader:
    """One of the values of an enumeration (read as its member), or one of some words (read as text).

    Examples
    --------
    >>> choice(("mse", "gap")).read("quantity", "mae")
    Traceback (most recent call last):
    ...
    ValueError: quantity must be one of mse, gap, got 'mae'
    """
    known = words if isinstance(words, tuple) else tuple(str(item.value) for item in words)

    def read(name: str, value: object) -> Any:
        plain = value.value if isinstance(value, Enum) else value
        if not isinstance(plain, str) or plain not in known:  # an array would be compared entry by entry
            raise ValueError(f"{name} must be one of {', '.join(known)}, got {describe(value)}{remark}")
        return plain if isinstance(words, tuple) else words(plain)

    return Reader("word", read, known)


def _read_text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{name} must be text, got {describe(value)}")
    return value


def _read_switch(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"{name} must be True or False, got {describe(value)}")
    return value


text = Reader("text", _read_text)
file_path = Reader("path", _read_text)
switch = Reader("switch", _read_switch)


@dataclass(frozen=True)
class Option:
    """One thing that can be asked for.

    Attributes
    ----------
    name : str
        Keyword in Python and key in JSON; on the command line ``--name``.
    help : str
        What it is, in one line.
    reader : Reader
    default : object
        As a caller would write it; None if there is none, or if every command states its own (``own_default``).
    aliases : tuple of str
        Further flags, among them names of earlier versions; accepted, and not shown in the help.
    metavar : str
        What stands for the value in the help.
    many : bool
        Whether several values may follow.
    own_default : bool
        Whether the default is a size of the experiment, chosen by each command.
    required : bool
    """

    name: str
    help: str
    reader: Reader
    default: object = None
    aliases: tuple[str, ...] = ()
    metavar: str = ""
    many: bool = False
    own_default: bool = False
    required: bool = False

    @property
    def flag(self) -> str:
        """``--name``, as the command line has it."""
        return f"--{self.name.replace('_', '-')}"

    @property
    def typed_default(self) -> str | tuple[str, ...] | None:
        """The default as it would be typed.

        >>> OPTIONS["sigma"].typed_default, OPTIONS["dims"].but(default=(1, 2)).typed_default
        ('1', ('1', '2'))
        """
        value = self.default
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, (tuple, list)):
            return tuple(str(one) for one in value)
        return str(getattr(value, "value", value))

    def read(self, value: object, called: str | None = None) -> Any:
        """The exact value, a tuple where there may be many; errors call the option ``called`` (by default its name)."""
        name = called or self.name
        if value is None:
            return None
        if not self.many:
            return self.reader.read(name, value)
        if isinstance(value, (str, bytes)) or not hasattr(value, "__iter__"):
            raise TypeError(f"{name} must be a sequence of values, got {describe(value)}")
        found = tuple(self.reader.read(name, one) for one in value)
        if not found or len(set(found)) < len(found):
            raise ValueError(
                f"{name} must hold at least one value and none twice, got {', '.join(map(str, found)) or 'none'}"
            )
        return found

    def but(self, **changes: Any) -> Option:
        """The same option with another default, a narrower reader, or for many values."""
        return replace(self, **changes)


def vocabulary(*entries: Option) -> dict[str, Option]:
    """Options by name; a name or alias that stands twice for different things is an error of ours."""
    flags: dict[str, str] = {}
    for entry in entries:
        for flag in (entry.flag, *entry.aliases):
            if flags.setdefault(flag, entry.name) != entry.name:
                raise ValueError(f"{flag} stands for {flags[flag]} and for {entry.name}")
    return {entry.name: entry for entry in entries}


def _read_weight(name: str, value: object) -> Any:
    from boundcalc.explicit.problem import read_weight

    return read_weight(name, value)


_ERROR = number("a number in (0, 1]", lambda x: 0 < x <= 1)

OPTIONS: Mapping[str, Option] = vocabulary(
    Option("dim", "dimension d of the inputs", symbol("d"), aliases=("--d",), metavar="D", own_default=True),
    Option("dims", "dimensions", symbol("d"), metavar="D", many=True, own_default=True),
    Option("n", "number of samples", symbol("n"), metavar="N", own_default=True),
    Option("eta", "step size of gradient descent", symbol("eta"), metavar="ETA", own_default=True),
    Option("sigma", "standard deviation of the label noise", symbol("sigma"), 1, ("--noise",), "SIGMA"),
    Option("B", "bound on the sup norm", symbol("B"), 1, ("--sup",), "B"),
    Option("C", "bound on the weighted variation norm", symbol("C"), 1, ("--norm",), "C"),
    Option("M", "max of label bound, sup norm and 1", symbol("M"), metavar="M"),
    Option("weight", "weight of the norm below C: canonical, population, trace, or the power of the depth",
           Reader("word", _read_weight, ("canonical", "population", "trace")), "canonical", metavar="WEIGHT"),
    Option("effort", "how long to search", choice(("fast", "full")), "fast", metavar="EFFORT"),
    Option("quantity", "mse, or gap for the generalization gap", choice(("mse", "gap")), "mse", metavar="QUANTITY"),
    Option("flatness", "what is flat: lambda-max (GD), localised, trace (SGD); none is weight decay",
           choice(("lambda-max", "localised", "trace", "none")), "lambda-max", metavar="FLATNESS"),
    Option("error", "mean squared error, in (0, 1]", _ERROR, metavar="ERROR"),
    Option("errors", "mean squared errors, for sample sizes", _ERROR, metavar="ERROR", many=True, own_default=True),
    Option("angle", "least angle between two points, in degrees", number("a number in (0, 180]", lambda x: 0 < x <= 180),
           metavar="DEGREES"),
    Option("cosine", "its cosine, exactly, instead of --angle", number("a number in [-1, 1)", lambda x: -1 <= x < 1),
           metavar="COSINE"),
    Option("out", "file to write", file_path, metavar="PATH"),
)  # fmt: skip
