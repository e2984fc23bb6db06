"""The calculator's commands: rates, explicit bounds, sample sizes, the registry, derivations, tables and figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from inspect import cleandoc
from pathlib import Path
from typing import Any

import boundcalc
from boundcalc.border import ExitCode
from boundcalc.command import Command
from boundcalc.files import check_figure_path, check_writable, save_figure, write_text
from boundcalc.options import OPTIONS, Option, choice, switch, symbol, text, vocabulary
from boundcalc.shown import aligned
from boundcalc.table_format import Table, html_document, latex_document

_FORMATS: dict[str, Callable[[Table], str]] = {
    "text": str,
    "latex": Table.latex,
    "markdown": Table.markdown,
    "csv": Table.csv,
    "html": Table.html,
}
_CONTENTS = ("exponents", "rates", "explicit", "sample-sizes", "registry")

# What only one command of the calculator asks for.
_OWN = vocabulary(
    *OPTIONS.values(),
    Option("key", "key of a statement or derivation", text, metavar="KEY", required=True),
    Option("latex", "show the bounds as LaTeX, too", switch, False),
    Option("derivations", "list the derivations instead", switch, False),
    Option("check", "run the check that shows each entry", switch, False),
    Option("sizes", "numbers of samples", symbol("n"), metavar="N", many=True, own_default=True),
    Option("contents", "which tables", choice(_CONTENTS), metavar="TABLE", many=True, own_default=True),
    Option("format", "form of a table", choice(tuple(_FORMATS)), "text", metavar="FORMAT"),
    Option("document", "write a whole document instead of fragments (latex, html)", switch, False),
    Option(
        "of",
        "what a figure compares: bounds, or kinds of flatness",
        choice(("bounds", "flatness")),
        "bounds",
        metavar="WHAT",
    ),
)
_DIM, _N = OPTIONS["dim"].but(required=True), OPTIONS["n"].but(required=True)
_CLASS = tuple(OPTIONS[name] for name in ("sigma", "B", "C"))
_SEARCH = (OPTIONS["weight"], OPTIONS["effort"])


def _command(options: Sequence[Option], **words: Any) -> Callable[[Callable[..., str]], Command]:
    """Make a function that answers the command of its name; its docstring is the help, and what it returns is printed."""

    def make(answer: Callable[..., str]) -> Command:
        def act(typed: Mapping[str, Any]) -> int:
            read = {o.name: o.read(typed[o.name], o.flag) for o in (*options, *words.get("arguments", ()))}
            print(answer(**read).rstrip("\n"))
            return ExitCode.FINE

        name = answer.__name__.removesuffix("_command").replace("_", "-")
        return Command(name, act, options, help=cleandoc(answer.__doc__ or ""), **words)

    return make


@_command(
    [
        _DIM,
        _N,
        OPTIONS["quantity"],
        OPTIONS["flatness"],
        OPTIONS["eta"],
        *(o.but(default=None) for o in _CLASS),
        OPTIONS["M"],
    ],
    example="20 1e4",
    positional=("dim", "n"),
)
def rate_command(dim: int, n: object, **named: Any) -> str:
    """Show the rates of the bounds at one dimension and sample size.

    Factors in eta, sigma, B, C and M are left out where these are not given.
    """
    return str(boundcalc.rate(dim, n, **named))


@_command([_DIM, _N, *_CLASS, *_SEARCH], example="5 1e6 --sigma 0.5", positional=("dim", "n"))
def explicit_command(dim: int, n: object, sigma: object, B: object, C: object, weight: str, effort: str) -> str:
    """Enclose the lower and upper bounds that have every constant."""
    setting = (dim, n, sigma, B, C, weight)
    return f"{boundcalc.explicit_lower(*setting, effort)}\n{boundcalc.explicit_upper(*setting)}"


@_command(
    [_DIM, OPTIONS["error"].but(required=True), *_CLASS, *_SEARCH], example="20 0.01", positional=("dim", "error")
)
def sample_size_command(dim: int, error: object, **named: Any) -> str:
    """Say how many samples an error requires, bound by bound."""
    return str(boundcalc.sample_size(dim, error, **named))


@_command([_DIM, OPTIONS["angle"], OPTIONS["cosine"]], example="12 60", positional=("dim", "angle"))
def packing_number_command(dim: int, angle: object, cosine: object) -> str:
    """Bound the number of points on a sphere at an angle apart."""
    if (angle is None) == (cosine is None):
        raise ValueError("angle or --cosine must be given, and not both")
    return str(boundcalc.packing_number(dim, angle, cosine=cosine))


@_command([_OWN["derivations"]], example="--derivations")
def list_command(derivations: bool) -> str:
    """List every registered statement, or the derivations."""
    if not derivations:
        return str(boundcalc.theorems())
    from boundcalc.derivation import DERIVATIONS

    return "\n".join(aligned([(derivation.key, derivation.title) for derivation in DERIVATIONS]))


@_command([_OWN["latex"]], example="minimax-lower --latex", arguments=(_OWN["key"],))
def show_command(key: str, latex: bool) -> str:
    """Show one statement, KEY as listed by `boundcalc list`, with its errata."""
    theorem = boundcalc.theorem(key)
    lines = [str(theorem)]
    if theorem.errata:
        lines += [f"  erratum {entry}" for entry in boundcalc.errata() if entry.number in theorem.errata]
    if latex:
        lines += [f"  {name}: {bound.latex()}" for name, bound in theorem.bounds.items()]
    return "\n".join(lines)


@_command([], example="theorem-a", arguments=(_OWN["key"],))
def derive_command(key: str) -> str:
    """Derive an exponent step by step, KEY as listed by `boundcalc list --derivations`."""
    return str(boundcalc.derive(key))


@_command([_OWN["check"]], example="--check")
def errata_command(check: bool) -> str:
    """List where the source is wrong, vacuous or improvable."""
    lines = []
    for entry in boundcalc.errata():
        lines.append(str(entry))
        if check:
            shown = entry.demonstrate()
            lines.append(f"   {'shown' if shown.shown else 'NOT SHOWN'}: {shown.evidence}")
    return "\n".join(lines)


@_command(
    [
        OPTIONS["dims"].but(default=(1, 2, 5, 10, 20)),
        OPTIONS["n"].but(default=("1e3", "1e6"), many=True),
        OPTIONS["errors"].but(default=("0.1", "0.01")),
        OPTIONS["quantity"],
        _OWN["contents"].but(default=None, help="which tables; by default all but the registry that have the quantity"),
        _OWN["format"],
        _OWN["document"],
        OPTIONS["out"],
    ],
    example="--dims 1 2 5 --n 1e3 1e6 --contents exponents rates --format latex",
)
def table_command(
    dims: object, n: object, errors: object, quantity: str, contents: Any, format: str, document: bool, out: str | None
) -> str:  # fmt: skip
    """Make tables for papers: text, LaTeX, Markdown, CSV or HTML."""
    if document and format not in ("latex", "html"):
        raise ValueError(f"document goes with --format latex or html, got --format {format}")
    chosen = contents or _CONTENTS[: 4 if quantity == "mse" else 2]
    if format == "csv" and len(chosen) > 1:
        raise ValueError(
            f"contents must be one table with --format csv, whose tables have columns of their own, got {' '.join(chosen)}; "
            f"pass --contents {chosen[0]}, and the others one by one"
        )
    if out is not None:
        check_writable("--out", Path(out))
    tables = [boundcalc.table(dims, n, name, quantity, errors) for name in chosen]
    if document:
        shown = latex_document(tables) if format == "latex" else html_document(tables)
    else:
        shown = "\n\n".join(_FORMATS[format](table).rstrip("\n") for table in tables)
    if out is None:
        return shown
    write_text(Path(out), shown.rstrip("\n") + "\n")
    return f"wrote {out}"


@_command(
    [
        OPTIONS["dim"].but(default=10),
        OPTIONS["n"].but(default="1e6"),
        _OWN["sizes"].but(default=("1e2", "1e10")),
        OPTIONS["dims"].but(default=(1, 100)),
        *_CLASS,
        _OWN["of"],
        OPTIONS["out"].but(required=True),
    ],
    example="--dim 10 --out bounds.png",
)
def plot_command(
    dim: int, n: object, sizes: Any, dims: Any, sigma: object, B: object, C: object, of: str, out: str
) -> str:  # fmt: skip
    """Draw the bounds against d at one n, and against n at one dimension; or kinds of flatness against each other.

    --sizes and --dims are the ends of the two axes. The file ends in .png, .svg or .pdf.
    """
    check_figure_path("--out", Path(out))
    save_figure(boundcalc.plot(dim, n, sizes, dims, sigma=sigma, B=B, C=C, of=of), Path(out))
    return f"wrote {out}"
