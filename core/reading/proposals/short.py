"""The part of a sentence that answers: the date, amount, name or clause that the question asks for.

Used where no span reader chose one. English and value patterns; a sentence in which nothing fits is its own answer.
"""

from __future__ import annotations

import re

from core.language.answer_kinds import expectation
from core.language.english.questions import short_answers
from core.reading.text.sentences import Offsets
from core.reading.text.values import Value, values
from core.reading.text.words import is_empty, stem, words

_WORD = re.compile(r"[^\W_]+(?:['’][^\W\d_]+)*")


def short_span(question: str, sentence: str) -> Offsets:
    """Return the span of a sentence that answers a question, the sentence without its full stop where none is told."""
    whole = (0, len(sentence.rstrip(" .")))
    expected = expectation(question)
    kind = expected.kind if expected else ""
    property_line = short_answers.PROPERTY.match(sentence)
    named = property_line and _overlap(question, property_line["name"])
    if property_line is not None and named:
        rest = property_line.start("rest")
        if kind in ("", "person", "definition", "place"):
            return rest, len(sentence.rstrip(" ."))
    spans = [span for span in spans_of_kind(kind, sentence) if not _repeats(question, sentence[slice(*span)])]
    return min(spans, key=lambda span: _distance(question, sentence, span), default=whole)


def spans_of_kind(kind: str, sentence: str) -> list[Offsets]:
    """Return the spans of a sentence that are of a kind of answer: a duration, an amount, a date, a name, a place."""
    if kind == "duration":
        return [match.span() for match in short_answers.DURATION.finditer(sentence) if _counts(match[0])]
    if kind in ("money", "percent", "date", "time"):
        return [(value.start, value.end) for value in values(sentence) if value.kind == kind] or _loosely(
            kind, sentence
        )
    if kind == "number":
        numbers = [_with_unit(sentence, value) for value in values(sentence) if value.amount is not None]
        return numbers or [match.span() for match in short_answers.COUNTED.finditer(sentence)]
    if kind == "person":
        return [match.span() for match in short_answers.NAME.finditer(sentence) if match.start() or " " in match[0]]
    if kind == "place":
        return [match.span("name") for match in short_answers.PLACE.finditer(sentence)]
    patterns = {"reason": short_answers.REASON, "definition": short_answers.IS}
    match = patterns[kind].search(sentence) if kind in patterns else None
    return (
        [(match.start("rest") + 1 if kind == "reason" else match.start("rest"), len(sentence.rstrip(" .")))]
        if match
        else []
    )


def _loosely(kind: str, sentence: str) -> list[Offsets]:
    if kind == "date":
        return [match.span() for match in short_answers.DATE_NAMES.finditer(sentence)]
    return [(value.start, value.end) for value in values(sentence) if value.amount is not None]


def _with_unit(sentence: str, value: Value) -> Offsets:
    """A number with the word after it where that is a unit: "9.4 kg", not "seven make"."""
    unit = short_answers.UNIT.match(sentence[value.end :])
    return value.start, value.end + (unit.end() if unit else 0)


def _counts(text: str) -> bool:
    return bool(re.search(r"\d", text) or short_answers.COUNTED.search(text) or short_answers.EVERY.match(text))


def _repeats(question: str, piece: str) -> bool:
    """Whether a piece only repeats words of the question."""
    question_stems = {stem(word) for word in words(question)}
    return all(stem(word) in question_stems or is_empty(word) for word in words(piece))


def _overlap(question: str, piece: str) -> bool:
    question_stems = {stem(word) for word in words(question) if not is_empty(word)}
    return any(stem(word) in question_stems for word in words(piece))


def _distance(question: str, sentence: str, span: Offsets) -> tuple[float, int]:
    """How far a span stands from the question's words in the sentence; what follows them counts as nearer."""
    question_stems = {stem(word) for word in words(question) if not is_empty(word)}
    places = [match.span() for match in _WORD.finditer(sentence) if stem(match[0].casefold()) in question_stems]
    gaps = [
        span[0] - end if end <= span[0] else 1.5 * (start - span[1])
        for start, end in places
        if not span[0] <= start < span[1]
    ]
    return (sum(sorted(gaps)[:2]) / min(2, len(gaps)) if gaps else 0.0), span[0]
