"""A sentence that a page break cuts in two, read whole: the rest of it is found at the top of the next page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from core.blocks import RUNNING, Block
from core.language.english.pages import LONE_FOLIO
from core.reading.passages import Continuation
from core.reading.text.sentences import split_prose
from core.types import Page
from rag.answer.pack import Span
from rag.load.linking import begins_section

_ENDED = re.compile(r"[.!?:;…。！？][)\]\"'”’»]*\s*$")
_MOST_CHARS = 500
_HEADER_CHARS = 80
_OPEN_WORDS = 4  # a line of fewer words that nothing ends is a heading, not half a sentence


def body_end(page: Page) -> int:
    """Where the page's own text ends: before a running footer and a page number."""
    running = [block for block in page.blocks if block.kind in RUNNING]
    end = len(page.text.rstrip())
    while end:
        start = page.text.rfind("\n", 0, end) + 1
        line = page.text[start:end].strip()
        footer = any(block.start <= start < block.end for block in running)
        if not footer and not LONE_FOLIO.fullmatch(line):
            return end
        end = len(page.text[:start].rstrip())
    return len(page.text)


def body_start(page: Page, before: Page) -> int:
    """Where the page's own text begins: after a running header, which the page before has too, and a page number."""
    continuing = _continuing(page.blocks)
    if continuing is not None:
        return continuing.start
    running = [block for block in page.blocks if block.kind in RUNNING]
    first_before = _digitless(before.text.lstrip().split("\n", 1)[0])
    start = len(page.text) - len(page.text.lstrip())
    while start < len(page.text):
        end = page.text.find("\n", start)
        line = page.text[start : end if end >= 0 else len(page.text)]
        header = any(block.start <= start < block.end for block in running) or _digitless(line) == first_before
        following = page.text[end + 1 :].lstrip() if end >= 0 else ""
        titled = len(line) < _HEADER_CHARS and line[:1].isupper() and following[:1].islower()
        if end < 0 or not (header or LONE_FOLIO.fullmatch(line) or titled):
            return start
        start = end + 1 + len(page.text[end + 1 :]) - len(page.text[end + 1 :].lstrip())
    return start


def _continuing(blocks: Sequence[Block]) -> Block | None:
    return next((block for block in blocks if block.continues and block.kind not in RUNNING), None)


def _digitless(line: str) -> str:
    return re.sub(r"\d+", "#", line).strip()


def continued(span: Span, page: Page, following: Page | None) -> tuple[Span, Continuation | None]:
    """Return a span with the rest of its last sentence, where the page ends in the middle of that.

    Args:
        span: A stretch of the page.
        page: The page it stands on.
        following: The next page, None where there is none.
    """
    end = body_end(page)
    if following is None or span.end < end or not following.text.strip() or begins_section(following):
        return span, None
    tail = page.text[max(span.start, page.text.rfind("\n", span.start, end) + 1) : end]
    start = body_start(following, page)
    going_on = following.text[start : start + 1].islower() or _continuing(following.blocks) is not None
    if _ENDED.search(tail) or not going_on or len(tail.split()) < _OPEN_WORDS:
        return span, None
    sentence = split_prose(following.text, start, min(len(following.text), start + _MOST_CHARS))
    if not sentence:
        return span, None
    cut = replace(span, end=end, text=page.text[span.start : end])
    return cut, Continuation(text=following.text[start : sentence[0][1]], start=start)
