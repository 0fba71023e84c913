"""Rows of `judged.jsonl`: single answers with a verdict, for KTO."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.rows import read_rows
from core.types import Split


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """An answer that was liked or disliked, without another answer to compare it with.

    Attributes:
        prompt: The question.
        context: Passages in the prompt.
        completion: The answer.
        label: Whether it was liked.
        group: Rows of one group are in one split.
        origin: Who wrote the answer.
        turns: Earlier (question, answer) turns, oldest first.
        system: The conversation's system message; empty for none.
        unused_fields: Fields of the row that `kb` does not use; they are kept and written back.
    """

    id: str
    prompt: str
    completion: str
    label: bool
    group: str
    split: Split
    context: str = ""
    origin: str = "import"
    turns: tuple[tuple[str, str], ...] = ()
    system: str = ""
    unused_fields: Mapping[str, Any] = field(default_factory=dict, hash=False)


def read_judged(path: Path) -> Iterator[Judged]:
    """Yield the rows of a JSONL file, one at a time.

    Raises:
        DataError: The file is absent or a line is at fault.
    """
    return read_rows(path, Judged)
