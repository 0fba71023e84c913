"""What is compared: an arm is a model in a configuration that answers questions.

Arms are built by `kb.comparison`; this module defines what an arm is and what it returns.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

from core.types import Citation
from finetune.compare.questions import GoldQuestion

# What an arm is shown beside the question: nothing, what search finds, the right passage, a wrong one.
Shown = Literal["nothing", "found", "oracle", "wrong"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmReply:
    """One answer with what it cost.

    Attributes:
        text: What the arm said, without citation keys and marks.
        abstained: Whether it declined to answer.
        citations: Places that it cites; empty where it was shown nothing.
        statements: Sentences that were checked against what they cite.
        unsupported: Those that did not hold.
        quotes: Stretches that it put between quotation marks as the documents' words.
        quotes_found: Those that stand on a page it was shown.
        context: What it was shown.
        why: Statements by what they were, `read`, `remembered` or `both`, where that was asked.
        route: The way that `auto:RUN` took; empty for other models.
        first_token_s: Seconds to the first token.
        total_s: Seconds to the last.
        prompt_tokens: Tokens read.
        completion_tokens: Tokens written.
    """

    text: str
    abstained: bool
    citations: tuple[Citation, ...] = ()
    statements: int = 0
    unsupported: int = 0
    quotes: int = 0
    quotes_found: int = 0
    context: str = ""
    why: Mapping[str, int] = field(default_factory=dict)
    route: str = ""
    first_token_s: float = 0.0
    total_s: float = 0.0
    prompt_tokens: int = 0
    completion_tokens: int = 0


class ArmAnswerer(Protocol):
    """Answers one question after the other; greedy, so the same question gets the same answer."""

    def answer(self, question: GoldQuestion) -> ArmReply:
        """Answer a question.

        Raises:
            KbError: The model, its server or the search failed.
        """
        ...


@runtime_checkable
class AnswersAhead(Protocol):
    """An arm's answerer that can begin before it is asked: elsewhere, so that its memory is not this process's."""

    def ahead(self, questions: Sequence[GoldQuestion]) -> None:
        """Take the questions that will be asked, in order."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """A model in a configuration.

    Attributes:
        name: What tables call it.
        model: Its spelling.
        shown: What it is shown beside the question.
        tuned: Whether it was trained on these documents.
        reference: Whether it only shows what another model reaches; no verdict recommends it.
        training_s: Seconds that took; 0 where unknown.
        identity: Everything its answers depend on, as JSON values: settings, hashes of files and documents.
        holds: Whether the collection that passages are taken from has a document, by its name.
        open: Makes it ready; on leaving, its model may be unloaded.
    """

    name: str
    model: str
    shown: Shown
    tuned: bool = False
    reference: bool = False
    training_s: float = 0.0
    identity: Mapping[str, Any] = field(default_factory=dict)
    holds: Callable[[str], bool] = lambda _: True
    open: Callable[[], AbstractContextManager[ArmAnswerer]]

    @property
    def experiment(self) -> bool:
        """Whether it is shown what nobody has beforehand: the right passage, or a wrong one."""
        return self.shown in ("oracle", "wrong")

    @property
    def candidate(self) -> bool:
        """Whether it is something that a verdict may recommend."""
        return not self.experiment and not self.reference

    @property
    def effort(self) -> tuple[bool, bool]:
        """What it takes to have it, in order: training comes dearer than an index."""
        return self.tuned, self.shown != "nothing"

    @property
    def fingerprint(self) -> str:
        """Sixteen hex digits that change when its answers may."""
        parts = {"model": self.model, "shown": self.shown, **self.identity}
        return hashlib.sha256(json.dumps(parts, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:16]

    def asks(self, question: GoldQuestion) -> bool:
        """Whether the question can be put to it: the right passage must be known for the two experiments.

        What brings its own passages is for arms that are shown what search finds.
        """
        if question.passages:
            return self.shown == "found"
        if not self.experiment:
            return True
        pages = [place for place in question.places if place.page is not None and self.holds(place.doc)]
        return question.answer is not None and bool(pages)


def pairs(arms: Sequence[Arm]) -> list[tuple[Arm, Arm]]:
    """Return which arms are compared, the one that takes more effort first.

    Candidates each with each; an experiment with the candidate of the same model that is shown what search finds, or,
    where there is none, nothing; a reference with the tuned candidates that are shown the same, or, without such, with
    all that are.
    """
    candidates = [arm for arm in arms if arm.candidate]
    pairs_of_arms = [
        (second, first) if second.effort >= first.effort else (first, second)
        for index, first in enumerate(candidates)
        for second in candidates[index + 1 :]
    ]
    for arm in arms:
        like = [candidate for candidate in candidates if candidate.model == arm.model]
        if arm.experiment and like:
            pairs_of_arms.append((arm, max(like, key=lambda candidate: candidate.shown == "found")))
        if arm.reference:
            alike = [candidate for candidate in candidates if candidate.shown == arm.shown]
            pairs_of_arms += [(arm, other) for other in [other for other in alike if other.tuned] or alike]
    return pairs_of_arms
