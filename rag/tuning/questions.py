"""Questions with the pages that answer them, and their split by document."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import ConfigError

# Shares of the questions that measure what was fitted, and that choose among what was fitted.
HELD_OUT_SHARE = 0.35
CHECK_SHARE = 0.15
MIN_DOCUMENTS = 3

PageKey = tuple[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class TuningQuestion:
    """A question about one document.

    Attributes:
        text: As a person asks it.
        answer: The gold answer; a page that holds it is no certain negative.
        sha256: Hash of the document.
        pages: 0-based pages that answer it.
    """

    text: str
    answer: str
    sha256: str
    pages: frozenset[int]

    @property
    def gold(self) -> frozenset[PageKey]:
        """The pages with their document."""
        return frozenset((self.sha256, page) for page in self.pages)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionSplit:
    """Questions in three parts that share no document.

    Attributes:
        train: What is fitted to.
        check: What chooses among the fits, and ends them.
        held_out: What measures the one that was chosen.
    """

    train: tuple[TuningQuestion, ...]
    check: tuple[TuningQuestion, ...]
    held_out: tuple[TuningQuestion, ...]

    def documents(self, part: str) -> list[str]:
        """Return the hashes of the documents of a part, sorted."""
        return sorted({question.sha256 for question in getattr(self, part)})


def split_by_document(questions: Sequence[TuningQuestion], seed: int) -> QuestionSplit:
    """Split questions so that no document stands in two parts.

    Documents come in an order of their hash and the seed, so that a document stays in its part as others are added.

    Raises:
        ConfigError: The questions are about fewer than three documents.
    """
    by_document: dict[str, list[TuningQuestion]] = defaultdict(list)
    for question in questions:
        by_document[question.sha256].append(question)
    if len(by_document) < MIN_DOCUMENTS:
        raise ConfigError(
            f"questions about {MIN_DOCUMENTS} documents or more are needed, to hold some documents out; there are "
            f"questions about {len(by_document)}",
            hint="kb ingest PATH  # or: kb tune-search --data FILE.jsonl",
            click="Documents > Add files",
        )
    order = sorted(by_document, key=lambda sha256: hashlib.sha256(f"{seed}:{sha256}".encode()).digest())
    held_out, rest = _taken(order, by_document, HELD_OUT_SHARE * len(questions), most=len(order) - 2)
    check, train = _taken(rest, by_document, CHECK_SHARE * len(questions), most=len(rest) - 1)
    parts = [tuple(q for sha256 in part for q in by_document[sha256]) for part in (train, check, held_out)]
    return QuestionSplit(train=parts[0], check=parts[1], held_out=parts[2])


def _taken(
    order: Sequence[str], by_document: dict[str, list[TuningQuestion]], n_questions: float, *, most: int
) -> tuple[list[str], list[str]]:
    """Return documents from the front with about so many questions, at least one, and the others."""
    count, taken = 0.0, 0
    while taken < most and (not taken or count + len(by_document[order[taken]]) / 2 < n_questions):
        count += len(by_document[order[taken]])
        taken += 1
    return list(order[:taken]), list(order[taken:])
