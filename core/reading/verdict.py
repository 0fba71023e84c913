"""Yes or no: what a sentence, the line that it stands under, or the boxes of a form say to a question.

English rules. A sentence denies what a question asks where one of them holds a word that denies, or a word that
excludes a word of the other, and the other does not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Literal

from core.language.english import comparing, polarity
from core.language.english.words import MONTH_OF
from core.language.language import language
from core.reading.text.marks import form_options
from core.reading.text.measures import measures
from core.reading.text.words import is_empty, terms, words
from core.reading.thresholds import held_against, meets

Verdict = Literal["yes", "no", ""]

_ENGLISH = language("en")
# Between two parts of a sentence that each state something.
_CLAUSE_END = re.compile(r"[;.]\s")
_LEAST_BASE = 4  # letters of a word that a syllable before it turns
_SHORTEST_NAME = 3  # a verb at the head of a question is written like it
_YEAR = re.compile(r"\b(?:1[5-9]|20)\d\d\b")


def verdict(question: str, short: str, text: str, lead: str = "") -> Verdict:
    """Tell whether a text says yes or no to a question.

    Args:
        question: One that can be answered so.
        short: The short answer, where a value may stand.
        text: What is quoted.
        lead: The heading or the line before a list that an item stands under; empty for other texts.

    Returns:
        Empty where the text does not tell.
    """
    stated = re.match(polarity.STATED, text, re.IGNORECASE)
    if stated is not None:
        return "yes" if stated[1].lower() == "yes" else "no"
    if form_options(text):
        return _of_boxes(question, text)
    against = held_against(question, short, text)
    if against is not None:
        return "yes" if against == "yes" else "no" if against == "no" else ""
    # "Voluntary" denies that something must be done.
    optional = bool(polarity.DUTY.search(question) and polarity.OPTIONAL.search(text))
    about = _part_about(question, text)
    denied = denies(about) or optional
    outside = next((clause for clause in _CLAUSE_END.split(text) if meets(question, clause) is False), "")
    if outside:
        if not polarity.RULE.search(outside):
            return ""
        denied = not denies(outside)
    else:
        # Of two words that say the same, "not" and "closed", each turns it.
        denied ^= _excludes(question, text)
    denied ^= bool(polarity.DENYING_HEAD.search(lead))
    turned = asks_denial(question)
    if _other_value(question, text):
        return "" if denied or turned else "no"
    return "no" if denied != turned else "yes"


def answers_otherwise(question: str, text: str) -> bool:
    """Tell whether a text answers without the words of the question: with a box, an opposite, a value or a bound."""
    if form_options(text):
        return bool(_of_boxes(question, text))
    otherwise = _excludes(question, text) or meets(question, text) is not None or _other_value(question, text)
    return otherwise or bool(held_against(question, "", text))


def asks_denial(question: str) -> bool:
    """Tell whether a question asks for something not to be so; "Isn't it open?" asks what "Is it open?" asks."""
    return bool(polarity.DENYING.search(polarity.INVERTED.sub("", question)))


def denies(text: str) -> bool:
    """Tell whether a text holds a word that denies, other than in a bound ("no more than six")."""
    return bool(polarity.NEGATIVE.search(comparing.THRESHOLD.sub(" ", text)))


def _excludes(question: str, text: str) -> bool:
    """Whether a text has the counterpart of a word of the question, and not that word itself."""
    # What denies by itself is counted already.
    question, text = polarity.NEGATIVE.sub(" ", question), polarity.NEGATIVE.sub(" ", text)
    if _negates_a_word(question, text) or _negates_a_word(text, question):
        return True
    for first, second in polarity.OPPOSED:
        for mine, other in ((first, second), (second, first)):
            if mine.search(question) and not other.search(question) and other.search(text) and not mine.search(text):
                return True
    return False


def _negates_a_word(text: str, other: str) -> bool:
    """Whether a text has a word with a syllable that denies it, where the other has the word itself: "unpaid"."""
    own, others = set(words(text)), set(words(other))
    return any(
        word.startswith(start) and len(base := word[len(start) :]) >= _LEAST_BASE and base in others - own
        for word in own - others
        if not is_empty(word)
        for start in polarity.DENYING_STARTS
    )


def _part_about(question: str, text: str) -> str:
    """The part of a sentence that has all words of it that the question has, the sentence itself where none has."""
    mine = frozenset(terms(question))
    shared = mine & frozenset(terms(text))
    parts = [part for part in polarity.PART_GAP.split(text) if shared <= frozenset(terms(part))]
    return parts[0] if len(parts) == 1 and shared else text


def _other_value(question: str, text: str) -> bool:
    """Whether both give a day, a month, a year or a quantity of one kind, and not the same."""
    for read in _KINDS:
        mine, given = read(question), read(text)
        if mine and given and not mine & given:
            return True
    if comparing.THRESHOLD.search(question) or comparing.THRESHOLD.search(text):
        return False
    stated = measures(text)
    for value in measures(question):
        rivals = {(each.number, each.power) for each in stated if each.unit == value.unit}
        if value.unit and len(rivals) == 1 and (value.number, value.power) not in rivals:
            return True
    return False


def _named(names: Sequence[Sequence[str]]) -> Callable[[str], frozenset[object]]:
    """Return what reads the positions of some names that follow each other in a circle, with those between two."""
    position = {spelling: index for index, spellings in enumerate(names) for spelling in spellings}
    pattern = re.compile(
        rf"\b(?:{'|'.join(sorted(map(re.escape, position), key=len, reverse=True))})s?\b\.?", re.IGNORECASE
    )

    def read(text: str) -> frozenset[object]:
        places = [(match, position[_bare(match[0], position)]) for match in pattern.finditer(text) if _is_name(match)]
        positions = {index for _, index in places}
        for (first, low), (second, high) in pairwise(places):
            if comparing.NAME_RANGE.fullmatch(text[first.end() : second.start()]):
                positions |= {(low + step) % len(names) for step in range((high - low) % len(names) + 1)}
        return frozenset(positions)

    return read


def _is_name(match: re.Match[str]) -> bool:
    """Whether a word that may be a month or a weekday is meant so: "in May", not "may" or "May I"."""
    return match[0][:1].isupper() and (match.start() > 0 or len(match[0]) > _SHORTEST_NAME)


def _bare(word: str, known: Mapping[str, int]) -> str:
    folded = word.casefold().rstrip(".")
    return folded if folded in known else folded.removesuffix("s")


def _years(text: str) -> frozenset[object]:
    return frozenset(_YEAR.findall(text))


def _dates(text: str) -> frozenset[object]:
    """Days with their months, as numbers."""
    return frozenset(
        (int(match["day"] or match["after"]), MONTH_OF[(match["month"] or match["before"]).casefold().rstrip(".")])
        for match in comparing.DAY_AND_MONTH.finditer(text)
    )


def _ordinals(text: str) -> frozenset[object]:
    return frozenset(number for word in words(text) if (number := _ENGLISH.ordinal(word)))


_KINDS: tuple[Callable[[str], frozenset[object]], ...] = (
    _named(_ENGLISH.weekdays),
    _named(_ENGLISH.months),
    _dates,
    _years,
    _ordinals,
)


def _of_boxes(question: str, text: str) -> Verdict:
    """Return what a box says: the one whose words the question has, one beside "yes" or "no", or the only one."""
    options = form_options(text)
    asked_words = frozenset(terms(question))
    for option in options:
        label = frozenset(terms(option.label))
        if label and label <= asked_words:
            return "yes" if option.marked else "no"
    for option in options:
        stated = re.match(polarity.STATED, option.label, re.IGNORECASE)
        if stated and option.marked:
            return "yes" if stated[1].lower() == "yes" else "no"
    return ("yes" if options[0].marked else "no") if len(options) == 1 else ""
