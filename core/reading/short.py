"""The part of a sentence that answers: the date, amount, name or clause that the question asks for.

Used where no span reader chose one. English and value patterns; a sentence in which nothing fits is its own answer.
"""

from __future__ import annotations

import re

from core.reading.expects import expectation
from core.reading.sentences import Offsets
from core.reading.values import Value, values
from core.reading.words import is_empty, stem, words

_WORD = re.compile(r"[^\W_]+(?:['’][^\W\d_]+)*")
_DURATION = re.compile(
    r"(?:(?:about|every|within|at least|up to)\s)?(?:\d[\d.,]*|[a-z]+(?:-[a-z]+)?)\s"
    r"(?:(?:calendar|working|business)\s)?(?:seconds?|minutes?|hours?|days?|weeks?|months?|years?|decades?)(?:\sand\s\d+\s(?:minutes?|seconds?|days?|months?))?",
    re.IGNORECASE,
)
_COUNTED = re.compile(
    r"\b(?:zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen"
    r"|nineteen|(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:-\w+)?|hundred|dozen|once|twice)\b",
    re.IGNORECASE,
)
_NAME = re.compile(
    r"(?:(?:Dr|Mr|Mrs|Ms|Prof)\.?\s)?[A-Z\u00c0-\u00de][\w’'.-]*(?:\s(?:(?:of|de|van|von|der|and|&|the)\s)*[A-Z\u00c0-\u00de\d][\w’'&-]*)*"
)
_PLACE = re.compile(
    r"\b(?:in|at|from|near|to|on|via)\s(?P<name>(?:the\s)?[A-Z\u00c0-\u00de][\w’'-]*(?:[\s,]+[A-Z\u00c0-\u00de][\w’'-]*)*)"
)
_REASON = re.compile(
    r"\b(?:because(?: of)?|due to|since|so that|in order to|owing to)\b(?P<rest>.+)", re.IGNORECASE | re.DOTALL
)
_IS = re.compile(r"\b(?:is|are|was|were|means?|refers? to)\b\s(?P<rest>.+)", re.IGNORECASE | re.DOTALL)
_PROPERTY = re.compile(r"^(?P<name>[^:]{2,60}):\s+(?P<rest>\S.*)$", re.DOTALL)
_DATE_NAMES = re.compile(
    r"\b(?:(?:mon|tues|wednes|thurs|fri|satur|sun)days?"
    r"|(?:spring|summer|autumn|winter)(?: (?:of )?(?:19|20)\d\d)?|(?:1[5-9]|20)\d\d)\b",
    re.IGNORECASE,
)


def short_span(question: str, sentence: str) -> Offsets:
    """Return the span of a sentence that answers a question, the sentence without its full stop where none is told."""
    whole = (0, len(sentence.rstrip(" .")))
    expected = expectation(question)
    kind = expected.kind if expected else ""
    property_line = _PROPERTY.match(sentence)
    named = property_line and _overlap(question, property_line["name"])
    if property_line is not None and named:
        rest = property_line.start("rest")
        if kind in ("", "person", "definition", "place"):
            return rest, len(sentence.rstrip(" ."))
    found = [span for span in _of_kind(kind, sentence) if not _repeats(question, sentence[slice(*span)])]
    return min(found, key=lambda span: _distance(question, sentence, span), default=whole)


def _of_kind(kind: str, sentence: str) -> list[Offsets]:
    if kind == "duration":
        return [match.span() for match in _DURATION.finditer(sentence) if _counts(match[0])]
    if kind in ("money", "percent", "date"):
        return [(value.start, value.end) for value in values(sentence) if value.kind == kind] or _loosely(
            kind, sentence
        )
    if kind == "number":
        numbers = [_with_unit(sentence, value) for value in values(sentence) if value.amount is not None]
        return numbers or [match.span() for match in _COUNTED.finditer(sentence)]
    if kind == "person":
        return [match.span() for match in _NAME.finditer(sentence) if match.start() or " " in match[0]]
    if kind == "place":
        return [match.span("name") for match in _PLACE.finditer(sentence)]
    patterns = {"reason": _REASON, "definition": _IS}
    match = patterns[kind].search(sentence) if kind in patterns else None
    return (
        [(match.start("rest") + 1 if kind == "reason" else match.start("rest"), len(sentence.rstrip(" .")))]
        if match
        else []
    )


def _loosely(kind: str, sentence: str) -> list[Offsets]:
    if kind == "date":
        return [match.span() for match in _DATE_NAMES.finditer(sentence)]
    return [(value.start, value.end) for value in values(sentence) if value.amount is not None]


def _with_unit(sentence: str, value: Value) -> Offsets:
    """A number with the word after it where that is a unit: "9.4 kg", not "seven make"."""
    unit = re.match(
        r"\s(?:kg|g|m|km|cm|mm|ft|l|litres?|W|kW|V|bar|°C|t/ha|GB|MB|percent|people|employees|days|hours)\b",
        sentence[value.end :],
    )
    return value.start, value.end + (unit.end() if unit else 0)


def _counts(text: str) -> bool:
    return bool(re.search(r"\d", text) or _COUNTED.search(text) or re.match(r"(?:every|each)\b", text, re.IGNORECASE))


def _repeats(question: str, piece: str) -> bool:
    """Whether a piece only repeats words of the question."""
    asked = {stem(word) for word in words(question)}
    return all(stem(word) in asked or is_empty(word) for word in words(piece))


def _overlap(question: str, piece: str) -> bool:
    asked = {stem(word) for word in words(question) if not is_empty(word)}
    return any(stem(word) in asked for word in words(piece))


def _distance(question: str, sentence: str, span: Offsets) -> tuple[float, int]:
    """How far a span stands from the question's words in the sentence; what follows them counts as nearer."""
    asked = {stem(word) for word in words(question) if not is_empty(word)}
    places = [match.span() for match in _WORD.finditer(sentence) if stem(match[0].casefold()) in asked]
    gaps = [
        span[0] - end if end <= span[0] else 1.5 * (start - span[1])
        for start, end in places
        if not span[0] <= start < span[1]
    ]
    return (sum(sorted(gaps)[:2]) / min(2, len(gaps)) if gaps else 0.0), span[0]
