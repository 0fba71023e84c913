"""Facts of a document, read by rules: no model, no network, the same result on every machine.

One pass over the pages in order. A fact waits for a while, because a later one may give another answer to the same
question; then neither is yielded. There are rules for English only: pages in another language give no facts.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Protocol

from core.language.guess import guess_language
from core.types import Citation, Document, Fact, Page
from synth.facts.draft import FactDraft
from synth.facts.english.page_facts import EnglishRules

_OPENING_PAGES = 16  # read ahead: names of the document and the spelling of its words
_WAITING_FACTS = 2000  # facts that wait for a contradiction; bounds the memory
_MIN_QUESTIONS = 4


class FactRules(Protocol):
    """Rules that read facts of one document in one language."""

    def learn(self, page: Page) -> None:
        """Learn from a page after the opening ones, before its facts are read."""
        ...

    def drafts(self, page: Page) -> Sequence[FactDraft]:
        """Return the facts of a page."""
        ...


# Language code to its rules, made for a document and its first pages.
RULES: Mapping[str, Callable[[Document, Sequence[Page]], FactRules]] = {"en": EnglishRules}


def rule_language(text: str) -> str:
    """Return the code of the language whose rules read a page, `""` where there are none for its language.

    A page of figures has too few words to tell its language; English rules read it.
    """
    guessed = guess_language(text)
    return "en" if guessed is None else guessed.code if guessed.code in RULES else ""


def read_facts(document: Document, pages: Iterable[Page]) -> Iterator[Fact]:
    """Yield the facts that a document states, in its order.

    Args:
        document: The document of the pages.
        pages: In order; read once, one at a time.

    Yields:
        Facts whose quotes stand at their offsets. No question occurs twice, and none has two answers.
    """
    yield from _agreeing(_facts(document, iter(pages)))


def _facts(document: Document, pages: Iterator[Page]) -> Iterator[Fact]:
    opening = list(islice(pages, _OPENING_PAGES))
    rules = {code: make(document, opening) for code, make in RULES.items()}
    for page in opening:
        yield from _facts_on(document, rules, page)
    for page in pages:
        for each in rules.values():
            each.learn(page)
        yield from _facts_on(document, rules, page)


def _facts_on(document: Document, rules: Mapping[str, FactRules], page: Page) -> Iterator[Fact]:
    code = rule_language(page.text)
    for draft in rules[code].drafts(page) if code else ():
        if len(draft.questions) >= _MIN_QUESTIONS:
            yield _fact(document, page, draft)


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
        if len(waiting) > _WAITING_FACTS:
            first = waiting.popleft()
            if _digest(first.questions[0]) not in contradicted:
                yield first
    yield from (fact for fact in waiting if _digest(fact.questions[0]) not in contradicted)


def _digest(text: str) -> bytes:
    return hashlib.blake2b(" ".join(text.casefold().split()).encode(), digest_size=10).digest()
