"""Reads HTML as a browser would show it: what CSS hides is taken out and kept for audit.

Styles are followed as far as hiding goes: `style` attributes, the old presentation attributes, and simple rules
(`tag`, `.class`, `#id`) of `<style>` elements. Scripts, comments and everything in `<head>` but the title are no text.
Knows no layout engine and loads nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import lxml.html
from lxml import etree

from core.errors import DataError
from core.settings import IngestSettings
from rag.load.sections import Block, Outline, Run, SectionReader
from rag.load.sniff import read_text
from rag.load.web.css import Look, Stylesheet

PARSER = f"lxml {version('lxml')}"
_SKIPPED = frozenset(
    {
        "script",
        "style",
        "head",
        "template",
        "noscript",
        "iframe",
        "object",
        "svg",
        "math",
        "select",
        "textarea",
        "datalist",
    }
)
_INLINE = frozenset(
    "a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark q s samp small span strike "
    "strong sub sup time tt u var wbr img button".split()
)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_ROWS = frozenset({"tr", "li", "dt", "dd"})
_CELLS = frozenset({"td", "th"})
_SPACE = re.compile(r"[ \t\n\r\f]+")
_META = {
    "author": "author",
    "description": "subject",
    "keywords": "keywords",
    "date": "created",
    "generator": "creator",
}


def read_html(path: Path, limits: IngestSettings) -> SectionReader:
    """Open an HTML file.

    Raises:
        DataError: It is not text or holds no element.
    """
    return SectionReader(path, "html", PARSER, outline_of(read_text(path), path), limits)


def outline_of(markup: str, path: Path) -> Outline:
    """Return headings and paragraphs of HTML.

    Raises:
        DataError: It holds no element.
    """
    parser = lxml.html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True)
    try:
        root = lxml.html.document_fromstring(markup.replace("\0", "").encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError) as error:
        raise DataError(f"cannot be read as HTML: {error}", path=path) from error
    limits = [entry.message for entry in parser.error_log if entry.type_name == "ERR_RESOURCE_LIMIT"]
    if limits:  # the parser goes on without a word, and without the rest of the file
        raise DataError(f"cannot be read whole as HTML: {limits[0].partition(', use')[0]}", path=path)
    metadata = {
        _META[name]: element.get("content") or ""
        for element in root.iter("meta")
        if (name := (element.get("name") or "").lower()) in _META
    }
    if root.get("lang"):
        metadata["language"] = str(root.get("lang"))
    title = root.findtext(".//title") or ""
    return Outline(tuple(_Walk(root).blocks()), title, metadata)


class _Walk:
    """Goes through a tree once, without recursion, and cuts it into blocks."""

    def __init__(self, root: lxml.html.HtmlElement) -> None:
        self._root = root
        sheets = "\n".join(element.text or "" for element in root.iter("style"))
        self._sheet = Stylesheet(sheets)
        self._runs: list[Run] = []
        self._level = 0
        self._row = self._last_row = ""  # tag of the row or list item being read, and of the block before it
        self._ready: list[Block] = []

    def blocks(self) -> Iterator[Block]:
        """Yield blocks in reading order."""
        looks = [Look()]
        preformatted = 0
        walker = etree.iterwalk(self._root, events=("start", "end"))
        for event, element in walker:
            tag = element.tag if isinstance(element.tag, str) else ""
            if event == "start":
                if tag in _SKIPPED:
                    walker.skip_subtree()
                    looks.append(looks[-1])
                    continue
                self._open(tag)
                looks.append(self._sheet.look(tag, dict(element.attrib), looks[-1]))
                preformatted += tag == "pre"
                self._add(element.text, looks[-1], preformatted > 0)
            else:
                looks.pop()
                preformatted -= tag == "pre"
                if tag not in _SKIPPED:
                    self._close(tag)
                self._add(element.tail, looks[-1], preformatted > 0)
            yield from self._ready
            self._ready.clear()
        self._flush()
        yield from self._ready

    def _open(self, tag: str) -> None:
        if tag == "br":
            self._runs.append(Run("\n"))
        elif tag in _CELLS:
            while self._runs and not self._runs[-1].text.strip():
                self._runs.pop()
            if self._runs:
                self._runs.append(Run(" | "))
        elif tag not in _INLINE:
            self._flush()
            self._level = _HEADINGS.get(tag, self._level)
            self._row = tag if tag in _ROWS else ""
            if tag == "li":
                self._runs.append(Run("- "))

    def _close(self, tag: str) -> None:
        if tag not in _INLINE and tag not in _CELLS and tag != "br":
            self._flush()
            if tag in _HEADINGS:
                self._level = 0

    def _add(self, text: str | None, look: Look, preformatted: bool) -> None:
        if text:
            shown = text if preformatted else _SPACE.sub(" ", text)
            if shown.strip() or self._runs:
                self._runs.append(Run(shown, look.hidden))

    def _flush(self) -> None:
        if any(run.text.strip(" -") for run in self._runs):
            self._ready.append(
                Block(_trimmed(self._runs), self._level, self._row != "" and self._row == self._last_row)
            )
            self._last_row = self._row
        self._runs.clear()


def _trimmed(runs: list[Run]) -> tuple[Run, ...]:
    """Take the blanks off both ends of a block."""
    out = list(runs)
    while out and not out[0].text.strip():
        out.pop(0)
    while out and not out[-1].text.strip():
        out.pop()
    out[0] = replace(out[0], text=out[0].text.lstrip(" \n"))
    out[-1] = replace(out[-1], text=out[-1].text.rstrip())
    return tuple(out)
