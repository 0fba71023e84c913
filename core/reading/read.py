"""The built-in reader: the answer to a question that some passages give, its quotes, and how sure it is.

Section numbers, lists, tables, a neural span reader and the words of the question each propose answers; one function
chooses. Without the span reader's weights the words choose alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from core.language.english.questions import asking
from core.reading.answerability import (
    STRONG_SUPPORT,
    answerability,
    answerability_features,
    is_answered,
    names_thing,
)
from core.reading.asked import Asked, affirmed, bare_question, lists_opposite, read_asked
from core.reading.confidence import MIN_CONFIDENCE, POSSIBLE, SURE, logit, probability
from core.reading.named_documents import named_first
from core.reading.near_misses import shares_word, unspoken
from core.reading.passages import Passage
from core.reading.proposals.candidates import (
    PlacedTable,
    Proposal,
    Quote,
    from_sentences,
    from_spans,
    located,
    quote_span,
    tables_in,
)
from core.reading.proposals.compared import from_comparisons
from core.reading.proposals.counted import from_counts
from core.reading.proposals.fitting import that_fit
from core.reading.proposals.settle import about_the_same, from_boxes, heading_of, settled
from core.reading.proposals.signed import from_signatures
from core.reading.proposals.stated import from_statements
from core.reading.proposals.structured import (
    from_lists,
    from_names,
    from_tables,
    from_worded_tables,
    of_asked_rows,
    of_section,
    without_empty_cells,
    without_notes,
)
from core.reading.proposals.whole import made_whole, with_counted_noun
from core.reading.reader import Candidate, Cosines, Question, expects, gives_value, rank, read_question, support
from core.reading.spans.protocol import Spans
from core.reading.spans.windows import PlacedSpan, outside, predicted, windows
from core.reading.tables.show import in_asked_unit
from core.reading.text.marks import chosen_labels
from core.reading.text.measures import one_percentage
from core.reading.verdict import verdict

MAX_QUOTES = 3
# A figure that a question does not name as such is read from a table only where that is rather sure.
_UNASKED_FIGURE = 0.6
# What a sentence's probability counts where a span reader or a table is there to answer.
_AFTER_SPANS = 0.7
_AFTER_CELLS = 0.5
# A further quote has this part of the best answer's probability at least.
_NEAR = 0.55
# Support below which the words of the passages have nothing to do with the question.
MIN_SUPPORT = 0.15
_BARE_WORDS = 6  # of a quote that is no sentence


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
        answerability: Probability that the passages answer the question at all; None where no span reader took part.
        names_thing: Whether the quotes name what is asked for.
        gives_value: Whether the answer or its quotes hold a value of the kind that is asked for; True for no value.
        is_spoken_of: Whether the passages speak of every thing that the question names.
        fits: Whether the short answer is of the kind that is asked for, and its quotes have most words of the question.
        places: Where each passage answers best, the passages that answer best first.
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
    answerability: float | None = None
    names_thing: bool = True
    gives_value: bool = True
    is_spoken_of: bool = True
    fits: bool = True
    places: tuple[Quote, ...] = ()

    @property
    def answers(self) -> bool:
        """Whether the answer is sure enough to be given."""
        if self.confidence < MIN_CONFIDENCE and not self.fits and not self.polarity:
            return False
        if self.possible and not (self.gives_value and self.is_spoken_of):
            return False
        if self.kind == "sentence" and not self.spans_read:
            # Words alone seldom tell the short answer, but they tell whether the sentence is about the question.
            return support(self.ranked) >= MIN_SUPPORT or self.confidence >= SURE
        if not self.kind:
            return False
        # Where the words of the question stand together, their sentences are worth showing though no span is sure.
        supported = support(self.ranked)
        if self.answerability is None or self.kind in ("section", "list"):
            return self.confidence >= MIN_CONFIDENCE or supported >= STRONG_SUPPORT
        return is_answered(self.answerability, self.confidence, supported, named=self.names_thing)

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
    as_asked, question = question, bare_question(question)
    form = read_asked(question)
    kept = named_first(question, passages)
    chosen = [passages[index] for index in kept]
    ranked = rank(affirmed(question), chosen, cosines=cosines)
    made, answer_evidence = _proposals(question, form, ranked, chosen, spans) if ranked else ([], {})
    if not made:
        return Reading(ranked=tuple(ranked), places=_places([], passages))
    best = made_whole(question, form, choose(made, form), chosen)
    if best.kind == "table" and best.computed_from:
        short = in_asked_unit(best.short, as_asked)
        best = best if short == best.short else replace(best, short=short, note=best.note or best.short)
    best = best if form.yes_no else _marked(best, chosen)
    percentage = one_percentage(best.short) if asking.SHARE.search(question) else ""
    best = replace(best, short=percentage) if percentage else best
    quotes = _quotes(best, made, form, max_quotes)
    shown = _words_shown(best, chosen)
    around = f"{chosen[best.quotes[0].passage].source} {heading_of(best, chosen)}" if best.quotes else ""
    if form.negated and not form.yes_no and not shares_word(f"{question} {form.denial}", f"{around} {shown}"):
        # What is not so is told by what is about it.
        return Reading(ranked=tuple(ranked), places=_places([], passages))
    best = with_counted_noun(question, best, shown)
    return Reading(
        kind=best.kind,
        short_answer=best.short,
        quotes=_moved(quotes, kept),
        computed_from=_moved(best.computed_from, kept),
        confidence=best.confidence,
        ranked=tuple(ranked),
        note=best.note,
        polarity=(best.polarity or _said(question, best, chosen)) if form.yes_no else "",
        features=tuple(best.features.items()),
        spans_read=any(proposal.kind == "span" for proposal in made),
        answerability=answerability(answer_evidence) if answer_evidence else None,
        names_thing=names_thing(question, f"{shown} {heading_of(best, chosen)}" if _is_bare(best, shown) else shown),
        fits=expects(read_question(question), best.short) and shares_word(question, shown),
        is_spoken_of=form.yes_no or not unspoken(question, [f"{each.source} {each.text}" for each in passages]),
        gives_value=form.yes_no or form.counts != "" or gives_value(read_question(question), f"{best.short} {shown}"),
        places=_places(_moved(_shown_by(best, made, ranked, chosen), kept), passages),
    )


def _shown_by(
    best: Proposal, proposals: Sequence[Proposal], ranked: Sequence[Candidate], passages: Sequence[Passage]
) -> list[Quote]:
    """What answers, best first: the answer's quotes, those of the other proposals, then the sentences."""
    by_confidence = sorted(proposals, key=lambda proposal: -proposal.confidence)
    quotes = [quote for proposal in (best, *by_confidence) for quote in proposal.quotes if not quote.pages_on]
    for candidate in ranked:
        places = located(passages, candidate.passage, candidate.sentence.start, candidate.sentence.end)
        quotes += [quote for quote in places[:1] if not quote.pages_on]
    return quotes


