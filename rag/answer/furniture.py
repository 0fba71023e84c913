"""What a page prints that is no text of its own: running lines, page numbers, and notes and captions at its edges."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from core.blocks import RUNNING, BlockKind
from core.language.english.printed.documents import CAPTION
from core.language.english.printed.pages import LONE_FOLIO, PLAIN_FOLIO
from core.types import Page

_NOTE_SIGN = re.compile(r"(?:[†‡§¶]{1,3}|\*{1,3}(?!\s*\*)|[¹²³⁰⁴-⁹]{1,2})\s*\w")
_NOTE_NUMBER = re.compile(r"(\d{1,2})\)?\s+\w")
# A raised number behind a word, a stop or a blank is a mark; behind a unit it is an exponent.
_MARK_PLACE = r"(?:(?<![^\W\d_])|(?<=[^\W\d_]{3}))"
_NUMBERED_CAPTION = re.compile(r"[^\W\d_]{3,12}\.?\s+\d{1,3}(?:\.\d{1,2})?[.:](?:\s|$)")
_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_YEAR = re.compile(r"1[89]\d\d|20\d\d")  # few documents have so many pages
_CAPTION_CHARS = 160
_RUNNING_CHARS = 160
_EDGE = 4  # pieces of a page that may be furniture, from the top and from the bottom


@dataclass(frozen=True, slots=True)
class PagePiece:
    """A block of a page, or a line where no blocks are known.

    Attributes:
        start: First code point in the page's text.
        end: One past the last.
        kind: Of the block; `line` for a line of a page without blocks.
        text: What stands there.
    """

    start: int
    end: int
    kind: BlockKind | Literal["line"]
    text: str


def pieces_of(page: Page) -> list[PagePiece]:
    """Return the blocks of a page, or its lines where it has none, in order, without white space around them."""
    if page.blocks:
        spans = [(block.start, block.end, block.kind) for block in page.blocks]
        return [PagePiece(start, end, kind, page.text[start:end]) for start, end, kind in spans if start < end]
    lines = re.finditer(r"\S(?:[^\n]*\S)?", page.text)
    return [PagePiece(line.start(), line.end(), "line", line[0]) for line in lines]


def is_running(piece: PagePiece, beside: Sequence[PagePiece]) -> bool:
    """Return whether a piece at an edge of a page is a page number, or a line that the page beside it has too.

    Args:
        piece: A piece of the page.
        beside: Those at the same edge of a page before or after it.
    """
    if piece.kind in RUNNING or (LONE_FOLIO.fullmatch(piece.text) and not _YEAR.fullmatch(piece.text)):
        return True
    bare = _digitless(piece.text)
    repeats = any(map(str.isalpha, bare)) and any(bare == _digitless(other.text) for other in beside)
    return repeats and "\n" not in piece.text and len(piece.text) <= _RUNNING_CHARS


def top(pieces: Sequence[PagePiece]) -> Sequence[PagePiece]:
    """Return the pieces of a page that may be its header."""
    return pieces[:_EDGE]


def foot(pieces: Sequence[PagePiece]) -> Sequence[PagePiece]:
    """Return the pieces of a page that may be its footer, the last first."""
    return pieces[: -_EDGE - 1 : -1]


def is_note(piece: PagePiece, page: Page) -> bool:
    """Return whether a piece is a footnote: by its kind, its sign, or a number that is raised in the text above."""
    if piece.kind in ("footnote", "annotation"):
        return True
    if piece.kind in ("table", "heading", "form_field"):
        return False
    number = _NOTE_NUMBER.match(piece.text)
    if number is not None:
        mark = number[1].translate(_RAISED)
        return re.search(rf"{_MARK_PLACE}{mark}(?![⁰¹²³⁴-⁹])", page.text[: piece.start]) is not None
    return _NOTE_SIGN.match(piece.text) is not None


def is_caption(piece: PagePiece) -> bool:
    """Return whether a piece is the line over or below a table or a figure."""
    if piece.kind == "caption":
        return True
    short = "\n" not in piece.text and len(piece.text) <= _CAPTION_CHARS
    return short and bool(CAPTION.match(piece.text) or _NUMBERED_CAPTION.match(piece.text))


def folios(page: Page) -> Iterator[tuple[int, int]]:
    """Yield the spans of page numbers at the top and the foot of a page: what answers no question.

    A bare number is one where the page has that number, or where it is known to be a header or a footer.
    """
    pieces = pieces_of(page)
    for edge in (top(pieces), foot(pieces)):
        for piece in edge:
            if piece.kind == "form_field":
                break
            if _is_folio(piece, page):
                yield piece.start, piece.end
            elif piece.kind not in RUNNING:
                break


def _is_folio(piece: PagePiece, page: Page) -> bool:
    shape = PLAIN_FOLIO.fullmatch(piece.text)
    if shape is None or piece.kind == "table":
        return False
    number = shape["number"]
    return not number or piece.kind in RUNNING or number in (str(page.index + 1), page.label)


def _digitless(text: str) -> str:
    return re.sub(r"\d+", "#", text).strip()
