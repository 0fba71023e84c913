"""Opens files as a worker does and checks what holds of every page."""

from __future__ import annotations

from pathlib import Path

from core.blocks import Block
from core.settings import IngestSettings
from core.types import Page
from rag.load.pdf.open_reader import open_reader
from rag.load.reader import FileInfo

LIMITS = IngestSettings()


def read(path: Path, content: str | bytes = b"") -> tuple[FileInfo, list[Page]]:
    """Write `content`, where there is any, and read the file; every page is checked."""
    if content:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    reader = open_reader(path, LIMITS)
    pages = [reader.page(index) for index in range(reader.info.n_pages)]
    reader.close()
    for page in pages:
        check(page)
    return reader.info, pages


def pages_of(path: Path, content: str | bytes = b"") -> list[Page]:
    return read(path, content)[1]


def check(page: Page) -> None:
    """What holds of every page: blocks in order and apart, cells inside their table, all text in some block."""
    end = 0
    for block in page.blocks:
        assert end <= block.start < block.end <= len(page.text)
        assert block.rows or page.text[block.start : block.end] == page.text[block.start : block.end].strip()
        end = block.end
        place = block.start
        for row in block.rows:
            for cell in row:
                assert place <= cell.start <= cell.end <= block.end
                place = cell.end
    covered = "".join(page.text[block.start : block.end] for block in page.blocks)
    assert "".join(covered.split()) == "".join(page.text.split())


def kinds(page: Page) -> list[tuple[str, str, str]]:
    """Kind, number and text of each block."""
    return [(block.kind, block.number, page.text[block.start : block.end]) for block in page.blocks]


def cells(page: Page, block: Block) -> list[list[str]]:
    return [[page.text[cell.start : cell.end] for cell in row] for row in block.rows]


def table_of(page: Page) -> Block:
    (table,) = [block for block in page.blocks if block.kind == "table"]
    return table
