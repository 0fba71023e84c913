"""A sentence that a page break cuts in two, read whole: the rest of it is found at the top of a later page.

Two things must speak for it: the page's own text ends without a stop, and the next one's begins with a small letter;
a capital or a figure goes on only what ends in a word that no sentence ends with ("taken by").
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from core.reading.passages import Continuation
from core.reading.text.sentences import split_prose
from core.reading.text.unfinished import breaks_off, cut_word, ends_sentence, is_hyphened
from core.types import Page
from rag.answer.furniture import PagePiece, foot, is_caption, is_note, is_running, pieces_of, top
from rag.answer.pack import Span
from rag.load.linking import begins_section

PAGES_ON = 3  # a sentence goes on so many pages further at most, behind pages of figures
_MOST_CHARS = 500
_OPEN_WORDS = 4  # what nothing ends and has fewer words is a heading, not half a sentence
_TITLE_WORDS = 8
_HEADER_WORDS, _HEADER_SHARE = 4, 0.6  # of a header above a line: no more words, and that part of its length
_PASSED, _PASSED_CHARS = 2, 240  # small print between half a sentence and the foot of its page
_BODY = ("paragraph", "list_item", "line")
_ITEM = re.compile(r"\W?(?:\d{1,2}|[a-zA-Z]|[ivx]{1,4})[.)]\s|\d{1,2}(?:\.\d{1,2})+\.?\s|[•●▪◦‣·○■□➢✓*–—-]\s")
_LABEL = re.compile(r"[^:.!?\n]{2,40}:\s")
_INNER_SENTENCE = re.compile(r"[^\W\d_]{2}[.!?]\s")
_INNER_STOP = re.compile(r"[.!?;:,]")


@dataclass(frozen=True, slots=True)
class _Break:
    """Where a page's own text ends in the middle of a sentence.

    Attributes:
        end: One past its last sign.
        firm: Whether it ends in what ends no sentence, and only notes and furniture stand below.
        bare: Whether only furniture stands below.
    """

    end: int
    firm: bool
    bare: bool


def continued(span: Span, page: Page, following: Iterable[Page]) -> tuple[Span, Continuation | None]:
    """Return a span with the rest of its last sentence, where the page ends in the middle of that.

    Args:
        span: A stretch of the page.
        page: The page it stands on.
        following: The pages after it, in order; no more are taken than it needs.
    """
    broken: _Break | None = None
    for pages_on, after in zip(range(1, PAGES_ON + 1), following, strict=False):
        if begins_section(after):
            break
        if pages_on == 1:
            broken = _break_of(page, after)
        if broken is None or not span.start < broken.end <= span.end:
            break
        rest, has_text = _rest(after, page, firm=broken.firm and pages_on == 1)
        if rest is not None:
            return _joined(span, page, broken, after, rest, pages_on)
        if has_text:
            break
    return span, None


def _joined(
    span: Span, page: Page, broken: _Break, after: Page, rest: PagePiece, pages_on: int
) -> tuple[Span, Continuation | None]:
    end = rest.end if rest.kind != "line" else len(after.text)
    sentence = split_prose(after.text, rest.start, min(end, rest.start + _MOST_CHARS))
    if not sentence:
        return span, None
    half, text = page.text[span.start : broken.end], after.text[rest.start : sentence[0][1]]
    span = replace(span, end=broken.end, text=half) if broken.bare else span
    return span, Continuation(
        text=text,
        start=rest.start,
        pages_on=pages_on,
        n_behind=span.end - broken.end,
        n_cut=cut_word(half, text, f"{page.text} {after.text}"),
        joint="" if is_hyphened(half, text) else " ",
    )


def _break_of(page: Page, after: Page) -> _Break | None:
    """Return where a page's text breaks off, None where it ends with a sentence or a heading."""
    pieces, below = pieces_of(page), foot(pieces_of(after))
    edge = foot(pieces)
    near = bare = True
    n_passed = 0
    open_note: _Break | None = None
    for place in range(len(pieces) - 1, -1, -1):
        piece = pieces[place]
        if piece in edge and is_running(piece, below):
            continue
        goes_on = place > 0 and piece.text[0].islower() and not ends_sentence(pieces[place - 1].text)
        note = is_note(piece, page) or (goes_on and is_note(pieces[place - 1], page))
        if note or piece.kind == "table" or is_caption(piece):
            if note and open_note is None and breaks_off(piece.text, page.text):
                open_note = _Break(piece.end, firm=False, bare=bare)
            near, bare = near and note, False
            continue
        if not ends_sentence(piece.text):
            return _open_break(pieces, place, page, near=near, bare=bare, passed=n_passed > 0) or open_note
        n_passed += 1
        short = len(piece.text) <= _PASSED_CHARS and not piece.text[0].islower()
        if piece.kind not in ("paragraph", "list_item") or n_passed > _PASSED or not short:
            break
        near = bare = False
    return open_note


