"""What a page is made of: blocks with their spans, and the rows and cells of its tables.

Spans count code points of the page's text, half open, as every offset in `kb` does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

BlockKind = Literal[
    "heading",
    "paragraph",
    "list_item",
    "table",
    "caption",
    "footnote",
    "header",  # running header: repeated at the top of pages
    "footer",  # running footer: repeated at the bottom of pages
    "form_field",
    "annotation",
]
# Blocks that stand on every page and say nothing of their own; kept out of chunks and answers.
RUNNING: frozenset[BlockKind] = frozenset(("header", "footer"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A cell of a table; empty where `start == end`.

    Attributes:
        start: First code point of the cell in the page's text.
        end: One past the last.
        row_span: Rows that it takes, counted from its own.
        column_span: Columns that it takes, counted from its own.
    """

    start: int
    end: int
    row_span: int = 1
    column_span: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A paragraph, a table or another unit of a page, in reading order.

    Attributes:
        kind: What it is.
        start: First code point in the page's text.
        end: One past the last.
        level: Of a heading: 1 is the highest. 0 for everything else.
        number: Of a list item: its number or mark as written (`3.`, `b)`, `•`); of a footnote: its mark.
        name: Of a form field: its name, where the file gives one.
        rows: Of a table: cells by row, left to right. A cell that spans stands in its first row and column alone.
        head_rows: Of a table: how many of `rows`, from the first, are heads.
        carried_heads: Of a table that goes on from an earlier page without heads of its own: the texts of the head
            rows there, one per column.
        continues: Whether it goes on from the last block of the page before.
    """

    kind: BlockKind
    start: int
    end: int
    level: int = 0
    number: str = ""
    name: str = ""
    rows: tuple[tuple[Cell, ...], ...] = ()
    head_rows: int = 0
    carried_heads: tuple[tuple[str, ...], ...] = ()
    continues: bool = False

    def __post_init__(self) -> None:
        if self.kind not in get_args(BlockKind):
            raise ValueError(f"unknown kind of block: {self.kind!r}")
        if not 0 <= self.start <= self.end:
            raise ValueError(f"a block cannot reach from {self.start} to {self.end}")
        if not 0 <= self.head_rows <= len(self.rows):
            raise ValueError(f"{self.head_rows} head rows of {len(self.rows)} rows")


def cell_grid(rows: Sequence[Sequence[Cell]]) -> list[list[Cell | None]]:
    """Return the cell of every row and column; one that spans stands in every place that it takes."""
    grid: list[list[Cell | None]] = [[] for _ in rows]
    for row_index, row in enumerate(rows):
        column = 0
        for cell in row:
            while column < len(grid[row_index]) and grid[row_index][column] is not None:
                column += 1
            for line in grid[row_index : row_index + cell.row_span]:
                line += [None] * (column + cell.column_span - len(line))
                line[column : column + cell.column_span] = [cell] * cell.column_span
            column += cell.column_span
    width = max(map(len, grid), default=0)
    return [line + [None] * (width - len(line)) for line in grid]


def block_to_json(block: Block) -> dict[str, Any]:
    """Return a block as JSON values; what has its default is left out, so a plain paragraph takes three entries."""
    out: dict[str, Any] = {"kind": block.kind, "start": block.start, "end": block.end}
    for name in ("level", "number", "name", "head_rows", "continues"):
        if value := getattr(block, name):
            out[name] = value
    if block.rows:
        out["rows"] = [[_cell_to_json(cell) for cell in row] for row in block.rows]
    if block.carried_heads:
        out["carried_heads"] = [list(row) for row in block.carried_heads]
    return out


def _cell_to_json(cell: Cell) -> dict[str, int]:
    spans = {"row_span": cell.row_span, "column_span": cell.column_span}
    return {"start": cell.start, "end": cell.end} | {name: n for name, n in spans.items() if n != 1}


def block_from_json(value: Mapping[str, Any]) -> Block:
    """Read what `block_to_json` wrote.

    Raises:
        ValueError: A span or a kind is not valid.
        TypeError: An entry is missing, or is not known.
    """
    fields = dict(value)
    rows = tuple(tuple(Cell(**cell) for cell in row) for row in fields.pop("rows", ()))
    heads = tuple(tuple(row) for row in fields.pop("carried_heads", ()))
    return Block(**fields, rows=rows, carried_heads=heads)


def with_texts(blocks: Sequence[Block], text: str) -> list[dict[str, Any]]:
    """Return blocks as JSON with the text of each block and cell, as `kb show --json` prints them.

    Args:
        blocks: Blocks of one page.
        text: The page's text.
    """
    out = []
    for block in blocks:
        shown = block_to_json(block) | {"text": text[block.start : block.end]}
        for row in shown.get("rows", ()):
            for cell in row:
                cell["text"] = text[cell["start"] : cell["end"]]
        out.append(shown)
    return out
