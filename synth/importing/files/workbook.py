"""Reads the sheets of an XLSX workbook as records: the first row of a sheet names the columns."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from core.errors import DataError

_FAULTS = (InvalidFileException, KeyError, ValueError, TypeError, AttributeError, IndexError, SyntaxError, OSError)


def workbook_records(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (1-based row of its sheet, record), sheet after sheet; formulas count by their stored values.

    Hidden sheets and columns without a name are left out.

    Raises:
        DataError: The workbook is damaged.
    """
    try:
        with path.open("rb") as file:  # openpyxl leaves a file that it opened itself open where it fails
            book = openpyxl.load_workbook(file, read_only=True, data_only=True)
            for sheet in book.worksheets:
                if sheet.sheet_state == "visible":
                    yield from _sheet(sheet)
    except (*_FAULTS, zipfile.BadZipFile) as error:
        raise _damaged(error, path) from error


def _sheet(sheet: Any) -> Iterator[tuple[int, dict[str, Any]]]:
    names: list[str] = []
    for number, row in enumerate(sheet.iter_rows(), start=1):
        # An error of a formula (#N/A, #REF!) is no value.
        cells = [None if cell.data_type == "e" else cell.value for cell in row]
        if all(cell in (None, "") for cell in cells):
            continue
        if not names:
            names = ["" if cell is None else str(cell).strip() for cell in cells]
            continue
        yield number, {name: cell for name, cell in zip(names, cells, strict=False) if name}


def _damaged(error: Exception, path: Path) -> DataError:
    return DataError(f"the workbook is damaged: {error}", path=path, hint="save it again, or as CSV")
