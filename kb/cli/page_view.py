"""A page as text for a terminal: its tables in columns, everything else as it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.blocks import Block
    from core.types import Page

_GAP = "  "
_MAX_WIDTH = 60  # characters of one column; longer cells are printed whole and push the rest of their row


def readable(page: Page) -> str:
    """Return a page's text with each table set in columns, heads underlined."""
    pieces, position = [], 0
    for block in page.blocks:
        if block.kind == "table" and block.rows:
            pieces += [page.text[position : block.start], _table(page, block)]
            position = block.end
    return "".join(pieces) + page.text[position:]


def _table(page: Page, block: Block) -> str:
    rows = [_texts(page, block, at) for at in range(len(block.rows))]
    carried = [list(row) for row in block.carried_heads]
    n_columns = max(map(len, [*rows, *carried]))
    filled = [[*row, *[""] * (n_columns - len(row))] for row in [*carried, *rows]]
    n_heads = block.head_rows or len(carried)
    widths = [min(_MAX_WIDTH, max(len(row[at]) for row in filled)) for at in range(n_columns)]
    right = [at > 0 and _is_numeric([row[at] for row in filled[n_heads:]]) for at in range(n_columns)]
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


def _texts(page: Page, block: Block, at: int) -> list[str]:
    """Return a row's cells, one per column; a cell over several stands in the first of them."""
    out: list[str] = []
    for cell in block.rows[at]:
        out += [" ".join(page.text[cell.start : cell.end].split()), *[""] * (cell.column_span - 1)]
    return out


def _is_numeric(texts: list[str]) -> bool:
    written = [text for text in texts if text]
    return bool(written) and 2 * sum(any(map(str.isdigit, text)) for text in written) >= len(written)
