"""Numbers that stand before the thing whose number is asked for: "we employed approximately 77,300 people"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.language.answer_kinds import COUNTED, PERCENT_BEHIND
from core.language.english import units
from core.language.english.questions import asking
from core.language.language import language
from core.reading.confidence import probability
from core.reading.near_misses import LIGHT
from core.reading.passages import Passage
from core.reading.proposals.candidates import Proposal, located, units_of
from core.reading.reader import read_question
from core.reading.tables.lookup import meets, years_in
from core.reading.text.sentences import Offsets
from core.reading.text.words import content_stems, is_empty, stem, words

_ADJECTIVES = 2  # between a number and the thing that it counts
_NO_COUNT = re.compile(rf"[{''.join(units.MONEY_SIGNS)}]\s?\Z")
_ONE = ("1", *language("en").small_numbers[1])
_WORD = re.compile(r"[^\W_]+")
_YEAR = re.compile(r"(?:19|20)\d\d")
_WORKFORCE = frozenset(language("en").word_lists["workforce"])
# Close to its thing, with all that is asked; less sure where other sentences give other numbers.
_SURE = {"close": 1.0, "covered": 1.0, "early": 0.5}
_ONE_OF_SEVERAL = {"close": 0.0, "covered": 1.0, "early": 0.5}


@dataclass(frozen=True, slots=True)
class _CountQuestion:
    """What is counted (the stems before its head, and the head as written), what else is asked, and the years.

    Attributes:
        measured: Whether an amount is asked for ("how much milk"), which stands in a measure.
        bare: Whether nothing but the thing is named, so that the number alone answers.
    """

    kind: tuple[str, ...]
    head: str
    rest: tuple[str, ...]
    years: frozenset[str]
    measured: bool
    bare: bool


def from_counts(question: str, passages: Sequence[Passage]) -> list[Proposal]:
    """Return the numbers of the thing that is counted, of sentences that say all that is asked of it.

    Args:
        question: As a person asks it; nothing is proposed for one that does not ask how many.
        passages: Best first.
    """
    parsed = _read(question)
    if parsed is None:
        return []
    proposals: list[Proposal] = []
    for index, passage in enumerate(passages):
        governing = content_stems(passage.source)
        for unit in units_of(passage):
            if unit.kind in ("heading", "row"):
                continue
            text = " ".join(passage.whole[unit.start : unit.end].split())
            number = next(_numbers(parsed, text, governing), "")
            if number:
                quotes = located(passages, index, unit.start, unit.end)
                proposals.append(Proposal("named", number, quotes, features=_SURE))
    features = _SURE if len({proposal.short for proposal in proposals}) == 1 else _ONE_OF_SEVERAL
    confidence = probability("named", features)
    return [Proposal("named", each.short, each.quotes, (), confidence, features) for each in proposals]


def states_count(question: str, text: str) -> bool:
    """Tell whether a text has the number of what a question counts, in a sentence that says all that is asked."""
    parsed = _read(question)
    plain = " ".join(text.split())
    return parsed is not None and any(
        next(_numbers(parsed, sentence, frozenset()), "") for sentence in re.split(r"(?<=[a-z)][.!?])\s+", plain)
    )


def _read(question: str) -> _CountQuestion | None:
    measured = asking.HOW_MUCH.search(question)
    match = asking.HOW_MANY.search(question) or measured
    if match is None:
        return None
    thing = [stem(word) for word in words(match["things"]) if not is_empty(word)]
    if not thing:
        return None
    owner = next((word for each in asking.OWNER.finditer(question) for word in each.groups() if word), "")
    owning = frozenset(map(stem, words(owner)))
    others = read_question(f"{question[: match.start()]} {question[match.end() :]}").terms
    rest = [term for term in others if term not in thing and term not in owning and term not in LIGHT]
    if len(thing) > 1 and not words(match["things"])[-1].endswith("s"):
        thing, rest = thing[:1], [*thing[1:], *rest]  # "how many women took part": a verb follows the noun
    rest = [term for term in rest if not _YEAR.fullmatch(term)]
    head = next(word for word in words(match["things"]) if stem(word) == thing[-1])
    years = frozenset(years_in(question))
    bare = not (rest or owning or years or thing[:-1] or stem(head) in LIGHT)
    return _CountQuestion(tuple(thing[:-1]), head, tuple(rest), years, measured is not None, bare)


def _numbers(question: _CountQuestion, text: str, governing: frozenset[str]) -> Iterator[str]:
    """Yield the numbers of a sentence that stand before the thing, where the sentence says all else that is asked.

    Of several, "3 tins for the hall and 2 for the stairs", those first whose part of the sentence says most of it.
    """
    numbers = list(_counts(question, text, governing))
    yield from (text[slice(*span)] for span in sorted(numbers, key=lambda span: -_terms_around(question, text, *span)))


def _terms_around(question: _CountQuestion, text: str, start: int, end: int) -> float:
    """How much of the terms of a question stands in the part of a sentence that a number is in."""
    before = [match.end() for match in asking.BETWEEN_COUNTS.finditer(text, 0, start)]
    behind = asking.BETWEEN_COUNTS.search(text, end)
    own = content_stems(text[max(before, default=0) : behind.start() if behind else len(text)])
    return sum(meets(term, own) for term in question.rest)


def _counts(question: _CountQuestion, text: str, governing: frozenset[str]) -> Iterator[Offsets]:
    own = content_stems(text)
    stated = frozenset(years_in(text))
    if question.years and stated and stated.isdisjoint(question.years):
        return
    if not all(meets(term, own) or term in governing for term in question.rest):
        return
    for number in COUNTED.finditer(text):
        before, behind = text[: number.start()], text[number.end() :]
        if _YEAR.fullmatch(number[0].strip(".,")) or _NO_COUNT.search(before) or PERCENT_BEHIND.match(behind):
            continue
        if asking.LEFT_OUT.search(before):
            continue
        if question.measured:
            measure = asking.MEASURE.match(behind)
            word = _WORD.match(behind, measure.end()) if measure else None
            if measure and word and stem(word[0].casefold()) == stem(question.head):
                yield number.start(), number.end() + max(0, measure.end("unit"))
            continue
        clause = re.match(r"[^.,;:()]*", behind)
        following = list(_WORD.finditer(clause[0] if clause else ""))[: 1 + _ADJECTIVES + len(question.kind)]
        things = [word for word in following if _is_thing(question, number[0], word[0].casefold(), own)]
        if things and own.issuperset(question.kind):
            yield number.start(), number.end() + (0 if question.bare else things[0].end())


def _is_thing(question: _CountQuestion, number: str, word: str, own: frozenset[str]) -> bool:
    if word == question.head:
        return True
    # "A Band 99 employee": what several are counted of stands in the plural.
    if stem(word) == stem(question.head):
        return number.casefold() in _ONE or not question.head.endswith("s")
    # "How many employees": who employs people says so of them.
    workforce = {word, question.head} <= _WORKFORCE
    return workforce and any(meets(stem(other), own) for other in (question.head, *question.rest) if other != word)
