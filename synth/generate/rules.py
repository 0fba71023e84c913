"""The generator `rules`: facts by rules, answers by quotation; it needs no model and no network.

Its texts are the facts of a passage in order (rewrite) and the sentences with the most repeated words (summary).
"""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from core.language.english.questions.wording import ENGLISH
from core.reading.passages import Passage
from core.reading.reader import rank
from core.reading.text.sentences import sentences
from core.reading.text.words import terms
from core.types import Document, Fact, Page
from synth.generate.base import GenerationEstimate, PassageText
from synth.work.candidate import SourcePassage
from synth.work.kinds import TextKind
from synth.work.workspace import Planned, SynthTables

ReadFacts = Callable[[Document, Iterable[Page]], Iterator[Fact]]
OnDocument = Callable[[str], None]

# Kinds of facts that tell where something stands or what letters mean, and the largest share that they may have.
THIN_KINDS, _MOST_THIN = frozenset({"heading", "acronym"}), 0.1
_READ_SENTENCES, _READ_SHARE = 2, 0.2
_FEWEST_STATEMENTS = 3
_MOST_STATEMENTS = 8
_FEWEST_SENTENCES = 4
_SUMMARY_SENTENCES = 2
_SUMMARY_CHARS = 260
_WHOLE = re.compile(r"[A-Z“\"(].*[.!?][”\")]*\s*$", re.DOTALL)


class RulesGenerator:
    """Writes rows without a model.

    Args:
        documents: Those of the collection, in order.
        read: Returns the facts of a document.
        on_document: Called with the name of each document before it is read.
    """

    name = "builtin"
    origin = "rules"

    def __init__(
        self, documents: Sequence[Document], read: ReadFacts, on_document: OnDocument = lambda _doc: None
    ) -> None:
        self._documents = documents
        self._read = read
        self._on_document = on_document

    def facts(self, work: SynthTables, per_chunk: int) -> Iterator[Planned]:
        """Read every document, then yield the facts in rounds over the chunks."""
        for document in self._documents:
            self._on_document(document.doc)
            with work.bulk():
                for fact in self._read(document, work.pages(document.sha256)):
                    source = work.source_of(fact.evidence[0])
                    if source is not None:
                        work.add_fact(fact, source.chunk)
        yield from capped(work.planned(per_chunk))

    def answers(self, requests: Iterable[tuple[str, Sequence[SourcePassage]]]) -> Iterator[str]:
        """Answer by quotation, as the model `extractive` does."""
        return (read(question, sources) for question, sources in requests)

    def text(self, kind: TextKind, source: SourcePassage, work: SynthTables) -> PassageText | None:
        """Write a text about a passage, None where the passage is too short."""
        return passage_text(kind, source, work)

    def estimate(self, work: SynthTables, per_chunk: int, phrasings: int, rows: int | None) -> GenerationEstimate:  # noqa: ARG002
        """Return an empty estimate."""
        return GenerationEstimate(calls={})

    def prompts(self) -> Mapping[str, str]:
        """Return no prompts."""
        return {}


def read(question: str, sources: Sequence[SourcePassage]) -> str:
    """Return the sentences that answer a question best, one a line: a fifth of the passages, at least two."""
    passages = [Passage(key="", source=source.name, text=source.text) for source in sources]
    ranked = rank(question, passages)
    best = ranked[: max(_READ_SENTENCES, round(_READ_SHARE * len(ranked)))]
    return "\n".join(
        passages[candidate.passage].text[candidate.sentence.start : candidate.sentence.end] for candidate in best
    )


def capped(planned: Iterable[Planned]) -> Iterator[Planned]:
    """Yield facts in their order, of headings and abbreviations at most a tenth (but one): they say little.

    One that comes too early waits until there are enough others; those that wait at the end are left out.
    """
    waiting: deque[Planned] = deque()
    n_all = n_thin = 0
    for each in planned:
        if each.fact.kind in THIN_KINDS:
            waiting.append(each)
        else:
            n_all += 1
            yield each
        while waiting and n_thin + 1 <= max(1, _MOST_THIN * (n_all + 1)):
            n_all, n_thin = n_all + 1, n_thin + 1
            yield waiting.popleft()


def passage_text(kind: TextKind, source: SourcePassage, work: SynthTables) -> PassageText | None:
    """Write a text about a passage from its facts (rewrite) or its sentences, None where the passage is too short."""
    if kind == "summary":
        return summary(source)
    stated = dict.fromkeys(
        (fact.statement, (fact.evidence[0].start - source.start, fact.evidence[0].end - source.start))
        for fact in work.facts_of(source.chunk)
        if source.holds(fact.evidence[0])
    )
    statements = _distinct(list(stated))[:_MOST_STATEMENTS]
    return PassageText(sentences=statements) if len(statements) >= _FEWEST_STATEMENTS else None


def summary(source: SourcePassage) -> PassageText | None:
    """Return the sentences of a passage whose words it repeats most, in their order.

    Sum-based extraction (Nenkova and Vanderwende 2005): a sentence scores the mean probability of its words.
    """
    spans = [(unit.start, unit.end) for unit in sentences(source.text) if unit.kind == "prose"]
    whole = [
        span
        for span in spans
        if _WHOLE.match(source.text[slice(*span)]) and not ENGLISH.leaning_opening.match(source.text[slice(*span)])
    ]
    if len(spans) < _FEWEST_SENTENCES or len(whole) < _SUMMARY_SENTENCES:
        return None
    counts = Counter(term for span in spans for term in terms(source.text[slice(*span)]))
    best = sorted(whole, key=lambda span: -_worth(source.text[slice(*span)], counts))[:_SUMMARY_SENTENCES]
    chosen = [(" ".join(source.text[slice(*span)].split()), span) for span in sorted(best)]
    return PassageText(sentences=chosen) if all(len(text) <= _SUMMARY_CHARS for text, _ in chosen) else None


def _worth(text: str, counts: Counter[str]) -> float:
    sentence_terms = terms(text)
    return sum(counts[term] for term in sentence_terms) / len(sentence_terms) if len(sentence_terms) > 3 else 0.0


def _distinct(statements: Sequence[tuple[str, tuple[int, int]]]) -> list[tuple[str, tuple[int, int]]]:
    """Leave out a statement whose words stand in an earlier one."""
    kept: list[tuple[str, tuple[int, int]]] = []
    seen: list[frozenset[str]] = []
    for statement, span in statements:
        statement_terms = frozenset(terms(statement))
        if not any(len(statement_terms & other) > 0.8 * min(len(statement_terms), len(other) or 1) for other in seen):
            kept.append((statement, span))
            seen.append(statement_terms)
    return kept
