"""A reading as an answer: its text, its citations on the pages, and the cells that a figure came from."""

from __future__ import annotations

import itertools
import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from core.errors import ConfigError
from core.prompt import NOTICE, passage_source
from core.reading.compose import compose
from core.reading.passages import Passage, new_keys
from core.reading.proposals.candidates import Quote, quote_span
from core.reading.read import Reading
from core.reading.text.sentences import Offsets
from core.types import Citation, Page, Statement
from rag.answer.continued import continued
from rag.answer.furniture import folios
from rag.answer.pack import Span
from rag.answer.plain import transform

PageOf = Callable[[str, int], Page]


@dataclass(frozen=True, slots=True)
class QuotedAnswer:
    """An answer made of quotes.

    Attributes:
        text: For a person.
        citations: The quotes, in order.
        statements: The lines of the answer with their citations.
        computed_from: The cells or items that the short answer was computed from.
    """

    text: str
    citations: tuple[Citation, ...]
    statements: tuple[Statement, ...]
    computed_from: tuple[Citation, ...]


def passages_of(spans: Sequence[Span], page_of: PageOf, rng: random.Random) -> tuple[list[Span], list[Passage]]:
    """Return spans as the reader takes them: with their pages, and whole sentences at page breaks.

    What answers nothing is blank in a passage's text, and so is the rest of a sentence that another passage has whole;
    offsets count on the page all the same.

    Returns:
        The spans, some of them without a footer at their end, and one passage for each.
    """
    kept: list[Span] = []
    passages: list[Passage] = []
    read_before: dict[tuple[str, int], list[Offsets]] = defaultdict(list)
    for key, given in zip(new_keys(len(spans), rng), spans, strict=True):
        page = page_of(given.sha256, given.page)
        span, rest = continued(given, page, _after(given, page_of))
        kept.append(span)
        if rest is not None:
            read_before[span.sha256, span.page + rest.pages_on].append((rest.start, rest.start + len(rest.text)))
        passages.append(
            Passage(
                key=key,
                source=passage_source(span.doc, span.page, span.title),
                text=_blanked(span.text, span.start, folios(page)),
                page_text=page.text,
                offset=span.start,
                blocks=page.blocks,
                continuation=rest,
            )
        )
    for index, span in enumerate(kept):
        text = _blanked(passages[index].text, span.start, read_before[span.sha256, span.page])
        if text.strip():
            passages[index] = replace(passages[index], text=text)
    return kept, passages


def _blanked(text: str, start: int, stretches: Iterable[Offsets]) -> str:
    """Return a text with blanks in place of the letters of some stretches of its page, where it begins at `start`."""
    for low, high in stretches:
        low, high = max(0, low - start), max(0, high - start)
        text = text[:low] + re.sub(r"\S", " ", text[low:high]) + text[high:]
    return text


def _after(span: Span, page_of: PageOf) -> Iterator[Page]:
    """The pages after a span's, as far as there are some."""
    for index in itertools.count(span.page + 1):
        try:
            yield page_of(span.sha256, index)
        except (ConfigError, KeyError, IndexError):
            return


def quoted_answer(reading: Reading, passages: Sequence[Passage], spans: Sequence[Span]) -> QuotedAnswer:
    """Return the answer that a reading gives.

    Args:
        reading: It answers.
        passages: What it was read in.
        spans: Where each passage stands.
    """

    def place(quote: Quote) -> str:
        return f"({spans[quote.passage].doc}, p. {spans[quote.passage].page + 1 + quote.pages_on})"

    def citation(quote: Quote) -> Citation:
        span = spans[quote.passage]
        return Citation(
            doc=span.doc,
            sha256=span.sha256,
            page=span.page + quote.pages_on,
            start=quote.start,
            end=quote.end,
            quote=quote_span(passages, quote),
        )

    citations = {quote: index for index, quote in enumerate(dict.fromkeys(reading.quotes))}
    lines = compose(reading, passages, place)
    statements = [
        Statement(
            text=_plain(line.text),
            citations=tuple(citations[quote] for quote in line.quotes if quote in citations) or (0,),
        )
        for line in lines
    ]
    text = "\n".join([*(statement.text for statement in statements), NOTICE])
    return QuotedAnswer(
        text, tuple(map(citation, citations)), tuple(statements), tuple(map(citation, reading.computed_from))
    )


def _plain(text: str) -> str:
    """A line without what a document could make a terminal or a browser do."""
    return transform(text, lambda _: "")
