"""The line put before a chunk when it is embedded and indexed: whose text it is, and under which heading.

Near-duplicate documents (one company's filings, versions of a manual) differ in little else.
The chunker cuts a header that takes too much of the embedder's window.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from core.language.english.printed.pages import RUNNING_LINE
from core.types import Page
from rag.search.cues import words, words_of_name
from rag.search.profile import said_title

SECTION_CHARS = 120
TITLE_CHARS = 90
_SECTION_LINES = 3
_GAP = " | "
_YEAR = re.compile(r"(?:19|20)\d\d(?=-)")
# A label that is a page number says nothing of the page: 12, iii, A-4.
_PRINTED_NUMBER = re.compile(r"(?:[^\W\d_]{1,3}-)?(?:\d+|[ivxlcdm]+|[a-z])", re.I)
_WORD = re.compile(r"[^\W\d_]{2}")


def chunk_header(title: str, doc: str, page: Page, metadata: Mapping[str, str]) -> str:
    """Return `document, title, year | section` for the chunks of a page.

    Args:
        title: The document's title; left out where it repeats the file name or says nothing.
        doc: File name, put as words.
        page: Its first lines stand for the section.
        metadata: The year it was made in, where neither name nor title holds a year.
    """
    named = "" if _PRINTED_NUMBER.fullmatch(page.label) else page.label
    parts = [document_part(title, doc, metadata), named or section(page.text)]
    return _GAP.join(part for part in parts if part)


def document_part(title: str, doc: str, metadata: Mapping[str, str]) -> str:
    """Return what the headers of all chunks of a document begin with; see `chunk_header`."""
    name = words_of_name(doc)
    title = said_title(title)[:TITLE_CHARS]
    known = {word.key for word in words(name)}
    news = [word for word in words(title) if word.key not in known]
    called = f"{name}, {title}" if len(news) > 1 else name
    year = _YEAR.match(metadata.get("created", ""))
    if year and not re.search(r"(?<!\d)(?:19|20)\d\d(?!\d)", called):
        called += f", {year[0]}"
    return called


def renamed_header(header: str, before: str, after: str) -> str:
    """Return a chunk's header with another document part.

    Args:
        header: As `chunk_header` made it; the chunker may have cut a long document part short.
        before: The document part it was made with.
        after: The one it gets.
    """
    pairs = zip(header, before, strict=False)
    kept = next((place for place, (old, known) in enumerate(pairs) if old != known), min(len(header), len(before)))
    rest = header[kept:]
    if kept == len(before):
        return after + rest
    return after[:kept].rstrip() + rest if not rest or rest.startswith(_GAP) else header


def section(text: str) -> str:
    """Return the first lines of a page that hold words, on one line of at most `SECTION_CHARS` code points."""
    lines: list[str] = []
    for line in text.splitlines():
        line = " ".join(line.split())
        if _WORD.search(line) and not RUNNING_LINE.fullmatch(line):
            lines.append(line)
        if len(lines) == _SECTION_LINES or sum(map(len, lines)) >= SECTION_CHARS:
            break
    return " ".join(lines)[:SECTION_CHARS].rstrip()
