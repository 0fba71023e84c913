"""Answers that the form of a text states: words of short forms, who was at a meeting, lines of action lists,
short answers below headings.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from core.language.english import polarity
from core.language.english.printed import enumerations
from core.language.english.questions import asking, near
from core.language.language import language
from core.reading.confidence import probability
from core.reading.near_misses import unspoken
from core.reading.passages import Passage
from core.reading.proposals.acronyms import asked_short_form, spelled_out
from core.reading.proposals.actions import action_answer
from core.reading.proposals.candidates import Proposal, Quote
from core.reading.proposals.complete import with_groups
from core.reading.proposals.headed import from_headings
from core.reading.proposals.lists import bare_item, item_list
from core.reading.proposals.minutes import attendance
from core.reading.text.sentences import Offsets, sentences_of
from core.reading.text.words import content_stems, stem, words

_ORDINALS = {each: number for number, row in enumerate(language("en").ordinals, 1) for each in row}
_FEATURES = {"covered": 1.0, "complete": 1.0}
_NAMED = {"close": 1.0, "covered": 1.0, "early": 1.0}
# Of the words of a short form, where the question may ask for what they name.
_LOOSE = {"close": 0.6, "covered": 1.0, "early": 1.0}


def from_statements(question: str, passages: Sequence[Passage]) -> list[Proposal]:
    """Return what the form of the pages states in answer to a question."""
    given = (_of_short_form, _of_attendance, _of_actions, _of_place, _of_denying_list, _of_code)
    proposals = [each(question, passages) for each in given]
    return [*(each for each in proposals if each is not None), *from_headings(question, passages)]


def _proposal(short: str, quotes: Sequence[Quote], computed_from: Sequence[Quote] = ()) -> Proposal:
    confidence = probability("list", _FEATURES)
    return Proposal("list", short, tuple(quotes), tuple(computed_from), confidence=confidence, features=_FEATURES)


def _sentence(page: str, span: Offsets) -> Offsets:
    """A span with the sentences that it stands in."""
    units = [unit for unit in sentences_of(page) if unit.start < span[1] and span[0] < unit.end]
    return min([span[0], *(unit.start for unit in units)]), max([span[1], *(unit.end for unit in units)])


def _of_short_form(question: str, passages: Sequence[Passage]) -> Proposal | None:
    short, only = asked_short_form(question)
    places = spelled_out(short, passages) if short else []
    if not places:
        return None
    index, span = places[0]
    page = passages[index].page
    long_form, quote = " ".join(page[slice(*span)].split()), Quote(index, *_sentence(page, span))
    if only:
        return _proposal(long_form, [quote])
    confidence = probability("named", _LOOSE)
    return Proposal("named", long_form, (quote,), confidence=confidence, features=_LOOSE)


def _of_attendance(question: str, passages: Sequence[Passage]) -> Proposal | None:
    given = attendance(question, passages)
    if given is None:
        return None
    page, quote = passages[given.passage].page, Quote(given.passage, *given.around)
    names = [Quote(given.passage, *name) for name in given.names]
    if given.counts:
        return _proposal(str(given.count), [quote], names)
    if any("\n" in page[first.end : second.start] for first, second in pairwise(names)):
        return _proposal(", ".join(page[name.start : name.end] for name in names), [quote], names)
    return _proposal(" ".join(page[slice(*given.value)].split()), [quote])


def _of_actions(question: str, passages: Sequence[Passage]) -> Proposal | None:
    given = action_answer(question, passages)
    if given is None:
        return None
    quotes = list(dict.fromkeys(Quote(line.passage, *line.line) for line in given.lines))
    return _proposal(given.short, quotes, quotes if given.computed else ())


def _of_denying_list(question: str, passages: Sequence[Passage]) -> Proposal | None:
    """The items of the list whose lead-in or heading denies what the question asks who or what may not do."""
    if not asking.NEGATED.search(question) or asking.YES_NO.search(question):
        return None
    topic = content_stems(question)
    for index, passage in enumerate(passages):
        page, units = passage.page, sentences_of(passage.page)
        named = content_stems(f"{passage.source} {page}")
        for governing in dict.fromkeys(unit.header or unit.label for unit in units if unit.kind == "item"):
            if governing is None:
                continue
            lead = page[slice(*governing)]
            if not polarity.DENYING_HEAD.search(lead) or not topic & content_stems(lead) or not topic <= named:
                continue
            items = [unit for unit in units if unit.kind == "item" and governing in (unit.header, unit.label)]
            others = [
                unit
                for unit in units
                if unit.kind == "prose" and topic <= content_stems(page[unit.start : unit.end])
                if polarity.NEGATIVE.search(page[unit.start : unit.end])
            ]
            texts = [page[unit.start : unit.end].rstrip(" .") for unit in others]
            texts += [bare_item(page[unit.start : unit.end]) for unit in items]
            quotes = [
                *(Quote(index, unit.start, unit.end) for unit in others),
                Quote(index, governing[0], items[-1].end),
            ]
            return _proposal("; ".join(" ".join(text.split()) for text in texts), quotes)
    return None


def _of_code(question: str, passages: Sequence[Passage]) -> Proposal | None:
    """A code behind the word that a question names it by: "(reference PP/40821)", "quote job 77123"."""
    match = near.ASKS_CODE.search(question)
    if match is None:
        return None
    name = r"\s+".join(map(re.escape, match["name"].split()))
    pattern = re.compile(rf"\b{name}s?{near.BEFORE_CODE}(?P<code>{near.CODE})", re.IGNORECASE)
    places = [(index, each) for index, passage in enumerate(passages) for each in pattern.finditer(passage.page)]
    if len({each["code"] for _, each in places}) != 1 or unspoken(question, [each.page for each in passages]):
        return None
    index, place = places[0]
    page = passages[index].page
    quote = Quote(index, *_sentence(page, place.span()))
    code = page[slice(*with_groups(page, *place.span("code")))]
    return Proposal("named", code, (quote,), confidence=probability("named", _NAMED), features=_NAMED)


def _of_place(question: str, passages: Sequence[Passage]) -> Proposal | None:
    """The first, second or last item of the list whose heading names its items."""
    match = enumerations.BY_PLACE.match(question)
    if match is None:
        return None
    place, noun = match["place"].casefold(), frozenset((stem(match["noun"].casefold()),))
    topic = content_stems(match["of"] or "")
    for index, passage in enumerate(passages):
        named = frozenset(map(stem, words(f"{passage.source} {passage.page}")))
        listed = item_list(noun, passage.page, index, least=1.0) if topic <= named else None
        number = -1 if place in enumerations.LAST else _ORDINALS.get(place, 0) - 1
        if listed is None:
            continue
        # What is nested in an item has another mark.
        marks = ["0" if (mark := passage.page[low]).isdigit() else mark for low, _ in listed.items]
        kept = [each for each, mark in zip(listed.items, marks, strict=True) if mark == marks[0]]
        if number < len(kept):
            return _proposal(bare_item(passage.page[slice(*kept[number])]), [Quote(index, *kept[number])])
    return None
