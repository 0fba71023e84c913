"""Feedback on answers as training rows: `feedback.jsonl` becomes preferences, pairs and judged answers.

A line holds `id, time, question, answer, rating` (`up` or `down`) and, where known, `correction, model, citations,
collection, context`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock

from core.files import atomic_write
from core.metrics import normalised
from synth.importing.drafts import Draft, Unusable
from synth.importing.fields import Fields, optional, required

_RATINGS: Mapping[str, Literal["up", "down"]] = {
    "up": "up",
    "down": "down",
    "👍": "up",
    "👎": "down",
    "+1": "up",
    "-1": "down",
    "1": "up",
    "like": "up",
    "dislike": "down",
    "good": "up",
    "bad": "down",
    "true": "up",
    "false": "down",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """A person's rating of one answer.

    Attributes:
        id: Unique.
        time: UTC, ISO 8601.
        correction: The answer that the person gave instead, may be empty.
        model: Name of the model that answered.
        citations: As the answer showed them, JSON objects.
        collection: Name of the collection.
        context: The passages in the prompt.
    """

    id: str
    time: str
    question: str
    answer: str
    rating: Literal["up", "down"]
    correction: str = ""
    model: str = ""
    citations: tuple[Mapping[str, Any], ...] = field(default_factory=tuple)
    collection: str = ""
    context: str = ""


def is_feedback(record: Fields) -> bool:
    """Whether a record is a line of `feedback.jsonl`."""
    return "rating" in record and "question" in record and "answer" in record and _rating(record) is not None


def _rating(record: Fields) -> Literal["up", "down"] | None:
    return _RATINGS.get(str(record.get("rating")).strip().lower())


def feedback_from_json(record: Fields) -> Feedback:
    """Read a line of `feedback.jsonl`.

    Raises:
        Unusable: The question or the answer is missing, or the rating is neither up nor down.
    """
    rating = _rating(record)
    if rating is None:
        raise Unusable("the rating is neither up nor down")
    context = record.get("context")
    if isinstance(context, list):
        record = {**record, "context": "\n\n".join(str(part) for part in context)}
    return Feedback(
        id=optional(record, "id"),
        time=optional(record, "time"),
        question=required(record, "question"),
        answer=required(record, "answer"),
        rating=rating,
        correction=optional(record, "correction"),
        model=optional(record, "model"),
        citations=tuple(each for each in record.get("citations") or () if isinstance(each, dict)),
        collection=optional(record, "collection"),
        context=optional(record, "context"),
    )


def append_feedback(path: Path, feedback: Feedback, *, withdrawn: bool = False) -> None:
    """Add a line, in place of earlier ones about the same answer; safe to call from several processes.

    Args:
        path: The file.
        feedback: The last word about an answer of a model to a question.
        withdrawn: Only remove the earlier lines.

    Raises:
        OSError: The disk is full or the folder is read-only.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{path}.lock"):
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.is_file() else []
        kept = [line for line in lines if not _is_about(line, feedback)]
        added = "" if withdrawn else json.dumps(asdict(feedback), ensure_ascii=False) + "\n"
        if len(kept) < len(lines):
            with atomic_write(path) as whole:
                whole.write(("".join(kept) + added).encode("utf-8", "replace"))
            return
        with path.open("a", encoding="utf-8", errors="replace") as handle:
            handle.write(added)
            handle.flush()
            os.fsync(handle.fileno())


def _is_about(line: str, feedback: Feedback) -> bool:
    """Whether a line judges the same answer of the same model to the same question."""
    try:
        record = json.loads(line)
    except ValueError:
        return False
    names = ("question", "answer", "model")
    return isinstance(record, dict) and all(record.get(name, "") == getattr(feedback, name) for name in names)


def feedback_drafts(entries: Iterable[tuple[int, Feedback]]) -> Iterator[tuple[int, Draft | Unusable]]:
    """Yield (line, row or fault).

    A disliked answer with a correction gives a preference (the correction is chosen) and a pair written by a person. A
    liked and a disliked answer to one question (compared without case, marks and articles) give a preference. The rest
    become judged answers. One file of feedback is in memory.
    """
    by_question: dict[str, list[tuple[int, Feedback]]] = {}
    for line, entry in entries:
        by_question.setdefault(normalised(entry.question), []).append((line, entry))
    for same_question in by_question.values():
        yield from _of_question(same_question)


def _of_question(entries: list[tuple[int, Feedback]]) -> Iterator[tuple[int, Draft | Unusable]]:
    liked = [entry for _, entry in entries if entry.rating == "up"]
    answers_liked = {normalised(entry.answer) for entry in liked}
    answers_disliked = {normalised(entry.answer) for _, entry in entries if entry.rating == "down"}
    # The latest liked answer without a dislike: it is compared with the disliked ones.
    best = next((entry for entry in reversed(liked) if normalised(entry.answer) not in answers_disliked), None)
    held_against = False
    singles: list[tuple[int, Draft]] = []
    for line, entry in entries:
        disliked = entry.rating == "down"
        if entry.correction and normalised(entry.correction) != normalised(entry.answer):
            yield line, _draft(entry, answer=entry.correction, origin="person")
            if disliked:
                yield line, _draft(entry, answer=entry.correction, rejected=entry.answer, origin="person")
        elif normalised(entry.answer) in answers_liked & answers_disliked:
            yield line, Unusable("the same answer was liked and disliked")
        elif disliked and best is not None:
            held_against = True
            yield line, _draft(entry, answer=best.answer, rejected=entry.answer, origin=best.model or "import")
        else:
            single = _draft(entry, answer=entry.answer, good=not disliked, origin=entry.model or "import")
            singles.append((line, single))
    liked_in_pair = normalised(best.answer) if best is not None and held_against else None
    for line, single in singles:
        if not (single.good and normalised(single.answer) == liked_in_pair):
            yield line, single


def _draft(
    entry: Feedback, *, answer: str, origin: str, rejected: str | None = None, good: bool | None = None
) -> Draft:
    return Draft(
        question=entry.question,
        answer=answer,
        context=entry.context,
        rejected=rejected,
        good=good,
        kind="feedback",
        origin=origin,
        # A question stays in one split whatever stood in the prompt when it was asked.
        documents=(f"question:{normalised(entry.question)}",),
    )
