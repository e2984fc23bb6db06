"""Read every page of the built site: no formula or table left as raw text, no dead link, no image without words.

python docs/check_site.py docs/_build/html
"""

from __future__ import annotations

import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

# What Markdown or LaTeX leaves behind where it was not typeset.
_RAW = [
    re.compile(pattern)
    for pattern in (
        r"\$\$",
        r"(?<!\w)\$|\$(?![\w{(])",  # `$HOME` and `$(...)` may stand in text
        r"^\s*\|[\s:|-]*---",
        r"\\[(\[]",
        r"\\(?:frac|le|lesssim|mathrm)\b",
    )
]
_QUIET = {"script", "style", "pre", "code", "title"}


class Page(HTMLParser):
    """Text outside code and formulas, anchors, links and images of one page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.bare_images: list[str] = []
        self.texts: list[str] = []
        self._open: list[tuple[str, bool]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.anchors |= {found[name] for name in ("id", "name") if name in found}
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        if tag in ("img", "link", "script"):
            self.links += [found[name] for name in ("src", "href") if name in found]
        words = found.get("alt", "").strip()
        if tag == "img" and (not words or words.endswith((".png", ".svg"))):  # the file's name says nothing
            self.bare_images.append(found.get("src", "?")[:80])
        if tag not in ("img", "br", "hr", "input", "link", "meta", "path", "source", "wbr", "col"):
            self._open.append((tag, tag in _QUIET or "math" in found.get("class", "").split()))

    def handle_endtag(self, tag: str) -> None:
        for at in range(len(self._open) - 1, -1, -1):
            if self._open[at][0] == tag:
                del self._open[at:]
                break

    def handle_data(self, data: str) -> None:
        if not any(quiet for _, quiet in self._open):
            self.texts.append(data)


def faults(folder: Path) -> list[str]:
    """One line for everything that is wrong on a page of the folder."""
    pages = {path.resolve(): Page(path.read_text(encoding="utf-8")) for path in sorted(folder.rglob("*.html"))}
    if not pages:
        return [f"{folder} has no page"]
    found = []
    for path, page in pages.items():
        name = path.relative_to(folder.resolve())
        raw = [
            line.strip()[:80] for text in page.texts for line in text.splitlines() if any(r.search(line) for r in _RAW)
        ]
        found += [f"{name}: left as raw text: {line}" for line in raw]
        found += [f"{name}: image without words: {source}" for source in page.bare_images]
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not target.exists():
                found.append(f"{name}: dead link {link}")
            elif parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].anchors:
                found.append(f"{name}: dead anchor {link}")
    return found


if __name__ == "__main__":
    wrong = faults(Path(sys.argv[1]))
    print("\n".join(wrong) or "every page of the site is typeset, and its links lead somewhere")
    sys.exit(bool(wrong))
