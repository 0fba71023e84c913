"""Tables of HTML: rows of cells with their spans and heads; tables that only lay out a page are told apart."""

from __future__ import annotations

from itertools import groupby, islice
from typing import Any

from rag.load.outline import Element, OutlineCell, Run
from rag.load.repeated import table_element
from rag.load.text.grid import guess_heads

_Cell = tuple[list[Run], int, int, bool]  # text, rows and columns that it takes, whether it is a head
_MAX_SPAN = 1000
_BLOCKS = frozenset({"ul", "ol", "dl", "table", "blockquote", "pre"})
_PAGE_PARTS = frozenset("h1 h2 h3 h4 h5 h6 hr section article form fieldset nav main header footer aside".split())
_MANY_PARAGRAPHS = 3
_MAX_CELL_CHARS = 300  # of a cell with lists or tables in it: longer ones are columns of a page
_MAX_CELL_NODES = 300


def is_layout(table: Any) -> bool:
    """Tell whether a `table` element arranges a page rather than data: its text is then read as the page's."""
    if (table.get("role") or "").lower() in ("presentation", "none"):
        return True
    parts = [table, *(part for part in table if part.tag in ("thead", "tbody", "tfoot"))]
    rows = [[cell for cell in row if cell.tag in ("td", "th")] for part in parts for row in part if row.tag == "tr"]
    rows = [row for row in rows if row]
    if max(map(len, rows), default=0) < 2:
        return True
    has_names = any(part.tag in ("thead", "caption") for part in table) or any(
        cell.tag == "th" for row in rows for cell in row
    )
    if has_names:
        return False
    is_even = len(rows) > 1 and len({len(row) for row in rows}) == 1
    return any(_is_page_part(cell, may_hold_blocks=is_even) for row in rows for cell in row)


def _is_page_part(cell: Any, *, may_hold_blocks: bool) -> bool:
    """Tell whether a cell without names around it holds a part of the page rather than a value."""
    if sum(child.tag in ("p", "div") for child in cell) >= _MANY_PARAGRAPHS:
        return True
    nodes = list(islice(cell.iter(), 1, _MAX_CELL_NODES + 1))
    tags = {node.tag for node in nodes}
    if not tags & (_PAGE_PARTS | _BLOCKS):
        return False
    if tags & _PAGE_PARTS or not may_hold_blocks or len(nodes) == _MAX_CELL_NODES:
        return True
    return sum(len(text) for node in nodes for text in (node.text, node.tail) if text) > _MAX_CELL_CHARS


class TableBuilder:
    """Collects the cells of one table."""

    def __init__(self) -> None:
        self._rows: list[list[_Cell]] = []
        self._parts: list[Any] = []  # the `thead`, `tbody` or `tfoot` of each row
        self._before: list[Run] = []  # text that stands in a table and in no cell

    def row(self, part: Any) -> None:
        """Begin a row in a part of the table: a `thead`, `tbody` or `tfoot`, or what else it stands in."""
        self._rows.append([])
        self._parts.append(part)

    def cell(self, node: Any) -> None:
        """Begin a cell."""
        if not self._rows:
            self.row(None)
        self._rows[-1].append(([], _span(node.get("rowspan")), _span(node.get("colspan")), node.tag == "th"))

    def add(self, runs: tuple[Run, ...]) -> None:
        """Add text to the cell that was begun last."""
        if not self._rows or not self._rows[-1]:
            self._before += [*runs, Run(" ")]
            return
        cell = self._rows[-1][-1][0]
        if cell:
            cell.append(Run(" "))
        cell += [Run(" ".join(run.text.split("\n")), run.hidden) for run in runs]

    def elements(self) -> list[Element]:
        """Return the table, after what stood in it outside of cells."""
        out = [Element(runs=tuple(self._before))] if self._before else []
        ordered = self._shown_order()
        rows = [item for item in ordered if item[0]]
        if rows:
            heads = 0
            for row, _, part in rows:
                named = [is_head for runs, _, _, is_head in row if runs]
                if not (_order(part) < 0 or (named and all(named) and len(row) > 1)):
                    break
                heads += 1
            if heads == len(rows):
                heads = 1 if len(rows) > 1 else 0
            heads = heads or guess_heads([cells for _, cells, _ in rows])
            out.append(table_element([cells for _, cells, _ in ordered], heads))
        return out

    def _shown_order(self) -> list[tuple[list[_Cell], tuple[OutlineCell, ...], Any]]:
        """Return rows as a browser shows them: a `tfoot` at the end, and no cell spans rows beyond its part."""
        ordered = sorted(zip(self._rows, self._parts, strict=True), key=lambda item: _order(item[1]))
        lengths = [len(list(rows)) for _, rows in groupby(ordered, key=lambda item: id(item[1]))]
        rows_left = [left for length in lengths for left in range(length, 0, -1)]
        return [
            (row, tuple(OutlineCell(tuple(runs), min(height, n), width) for runs, height, width, _ in row), part)
            for (row, part), n in zip(ordered, rows_left, strict=True)
        ]


def _order(part: Any) -> int:
    return {"thead": -1, "tfoot": 1}.get(getattr(part, "tag", ""), 0)


def _span(value: str | None) -> int:
    text = (value or "").strip()
    return min(_MAX_SPAN, max(1, int(text))) if text.isdigit() and len(text) < 7 else 1
