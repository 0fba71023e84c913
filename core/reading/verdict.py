"""Yes or no: what a sentence or the line that it stands under says to a question.

English rules. A sentence denies what a question asks where one of them holds a word that denies, or a word that
excludes a word of the other, and the other does not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from core.language.english import comparing, polarity
from core.language.english.questions import asking, wording
from core.language.english.words import MONTH_OF
from core.language.language import language
from core.reading.text.measures import measures
from core.reading.text.words import is_empty, terms, words
from core.reading.thresholds import held_against, meets, shares_bound

Verdict = Literal["yes", "no", ""]

_ENGLISH = language("en")
# Between two parts of a sentence that each state something.
_CLAUSE_END = re.compile(r"[;.]\s")
_LEAST_BASE = 4  # letters of a word that a syllable before it turns
_SHORTEST_NAME = 3  # a verb at the head of a question is written like it
_LONGEST_MONTH = 31
_WORD = re.compile(r"\w+")
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
    if _is_beyond(question, text):
        return ""
    excepted = _excepted(question, text)
    if excepted is not None:
        rule, is_named = excepted
        answer = verdict(question, short, rule, lead) if is_named is not None else ""
        return answer if not is_named or not answer else "no" if answer == "yes" else "yes"
    against = held_against(question, short, text)
    if against is not None:
        return "yes" if against == "yes" else "no" if against == "no" else ""
    # "Voluntary" denies that something must be done.
    about = _part_about(question, text)
    optional = bool(polarity.DUTY.search(question) and polarity.OPTIONAL.search(about))
    denied = denies(about) or optional
    clauses = [] if shares_bound(question, text) else _CLAUSE_END.split(text)
    outside = next((clause for clause in clauses if meets(question, clause) is False), "")
    if outside:
        if not polarity.RULE.search(outside) and not _is_order(question, outside):
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


def _is_beyond(question: str, text: str) -> bool:
    """Whether a question is about something that a sentence does not name, which holds for some alone ("only staff").

    "May guests use the lift?": it cannot be told whether guests are among them.
    """
    match = polarity.RESTRICTION.search(text)
    if match is None:
        return False
    own, given = frozenset(terms(question)), frozenset(terms(text))
    alone = frozenset(terms(match["first"] or match["after"] or match["before"]))
    return bool(alone) and alone.isdisjoint(own) and not own <= given and not _names_day(question)


def _names_day(text: str) -> bool:
    """Whether a text names a day or a month, of which what is true is told by its place among the others."""
    return any(kind.read(text) for kind in _KINDS)


def _excepted(question: str, text: str) -> tuple[str, bool | None] | None:
    """What a sentence says without its exception, and whether a question asks of what it takes out.

    Returns:
        None where it takes out nothing, or the question has an exception of its own. The second is None where the
        question has some words of the exception and not all: nothing tells whether it is meant.
    """
    match = polarity.EXCEPTION.search(text)
    if match is None or polarity.EXCEPTION.search(question):
        return None
    rule = f"{text[: match.start()].rstrip(' ,(')} {text[match.end() :].lstrip(' ,')}".strip()
    of_rule, own = frozenset(terms(rule)), frozenset(terms(question))
    members = [
        frozenset(terms(member)) - of_rule for member in _members(match["before"] or match["what"] or match["behind"])
    ]
    members = [member for member in members if member]
    if not of_rule or not members:
        return None
    if any(member <= own for member in members):
        return rule, True
    return rule, False if all(member.isdisjoint(own) for member in members) else None


def _members(exception: str) -> list[str]:
    return [exception, *polarity.EXCEPTION_MEMBER.split(exception)]


def _is_order(question: str, clause: str) -> bool:
    """Whether a clause begins with a verb of the question, or what orders it ("Store below 25 °C", "Do not charge")."""
    verb = next(iter(words(polarity.ORDER_OPENING.sub("", clause))), "")
    return bool(verb) and not is_empty(verb) and verb in words(question)[1:]


def answers_otherwise(question: str, text: str) -> bool:
    """Tell whether a text answers without the words of the question: with an opposite, a value or a bound."""
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
    label = polarity.LABEL.match(text)
    statements = polarity.PART_GAP.split(text[label.end() :] if label else text)
    parts = [part for part in statements if shared <= frozenset(terms(part))]
    # What a line lists is governed by its label: "Excluded parts: gasket, glass".
    chosen = f"{label[0] if label else ''}{parts[0]}" if len(parts) == 1 and shared else ""
    return chosen or _clause_of_subject(question, text) or text


def _clause_of_subject(question: str, text: str) -> str:
    """The clause of a sentence that begins with what a question is about, where each has a subject of its own."""
    clauses = text.split("; ")
    opening = asking.YES_NO_SUBJECT.match(question)
    rest = words(question[opening.end() :]) if opening and len(clauses) > 1 else []
    subject = "" if not rest or is_empty(rest[0]) else next(iter(terms(" ".join(rest))), "")
    if not subject or any(wording.ENGLISH.leaning_opening.match(clause) for clause in clauses):
        return ""
    own = [clause for clause in clauses if next(iter(terms(clause)), "") == subject]
    return own[0] if len(own) == 1 and sum(subject in terms(clause) for clause in clauses) == 1 else ""


def _other_value(question: str, text: str) -> bool:
    """Whether both give a day, a month, a year or a quantity of one kind, and not the same."""
    for kind in _KINDS:
        mine, given = kind.read(question), kind.read(text)
        if (mine and given and not mine & given) or kind.is_outside(mine, text):
            return True
    if comparing.THRESHOLD.search(question) or comparing.THRESHOLD.search(text):
        return False
    stated = measures(text)
    for value in measures(question):
        rivals = {(each.number, each.power) for each in stated if each.unit == value.unit}
        if value.unit and len(rivals) == 1 and (value.number, value.power) not in rivals:
            return True
    return False


@dataclass(frozen=True, slots=True)
class _Counted:
    """Values of one kind that follow each other: days, months, years.

    Attributes:
        pattern: Finds them in a text.
        number: The place of a match among them; None where it is none.
        size: How many there are, where the first follows the last; 0 where they do not end.
    """

    pattern: re.Pattern[str]
    number: Callable[[re.Match[str]], int | None]
    size: int

    def read(self, text: str) -> frozenset[int]:
        """Return the values of a text with those between two ends; none where one is open ("since 1990")."""
        numbers, open_ends = self._ends(text)
        return frozenset[int]() if open_ends else numbers

    def is_outside(self, mine: frozenset[int], text: str) -> bool:
        """Tell whether values are all on the wrong side of the open ends of a text, unless they go round."""
        _, open_ends = self._ends(text)
        return bool(open_ends and mine and not self.size) and any(
            all(value < end if after else value > end for value in mine) for end, after in open_ends
        )

    def _ends(self, text: str) -> tuple[frozenset[int], list[tuple[int, bool]]]:
        """Return the values of a text, and those that are an open end, with whether what is meant comes after it."""
        places = [
            (match, number) for match in self.pattern.finditer(text) if (number := self.number(match)) is not None
        ]
        numbers = {number for _, number in places}
        closed: set[int] = set()
        for (first, low), (second, high) in pairwise(places):
            between, before = text[first.end() : second.start()], text[: first.start()]
            both = comparing.AND_ANOTHER.fullmatch(between) and comparing.BETWEEN.search(before)
            if both or comparing.NAME_RANGE.fullmatch(between):
                span = (high - low) % self.size if self.size else high - low
                numbers |= {(low + step) % self.size if self.size else low + step for step in range(span + 1)}
                closed |= {first.start(), second.start()}
        open_ends = [
            (number, end["after"] is not None)
            for match, number in places
            if match.start() not in closed and (end := comparing.OPEN_END.search(text[: match.start()]))
        ]
        return frozenset(numbers), open_ends


def _named(names: Sequence[Sequence[str]]) -> _Counted:
    """Return names that follow each other in a circle as a kind of values."""
    position = {spelling: index for index, spellings in enumerate(names) for spelling in spellings}
    spellings = "|".join(sorted(map(re.escape, position), key=len, reverse=True))

    def number(match: re.Match[str]) -> int | None:
        """The place of a name that is meant so: "in May", not "may" or "May I"."""
        is_name = match[0][:1].isupper() and (match.start() > 0 or len(match[0]) > _SHORTEST_NAME)
        return position[match["name"].casefold()] if is_name else None

    return _Counted(re.compile(rf"\b(?P<name>{spellings})s?\b\.?", re.IGNORECASE), number, len(names))


def _day_of_year(match: re.Match[str]) -> int:
    month = MONTH_OF[(match["month"] or match["before"]).casefold().rstrip(".")]
    return (month - 1) * _LONGEST_MONTH + int(match["day"] or match["after"])


_KINDS = (
    _named(_ENGLISH.weekdays),
    _named(_ENGLISH.months),
    _Counted(comparing.DAY_AND_MONTH, _day_of_year, 12 * _LONGEST_MONTH),
    _Counted(_YEAR, lambda match: int(match[0]), 0),
    _Counted(_WORD, lambda match: _ENGLISH.ordinal(match[0]) or None, 0),
)
