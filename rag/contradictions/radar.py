"""Finds claims of a collection on which documents disagree."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from core.language.english.comparing import PERIODICAL, VALID_FROM
from core.types import Document, Page
from rag.contradictions.claims import Claim, claims_of_page
from rag.contradictions.match import About, Weight, disagreement, idf
from rag.search.cues import dates, periods, words_of_name
from rag.search.profile import said_title

# Words of a claim by which others are looked up: the rarest.
_KEYS = 4
# A word that more claims of one unit hold than this tells them not apart.
_COMMON = 400
_HEAD_CHARS = 2500


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """A document and the day for which it speaks.

    Attributes:
        document: The document.
        date: ISO day, month or year; empty where nothing says it.
        about: What a comparison of claims needs to know of it.
    """

    document: Document
    date: str
    about: About


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreeing:
    """Claims of two or more documents that cannot all hold.

    Attributes:
        claims: One per document and value, the oldest first; undated ones before.
        score: How sure it is, at most 1.
    """

    claims: tuple[Claim, ...]
    score: float


def describe_document(document: Document, opening: Page | None) -> Dated:
    """Return a document with the day and the period for which it speaks, from its name, title and first page."""
    text = opening.text[:_HEAD_CHARS] if opening else ""
    title = said_title(document.title)
    stem = words_of_name(document.doc)
    named = next((period for source in (stem, title) for period in periods(source)), None)
    periodical = bool(PERIODICAL.search(f"{stem}\n{title}\n{text}"))
    date = _date_of(document, text)
    period = f"{named.year}q{named.quarter}" if named and named.quarter else str(named.year) if named else date
    name = frozenset(word.casefold() for word in re.findall(r"[^\W\d_]{3,}", stem))
    return Dated(document=document, date=date, about=About(self_name=name, periodical=periodical, period=period))


def _date_of(document: Document, text: str) -> str:
    marks = list(VALID_FROM.finditer(text))
    # "In force from 1 September 2024": what a page says of itself counts before the dates of the file.
    for mark in marks:
        if mentioned := dates(text[mark.start() : mark.end() + 40]):
            return mentioned[0].isoformat()
    if mentioned := dates(document.doc) or dates(text):
        return mentioned[0].isoformat()
    for name in ("modified", "created", "date"):
        if value := document.metadata.get(name, ""):
            return value[:10]
    named = periods(words_of_name(document.doc))
    return str(named[0].year) if named else ""


def claim_date(claim: Claim, dated: Mapping[str, Dated]) -> str:
    """Return the day for which a claim speaks: as it says itself, else its document's."""
    return claim.in_force or dated[claim.sha256].date


def read_claims(sha256: str, pages: Iterable[Page]) -> Iterator[Claim]:
    """Yield the claims of a document's pages."""
    for page in pages:
        yield from claims_of_page(sha256, page)


def find_disagreements(claims: Sequence[Claim], dated: Mapping[str, Dated]) -> list[Disagreeing]:
    """Return the claims that cannot all hold, the surest first.

    Args:
        claims: Of all documents.
        dated: The documents, by hash.
    """
    about = {sha256: each.about for sha256, each in dated.items()}
    weight = idf(claims)
    pairs = {}
    for first, second in dict.fromkeys(_candidates(claims, weight)):
        score = disagreement(claims[first], claims[second], about, weight)
        if score:
            pairs[first, second] = score
    return _grouped(claims, pairs, dated)


def _candidates(claims: Sequence[Claim], weight: Weight) -> Iterator[tuple[int, int]]:
    """Yield pairs of claims that share one of their rarest words and their unit."""
    buckets: dict[tuple[str, str], list[int]] = defaultdict(list)
    for index, claim in enumerate(claims):
        for word in claim.context | claim.leaning:
            buckets[claim.slot.unit, word].append(index)
    for index, claim in enumerate(claims):
        near: set[int] = set()
        rarest = sorted(claim.context, key=lambda word: (-weight(word), word))
        # What it replaces may stand in a table whose caption has the unit.
        units = [claim.slot.unit] if claim.old is None else [claim.slot.unit, ""]
        keys = [(unit, word) for word in rarest for unit in units if len(buckets[unit, word]) <= _COMMON]
        for key in keys[:_KEYS] if claim.old is None else keys:
            near.update(buckets[key])
        yield from ((min(index, other), max(index, other)) for other in sorted(near) if other != index)


def _grouped(
    claims: Sequence[Claim], pairs: Mapping[tuple[int, int], float], dated: Mapping[str, Dated]
) -> list[Disagreeing]:
    """Join pairs that share a value on a page into one disagreement."""
    parent: dict[int, int] = {}

    def root(index: int) -> int:
        while parent.setdefault(index, index) != index:
            index = parent[index]
        return index

    for first, second in pairs:
        parent[root(first)] = root(second)
    groups: dict[int, list[int]] = defaultdict(list)
    for index in sorted({index for pair in pairs for index in pair}):
        groups[root(index)].append(index)
    result = []
    for members in groups.values():
        score = max(value for (first, _), value in pairs.items() if first in members)
        chosen = {(claims[i].sha256, claims[i].page, claims[i].slot.key): claims[i] for i in members}
        ordered = sorted(chosen.values(), key=lambda claim: (claim_date(claim, dated), claim.sha256, claim.page))
        result.append(Disagreeing(claims=tuple(ordered), score=round(score, 3)))
    return sorted(result, key=lambda each: (-each.score, each.claims[0].sha256, each.claims[0].page))
