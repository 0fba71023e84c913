"""Reads JSON and JSON lines: records with the same fields as a table, anything else as indented text."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core.settings import IngestSettings
from rag.load.outline import Element, Outline, table
from rag.load.sections import SectionReader
from rag.load.text.code import code_elements
from rag.load.text.delimited import MAX_CELLS
from rag.load.text.encoding import decode_file

_MAX_LINE_CHARS = 1000  # of JSON that a program wrote in one line: it is indented
_MAX_COLUMNS = 60
_LITERAL = "\0"  # begins a number with a fraction or an exponent, kept as it is spelled: 1.10 is not 1.1
_SPELLED = re.compile(r'"\\u0000([^"]*)"')


def read_json(path: Path, limits: IngestSettings) -> SectionReader:
    """Open a JSON or JSON lines file; one that is not valid is read as text.

    Raises:
        DataError: It is not text.
    """
    text, note = decode_file(path)
    return SectionReader(path, "json", "Python json", Outline(json_elements(text), note=note), limits)


def json_elements(text: str) -> tuple[Element, ...]:
    """Return what JSON, or one JSON value per line, holds."""
    values = _values(text)
    if values is None:
        return code_elements(text)
    records = values[0] if len(values) == 1 and isinstance(values[0], list) else values
    names = _columns(records)
    if names:
        rows = [[_cell(record.get(name)) for name in names] for record in records]
        return (table([names, *rows], 1),)
    if any(len(line) > _MAX_LINE_CHARS for line in text.split("\n")):
        text = "\n".join(json.dumps(value, ensure_ascii=False, indent=2) for value in values)
        text = _SPELLED.sub(r"\1", text)
    return code_elements(text)


def _values(text: str) -> list[Any] | None:
    """Return the values of a file, `None` where it is not JSON; constants that JSON lacks are not accepted."""
    try:
        return [_load(text)]
    except (ValueError, RecursionError):
        pass
    try:
        values = [_load(line) for line in text.splitlines() if line.strip()]
    except (ValueError, RecursionError):
        return None
    return values or None


def _load(text: str) -> Any:
    return json.loads(text, parse_constant=_refuse, parse_float=_LITERAL.__add__)


def _refuse(constant: str) -> Any:
    raise ValueError(constant)


def _columns(records: Sequence[Any]) -> list[str]:
    """Return the fields of records that make a table: at least two flat objects that share most of them."""
    if len(records) < 2 or not all(isinstance(record, dict) for record in records):
        return []
    names = list(dict.fromkeys(name for record in records for name in record))
    filled = sum(len(record) for record in records)
    flat = all(not isinstance(value, (dict, list)) for record in records for value in record.values())
    if not flat or not 0 < len(names) <= _MAX_COLUMNS or len(names) * len(records) > MAX_CELLS:
        return []
    return names if 2 * filled > len(names) * len(records) else []


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return " ".join(value.removeprefix(_LITERAL).split())
    return json.dumps(value, ensure_ascii=False)
