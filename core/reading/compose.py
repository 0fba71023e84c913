"""A reading as lines for a person: the short answer, then its quotes with their places."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from core.language.guess import guess_language
from core.language.language import languages
from core.prompt import ABSTENTION
from core.reading.passages import Passage
from core.reading.proposals.candidates import Quote, quote_span
from core.reading.read import Reading


def abstention_for(question: str) -> str:
    """Return the sentence that says that the documents do not answer, in the question's language where it is known."""
    asked_in = guess_language(question)
    return (asked_in.abstention if asked_in is not None else "") or ABSTENTION


@cache
def all_abstentions() -> tuple[str, ...]:
    """Return that sentence in every language that has it."""
    return (ABSTENTION, *(each.abstention for each in languages() if each.abstention))


@dataclass(frozen=True, slots=True)
class AnswerLine:
    """A line of an answer and the quotes that it shows or rests on."""

    text: str
    quotes: tuple[Quote, ...]


def in_marks(text: str) -> str:
    """Return a text on one line between quotation marks of its own."""
    return "“" + " ".join(text.replace("“", '"').replace("”", '"').split()) + "”"


def compose(reading: Reading, passages: Sequence[Passage], cite: Callable[[Quote], str]) -> list[AnswerLine]:
    """Return the lines of an answer.

    Args:
        reading: What was read; it answers.
        passages: What it was read in.
        cite: Gives the reference that stands after a quote.
    """
    lines = []
    first = " ".join(quote_span(passages, quote) for quote in reading.quotes[:1])
    lead = f"{reading.polarity.capitalize()}: " if reading.polarity else ""
    lead = f"Possibly{' ' + lead.lower() if lead else ': '}" if reading.possible else lead
    computed = f" (computed: {reading.note})" if reading.note and reading.computed_from else ""
    if reading.kind == "list":
        computed = f" ({reading.note})" if reading.note else ""
    # A sentence that is its own answer is shown once.
    repeated = not computed and len(reading.short_answer) >= 0.8 * len(" ".join(first.split()))
    if not repeated:
        lines.append(AnswerLine(f"{lead}{reading.short_answer}{computed}", reading.computed_from or reading.quotes[:1]))
    for index, quote in enumerate(reading.quotes):
        prefix = lead if repeated and index == 0 else ""
        heads = ""
        if quote.heads is not None:
            heads = f" (columns: {in_marks(passages[quote.passage].page[slice(*quote.heads)])})"
        more = f" ({reading.note})" if reading.kind == "section" and reading.note else ""
        lines.append(
            AnswerLine(f"{prefix}{in_marks(quote_span(passages, quote))}{heads} {cite(quote)}{more}", (quote,))
        )
    return lines
