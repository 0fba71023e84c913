"""Reads XLSX: a section per sheet, its tables with merged cells, values as their formats show them.

Sheets, rows and columns that are hidden, and text in the colour of an empty cell, go to the audit.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException

from core.errors import DataError
from core.settings import IngestSettings
from rag.load.office.formats import shown_value
from rag.load.office.package import check_package
from rag.load.outline import Element, Outline, Run, TableCell
from rag.load.sections import SectionReader
from rag.load.text.delimited import MAX_CELLS
from rag.load.text.grid import guess_head_rows, is_value

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
    OSError,
)
_WHITE = ("FFFFFFFF", "00FFFFFF")


def read_xlsx(path: Path, limits: IngestSettings) -> SectionReader:
    """Open a workbook.

    Raises:
        DataError: The package is damaged, or holds more than is read.
    """
    check_package(path, limits)
    try:
        book = openpyxl.load_workbook(path, data_only=True)
        elements = tuple(element for sheet in book.worksheets for element in _sheet(sheet, path))
        properties = book.properties
    except _FAULTS as error:
        raise DataError(f"is a damaged workbook: {type(error).__name__}: {error}", path=path) from error
    metadata = {
        "author": properties.creator or "",
        "subject": properties.subject or "",
        "keywords": properties.keywords or "",
        "created": properties.created.isoformat() if properties.created else "",
    }
    return SectionReader(path, "xlsx", PARSER, Outline(elements, properties.title or "", metadata), limits)


@dataclass(frozen=True, slots=True)
class _Placed:
    column: int
    cell: TableCell


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


def _cell(sheet: Any, cell: Any, hidden: str, span: tuple[int, int]) -> TableCell:
    text = shown_value(cell.value, cell.number_format or "General")
    if not text:
        return TableCell((), *span)
    if not hidden and sheet.column_dimensions[get_column_letter(cell.column)].hidden:
        hidden = "not_displayed"
    if not hidden and cell.number_format.strip() in (";;;", ";;"):
        hidden = "not_displayed"
    if not hidden and _is_white(cell):
        hidden = "no_contrast"
    return TableCell((Run(text, hidden),), *span)


def _is_white(cell: Any) -> bool:
    colour = cell.font.color if cell.font else None
    is_white = colour is not None and colour.type == "rgb" and colour.rgb in _WHITE
    return is_white and (cell.fill is None or cell.fill.fill_type is None)


def _block(rows: list[list[_Placed]]) -> Iterator[Element]:
    """Yield a block of rows without empty columns at its sides: lines above a table as paragraphs, then the table."""
    used = [item.column for row in rows for item in row if item.cell.runs]
    first, last = min(used), max(used)
    trimmed = [[item.cell for item in row if first <= item.column <= last] for row in rows]
    while trimmed and sum(bool(cell.runs) for cell in trimmed[0]) == 1 and (len(trimmed) == 1 or first < last):
        yield Element(runs=next(cell.runs for cell in trimmed.pop(0) if cell.runs))
    if trimmed:
        yield Element(kind="table", rows=tuple(map(tuple, trimmed)), head_rows=_heads(trimmed))


def _heads(rows: Sequence[Sequence[TableCell]]) -> int:
    """Return how many rows are heads: a first row whose cells span columns is one, with the row of names below it."""
    spanning = any(cell.column_span > 1 for cell in rows[0])
    if spanning and len(rows) > 2:
        has_values = any(is_value(cell.shown) for row in rows[2:] for cell in row)
        return 2 if has_values and not any(is_value(cell.shown) for cell in rows[1]) else 1
    spread = [[cell.shown for cell in row for _ in range(cell.column_span)] for row in rows]
    return guess_head_rows(spread, certain=True)
