"""Questions of a comparison that bring their own passages: passages that contradict, and documents that nobody taught.

A passage that states another value than the one that was taught has to be followed. Where a collection holds no
document that a run was not trained on, invented ones that come with `kb` stand in for it.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.metrics import contains
from core.rows import DatasetFolder
from core.types import Fact
from finetune.compare.probes import probes
from finetune.compare.questions import CONTRADICTED, STAND_IN, GoldQuestion
from kb.comparison.answerers import Passages
from kb.comparison.arms import ArmFactory
from rag.answer.pack import Span
from rag.search.similar import Similarity
from synth.making.falsify import falsified, swapped

# Questions of each kind at most.
MOST_QUESTIONS = 24
STAND_IN_NOTE = (
    "No question asks about a document of yours that was not trained on, so invented ones that come with kb stand in "
    "for one that comes later. For a verdict on your own, add one (kb ingest) and compare again."
)
# Passages beside the altered one, and how deep search is looked at for them.
_BESIDE, _DEPTH = 2, 12
# Values of other facts of its kind that a false one is taken from.
_OTHERS = 8

Cosines = Callable[[str, Sequence[str]], Sequence[float]]


def questions_with_passages(
    questions: Sequence[GoldQuestion], lesson: Path | None, factory: ArmFactory, limit: int | None, *, invented: bool
) -> list[GoldQuestion]:
    """Return what arms that search are asked beside other questions.

    Args:
        questions: The others; those about taught facts are asked with altered passages.
        lesson: Dataset folder that was taught; nothing is contradicted if None.
        factory: Opens the collection.
        limit: Questions of each kind at most; as many as are usual if None.
        invented: Whether invented documents stand in for untaught ones.
    """
    most = min(MOST_QUESTIONS, limit or MOST_QUESTIONS)
    facts = {fact.id: fact for fact in DatasetFolder(lesson).facts()} if lesson is not None else {}
    made = Contradictions(facts, factory.passages).questions(questions, most)
    if invented:
        k = factory.workspace.settings.rag.top_k
        made += stand_in_questions(Similarity(factory.knowledge.embedder), k, most)
    return made


def stand_in_questions(cosines: Cosines, k: int, most: int = MOST_QUESTIONS) -> list[GoldQuestion]:
    """Return questions about invented documents, each with the passages of theirs that search puts first.

    Args:
        cosines: Likeness of a question to texts, as the collection's search has it.
        k: Passages that are shown.
        most: Questions at most.
    """
    reading_probes = [
        (identity, probe) for identity, probe in probes().items() if probe.kind == "reading" and probe.answers
    ]
    texts = list(dict.fromkeys(text for _, probe in reading_probes for text in probe.passages))
    questions = []
    for identity, probe in reading_probes[:most]:
        likeness = dict(zip(texts, cosines(probe.question, texts), strict=True))
        questions.append(
            GoldQuestion(
                id=f"stand-in-{identity.rpartition(':')[2]}",
                text=probe.question,
                answer=probe.answers[0],
                passages=tuple(sorted(texts, key=lambda text: -likeness[text])[:k]),
                strata=(STAND_IN,),
            )
        )
    return questions


@dataclass(frozen=True, slots=True)
class Contradictions:
    """Makes questions about taught facts whose passage states another value.

    Attributes:
        facts: Those that were taught, by id.
        passages: Gives the passages of the collection.
    """

    facts: Mapping[str, Fact]
    passages: Passages

    def questions(self, taught: Sequence[GoldQuestion], most: int = MOST_QUESTIONS) -> list[GoldQuestion]:
        """Return one question per fact that can be altered.

        Args:
            taught: Held-out questions; only those about taught facts are used.
            most: Questions at most.
        """
        unique: dict[str, GoldQuestion] = {}
        for question in taught:
            if question.held_out and question.taught and question.evidence and question.fact in self.facts:
                unique.setdefault(question.fact, question)
        in_turn = sorted(unique.values(), key=lambda question: hashlib.sha256(question.id.encode()).hexdigest())
        made: list[GoldQuestion] = []
        for question in in_turn:
            if len(made) == most:
                break
            if altered := self._altered(question, self.facts[question.fact]):
                made.append(altered)
        return made

    def _altered(self, question: GoldQuestion, fact: Fact) -> GoldQuestion | None:
        """Return a question with its passage altered, None where nothing in it can be."""
        rng = random.Random(question.id)  # noqa: S311 - the same passages each time
        others = [other.value for other in self.facts.values() if other.kind == fact.kind and other.id != fact.id]
        wrong = falsified(fact, rng.sample(others, min(_OTHERS, len(others))), rng)
        spans = self.passages.of_evidence(question)
        if not wrong or not spans:
            return None
        text = swapped(spans[0].text, fact.value, wrong)
        if wrong in spans[0].text or wrong not in text or contains(text, fact.value) or contains(text, fact.answer):
            return None
        shown = [text, *self._beside(question, spans[0], (fact.value, wrong))]
        rng.shuffle(shown)
        return GoldQuestion(
            id=f"contradicted-{question.id}",
            text=question.text,
            answer=wrong,
            passages=tuple(shown),
            strata=(CONTRADICTED,),
            tolerance=0.0,
        )

    def _beside(self, question: GoldQuestion, own: Span, values: Sequence[str]) -> list[str]:
        """Return other passages that search finds, which hold neither the true value nor the false one."""
        hits = self.passages.retriever.search(question.text, _DEPTH)
        texts = [
            hit.text
            for hit in hits
            if not (hit.sha256 == own.sha256 and hit.page == own.page and hit.start < own.end and own.start < hit.end)
            and not any(contains(hit.text, value) for value in values)
        ]
        return texts[:_BESIDE]
