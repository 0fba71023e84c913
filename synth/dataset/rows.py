"""Rows of a dataset folder as JSON, one object a line: written whole, read one at a time, checked field by field.

The nine first fields of a `Pair` are the contract of `pairs.jsonl`; fields that `core.types` does not name are ignored,
so that a person may keep notes in a row. Knows nothing of where rows come from, or of what is right to say in one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar, get_args

from core.errors import DataError
from core.files import atomic_write
from core.types import Citation, Fact, Pair, Preference, Split

SPLITS: tuple[Split, ...] = get_args(Split)
Row = TypeVar("Row", Pair, Preference, Fact)
_EVIDENCE: Mapping[str, type] = {"doc": str, "sha256": str, "page": int, "start": int, "end": int, "quote": str}


class RowFields:
    """Typed access to one record; a fault names the field, the file and the line."""

    def __init__(self, record: Mapping[str, Any], path: Path | str, line: int) -> None:
        if not isinstance(record, dict):
            raise DataError(f"a row is a JSON object, this is {type(record).__name__}", path=path, line=line)
        self._record, self._path, self._line = record, path, line

    def fault(self, message: str) -> DataError:
        """Return the error that names this row."""
        return DataError(message, path=self._path, line=self._line, hint=f"sed -n {self._line}p '{self._path}'")

    def text(self, name: str, default: str | None = None) -> str:
        """Return a string; without a default the field must be there."""
        value = self._record.get(name, default)
        if value is None:
            raise self.fault(f"field {name!r} is missing")
        if not isinstance(value, str):
            raise self.fault(f"field {name!r} must be a string, not {type(value).__name__}")
        return value

    def split(self) -> Split:
        """Return `split`, one of the three."""
        value = self.text("split")
        for name in SPLITS:
            if value == name:
                return name
        raise self.fault(f"field 'split' is {value!r}, not one of {', '.join(SPLITS)}")

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of strings, empty by default."""
        values = self._record.get(name, [])
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise self.fault(f"field {name!r} must be a list of strings")
        return tuple(values)

    def figures(self, name: str) -> dict[str, float]:
        """Return an object of numbers, empty by default."""
        values = self._record.get(name, {})
        if not isinstance(values, dict) or not all(isinstance(value, int | float) for value in values.values()):
            raise self.fault(f"field {name!r} must be an object of numbers")
        return {key: float(value) for key, value in values.items()}

    def turns(self) -> tuple[tuple[str, str], ...]:
        """Return `turns`, empty by default."""
        values = self._record.get("turns", [])
        if not isinstance(values, list):
            raise self.fault("field 'turns' must be a list of [question, answer]")
        turns = []
        for value in values:
            if not isinstance(value, list) or len(value) != 2 or not all(isinstance(part, str) for part in value):
                raise self.fault("field 'turns' must be a list of [question, answer]")
            turns.append((value[0], value[1]))
        return tuple(turns)

    def citations(self) -> tuple[Citation, ...]:
        """Return `evidence`, each quote as long as its span."""
        values = self._record.get("evidence")
        if not isinstance(values, list):
            raise self.fault("field 'evidence' must be a list")
        return tuple(self._citation(value, f"evidence[{i}]") for i, value in enumerate(values))

    def _citation(self, value: object, name: str) -> Citation:
        if not isinstance(value, dict):
            raise self.fault(f"{name} must be an object")
        for key, kind in _EVIDENCE.items():
            if not isinstance(value.get(key), kind) or isinstance(value[key], bool):
                raise self.fault(f"{name}.{key} must be {'a string' if kind is str else 'an integer'}")
        citation = Citation(**{key: value[key] for key in _EVIDENCE})
        if citation.page < 0 or not 0 <= citation.start < citation.end:
            raise self.fault(f"{name} has no possible place: page {citation.page}, [{citation.start}, {citation.end})")
        if citation.end - citation.start != len(citation.quote):
            raise self.fault(
                f"{name}: [{citation.start}, {citation.end}) does not hold {len(citation.quote)} characters"
            )
        return citation


def pair_to_json(pair: Pair) -> dict[str, Any]:
    """Return a row of `pairs.jsonl`; the nine fields of the contract stand first."""
    return _plain(pair)


def pair_from_json(record: Mapping[str, Any], path: Path | str, line: int) -> Pair:
    """Read a row of `pairs.jsonl`.

    Args:
        record: The decoded object; fields that `Pair` does not name are ignored.
        path: File it comes from, for messages.
        line: 1-based line, for messages.

    Raises:
        DataError: A field is missing, of another type, or impossible (a quote longer than its span).
    """
    row = RowFields(record, path, line)
    return Pair(
        id=row.text("id"),
        kind=row.text("kind"),
        question=row.text("question"),
        answer=row.text("answer"),
        context=row.text("context"),
        evidence=row.citations(),
        fact=row.text("fact"),
        group=row.text("group"),
        split=row.split(),
        origin=row.text("origin", "rules"),
        template=row.text("template", ""),
        checks=row.figures("checks"),
        turns=row.turns(),
    )


