"""Checks that quotes stand at their offsets and hold every figure, unit and name of the answer."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from core.language.language import language
from core.metrics import normalised
from core.reading.text.words import canonical, stem, terms, words
from synth.work.candidate import QuestionCandidate

PageText = Callable[[str, int], str]

_FIGURE = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?")
_ENGLISH = language("en")
# Number and calendar words: an answer may hold them only as its quotes do.
_SPELLED = frozenset(
    [
        *(spellings[0] for spellings in (*_ENGLISH.small_numbers[1:], *_ENGLISH.tens)),
        *_ENGLISH.scales,
        *_ENGLISH.word_lists["spelled_quantity"],
    ]
)
_CALENDAR = frozenset(names[0] for names in (*_ENGLISH.months, *_ENGLISH.weekdays))
_TEXTS_HELD = 64  # the phrasings of a fact rest on the same texts
_UNIT = re.compile(r"[\d)]\s?(%|°\s?[CF]?|[a-zA-Zµ]+(?:/[a-z]+)?)|([$€£¥])\s?\d")
_CAPITALISED = re.compile(r"\b[A-Z][\w’'&-]*|\b\w*\d[\w-]*[A-Za-z]\w*")
# Not units although they follow a number.
_IDLE = frozenset(_ENGLISH.word_lists["no_unit"])


def quoted(page_text: PageText) -> Callable[[QuestionCandidate], str]:
    """Return a check that every quote stands at its offsets and inside a passage."""

    def look(candidate: QuestionCandidate) -> str:
        fact = candidate.fact
        for citation in fact.evidence:
            if page_text(citation.sha256, citation.page)[citation.start : citation.end] != citation.quote:
                return f"quote not found at its offsets: “{citation.quote[:80]}”"
            if not any(source.holds(citation) for source in candidate.sources):
                return f"the passage does not contain the quote: “{citation.quote[:80]}”"
        return ""

    return look


def valued(candidate: QuestionCandidate) -> str:
    """Return the reason to drop a fact whose first quote or whose answer does not contain its value, else `""`."""
    fact = candidate.fact
    if not fact.value or fact.value not in fact.evidence[0].quote:
        return f"the quote does not contain the value “{fact.value[:80]}”"
    if not _share_words(fact.value, fact.answer):
        return f"the answer “{fact.answer[:80]}” does not contain the value “{fact.value[:80]}”"
    return ""


def borne_out(candidate: QuestionCandidate) -> str:
    """Return the reason to drop an answer with a number, date, unit or name that is not in the evidence, else `""`.

    Numbers must be spelled as in a quote; a unit may stand in the passage ("in millions" above a table).
    """
    answer, quotes = candidate.fact.answer, candidate.quotes
    written = set(_FIGURE.findall(quotes))
    for figure in _FIGURE.findall(answer):
        if figure not in written:
            return f"the number {figure} is not in the quotes"
    stems = _stems(quotes)
    for word in words(answer):
        if (word in _SPELLED or word in _CALENDAR) and stem(word) not in stems:
            return f"“{word}” is not in the quotes"
    around = stems | _stems("\n".join(source.text for source in candidate.sources))
    close = "".join("\n".join([quotes, *(source.text for source in candidate.sources)]).casefold().split())
    for unit in units(answer):
        if stem(unit) not in around and not (unit.startswith("°") and unit in close):
            return f"the unit “{unit}” is not in the evidence"
    for name in _CAPITALISED.findall(answer):
        if not set(map(stem, words(name))) <= stems:
            return f"“{name}” is not in the quotes"
    return ""


def premise(candidate: QuestionCandidate) -> str:
    """Return the reason to drop a question about something that the passage and its headings do not mention, else `""`.

    Checks its names and numbers, and every content word of the fact’s subject.
    """
    stems = _stems(candidate.about)
    figures = {canonical(figure) for figure in _FIGURE.findall(candidate.about)}
    question = candidate.question
    for figure in _FIGURE.findall(question):
        if canonical(figure) not in figures:
            return f"the number {figure} of the question is not in the passage"
    for match in _CAPITALISED.finditer(question):
        begins = not match.start() or question[: match.start()].rstrip()[-1:] in ".!?:"
        if not begins and not set(map(stem, words(match[0]))) <= stems:
            return f"“{match[0]}” of the question is not in the passage"
    subject = set(terms(candidate.fact.subject))
    if foreign := subject - stems:
        return f"“{min(foreign)}” of the subject is not in the passage"
    # Whose document it is, a quote need not say ("we had ..."); what else is spoken of, it must.
    if subject and not subject & set(terms(candidate.quotes)) and subject - set(terms(candidate.named)):
        return f"the quote does not mention “{candidate.fact.subject[:80]}”"
    return ""


def units(text: str) -> list[str]:
    """Return the unit after each number of a text, lower case, or the currency sign before it."""
    matches = [(after or before).casefold().replace(" ", "") for after, before in _UNIT.findall(text)]
    return [unit for unit in matches if unit not in _IDLE]


@lru_cache(maxsize=_TEXTS_HELD)
def _stems(text: str) -> frozenset[str]:
    return frozenset(map(stem, words(text))).union(sign for sign in "%$€£¥°" if sign in text)


def _share_words(value: str, answer: str) -> bool:
    """Whether one of two spellings stands in the other, normalised."""
    value_words, answer_words = f" {normalised(value)} ", f" {normalised(answer)} "
    return value_words in answer_words or answer_words in value_words
