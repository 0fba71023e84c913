"""Cells of a page's tables with what a question about one has to say: row label, column head, unit and caption.

Tables come from the blocks of the page, whatever they are about; `table_facts` reads financial ones from their lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.blocks import Block
from core.reading.tables.show import label_name, shown
from core.reading.tables.table import Table, TableCell, TableRow, is_contents, table_of
from core.reading.text.words import terms
from synth.facts.draft import Span
from synth.facts.english.tables.flat import Flat

_MOST_LABEL_CHARS, _MOST_CELL_CHARS, _MOST_CAPTION_CHARS = 80, 60, 120
_CAPTION_MARK = re.compile(r"^(?:table|tab\.|exhibit|figure)\s+[\w.-]+\s*[:.–—-]?\s*", re.IGNORECASE)
# Of the label's words a question has to hold so many, and one of the head's where there is more than one column.
_NAMED_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class LabelledCell:
    """A cell that can be asked for without the table in view.

    Attributes:
        label: Label of its row, after the label of the group that it stands in.
        head: Head of its column.
        caption: What the table shows, `""` where that is not known.
        answer: The cell with its unit and the table's scale.
        span: Where it stands on the page.
        row: Where its row stands.
        quotes: Where heads and scale stand, in that order, if they are on the page and not in the row.
        alone: Whether the table has no other column of values.
    """

    label: str
    head: str
    caption: str
    answer: str
    span: Span
    row: Span
    quotes: tuple[Span, ...]
    alone: bool

    def statement(self) -> tuple[Flat, int]:
        """Return a sentence that says what the cell holds, and where in it the cell's own words begin."""
        place = f" ({self.caption})" if self.caption else ""
        before = f"{self.label}{place}: {self.head}: "
        start, end = self.span
        length = min(end - start, len(self.answer))
        # Every other character stands for the cell, as text that was put in.
        origin = [start] * len(before) + [start + min(i, length - 1) for i in range(len(self.answer))]
        origin[-1] = end - 1
        return Flat(f"{before}{self.answer}.", [*origin, end - 1]), len(before)

    def is_named_by(self, question: str) -> bool:
        """Whether a question says which row and which column are meant."""
        question_terms = set(terms(question))
        label, head = set(terms(self.label)), set(terms(self.head))
        named = len(label & question_terms) >= max(1, _NAMED_SHARE * len(label))
        return named and (self.alone or bool(head & question_terms))


def labelled_cells(text: str, blocks: Sequence[Block]) -> Iterator[LabelledCell]:
    """Yield the cells of a page's tables that have a label and a head, row by row.

    Args:
        text: The page's text.
        blocks: Of the page.
    """
    for block in blocks:
        table = table_of(block, text) if block.kind == "table" else None
        if table is not None and not is_contents(table, text):
            yield from _cells(table)


def _cells(table: Table) -> Iterator[LabelledCell]:
    labels = [(row.group, row.label) for row in table.rows]
    alone = sum(bool(head) for head in table.heads) == 1
    for row in table.rows:
        # A label that comes twice, or one that is a figure, does not say which row is meant.
        if labels.count((row.group, row.label)) > 1 or not re.search(r"[^\W\d_]{2}", row.label):
            continue
        for head, cell in zip(table.heads, row.cells, strict=False):
            if cell is not None and head and table.heads.count(head) == 1:
                labelled = _labelled(table, row, head, cell, alone=alone)
                if labelled is not None:
                    yield labelled


def _labelled(table: Table, row: TableRow, head: str, cell: TableCell, *, alone: bool) -> LabelledCell | None:
    group = label_name(row.group.strip(" :"))
    label = f"{group}: {label_name(row.label)}" if group else label_name(row.label)
    answer, scaled = shown(table, row, cell)
    if len(label) > _MOST_LABEL_CHARS or len(cell.text) > _MOST_CELL_CHARS or "\n" in cell.text:
        return None
    # What the cell shows has to begin with its own words, so that the answer can be found on the page.
    if cell.text not in answer or not re.search(r"\w", cell.text):
        return None
    quotes = [span for span in (table.heads_span, table.scale_span if scaled else None) if span is not None]
    return LabelledCell(
        label=" ".join(label.split()),
        head=" ".join(label_name(head).split()),
        caption=_caption(table.title),
        answer=answer,
        span=(cell.start, cell.end),
        row=(row.start, row.end),
        quotes=tuple(dict.fromkeys(span for span in quotes if not row.start <= span[0] < row.end)),
        alone=alone,
    )


def _caption(title: str) -> str:
    """Return the last line of the words above a table, without its number; `""` where it is a sentence or too long."""
    lines = [line.strip() for line in title.splitlines() if line.strip()]
    caption = _CAPTION_MARK.sub("", lines[-1]).strip(" .:") if lines else ""
    return caption if len(caption) <= _MOST_CAPTION_CHARS and re.search(r"[^\W\d_]{3}", caption) else ""
