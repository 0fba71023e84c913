"""Asks a chat model, as the last check, whether the passage says what the answer says. The judge can only drop rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import tee

from pydantic import BaseModel, ConfigDict, Field

from synth.check.base import CheckResult
from synth.generate.ask import CachedChat, ModelRequest
from synth.generate.prompts import prompt
from synth.work.candidate import QuestionCandidate


class Judgement(BaseModel):
    """The judge's reply."""

    model_config = ConfigDict(extra="forbid")

    answered: bool = Field(description="Whether the passage answers the question.")
    correct: bool = Field(description="Whether the answer says what the passage says.")
    complaint: str = Field("", max_length=200, description="What is wrong, in a few words; empty if nothing is.")


@dataclass(frozen=True, slots=True)
class JudgeCheck:
    """Drops rows whose question a chat model finds unanswered by the passage, or whose answer it finds wrong."""

    ask: CachedChat

    @property
    def name(self) -> str:
        """Name of the stage."""
        return "judge"

    def run(self, candidates: Iterable[QuestionCandidate]) -> Iterator[tuple[QuestionCandidate, CheckResult]]:
        """Yield every candidate with its result; a reply that cannot be read drops nothing."""
        candidates_again, to_ask = tee(candidates)
        replies = self.ask.all(map(_request, to_ask))
        for candidate, reply in zip(candidates_again, replies, strict=True):
            judgement = reply.parsed(Judgement)
            bad = judgement is not None and not (judgement.answered and judgement.correct)
            yield (
                candidate,
                CheckResult(f"judge: {judgement.complaint or 'not correct'}" if judgement and bad else ""),
            )


def _request(candidate: QuestionCandidate) -> ModelRequest:
    text = prompt(
        "judge",
        passage="\n\n".join(source.text for source in candidate.sources),
        source=candidate.source.name,
        question=candidate.question,
        answer=candidate.fact.answer,
    )
    return ModelRequest(purpose="judge", text=text, schema=Judgement)
