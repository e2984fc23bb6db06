"""The reader of the built site sees what it is there to see, and lets a good page pass."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="module")
def check_site() -> ModuleType:
    spec = importlib.util.spec_from_file_location("check_site", Path(__file__).parents[2] / "docs" / "check_site.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["check_site"] = module
    spec.loader.exec_module(module)
    return module


GOOD = """<html><head><title>a $ b</title></head><body><h1 id="top">Top</h1><p>5 < 6, <code>$$x$$ | --- |</code></p>
<div class="math notranslate nohighlight">\\[x^2\\]</div><span class="math">\\(y\\)</span>
<a href="#top">up</a> <a href="other.html#here">there</a>
<a href="https://example.org/">away</a><img src="a.png" alt="A curve"></body></html>"""
OTHER = '<p id="here">Here</p>'


def site(folder: Path, page: str) -> Path:
    (folder / "index.html").write_text(page, encoding="utf-8")
    (folder / "other.html").write_text(OTHER, encoding="utf-8")
    (folder / "a.png").write_bytes(b"")
    return folder


def test_a_good_page_passes(check_site: ModuleType, tmp_path: Path) -> None:
    assert check_site.faults(site(tmp_path, GOOD)) == []


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("5 < 6", "$$5$$", "raw text"),
        ("5 < 6", "costs $", "raw text"),
        ("5 < 6", "\\(5\\)", "raw text"),
        ("5 < 6", "| a | b |\n|---|:-:|", "raw text"),
        ("5 < 6", "5 \\le 6", "raw text"),
        ("other.html#here", "other.html#nowhere", "dead anchor"),
        ("#top", "#bottom", "dead anchor"),
        ("other.html#here", "another.html", "dead link"),
        ('src="a.png"', 'src="b.png"', "dead link"),
        ("A curve", "", "image without words"),
        ("A curve", "../_images/0a1b.png", "image without words"),
    ],
)
def test_a_bad_page_is_refused(check_site: ModuleType, tmp_path: Path, old: str, new: str, words: str) -> None:
    assert old in GOOD
    found = check_site.faults(site(tmp_path, GOOD.replace(old, new)))
    assert len(found) == 1
    assert words in found[0]


def test_an_empty_folder_is_no_site(check_site: ModuleType, tmp_path: Path) -> None:
    assert check_site.faults(tmp_path) == [f"{tmp_path} has no page"]
