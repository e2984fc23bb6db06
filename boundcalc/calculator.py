"""The calculator's commands: rates, explicit bounds, sample sizes, the registry, derivations, tables and figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import boundcalc
from boundcalc.border import ExitCode
from boundcalc.command import Command
from boundcalc.files import check_figure_path, check_writable, save_figure, write_text
from boundcalc.options import OPTIONS, Option, choice, switch, symbol, text, vocabulary
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
)
_DIM, _N = OPTIONS["dim"].but(required=True), OPTIONS["n"].but(required=True)
_CLASS = tuple(OPTIONS[name] for name in ("sigma", "B", "C"))
_SEARCH = (OPTIONS["weight"], OPTIONS["effort"])


def _command(name: str, answer: Callable[..., str], options: Sequence[Option], **words: Any) -> Command:
    """A command that reads its options, and prints what ``answer`` makes of them."""

    def act(typed: Mapping[str, Any]) -> int:
        read = {o.name: o.read(typed[o.name], o.flag) for o in (*options, *words.get("arguments", ()))}
        print(answer(**read).rstrip("\n"))
        return ExitCode.FINE

    return Command(name, act, options, **words)


def _rate(dim: int, n: object, **named: Any) -> str:
    return str(boundcalc.rate(dim, n, **named))


def _explicit(dim: int, n: object, sigma: object, B: object, C: object, weight: str, effort: str) -> str:
    setting = (dim, n, sigma, B, C, weight)
    return f"{boundcalc.explicit_lower(*setting, effort)}\n{boundcalc.explicit_upper(*setting)}"


def _sample_size(dim: int, error: object, **named: Any) -> str:
    return str(boundcalc.sample_size(dim, error, **named))


def _packing_number(dim: int, angle: object, cosine: object) -> str:
    if (angle is None) == (cosine is None):
        raise ValueError("angle or --cosine must be given, and not both")
    return str(boundcalc.packing_number(dim, angle, cosine=cosine))


def _list(derivations: bool) -> str:
    if not derivations:
        return str(boundcalc.theorems())
    from boundcalc.derivation import DERIVATIONS

    width = max(len(derivation.key) for derivation in DERIVATIONS)
    return "\n".join(f"{derivation.key:<{width}}  {derivation.title}" for derivation in DERIVATIONS)


def _show(key: str, latex: bool) -> str:
    theorem = boundcalc.theorem(key)
    lines = [str(theorem)]
    if theorem.errata:
        lines += [f"  erratum {entry}" for entry in boundcalc.errata() if entry.number in theorem.errata]
    if latex:
        lines += [f"  {name}: {bound.latex()}" for name, bound in theorem.bounds.items()]
    return "\n".join(lines)


def _derive(key: str) -> str:
    return str(boundcalc.derive(key))


def _errata(check: bool) -> str:
    lines = []
    for entry in boundcalc.errata():
        lines.append(str(entry))
        if check:
            shown = entry.demonstrate()
            lines.append(f"   {'shown' if shown.shown else 'NOT SHOWN'}: {shown.evidence}")
    return "\n".join(lines)


def _table(
    dims: object, n: object, errors: object, quantity: str, contents: Sequence[str], format: str, document: bool, out: str | None
) -> str:  # fmt: skip
    if document and format not in ("latex", "html"):
        raise ValueError(f"document goes with --format latex or html, got --format {format}")
    if out is not None:
        check_writable("--out", Path(out))
    tables = [boundcalc.table(dims, n, name, quantity, errors) for name in contents]
    if document:
        shown = latex_document(tables) if format == "latex" else html_document(tables)
    else:
        shown = "\n\n".join(_FORMATS[format](table).rstrip("\n") for table in tables)
    if out is None:
        return shown
    write_text(Path(out), shown.rstrip("\n") + "\n")
    return f"wrote {out}"


def _plot(dim: int, n: object, sizes: Any, dims: Any, sigma: object, B: object, C: object, out: str) -> str:
    check_figure_path("--out", Path(out))
    save_figure(boundcalc.plot(dim, n, sizes, dims, sigma=sigma, B=B, C=C), Path(out))
    return f"wrote {out}"


rate_command = _command(
    "rate",
    _rate,
    [_DIM, _N, OPTIONS["quantity"], OPTIONS["eta"], *(o.but(default=None) for o in _CLASS), OPTIONS["M"]],
    help="""Show the rates of the bounds at one dimension and sample size.

    Factors in eta, sigma, B, C and M are left out where these are not given.""",
    example="20 1e4",
    positional=("dim", "n"),
)
explicit_command = _command(
    "explicit",
    _explicit,
    [_DIM, _N, *_CLASS, *_SEARCH],
    help="Enclose the lower and upper bounds that have every constant.",
    example="5 1e6 --sigma 0.5",
    positional=("dim", "n"),
)
sample_size_command = _command(
    "sample-size",
    _sample_size,
    [_DIM, OPTIONS["error"].but(required=True), *_CLASS, *_SEARCH],
    help="Say how many samples an error requires, bound by bound.",
    example="20 0.01",
    positional=("dim", "error"),
)
packing_number_command = _command(
    "packing-number",
    _packing_number,
    [_DIM, OPTIONS["angle"], OPTIONS["cosine"]],
    help="Bound the number of points on a sphere at an angle apart.",
    example="12 60",
    positional=("dim", "angle"),
)
list_command = _command(
    "list",
    _list,
    [_OWN["derivations"]],
    help="List every registered statement, or the derivations.",
    example="--derivations",
)
show_command = _command(
    "show",
    _show,
    [_OWN["latex"]],
    help="Show one statement, KEY as listed by `boundcalc list`, with its errata.",
    example="minimax-lower --latex",
    arguments=(_OWN["key"],),
)
derive_command = _command(
    "derive",
    _derive,
    [],
    help="Derive an exponent step by step, KEY as listed by `boundcalc list --derivations`.",
    example="theorem-a",
    arguments=(_OWN["key"],),
)
errata_command = _command(
    "errata",
    _errata,
    [_OWN["check"]],
    help="List where the source is wrong, vacuous or improvable.",
    example="--check",
)
table_command = _command(
    "table",
    _table,
    [
        OPTIONS["dims"].but(default=(1, 2, 5, 10, 20)),
        OPTIONS["n"].but(default=("1e3", "1e6"), many=True),
        OPTIONS["errors"].but(default=("0.1", "0.01")),
        OPTIONS["quantity"],
        _OWN["contents"].but(default=_CONTENTS[:4]),
        _OWN["format"],
        _OWN["document"],
        OPTIONS["out"],
    ],
    help="Make tables for papers: text, LaTeX, Markdown, CSV or HTML.",
    example="--dims 1 2 5 --n 1e3 1e6 --contents exponents rates --format latex",
)
plot_command = _command(
    "plot",
    _plot,
    [
        OPTIONS["dim"].but(default=10),
        OPTIONS["n"].but(default="1e6"),
        _OWN["sizes"].but(default=("1e2", "1e10")),
        OPTIONS["dims"].but(default=(1, 100)),
        *_CLASS,
        OPTIONS["out"].but(required=True),
    ],
    help="""Draw the bounds against n at one dimension, and against d at one n.

    --sizes and --dims are the ends of the two axes. The file ends in .png, .svg or .pdf.""",
    example="--dim 10 --out bounds.png",
)