def preference_to_json(preference: Preference) -> dict[str, Any]:
    """Return a row of `preferences.jsonl`."""
    return _plain(preference)


def preference_from_json(record: Mapping[str, Any], path: Path | str, line: int) -> Preference:
    """Read a row of `preferences.jsonl`; arguments and errors as in `pair_from_json`.

    Raises:
        DataError: A field is missing or of another type.
    """
    row = RowFields(record, path, line)
    return Preference(
        id=row.text("id"),
        kind=row.text("kind"),
        prompt=row.text("prompt"),
        chosen=row.text("chosen"),
        rejected=row.text("rejected"),
        group=row.text("group"),
        split=row.split(),
        context=row.text("context", ""),
        fact=row.text("fact", ""),
        origin=row.text("origin", "rules"),
        checks=row.figures("checks"),
    )


def fact_to_json(fact: Fact) -> dict[str, Any]:
    """Return a row of `facts.jsonl`."""
    return _plain(fact)


def fact_from_json(record: Mapping[str, Any], path: Path | str, line: int) -> Fact:
    """Read a row of `facts.jsonl`; arguments and errors as in `pair_from_json`.

    Raises:
        DataError: A field is missing or of another type.
    """
    row = RowFields(record, path, line)
    return Fact(
        id=row.text("id"),
        statement=row.text("statement"),
        evidence=row.citations(),
        kind=row.text("kind", ""),
        subject=row.text("subject", ""),
        value=row.text("value", ""),
        answer=row.text("answer", ""),
        questions=row.texts("questions"),
    )


def read_records(path: Path) -> Iterator[tuple[int, Any]]:
    """Yield (1-based line, decoded value) of a JSONL file; blank lines are passed over.

    Raises:
        DataError: The file is absent, or a line is not UTF-8 or not JSON.
    """
    if not path.is_file():
        raise DataError("no such file", path=path, hint=f"ls '{path.parent}'")
    with path.open("rb") as handle:
        for line, raw in enumerate(handle, start=1):
            if not raw.strip():
                continue
            try:
                yield line, json.loads(raw)
            except ValueError as error:
                raise DataError(f"not JSON: {error}", path=path, line=line, hint=f"sed -n {line}p '{path}'") from error


def _read(path: Path, from_json: Callable[[Mapping[str, Any], Path, int], Row]) -> Iterator[Row]:
    return (from_json(record, path, line) for line, record in read_records(path))


def read_pairs(path: Path) -> Iterator[Pair]:
    """Yield the pairs of a JSONL file, one at a time.

    Raises:
        DataError: The file is absent or a line is at fault.
    """
    return _read(path, pair_from_json)


def read_preferences(path: Path) -> Iterator[Preference]:
    """Yield the preferences of a JSONL file, one at a time.

    Raises:
        DataError: The file is absent or a line is at fault.
    """
    return _read(path, preference_from_json)


def read_facts(path: Path) -> Iterator[Fact]:
    """Yield the facts of a JSONL file, one at a time.

    Raises:
        DataError: The file is absent or a line is at fault.
    """
    return _read(path, fact_from_json)


def write_rows(path: Path, rows: Iterable[Pair | Preference | Fact | Mapping[str, Any]]) -> int:
    """Write rows as JSONL, whole or not at all, and return how many.

    Raises:
        OSError: The disk is full or the folder is read-only; `path` is then untouched.
    """
    count = 0
    with atomic_write(path) as handle:
        for row in rows:
            record = _plain(row) if isinstance(row, Pair | Preference | Fact) else row
            handle.write(json.dumps(record, ensure_ascii=False).encode("utf-8", "replace") + b"\n")
            count += 1
    return count


_NAMES: Mapping[type, tuple[str, ...]] = {
    kind: tuple(each.name for each in fields(kind)) for kind in (Pair, Preference, Fact, Citation)
}


def _plain(row: Pair | Preference | Fact) -> dict[str, Any]:
    """Return a row as JSON values, in the order of its fields (`asdict` copies deeply and takes far longer)."""
    return {name: _value(getattr(row, name)) for name in _NAMES[type(row)]}


def _value(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_value(each) for each in value]
    if isinstance(value, Citation):
        return {name: getattr(value, name) for name in _NAMES[Citation]}
    return dict(value) if isinstance(value, Mapping) else value