def _places(quotes: Sequence[Quote], passages: Sequence[Passage]) -> tuple[Quote, ...]:
    """The first quote of every passage, in their order; its beginning where there is none."""
    first = {quote.passage: quote for quote in reversed(quotes)}
    order = dict.fromkeys([*(quote.passage for quote in quotes), *range(len(passages))])
    return tuple(first.get(each) or Quote(each, passages[each].offset, passages[each].offset) for each in order)


def _is_bare(best: Proposal, shown: str) -> bool:
    """Whether what is shown is no sentence: what it is stands above it."""
    return best.kind == "named" or len(shown.split()) <= _BARE_WORDS


def _words_shown(best: Proposal, passages: Sequence[Passage]) -> str:
    """The quotes of an answer with the heads of their columns."""
    heads = (passages[quote.passage].page[slice(*quote.heads)] for quote in best.quotes if quote.heads is not None)
    return " ".join([*(quote_span(passages, quote) for quote in best.quotes), *heads])


def proposals(
    question: str, passages: Sequence[Passage], *, cosines: Cosines | None = None, spans: Spans | None = None
) -> tuple[list[Proposal], Mapping[str, float]]:
    """Return what the parts of the reader propose, and what tells whether the passages answer at all.

    See `read` for the arguments. The second is empty where the span reader took no part.
    """
    question = bare_question(question)
    ranked = rank(affirmed(question), passages, cosines=cosines)
    return _proposals(question, read_asked(question), ranked, passages, spans) if ranked else ([], {})


def _proposals(
    question: str, form: Asked, ranked: Sequence[Candidate], passages: Sequence[Passage], spans: Spans | None
) -> tuple[list[Proposal], Mapping[str, float]]:
    """Everything that the parts of the reader propose, best first within a part."""
    plain = affirmed(question)
    parsed = read_question(plain)
    known = _known(parsed, ranked)
    proposals: list[Proposal] = []
    section = of_section(question, form, passages) if form.section else None
    if section is not None:
        return section, {}
    tables: list[PlacedTable] = []
    worded_cells: list[Proposal] = []
    if form.figure or form.lists or form.counts or any(passage.blocks for passage in passages):
        tables = tables_in(passages)
    if form.lists or form.counts:
        listed = from_lists(plain, form, passages, tables)
        proposals += [listed] if listed is not None else []
    if tables:
        figures = from_tables(plain, tables, passages, known)
        worded_cells = from_worded_tables(plain, tables, figures)
        figures = of_asked_rows(plain, tables, figures, worded_cells)
        proposals += [*figures, *(worded_cells if form.yes_no else ())]
    # What is asked by a denial or for yes or no stands in a sentence; no span of it is the answer.
    worded = bool(form.denial) or form.yes_no or form.negated or form.steps
    predicted_spans: Sequence[PlacedSpan] = ()
    if spans is not None and not worded:
        predicted_spans = predicted(spans, question, windows(ranked, passages, tables))
        proposals += from_spans(question, parsed, outside(predicted_spans, tables, passages), ranked, passages, known)
    if not form.yes_no:
        named = [*worded_cells, *from_names(plain, parsed, passages, form.denial), *from_statements(plain, passages)]
        named += from_comparisons(plain, passages)
        proposals += sorted(named, key=lambda proposal: -proposal.confidence)
    boxes = from_boxes(plain, passages) if form.yes_no else []
    weights = "words" if spans is None or worded else "sentence"
    sentences = from_sentences(plain, parsed, form, ranked, passages, known, weights)
    proposals += sentences if form.yes_no else without_notes(plain, sentences, proposals, tables)
    proposals = proposals if form.yes_no else without_empty_cells(plain, proposals, tables)
    proposals = [
        proposal
        for proposal in about_the_same(question, proposals, passages)
        if not (proposal.quotes and lists_opposite(form, question, quote_span(passages, proposal.quotes[0])))
    ]
    if not (form.yes_no or form.foreign):
        stated = [*from_counts(plain, passages), *from_signatures(plain, passages)]
        proposals = that_fit(question, [*stated, *proposals], passages)
    proposals = [*boxes, *settled(question, proposals, passages)] if form.yes_no else proposals
    if spans is None or worded:
        return proposals, {}
    features = answerability_features(parsed, ranked, predicted_spans, proposals, passages)
    return [_with_answerability(proposal, logit(answerability(features))) for proposal in proposals], features


