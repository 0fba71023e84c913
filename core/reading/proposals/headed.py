"""Short answers below the heading that names what is asked for ("License", "MIT."), and versions of programs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from core.language.english.questions import headed
from core.reading.confidence import probability
from core.reading.passages import Passage
from core.reading.proposals.candidates import Proposal, Quote
from core.reading.proposals.lists import body_under
from core.reading.text.sentences import Sentence, sentences_of
from core.reading.text.words import STOPWORDS, content_stems, words

_MOST_WORDS = 6  # of a few words that are an answer by themselves
_MOST_HEADING_STEMS = 4
# Of what the words leave open: whether the heading is of the same thing.
_LEAST_COVERED = 0.3


def from_headings(question: str, passages: Sequence[Passage]) -> list[Proposal]:
    """Return short sentences below headings that name what is asked for, and asked versions, best first."""
    pages = {passage.page: index for index, passage in reversed([*enumerate(passages)])}
    proposals = [
        proposal
        for page, index in pages.items()
        for proposal in (*_below(question, page, index, passages), *_versions(question, page, index, passages))
    ]
    return sorted(proposals, key=lambda proposal: (-proposal.confidence, proposal.quotes[0].passage))


def _is_bare(text: str) -> bool:
    """Whether a text is a few words and no sentence, which would say something of what the heading names."""
    return len(text.split()) <= _MOST_WORDS and not set(words(text)) & (STOPWORDS - headed.IN_PHRASE)


def _document(source: str) -> str:
    """What names a passage's document, without its page."""
    return source.partition(",")[0]


def _proposal(short: str, quote: Quote, covered: float) -> Proposal:
    features = {"close": 1.0, "covered": covered, "early": max(0.0, 1 - quote.passage / 4)}
    return Proposal("named", short, (quote,), confidence=probability("named", features), features=features)


def _below(question: str, page: str, index: int, passages: Sequence[Passage]) -> Iterator[Proposal]:
    match = headed.ASKS.search(question)
    terms, noun = content_stems(question), content_stems(match["noun"]) if match else frozenset[str]()
    units = sentences_of(page) if noun else ()
    for unit in units:
        heading = content_stems(page[unit.start : unit.end]) if unit.kind == "heading" else frozenset[str]()
        if not heading or len(heading) > _MOST_HEADING_STEMS or not heading <= terms or heading.isdisjoint(noun):
            continue
        body = body_under(unit, units)
        first = next((each for each in units if body is not None and each.start == body[0]), None)
        if first is None or first.kind not in ("prose", "row"):
            continue
        short = " ".join(page[first.start : first.end].split()).rstrip(".")
        rest = terms - heading
        document = _document(passages[index].source)
        # The name of the whole may stand on another page.
        named = content_stems(passages[index].source) | frozenset[str]().union(
            *(content_stems(each.page) for each in passages if _document(each.source) == document)
        )
        covered = 1 - len(rest - named) / len(terms)
        if _is_bare(short) and covered >= _LEAST_COVERED:
            yield _proposal(short, Quote(index, first.start, first.end), covered)


def _versions(question: str, page: str, index: int, passages: Sequence[Passage]) -> Iterator[Proposal]:
    match = headed.ASKS_VERSION.search(question)
    name = (match["name"] or match["of"]) if match else ""
    if not name:
        return
    terms = content_stems(question) - content_stems(match[0] if match else "")
    units = sentences_of(page)
    for place in re.finditer(rf"(?<![\w-]){re.escape(name)}(?={headed.VERSION.pattern})", page, re.IGNORECASE):
        version = headed.VERSION.match(page, place.end())
        unit = next((each for each in units if each.start <= place.start() < each.end), None)
        if version is None or unit is None:
            continue
        near = content_stems(_around(unit, page)) | content_stems(passages[index].source)
        covered = (1 + len(terms & near)) / (1 + len(terms))
        yield _proposal(" ".join(version["version"].split()), Quote(index, unit.start, unit.end), covered)


def _around(unit: Sentence, page: str) -> str:
    """A sentence with the lines that govern it."""
    spans = [(unit.start, unit.end), *(span for span in (unit.header, unit.label) if span)]
    return " ".join(page[slice(*span)] for span in spans)
