"""Rows of a dataset folder and its manifest: the one reader and the one writer.

A row is a JSON object on a line, read strictly: a field of another type, or a quote that does not fit its span, is an
error that names file and line. Fields that `kb` does not use are kept in `unused_fields` and written back.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar, cast, get_args

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from core.errors import DataError
from core.files import atomic_write, sha256_of
from core.shell import quoted
from core.types import Alteration, Citation, Fact, Pair, Preference, Split

SPLITS: tuple[Split, ...] = get_args(Split)
FACTS, PAIRS, PREFERENCES, REJECTED = "facts.jsonl", "pairs.jsonl", "preferences.jsonl", "rejected.jsonl"
MANIFEST = "manifest.json"
ASK_PROMPT = "kb ask"  # its name among the prompts of a manifest

_UNUSED = "unused_fields"
_TYPES = {
    "string": "a string",
    "int": "an integer",
    "float": "a number",
    "bool": "true or false",
    "tuple": "a list",
    "dict": "an object",
    "mapping": "an object",
    "dataclass": "an object",
}

Row = TypeVar("Row")


# One row


def row_from_json(row_type: type[Row], record: object, path: Path | str, line: int) -> Row:
    """Read a decoded row.

    Args:
        row_type: A frozen dataclass: `Pair`, `Preference`, `Fact`, or one of another package.
        record: The decoded value.
        path: File it comes from, for messages.
        line: 1-based line, for messages.

    Raises:
        DataError: The value is no object, or a field is missing, of another type, or impossible.
    """
    return _read_row(row_type, json.dumps(record), record, path, line)


def row_to_json(row: Any) -> dict[str, Any]:
    """Return a row as JSON values, in the order of its fields; the fields that `kb` does not use stand last."""
    record = {name: _plain(getattr(row, name)) for name in row_fields(type(row))}
    return {**record, **getattr(row, _UNUSED, {})}


def _read_row(row_type: type[Row], raw: str | bytes, record: object, path: Path | str, line: int) -> Row:
    if not isinstance(record, dict):
        raise row_fault(f"a row must be a JSON object, not {type(record).__name__}", path, line)
    kind = _row_type(row_type)
    try:
        row: Any = kind.adapter.validate_json(raw, strict=True)
    except ValidationError as error:
        raise row_fault(_described(error.errors()[0]), path, line) from error
    for index, citation in enumerate(getattr(row, "evidence", ())):
        _check_span(citation, f"evidence[{index}]", path, line)
    for index in getattr(row, "untrained_turns", ()):
        if not 0 <= index < len(row.turns):
            raise row_fault(f"field 'untrained_turns' names turn {index} of {len(row.turns)}", path, line)
    for index, alteration in enumerate(getattr(row, "altered", ())):
        _check_alteration(alteration, len(row.evidence), f"altered[{index}]", path, line)
    unused = {name: value for name, value in record.items() if name not in kind.names}
    return cast(Row, replace(row, unused_fields=unused) if unused and kind.keeps_unused else row)


def row_fault(message: str, path: Path | str, line: int) -> DataError:
    """Return the error of a row; its hint shows the line."""
    return DataError(message, path=path, line=line, hint=f"sed -n {line}p {quoted(path)}")


def _check_span(citation: Citation, name: str, path: Path | str, line: int) -> None:
    start, end = citation.start, citation.end
    if citation.page < 0 or not 0 <= start < end:
        raise row_fault(f"{name} has an impossible place: page {citation.page}, [{start}, {end})", path, line)
    if end - start != len(citation.quote):
        raise row_fault(f"{name}: [{start}, {end}) does not hold {len(citation.quote)} characters", path, line)


def _check_alteration(alteration: Alteration, n_evidence: int, name: str, path: Path | str, line: int) -> None:
    if not 0 <= alteration.evidence < n_evidence:
        raise row_fault(f"{name}: there is no evidence[{alteration.evidence}]", path, line)
    if not alteration.value or alteration.value not in alteration.quote:
        raise row_fault(f"{name}: the quote does not hold {alteration.value!r}", path, line)


def _described(error: ErrorDetails) -> str:
    """Say what is wrong with a field in the words of our messages."""
    name = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error["loc"]).lstrip(".")
    kind = error["type"]
    if not name:
        return str(error["msg"])
    if kind == "missing" or error["input"] is None:
        return f"field {name!r} is missing"
    if kind == "literal_error":
        return f"field {name!r} is {error['input']!r}, not one of {error['ctx']['expected']}"
    expected = _TYPES.get(kind.removesuffix("_type").removesuffix("_parsing"))
    given = type(error["input"]).__name__
    return f"field {name!r} must be {expected}, not {given}" if expected else f"field {name!r}: {error['msg']}"


@dataclass(frozen=True, slots=True)
class _RowType:
    """What is derived of a row's class once: its validator, and the names of its fields as they are written."""

    adapter: TypeAdapter[Any]
    names: tuple[str, ...]
    keeps_unused: bool


