"""What a table says in answer to a question, and the cells it was read off or computed from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from core.reading.tables.lookup import CellMatch
from core.reading.tables.show import amount_like
from core.reading.tables.table import Table, TableCell, TableRow
from core.reading.text.sentences import Offsets


@dataclass(frozen=True, slots=True)
class Derived:
    """A figure or a label read off a table.

    Attributes:
        text: As shown: `$67,044 million`, `12.5%`, `Research`.
        place: Index of the table.
        cells: Spans of the cells it stands on, in the page's text; labels where a label is the answer.
        rows: Spans of the rows that hold them.
        score: Worst score of the cells, in [0, 1].
        computed: Whether it is more than one cell as it stands.
        scale_span: Where the applied scale stands, None where none was applied.
        note: How it was computed: `67,044 - 65,398`; `""` for a cell as it stands.
        columns: Heads of the columns used.
        margin: How far the best cell is ahead of the next one with another value.
        label_share: Part of the best row's label that was asked for.
        covered: Part of the question that the labels account for.
        polarity: `yes` or `no` where the figures tell, `""` where they do not.
        cell_places: Index of each cell's table, empty where all are of `place`.
        row_places: The same for the rows.
    """

    text: str
    place: int
    cells: tuple[Offsets, ...]
    rows: tuple[Offsets, ...]
    score: float
    computed: bool = False
    scale_span: Offsets | None = None
    note: str = ""
    columns: tuple[str, ...] = ()
    margin: float = 0.0
    label_share: float = 0.0
    covered: float = 0.0
    polarity: str = ""
    cell_places: tuple[int, ...] = ()
    row_places: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Operand:
    """An amount that is computed with, and where it stands."""

    match: CellMatch
    table: Table
    row: TableRow
    cell: TableCell

    @property
    def amount(self) -> Decimal:
        return self.cell.amount or Decimal(0)

    @property
    def head(self) -> str:
        return self.table.heads[self.match.column]


def result_of(text: str, operands: Sequence[Operand], *, scaled: bool, note: str) -> Derived:
    first = operands[0]
    rows = tuple(dict.fromkeys((o.match.place, o.row.start, o.row.end) for o in operands))
    return Derived(
        text=text,
        place=first.match.place,
        cells=tuple((o.cell.start, o.cell.end) for o in operands),
        rows=tuple((start, end) for _, start, end in rows),
        cell_places=tuple(o.match.place for o in operands),
        row_places=tuple(place for place, _, _ in rows),
        score=min(o.match.score for o in operands),
        computed=True,
        scale_span=first.table.scale_span if scaled else None,
        note=note,
        columns=tuple(dict.fromkeys(o.head for o in operands if o.head)),
        label_share=min(o.match.label_share for o in operands),
        covered=min(o.match.covered for o in operands),
    )


def like_operand(amount: Decimal, operand: Operand, *, places: int | None = None) -> tuple[str, bool]:
    return amount_like(amount, operand.table, operand.row, operand.cell, places=places)
