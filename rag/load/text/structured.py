"""Reads JSON and JSON lines: records with the same fields as tables, fields beside them as lines, all else as text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from core.settings import IngestSettings
from rag.load.outline import Element, Outline, Run, table
from rag.load.sections import SectionReader
from rag.load.text.code import code_elements
from rag.load.text.delimited import MAX_CELLS
from rag.load.text.encoding import decode_file

_MAX_LINE_CHARS = 1000  # of JSON that a program wrote in one line: it is indented
_MAX_COLUMNS = 60
_MAX_DEPTH = 4
_ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{4}|/)")  # letters that a program wrote as numbers
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
    whole = _table(records)
    if whole is not None:
        return (whole,)
    if len(values) == 1 and isinstance(values[0], dict):
        parts = tuple(_parts(values[0], ""))
        if any(part.rows for part in parts):
            return parts
    if _ESCAPE.search(text) or any(len(line) > _MAX_LINE_CHARS for line in text.split("\n")):
        text = "\n".join(_indented(value) for value in values)
    return code_elements(text)


def _indented(value: Any) -> str:
    return _SPELLED.sub(r"\1", json.dumps(value, ensure_ascii=False, indent=2))


def _parts(fields: Mapping[str, Any], path: str, depth: int = 0) -> Iterator[Element]:
    """Yield an object's records as tables with their place as caption, and the fields between them as lines."""
    lines: list[str] = []
    for name, value in fields.items():
        place = f"{path}.{name}" if path else name
        records = _table(value) if isinstance(value, list) else None
        inner = tuple(_parts(value, place, depth + 1)) if isinstance(value, dict) and depth < _MAX_DEPTH else ()
        if records is None and not any(part.rows for part in inner):
            flat = _flat({place: value})
            lines += [f"{place}: {_indented(value)}"] if flat is None else [f"{k}: {_cell(v)}" for k, v in flat.items()]
            continue
        if lines:
            yield from code_elements("\n".join(lines))
            lines = []
        yield from inner
        if records is not None:
            yield Element(runs=(Run(place),), kind="caption")
            yield records
    if lines:
        yield from code_elements("\n".join(lines))


def _flat(record: Mapping[str, Any], depth: int = 0) -> dict[str, Any] | None:
    """Return a record with `name.part` for the fields of objects in it and lists on one line.

    `None` where it holds lists of objects or lists, or objects too deep.
    """
    out: dict[str, Any] = {}
    for name, value in record.items():
        if isinstance(value, dict):
            inner = _flat(value, depth + 1) if depth < _MAX_DEPTH else None
            if inner is None:
                return None
            out |= {f"{name}.{part}": each for part, each in inner.items()}
        elif isinstance(value, list):
            if any(isinstance(each, (dict, list)) for each in value):
                return None
            out[name] = ", ".join(_cell(each) for each in value)
        else:
            out[name] = value
    return out


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


def _table(records: Sequence[Any]) -> Element | None:
    """Return records as a table: at least two objects that share most of their fields."""
    if len(records) < 2 or not all(isinstance(record, dict) for record in records):
        return None
    flat = [each for record in records if (each := _flat(record)) is not None]
    names = list(dict.fromkeys(name for record in flat for name in record))
    if len(flat) < len(records) or not 0 < len(names) <= _MAX_COLUMNS or len(names) * len(flat) > MAX_CELLS:
        return None
    if 2 * sum(map(len, flat)) <= len(names) * len(flat):
        return None
    return table([names, *([_cell(record.get(name)) for name in names] for record in flat)], 1)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return " ".join(value.removeprefix(_LITERAL).split())
    return json.dumps(value, ensure_ascii=False)