_ROW_TYPES: dict[type[Any], _RowType] = {}


def _row_type(row_type: type[Any]) -> _RowType:
    if row_type not in _ROW_TYPES:
        names = [field.name for field in fields(row_type)]
        own = tuple(name for name in names if name != _UNUSED)
        _ROW_TYPES[row_type] = _RowType(TypeAdapter(row_type), own, keeps_unused=_UNUSED in names)
    return _ROW_TYPES[row_type]


def row_fields(row_type: type[Any]) -> tuple[str, ...]:
    """Return the names of the fields of a row, in the order in which they are written."""
    return _row_type(row_type).names


def _plain(value: Any) -> Any:
    # `dataclasses.asdict` copies deeply and takes far longer.
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    if isinstance(value, Citation | Alteration):
        return {name: getattr(value, name) for name in row_fields(type(value))}
    return dict(value) if isinstance(value, Mapping) else value


def pair_from_json(record: object, path: Path | str, line: int) -> Pair:
    """Read a row of `pairs.jsonl`; arguments and errors as in `row_from_json`."""
    return row_from_json(Pair, record, path, line)


def preference_from_json(record: object, path: Path | str, line: int) -> Preference:
    """Read a row of `preferences.jsonl`; arguments and errors as in `row_from_json`."""
    return row_from_json(Preference, record, path, line)


def fact_from_json(record: object, path: Path | str, line: int) -> Fact:
    """Read a row of `facts.jsonl`; arguments and errors as in `row_from_json`."""
    return row_from_json(Fact, record, path, line)


# A file of rows


def read_records(path: Path) -> Iterator[tuple[int, Any]]:
    """Yield (1-based line, decoded value) of a JSONL file; blank lines are passed over.

    Raises:
        DataError: The file is absent, or a line is not UTF-8 or not JSON.
    """
    for line, _, record in _lines(path):
        yield line, record


def _lines(path: Path) -> Iterator[tuple[int, bytes, Any]]:
    if not path.is_file():
        raise DataError("no such file", path=path, hint=f"ls {quoted(path.parent)}")
    with path.open("rb") as handle:
        for line, raw in enumerate(handle, start=1):
            if not raw.strip():
                continue
            try:
                record = json.loads(raw)
            except ValueError as error:
                raise row_fault(f"not JSON: {error}", path, line) from error
            yield line, raw, record


def read_rows(path: Path, row_type: type[Row], *, split: Split | None = None) -> Iterator[Row]:
    """Yield the rows of a JSONL file, one at a time.

    Args:
        path: The file.
        row_type: As for `row_from_json`.
        split: Only rows of this split; all if None.

    Raises:
        DataError: The file is absent or a line is at fault.
    """
    for line, raw, record in _lines(path):
        if split is None or not isinstance(record, dict) or record.get("split", split) == split:
            yield _read_row(row_type, raw, record, path, line)


def read_pairs(path: Path) -> Iterator[Pair]:
    """Yield the rows of `pairs.jsonl`; errors as in `read_rows`."""
    return read_rows(path, Pair)


def read_preferences(path: Path) -> Iterator[Preference]:
    """Yield the rows of `preferences.jsonl`; errors as in `read_rows`."""
    return read_rows(path, Preference)


def read_facts(path: Path) -> Iterator[Fact]:
    """Yield the rows of `facts.jsonl`; errors as in `read_rows`."""
    return read_rows(path, Fact)


def holds_rows(path: Path, row_type: type[Any]) -> bool:
    """Whether the first record of a file has the required fields of a row; False for an empty or unreadable file."""
    required = set(_row_type(row_type).adapter.json_schema()["required"])
    try:
        _, record = next(read_records(path))
    except (StopIteration, DataError):
        return False
    return isinstance(record, dict) and required <= record.keys()


def unused_fields(rows: Iterable[Pair | Preference | Fact], *, limit: int) -> Counter[str]:
    """Count, by name, the fields that `kb` does not use in the first `limit` rows."""
    return Counter(name for row in islice(rows, limit) for name in row.unused_fields)


def per_answer(pair: Pair) -> Iterator[Pair]:
    """Yield a row for every answer of a conversation that is trained, with all before it as earlier turns.

    The last one is the row itself. Its context stands beside the last question alone.
    """
    for index, (question, answer) in enumerate(pair.turns):
        if index not in pair.untrained_turns:
            yield replace(
                pair,
                id=f"{pair.id}.{index + 1}",
                question=question,
                answer=answer,
                context="",
                turns=pair.turns[:index],
                untrained_turns=tuple(turn for turn in pair.untrained_turns if turn < index),
            )
    yield pair


