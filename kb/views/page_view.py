"""A page and the facts of a document as text for a terminal: tables in columns, everything else as it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.blocks import cell_grid
from core.language.names import language_name

if TYPE_CHECKING:
    from core.blocks import Block
    from core.types import Document, Page
    from rag.catalogue.reader import CatalogueReader

_GAP = "  "
_MAX_FACT = 100  # characters of a value of the metadata
_MAX_PROBLEMS = 20  # pages with faults that are named
_MAX_WIDTH = 60  # characters of one column; longer cells are printed whole and push the rest of their row


def readable(page: Page) -> str:
    """Return a page's text with each table set in columns, heads underlined."""
    pieces, position = [], 0
    for block in page.blocks:
        if block.kind == "table" and block.rows:
            pieces += [page.text[position : block.start], _table(page, block)]
            position = block.end
    return "".join(pieces) + page.text[position:]


def document_facts(catalogue: CatalogueReader, document: Document) -> list[tuple[str, str]]:
    """Return what is known of a document as names and values; control characters are still in."""
    facts: dict[str, str] = {
        "id": document.sha256,
        "pages": f"{document.n_pages}{' (sections)' if document.unit == 'section' else ''}",
        "status": document.status,
        "language": ", ".join(map(language_name, document.languages)) or "unknown",
        "source": document.source,
        "ingested": document.ingested_at,
        **{key: value[:_MAX_FACT] for key, value in document.metadata.items()},
    }
    problems = catalogue.page_problems(document.collection, document.sha256)[:_MAX_PROBLEMS]
    return [*facts.items(), *((f"page {index + 1} is {quality}:", reason) for index, quality, reason in problems)]


def _table(page: Page, block: Block) -> str:
    rows = _texts(page, block)
    carried = [list(row) for row in block.carried_heads]
    n_columns = max(map(len, [*rows, *carried]))
    filled = [[*row, *[""] * (n_columns - len(row))] for row in [*carried, *rows]]
    n_heads = block.head_rows or len(carried)
    widths = [min(_MAX_WIDTH, max(len(row[column]) for row in filled)) for column in range(n_columns)]
    right = [column > 0 and _is_numeric([row[column] for row in filled[n_heads:]]) for column in range(n_columns)]
    lines = [
        _GAP.join(
            text.rjust(width) if flush else text.ljust(width)
            for text, width, flush in zip(row, widths, right, strict=True)
        ).rstrip()
        for row in filled
    ]
    if n_heads:
        lines.insert(n_heads, _GAP.join("-" * width for width in widths))
    return "\n".join(lines)


def _texts(page: Page, block: Block) -> list[list[str]]:
    """Return the text of every cell by row and column; a cell over several stands in the first of them."""
    written: set[int] = set()
    out: list[list[str]] = []
    for row in cell_grid(block.rows):
        out.append([])
        for cell in row:
            is_first = cell is not None and id(cell) not in written
            out[-1].append(" ".join(page.text[cell.start : cell.end].split()) if cell is not None and is_first else "")
            written.add(id(cell))
    return out


def _is_numeric(texts: list[str]) -> bool:
    written = [text for text in texts if text]
    return bool(written) and 2 * sum(any(map(str.isdigit, text)) for text in written) >= len(written)
