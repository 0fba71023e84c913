"""Opens a file, a folder or a Hub id as a stream of records that can be read again from the start.

The container is recognised by content, not by name: JSON lines, a JSON array, one JSON object (with lists under keys,
or a table of pandas), CSV, XLSX, Parquet, a Slack export, plain lines. Files may be compressed (gzip, bzip2, xz, zip).
One record is in memory at a time, or one JSON object of some megabytes.
"""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any, Literal, cast

from core.errors import DataError
from core.shell import quoted
from synth.importing.chats.services import service_of
from synth.importing.chats.slack import is_slack_message
from synth.importing.fields import is_messages, normalised, split_named
from synth.importing.files.elements import elements
from synth.importing.files.json_object import object_records
from synth.importing.files.packed import open_member, packed_kind
from synth.importing.files.tables import (
    csv_records,
    delimiter_of,
    header_line,
    hub_records,
    is_one_column,
    is_saved_dataset,
    looks_like_csv,
    parquet_records,
)
from synth.importing.files.text_file import UNDECODED, UNDECODED_BYTES, open_text, sniff_encoding
from synth.importing.files.workbook import workbook_records
from synth.importing.records.shapes import shape_of

Container = Literal[
    "JSON lines",
    "JSON array",
    "JSON object",
    "CSV",
    "XLSX",
    "Parquet",
    "datasets",
    "Slack export",
    "chat dump",
    "text",
]
# What a packed file that is cut short or changed makes its reader raise.
_DAMAGED = (EOFError, OSError, lzma.LZMAError, zlib.error, zipfile.BadZipFile)
_BLOCK_CHARS = 1 << 20
_SNIFF_CHARS = 1 << 16
# An object is read whole up to this size; a larger one as a stream, if it is a list of records under a key.
_OBJECT_CHARS = 1 << 26
# An array of objects under a key at the top of an object: {"version": "1.1", "data": [{ ...
_UNDER_KEY = re.compile(
    r'\s*\{(?:\s*"[^"\\{}\[\]]*"\s*:\s*(?:"(?:[^"\\]|\\.)*"|[-+.\w]+)\s*,)*'
    r'\s*"(?:data|rows|examples|records|items|instances|questions|train|validation|test)"\s*:\s*(?P<open>\[)\s*\{'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRecord:
    """One record of a source.

    Attributes:
        line: 1-based line it begins on; the row's number in containers without lines.
        value: The decoded record; a string for a line of plain text. Empty where `fault` is set.
        fault: Why it could not be decoded.
        split: Split of the list under which it stands, in a file of several.
    """

    line: int
    value: Any = None
    fault: str = ""
    split: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file, folder or Hub dataset with records.

    Attributes:
        name: Name for messages.
        container: Format of the file.
        records: Returns a new iterator from the first record on.
        labels: Column name to class names, where the file itself carries them (Parquet, `datasets`).
        path: The file or folder, where there is one.
        delimiter: What stands between the fields of CSV.
        header_line: Number of the line with the names of CSV.
    """

    name: str
    container: Container
    records: Callable[[], Iterator[SourceRecord]]
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    path: Path | None = None
    delimiter: str = ","
    header_line: int = 1


# First bytes of documents.
_DOCUMENTS = {b"%PDF": "a PDF", b"{\\rtf": "an RTF file", b"\x89PNG": "a picture", b"\xff\xd8\xff": "a picture"}


def open_source(spec: str) -> Source:
    """Return the source that a path or `hf:ID[:CONFIG][@SPLIT]` names.

    Raises:
        DataError: It does not exist, is empty, or has an unsupported format.
        MissingExtra: `hf:` without the `train` extra.
    """
    if spec.startswith("hf:"):
        return _hub(spec)
    path = Path(spec).expanduser()
    if path.is_dir():
        return _folder(path)
    if not path.is_file():
        raise DataError("no such file", path=path, hint=f"ls {quoted(path.parent)}")
    with path.open("rb") as handle:
        magic = handle.read(8)
    if not magic:
        raise DataError("the file is empty", path=path, hint=f"ls -l {quoted(path)}")
    if magic.startswith(b"PAR1"):
        records, labels = parquet_records(path)
        return Source(name=path.name, container="Parquet", labels=labels, path=path, records=lambda: _rows(records()))
    if magic.startswith(b"PK"):
        return _zip(path)
    for start, kind in _DOCUMENTS.items():
        if magic.startswith(start):
            raise DataError(
                f"{kind} is a document, not rows", path=path, hint=f"kb ingest {quoted(path)} && kb synth --out DIR"
            )
    if magic.startswith(b"\xd0\xcf\x11\xe0"):
        raise DataError("an Office file of the old kind", path=path, hint="save it as .xlsx or CSV, then import that")
    return _text_source(path, lambda: _open(path, magic))


def _open(path: Path, magic: bytes) -> IO[bytes]:
    """Open a file's bytes, unpacked where its first bytes say that it is packed."""
    if magic.startswith(b"\x1f\x8b"):
        return cast(IO[bytes], gzip.open(path, "rb"))
    if magic.startswith(b"BZh"):
        return cast(IO[bytes], bz2.open(path, "rb"))
    if magic.startswith(b"\xfd7zXZ\x00"):
        return lzma.open(path, "rb")
    return path.open("rb")


def _rows(values: Iterator[Any]) -> Iterator[SourceRecord]:
    return (SourceRecord(line=number, value=value) for number, value in enumerate(values, start=1))


def _hub(spec: str) -> Source:
    records, labels = hub_records(spec.removeprefix("hf:"))
    return Source(name=spec, container="datasets", labels=labels, records=lambda: _rows(records()))


def _folder(path: Path) -> Source:
    if is_saved_dataset(path):
        records, labels = hub_records(str(path))
        return Source(name=path.name, container="datasets", labels=labels, path=path, records=lambda: _rows(records()))
    days = sorted(path.glob("*.json"))
    if {"users.json", "channels.json"} & {day.name for day in days}:
        return _slack(path)
    if days and open_source(str(days[0])).container == "Slack export":
        return _slack(path)
    raise DataError(
        "the folder is neither a Slack export (users.json, channels.json, days of messages) nor a saved dataset",
        path=path,
        hint=f"kb synth import {quoted(path)}/* --out DIR",
    )


def _slack(path: Path) -> Source:
    return Source(name=path.name, container="Slack export", path=path, records=lambda: iter(()))


def _zip(path: Path) -> Source:
    """Open a zip archive: a workbook, an export of a chat service, or one packed file.

    Raises:
        DataError: It is damaged, or something else.
    """
    kind, member = packed_kind(path)
    if kind == "workbook":
        return Source(
            name=path.name,
            container="XLSX",
            path=path,
            records=lambda: (SourceRecord(line=line, value=value) for line, value in workbook_records(path)),
        )
    return _slack(path) if kind == "Slack" else _text_source(path, lambda: open_member(path, member))


def _text_source(path: Path, open_bytes: Callable[[], IO[bytes]]) -> Source:
    def text() -> IO[str]:
        return open_text(open_bytes(), encoding)

    try:
        with open_bytes() as raw:
            encoding = sniff_encoding(raw.read(_SNIFF_CHARS), path)
        with text() as handle:
            head = handle.read(_SNIFF_CHARS)
    except _DAMAGED as error:
        raise _damaged(error, path) from error
    whole = len(head) < _SNIFF_CHARS
    container, read = _json(text, head, path)
    if container == "JSON array" and is_slack_message(next((record.value for record in read()), None)):
        return _slack(path)
    if container in ("JSON object", "JSON lines") and (dump := _dump(text, path, container, read)):
        container, read = "chat dump", dump
    if container == "text" and (looks_like_csv(head, whole=whole) or is_one_column(head, path)):
        container, read = "CSV", lambda: _csv(text, head, path)
    return Source(
        name=path.name,
        container=container,
        records=read,
        path=path,
        delimiter=delimiter_of(head),
        header_line=header_line(head),
    )


def _json(text: Callable[[], IO[str]], head: str, path: Path) -> tuple[Container, Callable[[], Iterator[SourceRecord]]]:
    """Return how a text that may be JSON is read; as plain lines where it is not."""
    start = head.lstrip()
    if start.startswith("[") and (opened := _array_start(head)) is not None:
        if _is_lines(text, path):
            return "JSON lines", lambda: _named(_json_lines(text, path))
        return "JSON array", lambda: _elements(text, opened, path)
    if start.startswith("{"):
        if _is_object(text, path):
            return "JSON object", lambda: _object(text, path)
        # A first line that is an object by itself begins lines of objects, whatever its keys are.
        if (match := _UNDER_KEY.match(head)) and not _begins_lines(text, path):
            return "JSON array", lambda: _elements(text, match.end("open"), path)
    if start.startswith(("{", '"{', '"[')):
        return "JSON lines", lambda: _json_lines(text, path)
    return "text", lambda: _lines(text, path)


def _dump(
    text: Callable[[], IO[str]], path: Path, container: Container, read: Callable[[], Iterator[SourceRecord]]
) -> Callable[[], Iterator[SourceRecord]] | None:
    """Return a reader of a chat service's dump, whole in one record or a message a line; None for other files."""
    if container == "JSON lines":
        return read if service_of(next((record.value for record in read()), None)) else None

    def whole() -> Iterator[SourceRecord]:
        with text() as handle:
            yield _decoded(1, "".join(_guarded(handle, path)))

    return whole if service_of(next(whole()).value) else None


def _array_start(head: str) -> int | None:
    """Offset just after the bracket that opens an array; None where a bracket opens something else."""
    stripped = head.lstrip()
    # "[12/31/23, 10:15] Ann: hello" is a chat log, not JSON.
    return len(head) - len(stripped) + 1 if re.match(r'\[\s*(?:[{\["\]]|$)', stripped) else None


def _is_object(text: Callable[[], IO[str]], path: Path) -> bool:
    """Whether a file is one object, and not lines of objects: its first line is the only one, or is cut short."""
    with text() as handle:
        lines = (line for line in _guarded(handle, path) if line.strip())
        first = next(lines, "")
        if is_json(first):
            return next(lines, None) is None
        rest = handle.read(_OBJECT_CHARS)
    return len(rest) < _OBJECT_CHARS and is_json(first + rest)


def _is_lines(text: Callable[[], IO[str]], path: Path) -> bool:
    """Whether the first line is JSON by itself and another follows."""
    with text() as handle:
        lines = (line for line in _guarded(iter(lambda: handle.readline(_OBJECT_CHARS), ""), path) if line.strip())
        return is_json(next(lines, "")) and next(lines, None) is not None


def _begins_lines(text: Callable[[], IO[str]], path: Path) -> bool:
    with text() as handle:
        return is_json(next(_guarded(iter(lambda: handle.readline(_OBJECT_CHARS), ""), path), ""))


def is_json(text: str) -> bool:
    """Whether a text is JSON of any kind."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _object(text: Callable[[], IO[str]], path: Path) -> Iterator[SourceRecord]:
    with text() as handle:
        whole = "".join(_guarded(handle, path))
    for line, value, key in object_records(whole, lambda records: shape_of([*map(normalised, records)]) is not None):
        yield _marked(SourceRecord(line=line, value=value, split=split_named(key)), whole)


def _marked(record: SourceRecord, text: str) -> SourceRecord:
    """Return a record, as a fault where it holds bytes that cannot be decoded.

    Args:
        text: What it was read from.
    """
    if UNDECODED in text and UNDECODED in json.dumps(record.value, ensure_ascii=False):
        return SourceRecord(line=record.line, fault=UNDECODED_BYTES)
    return record


def _elements(text: Callable[[], IO[str]], start: int, path: Path) -> Iterator[SourceRecord]:
    with text() as handle:
        line = handle.read(start).count("\n") + 1
        blocks = _guarded(iter(lambda: handle.read(_BLOCK_CHARS), ""), path)
        yield from _named(_marked(_decoded(at, element), element) for at, element in elements(blocks, line=line))


def _named(records: Iterator[SourceRecord]) -> Iterator[SourceRecord]:
    """Yield records; lists become objects where the first of them holds names (values of a spreadsheet), texts too."""
    names: list[str] | None = None
    for index, record in enumerate(records):
        row = record.value
        if index == 0 and isinstance(row, list) and all(isinstance(name, str) for name in row):
            names = row if shape_of([normalised(dict.fromkeys(row, "x"))]) else None
            if names:
                continue
        if names and isinstance(row, list) and len(row) == len(names):
            row = dict(zip(names, row, strict=True))
        elif isinstance(row, str):
            row = {"text": row}
        elif is_messages(row):
            row = {"messages": row}
        yield replace(record, value=row)


def _json_lines(text: Callable[[], IO[str]], path: Path) -> Iterator[SourceRecord]:
    with text() as handle:
        for number, line in enumerate(_guarded(handle, path), start=1):
            if line.strip():
                yield _marked(_decoded(number, line), line)


def _decoded(line: int, text: str) -> SourceRecord:
    try:
        value = json.loads(text)
        # A record that was written as JSON twice is a text that holds JSON.
        if isinstance(value, str) and value.lstrip().startswith("{"):
            value = json.loads(value)
        return SourceRecord(line=line, value=value)
    except ValueError as error:
        return SourceRecord(line=line, fault=f"not JSON: {getattr(error, 'msg', error)}")
    except RecursionError:
        return SourceRecord(line=line, fault="not JSON: nested too deeply")


def _lines(text: Callable[[], IO[str]], path: Path) -> Iterator[SourceRecord]:
    with text() as handle:
        for number, line in enumerate(_guarded(handle, path), start=1):
            yield SourceRecord(line=number, value=line.rstrip("\r\n"))


def _csv(text: Callable[[], IO[str]], head: str, path: Path) -> Iterator[SourceRecord]:
    with text() as handle:
        for line, value, fault in csv_records(_guarded(handle, path), head, path):
            if any(UNDECODED in cell for cell in value.values()):
                fault = UNDECODED_BYTES
            named = {name.replace(UNDECODED, "\ufffd"): cell for name, cell in value.items()}
            yield SourceRecord(line=line, value={} if fault else named, fault=fault)


def _guarded(pieces: Iterable[str], path: Path) -> Iterator[str]:
    """Yield lines or blocks; damage of the file becomes a `DataError`."""
    try:
        yield from pieces
    except _DAMAGED as error:
        raise _damaged(error, path) from error


def _damaged(error: Exception, path: Path) -> DataError:
    return DataError(f"the file is damaged: {error}", path=path, hint="copy the file again")
