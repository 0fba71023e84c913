"""The built-in reader's look at a language model's answer: a figure that is not the one asked for is marked.

Of a small model, an answer that the pages do not bear out gives way to the reader's own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from core.language.english import polarity
from core.metrics import contains, numbers_of, numeric_match, token_f1
from core.reading.asked import read_asked
from core.reading.read import Reading
from core.types import Statement
from rag.answer.answerable import MIN_ANSWERABLE, answerable
from rag.answer.cite import Checked
from rag.answer.pack import Span

# The reader speaks up only where it is rather sure.
MIN_CONFIDENCE = 0.7
GAVE_WAY = "answered by the built-in reader: the model declined, or wrote what the pages bear out less"
KNOWN = "the model knew it, and the page says the same"
# Over a small model it speaks up sooner.
MIN_OVER_SMALL = 0.5
_SAME_WORDS = 0.5
_YES_OR_NO = re.compile(polarity.STATED, re.IGNORECASE)
# Among more numbers than these, one is equal by chance.
_FEW_NUMBERS = 2


def second_look(checked: Checked, question: str, reading: Reading, spans: Sequence[Span]) -> Checked:
    """Mark the first sentence whose figures are all others than the one the reader finds.

    Args:
        checked: The model's answer after its check against the cited pages.
        question: As it was searched for.
        reading: What the reader makes of the same passages.
        spans: Where the passages stand.
    """
    if checked.ground == "abstained" or not _is_other_figure(checked, question, reading):
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
    reason = f"the pages give {reading.short_answer} ({span.doc}, p. {span.page + 1 + quote.pages_on})"
    statements = list(checked.statements)
    statements[index] = Statement(
        text=statements[index].text, citations=statements[index].citations, supported=False, reason=reason
    )
    return replace(checked, answer=f"{checked.answer}\n[{reason}]", statements=tuple(statements))


def silent(reading: Reading, cosine: float | None) -> bool:
    """Whether the reader has no answer: none at all, or a sentence that is not like an answer.

    Args:
        reading: What it makes of the passages.
        cosine: Best likeness of a passage to the question, where one is known.
    """
    doubted = reading.kind == "sentence" and reading.possible and answerable(reading.ranked, cosine) < MIN_ANSWERABLE
    return not reading.answers or doubted


def gives_way(checked: Checked, reading: Reading) -> bool:
    """Whether a small model's answer should give way to what the reader finds on the same pages.

    The reader's confidence is the probability that it is right; where the two differ, a model of this size seldom is.
    That it declines says next to nothing: it does so almost as often where the pages answer as where they do not.

    Args:
        checked: The model's answer after its check against the cited pages.
        reading: What the reader makes of the passages.
    """
    if not reading.answers or not reading.quotes:
        return False
    if checked.ground != "cited":
        return True
    # A sentence of its own making, without the quote that it was taught to begin with, is worth less than any reading.
    unproved = not checked.short_answer
    return (unproved or reading.confidence >= MIN_OVER_SMALL) and not _agree(checked, reading)


def _agree(checked: Checked, reading: Reading) -> bool:
    """Whether an answer says what the reader says, as far as words and figures tell."""
    short = reading.short_answer
    text = checked.short_answer or " ".join(statement.text for statement in checked.statements)
    stated = _YES_OR_NO.match(text)
    if reading.polarity and stated:
        return stated[1].lower() == reading.polarity
    # What the model quotes is the page's word, not its own.
    if not short or contains(checked.short_answer or checked.answer, short):
        return True
    if numbers_of(short):
        return bool(len(numbers_of(text)) <= _FEW_NUMBERS and numeric_match(text, short))
    return token_f1(checked.short_answer, short) >= _SAME_WORDS


def _is_other_figure(checked: Checked, question: str, reading: Reading) -> bool:
    """Whether a figure is asked for, and the reader is rather sure of another one."""
    sure = read_asked(question).figure and numbers_of(reading.short_answer) and reading.quotes
    return bool(
        sure and reading.confidence >= MIN_CONFIDENCE and not numeric_match(checked.answer, reading.short_answer)
    )
