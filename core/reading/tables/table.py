"""Tables of a page as rows with labels, columns with heads, and cells with amounts.

Built from the page's table blocks; `core.reading.tables.lines` builds the same from plain lines.
"""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise

from core.blocks import Block, Cell, cell_grid
from core.language.english.printed import table_words
from core.reading.text.sentences import Offsets
from core.reading.text.values import values

_NOTE = re.compile(r"\w+\W+\w+\W+\w.*[.!?]$", re.DOTALL)
_LEADERS = re.compile(r"(?:\.\s?){3,}")
_MOST_PAGES = 2000
_TITLE_CHARS = 400
_MOST_HEADS = 6
_MOST_MEMBERS = 6  # of a group that is quoted whole with its sum
_YEAR_ONLY = re.compile(r"(?:FY\s?)?(?:19|20)\d\d\*?$")


@dataclass(frozen=True, slots=True)
class TableCell:
    """A cell of a table.

    Attributes:
        text: What it says.
        start: First code point in the page's text.
        end: One past the last.
        amount: Its number, signed, without the table's scale; None for words.
        percent: Whether it is a percentage.
    """

    text: str
    start: int
    end: int
    amount: Decimal | None = None
    percent: bool = False


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row of a table.

    Attributes:
        label: What its first cell says.
        group: The label that stands over it and its neighbours, `""` where there is none.
        cells: One per column after the label; None where empty.
        start: First code point in the page's text.
        end: One past the last.
        label_span: Where the label stands.
        group_span: Where the label over it stands, None where that is unknown.
    """

    label: str
    group: str
    cells: tuple[TableCell | None, ...]
    start: int
    end: int
    label_span: Offsets
    group_span: Offsets | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a page.

    Attributes:
        title: The lines or the caption above it.
        corner: The head of the label column.
        heads: Head of each column after the label, `""` where unknown.
        rows: Its rows of data.
        scale: Power of ten of its amounts: 6 where it says "in millions".
        scale_span: Where it says so, None where it does not.
        currency: Sign of its amounts, `""` where unknown.
        start: First code point in the page's text, heads included.
        end: One past the last.
        open_end: Whether it may go on on the next page.
        heads_span: Where the heads stand, None where they are unknown or on another page.
        currency_above: Whether title or heads state the currency, so that it holds for every bare amount.
    """

    title: str
    corner: str
    heads: tuple[str, ...]
    rows: tuple[TableRow, ...]
    scale: int
    scale_span: Offsets | None
    currency: str
    start: int
    end: int
    open_end: bool = False
    heads_span: Offsets | None = None
    currency_above: bool = False


def cell_of(text: str, start: int, end: int) -> TableCell | None:
    """Return the cell `text[start:end]` with its amount, None where it is empty or a dash."""
    raw = text[start:end]
    start += len(raw) - len(raw.lstrip())
    piece = raw.strip()
    if table_words.EMPTY_CELL.match(piece):
        return None
    amounts = [value for value in values(piece) if value.amount is not None]
    # A cell is an amount where nothing but signs and units stands beside its number.
    rest = piece[: amounts[0].start] + piece[amounts[0].end :] if len(amounts) == 1 else piece
    amount = amounts[0].amount if len(amounts) == 1 and len(re.sub(r"[^A-Za-z]", "", rest)) <= 5 else None
    percent = bool(amounts) and amounts[0].kind == "percent"
    return TableCell(piece, start, start + len(piece), amount, percent)


def scale_of(text: str, start: int, end: int) -> tuple[int, Offsets | None]:
    """Return the power of ten that a title or a head states for the amounts below it, and where it says so."""
    match = table_words.SCALE.search(text, start, end)
    if match is None:
        return 0, None
    word = (match["word"] or match["short"]).lower()
    return table_words.POWERS[word], match.span()


def currency_of(text: str) -> str:
    """Return the first currency sign in a text, `""` where there is none."""
    match = table_words.CURRENCY.search(text)
    return table_words.CURRENCY_SIGNS.get(match[0].lower(), match[0]) if match else ""


