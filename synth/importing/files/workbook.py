"""Reads the sheets of an XLSX workbook as records: the first row of a sheet names the columns."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException

from core.errors import DataError

_FAULTS = (InvalidFileException, KeyError, ValueError, TypeError, AttributeError, IndexError, SyntaxError, OSError)


def workbook_records(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (1-based row of its sheet, record), sheet after sheet; formulas count by their stored values.

    Hidden sheets are left out. A column without a name is called by its letter ("column C") in the rows that fill it.

    Raises:
        DataError: The workbook is damaged, or two columns of a sheet have one name.
    """
    try:
        with path.open("rb") as file:  # openpyxl leaves a file that it opened itself open where it fails
            book = openpyxl.load_workbook(file, read_only=True, data_only=True)
            for sheet in book.worksheets:
                if sheet.sheet_state == "visible":
                    yield from _sheet(sheet, path)
    except (*_FAULTS, zipfile.BadZipFile) as error:
        raise _damaged(error, path) from error


def _sheet(sheet: Any, path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    names: list[str] = []
    for number, row in enumerate(sheet.iter_rows(), start=1):
        # An error of a formula (#N/A, #REF!) is no value.
        cells = [None if cell.data_type == "e" else cell.value for cell in row]
        if all(cell in (None, "") for cell in cells):
            continue
        if not names:
            names = _names(cells, path, sheet.title, number)
            continue
        yield (
            number,
            {
                name or f"column {get_column_letter(column)}": cell
                for column, (name, cell) in enumerate(zip_longest(names, cells), start=1)
                if name or cell not in (None, "")
            },
        )


def _names(cells: list[Any], path: Path, sheet: str, row: int) -> list[str]:
    names = ["" if cell is None else str(cell).strip() for cell in cells]
    for name in names:
        if name and names.count(name) > 1:
            message = f"two columns of sheet {sheet!r} are named {name!r}"
            raise DataError(message, path=path, line=row, hint="give each column a name of its own, then import again")
    return names


def _damaged(error: Exception, path: Path) -> DataError:
    return DataError(f"the workbook is damaged: {error}", path=path, hint="save it again, or as CSV")
