"""The built-in reader: the answer to a question that some passages give, its quotes, and how sure it is.

Section numbers, lists, tables, a neural span reader and the words of the question each propose answers; one function
chooses. Without the span reader's weights the words choose alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from core.reading.asked import Asked, affirmed, read_asked
from core.reading.candidates import (
    PlacedTable,
    Proposal,
    Quote,
    from_lists,
    from_section,
    from_sentences,
    from_spans,
    from_tables,
    tables_in,
)
from core.reading.confidence import MIN_CONFIDENCE, POSSIBLE, SURE
from core.reading.passages import Passage
from core.reading.reader import Candidate, Cosines, Question, rank, read_question, support
from core.reading.span_protocol import Spans
from core.reading.windows import outside, predicted, windows
from core.reading.words import stem, words

MAX_QUOTES = 3
# A figure that a question does not name as such is read from a table only where that is rather sure.
_UNASKED_FIGURE = 0.4
# What a sentence's probability counts where a span reader or a table is there to answer.
_AFTER_SPANS = 0.7
_AFTER_CELLS = 0.5
# A further quote has this part of the best answer's probability at least.
_NEAR = 0.55
# Support below which the words of the passages have nothing to do with the question.
MIN_SUPPORT = 0.15
# Support above which they are quoted, as possible, whatever the other parts of the reader think.
_STRONG_SUPPORT = 0.6
_NEGATIVE = re.compile(
    r"\b(?:not|no|never|nobody|none|without|prohibited|forbidden|cannot|n['’]t|neither|nor|excluded|unsupported|rejected)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What some passages say in answer to a question.

    Attributes:
        kind: Which part of the reader answered, `""` where none did.
        short_answer: The answer in a few words: a span of a quote, or computed from cells or items.
        quotes: What shows it, best first.
        computed_from: The cells or items that `short_answer` was computed from, and where their scale stands.
        confidence: Probability that `short_answer` is right, calibrated on documents kept apart from every fit.
        ranked: The sentences in the order of the lexical ranking.
        note: How the answer was computed, or that a list may be incomplete.
        polarity: `yes` or `no` where the question can be answered so and the quote tells.
        features: What the confidence was computed from.
        spans_read: Whether the neural span reader took part.
    """

    kind: str = ""
    short_answer: str = ""
    quotes: tuple[Quote, ...] = ()
    computed_from: tuple[Quote, ...] = ()
    confidence: float = 0.0
    ranked: tuple[Candidate, ...] = field(default=(), repr=False)
    note: str = ""
    polarity: str = ""
    features: tuple[tuple[str, float], ...] = ()
    spans_read: bool = False

    @property
    def answers(self) -> bool:
        """Whether the answer is sure enough to be given."""
        if self.kind == "sentence" and not self.spans_read:
            # Words alone seldom tell the short answer, but they tell whether the sentence is about the question.
            return support(self.ranked) >= MIN_SUPPORT
        if not self.kind:
            return False
        # Where the words of the question stand together, their sentences are worth showing though no span is sure.
        return self.confidence >= MIN_CONFIDENCE or support(self.ranked) >= _STRONG_SUPPORT

    @property
    def possible(self) -> bool:
        """Whether the answer should be given as possible only."""
        return self.confidence < POSSIBLE


def read(
    question: str,
    passages: Sequence[Passage],
    *,
    cosines: Cosines | None = None,
    spans: Spans | None = None,
    max_quotes: int = MAX_QUOTES,
) -> Reading:
    """Answer a question from passages.

    Args:
        question: As a person asks it; it must stand alone.
        passages: Best first.
        cosines: Maps the question and n texts to n cosines; None works by words alone.
        spans: The neural span reader; None where its weights are absent.
        max_quotes: Most quotes.

    Returns:
        A reading; `answers` tells whether it is sure enough.
    """
    asked = read_asked(question)
    kept = _named_first(question, passages)
    chosen = [passages[index] for index in kept]
    ranked = rank(affirmed(question), chosen, cosines=cosines)
    made = _proposals(question, asked, ranked, chosen, spans) if ranked else []
    if not made:
        return Reading(ranked=tuple(ranked))
    best = choose(made, asked)
    quotes = _quotes(best, made, asked, max_quotes)
    return Reading(
        kind=best.kind,
        short_answer=best.short,
        quotes=_moved(quotes, kept),
        computed_from=_moved(best.computed_from, kept),
        confidence=best.confidence,
        ranked=tuple(ranked),
        note=best.note,
        polarity=_polarity(question, best, chosen) if asked.yes_no else "",
        features=tuple(best.features.items()),
        spans_read=any(proposal.kind == "span" for proposal in made),
    )


def proposals(
    question: str, passages: Sequence[Passage], *, cosines: Cosines | None = None, spans: Spans | None = None
) -> list[Proposal]:
    """Return everything that the parts of the reader propose; see `read` for the arguments."""
    ranked = rank(affirmed(question), passages, cosines=cosines)
    return _proposals(question, read_asked(question), ranked, passages, spans) if ranked else []