def _count_heads(text: str, grid: Sequence[Sequence[Cell | None]]) -> int:
    """How many rows from the first are heads; one where no row has an amount, for then nothing tells them apart."""
    for index, row in enumerate(grid[:_MOST_HEADS]):
        if not _looks_like_heads(text, row):
            # A label alone under the heads names a group of rows.
            return index - 1 if index > 1 and _label_alone(text, grid[index - 1]) else index
    return 1


def _label_alone(text: str, row: Sequence[Cell | None]) -> bool:
    filled = _texts(text, row)
    return len(filled) == 1 and bool(_texts(text, row[:1]))


def _looks_like_heads(text: str, row: Sequence[Cell | None]) -> bool:
    """Whether a row holds heads: its first cell is empty or it has no amount other than a year."""
    pieces = [text[cell.start : cell.end].strip() for cell in row[1:] if cell is not None]
    filled = [piece for piece in pieces if piece]
    amounts = [piece for piece in filled if re.search(r"\d", piece) and not _is_period(piece)]
    return not amounts


def _is_period(piece: str) -> bool:
    period_values = values(piece)
    return bool(_YEAR_ONLY.search(piece)) or any(value.kind == "date" for value in period_values)


def tables_of(block: Block, text: str) -> list[Table]:
    """Return the tables of a table block: one, or several where captions stand between its rows.

    Args:
        block: A block of kind `table`.
        text: The page's text.
    """
    captions = [index for index, row in enumerate(block.rows) if index and _is_caption(text, row)]
    bounds = [0, *captions, len(block.rows)]
    tables = []
    for first, last in pairwise(bounds):
        own = block
        if captions:
            rows = block.rows[first + bool(first) : last]
            cells = [cell for row in rows for cell in row if cell is not None and cell.end > cell.start]
            if not cells:
                continue
            span = (min(cell.start for cell in cells), max(cell.end for cell in cells))
            own = replace(block, rows=rows, start=span[0], end=span[1])
            own = own if not first else replace(own, head_rows=0, carried_heads=())
        above = min((cell.start for cell in block.rows[first] if cell is not None), default=0) if first else 0
        table = table_of(own, text, title_from=above)
        if table is not None:
            tables.append(table)
    return tables


def _is_caption(text: str, row: Sequence[Cell | None]) -> bool:
    return _label_alone(text, row) and table_words.CAPTION.match(_texts(text, row)[0]) is not None


def is_contents(table: Table, text: str) -> bool:
    """Whether a table of a page lists headings with pages: one column of rising whole numbers after leading dots."""
    cells = [row.cells[0] for row in table.rows if len(row.cells) == 1]
    numbers = [cell.amount for cell in cells if cell is not None and cell.amount is not None]
    led = sum(_LEADERS.search(text, row.start, row.end) is not None for row in table.rows)
    whole = all(number == int(number) and 0 < number < _MOST_PAGES for number in numbers)
    return len(numbers) == len(table.rows) > 2 and 2 * led > len(numbers) and whole and numbers == sorted(numbers)


def table_of(block: Block, text: str, *, title_from: int = 0) -> Table | None:
    """Return a table block as a table, None where it has no row of data.

    Args:
        block: A block of kind `table`.
        text: The page's text.
        title_from: First code point that its title may have.
    """
    grid = cell_grid(block.rows)
    head_count = block.head_rows
    if not head_count and not block.carried_heads:
        head_count = _count_heads(text, grid)
    width = len(grid[0]) if grid else 0
    heads = [
        " ".join(dict.fromkeys(_texts(text, [row[column] for row in grid[:head_count]]))) for column in range(width)
    ]
    for carried in () if head_count else block.carried_heads:
        for column, head in enumerate(carried[:width]):
            heads[column] = f"{heads[column]} {head}".strip()
    rows = _rows(text, grid[head_count:], {tuple(_texts(text, row)) for row in grid[:head_count]})
    if not rows or width < 2:
        return None
    above = max(title_from, block.start - _TITLE_CHARS, text.rfind("\n\n", 0, max(0, block.start - 2)) + 1)
    first_row = rows[0].start
    scale, scale_span = scale_of(text, above, max(first_row, block.start))
    head_cells = [cell for row in grid[:head_count] for cell in row if cell is not None and cell.end > cell.start]
    return Table(
        title=text[above : block.start].strip(),
        corner=heads[0],
        heads=tuple(heads[1:]),
        rows=tuple(rows),
        scale=scale,
        scale_span=scale_span,
        currency=currency_of(text[above : block.end]),
        currency_above=bool(currency_of(text[above : rows[0].start])),
        start=block.start,
        end=block.end,
        open_end=not text[block.end :].strip(),
        heads_span=(min(c.start for c in head_cells), max(c.end for c in head_cells)) if head_cells else None,
    )