def _with_answerability(proposal: Proposal, answerable: float) -> Proposal:
    """Weigh a proposal anew, knowing the log-odds that the passages answer at all."""
    features = {**proposal.features, "answerable": answerable}
    return replace(proposal, features=features, confidence=probability(proposal.kind, features))


def choose(proposals: Sequence[Proposal], form: Asked) -> Proposal:
    """Return the most probable proposal; a table's only where a figure is asked for or it is sure."""
    for kind in ("section", "list"):
        special = next((p for p in proposals if p.kind == kind), None)
        if special is not None:
            return special
    neural = any(p.kind == "span" for p in proposals)

    def weight(proposal: Proposal) -> float:
        may_ask = form.figure or form.foreign
        if proposal.kind == "table" and not may_ask and proposal.confidence < _UNASKED_FIGURE:
            return 0.0
        # The words find the sentence, but the span reader or a table finds the answer in it.
        if proposal.kind != "sentence":
            return proposal.confidence
        return proposal.confidence * (_AFTER_SPANS if neural else _AFTER_CELLS if form.figure else 1.0)

    first = {proposal.kind: proposal for proposal in reversed(proposals)}
    return max(first.values(), key=weight)


def _quotes(best: Proposal, proposals: Sequence[Proposal], form: Asked, limit: int) -> tuple[Quote, ...]:
    """The quotes of an answer: its own; those of the next ones too where one is not enough or it is not sure."""
    quotes = list(best.quotes)
    # A row shows its figure as a whole: sentences beside it are wanted only where it is a guess.
    more = form.several or best.confidence < (POSSIBLE if best.kind == "table" else SURE)
    for other in proposals if more and best.kind not in ("section", "list") else ():
        room = limit - len(quotes)
        fresh = [quote for quote in other.quotes if not any(_overlap(quote, known) for known in quotes)]
        # Beside an answer that is only possible stand the sentences that share most words with the question.
        near = other.confidence >= _NEAR * best.confidence or (other.kind == "sentence" and best.confidence < POSSIBLE)
        if room > 0 and other.kind in ("span", "sentence") and fresh and near:
            quotes += fresh[:room]
    return tuple(quotes[: max(limit, len(best.quotes))])


def _overlap(first: Quote, second: Quote) -> bool:
    same = (first.passage, first.pages_on) == (second.passage, second.pages_on)
    return same and first.start < second.end and second.start < first.end


def _moved(quotes: Sequence[Quote], kept: Sequence[int]) -> tuple[Quote, ...]:
    return tuple(replace(quote, passage=kept[quote.passage]) for quote in quotes)


def _known(question: Question, ranked: Sequence[Candidate]) -> float:
    """1 where the passages hold all names and numbers of the question, less where some are nowhere."""
    if not question.names:
        return 1.0
    return ranked[0].features[3] if ranked else 0.0


def _marked(best: Proposal, passages: Sequence[Passage]) -> Proposal:
    """Let a proposal that quotes the options of a form answer with those that are chosen."""
    if not best.quotes or best.quotes[0].pages_on:
        return best
    quote = best.quotes[0]
    labels = chosen_labels(passages[quote.passage].page[quote.start : quote.end])
    return replace(best, short=labels) if labels and best.short not in labels.split(", ") else best


def _said(question: str, best: Proposal, passages: Sequence[Passage]) -> str:
    """Return what a proposal that is no sentence says to a question for yes or no; empty without a quote."""
    if not best.quotes or "settled" in best.features:
        return ""
    return verdict(question, best.short, quote_span(passages, best.quotes[0]))
