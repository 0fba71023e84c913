"""Renders an accepted question as a row, kind by kind: what the prompt holds, and what the model is to answer.

A target never quotes what its prompt does not hold; where the prompt does not hold the answer, the target is the
abstention of `kb ask`, and where a passage contradicts the fact, the target follows the passage and says that it does.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from core.language.english.questions.wording import ENGLISH, PREPOSITION, REQUESTS
from core.metrics import contains
from core.prompt import ABSTENTION
from core.reading.proved import DIFFERS
from core.reading.text.words import terms
from core.types import Alteration, Fact, Pair, Split
from synth.facts.english.casing import lowered
from synth.facts.english.values import is_plural
from synth.making.falsify import altered_passage, falsified, swapped
from synth.making.prompted import Shown, normal, show
from synth.templates.wording import choose, fill
from synth.work.candidate import QuestionCandidate, SourcePassage, digest, order_key
from synth.work.workspace import SynthTables

MEMORY_TAG = "From memory, not from the documents:"
_ORDERS = ("{question} Answer in one sentence.", "In one sentence: {question}", "Tell me in a sentence: {question}")
_CLAIMS = ("Is it true that {claim}?", "Somebody told me that {claim}. Is that right?", "Am I right that {claim}?")
# Prompts in which the same passages stand: in another order and under other keys. Rows of one prompt are trained at the
# price of one (ADR 19); several prompts keep the keys from being learned by heart.
_PROMPTS = 2
# Passages whose company is remembered; bounds the memory.
_REMEMBERED = 4096
# Facts looked at for another value, and for another subject that can do what the first does.
_OTHERS, _SUBJECTS = 8, 60


@dataclass(frozen=True, slots=True)
class RowText:
    """What a row of a kind says.

    Attributes:
        altered: Quotes of the context that are not those of the document.
    """

    question: str
    answer: str
    context: str
    altered: tuple[Alteration, ...] = ()


Made = RowText | None


class Renderer:
    """Renders candidates as rows.

    Args:
        work: Source of other facts.
        seed: Determines keys, marks, order of passages and wordings.
        distractors: Maximum number of distractors in a prompt.
        mode: `knowledge` or `document`; determines the groups.
    """

    def __init__(self, work: SynthTables, *, seed: int, distractors: int, mode: str) -> None:
        self._work = work
        self._seed = seed
        self._distractors = distractors
        self._mode = mode
        self._beside: dict[tuple[str, int], list[SourcePassage]] = {}
        self._kinds: Mapping[str, Callable[[QuestionCandidate, random.Random], Made]] = {
            "closed-book": lambda candidate, _: RowText(candidate.question, candidate.fact.answer, ""),
            "evidence": lambda candidate, _: self._cited(candidate, self._show(candidate, candidate.sources)),
            "distractors": self._with_distractors,
            "contradicts": self._contradicts,
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
        made = self._kinds[kind](candidate, rng)
        if made is None:
            return None
        group, split = self.place(candidate)
        return Pair(
            id=self.row_id(candidate, kind),
            kind=kind,
            question=made.question,
            answer=made.answer,
            context=made.context,
            evidence=candidate.fact.evidence,
            fact=candidate.fact.id,
            group=group,
            split=split,
            origin=candidate.origin,
            template=kind,
            checks=candidate.figures,
            altered=made.altered,
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
        return [hit for hit in candidate.hits if self._distracts(candidate, hit)][: self._distractors]

    def _distracts(self, candidate: QuestionCandidate, passage: SourcePassage) -> bool:
        _, split = self._work.part_of(candidate.source.sha256)
        return (
            not contains(passage.text, candidate.fact.answer)
            and normal(candidate.fact.value) not in normal(passage.text)
            and self._work.part_of(passage.sha256)[1] == split
            and not any(passage.chunk == source.chunk for source in candidate.sources)
        )

    def _company(self, candidate: QuestionCandidate) -> list[SourcePassage]:
        """Return distractors: those beside the same passage in an earlier row, where they serve this question too."""
        key = (candidate.source.chunk, candidate.phrasing % _PROMPTS)
        known = self._beside.get(key)
        if known and all(self._distracts(candidate, passage) for passage in known):
            return known
        own = self.distractors(candidate)
        if own and known is None and len(self._beside) < _REMEMBERED:
            self._beside[key] = own
        return own

    def _show(self, candidate: QuestionCandidate, passages: Sequence[SourcePassage]) -> Shown:
        """Render passages in one of the few prompts that all questions about these passages share."""
        places = sorted(f"{passage.chunk} {passage.start} {passage.end}" for passage in passages)
        number = str(candidate.phrasing % _PROMPTS)
        return show(passages, random.Random(order_key(self._seed, number, *places)))  # noqa: S311

    def _cited(self, candidate: QuestionCandidate, shown: Shown) -> Made:
        fact = candidate.fact
        return RowText(candidate.question, shown.cited(fact.answer, fact.evidence[0]), shown.context)

    def _with_distractors(self, candidate: QuestionCandidate, rng: random.Random) -> Made:  # noqa: ARG002
        wrong = self._company(candidate)
        return self._cited(candidate, self._show(candidate, [*candidate.sources, *wrong])) if wrong else None

    def _contradicts(self, candidate: QuestionCandidate, rng: random.Random) -> Made:
        """A passage with another value than the one that is taught: the answer follows it and says that it differs."""
        fact = candidate.fact
        others = [other.value for other in self._work.others(fact, _OTHERS)]
        altered = None if candidate.also else altered_passage(fact, candidate.source, others, rng)
        if altered is None:
            return None
        wrong = [hit for hit in self._company(candidate) if not contains(hit.text, altered.alteration.value)]
        shown = show([altered.passage, *wrong], rng)
        answer = f"{shown.cited(altered.answer, altered.citation)}\n{DIFFERS}"
        return RowText(candidate.question, answer, shown.context, (altered.alteration,))

    def _abstain(self, candidate: QuestionCandidate, rng: random.Random) -> Made:  # noqa: ARG002
        wrong = self._company(candidate)
        return RowText(candidate.question, ABSTENTION, self._show(candidate, wrong).context) if wrong else None

    def _memory(self, candidate: QuestionCandidate, rng: random.Random) -> Made:  # noqa: ARG002
        wrong = self._company(candidate)
        recalled = f"{MEMORY_TAG} {candidate.fact.answer}"
        return RowText(candidate.question, recalled, self._show(candidate, wrong).context) if wrong else None

    def _unanswerable(self, candidate: QuestionCandidate, rng: random.Random) -> Made:  # noqa: ARG002
        """The question about another subject that neither the passages nor any fact of the collection answers."""
        fact = candidate.fact
        subject = next(
            (text for text in (fact.subject, lowered(fact.subject)) if text and text in candidate.question), ""
        )
        shown = [*candidate.sources, *self._company(candidate)]
        shown_terms = set(terms("\n".join(source.text for source in shown)))
        predicate = (set(terms(candidate.question)) & set(terms(candidate.quotes))) - set(terms(subject))
        # "Who was the head cook?" asks for nothing but its subject: what the collection names, it answers.
        for other in self._work.others(fact, _SUBJECTS) if subject and predicate else ():
            strange = set(terms(other.subject)) - set(terms(subject))
            if strange and not strange & shown_terms and _fits_question_of(predicate, fact, other):
                name = lowered(other.subject) if subject[0].islower() else other.subject
                question = candidate.question.replace(subject, name)
                if not self._work.answers_to(question):
                    return RowText(question, ABSTENTION, self._show(candidate, shown).context)
        return None

    def _false_premise(self, candidate: QuestionCandidate, rng: random.Random) -> Made:
        """A claim with one figure, date or name changed, and the passage that contradicts it."""
        fact = candidate.fact
        wrong = falsified(fact, [other.value for other in self._work.others(fact, _OTHERS)], rng)
        claim = swapped(fact.statement, fact.value, wrong).rstrip(" .")
        if not wrong or claim == fact.statement.rstrip(" .") or normal(wrong) in normal(candidate.source.text):
            return None
        shown = self._show(candidate, candidate.sources)
        question = fill(rng.choice(_CLAIMS), {"claim": lowered(claim)})
        return RowText(question, shown.cited(f"No, {fact.answer}", fact.evidence[0]), shown.context)

    def _instruction(self, candidate: QuestionCandidate, rng: random.Random) -> Made:
        orders = _ORDERS[:1] if candidate.question.startswith(REQUESTS) else _ORDERS
        return RowText(fill(rng.choice(orders), {"question": candidate.question}), candidate.fact.statement, "")

    def _instruction_input(self, candidate: QuestionCandidate, rng: random.Random) -> Made:  # noqa: ARG002
        wording = choose("question-answering", seed=self._seed, key=candidate.id)
        values = {
            "question": candidate.question,
            "answer": candidate.fact.answer,
            "text": "\n\n".join(source.text for source in candidate.sources),
        }
        return RowText(fill(wording.question, values), fill(wording.answer, values), fill(wording.context, values))


def _fits_question_of(predicate: set[str], fact: Fact, other: Fact) -> bool:
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
    return _is_name(subject), is_plural(re.split(PREPOSITION, subject)[0])


def _is_name(subject: str) -> bool:
    """Whether a subject is called by a name: every word of it but the small ones has a capital."""
    words = [word for word in subject.split() if word[0].isalpha() and word not in ENGLISH.small_words]
    return bool(words) and all(word[0].isupper() for word in words) and words[0] not in ENGLISH.articles
