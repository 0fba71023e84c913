"""Answers that the parts of the reader propose, and those of its spans and sentences."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from core.blocks import Block
from core.language.english.questions.asking import IDENTIFIER
from core.reading.asked import Asked, contradicts, counted_is_named
from core.reading.confidence import logit, probability
from core.reading.passages import Passage
from core.reading.proposals.complete import (
    completed,
    whole_property,
    with_groups,
    with_relation,
    with_times,
)
from core.reading.proposals.lists import body_under, stands_under_heading
from core.reading.proposals.short import short_span
from core.reading.reader import Candidate, Question, expects, support
from core.reading.spans.protocol import ScoredSpan
from core.reading.tables.lines import line_tables
from core.reading.tables.lookup import years_in
from core.reading.tables.table import Table, is_contents, tables_of
from core.reading.text.labels import begins_with_label
from core.reading.text.sentences import Offsets, Sentence, sentences_of
from core.reading.text.words import terms

_PAGES_HELD = 256
_MOST_COMPLETED = 40  # a longer part of a sentence is no value
_NUMBERED_HEADING = re.compile(r"\d+(?:\.\d+)*\.?\s+[A-Z][^.!?:;]{1,60}")
_ASKS = 4.0  # what a span's score loses in a question or a heading
# Two figures beside each other: a page without them holds no table of figures.
_FIGURES = re.compile(r"\d[\d,.]*\s+[$(]?\d|\n\S[^\n]{0,60}\s[$(]*\d[\d,.]*\)?\n")


@dataclass(frozen=True, slots=True)
class Quote:
    """A stretch of a page.

    Attributes:
        passage: Index of the passage.
        start: First code point in the text of the passage's page, or of a page after it.
        end: One past the last.
        pages_on: How many pages after the passage's it stands.
        heads: Span of the heads of its columns, where it is a row of a table.
    """

    passage: int
    start: int
    end: int
    pages_on: int = 0
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
        polarity: `yes` or `no` where its figures tell, `""` where they do not.
    """

    kind: str
    short: str
    quotes: tuple[Quote, ...]
    computed_from: tuple[Quote, ...] = ()
    confidence: float = 0.0
    features: Mapping[str, float] = field(default_factory=dict)
    note: str = ""
    polarity: str = ""


@dataclass(frozen=True, slots=True)
class PlacedTable:
    """A table and the passage on whose page it stands."""

    passage: int
    table: Table


def located(passages: Sequence[Passage], passage: int, start: int, end: int) -> tuple[Quote, ...]:
    """Return where a stretch of a passage, as it is read, stands: on its page, and on the next if it goes on there."""
    return tuple(Quote(passage, *stretch) for stretch in passages[passage].stretches(start, end))


def quote_span(passages: Sequence[Passage], quote: Quote) -> str:
    """Return the words of a quote, verbatim."""
    passage = passages[quote.passage]
    if not quote.pages_on or passage.continuation is None:
        return passage.page[quote.start : quote.end]
    rest = passage.continuation
    return rest.text[quote.start - rest.start : quote.end - rest.start]


@lru_cache(maxsize=_PAGES_HELD)
def _page_tables(text: str, blocks: tuple[Block, ...]) -> tuple[Table, ...]:
    by_block = [(block, tables_of(block, text)) for block in blocks if block.kind == "table"]
    known = [table for _, tables in by_block for table in tables]
    known += line_tables(text, [(block.start, block.end) for block, tables in by_block if tables])
    return tuple(sorted((table for table in known if not is_contents(table, text)), key=lambda table: table.start))


def tables_in(passages: Sequence[Passage]) -> list[PlacedTable]:
    """Return the tables on the pages of the passages, each page once."""
    seen: set[str] = set()
    placed = []
    for index, passage in enumerate(passages):
        if passage.page not in seen and (passage.blocks or _FIGURES.search(passage.page)):
            seen.add(passage.page)
            placed += [PlacedTable(index, table) for table in _page_tables(passage.page, passage.blocks)]
    return placed


