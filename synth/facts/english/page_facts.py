"""All English rules on one page: facts of its sentences, its tables and its lists."""

from __future__ import annotations

import re
from collections.abc import Sequence

from core.reading.text.sentences import sentences
from core.types import Document, Page
from synth.facts.draft import FactDraft, Span
from synth.facts.english.casing import Casing
from synth.facts.english.definite import Definites
from synth.facts.english.naming import name_document
from synth.facts.english.prose.lists import list_facts
from synth.facts.english.prose.options import option_facts
from synth.facts.english.prose.sentence_facts import facts_of
from synth.facts.english.tables.flat import flatten
from synth.facts.english.tables.table_facts import cell_facts

_NAMING_PAGES = 4
# Words that make up an eighth of running text and much less of a table or an index.
_COMMON = frozenset("the of and to in a is that for on with as by are was be at or from an were which has".split())
_LEAST_COMMON_SHARE, _FEWEST_WORDS = 0.12, 12
_SAMPLE_CHARS = 6000
_WORD = re.compile(r"[^\W\d_]+")
_LEADER = re.compile(r"(?:\. ?){4,}|_{4,}")
_BULLET = re.compile(r"(?:[•●▪◦‣·○■□➢✓*–—-]|\(?(?:\d{1,2}|[a-z]|[ivx]{1,4})[.)])\s+")


class EnglishRules:
    """Rules for one English document.

    Args:
        document: Title and metadata, for its names.
        opening: Its first pages, for its names and the spelling of its words.
    """

    def __init__(self, document: Document, opening: Sequence[Page]) -> None:
        self._naming = name_document(document, opening[:_NAMING_PAGES])
        self._casing, self._definites = Casing(), Definites()
        for page in opening:
            self.learn(page)

    def learn(self, page: Page) -> None:
        """Learn from a page how the document spells its words and speaks of its things."""
        self._casing.learn(page.text)
        self._definites.learn(page.text)

    def drafts(self, page: Page) -> Sequence[FactDraft]:
        """Return the facts of a page, by the place of their first quote."""
        if page.quality in ("failed", "empty"):
            return []
        drafts: list[FactDraft] = []
        for start, end in prose_spans(page.text):
            if not _LEADER.search(page.text, start, end):
                bullet = _BULLET.match(page.text, start, end)
                flat = flatten(page.text, bullet.end() if bullet else start, end)
                drafts += facts_of(flat, self._naming, self._casing, self._definites)
        drafts += cell_facts(page.text, self._naming)
        drafts += list_facts(page.text, self._naming)
        drafts += option_facts(page.text, self._naming)
        return sorted(drafts, key=lambda draft: draft.quotes[0])


def prose_spans(text: str) -> list[Span]:
    """Return the spans of the sentences and list items of a page of running text, none for any other page."""
    if not _is_running_text(text):
        return []
    return [
        (unit.start, unit.end)
        for unit in sentences(text)
        if unit.kind in ("prose", "item") and text[unit.start : unit.end].rstrip('”")').endswith((".", ";"))
    ]


def _is_running_text(text: str) -> bool:
    words = [word.casefold() for word in _WORD.findall(text[:_SAMPLE_CHARS])]
    return len(words) >= _FEWEST_WORDS and sum(word in _COMMON for word in words) >= _LEAST_COMMON_SHARE * len(words)
