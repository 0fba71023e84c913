"""The prose of a document for the question writer: names, spelling of words, and sentences in their context."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from core.types import Document, Page
from synth.facts.english.casing import Casing
from synth.facts.english.naming import Naming, name_document
from synth.facts.english.page_facts import prose_spans
from synth.facts.english.tables.flat import Flat, flatten

_OPENING_PAGES, _NAMING_PAGES = 16, 4
_PAGES_HELD = 8
_BULLET = re.compile(r"(?:[•●▪◦‣·○■□➢✓*–—-]|\(?(?:\d{1,2}|[a-z]|[ivx]{1,4})[.)])\s+")
_LEADER = re.compile(r"(?:\. ?){4,}|_{4,}")
_WORDS = range(5, 61)
# A reference, an address of the web, a formula: nothing that reads as a sentence.
_NO_PROSE = re.compile(r"https?://|doi:|\bet al\.,? \(?(?:19|20)\d\d|[=≤≥∑∫√∈].*[=≤≥∑∫√∈]|\|", re.IGNORECASE)
_REFERENCE = re.compile(r"^\[\d+\]|\bpp?\. ?\d+|\b(?:In )?Proceedings of\b|\barXiv\b|\bvol\. ?\d", re.IGNORECASE)
_MOST_SIGNS = 0.12


@dataclass(frozen=True, slots=True)
class ProseSentence:
    """A sentence of a page.

    Attributes:
        start: First code point on the page.
        end: One past the last.
        flat: The sentence on one line; its offsets are those of the page.
        before: Sentences that stand right before it, nearest last, each on one line.
        after: The sentence right behind it, empty where there is none.
    """

    start: int
    end: int
    flat: Flat
    before: tuple[str, ...] = ()
    after: str = ""

    def window(self, most_chars: int) -> tuple[str, int]:
        """Return the sentence among its neighbours, as many as fit, and where it begins there."""
        text, offset = self.flat.text, 0
        for sentence in reversed(self.before):
            if len(sentence) + 1 + len(text) > most_chars:
                break
            text, offset = f"{sentence} {text}", offset + len(sentence) + 1
        if self.after and len(text) + 1 + len(self.after) <= most_chars:
            text = f"{text} {self.after}"
        return text, offset


class DocumentProse:
    """What the writer is shown of one document.

    Args:
        document: Title and metadata.
        pages: In order; the first are read.
    """

    def __init__(self, document: Document, pages: Iterable[Page]) -> None:
        opening = list(islice(pages, _OPENING_PAGES))
        self.naming: Naming = name_document(document, opening[:_NAMING_PAGES])
        self.title = " ".join(document.title.split())
        self.casing = Casing()
        for page in opening:
            self.casing.learn(page.text)

    def sentences(self, page_text: str) -> tuple[ProseSentence, ...]:
        """Return the sentences of a page that can be asked about, in order; none of a page without running text."""
        return _sentences(page_text)


@lru_cache(maxsize=_PAGES_HELD)
def _sentences(text: str) -> tuple[ProseSentence, ...]:
    flats = []
    for start, end in prose_spans(text):
        bullet = _BULLET.match(text, start, end)
        first = bullet.end() if bullet else start
        flats.append((first, end, flatten(text, first, end)))
    made = []
    for index, (start, end, flat) in enumerate(flats):
        if not _is_plain(flat.text):
            continue
        near = [other for other in flats[max(0, index - 3) : index] if start - other[1] < 200]
        following = flats[index + 1] if index + 1 < len(flats) and flats[index + 1][0] - end < 4 else None
        before = tuple(other[2].text for other in near)
        made.append(ProseSentence(start, end, flat, before, following[2].text if following else ""))
    return tuple(made)


def _is_plain(sentence: str) -> bool:
    """Whether a line is a whole sentence in words."""
    signs = sum(not (sign.isalnum() or sign.isspace() or sign in ".,;:()'’-“”\"/%$") for sign in sentence)
    return (
        len(sentence.split()) in _WORDS
        and (sentence[0].isupper() or sentence[0] in '“"‘')
        and sentence.rstrip('”")’').endswith(".")
        and signs <= _MOST_SIGNS * len(sentence)
        and not _NO_PROSE.search(sentence)
        and not _REFERENCE.search(sentence)
        and not _LEADER.search(sentence)
    )
