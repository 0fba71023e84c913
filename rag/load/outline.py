"""What readers of formats without pages find in a file: elements in reading order, hidden text included."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from core.blocks import RUNNING, BlockKind

PARAGRAPH_GAP = "\n\n"
LINE_GAP = "\n"
CELL_GAP = " | "
ROW_GAP = "; "  # of a table that stands in a cell
STRUCK = "~~"  # around text that is struck out, as Markdown writes it


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text, as written.

    Attributes:
        text: Its characters, invisible ones included.
        hidden: Why a viewer does not show it; `""` when it does.
    """

    text: str
    hidden: str = ""


@dataclass(frozen=True, slots=True)
class OutlineCell:
    """A cell of a table, as written; `core.blocks.Cell` is what becomes of it on a page.

    Attributes:
        runs: Its text.
        row_span: Rows that it takes.
        column_span: Columns that it takes.
        before: What stands between the cell before and this one; `None` for the usual marks.
    """

    runs: tuple[Run, ...] = ()
    row_span: int = 1
    column_span: int = 1
    before: str | None = None

    @property
    def shown(self) -> str:
        """What a viewer shows of it."""
        return shown(self.runs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """A heading, a paragraph, a table or another unit; `core.blocks.Block` is what becomes of it on a page.

    Attributes:
        runs: Its text; of a table: empty.
        kind: As in `core.blocks.Block`.
        level: Of a heading: 1 is the highest.
        number: Mark of a list item or footnote, which its text begins with.
        name: Name of a form field.
        rows: Of a table: cells by row.
        head_rows: Of a table: how many rows, from the first, are heads.
        gap: What stands between the element before and this one.
        continues: Whether it goes on from an element that was cut.
        carried_heads: Of a table that was cut: the texts of its head rows.
        tail: Of a table: what stands after its last cell.
        starts: Label of the section that begins here, where no heading names it (a slide, a chapter).
    """

    runs: tuple[Run, ...] = ()
    kind: BlockKind = "paragraph"
    level: int = 0
    number: str = ""
    name: str = ""
    rows: tuple[tuple[OutlineCell, ...], ...] = ()
    head_rows: int = 0
    gap: str = PARAGRAPH_GAP
    continues: bool = False
    carried_heads: tuple[tuple[str, ...], ...] = ()
    tail: str = ""
    starts: str = ""

    def pieces(self) -> Iterator[tuple[tuple[Run, ...], int, OutlineCell | None]]:
        """Yield its text piece by piece: runs, and of a cell its row (counting those that show) and the cell.

        A row that shows nothing takes no line; what it hides is kept for audit.
        """
        if not self.rows:
            yield self.runs, -1, None
            return
        number = 0
        for row in self.rows:
            visible = row_is_shown(row)
            for column, cell in enumerate(row):
                usual = CELL_GAP if column else LINE_GAP if number else ""
                gap = usual if cell.before is None else cell.before
                if visible and gap:
                    yield (Run(gap),), -1, None
                yield cell.runs, number if visible else -1, cell if visible else None
            number += visible
        if self.tail:
            yield (Run(self.tail),), -1, None

    @property
    def all_runs(self) -> tuple[Run, ...]:
        """Its runs as they stand on the page, the marks between cells and rows included."""
        return tuple(run for runs, _, _ in self.pieces() for run in runs)

    @property
    def one_line(self) -> tuple[Run, ...]:
        """Its runs on one line, as they stand in a cell of a table around it."""
        gap = ROW_GAP if self.rows else " "
        return tuple(Run(run.text.replace("\n", gap), run.hidden) for run in self.all_runs)

    @property
    def shown(self) -> str:
        """What a viewer shows of it."""
        return shown(self.all_runs)

    @property
    def is_running(self) -> bool:
        """Whether it is a running header or footer."""
        return self.kind in RUNNING


@dataclass(frozen=True, slots=True)
class Outline:
    """What a reader found in a file.

    Attributes:
        elements: In reading order.
        title: What the file's metadata calls it.
        metadata: What else the file says of itself.
        note: What a person should know of the whole text: a guessed encoding, sheets left out.
    """

    elements: tuple[Element, ...]
    title: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    note: str = ""


def row_is_shown(row: Iterable[OutlineCell]) -> bool:
    """Tell whether a viewer shows anything of a row."""
    return any(cell.shown.strip() for cell in row)


def shown(runs: Iterable[Run]) -> str:
    """Return what a viewer shows of runs."""
    return "".join(run.text for run in runs if not run.hidden)


def trimmed(runs: Sequence[Run]) -> tuple[Run, ...]:
    """Return runs without blanks at both ends; nothing where only blanks are left."""
    out = list(runs)
    while out and not out[0].text.strip():
        out.pop(0)
    while out and not out[-1].text.strip():
        out.pop()
    if out:
        out[0] = replace(out[0], text=out[0].text.lstrip(" \n"))
        out[-1] = replace(out[-1], text=out[-1].text.rstrip())
    return tuple(out)


def paragraph(text: str, *, gap: str = PARAGRAPH_GAP) -> Element:
    """Return a visible paragraph."""
    return Element(runs=(Run(text),), gap=gap)


def heading(text: str, level: int) -> Element:
    """Return a visible heading."""
    return Element(runs=(Run(text),), kind="heading", level=level)


def table(rows: Sequence[Sequence[str]], head_rows: int = 0, *, gap: str = PARAGRAPH_GAP) -> Element:
    """Return a table of visible cells without spans."""
    cells = tuple(tuple(OutlineCell((Run(cell),) if cell else ()) for cell in row) for row in rows)
    return Element(kind="table", rows=cells, head_rows=head_rows, gap=gap)