def _open_break(
    pieces: Sequence[PagePiece], place: int, page: Page, *, near: bool, bare: bool, passed: bool
) -> _Break | None:
    """Return the break at the end of a piece that no stop ends; whole paragraphs below it are passed with care."""
    piece = pieces[place]
    firm = breaks_off(piece.text, page.text)
    narrow = firm and piece.kind == "line" and place > 0
    n_words = len(page.text[pieces[place - narrow].start : piece.end].split())
    valued = not firm and _LABEL.match(piece.text.rpartition("\n")[2])  # "Date of birth: 3 May"
    if n_words < _OPEN_WORDS or (passed and not firm) or valued:
        return None
    # A sentence alone above its notes may be set larger than most of the page.
    if piece.kind not in _BODY and not (piece.kind == "heading" and firm and _INNER_SENTENCE.search(piece.text)):
        return None
    return _Break(piece.end, firm=firm and near, bare=bare)


def _rest(after: Page, page: Page, *, firm: bool) -> tuple[PagePiece | None, bool]:
    """Return the piece of a page that goes on with an open sentence, and whether the page has text of its own."""
    pieces = pieces_of(after)
    above, below = top(pieces_of(page)), foot(pieces_of(page))
    head, end = top(pieces), foot(pieces)
    for place, piece in enumerate(pieces):
        if (piece in head and is_running(piece, above)) or (piece in end and is_running(piece, below)):
            continue
        if is_note(piece, after) or piece.kind == "table" or is_caption(piece):
            firm = False
            continue
        following = pieces[place + 1] if place + 1 < len(pieces) else None
        if piece.text[0].islower() and piece.kind in _BODY and not _ITEM.match(piece.text):
            return piece, True
        if _is_header(piece, following):
            continue
        goes_on = firm and piece.kind in ("paragraph", "line") and not _is_title(piece, following)
        return piece if goes_on else None, True
    return None, False


def _is_header(piece: PagePiece, following: PagePiece | None) -> bool:
    """Tell whether a piece is a header that nothing else tells: short, without a stop, above one that goes on."""
    if following is None or not following.text[0].islower() or _INNER_STOP.search(piece.text) or "\n" in piece.text:
        return False
    n_words = len(piece.text.split())
    if piece.kind == "line":
        return n_words <= _HEADER_WORDS and len(piece.text) <= _HEADER_SHARE * len(following.text)
    return n_words <= _TITLE_WORDS


def _is_title(piece: PagePiece, following: PagePiece | None) -> bool:
    """Tell whether a piece that begins with a capital or a figure begins anew: a heading, an item, a label."""
    text = piece.text
    if _ITEM.match(text) or _LABEL.match(text) or text.isupper():
        return True
    if "\n" in text or _INNER_STOP.search(text) or len(text.split()) > _TITLE_WORDS:
        return False
    return following is None or not following.text[0].islower()
