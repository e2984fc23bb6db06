"""Writes the pages of the registry, the errata, the derivations and the codes from the library when the site is built."""

from __future__ import annotations

from pathlib import Path

from sphinx.application import Sphinx

import boundcalc
from boundcalc.derivation import DERIVATIONS
from boundcalc.explicit.codes import KnownCode, catalogue
from boundcalc.files import write_text
from boundcalc.statement import Status, Theorem
from boundcalc.tables import exponent_table

_STATUSES = {
    Status.PAPER: "stated in the source named",
    Status.DERIVED: "proved here, on the [page of proofs](proofs.md) or in the file of the statement",
    Status.NUMERIC: "checked by computation as said",
    Status.CONJECTURE: "believed, not proved",
}


def _statement(theorem: Theorem) -> str:
    lines = [f"## {theorem.title}", "", f"`{theorem.key}`. {theorem._repr_markdown_()}", ""]
    lines += [f"* {name}: {bound.remark}" for name, bound in theorem.bounds.items() if bound.remark]
    source = theorem.source
    place = source.label or "as a whole"
    lines += ["", f"Source: {source.authors} ({source.year}), *{source.title}*, {source.identifier}, {place}."]
    lines += [f"Status: **{theorem.status.value}**."]
    if theorem.errata:
        lines += ["", "See " + ", ".join(f"[erratum {number}](errata.md)" for number in theorem.errata) + "."]
    return "\n".join(lines)


def registry_page() -> str:
    """Every statement in full."""
    head = [
        "# Registry of statements", "", "Generated from the library. Each statement carries its status:", "",
        *(f"* **{status.value}**: {words}" for status, words in _STATUSES.items()), "",
        "Relations with a subscript $d$ hide constants that depend on $d$.", "", exponent_table([1, 2, 3, 5, 10]).markdown(), "",
        boundcalc.theorems()._repr_markdown_(), "",
    ]  # fmt: skip
    return "\n".join([*head, *(_statement(theorem) + "\n" for theorem in boundcalc.theorems())])


def errata_page() -> str:
    """Every erratum with what its check found."""
    lines = [
        "# Errata", "", "Where arXiv:2506.20779 is wrong, vacuous or improvable, as far as we know. Each entry has a check that "
        "shows it; the checks run in the tests, and what they found when this page was built stands below them.", "",
    ]  # fmt: skip
    for entry in boundcalc.errata():
        found = entry.demonstrate()
        touched = [t.key for t in boundcalc.theorems() if entry.number in t.errata]
        lines += [
            f"## {entry.number}. {entry.where}",
            "",
            f"*Source:* {entry.claim}",
            "",
            f"*Instead:* {entry.correction}",
            "",
        ]
        lines += [f"*Check ({'shown' if found.shown else 'not shown'}):* {found.evidence}", ""]
        lines += [
            f"Status of the correction: **{entry.status.value}**."
            + (f" Touches {', '.join(f'`{key}`' for key in touched)}." if touched else ""),
            "",
        ]
    return "\n".join(
        line if line.startswith(("#", "Status")) else line.replace("_", r"\_").replace("^", r"\^") for line in lines
    )


def derivations_page() -> str:
    """Every derivation step by step."""
    parts = ["# Derivations", "", "Exponents derived by the library, each choice certified to be the best one.", ""]
    for derivation in DERIVATIONS:
        parts += [f"## {derivation.title}", "", derivation._repr_markdown_(), ""]
    return "\n".join(parts)


def codes_page() -> str:
    """The catalogue of spherical codes: at 60 degrees beside the records, and at other angles."""

    def upper(code: KnownCode) -> str:
        asked = (
            {"angle": 60}
            if code.cosine == "1/2"
            else {"angle": code.degrees}
            if code.degrees
            else {"cosine": code.enclosure[1]}
        )
        best = boundcalc.packing_number(code.d, **asked).upper_bounds[0]
        return f"{best.count} ({'quoted' if best.status is Status.PAPER else 'proved here'})"

    sixty = [code for code in catalogue() if code.record]
    others = [code for code in catalogue() if not code.record]
    open_to_us = ", ".join(str(code.d) for code in sixty if code.record and code.size < code.record[0])
    lines = [
        "# Spherical codes", "",
        "Generated from the catalogue that `packing_number`, `explicit_lower`, `best_code` and `boundcalc codes` read. Every "
        "code is built by the library, and all its inner products are computed exactly; the tests do it anew and compare "
        "checksums of the coordinates. `boundcalc codes --dim D --angle A --save code.npz` writes one.", "",
        "## Kissing configurations: 60°", "",
        "The records are quoted, as of October 2026: Cohn's table (https://cohn.mit.edu/kissing-numbers) as two public copies of "
        "30 August and 6 September 2026 have it, and in d = 18, 19 and 21 public repositories of September and October 2026, "
        "whose configurations come with exact checks but are not refereed. In d = 21 the library has more points than any source "
        "known to us. The quoted upper bounds are those of the same copies. "
        f"The library has fewer points than the record in d = {open_to_us}.", "",
        "| d | ours | record | source of the record | our construction | proof that no code is larger | upper bound |",
        "|---|---|---|---|---|---|---|",
        *(
            f"| {code.d} | {code.size} | {code.record[0]} | {code.record[1]} | {code.name}: {code.source} | "
            f"{code.optimal or '–'} | {upper(code)} |"
            for code in sixty if code.record
        ), "",
        "## Other angles", "",
        "The sharp codes of the list of Cohn and Kumar (2007) in these dimensions, and further sections of the Leech "
        "configuration. Regular polygons, simplices and the vectors ±e_i, which are the best there are at their angles, need "
        "no table.", "",
        "| d | largest inner product | points | construction | proof that no code is larger | upper bound |",
        "|---|---|---|---|---|---|",
        *(
            f"| {code.d} | {code.cosine} | {code.size} | {code.name}: {code.source} | {code.optimal or '–'} | {upper(code)} |"
            for code in others
        ), "",
    ]  # fmt: skip
    return "\n".join(lines)


def _write(path: Path, text: str) -> None:
    if path.exists() and path.read_text() == text:
        return
    write_text(path, text)


def generate(app: Sphinx) -> None:
    """Write the pages beside the others."""
    folder = Path(app.srcdir)
    pages = {"registry": registry_page, "errata": errata_page, "derivations": derivations_page, "codes": codes_page}
    for name, page in pages.items():
        _write(folder / f"{name}.md", page())


def escape_bars(app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    """Absolute values in docstrings are no substitutions of reStructuredText."""
    lines[:] = [line if line.lstrip().startswith((">>>", "...")) else line.replace("|", r"\|") for line in lines]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("builder-inited", generate)
    app.connect("autodoc-process-docstring", escape_bars)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
