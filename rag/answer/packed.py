"""A question with the passages that it is answered from, and the prompt that shows them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from langchain_core.messages import BaseMessage, SystemMessage

from core.prompt import AnswerPrompt, ShownAtOnce, fill
from core.reading.passages import Passage, render
from core.reading.proposals.candidates import Quote
from rag.answer.pack import Span, widened

# The end of a line that was wrapped: a long line that ends within a sentence.
_WRAPPED = re.compile(r"(?<=[^\n]{60}[a-z,;])\n(?=[^\W\d_])")


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
        flowing: Whether lines of a paragraph are shown as one, as rows of training have them.
        close: Where the passages would stand that a model reads by itself; the reader's are wider.
    """

    question: str
    template: AnswerPrompt
    spans: list[Span]
    passages: list[Passage]
    cosine: float | None
    written_in: list[str]
    mark: str
    flowing: bool = False
    close: Sequence[Span] = ()

    def narrowed(self, places: Sequence[Quote], shown: ShownAtOnce) -> PackedQuestion:
        """Return the question with few passages, as a model's training showed them.

        Args:
            places: One for every passage, best first.
            shown: How many passages, and how much of each around its place.
        """
        spans, passages = [], []
        for place in places[: shown.count]:
            span, passage = self.spans[place.passage], self.passages[place.passage]
            if shown.chars:
                span, passage = _around(span, passage, place, shown.chars)
            elif near := next((each for each in self.close if _holds(each, span, place)), None):
                span, passage = _cut(span, passage, near.start - span.start, near.end - span.start)
            elif self.close:
                span, passage = _around(span, passage, place, max(len(each.text) for each in self.close))
            spans.append(span)
            passages.append(passage)
        written_in = [self.written_in[place.passage] for place in places[: shown.count]]
        return replace(self, spans=spans, passages=passages, written_in=written_in, flowing=shown.chars > 0)

    def as_printed(self) -> PackedQuestion:
        """Return the question with passages as their pages have them, nothing blank.

        A model may quote any of it, and its reply is checked against the pages.
        """
        passages = [replace(passage, text=span.text) for passage, span in zip(self.passages, self.spans, strict=True)]
        return replace(self, passages=passages)

    def messages(self, passages: Sequence[Passage], instructions: str) -> list[BaseMessage]:
        """Return the prompt with these passages."""
        if self.flowing:
            passages = [replace(passage, text=flowing(passage.text)) for passage in passages]
        filled = fill(self.template, render(passages, self.mark), self.question)
        return [SystemMessage(content=instructions), *filled] if instructions else filled


def flowing(text: str) -> str:
    """Return a text whose wrapped lines are joined; short lines, as tables and headings have them, stay."""
    return _WRAPPED.sub(" ", text)


def _around(span: Span, passage: Passage, place: Quote, chars: int) -> tuple[Span, Passage]:
    """Return a passage cut to whole sentences around a place."""
    text = passage.text
    start = min(max(0, place.start - passage.offset), len(text))
    end = min(max(start, place.end - passage.offset), len(text))
    return _cut(span, passage, *widened(text, start, end, max(0, (chars - (end - start)) // 2)))


def _holds(close: Span, span: Span, place: Quote) -> bool:
    """Whether a close passage lies in a wide one and holds a place of its page."""
    same_page = (close.sha256, close.page) == (span.sha256, span.page)
    return same_page and span.start <= close.start <= place.start < close.end <= span.end


def _cut(span: Span, passage: Passage, start: int, end: int) -> tuple[Span, Passage]:
    """Return a passage cut to a part of its text."""
    text = span.text[start:end]
    return replace(span, start=span.start + start, end=span.start + end, text=text), passage.cut(start, end)
