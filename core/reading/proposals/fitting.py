"""Which proposals can answer a question at all: a number for how many, of the owner that it names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from core.language.answer_kinds import COUNTED, UNCOUNTED, Expectation, expectation
from core.language.calendar import calendar_names
from core.language.english import comparing, people, units
from core.language.english.periods import RECURRING
from core.language.english.questions import asking
from core.language.english.words import ANY_SCALE
from core.reading.asked import asked_thing
from core.reading.named_documents import document_name
from core.reading.passages import Passage
from core.reading.proposals.candidates import Proposal, quote_span
from core.reading.text.values import values
from core.reading.text.words import is_empty, stem, words

# Share of the passages of a document that speak of whom it is about.
_OWN_NAME = 0.75
_ADJECTIVES = 2  # between a number and the thing that it counts
_YEAR = re.compile(r"(?:19|20)\d\d")
_MONEY = re.compile(rf"[{''.join(units.MONEY_SIGNS)}]")
_SCALED = re.compile(rf"\b(?:{ANY_SCALE})\b", re.IGNORECASE)
_CALENDAR = frozenset(calendar_names())
_CAPITAL = re.compile(r"[A-Z][^\W_]*(?:[.&’'-][^\W_]+)*")


def that_fit(question: str, proposals: Sequence[Proposal], passages: Sequence[Passage]) -> list[Proposal]:
    """Return the proposals that can answer a question, those that lack only its number with the number.

    Args:
        question: As a person asks it.
        proposals: Each with its quotes; those without are kept.
        passages: What they were read in.
    """
    counts = asking.HOW_MANY.search(question) is not None
    owners = _owners(question)
    expected = expectation(question)
    undated = expected if expected is not None and expected.kind == "date" and asking.FOR_DATE.match(question) else None
    fitting = []
    bar = 0.0  # what is less sure than a sum that names no thing is a guess
    for proposal in proposals:
        if not proposal.quotes or proposal.kind in ("section", "list"):
            fitting.append(proposal)
            continue
        passage = passages[proposal.quotes[0].passage]
        if owners and not any(_is_spoken_of(owner, passage, passages) for owner in owners):
            continue
        if _is_sum_of_which(question, proposal.short):
            bar = max(bar, proposal.confidence)
            continue
        if proposal.kind in ("named", "table") and undated is not None and not _has_kind(undated, proposal, passages):
            continue
        if _is_a_post(question, proposal.short):
            continue
        if proposal.kind != "table" and _is_of_another(question, proposal, passages):
            continue
        if proposal.kind != "table" and _paid_otherwise(question, proposal, passages):
            continue
        counted = _counted(question, proposal, passages) if counts else proposal
        fitting += [counted] if counted is not None else []
    return [proposal for proposal in fitting if proposal.confidence >= bar]


def _is_sum_of_which(question: str, short: str) -> bool:
    """Whether an answer is a sum of money or a percentage where a thing is asked for ("Which segment")."""
    which = asking.WHICH_ONE.match(question) and asking.WHICH_THINGS.match(question)
    if not which or asking.FIGURE.search(which["things"]):
        return False
    bare = _SCALED.sub("", short)
    return bool(_MONEY.search(bare) or bare.rstrip().endswith("%")) and not re.search(r"[^\W\d_]{3}", bare)


def _is_a_post(question: str, short: str) -> bool:
    """Whether a post is given to a question for who holds one: "Finance Director" for "who is the Chief Engineer"."""
    match = people.WHO_IS.match(question)
    last = short.split()[-1:]
    return bool(match and last and people.POSTS.search(match["post"].title()) and people.POSTS.fullmatch(last[0]))


def _is_of_another(question: str, proposal: Proposal, passages: Sequence[Passage]) -> bool:
    """Whether a quote says of another what is asked of someone: "head of Blue", where that of Green is asked for."""
    match = asking.HELD_OF.search(question)
    if match is None:
        return False
    text = " ".join(" ".join(quote_span(passages, quote) for quote in proposal.quotes).split())
    thing, own = re.escape(match["thing"]), set(words(match["owner"]))
    holders = re.findall(rf"\b(?i:{thing}){asking.OF_HOLDER}", text)
    return bool(holders) and all(own.isdisjoint(words(holder)) for holder in holders)


def _paid_otherwise(question: str, proposal: Proposal, passages: Sequence[Passage]) -> bool:
    """Whether an amount was paid in shares where the question asks for what was paid in cash, or the other way."""
    cash, shares = (pattern.search(question) is not None for pattern in asking.PAID_WITH)
    if cash == shares or not _MONEY.search(proposal.short):
        return False
    text = " ".join(" ".join(quote_span(passages, quote) for quote in proposal.quotes).split())
    part = next((part for part in asking.PART_OF_PRICE.split(text) if proposal.short in part), "")
    in_cash, in_shares = (pattern.search(part) is not None for pattern in asking.PAID_WITH)
    return in_cash != in_shares and in_cash != cash


def _has_kind(expected: Expectation, proposal: Proposal, passages: Sequence[Passage]) -> bool:
    """Whether a value or its quote is of the kind asked for, or tells how often something is."""
    text = " ".join([proposal.short, *(quote_span(passages, quote) for quote in proposal.quotes)])
    return expected.gives.search(text) is not None or RECURRING.search(text) is not None


def _counted(question: str, proposal: Proposal, passages: Sequence[Passage]) -> Proposal | None:
    """A proposal with the number of things that it gives; None where it gives none, or a sum of money."""
    if proposal.kind == "table":
        money = _MONEY.search(proposal.short) and not asking.MONEY_THINGS.search(question)
        return None if money or not COUNTED.search(proposal.short) else proposal
    if _numbers(question, proposal.short):
        return proposal
    text = " ".join(" ".join(quote_span(passages, quote) for quote in proposal.quotes).split())
    numbers, thing = _numbers(question, text), asked_thing(question)
    # "The unit has five separate channels": the number stands before the thing and its adjectives.
    for number in numbers if thing else ():
        following = list(re.finditer(r"[^\W_]+", text[number.end() :]))[: 1 + _ADJECTIVES]
        named = next((word for word in following if stem(word[0].casefold()) == thing[-1]), None)
        if named is not None:
            return replace(proposal, short=text[number.start() : number.end() + named.end()])
    return proposal if UNCOUNTED.search(text) or (numbers and proposal.kind == "sentence") else None


def _numbers(question: str, text: str) -> list[re.Match[str]]:
    """The numbers of a text that count something: no years, dates, times, sums of money, nor those of the question."""
    own = question.casefold().split()
    no_counts = ("date", "time") if asking.MONEY_THINGS.search(question) else ("date", "time", "money")
    others = [value for value in values(text) if value.kind in no_counts]
    return [
        match
        for match in COUNTED.finditer(text)
        if match[0].strip(".,").casefold() not in own
        and not _YEAR.fullmatch(match[0].strip(".,"))
        and not any(value.start < match.end() and match.start() < value.end for value in others)
        and not comparing.ONE_AMONG.match(text, match.start())
    ]


def _owners(question: str) -> list[str]:
    """The names of whom or what something is asked of; none where a question capitalises most of its words."""
    parts = [word for word in re.findall(r"[^\W\d_][\w’'-]*", question) if not is_empty(word.casefold())]
    if 2 * sum(word[0].isupper() for word in parts) > len(parts) + 1:
        return []
    names = []
    for match in asking.OWNER.finditer(question):
        name = next(group for group in match.groups() if group)
        if not any(word.casefold() in _CALENDAR for word in words(name)):
            names.append(name)
    return names


def _is_spoken_of(name: str, passage: Passage, passages: Sequence[Passage]) -> bool:
    """Whether a page or the name of its document has a word of a name, or much of the document has."""
    document = document_name(passage.source)
    squeezed = re.sub(r"[\W_]", "", document).casefold()
    for word in _CAPITAL.findall(name):
        pattern = re.compile(rf"(?<![^\W_]){re.escape(word)}", re.IGNORECASE)
        if word.casefold() in squeezed or pattern.search(passage.page):
            return True
        same = [other for other in passages if document_name(other.source) == document]
        if sum(pattern.search(other.text) is not None for other in same) >= _OWN_NAME * len(same):
            return True
    return False
