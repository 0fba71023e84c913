"""Reads tables as records, a row at a time: CSV, Parquet and `datasets`, with the class names that the file carries."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from core.errors import DataError, KbError
from core.gold import answer_columns
from core.machine.install import missing_extra
from core.shell import quoted
from synth.importing.fields import normal_name
from synth.importing.records.instructions import OUTPUTS, QUESTIONS

_BATCH_ROWS = 256
# A field longer than this is an unclosed quote that swallows the file.
_MAX_FIELD_CHARS = 1 << 24
_DELIMITERS = ",;\t|"
# A first line for spreadsheet programs, which names the delimiter.
_STATED = re.compile(r'\A\ufeff?"?sep=(?P<delimiter>[^"\r\n])"?[,;\t]*\r?\n', re.IGNORECASE)
# How programs write that a cell is empty.
_ABSENT = frozenset("nan NaN NAN null NULL <NA> N/A n/a NaT #N/A #REF! #VALUE! #NAME? #DIV/0! #NULL! #NUM!".split())
_ONE_COLUMN = ("text", "content", "sentence", "document", "question", "prompt")
Rows = Callable[[], Iterator[Any]]
Labels = Mapping[str, tuple[str, ...]]


def header_line(head: str) -> int:
    """Return the number of the line with a table's names: 2 where the first one names the delimiter (`sep=;`)."""
    return 2 if _STATED.match(head) else 1


def _without_stated(head: str) -> tuple[str, str]:
    """Return (the delimiter that the first line names, the text after it); `""` and the whole text where none does."""
    match = _STATED.match(head)
    return (match["delimiter"], head[match.end() :]) if match else ("", head)


def looks_like_csv(head: str, *, whole: bool) -> bool:
    """Whether a text begins with a header and rows of as many fields."""
    return _dialect(head, whole=whole) is not None


def is_one_column(head: str, path: Path) -> bool:
    """Whether a text is a CSV file of one column, which only the name of the file and of the column tell."""
    first = _without_stated(head)[1].partition("\n")[0].strip(' "\r').lower()
    return path.suffix.lower() in (".csv", ".tsv") and first in _ONE_COLUMN


def nameless_table(lines: list[str]) -> tuple[str, int] | None:
    """Return (delimiter, columns) of a table whose first row holds no names; None where the lines are no table.

    Args:
        lines: The first of a text.
    """
    stated = _without_stated(f"{lines[0]}\n")[0] if lines else ""
    lines = lines[1:] if stated else lines
    for delimiter in stated or "\t;|,":
        try:
            rows = [row for row in csv.reader(lines, delimiter=delimiter, strict=False) if row]
        except csv.Error:
            continue
        # In prose a blank follows a comma.
        if (
            len(rows) > 1
            and len(rows[0]) > 1
            and all(len(row) == len(rows[0]) and not any(field.startswith(" ") for field in row) for row in rows)
        ):
            return delimiter, len(rows[0])
    return None


def naming_command(path: Path, delimiter: str, n_columns: int, line: int = 1) -> str:
    """Return the command that puts a row of names above a table without one.

    Args:
        line: Number of the table's first row.
    """
    names = ["question", "answer", *(f"column{number}" for number in range(3, n_columns + 1))]
    named = path.with_name(f"{path.stem}.named{path.suffix or '.csv'}")
    spelled = delimiter.join(names).replace("\t", "\\t")
    return f"sed '{line}i {spelled}' {quoted(path)} > {quoted(named)} && kb synth import {quoted(named)} --out DIR"


def delimiter_of(head: str) -> str:
    """Return the delimiter of a text that looks like CSV; a comma where it cannot be told."""
    return _without_stated(head)[0] or _dialect(head, whole=True) or _dialect(head, whole=False) or ","


def _dialect(head: str, *, whole: bool) -> str | None:
    """Return the delimiter that splits the header and the first rows into the same number of fields, at least two."""
    stated, head = _without_stated(head)
    for delimiter in stated or _DELIMITERS:
        rows = list(csv.reader(head.splitlines(keepends=True), delimiter=delimiter, strict=False))
        # The last row of a cut text may be cut itself.
        rows = [row for row in (rows if whole else rows[:-1]) if row][:50]
        if len(rows) < 2 or len(rows[0]) < 2 or not _is_header(rows[0]):
            continue
        # Names of a question and its answer make a table of any rows: those of other lengths are faults.
        if sum(len(row) == len(rows[0]) for row in rows) >= 0.8 * len(rows) or _names_answers(rows[0]):
            return delimiter
    return None


