"""Answers that the parts of the reader propose: a section, a list, cells of a table, a span, a sentence."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from core.blocks import Block
from core.reading.asked import Asked, contradicts, counted_is_named
from core.reading.confidence import logit, probability
from core.reading.lists import ListAnswer, body_under, item_list, section_body, table_list, topic
from core.reading.passages import Passage
from core.reading.reader import Candidate, Question, expects, support
from core.reading.sentences import Offsets, Sentence, sentences
from core.reading.short import short_span
from core.reading.span_protocol import ScoredSpan
from core.reading.tables.derive import TableReader
from core.reading.tables.lines import line_tables
from core.reading.tables.lookup import years_in
from core.reading.tables.table import Table, table_of

_PAGES_HELD = 256
# What a span's score loses in a sentence about other years, and in one that is itself a question.
_OTHER_TIME, _ASKS = 4.0, 4.0
# Two figures beside each other: a page without them holds no table of figures.
_FIGURES = re.compile(r"\d[\d,.]*\s+[$(]?\d|\n\S[^\n]{0,60}\s[$(]*\d[\d,.]*\)?\n")


@dataclass(frozen=True, slots=True)
class Quote:
    """A stretch of a page.

    Attributes:
        passage: Index of the passage.
        start: First code point in the text of the passage's page, or of the page after it.
        end: One past the last.
        next_page: Whether it stands on the page after the passage's.
        heads: Span of the heads of its columns, where it is a row of a table.
    """

    passage: int
    start: int
    end: int
    next_page: bool = False
    heads: Offsets | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """An answer that may be given.

    Attributes:
        kind: Who proposes it: `section`, `list`, `table`, `span` or `sentence`.
        short: The answer in a few words.
        quotes: What shows it, best first.
        computed_from: The cells or items that `short` was computed from; empty where it is a span of the first quote.
        confidence: Probability that it is right.
        features: What the confidence was computed from.
        note: How it was computed, or that a list may be incomplete.
    """

    kind: str
    short: str
    quotes: tuple[Quote, ...]
    computed_from: tuple[Quote, ...] = ()
    confidence: float = 0.0
    features: Mapping[str, float] = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True, slots=True)
class PlacedTable:
    """A table and the passage on whose page it stands."""

    passage: int
    table: Table


def located(passages: Sequence[Passage], passage: int, start: int, end: int) -> tuple[Quote, ...]:
    """Return where a stretch of a passage, as it is read, stands: on its page, and on the next if it goes on there."""
    given = passages[passage]
    own = min(end, len(given.text))
    quotes = [Quote(passage, given.offset + start, given.offset + own)] if start < own else []
    beyond = len(given.text) + 1
    if given.continuation is not None and end > beyond:
        low = given.continuation.start + max(0, start - beyond)
        quotes.append(Quote(passage, low, given.continuation.start + end - beyond, next_page=True))
    return tuple(quotes)


def quote_span(passages: Sequence[Passage], quote: Quote) -> str:
    """Return the words of a quote, verbatim."""
    passage = passages[quote.passage]
    if not quote.next_page or passage.continuation is None:
        return passage.page[quote.start : quote.end]
    rest = passage.continuation
    return rest.text[quote.start - rest.start : quote.end - rest.start]


@lru_cache(maxsize=_PAGES_HELD)
def _page_tables(text: str, blocks: tuple[Block, ...]) -> tuple[Table, ...]:
    tables = [(block, table_of(block, text)) for block in blocks if block.kind == "table"]
    known = [table for _, table in tables if table is not None]
    found = [*known, *line_tables(text, [(block.start, block.end) for block, table in tables if table is not None])]
    return tuple(sorted(found, key=lambda table: table.start))


def tables_in(passages: Sequence[Passage]) -> list[PlacedTable]:
    """Return the tables on the pages of the passages, each page once."""
    seen: set[str] = set()
    placed = []
    for index, passage in enumerate(passages):
        if passage.page not in seen and (passage.blocks or _FIGURES.search(passage.page)):
            seen.add(passage.page)
            placed += [PlacedTable(index, table) for table in _page_tables(passage.page, passage.blocks)]
    return placed


def from_section(asked: Asked, passages: Sequence[Passage]) -> Proposal | None:
    """The body of the section that the question names by number."""
    for index, passage in enumerate(passages):
        body = section_body(asked.section, passage.page)
        if body is not None:
            text = " ".join(passage.page[slice(*body)].split())
            return Proposal("section", text, (Quote(index, *body),), confidence=probability("section", {}))
    return None


def from_lists(
    question: str, asked: Asked, passages: Sequence[Passage], tables: Sequence[PlacedTable]
) -> Proposal | None:
    """All items of the list that the question asks for, or their number."""
    wanted = topic(asked.counts or question)
    if not wanted:
        return None
    least = 0.99 if asked.counts else 0.7
    answer = table_list(wanted, [placed.table for placed in tables], least=least)
    place = tables[answer.place].passage if answer is not None else 0
    for index, passage in enumerate(passages if answer is None else ()):
        answer = item_list(wanted, passage.page, index, least=least)
        if answer is not None:
            place = index
            break
    return None if answer is None else _of_list(answer, place, counts=bool(asked.counts))


def _of_list(answer: ListAnswer, passage: int, *, counts: bool) -> Proposal:
    features = {"covered": 1.0, "complete": float(answer.complete)}
    short = str(len(answer.items)) if counts else ", ".join(answer.texts)
    return Proposal(
        "list",
        short,
        (Quote(passage, answer.start, answer.end),),
        computed_from=tuple(Quote(passage, *span) for span in answer.items),
        confidence=probability("list", features),
        features=features,
        note="" if answer.complete else "the list may go on on the next page",
    )


def from_tables(
    question: str, tables: Sequence[PlacedTable], passages: Sequence[Passage], known: float
) -> list[Proposal]:
    """What the tables say in answer to a question, best first."""
    sources = [passage.source for passage in passages]
    proposals = []
    for derived in TableReader(question, [placed.table for placed in tables], sources).answers():
        placed = tables[derived.place]
        features = {
            "score": min(1.0, derived.score),
            "label_share": derived.label_share,
            "covered": derived.covered,
            "margin": min(0.5, derived.margin),
            "computed": float(bool(derived.note)),
            "known": known,
        }
        cells = tuple(Quote(placed.passage, *span) for span in derived.cells)
        scale = (Quote(placed.passage, *derived.scale_span),) if derived.scale_span else ()
        proposals.append(
            Proposal(
                "table",
                derived.text,
                tuple(Quote(placed.passage, *row, heads=placed.table.heads_span) for row in derived.rows[:3]),
                computed_from=(*cells, *scale) if derived.computed else (),
                confidence=probability("table", features),
                features=features,
                note=derived.note,
            )
        )
    return proposals


def from_spans(
    asked: str,
    question: Question,
    spans: Sequence[ScoredSpan],
    ranked: Sequence[Candidate],
    passages: Sequence[Passage],
    known: float,
) -> list[Proposal]:
    """Spans that the neural reader found, each with the sentence around it, best first."""
    evidence, years = logit(support(ranked)), years_in(asked)
    order = {(c.passage, c.sentence.start): c.score for c in ranked}
    best = ranked[0].score if ranked else 0.0
    of_other_time: set[tuple[int, int]] = set()
    weighed: list[tuple[float, ScoredSpan, Sentence, float]] = []
    for span in spans:
        sentence = sentence_at(passages[span.passage], span.start, span.end)
        behind = min(6.0, best - order.get((span.passage, sentence.start), best - 6.0))
        text = passages[span.passage].whole[span.start : span.end]
        fits = float(expects(question, text))
        sentence_text = passages[span.passage].whole[sentence.start : sentence.end]
        other_time = bool(years) and bool(years_in(sentence_text)) and not set(years) & set(years_in(sentence_text))
        doubt = _OTHER_TIME * other_time + _ASKS * sentence_text.rstrip().endswith("?")
        weighed.append((span.score - 0.25 * behind + 0.8 * fits - doubt, span, sentence, behind))
        of_other_time |= {(span.passage, span.start)} if other_time else set()
    weighed.sort(key=lambda item: -item[0])
    proposals = []
    for place, (weight, span, sentence, behind) in enumerate(weighed):
        whole = passages[span.passage].whole
        start, end = trimmed(whole, span.start, span.end)
        rivals = [
            w for w, other, _, _ in weighed if whole_of(passages, other).casefold() != whole[start:end].casefold()
        ]
        ahead = min(6.0, weight - max(rivals, default=weight - 6.0)) if not place else -1.0
        features = {
            "score": max(-12.0, min(12.0, weight + 0.25 * behind)),
            "margin": ahead,
            "support": evidence,
            "agrees": float(behind < 0.5),
            "expected": float(expects(question, whole[start:end])),
            "known": known
            * counted_is_named(asked, whole[sentence.start : sentence.end])
            * ((span.passage, span.start) not in of_other_time),
        }
        low, high = min(sentence.start, start), max(sentence.end, end)
        proposals.append(
            Proposal(
                "span",
                " ".join(whole[start:end].split()),
                located(passages, span.passage, low, high),
                confidence=probability("span", features),
                features=features,
            )
        )
    return proposals


def whole_of(passages: Sequence[Passage], span: ScoredSpan) -> str:
    """The text of a span, trimmed."""
    whole = passages[span.passage].whole
    return whole[slice(*trimmed(whole, span.start, span.end))]


def trimmed(text: str, start: int, end: int) -> Offsets:
    """Leave out white space and commas at both ends of a span."""
    piece = text[start:end]
    left = len(piece) - len(piece.lstrip(" \n\t,;:"))
    right = len(piece.rstrip(" \n\t,;:"))
    return (start + left, start + right) if right > left else (start, end)


def sentence_at(passage: Passage, start: int, end: int) -> Sentence:
    """The sentence of a passage, as it is read, that holds a span or its beginning."""
    units = units_of(passage)
    holding = [unit for unit in units if unit.start <= start < unit.end]
    return holding[0] if holding else Sentence(start, end, "prose")


@lru_cache(maxsize=_PAGES_HELD)
def _units(text: str) -> tuple[Sentence, ...]:
    return tuple(sentences(text))


def units_of(passage: Passage) -> tuple[Sentence, ...]:
    """The sentences of a passage as it is read."""
    return _units(passage.whole)


def from_sentences(
    question: str,
    parsed: Question,
    asked: Asked,
    ranked: Sequence[Candidate],
    passages: Sequence[Passage],
    known: float,
    weights: str = "words",
) -> list[Proposal]:
    """The best sentences by the question's words, with the part of each that answers."""
    evidence = logit(support(ranked))
    proposals: list[Proposal] = []
    for place, candidate in enumerate(ranked[:6]):
        passage, unit = passages[candidate.passage], candidate.sentence
        text = passage.whole[unit.start : unit.end]
        if contradicts(asked, text):
            continue
        start, end = unit.start, unit.end
        if unit.kind == "heading" and not parsed.titled:
            body = body_under(unit, units_of(passage))
            if body is None:
                continue
            start, end = body
        elif unit.kind != "heading" and text.endswith(":"):
            start, end = start, list_end(unit, passage)
        text = passage.whole[start:end]
        # Yes or no stands in the sentence as a whole.
        low, high = (0, len(text.rstrip(" ."))) if asked.yes_no else short_span(question, text)
        margin = candidate.score - ranked[place + 1].score if place + 1 < len(ranked) else 1.0
        features = {
            "support": evidence,
            "margin": min(3.0, margin) if not place else -1.0,
            "expected": float(expects(parsed, text[low:high])),
            "known": known * counted_is_named(question, text),
        }
        quotes = located(passages, candidate.passage, start, end)
        heads = unit.header if unit.kind == "row" else None
        if heads is not None and quotes:
            first = quotes[0]
            shifted = (heads[0] + passage.offset, heads[1] + passage.offset)
            quotes = (Quote(first.passage, first.start, first.end, heads=shifted), *quotes[1:])
        proposals.append(
            Proposal(
                "sentence",
                " ".join(text[low:high].split()),
                quotes,
                confidence=probability(weights, features),
                features=features,
            )
        )
    return proposals


def list_end(unit: Sentence, passage: Passage, *, most_chars: int = 700) -> int:
    """End of the list or table that a sentence ending in a colon introduces, or of the sentence itself."""
    end = unit.end
    for following in units_of(passage):
        if following.start < unit.end:
            continue
        if following.kind == "prose" or following.end - unit.start > most_chars:
            break
        end = following.end if following.kind != "heading" else end
    return end
