"""Reads a file of questions, of a comparison or an evaluation: JSON lines, or a JSON array."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core.clean import has_half_surrogate
from core.errors import DataError
from core.gold import gold_answer
from core.rows import read_records, row_fault
from core.shell import quoted

_BLANKS = " \t\r\n"
# Names under which evaluation tools hold a question, the usual one first.
_QUESTIONS = ("question", "user_input", "query", "input", "prompt")


def read_question_records(path: Path, *, hint: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (1-based line, record) of a file of questions, each under `question`.

    Args:
        path: JSON lines, or one JSON array.
        hint: The next step where the file is neither; `{path}` in it becomes the file, quoted.

    Raises:
        DataError: The file is neither, or a record is no object with a text `question`, or has text that is broken.
    """
    with path.open("rb") as handle:
        start = handle.read(64).lstrip(b"\xef\xbb\xbf" + _BLANKS.encode())[:1]
    if start not in (b"", b"{", b"["):
        raise DataError("neither JSON lines nor a JSON array", path=path, hint=hint.format(path=quoted(path)))
    for line, record in _elements(path) if start == b"[" else read_records(path):
        if not isinstance(record, dict):
            raise row_fault("a record must be a JSON object", path, line)
        text = next((record[name] for name in _QUESTIONS if name in record), None)
        if not isinstance(text, str) or not text.strip():
            raise row_fault(f'needs a text "question"; fields: {", ".join(record) or "none"}', path, line)
        if has_half_surrogate(json.dumps(record, ensure_ascii=False)):
            raise row_fault("half of a surrogate pair (a broken emoji) in the text", path, line)
        yield line, {**record, "question": text}


def read_gold_answer(record: dict[str, Any], path: Path, line: int) -> str | None:
    """Return the gold answer of a record, as `core.gold.gold_answer`.

    Raises:
        DataError: It has none; names the line.
    """
    try:
        return gold_answer(record)
    except ValueError as error:
        raise row_fault(str(error), path, line) from error


def _elements(path: Path) -> Iterator[tuple[int, Any]]:
    """Yield (line on which it begins, element) of a JSON array."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"not UTF-8: {error.reason}", path=path, hint=f"file {quoted(path)}") from error
    decoder = json.JSONDecoder()
    line, position = 1, 0
    index = text.index("[") + 1
    while True:
        while text[index : index + 1] and text[index] in f"{_BLANKS},":
            index += 1
        line += text.count("\n", position, index)
        position = index
        if text[index : index + 1] in ("", "]"):
            return
        try:
            record, index = decoder.raw_decode(text, index)
        except (ValueError, RecursionError) as error:
            raise row_fault(f"not JSON: {getattr(error, 'msg', 'nested too deeply')}", path, line) from error
        yield line, record