def _texts(text: str, cells: Sequence[Cell | None]) -> list[str]:
    return [
        " ".join(text[cell.start : cell.end].split()) for cell in cells if cell is not None and cell.end > cell.start
    ]


def _rows(
    text: str, grid: Sequence[Sequence[Cell | None]], head_texts: Set[tuple[str, ...]] = frozenset()
) -> list[TableRow]:
    """Rows of data; heads that stand again between them head the next part of the same table."""
    rows: list[TableRow] = []
    group, group_span = "", None
    outer, outer_span = "", None  # of a group whose label stands right under another one
    first_of_group = 0
    for line in grid:
        label = " ".join(_texts(text, line[:1]))
        cells = tuple(
            None if cell is None or cell is line[column] else cell_of(text, cell.start, cell.end)
            for column, cell in enumerate(line[1:])
        )
        cells = _with_signs(text, line[1:], cells)
        present = [cell for cell in line if cell is not None and cell.end > cell.start]
        if not any(cells):
            # A whole sentence across the columns is a note on the table, no label of the rows below it.
            if label and not _NOTE.search(label):
                nested = group and first_of_group == len(rows)
                outer, outer_span = (group, group_span) if nested else ("", None)
                group, group_span, first_of_group = label, _span_of(line[0]), len(rows)
            continue
        if tuple(_texts(text, line)) in head_texts:
            continue
        start, end = min(cell.start for cell in present), max(cell.end for cell in present)
        first = line[0]
        members = rows[first_of_group:]
        if not label and group_span is not None and _is_sum(cells, members):
            # Figures without a label under some rows are what their group comes to.
            shown = group_span[0] if len(members) <= _MOST_MEMBERS else start
            rows.append(TableRow(group, outer, cells, shown, end, group_span, outer_span))
            group, group_span, outer, outer_span, first_of_group = outer, outer_span, "", None, len(rows)
            continue
        label_span = (first.start, first.end) if first is not None and label else (start, start)
        rows.append(TableRow(label, group, cells, start, end, label_span, group_span))
    return rows


def _is_sum(cells: Sequence[TableCell | None], members: Sequence[TableRow]) -> bool:
    """Tell whether a row's amounts are the sums of two rows or more, in every column that has one."""
    sums = [
        (cell.amount, [each.cells[column] for each in members if column < len(each.cells)])
        for column, cell in enumerate(cells)
        if cell is not None and cell.amount is not None
    ]
    return bool(sums) and all(
        len(parts) == len(members) >= 2
        and amount == sum((part.amount or Decimal(0) for part in parts if part is not None), Decimal(0))
        for amount, parts in sums
    )


def _span_of(cell: Cell | None) -> Offsets | None:
    return None if cell is None else (cell.start, cell.end)


def _with_signs(
    text: str, line: Sequence[Cell | None], cells: tuple[TableCell | None, ...]
) -> tuple[TableCell | None, ...]:
    """Give a bracketed amount whose bracket stands in the next cell its sign."""
    out = list(cells)
    for column, cell in enumerate(cells):
        if cell is None or cell.amount is None or cell.amount <= 0 or not cell.text.startswith("("):
            continue
        beside = line[column + 1] if column + 1 < len(line) else None
        if beside is not None and text[beside.start : beside.end].strip().startswith(")"):
            out[column] = TableCell(cell.text, cell.start, cell.end, -cell.amount, cell.percent)
    return tuple(out)
