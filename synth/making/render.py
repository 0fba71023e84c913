"""Renders an accepted question as a row, kind by kind: what the prompt holds, and what the model is to answer.

A target never quotes what its prompt does not hold; where the prompt does not hold the answer, the target is the
abstention of `kb ask`.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping

from core.metrics import contains
from core.reading.extractive import ABSTENTION
from core.reading.words import terms
from core.types import Fact, Pair, Split
from synth.facts.english.casing import lowered
from synth.facts.english.values import is_plural
from synth.making.falsify import falsified, swapped
from synth.making.prompted import Shown, normal, show
from synth.templates.wording import choose, fill
from synth.work.candidate import QuestionCandidate, SourcePassage, digest, order_key
from synth.work.workspace import Workspace

MEMORY_TAG = "From memory, not from the documents:"
_ORDERS = ("{question} Answer in one sentence.", "In one sentence: {question}", "Tell me in a sentence: {question}")
_CLAIMS = ("Is it true that {claim}?", "Somebody told me that {claim}. Is that right?", "Am I right that {claim}?")
# Facts looked at for another value, and for another subject that can do what the first does.
_OTHERS, _SUBJECTS = 8, 60

Made = tuple[str, str, str] | None  # question, answer, context


class Renderer:
    """Renders candidates as rows.

    Args:
        work: Source of other facts.
        seed: Determines keys, marks, order of passages and wordings.
        distractors: Maximum number of distractors in a prompt.
        mode: `knowledge` or `document`; determines the groups.
    """

    def __init__(self, work: Workspace, *, seed: int, distractors: int, mode: str) -> None:
        self._work = work
        self._seed = seed
        self._distractors = distractors
        self._mode = mode
        self._kinds: Mapping[str, Callable[[QuestionCandidate, random.Random], Made]] = {
            "closed-book": lambda one, _: (one.question, one.fact.answer, ""),
            "evidence": lambda one, rng: self._cited(one, show(one.sources, rng)),
            "distractors": self._with_distractors,
            "abstain": self._abstain,
            "memory": self._memory,
            "unanswerable": self._unanswerable,
            "false-premise": self._false_premise,
            "instruction": self._instruction,
            "instruction-input": self._instruction_input,
        }

    def row(self, candidate: QuestionCandidate, kind: str) -> Pair | None:
        """Return the row of a kind, None where the candidate does not allow it (no distractors, nothing to change)."""
        rng = self.rng(candidate, kind)
        parts = self._kinds[kind](candidate, rng)
        if parts is None:
            return None
        question, answer, context = parts
        group, split = self.place(candidate)
        return Pair(
            id=self.row_id(candidate, kind),
            kind=kind,
            question=question,
            answer=answer,
            context=context,
            evidence=candidate.fact.evidence,
            fact=candidate.fact.id,
            group=group,
            split=split,
            origin=candidate.origin,
            template=kind,
            checks=candidate.figures,
        )

    def row_id(self, candidate: QuestionCandidate, kind: str) -> str:
        """Return the id that the row of a kind has."""
        return digest(candidate.id, kind)

    def rng(self, candidate: QuestionCandidate, kind: str) -> random.Random:
        """Return a random generator that depends on seed, candidate and kind."""
        return random.Random(order_key(self._seed, candidate.id, kind))  # noqa: S311

    def place(self, candidate: QuestionCandidate) -> tuple[str, Split]:
        """Return group and split of a candidate: those of its document, or a cluster of phrasings, split later."""
        if self._mode == "document":
            return self._work.part_of(candidate.source.sha256)
        return f"{candidate.fact.id}.{candidate.cluster}", "train"

    def distractors(self, candidate: QuestionCandidate) -> list[SourcePassage]:
        """Return the hits without the answer, best first, from documents of the same split."""
        answer, (_, split) = candidate.fact.answer, self._work.part_of(candidate.source.sha256)
        value = normal(candidate.fact.value)
        return [
            hit
            for hit in candidate.hits
            if not contains(hit.text, answer)
            and value not in normal(hit.text)
            and self._work.part_of(hit.sha256)[1] == split
            and not any(hit.chunk == source.chunk for source in candidate.sources)
        ][: self._distractors]

    def _cited(self, candidate: QuestionCandidate, shown: Shown) -> Made:
        fact = candidate.fact
        return candidate.question, shown.cited(fact.answer, fact.evidence[0]), shown.context

    def _with_distractors(self, candidate: QuestionCandidate, rng: random.Random) -> Made:
        wrong = self.distractors(candidate)
        return self._cited(candidate, show([*candidate.sources, *wrong], rng)) if wrong else None

    def _abstain(self, candidate: QuestionCandidate, rng: random.Random) -> Made:
        wrong = self.distractors(candidate)
        return (candidate.question, ABSTENTION, show(wrong, rng).context) if wrong else None

    def _memory(self, candidate: QuestionCandidate, rng: random.Random) -> Made:
        wrong = self.distractors(candidate)
        recalled = f"{MEMORY_TAG} {candidate.fact.answer}"
        return (candidate.question, recalled, show(wrong, rng).context) if wrong else None

    def _unanswerable(self, candidate: QuestionCandidate, rng: random.Random) -> Made:
        """The question about another subject that neither the passages nor any fact of the collection answers."""
        fact = candidate.fact
        subject = next(
            (text for text in (fact.subject, lowered(fact.subject)) if text and text in candidate.question), ""
        )
        shown = [*candidate.sources, *self.distractors(candidate)]
        shown_terms = set(terms("\n".join(source.text for source in shown)))
        predicate = (set(terms(candidate.question)) & set(terms(candidate.quotes))) - set(terms(subject))
        for other in self._work.others(fact, _SUBJECTS) if subject else ():
            strange = set(terms(other.subject)) - set(terms(subject))
            if strange and not strange & shown_terms and _can_be_said(predicate, fact, other):
                name = lowered(other.subject) if subject[0].islower() else other.subject
                question = candidate.question.replace(subject, name)
                if not self._work.answers_to(question):
                    return question, ABSTENTION, show(shown, rng).context
        return None

    def _false_premise(self, candidate: QuestionCandidate, rng: random.Random) -> Made:
        """A claim with one figure, date or name changed, and the passage that contradicts it."""
        fact = candidate.fact
        wrong = falsified(fact, [other.value for other in self._work.others(fact, _OTHERS)], rng)
        claim = swapped(fact.statement, fact.value, wrong).rstrip(" .")
        if not wrong or claim == fact.statement.rstrip(" .") or normal(wrong) in normal(candidate.source.text):
            return None
        shown = show(candidate.sources, rng)
        question = fill(rng.choice(_CLAIMS), {"claim": lowered(claim)})
        return question, f"No, {shown.cited(fact.answer, fact.evidence[0])}", shown.context

    def _instruction(self, candidate: QuestionCandidate, rng: random.Random) -> Made:
        return fill(rng.choice(_ORDERS), {"question": candidate.question}), candidate.fact.statement, ""

    def _instruction_input(self, candidate: QuestionCandidate, rng: random.Random) -> Made:  # noqa: ARG002
        wording = choose("question-answering", seed=self._seed, key=candidate.id)
        values = {
            "question": candidate.question,
            "answer": candidate.fact.answer,
            "text": "\n\n".join(source.text for source in candidate.sources),
        }
        return fill(wording.question, values), fill(wording.answer, values), fill(wording.context, values)


def _can_be_said(predicate: set[str], fact: Fact, other: Fact) -> bool:
    """Whether a question makes sense with another fact's subject.

    Both subjects are names or both are not, and the other fact's question begins with the same word.
    """
    if _kind_of_noun(other.subject) != _kind_of_noun(fact.subject) or _asks(other) != _asks(fact):
        return False
    predicate_terms = set(terms(other.evidence[0].quote)) - set(terms(other.subject))
    return 2 * len(predicate & predicate_terms) >= len(predicate)


def _asks(fact: Fact) -> str:
    return fact.questions[0].split(" ", 1)[0]


def _kind_of_noun(subject: str) -> tuple[bool, bool]:
    """Whether a subject is called by a name, and whether it takes a verb in the plural."""
    return _is_name(subject), is_plural(re.split(r" (?:of|in|at|for|on|from|to|with) ", subject)[0])


def _is_name(subject: str) -> bool:
    """Whether a subject is called by a name: every word of it but the small ones has a capital."""
    words = [word for word in subject.split() if word[0].isalpha() and word not in ("of", "the", "and", "for")]
    return bool(words) and all(word[0].isupper() for word in words) and words[0] not in ("The", "A", "An")
