"""Rows for only those facts that a tuned model missed, and never the questions it was tested with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core.errors import DataError
from core.metrics import contains, normalised
from core.types import Fact
from finetune.compare.report.record import read_missed
from synth.generate.base import Generator
from synth.generate.narrowed import NarrowedGenerator
from synth.work.workspace import Planned

# Rows per missed fact where no number was asked for: several phrasings, each in several kinds.
_ROWS_PER_FACT = 12


@dataclass(frozen=True, slots=True)
class MissedFacts:
    """What a report says that a tuned model missed.

    Attributes:
        rows: `missed` of `report.json`.
        test_questions: Held-out questions, normalised: none of them may be trained on.
    """

    rows: Sequence[Mapping[str, Any]]
    test_questions: frozenset[str]

    @property
    def settings(self) -> tuple[str, ...]:
        """Settings below those of the caller: every phrasing, every fact of a chunk."""
        return ("synth.phrasings=12", "synth.per_chunk=100")

    @property
    def row_count(self) -> int:
        """Rows to make where no number is given."""
        return _ROWS_PER_FACT * len(self.rows)

    def only(self, behind: Generator) -> Generator:
        """Return a generator that gives what was missed and nothing else."""
        return NarrowedGenerator(behind, self._chosen)

    def _chosen(self, facts: Iterator[Planned]) -> Iterator[Planned]:
        for planned in facts:
            if self.wants(planned.fact):
                yield replace(planned, fact=self.without_test_questions(planned.fact))

    def wants(self, fact: Fact) -> bool:
        """Whether a fact is one of them: by its id, else by its page and answer."""
        return any(row["fact"] == fact.id if row["fact"] else _same(row, fact) for row in self.rows)

    def without_test_questions(self, fact: Fact) -> Fact:
        """Return a fact with the phrasings that were put to the model made empty.

        The others keep their places, by which the run finds them again; the first check drops what is empty.
        """
        questions = tuple(
            "" if normalised(question) in self.test_questions else question for question in fact.questions
        )
        return replace(fact, questions=questions)


def missed_of(path: Path) -> MissedFacts:
    """Read what a report says was missed.

    Raises:
        DataError: It is no report, or nothing was missed.
    """
    rows, test_questions = read_missed(path)
    if not rows:
        raise DataError("no tuned arm missed a question", path=path, hint="kb compare RUN")
    return MissedFacts(rows, frozenset(normalised(text) for text in test_questions))


def _same(row: Mapping[str, Any], fact: Fact) -> bool:
    """Whether a person's own question asks for this fact: the same page holds the same answer."""
    if row["answer"] is None:
        return False
    places = {(place["doc"], place["page"]) for place in row["places"]}
    same_page = any((quote.doc, quote.page) in places or (quote.doc, None) in places for quote in fact.evidence)
    return same_page and bool(contains(fact.answer, row["answer"]) or contains(row["answer"], fact.answer))
