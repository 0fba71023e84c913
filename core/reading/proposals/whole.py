"""Answers made whole: what stands below a heading that was quoted, all of an enumeration, all items of a list."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from core.language.answer_kinds import expectation
from core.language.english import polarity
from core.language.english.printed import enumerations
from core.language.english.questions import asking
from core.language.english.units import TIME_UNIT
from core.reading.asked import Asked
from core.reading.passages import Passage
from core.reading.proposals.candidates import Proposal, Quote
from core.reading.proposals.lists import bare_item, body_under, covered, topic
from core.reading.proposals.short import short_span
from core.reading.text.sentences import Offsets, Sentence, sentences_of
from core.reading.text.words import STOPWORDS, content_stems, words

# Share of an item that an answer holds where it is the item.
_WHOLE_ITEM = 0.8
# Kinds of answer that are one value, whatever follows it.
_VALUES = frozenset(("money", "percent", "date", "number", "duration"))
_MOST_LIST_CHARS = 1200
_SHORT_MEMBER_WORDS = 2


def made_whole(question: str, form: Asked, best: Proposal, passages: Sequence[Passage]) -> Proposal:
    """Return an answer with all that belongs to it.

    A heading that only repeats the question gives way to what stands below it. Where a question asks what, which or who
    in general, the first member of an enumeration grows to all of it, and an item to its list.

    Args:
        question: As asked.
        form: What it asks for.
        best: What answers.
        passages: What it was read in.
    """
    if best.kind not in ("span", "sentence", "named") or form.yes_no or not best.quotes or best.quotes[0].pages_on:
        return best
    page = passages[best.quotes[0].passage].page
    units = sentences_of(page)
    unit = next((each for each in units if each.start <= best.quotes[0].start < each.end), None)
    if unit is None:
        return best
    leads = unit.kind == "heading" or page[unit.start : unit.end].endswith(":")
    if leads and not asking.TITLED.search(question) and not asking.ASKS_FOR_PLACE.search(question):
        return _below(question, form, best, unit, units, page)
    if not enumerations.IN_GENERAL.search(question) or enumerations.FOR_ONE.search(question):
        return best
    listed = _all_items(question, best, unit, units, page) if unit.kind == "item" else None
    return listed or _enumerated(question, best, page)


def with_counted_noun(question: str, best: Proposal, quoted: str) -> Proposal:
    """Return an answer that is a number in words with the noun that it counts, where the question names that."""
    counted = asking.HOW_MANY.search(question)
    if counted is None or not best.short.isalnum():
        return best
    behind = re.search(rf"\b{re.escape(best.short)}\s+(?P<noun>[\w-]+)", quoted)
    noun = content_stems(behind["noun"]) if behind else frozenset[str]()
    # A figure stands alone, but for lengths of time.
    needs = best.short.isalpha() or (behind is not None and TIME_UNIT.fullmatch(behind["noun"]))
    named = bool(noun) and noun <= content_stems(counted["things"])
    return replace(best, short=behind[0]) if behind and named and needs else best


def _below(
    question: str, form: Asked, best: Proposal, unit: Sentence, units: Sequence[Sentence], page: str
) -> Proposal:
    """What stands below a heading or a lead-in that only repeats the question, or a list of what it asks for."""
    items = _items_under((unit.start, unit.end), units)
    if not content_stems(best.short) <= content_stems(question) and not (items and _asks_same(question, best.short)):
        return best
    counted = asking.HOW_MANY.search(question) is not None
    if items:
        listed = _listed(best, items, page)
        return replace(listed, short=str(len(items))) if counted else listed
    body = None if counted else body_under(unit, units)
    if body is None:
        return best
    text = page[slice(*body)]
    low, high = (0, len(text.rstrip(" ."))) if form.steps else short_span(question, text)
    quote = Quote(best.quotes[0].passage, *body)
    return replace(best, short=" ".join(text[low:high].split()), quotes=(quote,))


def _asks_same(question: str, lead: str) -> bool:
    """Whether the line over a list names all that a question asks for, and denies what it denies."""
    things = asking.HOW_MANY.sub(" ", question)
    denied = [bool(polarity.NEGATIVE.search(text)) for text in (question, lead)]
    return denied[0] == denied[1] and covered(topic(things) or topic(question), lead) >= 1


def _items_under(governing: Offsets, units: Sequence[Sentence]) -> list[Sentence]:
    """The items of the list that a line leads in: those that stand together, from the first one on."""
    items = [each for each in units if each.kind == "item" and governing in (each.header, each.label)]
    if not items or items[-1].end - items[0].start > _MOST_LIST_CHARS:
        return []
    between = [each for each in units if items[0].start < each.start < items[-1].start]
    first = next((each for each in units if each.start >= governing[1]), None)
    together = first == items[0] and all(each.kind == "item" for each in between)
    return items if together and len(items) > 1 else []


def _listed(best: Proposal, items: Sequence[Sentence], page: str) -> Proposal:
    passage = best.quotes[0].passage
    return replace(
        best,
        short=", ".join(bare_item(page[item.start : item.end]) for item in items),
        quotes=(Quote(passage, items[0].start, items[-1].end),),
        computed_from=tuple(Quote(passage, item.start, item.end) for item in items),
        note="",
    )


def _all_items(question: str, best: Proposal, unit: Sentence, units: Sequence[Sentence], page: str) -> Proposal | None:
    """All items of the list whose lead-in asks the same as the question, where one item is the answer."""
    item = bare_item(page[unit.start : unit.end])
    for governing in (unit.header, unit.label):
        if governing is None or len(best.short) < _WHOLE_ITEM * len(item):
            continue
        items = _items_under(governing, units)
        if items and _asks_same(question, page[slice(*governing)]):
            return _listed(best, items, page)
    return None


def _enumerated(question: str, best: Proposal, page: str) -> Proposal:
    """An answer that is the first member of an enumeration, as all of it."""
    kind = expectation(question)
    quote = best.quotes[0]
    place = re.compile(r"\s+".join(map(re.escape, best.short.split())) or r"\b\B").search(page, quote.start, quote.end)
    if place is None or (kind is not None and kind.kind in _VALUES):
        return best
    start, end = place.span()
    article = enumerations.ARTICLE_BEFORE.search(page, quote.start, start)
    start = start if article is None else article.start()
    further = enumerations.FURTHER.match(page, end, quote.end)
    if further is None or enumerations.PARTING.search(page[start:end]):
        return best
    members = [part for part in enumerations.PARTING.split(further["members"]) if part]
    if not _alike(page[start:end], members):
        return best
    return replace(best, short=" ".join(page[start : further.end("members")].split()).rstrip("."))


def _alike(first: str, members: Sequence[str]) -> bool:
    """Whether the members of an enumeration are of one build: names, or nouns with what stands before them."""
    if any(set(words(member)) & (STOPWORDS - enumerations.IN_MEMBER - _determiners(member)) for member in members):
        return False
    if first[:1].isupper() and not enumerations.DETERMINER.match(first):
        return all(_is_name(member) for member in (first, *members))
    if any(_is_name(member) for member in members):
        return False
    if enumerations.DETERMINER.match(first):
        return all(enumerations.DETERMINER.match(member) or _is_bare(member, members) for member in members)
    # Two words joined by "and" may be the beginning of another clause.
    return len(members) > 1 and _is_bare(first, members)


def _determiners(member: str) -> frozenset[str]:
    match = enumerations.DETERMINER.match(member)
    return frozenset(words(match[0])) if match else frozenset()


def _is_bare(member: str, members: Sequence[str]) -> bool:
    return len(members) > 1 and len(member.split()) <= _SHORT_MEMBER_WORDS


def _is_name(member: str) -> bool:
    return all(word[:1].isupper() or word.casefold() in enumerations.IN_MEMBER for word in member.split())
