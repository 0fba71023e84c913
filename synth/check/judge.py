"""A chat model that sees the source judges a row last: does the passage say what the answer says.

It only ever drops; nothing passes because a judge liked it. Knows one prompt and its schema.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import tee

from pydantic import BaseModel, ConfigDict, Field

from synth.check.base import Verdict
from synth.generate.ask import Ask, Request
from synth.generate.prompts import prompt
from synth.work.candidate import Candidate


class Judgement(BaseModel):
    """What the judge returns."""

    model_config = ConfigDict(extra="forbid")

    answered: bool = Field(description="Whether the passage answers the question.")
    correct: bool = Field(description="Whether the answer says what the passage says.")
    complaint: str = Field("", max_length=200, description="What is wrong, in a few words; empty if nothing is.")


@dataclass(frozen=True, slots=True)
class Judged:
    """A chat model must find the question answered and the answer right."""

    ask: Ask

    @property
    def name(self) -> str:
        """Name of the stage."""
        return "judge"

    def run(self, candidates: Iterable[Candidate]) -> Iterator[tuple[Candidate, Verdict]]:
        """Yield every candidate with the verdict; a judge that gives no verdict drops nothing."""
        kept, asked = tee(candidates)
        replies = self.ask.all(map(_request, asked))
        for candidate, reply in zip(kept, replies, strict=True):
            found = reply.parsed(Judgement)
            bad = found is not None and not (found.answered and found.correct)
            yield candidate, Verdict(f"the judge: {found.complaint or 'not right'}" if found and bad else "")


def _request(candidate: Candidate) -> Request:
    text = prompt(
        "judge",
        passage="\n\n".join(source.text for source in candidate.sources),
        source=candidate.source.name,
        question=candidate.question,
        answer=candidate.fact.answer,
    )
    return Request(purpose="judge", text=text, schema=Judgement)
