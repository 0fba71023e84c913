"""The built-in reader's look at a language model's answer: a figure that is not the one asked for is marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from core.metrics import numbers_of, numeric_match
from core.reading.asked import read_asked
from core.reading.read import Reading
from core.types import Statement
from rag.answer.cite import Checked
from rag.answer.pack import Span

# The reader speaks up only where it is rather sure.
MIN_CONFIDENCE = 0.7


def second_look(checked: Checked, question: str, reading: Reading, spans: Sequence[Span]) -> Checked:
    """Mark the first sentence whose figures are all others than the one the reader finds.

    Args:
        checked: The model's answer after its check against the cited pages.
        question: As it was searched for.
        reading: What the reader makes of the same passages.
        spans: Where the passages stand.
    """
    figures = numbers_of(reading.short_answer)
    if not (read_asked(question).figure and figures and reading.quotes and reading.confidence >= MIN_CONFIDENCE):
        return checked
    if checked.ground == "abstained" or numeric_match(checked.answer, reading.short_answer):
        return checked
    index = next(
        (
            position
            for position, statement in enumerate(checked.statements)
            if statement.supported and numbers_of(statement.text)
        ),
        None,
    )
    if index is None:
        return checked
    quote = reading.quotes[0]
    span = spans[quote.passage]
    reason = f"the pages give {reading.short_answer} ({span.doc}, p. {span.page + 1 + quote.next_page})"
    statements = list(checked.statements)
    statements[index] = Statement(
        text=statements[index].text, citations=statements[index].citations, supported=False, reason=reason
    )
    return replace(checked, answer=f"{checked.answer}\n[{reason}]", statements=tuple(statements))
