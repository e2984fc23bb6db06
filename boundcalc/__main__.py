"""``python -m boundcalc``: rates, explicit bounds, sample sizes, the registry, derivations, tables and figures."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

import boundcalc
from boundcalc.files import check_figure_path, check_writable, save_figure, write_atomically
from boundcalc.table_format import Table, html_document, latex_document

_USAGE, _INTERRUPTED, _BROKEN_PIPE = 2, 130, 141
_FORMATS: dict[str, Callable[[Table], str]] = {
    "text": str,
    "latex": Table.latex,
    "markdown": Table.markdown,
    "csv": Table.csv,
    "html": Table.html,
}
_CONTENTS = ("exponents", "rates", "explicit", "sample-sizes", "registry")


class _Parser(argparse.ArgumentParser):
    """Says in one line what is wrong."""

    def error(self, message: str) -> NoReturn:
        self.exit(_USAGE, f"{self.prog}: error: {' '.join(message.split())}\n")


def _options(parser: argparse.ArgumentParser, names: str, default: str | None = None) -> None:
    """Options of the theory's symbols; text all through, read exactly by the library."""
    meanings = {
        "eta": "step size, 0 < eta < 2",
        "sigma": "standard deviation of the label noise",
        "B": "bound on the sup norm",
        "C": "bound on the weighted variation norm",
        "M": "max of label bound, sup norm and 1",
    }
    tail = f" (default {default})" if default else ""
    for name in names.split():
        parser.add_argument(f"--{name}", metavar="NUMBER", default=default, help=meanings[name] + tail)


def _search_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--weight", default="canonical", help="canonical (default) or population")
    parser.add_argument("--effort", default="fast", help="fast (default) or full")