def _proposals(
    question: str, asked: Asked, ranked: Sequence[Candidate], passages: Sequence[Passage], spans: Spans | None
) -> list[Proposal]:
    """Everything that the parts of the reader propose, best first within a part."""
    plain = affirmed(question)
    parsed = read_question(plain)
    known = _known(parsed, ranked)
    proposals: list[Proposal] = []
    if asked.section:
        section = from_section(asked, passages)
        if section is not None and asked.whole_section:
            return [section]
    tables: list[PlacedTable] = []
    if asked.figure or asked.lists or asked.counts or any(passage.blocks for passage in passages):
        tables = tables_in(passages)
    if asked.lists or asked.counts:
        listed = from_lists(plain, asked, passages, tables)
        proposals += [listed] if listed is not None else []
    if tables:
        proposals += from_tables(plain, tables, passages, known)
    # What is asked by a denial or for yes or no stands in a sentence; no span of it is the answer.
    worded = bool(asked.denial) or asked.yes_no
    if spans is not None and not worded:
        found = predicted(spans, question, windows(ranked, passages))
        proposals += from_spans(question, parsed, outside(found, tables, passages), ranked, passages, known)
    weights = "words" if spans is None or worded else "sentence"
    proposals += from_sentences(plain, parsed, asked, ranked, passages, known, weights)
    return proposals


def choose(proposals: Sequence[Proposal], asked: Asked) -> Proposal:
    """Return the most probable proposal; a table's only where a figure is asked for or it is sure."""
    for kind in ("section", "list"):
        special = next((p for p in proposals if p.kind == kind), None)
        if special is not None:
            return special
    neural = any(p.kind == "span" for p in proposals)

    def weight(proposal: Proposal) -> float:
        if proposal.kind == "table" and not asked.figure and proposal.confidence < _UNASKED_FIGURE:
            return 0.0
        # The words find the sentence, but the span reader or a table finds the answer in it.
        if proposal.kind != "sentence":
            return proposal.confidence
        return proposal.confidence * (_AFTER_SPANS if neural else _AFTER_CELLS if asked.figure else 1.0)

    first = {proposal.kind: proposal for proposal in reversed(proposals)}
    return max(first.values(), key=weight)


def _quotes(best: Proposal, proposals: Sequence[Proposal], asked: Asked, limit: int) -> tuple[Quote, ...]:
    """The quotes of an answer: its own; those of the next ones too where one is not enough or it is not sure."""
    quotes = list(best.quotes)
    more = asked.several or best.confidence < SURE
    for other in proposals if more and best.kind not in ("section", "list") else ():
        room = limit - len(quotes)
        fresh = [quote for quote in other.quotes if not any(_overlap(quote, known) for known in quotes)]
        # Beside an answer that is only possible stand the sentences that share most words with the question.
        near = other.confidence >= _NEAR * best.confidence or (other.kind == "sentence" and best.confidence < POSSIBLE)
        if room > 0 and other.kind in ("span", "sentence") and fresh and near:
            quotes += fresh[:room]
    return tuple(quotes[: max(limit, len(best.quotes))])


def _overlap(left: Quote, right: Quote) -> bool:
    same = (left.passage, left.next_page) == (right.passage, right.next_page)
    return same and left.start < right.end and right.start < left.end


def _moved(quotes: Sequence[Quote], kept: Sequence[int]) -> tuple[Quote, ...]:
    return tuple(replace(quote, passage=kept[quote.passage]) for quote in quotes)


def _known(question: Question, ranked: Sequence[Candidate]) -> float:
    """1 where the passages hold all names and numbers of the question, less where some are nowhere."""
    if not question.names:
        return 1.0
    return ranked[0].features[3] if ranked else 0.0


def _named_first(question: str, passages: Sequence[Passage]) -> list[int]:
    """Indices of the passages to read: those of the documents that the question names, all where it names none.

    A document is named by a capitalised word of its file name or title that no other passage's document has.
    """
    names = [
        frozenset(stem(word) for word in words(_document(passage.source)) if len(word) > 2) for passage in passages
    ]
    distinct = {frozenset(name) for name in names}
    asked = frozenset(name for name in read_question(question).names if name.isalpha())
    if len(distinct) < 2:
        return list(range(len(passages)))
    common = frozenset.intersection(*distinct)
    counts = [len((name - common) & asked) for name in names]
    unique = [any(sum(word in other for other in distinct) == 1 for word in (name - common) & asked) for name in names]
    if any(unique) and not all(unique):
        named = [index for index, is_unique in enumerate(unique) if is_unique and counts[index] == max(counts)]
        return named or list(range(len(passages)))
    return list(range(len(passages)))


def _document(source: str) -> str:
    """The name and title of a passage's document, without its page."""
    return re.sub(r",\s*pp?\.\s*\d+|\.(?:pdf|md|txt|docx|html?)\b", " ", source)


def _polarity(question: str, best: Proposal, passages: Sequence[Passage]) -> str:
    """`no` where the quote denies what the question asks, `yes` where neither or both deny; `""` without a quote."""
    if not best.quotes:
        return ""
    quote = best.quotes[0]
    text = passages[quote.passage].page[quote.start : quote.end]
    return "no" if bool(_NEGATIVE.search(text)) != bool(_NEGATIVE.search(question)) else "yes"
