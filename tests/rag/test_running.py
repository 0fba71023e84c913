from __future__ import annotations

from core.blocks import Block, BlockKind
from core.types import Page
from rag.ingest.running import RunningOnce


def page(index: int, header: str, kind: BlockKind = "header") -> Page:
    text = f"{header}\nBody {index}."
    blocks = (Block(kind=kind, start=0, end=len(header)), Block(kind="paragraph", start=len(header) + 1, end=len(text)))
    return Page(index=index, text=text, blocks=blocks)


def kinds(page: Page) -> list[str]:
    return [block.kind for block in page.blocks]


def test_a_header_is_a_paragraph_where_it_stands_first() -> None:
    running = RunningOnce()
    pages = [page(0, "Document SH-2291, page 1"), page(1, "Document SH-2291, page 2"), page(2, "Another header 3")]
    assert [kinds(running.for_chunks(each))[0] for each in pages] == ["paragraph", "header", "paragraph"]


def test_bare_page_numbers_never_are() -> None:
    assert kinds(RunningOnce().for_chunks(page(0, "- 12 -", "footer")))[0] == "footer"


def test_what_was_chunked_before_an_interruption_is_known() -> None:
    running = RunningOnce([page(0, "Document SH-2291, page 1")])
    assert kinds(running.for_chunks(page(1, "Document SH-2291, page 2"))) == ["header", "paragraph"]


def test_a_page_without_running_blocks_is_left_as_it_is() -> None:
    plain = page(0, "Title", "heading")
    assert RunningOnce().for_chunks(plain) is plain
