"""What only a look at neighbouring pages tells: running headers and footers, and what goes on over a page border.

A pure pass over the pages of a document in order, three pages behind the reader: it holds five pages at a time, however
long the document is.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from core.blocks import RUNNING, Block, BlockKind, cell_grid
from core.reading.text.unfinished import breaks_off
from core.types import Page

LOOK = 2  # pages to either side: odd and even pages may have headers of their own
_EDGE_BLOCKS = 4  # from the top and from the bottom of a page
_EDGE_CHARS = 200
_LONE_CHARS = 60  # of a header that is told by the sentence it interrupts
_OPEN_CHARS = 200  # of an open sentence that the next page goes on with
_FEWEST = 2  # neighbours that repeat a header
_TEXT: frozenset[BlockKind] = frozenset(
    ("heading", "paragraph", "list_item", "footnote", "caption", "header", "footer")
)
_BODY: frozenset[BlockKind] = frozenset(("paragraph", "list_item"))
_NUMBER = re.compile(r"\d+")
_ROMAN = re.compile(r"\W*[ivxlc]{1,7}\W*")
_FOLIO = re.compile(r"\W*(?:[^\W\d_]{1,12}\.?\s+)?(\d{1,4})(?:\s*(?:/|[^\W\d_]{1,4})\s*\d{1,4})?\W*")
_STOP = re.compile(r"[.!?:;。！？…][\"'”’»)\]]*$")
_OPEN = re.compile(r"[,\-–—&(/]$")


@dataclass(slots=True)
class _Edges:
    """Texts at the top and the bottom of a page, outermost first: block index, text, and text without its numbers."""

    top: list[tuple[int, str, str]] = field(default_factory=list)
    bottom: list[tuple[int, str, str]] = field(default_factory=list)


def linked(pages: Iterable[Page], before: Sequence[Page] = ()) -> Iterator[Page]:
    """Yield pages in order with running headers and footers named and blocks joined over page borders.

    Args:
        pages: A document's pages, or its last ones.
        before: The pages right before them, as this function gave them.
    """
    context = list(before[-LOOK:])
    window: list[Page] = list(context)
    edges = [_edges(page) for page in window]
    n_known = len(context)  # at the head of the window, yielded before
    last: Page | None = context[-1] if context else None
    last_is_known = last is not None
    current = n_known  # place in the window of the page that is worked on
    source = iter(pages)
    ended = False
    while True:
        while not ended and len(window) <= current + LOOK:
            page = next(source, None)
            if page is None:
                ended = True
            else:
                window.append(page)
                edges.append(_edges(page))
        if current >= len(window):
            break
        page = _without_running(window, edges, current)
        if last is not None:
            last, page = _joined(last, page)
            if not last_is_known:
                yield last
        last, last_is_known = page, False
        current += 1
        while current > LOOK:
            del window[0], edges[0]
            current -= 1
    if last is not None and not last_is_known:
        yield last


def _edges(page: Page) -> _Edges:
    indexed = [(index, block) for index, block in enumerate(page.blocks) if block.kind != "annotation"]
    return _Edges(_edge(page, indexed[:_EDGE_BLOCKS]), _edge(page, indexed[::-1][:_EDGE_BLOCKS]))


def _edge(page: Page, blocks: Sequence[tuple[int, Block]]) -> list[tuple[int, str, str]]:
    out = []
    for index, block in blocks:
        text = " ".join(page.text[block.start : block.end].split())
        if block.kind not in _TEXT or len(text) > _EDGE_CHARS:
            break
        bare = "#" if _ROMAN.fullmatch(text.lower()) else _NUMBER.sub("#", text.casefold())
        out.append((index, text, bare))
    return out


def _without_running(window: Sequence[Page], edges: Sequence[_Edges], position: int) -> Page:
    """Return a page whose running headers and footers are named."""
    page = window[position]
    if not page.blocks:
        return page
    others = [
        place for place in range(max(0, position - LOOK), min(len(window), position + LOOK + 1)) if place != position
    ]
    kinds: dict[int, BlockKind] = {}
    for kind, own, theirs in (
        ("header", edges[position].top, [edges[place].top for place in others]),
        ("footer", edges[position].bottom, [edges[place].bottom for place in others]),
    ):
        distances = [window[place].index - page.index for place in others]
        for index, text, bare in own:
            if not _repeats(page, page.blocks[index], text, bare, theirs, distances):
                break
            kinds[index] = "header" if kind == "header" else "footer"
    if len(kinds) == len(page.blocks):
        return page
    blocks = tuple(
        replace(b, kind=kinds[i], level=0, number="") if i in kinds else b for i, b in enumerate(page.blocks)
    )
    return replace(page, blocks=blocks)


def _repeats(
    page: Page, block: Block, text: str, bare: str, others: Sequence[list[tuple[int, str, str]]], distances: list[int]
) -> bool:
    if page.label and text.strip("-–— ") == page.label and block.kind != "heading":
        return True
    folio = _FOLIO.fullmatch(text)
    if folio and block.kind != "heading" and (int(folio[1]) == page.index + 1 or folio[1] == page.label):
        return True
    same = numbered = 0
    for entries, distance in zip(others, distances, strict=True):
        same += any(other == text for _, other, _ in entries)
        numbered += any(known == bare and _counts_on(text, other, distance) for _, other, known in entries)
    if block.kind == "heading":
        return (same if block.level in (1, 2) else numbered) >= _FEWEST
    # Near the ends of a document few pages can repeat it, one of two where odd and even pages differ.
    few = len(others) < 2 * LOOK
    counted = folio or (not same and _ROMAN.fullmatch(text))
    return numbered >= _FEWEST or (same > 0 and few) or (numbered > 0 and bool(counted))


def _counts_on(text: str, other: str, distance: int) -> bool:
    """Tell whether two texts differ in page numbers alone: each number is equal, or further by the pages between."""
    numbers = [(int(a), int(b)) for a, b in zip(_NUMBER.findall(text), _NUMBER.findall(other), strict=False)]
    return all(there - here in (0, distance) for here, there in numbers)


def _joined(last: Page, page: Page) -> tuple[Page, Page]:
    """Mark what goes on from one page to the next."""
    if page.index != last.index + 1 or not page.blocks or not last.blocks:
        return last, page
    ends = [index for index, block in enumerate(last.blocks) if block.kind not in RUNNING and block.kind != "footnote"]
    begins = [index for index, block in enumerate(page.blocks) if block.kind not in RUNNING]
    if not ends or not begins or begins_section(page):
        return last, page
    if last.blocks[ends[-1]].kind == page.blocks[begins[0]].kind == "table":
        return last, _with_block(page, begins[0], _carried(last, last.blocks[ends[-1]], page, page.blocks[begins[0]]))
    return _joined_text(last, ends, page, begins)


def begins_section(page: Page) -> bool:
    """Tell whether a page is a section of a format without pages with its own heading, where nothing goes on."""
    first = next((block for block in page.blocks if block.kind not in RUNNING), None)
    return (
        first is not None and first.kind == "heading" and bool(page.label) and page.label.endswith(_text(page, first))
    )


def _joined_text(last: Page, ends: Sequence[int], page: Page, begins: Sequence[int]) -> tuple[Page, Page]:
    """Join a paragraph to the one it goes on from; short lines between the two are a footer and a header.

    A table and its caption at the top of a page are looked past.
    """
    texts = list(itertools.dropwhile(lambda index: page.blocks[index].kind in ("table", "caption"), begins))
    below, begins = len(texts) < len(begins), texts
    for back in range(min(2, len(ends))):
        end = last.blocks[ends[-1 - back]]
        if end.kind in _BODY and not _STOP.search(_text(last, end)):
            break
        if not _is_lone(last, end):
            return last, page
    else:
        return last, page
    for ahead in range(min(1 if below else 3, len(begins))):
        begin = page.blocks[begins[ahead]]
        sure = ahead + back > 0 or below
        if begin.kind in _BODY and _goes_on(_text(last, end), _text(page, begin), sure=sure):
            for index in ends[len(ends) - back :]:
                last = _with_block(last, index, replace(last.blocks[index], kind="footer", level=0, number=""))
            for index in begins[:ahead]:
                page = _with_block(page, index, replace(page.blocks[index], kind="header", level=0, number=""))
            return last, _with_block(page, begins[ahead], replace(begin, continues=True))
        if not _is_lone(page, begin):
            break
    return last, page


def _is_lone(page: Page, block: Block) -> bool:
    text = _text(page, block)
    return block.kind in _TEXT and len(text) <= _LONE_CHARS and "\n" not in text and not text.endswith((".", ":", ";"))


def _goes_on(end: str, begin: str, *, sure: bool) -> bool:
    """Tell whether a text goes on; `sure` asks for a small letter, which nothing else begins with."""
    if begin[0].islower():
        return True
    if sure or not begin[0].isalnum():
        return False
    titled = len(begin) <= _LONE_CHARS and "\n" not in begin and not _STOP.search(begin)
    return bool(_OPEN.search(end)) or (not titled and breaks_off(end))


def open_end(last: Page | None, page: Page) -> str:
    """Return the open sentence at the end of a page that the next page goes on with, `""` where none does."""
    if last is None or last.index + 1 != page.index:
        return ""
    if not any(block.continues and block.kind in _BODY for block in page.blocks):
        return ""
    bodies = [block for block in last.blocks if block.kind in _BODY]
    text = " ".join(_text(last, bodies[-1]).split()) if bodies else ""
    return re.split(r"(?<=[.!?。])\s+", text)[-1][-_OPEN_CHARS:]


def _carried(last: Page, above: Block, page: Page, block: Block) -> Block:
    """Give a table without heads those of the table it goes on from."""
    heads = _heads(last, above)
    if n_columns(block) != n_columns(above) or not heads:
        return block
    if not block.head_rows:
        return replace(block, carried_heads=heads, continues=True)
    return replace(block, continues=True) if _heads(page, block) == heads else block


def n_columns(block: Block) -> int:
    """Return the number of columns of a table."""
    return max(map(len, cell_grid(block.rows)), default=0)


def _heads(page: Page, block: Block) -> tuple[tuple[str, ...], ...]:
    if not block.head_rows:
        return block.carried_heads
    return tuple(
        tuple("" if cell is None else page.text[cell.start : cell.end] for cell in row)
        for row in cell_grid(block.rows[: block.head_rows])
    )


def _text(page: Page, block: Block) -> str:
    return page.text[block.start : block.end]


def _with_block(page: Page, index: int, block: Block) -> Page:
    return replace(page, blocks=(*page.blocks[:index], block, *page.blocks[index + 1 :]))