def _dimension(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dim", "--d", dest="d", required=True, metavar="D", help="dimension of the inputs")


def _rate(options: argparse.Namespace) -> str:
    report = boundcalc.rate(
        options.d,
        options.n,
        quantity=options.quantity,
        eta=options.eta,
        sigma=options.sigma,
        B=options.B,
        C=options.C,
        M=options.M,
    )
    return str(report)


def _explicit(options: argparse.Namespace) -> str:
    setting = (options.d, options.n, options.sigma, options.B, options.C, options.weight)
    return f"{boundcalc.explicit_lower(*setting, options.effort)}\n{boundcalc.explicit_upper(*setting)}"


def _sample_size(options: argparse.Namespace) -> str:
    values = (options.sigma, options.B, options.C, options.weight, options.effort)
    return str(boundcalc.sample_size(options.d, options.error, *values))


def _packing_number(options: argparse.Namespace) -> str:
    return str(boundcalc.packing_number(options.d, options.angle, cosine=options.cosine))


def _list(options: argparse.Namespace) -> str:
    if options.derivations:
        from boundcalc.derivation import DERIVATIONS

        width = max(len(derivation.key) for derivation in DERIVATIONS)
        return "\n".join(f"{derivation.key:<{width}}  {derivation.title}" for derivation in DERIVATIONS)
    return str(boundcalc.theorems())


def _show(options: argparse.Namespace) -> str:
    theorem = boundcalc.theorem(options.key)
    lines = [str(theorem)]
    if theorem.errata:
        lines += [f"  erratum {entry}" for entry in boundcalc.errata() if entry.number in theorem.errata]
    if options.latex:
        lines += [f"  {name}: {bound.latex()}" for name, bound in theorem.bounds.items()]
    return "\n".join(lines)


def _derive(options: argparse.Namespace) -> str:
    return str(boundcalc.derive(options.key))


def _errata(options: argparse.Namespace) -> str:
    lines = []
    for entry in boundcalc.errata():
        lines.append(str(entry))
        if options.check:
            shown = entry.demonstrate()
            lines.append(f"   {'shown' if shown.shown else 'NOT SHOWN'}: {shown.evidence}")
    return "\n".join(lines)


def _plot(options: argparse.Namespace) -> str:
    figure = boundcalc.plot(
        options.d, options.n, options.sizes, options.dims, sigma=options.sigma, B=options.B, C=options.C
    )
    save_figure(figure, Path(options.out))
    return f"wrote {options.out}"


def _table(options: argparse.Namespace) -> str:
    if options.document and options.format not in ("latex", "html"):
        raise ValueError(f"--document goes with --format latex or html, got --format {options.format}")
    tables = [
        boundcalc.table(options.dims, options.n, contents, options.quantity, options.errors)
        for contents in options.contents
    ]
    if options.document:
        return latex_document(tables) if options.format == "latex" else html_document(tables)
    return "\n\n".join(_FORMATS[options.format](table).rstrip("\n") for table in tables)


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    parse = _Parser(prog="python -m boundcalc", description=__doc__)
    parse.add_argument("--version", action="version", version=boundcalc.__version__)
    commands = parse.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, act: Callable[[argparse.Namespace], str], words: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=words, description=words)
        sub.set_defaults(act=act, out=None)
        return sub

    sub = command("rate", _rate, "rates of the bounds at one dimension and sample size")
    _dimension(sub)
    sub.add_argument("--n", required=True, help="number of samples")
    sub.add_argument("--quantity", default="mse", help="mse (default) or gap")
    _options(sub, "eta sigma B C M")

    sub = command("explicit", _explicit, "lower and upper bounds with every constant, enclosed")
    _dimension(sub)
    sub.add_argument("--n", required=True, help="number of samples")
    _options(sub, "sigma B C", "1")
    _search_options(sub)

    sub = command("sample-size", _sample_size, "how many samples an error requires, bound by bound")
    _dimension(sub)
    sub.add_argument("--error", required=True, help="mean squared error, in (0, 1]")
    _options(sub, "sigma B C", "1")
    _search_options(sub)

    sub = command("packing-number", _packing_number, "bounds of the number of points on a sphere at an angle apart")
    _dimension(sub)
    sub.add_argument("--angle", help="in degrees")
    sub.add_argument("--cosine", help="exact cosine, instead of --angle")

    sub = command("list", _list, "every registered statement")
    sub.add_argument("--derivations", action="store_true", help="the derivations instead")

    sub = command("show", _show, "one statement")
    sub.add_argument("key", metavar="KEY", help="as listed by `list`")
    sub.add_argument("--latex", action="store_true", help="its bounds as LaTeX, too")

    sub = command("derive", _derive, "derive an exponent, step by step")
    sub.add_argument("key", metavar="KEY", help="as listed by `list --derivations`")

    sub = command("errata", _errata, "where the source is wrong, vacuous or improvable")
    sub.add_argument("--check", action="store_true", help="run the check that shows each entry")

    sub = command("plot", _plot, "bounds against n and against d")
    sub.add_argument(
        "--dim", "--d", dest="d", default="10", metavar="D", help="dimension of the left panel (default 10)"
    )
    sub.add_argument("--n", default="1e6", help="samples of the right panel (default 1e6)")
    sub.add_argument("--sizes", nargs=2, default=("1e2", "1e10"), metavar="N", help="ends of the axis of n")
    sub.add_argument("--dims", nargs=2, default=("1", "100"), metavar="D", help="ends of the axis of d")
    _options(sub, "sigma B C", "1")
    sub.add_argument("--out", required=True, metavar="PATH", help="file to write: .png, .svg or .pdf")

    sub = command("table", _table, "tables for papers")
    sub.add_argument("--dims", nargs="+", default=("1", "2", "5", "10", "20"), metavar="D", help="dimensions")
    sub.add_argument("--n", nargs="+", default=("1e3", "1e6"), help="numbers of samples")
    sub.add_argument("--errors", nargs="+", default=("0.1", "0.01"), metavar="ERROR", help="for sample sizes")
    sub.add_argument("--quantity", default="mse", help="mse (default) or gap, for exponents and rates")
    sub.add_argument(
        "--contents", nargs="+", choices=_CONTENTS, default=_CONTENTS[:4],
        help=f"which tables: {', '.join(_CONTENTS)} (default: all but the registry)",
    )  # fmt: skip
    sub.add_argument("--format", choices=tuple(_FORMATS), default="text", help="default text")
    sub.add_argument("--document", action="store_true", help="a whole LaTeX or HTML document instead of fragments")
    sub.add_argument("--out", metavar="PATH", help="write to a file instead of printing")
    return parse


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse, compute, print; the exit code."""
    options = parser().parse_args(arguments)
    if options.out is not None:
        check = check_figure_path if options.command == "plot" else check_writable
        check("--out", Path(options.out))
    text = options.act(options).rstrip("\n") + "\n"
    if options.out is not None and options.command == "table":
        write_atomically(Path(options.out), lambda stream: stream.write(text.encode()))
    else:
        sys.stdout.write(text)
        sys.stdout.flush()
    return 0


def run() -> NoReturn:
    """Run the command; errors become one line and an exit code."""
    try:
        code = main()
    except KeyboardInterrupt:
        print("\npython -m boundcalc: interrupted; nothing was left half-written", file=sys.stderr)
        code = _INTERRUPTED
    except BrokenPipeError:  # such as `... | head`; nobody reads on
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = _BROKEN_PIPE
    except (ValueError, TypeError, OSError) as error:
        print(f"python -m boundcalc: error: {' '.join(str(error).split())}", file=sys.stderr)
        code = _USAGE
    sys.exit(code)


if __name__ == "__main__":
    run()