def columns_not_used(columns: Mapping[str, int]) -> str:
    """Return the line that names columns and fields whose values gave nothing, each with the number of its records."""
    return "columns not used: " + ", ".join(f"{name} ({count})" for name, count in sorted(columns.items()))


def records_skipped(reason: str, count: int, lines: Sequence[int]) -> str:
    """Return the line that names a reason, how many records were skipped for it, and the lines of the first of them."""
    shown = ", ".join(map(str, lines)) + (", ..." if count > len(lines) else "")
    return f"skipped {count}: {reason}" + (f" (line {shown})" if lines else "")


def write_rows(path: Path, rows: Iterable[Any]) -> int:
    """Write rows (dataclasses, or mappings of JSON values) as JSONL, whole or not at all, and return how many.

    Raises:
        OSError: The disk is full or the folder is read-only; `path` is then untouched.
    """
    count = 0
    with atomic_write(path) as handle:
        for row in rows:
            handle.write(row_line(row))
            count += 1
    return count


def row_line(row: Any) -> bytes:
    """Return a row as a line of a JSONL file."""
    record = row if isinstance(row, Mapping) else row_to_json(row)
    return json.dumps(record, ensure_ascii=False).encode("utf-8", "replace") + b"\n"


# A dataset folder


class ManifestDocument(BaseModel):
    """A document that a dataset was made of."""

    model_config = ConfigDict(extra="allow", frozen=True)

    doc: str
    sha256: str


class Manifest(BaseModel):
    """What a dataset says of itself; fields that are not named here are kept.

    Attributes:
        files: Name of a file to its SHA-256.
        documents: What it was made of.
        mode: `knowledge` or `document`, of datasets that `kb synth` made.
        prompts: Name of a prompt to its text; `ASK_PROMPT` is the one that shows passages.
        prompt_digest: `core.prompt.AnswerPrompt.digest` of that one.
        chat_template: Jinja template for base models that have none.
        imports: What was imported, a record per source.
    """

    model_config = ConfigDict(extra="allow", frozen=True)

    version: int = 1
    files: dict[str, str] = Field(default_factory=dict)
    counts: dict[str, Any] = Field(default_factory=dict)
    documents: list[ManifestDocument] = Field(default_factory=list)
    mode: str = ""
    prompts: dict[str, Any] = Field(default_factory=dict)
    prompt_digest: str = ""
    chat_template: str = ""
    imports: list[dict[str, Any]] = Field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Return what was given, as JSON values."""
        return self.model_dump(mode="json", exclude_unset=True)


@dataclass(frozen=True, slots=True)
class DatasetFolder:
    """A folder of rows, read one at a time; a file that is absent holds none."""

    path: Path

    def pairs(self, split: Split | None = None) -> Iterator[Pair]:
        """Yield the pairs, of all splits or of one.

        Raises:
            DataError: A line is at fault.
        """
        own = self.path / f"{split}.jsonl"
        path = own if split and own.is_file() else self.path / PAIRS
        return read_rows(path, Pair, split=split) if path.is_file() else iter(())

    def preferences(self, split: Split | None = None) -> Iterator[Preference]:
        """Yield the preferences, of all splits or of one.

        Raises:
            DataError: A line is at fault.
        """
        path = self.path / PREFERENCES
        return read_rows(path, Preference, split=split) if path.is_file() else iter(())

    def facts(self) -> Iterator[Fact]:
        """Yield the facts.

        Raises:
            DataError: A line is at fault.
        """
        path = self.path / FACTS
        return read_facts(path) if path.is_file() else iter(())

    def manifest(self) -> Manifest:
        """Return the manifest; an empty one where there is none.

        Raises:
            DataError: It is not a JSON object, or a field is of another type.
        """
        path = self.path / MANIFEST
        if not path.is_file():
            return Manifest()
        try:
            return Manifest.model_validate_json(path.read_bytes())
        except ValidationError as error:
            fault = error.errors()[0]
            reason = fault["msg"] if not fault["loc"] else f"{_described(fault)}"
            raise DataError(f"not a manifest: {reason}", path=path, hint=f"rm {quoted(path)}") from error

    def sha256(self) -> str:
        """Return a digest over every file of rows, by which a run says what it was trained on."""
        listing = "".join(f"{path.name} {sha256_of(path)}\n" for path in sorted(self.path.glob("*.jsonl")))
        return hashlib.sha256(listing.encode()).hexdigest()
