"""Facts of a document, read by rules: no model, no network, the same on every machine.

One pass over the pages in order. A fact is held back for a while, because a later one may give another answer to the
same question; then neither is kept. Knows the rules' order and what makes a fact usable; refuses to know what is done
with it.
"""

from __future__ import annotations

import hashlib
import re
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import chain, islice

from core.reading.sentences import sentences
from core.types import Citation, Document, Fact, Page
from synth.facts.draft import FactDraft, Span
from synth.facts.english.casing import Casing
from synth.facts.english.naming import Naming, name_document
from synth.facts.english.prose.lists import list_facts
from synth.facts.english.prose.sentence_facts import facts_of
from synth.facts.english.tables.flat import flatten
from synth.facts.english.tables.table_facts import cell_facts

_OPENING_PAGES = 4
_SPELLING_PAGES = 16  # read ahead to see how words are spelled
_HELD = 2000  # facts that wait for a contradiction, and so what memory is bounded by
_MIN_QUESTIONS = 4
_COMMON = frozenset("the of and to in a is that for on with as by are was be at or from an were which has".split())
_WORD = re.compile(r"[^\W\d_]+")
_LEADER = re.compile(r"(?:\. ?){4,}|_{4,}")


def read_facts(document: Document, pages: Iterable[Page]) -> Iterator[Fact]:
    """Yield the facts that a document states, in its order.

    Args:
        document: What the pages belong to.
        pages: In order; read once, one at a time.

    Yields:
        Facts whose quotes stand at their offsets. No question occurs twice, and none has two answers.
    """
    rest = iter(pages)
    opening = list(islice(rest, _SPELLING_PAGES))
    naming = name_document(document, opening[:_OPENING_PAGES])
    casing = Casing()
    for page in opening:
        casing.learn(page.text)
    every = chain(opening, _learnt(rest, casing))
    yield from _agreeing(fact for page in every for fact in _facts_on(document, naming, casing, page))


def _learnt(pages: Iterable[Page], casing: Casing) -> Iterator[Page]:
    for page in pages:
        casing.learn(page.text)
        yield page


def sentences_of(page: Page) -> list[Span]:
    """Return the spans of a page's sentences and list items, which are what facts are looked for in.

    Headings, rows of tables and pages that are not English prose give none.
    """
    if page.quality in ("failed", "empty") or not _is_english(page.text):
        return []
    return [
        (unit.start, unit.end)
        for unit in sentences(page.text)
        if unit.kind in ("prose", "item") and page.text[unit.start : unit.end].rstrip('”")').endswith((".", ";"))
    ]


def _is_english(text: str) -> bool:
    words = [word.casefold() for word in _WORD.findall(text[:6000])]
    return sum(word in _COMMON for word in words) >= 0.12 * len(words) if len(words) >= 12 else False


def _facts_on(document: Document, naming: Naming, casing: Casing, page: Page) -> Iterator[Fact]:
    drafts: list[FactDraft] = []
    for start, end in sentences_of(page):
        if not _LEADER.search(page.text, start, end):
            drafts += facts_of(flatten(page.text, *_without_bullet(page.text, start, end)), naming, casing)
    if page.quality not in ("failed", "empty"):
        drafts += cell_facts(page.text, naming)
        drafts += list_facts(page.text, naming)
    for draft in sorted(drafts, key=lambda draft: draft.quotes[0]):
        if len(draft.questions) >= _MIN_QUESTIONS:
            yield _fact(document, page, draft)


def _without_bullet(text: str, start: int, end: int) -> Span:
    bullet = re.compile(r"(?:[•●▪◦‣·○■□➢✓*–—-]|\(?(?:\d{1,2}|[a-z]|[ivx]{1,4})[.)])\s+").match(text, start, end)
    return (bullet.end() if bullet else start), end


def _fact(document: Document, page: Page, draft: FactDraft) -> Fact:
    evidence = tuple(
        Citation(
            doc=document.doc, sha256=document.sha256, page=page.index, start=start, end=end, quote=page.text[start:end]
        )
        for start, end in draft.quotes
    )
    place = f"{document.sha256}:{page.index}:{draft.quotes[0]}:{draft.value}:{draft.kind}:{draft.questions[0]}"
    return Fact(
        id=hashlib.sha256(place.encode()).hexdigest()[:16],
        kind=draft.kind,
        statement=draft.statement,
        subject=draft.subject,
        value=page.text[slice(*draft.value)],
        answer=draft.answer,
        questions=draft.questions,
        evidence=evidence,
    )


def _agreeing(facts: Iterable[Fact]) -> Iterator[Fact]:
    """Drop repeats of a question, and every fact whose question has another answer elsewhere."""
    waiting: deque[Fact] = deque()
    answers: dict[bytes, bytes] = {}
    contradicted: set[bytes] = set()
    for fact in facts:
        key, answer = _digest(fact.questions[0]), _digest(fact.answer)
        if key in answers:
            if answers[key] != answer:
                contradicted.add(key)
            continue
        answers[key] = answer
        waiting.append(fact)
        if len(waiting) > _HELD:
            first = waiting.popleft()
            if _digest(first.questions[0]) not in contradicted:
                yield first
    yield from (fact for fact in waiting if _digest(fact.questions[0]) not in contradicted)


def _digest(text: str) -> bytes:
    return hashlib.blake2b(" ".join(text.casefold().split()).encode(), digest_size=10).digest()
