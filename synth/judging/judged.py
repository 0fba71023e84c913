"""Rows of `judged.jsonl`: single answers with a verdict, for KTO."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from core.types import Split
from synth.dataset.rows import RowFields, read_records


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """An answer that was liked or disliked, without another to hold against it.

    Attributes:
        prompt: The question.
        context: What stands in the prompt beside it.
        completion: The answer.
        label: Whether it was liked.
        group: What a split moves whole.
        origin: Who wrote the answer.
    """

    id: str
    prompt: str
    completion: str
    label: bool
    group: str
    split: Split
    context: str = ""
    origin: str = "import"


def judged_to_json(row: Judged) -> dict[str, Any]:
    """Return a row of `judged.jsonl`."""
    return asdict(row)


def judged_from_json(record: Mapping[str, Any], path: Path | str, line: int) -> Judged:
    """Read a row of `judged.jsonl`.

    Raises:
        DataError: A field is missing or of another type.
    """
    fields = RowFields(record, path, line)
    label = record.get("label")
    if not isinstance(label, bool):
        raise fields.fault("field 'label' must be true or false")
    return Judged(
        id=fields.text("id"),
        prompt=fields.text("prompt"),
        completion=fields.text("completion"),
        label=label,
        group=fields.text("group"),
        split=fields.split(),
        context=fields.text("context", ""),
        origin=fields.text("origin", "import"),
    )


def read_judged(path: Path) -> Iterator[Judged]:
    """Yield the rows of a JSONL file, one at a time.

    Raises:
        DataError: The file is absent or a line is at fault.
    """
    return (judged_from_json(record, path, line) for line, record in read_records(path))
