"""From hits to the passages of a prompt: merged, without repeats, inside the model's token budget.

A packed span is always a stretch of one page, `page[start:end] == text`. Knows spans and a token counter; refuses
to know models, prompts and how hits were found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from core.reading.proposals.counted import states_count
from core.reading.text.sentences import sentences_of
from core.reading.text.words import numbers, words
from core.types import Hit

PageText = Callable[[str, int], str]

# A chunk begins and ends where a splitter cut; a reader wants the sentence whole and what stands around it.
WIDEN_CHARS = 240
# Spans of one page with no more than this between them read better as one.
_GAP_CHARS = 80
_SHINGLE = 3
_SAME = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch of one page that goes into the prompt; `start` and `end` are code points in the page's text."""

    doc: str
    sha256: str
    page: int
    start: int
    end: int
    text: str
    title: str = ""

    @property
    def source(self) -> str:
        """How a person finds it."""
        return f"{self.doc}, p. {self.page + 1}"


def widened(page: str, start: int, end: int, by: int) -> tuple[int, int]:
    """Grow a span to whole sentences, by as many as `by` code points on each side hold."""
    low, high = max(0, start - by), min(len(page), end + by)
    for sentence in sentences_of(page):
        if low <= sentence.start < start:
            start = min(start, sentence.start)
        if end < sentence.end <= high:
            end = sentence.end
    return start, end


def merge(hits: Sequence[Hit], page_text: PageText, *, widen_chars: int = WIDEN_CHARS) -> list[Span]:
    """Join hits of one page that overlap or nearly touch, widened to sentences; order is that of the best hit."""
    spans: list[Span] = []
    for hit in hits:
        page = page_text(hit.sha256, hit.page)
        start, end = widened(page, hit.start, hit.end, widen_chars)
        place = len(spans)
        for index in range(len(spans) - 1, -1, -1):
            other = spans[index]
            near = other.start <= end + _GAP_CHARS and start <= other.end + _GAP_CHARS
            if (other.sha256, other.page) == (hit.sha256, hit.page) and near:
                start, end, place = min(start, other.start), max(end, other.end), index
                del spans[index]
        text = page[start:end]
        span = Span(doc=hit.doc, sha256=hit.sha256, page=hit.page, start=start, end=end, text=text, title=hit.title)
        spans.insert(place, span)
    return [span for span in spans if span.text.strip()]


def counts_first(question: str, hits: Iterable[Hit]) -> list[Hit]:
    """Return hits, those before the others that state the number of what a question counts.

    A page with the number is seldom found first: its other words are those of all pages.
    """
    return sorted(hits, key=lambda hit: not states_count(question, hit.text))


def _shingles(text: str) -> frozenset[tuple[str, ...]]:
    tokens = words(text)
    return frozenset(zip(*(tokens[offset:] for offset in range(min(_SHINGLE, len(tokens) or 1))), strict=False))


def distinct(spans: Sequence[Span]) -> Iterator[Span]:
    """Yield the spans, but none whose words stand nine tenths in an earlier one and whose numbers all do.

    Filings repeat their sentences with other figures: text that differs in a number is not a repeat.
    """
    kept: list[tuple[Span, frozenset[tuple[str, ...]], frozenset[str]]] = []
    for span in spans:
        shingles, figures = _shingles(span.text), frozenset(numbers(span.text))
        if not any(
            len(shingles & other) >= _SAME * len(shingles) and figures <= other_figures
            for _, other, other_figures in kept
        ):
            kept.append((span, shingles, figures))
            yield span


def _cut(span: Span, budget_tokens: int, count_tokens: Callable[[str], int]) -> Span | None:
    """The longest beginning of a span, at a sentence end, that keeps the budget; None if no sentence does."""
    ends = [sentence.end for sentence in sentences_of(span.text)]
    fitting = [end for end in ends if count_tokens(span.text[:end]) <= budget_tokens]
    if not fitting:
        return None
    text = span.text[: fitting[-1]]
    return Span(
        doc=span.doc,
        sha256=span.sha256,
        page=span.page,
        start=span.start,
        end=span.start + len(text),
        text=text,
        title=span.title,
    )


def pack(
    hits: Sequence[Hit],
    page_text: PageText,
    *,
    limit: int,
    budget_tokens: int,
    count_tokens: Callable[[str], int],
    frame_tokens: int = 40,
    widen_chars: int = WIDEN_CHARS,
) -> list[Span]:
    """Choose the passages of a prompt.

    Args:
        hits: Best first; more than `limit`, since some merge.
        page_text: Gives the text of a page of a document.
        limit: Most passages.
        budget_tokens: Most tokens for all of them.
        count_tokens: Counts as the answering model does.
        frame_tokens: What a passage costs beside its text: marks, key and source.
        widen_chars: How far a hit grows to each side, in whole sentences.

    Returns:
        Spans, best first. One that does not fit is cut at a sentence end; a later one that is smaller may still fit.
    """
    packed: list[Span] = []
    tokens_left = budget_tokens
    for span in distinct(merge(hits, page_text, widen_chars=widen_chars)):
        if len(packed) == limit:
            break
        room = tokens_left - frame_tokens
        fitting = span if count_tokens(span.text) <= room else _cut(span, room, count_tokens)
        if fitting is not None:
            packed.append(fitting)
            tokens_left = room - count_tokens(fitting.text)
    return packed
