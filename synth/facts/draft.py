"""A fact as a rule finds it on one page, before it becomes a `Fact`."""

from __future__ import annotations

from dataclasses import dataclass

Span = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class FactDraft:
    """A fact as a rule found it.

    Attributes:
        kind: As in `Fact.kind`.
        statement: One sentence that needs no context.
        subject: What it is about.
        answer: Short answer.
        value: Span of the answer's core on the page, inside the first quote.
        quotes: Spans of the page that prove it.
        questions: Wordings.
    """

    kind: str
    statement: str
    subject: str
    answer: str
    value: Span
    quotes: tuple[Span, ...]
    questions: tuple[str, ...]
