"""What two states of a collection differ in: documents, and questions that are answered otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from core.rows import read_records, row_fault
from core.types import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedAnswer:
    """A question that is answered otherwise.

    Attributes:
        question: As asked.
        before: The answer of the first state.
        after: The answer of the second.
    """

    question: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotDifference:
    """What two states of a collection differ in.

    Attributes:
        before: Name of the first.
        after: Name of the second; `now` for the collection as it is.
        added: Documents that only the second has.
        removed: Documents that only the first has.
        changed: Documents of one name and other bytes: `{"doc", "before", "after"}`, hashes.
        answers: Questions that are answered otherwise.
        questions: How many were asked.
    """

    before: str
    after: str
    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[dict[str, str], ...]
    answers: tuple[ChangedAnswer, ...] = ()
    questions: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return what `kb snapshot NAME --diff --json` prints."""
        return asdict(self)

    def lines(self) -> Iterator[str]:
        """Yield the difference for a person, and what was compared and is alike."""
        if not (self.added or self.removed or self.changed):
            yield f"no document differs between {self.before} and {self.after}"
        yield from (f"added    {doc}" for doc in self.added)
        yield from (f"removed  {doc}" for doc in self.removed)
        yield from (f"changed  {each['doc']} ({each['before'][:12]} -> {each['after'][:12]})" for each in self.changed)
        for each in self.answers:
            yield f"answer   {each.question}"
            yield f"  {self.before}: {' '.join(each.before.split())[:160]}"
            yield f"  {self.after}: {' '.join(each.after.split())[:160]}"
        if self.questions:
            yield f"{len(self.answers)} of {self.questions} questions are answered otherwise"


def difference_of(before: str, after: str, first: Sequence[Document], second: Sequence[Document]) -> SnapshotDifference:
    """Return what two lists of documents differ in; a document is the same where its hash is.

    Args:
        before: Name of the first state.
        after: Name of the second.
        first: Documents of the first state.
        second: Documents of the second.
    """
    kept = {document.sha256 for document in first} & {document.sha256 for document in second}
    # Several documents may have one name: from folders that each hold a README, for instance.
    gone, came = (_hashes_by_name(documents, kept) for documents in (first, second))
    changed = tuple(
        {"doc": doc, "before": old, "after": new}
        for doc in sorted(gone.keys() & came.keys())
        for old, new in zip(gone[doc], came[doc], strict=False)
    )
    return SnapshotDifference(
        before=before,
        after=after,
        added=_beyond(came, gone),
        removed=_beyond(gone, came),
        changed=changed,
    )


def _hashes_by_name(documents: Sequence[Document], kept: Set[str]) -> dict[str, list[str]]:
    hashes: dict[str, list[str]] = {}
    for document in documents:
        if document.sha256 not in kept:
            hashes.setdefault(document.doc, []).append(document.sha256)
    return hashes


def _beyond(some: Mapping[str, Sequence[str]], others: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Return the names that some documents have more often than others, as often as they are more."""
    return tuple(name for name in sorted(some) for _ in range(len(some[name]) - len(others.get(name, ()))))


def read_questions(path: Path) -> list[str]:
    """Return the questions of a JSONL file: a record with `question` on each line.

    Raises:
        DataError: The file is absent, or a line is not such a record.
    """
    questions = []
    for line, record in read_records(path):
        question = record.get("question") if isinstance(record, dict) else None
        if not isinstance(question, str) or not question.strip():
            raise row_fault("field 'question' is missing", path, line)
        questions.append(question)
    return questions