def from_spans(
    question_text: str,
    question: Question,
    spans: Sequence[ScoredSpan],
    ranked: Sequence[Candidate],
    passages: Sequence[Passage],
    known: float,
) -> list[Proposal]:
    """Spans that the neural reader found, each with the sentence around it, best first."""
    evidence = logit(support(ranked))
    order = {(c.passage, c.sentence.start): c.score for c in ranked}
    best = ranked[0].score if ranked else 0.0
    weighed: list[tuple[float, ScoredSpan, Sentence, float]] = []
    for span in spans:
        sentence = sentence_at(passages[span.passage], span.start, span.end)
        behind = min(6.0, best - order.get((span.passage, sentence.start), best - 6.0))
        text = passages[span.passage].whole[span.start : span.end]
        fits = float(expects(question, text))
        sentence_text = passages[span.passage].whole[sentence.start : sentence.end]
        if _of_other_year(question_text, sentence_text):
            continue
        titles = sentence.kind == "heading" and not question.titled and not (question.expected and fits)
        doubt = _ASKS * (sentence_text.rstrip().endswith("?") or titles)
        weighed.append((span.score - 0.25 * behind + 0.8 * fits - doubt, span, sentence, behind))
    weighed.sort(key=lambda item: -item[0])
    offsets = [_whole_span(question, passages, span) for _, span, _, _ in weighed]
    if IDENTIFIER.search(question_text):
        offsets = [
            with_groups(passages[span.passage].whole, *pair)
            for pair, (_, span, _, _) in zip(offsets, weighed, strict=True)
        ]
    texts = [passages[span.passage].whole[slice(*pair)] for (_, span, _, _), pair in zip(weighed, offsets, strict=True)]
    rival = next(
        (w for (w, *_), text in zip(weighed, texts, strict=True) if text.casefold() != texts[0].casefold()), None
    )
    proposals = []
    for place, (weight, span, sentence, behind) in enumerate(weighed):
        whole = passages[span.passage].whole
        start, end = offsets[place]
        ahead = -1.0 if place else 6.0 if rival is None else min(6.0, weight - rival)
        features = {
            "score": max(-12.0, min(12.0, weight + 0.25 * behind)),
            "margin": ahead,
            "support": evidence,
            "agrees": float(behind < 0.5),
            "expected": float(expects(question, whole[start:end])),
            "known": known * counted_is_named(question_text, whole[sentence.start : sentence.end]),
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


def _whole_span(question: Question, passages: Sequence[Passage], span: ScoredSpan) -> Offsets:
    """A span, trimmed and with the whole of the values that it holds."""
    whole = passages[span.passage].whole
    start, end = _in_sentence(question, passages[span.passage], span.start, _line_end(whole, span.start, span.end))
    start, end = trimmed(whole, start, end)
    start, end = with_times(whole, *completed(whole, start, end))
    if question.expected and question.expected.kind == "date":
        start, end = with_relation(whole, start, end)
    return whole_property(whole, start, end, question.terms, question.expected.kind if question.expected else "")


def _in_sentence(question: Question, passage: Passage, start: int, end: int) -> Offsets:
    """Return a span that runs from amid a sentence into the next as its part of the one that has most of the question.

    One that begins with its sentence may well be two.
    """
    units = [unit for unit in units_of(passage) if unit.start < end and start < unit.end]
    if len(units) < 2 or start <= units[0].start or any(unit.kind != "prose" for unit in units):
        return start, end
    shares = [len(frozenset(question.terms) & frozenset(terms(passage.whole[unit.start : unit.end]))) for unit in units]
    best = units[shares.index(max(shares))]
    return max(start, best.start), min(end, best.end)


def _line_end(text: str, start: int, end: int) -> int:
    """The end of a span before the first line in it that begins with a label of its own."""
    breaks = (place.start() for place in re.finditer(r"\n", text[:end]) if place.start() > start)
    return next((place for place in breaks if begins_with_label(text[place + 1 :].lstrip().partition("\n")[0])), end)


def trimmed(text: str, start: int, end: int) -> Offsets:
    """Leave out white space and commas at both ends of a span."""
    piece = text[start:end]
    leading_count = len(piece) - len(piece.lstrip(" \n\t,;:"))
    kept_end = len(piece.rstrip(" \n\t,;:"))
    # The stop behind a figure ends the sentence; behind a word it may be part of it.
    kept_end -= bool(re.search(r"\d\.\Z", piece[:kept_end]))
    return (start + leading_count, start + kept_end) if kept_end > leading_count else (start, end)


def sentence_at(passage: Passage, start: int, end: int) -> Sentence:
    """The sentence of a passage, as it is read, that holds a span or its beginning."""
    units = units_of(passage)
    holding = [unit for unit in units if unit.start <= start < unit.end]
    return holding[0] if holding else Sentence(start, end, "prose")


def units_of(passage: Passage) -> tuple[Sentence, ...]:
    """The sentences of a passage as it is read."""
    return sentences_of(passage.whole)


def from_sentences(
    question: str,
    parsed: Question,
    form: Asked,
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
        if contradicts(form, text) or (unit.kind == "prose" and _of_other_year(question, text)):
            continue
        start, end = unit.start, unit.end
        if (unit.kind == "heading" or text.endswith("?") or _NUMBERED_HEADING.fullmatch(text)) and not parsed.titled:
            units = units_of(passage)
            body = body_under(unit, units)
            if body is None and not stands_under_heading(unit, units):
                continue
            start, end = body or (unit.start, unit.end)
            if form.yes_no and body is not None:
                start, end = _telling_part(candidate.passage, body, ranked)
        elif unit.kind != "heading" and text.endswith(":"):
            start, end = start, list_end(unit, passage)
        if form.steps:
            end = paragraph_end(start, end, passage)
        text = passage.whole[start:end]
        # Yes or no stands in the sentence as a whole.
        low, high = (0, len(text.rstrip(" ."))) if form.yes_no or form.steps else short_span(question, text)
        if high - low < _MOST_COMPLETED:
            low, high = with_times(text, *completed(text, low, high))
            if IDENTIFIER.search(question):
                low, high = with_groups(text, low, high)
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
            shifted = (passage.on_page(heads[0]), passage.on_page(heads[1]))
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


def _telling_part(passage: int, body: Offsets, ranked: Sequence[Candidate]) -> Offsets:
    """The sentence below a heading that has most of a question for yes or no: others deny other things."""
    inside = (each.sentence for each in ranked if each.passage == passage)
    return next(((each.start, each.end) for each in inside if body[0] <= each.start and each.end <= body[1]), body)


def paragraph_end(start: int, end: int, passage: Passage, *, most_chars: int = 600) -> int:
    """End of the sentences that go on after one under the same heading: the further steps."""
    for following in units_of(passage):
        if following.start < end:
            continue
        apart = "\n\n" in passage.whole[end : following.start] and following.kind != "item"
        if apart or following.kind in ("heading", "row") or following.end - start > most_chars:
            break
        end = following.end
    return end


def _of_other_year(question: str, text: str) -> bool:
    """Whether a sentence is about other years than those that the question names."""
    question_years, sentence_years = set(years_in(question)), set(years_in(text))
    return bool(question_years and sentence_years) and not question_years & sentence_years


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
