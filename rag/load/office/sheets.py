"""Reads XLSX: a section per sheet, its tables with merged cells, values as their formats show them, comments, headers.

Sheets, rows and columns that are hidden, and text in the colour of an empty cell, go to the audit.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException

from core.errors import DataError
from core.settings import IngestSettings
from rag.load.office.formats import shown_value
from rag.load.office.margins import comments, printed
from rag.load.office.package import check_package, stated_properties
from rag.load.outline import LINE_GAP, PARAGRAPH_GAP, STRUCK, Element, Outline, OutlineCell, Run
from rag.load.repeated import table_element
from rag.load.sections import SectionReader
from rag.load.text.delimited import MAX_CELLS
from rag.load.text.grid import guess_heads
from rag.load.web.links import target_of

PARSER = f"openpyxl {version('openpyxl')}"
_FAULTS = (
    InvalidFileException,
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    IndexError,
    zipfile.BadZipFile,
    SyntaxError,
    ArithmeticError,
    OSError,
)
# How the note on them begins.
FORMULAS = "formulas without a stored value"
_NO_VALUE = re.compile(rb"<f\b(?:[^>]*/>|[^<]*</f>)\s*(?:<v\s*/>|<v>\s*</v>)?\s*</c>")
_WHITE = ("FFFFFFFF", "00FFFFFF")


def read_xlsx(path: Path, limits: IngestSettings) -> SectionReader:
    """Open a workbook.

    Raises:
        DataError: The package is damaged, or holds more than is read.
    """
    check_package(path, limits)
    try:
        with path.open("rb") as file:  # openpyxl leaves a file that it opened itself open where it fails
            book = openpyxl.load_workbook(file, data_only=True)
        elements = tuple(element for sheet in book.worksheets for element in _sheet(sheet, path))
        missing = _without_values(path)
        title, metadata = stated_properties(path, book.properties)
    except _FAULTS as error:
        raise DataError(f"is a damaged workbook: {type(error).__name__}: {error}", path=path) from error
    note = f"{FORMULAS}: {missing}; save the workbook once in a spreadsheet program" if missing else ""
    return SectionReader(path, "xlsx", PARSER, Outline(elements, title, metadata, note), limits)


@dataclass(frozen=True, slots=True)
class _Placed:
    column: int
    cell: OutlineCell


def _sheet(sheet: Any, path: Path) -> Iterator[Element]:
    """Yield a sheet's name as a heading, and the blocks of rows that empty rows part."""
    if sheet.max_row * sheet.max_column > MAX_CELLS:
        corner = f"{get_column_letter(sheet.max_column)}{sheet.max_row}"
        raise DataError(f"has more than {MAX_CELLS:,} cells (sheet {sheet.title!r} reaches to {corner})", path=path)
    spans = {
        (merged.min_row, merged.min_col): (merged.max_row - merged.min_row + 1, merged.max_col - merged.min_col + 1)
        for merged in sheet.merged_cells.ranges
    }
    covered = {
        (row, column)
        for (top, left), (height, width) in spans.items()
        if height * width <= MAX_CELLS
        for row in range(top, top + height)
        for column in range(left, left + width)
        if (row, column) != (top, left)
    }
    hidden = "not_displayed" if sheet.sheet_state != "visible" else ""
    yield Element(runs=(Run(sheet.title, hidden),), kind="heading", level=1)
    headers, footers = printed(sheet, path.name, hidden)
    is_printed = any(cell.value is not None for row in sheet.iter_rows() for cell in row)
    yield from headers if is_printed else ()
    group: list[list[_Placed]] = []
    for number, row in enumerate(sheet.iter_rows(), start=1):
        row_hidden = hidden or ("not_displayed" if sheet.row_dimensions[number].hidden else "")
        placed = [
            _Placed(column, _cell(sheet, cell, row_hidden, spans.get((number, column), (1, 1))))
            for column, cell in enumerate(row, start=1)
            if (number, column) not in covered
        ]
        if any(item.cell.runs for item in placed):
            group.append(placed)
        elif group:
            yield from _block(group)
            group = []
    if group:
        yield from _block(group)
    yield from comments((cell for row in sheet.iter_rows() for cell in row), hidden)
    yield from footers if is_printed else ()


