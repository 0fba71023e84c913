"""Tables of HTML: rows of cells with their spans and heads; tables that only lay out a page are told apart."""

from __future__ import annotations

from typing import Any

from rag.load.outline import Element, Run, TableCell
from rag.load.text.grid import guess_head_rows

_MAX_SPAN = 1000
_BLOCKS = frozenset("h1 h2 h3 h4 h5 h6 ul ol dl table blockquote pre hr section article form fieldset nav".split())
_MANY_PARAGRAPHS = 3


def is_layout(table: Any) -> bool:
    """Tell whether a `table` element arranges a page rather than data: its text is then read as the page's."""
    if (table.get("role") or "").lower() in ("presentation", "none"):
        return True
    cells = rows = most = 0
    for node in table.iter():
        if node is table:
            continue
        if node.tag == "tr":
            rows += 1
            most = max(most, sum(child.tag in ("td", "th") for child in node))
        elif node.tag in ("td", "th"):
            cells += 1
            if sum(child.tag in ("p", "div") for child in node) >= _MANY_PARAGRAPHS:
                return True
        elif node.tag in _BLOCKS:
            return True
    return cells < 2 or most < 2 or rows < 1


class TableBuilder:
    """Collects the cells of one table."""

    def __init__(self) -> None:
        self._rows: list[list[tuple[list[Run], int, int, bool]]] = []
        self._in_head: list[bool] = []
        self._before: list[Run] = []  # text that stands in a table and in no cell

    def row(self, *, in_head: bool) -> None:
        """Begin a row."""
        self._rows.append([])
        self._in_head.append(in_head)

    def cell(self, node: Any) -> None:
        """Begin a cell."""
        if not self._rows:
            self.row(in_head=False)
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
        rows = [
            (
                tuple(TableCell(tuple(runs), row_span, column_span) for runs, row_span, column_span, _ in row),
                row,
                in_head,
            )
            for row, in_head in zip(self._rows, self._in_head, strict=True)
            if row
        ]
        out = [Element(runs=tuple(self._before))] if self._before else []
        if rows:
            cells = tuple(cells for cells, _, _ in rows)
            heads = 0
            for _, row, in_head in rows:
                named = [is_head for runs, _, _, is_head in row if runs]
                if not (in_head or (named and all(named) and len(row) > 1)):
                    break
                heads += 1
            if heads == len(rows):
                heads = 1 if len(rows) > 1 else 0
            heads = heads or guess_head_rows([[cell.shown for cell in row] for row in cells])
            out.append(Element(kind="table", rows=cells, head_rows=heads))
        return out


def _span(value: str | None) -> int:
    text = (value or "").strip()
    return min(_MAX_SPAN, max(1, int(text))) if text.isdigit() and len(text) < 7 else 1
