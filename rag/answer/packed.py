"""A question with the passages that it is answered from, and the prompt that shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from langchain_core.messages import BaseMessage, SystemMessage

from core.prompt import AnswerPrompt, fill
from core.reading.passages import Passage, render
from rag.answer.pack import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedQuestion:
    """What a question is answered from.

    Attributes:
        question: The question made to stand alone.
        template: The prompt in its language.
        spans: Where the passages stand.
        passages: As a model or the reader takes them.
        cosine: Best `dense` score of the hits, where a dense list ran.
        written_in: Code of the language of each passage's page.
        mark: What stands around the passages in a prompt.
    """

    question: str
    template: AnswerPrompt
    spans: list[Span]
    passages: list[Passage]
    cosine: float | None
    written_in: list[str]
    mark: str

    def narrowed(self, order: Sequence[int], count: int) -> PackedQuestion:
        """Return the question with the first `count` passages of an order; unchanged where there are no more."""
        if len(self.passages) <= count:
            return self
        chosen = order[:count]
        return replace(
            self,
            spans=[self.spans[index] for index in chosen],
            passages=[self.passages[index] for index in chosen],
            written_in=[self.written_in[index] for index in chosen],
        )

    def messages(self, passages: Sequence[Passage], instructions: str) -> list[BaseMessage]:
        """Return the prompt with these passages."""
        filled = fill(self.template, render(passages, self.mark), self.question)
        return [SystemMessage(content=instructions), *filled] if instructions else filled