def _names_answers(names: list[str]) -> bool:
    """Whether fields name a question and its answer."""
    normal = [normal_name(name) for name in names]
    asks = [name for name in normal if name in QUESTIONS]
    return bool(asks) and bool(answer_columns((name for name in normal if name not in asks), others=OUTPUTS))


def _is_header(names: list[str]) -> bool:
    """Whether fields are distinct short names, and not sentences, which end in a full stop."""
    clean = [name.strip() for name in names]
    return len(set(clean)) == len(clean) and all(
        re.fullmatch(r"[^\W\d](?:[\w .()/#-]{0,38}[\w()/#-])?|", name) for name in clean
    )


def csv_records(lines: Iterator[str], head: str, path: Path) -> Iterator[tuple[int, dict[str, str], str]]:
    """Yield (line on which the row begins, row by column name, fault).

    Raises:
        DataError: A quote that is never closed.
    """
    delimiter = delimiter_of(head)
    csv.field_size_limit(_MAX_FIELD_CHARS)
    skipped = header_line(head) - 1
    reader = csv.reader(islice(lines, skipped, None), delimiter=delimiter)
    names: list[str] = []
    while True:
        before = reader.line_num + skipped
        try:
            row = next(reader, None)
        except csv.Error as error:
            raise DataError(f"not CSV: {error}", path=path, line=before + 1, hint="close the quote") from error
        if row is None:
            return
        if not row:
            continue
        if not names:
            names = [name.strip().removeprefix("\ufeff") for name in row]
        elif len(row) != len(names):
            yield before + 1, {}, f"{len(row)} fields where the header has {len(names)}"
        else:
            cells = ["" if cell in _ABSENT else cell for cell in row]
            yield before + 1, dict(zip(names, cells, strict=True)), ""


def parquet_records(path: Path) -> tuple[Rows, Labels]:
    """Return a reader of the rows and the class names that the schema carries.

    Raises:
        DataError: The file is not Parquet.
    """
    try:
        with pq.ParquetFile(path) as table:
            metadata = table.schema_arrow.metadata or {}
    except (OSError, ValueError) as error:
        raise DataError(f"not Parquet: {error}", path=path, hint="copy the file again") from error
    info = json.loads(metadata.get(b"huggingface", b"{}"))

    def rows() -> Iterator[Any]:
        with pq.ParquetFile(path) as table:
            for batch in table.iter_batches(batch_size=_BATCH_ROWS):
                yield from batch.to_pylist()

    return rows, _class_names(info.get("info", {}).get("features", {}))


def _class_names(features: Any) -> Labels:
    """Column name to class names, from the features of `datasets` as JSON; a list of classes counts too."""
    names_by_column = {}
    for column, feature in features.items() if isinstance(features, dict) else ():
        inner = feature.get("feature", feature) if isinstance(feature, dict) else {}
        if isinstance(inner, dict) and inner.get("_type") == "ClassLabel":
            names_by_column[column] = tuple(str(name) for name in inner.get("names", ()))
    return names_by_column


def is_saved_dataset(path: Path) -> bool:
    """Whether a folder is what `Dataset.save_to_disk` writes, or holds Parquet files."""
    return (path / "state.json").is_file() or (path / "dataset_dict.json").is_file() or any(path.rglob("*.parquet"))


def hub_records(spec: str) -> tuple[Rows, Labels]:
    """Return a streaming reader of `ID[:CONFIG][@SPLIT]`, a Hub id or a folder, and its class names.

    The split is `train` where none is named.

    Raises:
        MissingExtra: `datasets` is not installed.
        DataError: There is no such dataset, configuration or split.
    """
    try:
        import datasets
    except ImportError as error:
        raise missing_extra(f"reading {spec}", "train") from error
    rest, _, split = spec.partition("@")
    name, _, config = rest.partition(":")
    try:
        if (Path(name) / "state.json").is_file() or (Path(name) / "dataset_dict.json").is_file():
            loaded = datasets.load_from_disk(name)
            data = loaded[split or "train"] if isinstance(loaded, datasets.DatasetDict) else loaded
        else:
            data = datasets.load_dataset(name, config or None, split=split or "train", streaming=True)
    except KbError:
        raise
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise DataError(f"hf:{spec}: {error}", hint="kb synth import hf:OWNER/NAME:CONFIG@SPLIT --out DIR") from error
    features = data.features
    return lambda: iter(data), _class_names(features.to_dict() if features is not None else {})
