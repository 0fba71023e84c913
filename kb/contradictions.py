"""Facts on which documents of a collection disagree, and what an answer says about them."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any

from core.reading.text.values import value_keys
from core.reading.text.words import stem, words
from core.types import Answer, Citation
from kb.views.as_json import PageLabel, page_labels
from kb.workspace import Workspace
from rag.catalogue.reader import CatalogueReader
from rag.contradictions.claims import Claim, claims_of_page
from rag.contradictions.radar import (
    Dated,
    Disagreeing,
    claim_date,
    describe_document,
    find_disagreements,
    read_claims,
)
from rag.open import Knowledge

# Passages among which an answer's statement is looked for in other documents.
_LOOKED_UP = 12
_MOST_NOTES = 3
_GAP, _MOST_COLUMNS = "  |  ", 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """What one document says.

    Attributes:
        place: The sentence or the row, as it stands on its page.
        page_label: What is printed on the page, or its number from 1.
        value: The value in it.
        value_start: First code point of the value in the page's text; `value_end` is one past its last.
        date: Day, month or year for which it speaks; empty where nothing says it.
    """

    place: Citation
    page_label: str
    value: str
    value_start: int
    value_end: int
    date: str

    def where(self) -> str:
        """Return the place and the date as a person reads them."""
        return f"{self.place.doc}, p. {self.place.page + 1}" + (f" ({self.date})" if self.date else "")

    def to_json(self) -> dict[str, Any]:
        """Return the side as JSON values; `page` counts from 0."""
        place = self.place
        return {
            "doc": place.doc,
            "sha256": place.sha256,
            "page": place.page,
            "page_label": self.page_label,
            "start": place.start,
            "end": place.end,
            "quote": place.quote,
            "value": self.value,
            "value_start": self.value_start,
            "value_end": self.value_end,
            "date": self.date,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradiction:
    """One attribute with different values.

    Attributes:
        attribute: Words that the sides share, in the order of the newest.
        sides: The oldest first.
        score: How sure it is that they speak of the same, at most 1.
    """

    attribute: str
    sides: tuple[Side, ...]
    score: float

    @property
    def newest(self) -> int | None:
        """Index of the side with the latest date; None where two share it or one has none."""
        days = [side.date for side in self.sides]
        latest = max(days)
        return days.index(latest) if all(days) and days.count(latest) == 1 else None

    def sentence(self) -> str:
        """Return the contradiction in one sentence."""
        says = [f"{side.where()} says {side.value}" for side in self.sides]
        return "; ".join(says) + (", the newest" if self.newest == len(says) - 1 and len(says) > 1 else "")

    def to_json(self) -> dict[str, Any]:
        """Return the contradiction as `kb contradictions --json` prints it."""
        sides = [side.to_json() for side in self.sides]
        return {"attribute": self.attribute, "score": self.score, "newest": self.newest, "sides": sides}

    def side_by_side(self, width: int = 0) -> list[str]:
        """Return lines that show what the pages say in columns.

        Args:
            width: Columns of the terminal; as wide as it is if 0.
        """
        shown = self.sides[:_MOST_COLUMNS]
        total = width or min(160, shutil.get_terminal_size((120, 24)).columns)
        column = max(24, (total - len(_GAP) * (len(shown) - 1)) // len(shown))
        cells = [
            [
                *textwrap.wrap(side.where(), column),
                *textwrap.wrap(f"-> {side.value}", column),
                *textwrap.wrap(" ".join(side.place.quote.split()), column),
            ]
            for side in shown
        ]
        lines = [f"{self.attribute} (score {self.score:.2f})"]
        for row in zip_longest(*cells, fillvalue=""):
            lines.append(_GAP.join(text.ljust(column) for text in row).rstrip())
        return [*lines, *(f"also {side.where()}: {side.value}" for side in self.sides[_MOST_COLUMNS:])]


def find_contradictions(
    workspace: Workspace,
    docs: Sequence[str] = (),
    *,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> list[Contradiction]:
    """Return the facts on which documents of the collection disagree, the surest first.

    Args:
        docs: Only contradictions in which one of these documents has a part: file names, ids or prefixes of hashes.
        on_progress: Called with documents read and their total.

    Raises:
        ConfigError: There is no such collection or document.
    """
    catalogue, name = CatalogueReader(workspace.home.catalogue), workspace.collection
    catalogue.require_collection(name)
    wanted_hashes = {catalogue.resolve(name, doc).sha256 for doc in docs}
    documents = catalogue.documents(name)
    claims: list[Claim] = []
    dated: dict[str, Dated] = {}
    for done, document in enumerate(documents):
        on_progress(done, len(documents))
        pages = list(catalogue.pages(name, document.sha256))
        dated[document.sha256] = describe_document(document, pages[0] if pages else None)
        claims += read_claims(document.sha256, pages)
    disagreeing = find_disagreements(claims, dated)
    if wanted_hashes:
        disagreeing = [each for each in disagreeing if wanted_hashes & {claim.sha256 for claim in each.claims}]
    label = page_labels(catalogue, name)
    return [_contradiction(each, dated, catalogue, name, label) for each in disagreeing]


def _contradiction(
    disagreeing: Disagreeing, dated: Mapping[str, Dated], catalogue: CatalogueReader, collection: str, label: PageLabel
) -> Contradiction:
    sides = []
    for claim in disagreeing.claims:
        text = catalogue.page_text(collection, claim.sha256, claim.page)
        start, end = _trimmed(text, claim.start, claim.end)
        place = Citation(
            doc=dated[claim.sha256].document.doc,
            sha256=claim.sha256,
            page=claim.page,
            start=start,
            end=end,
            quote=text[start:end],
        )
        sides.append(
            Side(
                place=place,
                page_label=label(claim.sha256, claim.page),
                value=claim.slot.text,
                value_start=claim.slot.start,
                value_end=claim.slot.end,
                date=claim_date(claim, dated),
            )
        )
    shared = frozenset.intersection(*(claim.context for claim in disagreeing.claims))
    newest = sides[-1].place.quote
    attribute = " ".join(dict.fromkeys(word for word in words(newest) if stem(word) in shared))
    return Contradiction(attribute=attribute or sides[-1].value, sides=tuple(sides), score=disagreeing.score)


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    quote = text[start:end]
    return start + len(quote) - len(quote.lstrip()), start + len(quote.rstrip())


class DisagreementCheck:
    """Adds to an answer what other documents say on the same.

    Args:
        knowledge: The open collection.
        collection: Its name.
    """

    def __init__(self, knowledge: Knowledge, collection: str) -> None:
        self._knowledge = knowledge
        self._collection = collection

    def __call__(self, answer: Answer) -> Answer:
        """Return the answer, with notes and `disagreements` where a document contradicts what it cites."""
        if answer.ground != "cited":
            return answer
        contradictions = self.found(answer)
        if not contradictions:
            return answer
        notes = (*answer.notes, *(f"documents disagree: {each.sentence()}" for each in contradictions))
        return replace(answer, notes=notes, disagreements=tuple(each.to_json() for each in contradictions))

    def found(self, answer: Answer) -> list[Contradiction]:
        """Return the contradictions in which a value of the answer has a part."""
        cited = [claim for place in (*answer.citations, *answer.computed_from) for claim in self._claims_at(place)]
        answered = value_keys(answer.short_answer or answer.answer)
        text = " ".join((answer.short_answer or answer.answer).casefold().split())
        cited = [claim for claim in cited if claim.slot.key in answered or claim.slot.text.casefold() in text]
        if not cited:
            return []
        catalogue, name = self._knowledge.catalogue, self._collection
        known = {document.sha256: document for document in catalogue.documents(name)}
        if len(known) < 2:
            return []
        queries = dict.fromkeys([answer.question, *(" ".join(place.quote.split())[:300] for place in answer.citations)])
        hits = [hit for query in list(queries)[:3] for hit in self._knowledge.searcher.search(query, _LOOKED_UP)]
        places = dict.fromkeys([*((claim.sha256, claim.page) for claim in cited), *((h.sha256, h.page) for h in hits)])
        claims = [claim for sha256, index in places for claim in self._claims_of(sha256, index)]
        dated = {
            sha256: describe_document(known[sha256], next(iter(catalogue.pages(name, sha256)), None))
            for sha256 in {claim.sha256 for claim in claims}
            if sha256 in known
        }
        disagreeing = [each for each in find_disagreements(claims, dated) if set(cited) & set(each.claims)]
        label = page_labels(catalogue, name)
        return [_contradiction(each, dated, catalogue, name, label) for each in disagreeing[:_MOST_NOTES]]

    def _claims_at(self, place: Citation) -> Iterable[Claim]:
        claims = self._claims_of(place.sha256, place.page)
        return [claim for claim in claims if claim.start < place.end and place.start < claim.end]

    def _claims_of(self, sha256: str, index: int) -> list[Claim]:
        return claims_of_page(sha256, self._knowledge.catalogue.page(self._collection, sha256, index))