def _cell(sheet: Any, cell: Any, hidden: str, span: tuple[int, int]) -> OutlineCell:
    if cell.value is None:
        return OutlineCell((), *span)
    text = shown_value(cell.value, cell.number_format or "General")
    if not text:  # its format shows nothing of it
        text, hidden = shown_value(cell.value, "General"), "not_displayed"
    if not hidden and sheet.column_dimensions[get_column_letter(cell.column)].hidden:
        hidden = "not_displayed"
    if not hidden and _is_white(cell):
        hidden = "no_contrast"
    if not text:
        return OutlineCell((), *span)
    if cell.font and cell.font.strike and not hidden:
        text = f"{STRUCK}{text}{STRUCK}"
    target = target_of(cell.hyperlink.target or "") if cell.hyperlink is not None else ""
    if target and target.rstrip("/") != text.rstrip("/"):
        text += f" ({target})"
    return OutlineCell((Run(text, hidden),), *span)


def _is_white(cell: Any) -> bool:
    colour = cell.font.color if cell.font else None
    is_white = colour is not None and colour.type == "rgb" and colour.rgb in _WHITE
    return is_white and (cell.fill is None or cell.fill.fill_type is None)


def _block(rows: list[list[_Placed]]) -> Iterator[Element]:
    """Yield what a block of rows holds, columns that show nothing left out; tables side by side one after the other."""
    shown = sorted({item.column for row in rows for item in row if item.cell.shown})
    unseen = tuple(run for row in rows for item in row if item.column not in shown for run in item.cell.runs)
    for columns in _side_by_side(rows, shown):
        yield from _part([_in_columns(row, columns) for row in rows])
    if unseen:
        yield Element(runs=unseen)


def _in_columns(row: Sequence[_Placed], columns: Sequence[int]) -> list[OutlineCell]:
    """Return the cells of a row in some columns; a cell spans those of them that it covers."""
    cells = []
    for item in row:
        if item.column in columns:
            covered = range(item.column, item.column + item.cell.column_span)
            cells.append(replace(item.cell, column_span=sum(column in columns for column in covered)))
    return cells


def _side_by_side(rows: Sequence[Sequence[_Placed]], shown: Sequence[int]) -> list[Sequence[int]]:
    """Return the columns of each table of a block.

    An empty column parts two tables only where each has a title of its own above it, or columns of the same names:
    within a table, empty columns set others apart.
    """
    parts: list[list[int]] = []
    for column in shown:
        if not parts or column != parts[-1][-1] + 1:
            parts.append([])
        parts[-1].append(column)
    if len(parts) < 2 or any(len(part) < 2 for part in parts):
        return [shown] if shown else []
    names = [[item.cell.shown for item in rows[0] if item.column in part and item.cell.shown] for part in parts]
    titled = len(rows) > 2 and all(len(each) == 1 for each in names)
    alike = all(len(each) > 1 and set(each) & set(names[0]) for each in names)
    return list(parts) if titled or alike else [shown]


def _part(rows: list[list[OutlineCell]]) -> Iterator[Element]:
    """Yield lines above a table as paragraphs, then the table; a single column is lines throughout."""
    width = max(sum(cell.column_span for cell in row) for row in rows)
    rows = [row for row in rows if any(cell.runs for cell in row)]
    number = 0
    while rows and (width == 1 or sum(bool(cell.shown) for cell in rows[0]) == 1):
        runs = tuple(run for cell in rows.pop(0) for run in cell.runs)
        yield Element(runs=runs, gap=LINE_GAP if number and width == 1 else PARAGRAPH_GAP)
        number += 1
    if rows:
        yield table_element(rows, guess_heads(rows, certain=True))


def _without_values(path: Path) -> int:
    """Return how many formulas of a workbook have no stored value: no spreadsheet program has computed them yet."""
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.startswith("xl/worksheets/") and name.endswith(".xml")]
        return sum(len(_NO_VALUE.findall(archive.read(name))) for name in names)
