"""Opens a file, a folder or a Hub id as a stream of records that can be read again from the start.

The container is recognised by content, not by name: JSON lines, a JSON array (also under a key, as in SQuAD), CSV,
Parquet, a Slack export, plain lines. Files may be compressed (gzip, bzip2, xz). One record is in memory at a time.
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
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Literal, cast

from core.errors import DataError
from synth.importing.elements import elements
from synth.importing.tables import csv_records, hub_records, is_saved_dataset, looks_like_csv, parquet_records
from synth.importing.text_file import open_text, sniff_encoding

Container = Literal["JSON lines", "JSON array", "CSV", "Parquet", "datasets", "Slack export", "text"]
# What a packed file that is cut short or changed makes its reader raise.
_DAMAGED = (EOFError, OSError, lzma.LZMAError, zlib.error)
_BLOCK_CHARS = 1 << 20
_SNIFF_CHARS = 1 << 16
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
    """

    line: int
    value: Any = None
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file, folder or Hub dataset with records.

    Attributes:
        name: Name for messages.
        container: Format of the file.
        records: Returns a new iterator from the first record on.
        labels: Column name to class names, where the file itself carries them (Parquet, `datasets`).
        path: The file or folder, where there is one.
    """

    name: str
    container: Container
    records: Callable[[], Iterator[SourceRecord]]
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    path: Path | None = None


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
        raise DataError("no such file", path=path, hint=f"ls '{path.parent}'")
    with path.open("rb") as handle:
        magic = handle.read(8)
    if not magic:
        raise DataError("the file is empty", path=path, hint=f"ls -l '{path}'")
    if magic.startswith(b"PAR1"):
        records, labels = parquet_records(path)
        return Source(name=path.name, container="Parquet", labels=labels, path=path, records=lambda: _rows(records()))
    if magic.startswith(b"PK"):
        return _zip(path)
    return _text_source(path, magic)


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
    if (path / "users.json").is_file() or (path / "channels.json").is_file():
        return Source(name=path.name, container="Slack export", path=path, records=lambda: iter(()))
    raise DataError(
        "the folder is neither a Slack export (users.json, channels.json) nor a saved dataset",
        path=path,
        hint=f"kb synth import '{path}'/*.jsonl --out DIR",
    )


def _zip(path: Path) -> Source:
    try:
        with zipfile.ZipFile(path) as archive:
            names = {Path(name).name for name in archive.namelist()}
    except zipfile.BadZipFile as error:
        raise DataError(f"damaged zip archive: {error}", path=path, hint="copy the file again") from error
    if names & {"users.json", "channels.json"}:
        return Source(name=path.name, container="Slack export", path=path, records=lambda: iter(()))
    raise DataError("the zip archive is not a Slack export", path=path, hint=f"unzip '{path}', then import its files")


def _text_source(path: Path, magic: bytes) -> Source:
    def text() -> IO[str]:
        return open_text(_open(path, magic), encoding)

    try:
        with _open(path, magic) as raw:
            encoding = sniff_encoding(raw.read(_SNIFF_CHARS), path)
        with text() as handle:
            head = handle.read(_SNIFF_CHARS)
    except _DAMAGED as error:
        raise _damaged(error, path) from error
    whole = len(head) < _SNIFF_CHARS
    container: Container = "text"
    read: Callable[[], Iterator[SourceRecord]] = lambda: _lines(text, path)  # noqa: E731
    opened = _array_start(head)
    if opened is not None:
        container, read = "JSON array", lambda: _elements(text, opened, path)
    elif head.lstrip().startswith("{"):
        container, read = "JSON lines", lambda: _json_lines(text, path)
        if whole and _is_one_object(head):
            read = lambda: iter([SourceRecord(line=1, value=json.loads(head))])  # noqa: E731
    elif looks_like_csv(head, whole=whole):
        container, read = "CSV", lambda: _csv(text, head, path)
    return Source(name=path.name, container=container, records=read, path=path)


def _array_start(head: str) -> int | None:
    """Offset just after the bracket that opens the array of records; None where there is no such array."""
    stripped = head.lstrip()
    if stripped.startswith("["):
        # "[12/31/23, 10:15] Ann: hello" is a chat log, not JSON.
        return len(head) - len(stripped) + 1 if re.match(r'\[\s*(?:[{\["\]]|$)', stripped) else None
    if match := _UNDER_KEY.match(head):
        return match.end("open")
    return None


def _is_one_object(text: str) -> bool:
    """Whether a whole file is one object, printed over several lines."""
    if "\n" not in text.strip():
        return False
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def _elements(text: Callable[[], IO[str]], start: int, path: Path) -> Iterator[SourceRecord]:
    with text() as handle:
        line = handle.read(start).count("\n") + 1
        blocks = _guarded(iter(lambda: handle.read(_BLOCK_CHARS), ""), path)
        for number, element in elements(blocks, line=line):
            yield _decoded(number, element)


def _json_lines(text: Callable[[], IO[str]], path: Path) -> Iterator[SourceRecord]:
    with text() as handle:
        for number, line in enumerate(_guarded(handle, path), start=1):
            if line.strip():
                yield _decoded(number, line)


def _decoded(line: int, text: str) -> SourceRecord:
    try:
        return SourceRecord(line=line, value=json.loads(text))
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
            yield SourceRecord(line=line, value=value, fault=fault)


def _guarded(pieces: Iterable[str], path: Path) -> Iterator[str]:
    """Yield lines or blocks; damage of the file becomes a `DataError`."""
    try:
        yield from pieces
    except _DAMAGED as error:
        raise _damaged(error, path) from error


def _damaged(error: Exception, path: Path) -> DataError:
    return DataError(f"the file is damaged: {error}", path=path, hint="copy the file again")
