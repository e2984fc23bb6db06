"""The documentation as it is stored: notebooks with outputs and no errors, pages that name what exists."""

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

import boundcalc
import verify
from boundcalc.explicit.codes import catalogue

DOCS = Path(__file__).parents[2] / "docs"
SOURCES = sorted((DOCS / "notebooks").glob("*.py"))


def notebook(source: Path) -> dict[str, Any]:
    return json.loads(source.with_suffix(".ipynb").read_text())


def text_of(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def test_they_are_numbered_and_the_index_lists_them() -> None:
    assert len(SOURCES) >= 8
    assert [source.name[:2] for source in SOURCES] == [f"{i:02d}" for i in range(1, len(SOURCES) + 1)]
    index = (DOCS / "index.md").read_text()
    assert [line for line in index.splitlines() if line.startswith("notebooks/")] == [
        f"notebooks/{s.stem}" for s in SOURCES
    ]


@pytest.mark.parametrize("source", SOURCES, ids=lambda s: s.stem[:2])
def test_stored_notebooks_ran_from_top_to_bottom_without_error(source: Path) -> None:
    code = [cell for cell in notebook(source)["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    kinds = {output["output_type"] for cell in code for output in cell["outputs"]}
    assert "error" not in kinds
    assert any("image/png" in output.get("data", {}) for cell in code for output in cell["outputs"])
    stderr = [o for cell in code for o in cell["outputs"] if o.get("name") == "stderr"]
    assert not stderr


@pytest.mark.parametrize("source", SOURCES, ids=lambda s: s.stem[:2])
def test_stored_notebooks_have_the_cells_of_their_sources(source: Path) -> None:
    """Every line of code of a source stands in the notebook, in order, and nothing else does."""
    written = [line for line in source.read_text().splitlines() if line.strip() and not line.startswith("#")]
    code = [text_of(cell) for cell in notebook(source)["cells"] if cell["cell_type"] == "code"]
    stored = [line for line in "\n".join(code).splitlines() if line.strip() and not line.startswith("#")]
    assert stored == written


@pytest.mark.parametrize("source", SOURCES, ids=lambda s: s.stem[:2])
def test_notebooks_check_what_they_say(source: Path) -> None:
    assert source.read_text().count("assert ") >= 2


def test_proofs_have_a_section_for_each_theorem() -> None:
    text = (DOCS / "proofs.md").read_text()
    titles = re.findall(r"^## (.+)$", text, flags=re.MULTILINE)
    assert titles == [
        "Setting and notation",
        *(f"Theorem {letter}" for letter in "ABCD"),
        "Lemma S and flat minima from above",
        *(f"Theorem {letter}" for letter in "EFG"),
        "The memorisation edge",
        "Explicit lower bounds in high dimensions",
        "Explicit upper bounds",
        "Certificates of the largest eigenvalue",
    ]
    assert text.count(r"\blacksquare") >= 16
    assert "**derived**" in text


def test_every_section_of_the_proofs_names_tests_that_exist() -> None:
    tests = Path(__file__).parents[1]
    files = {path.name for path in tests.rglob("test_*.py")}
    for section in re.split(r"^## ", (DOCS / "proofs.md").read_text(), flags=re.MULTILINE)[1:]:
        named = re.findall(r"`(?:tests/[\w/]+/)?(test_\w+\.py)`", section)
        folders = re.findall(r"`tests/([\w/]+)`", section)
        assert named or folders, section.partition("\n")[0]
        assert files >= set(named)
        assert all((tests / folder).is_dir() for folder in folders)


def test_the_api_page_covers_every_public_function() -> None:
    page = (DOCS / "api.md").read_text()
    for name in boundcalc.__all__:
        assert f"{boundcalc._PUBLIC[name]}.{name}" in page or f".{name}\n" in page, name
    for name in verify.__all__:
        assert f":: verify.{name}\n" in page, name


def test_generated_pages_hold_every_entry() -> None:
    pytest.importorskip("sphinx", reason="the extra docs is not installed")
    sys.path.insert(0, str(DOCS / "_ext"))
    try:
        import generated_pages  # type: ignore[import-not-found]
    finally:
        sys.path.pop(0)
    registry, errata = generated_pages.registry_page(), generated_pages.errata_page()
    for theorem in boundcalc.theorems():
        assert registry.count(f"## {theorem.title}\n") == 1
        assert f"Status: **{theorem.status.value}**" in registry
    for entry in boundcalc.errata():
        assert f"## {entry.number}. {entry.where}\n" in errata
    assert "(not shown)" not in errata
    assert "$" not in errata
    codes = generated_pages.codes_page()
    for code in catalogue():
        record = f" {code.record[0]} | {code.record[1]} |" if code.record else f" {code.name}: {code.source} |"
        label = code.size if code.record else f"{code.cosine} | {code.size}"
        assert codes.count(f"| {code.d} | {label} |{record}") == 1
    fewer = [str(code.d) for code in catalogue() if code.record and code.size < code.record[0]]
    assert f"fewer points than the record in d = {', '.join(fewer)}." in codes
