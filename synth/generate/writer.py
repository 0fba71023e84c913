"""The generator `writer`: a small model asks for words of a passage; questions stay that the span reader answers alike.

It works on any English prose and needs no network. Rules choose the words to ask for
(`synth.facts.english.candidates`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, groupby, islice, zip_longest
from typing import Protocol

from core.language.english.questions.wording import DEPENDENT, ENGLISH
from core.language.language import language
from core.metrics import contains, normalised, token_f1
from core.reading.spans.protocol import ScoredSpan, Spans
from core.reading.text.words import terms
from core.types import Citation, Document, Fact
from synth.check.form import names
from synth.facts.english.candidates import AnswerCandidate, answer_candidates
from synth.facts.english.context import DocumentProse, ProseSentence
from synth.facts.english.fitting import answer_fits
from synth.facts.english.tables.cells import LabelledCell, labelled_cells
from synth.facts.english.tables.flat import Flat
from synth.facts.read import rule_language
from synth.generate.base import GenerationEstimate, PassageText
from synth.generate.rules import THIN_KINDS, RulesGenerator, passage_text
from synth.generate.writer_prompt import SYSTEM, MarkedText
from synth.work.candidate import SourcePassage, digest
from synth.work.kinds import TextKind
from synth.work.workspace import Planned, SynthTables

_WELL_READ = 2  # facts of the rules a page
_CHUNKS = 4  # whose questions are written together
_TRIES = 3  # questions per fact that is wanted
_FEWEST_CHARS = 60  # of a chunk
_WINDOW_CHARS = 480
_PER_SENTENCE = 2
# Log-odds of the span against "no answer": where the reader answers at all, and where it is sure enough for a fact.
_LEAST_SCORE, _SURE_SCORE = 0.0, 5.0
_LEAST_OVERLAP = 0.5
_MOST_GROWTH, _MORE_CHARS = 1.6, 12
# What the reader may settle the bounds of; values and names stand as they are.
_LOOSE_KINDS = frozenset({"phrase", "list", "reason", "definition"})
# Words by which questions ask for kinds of answers.
_ASKING = frozenset(terms(" ".join(language("en").word_lists["answer_kind"])))
_VALUES = frozenset({"quantity", "date"})
_FACT_KINDS = {"definition": "is-a"}
_NO_TEXT = Flat("", ())


class QuestionWriter(Protocol):
    """Writes questions for marked words."""

    def write(self, marked: Sequence[MarkedText]) -> list[str]:
        """Return a question for each text, in order; `""` where none came."""
        ...


@dataclass(frozen=True, slots=True)
class _Draft:
    """Words to ask for, where they stand, and what the writer is shown; of a cell also what a question has to say."""

    source: SourcePassage
    sentence: ProseSentence
    candidate: AnswerCandidate
    marked: MarkedText
    cell: LabelledCell | None = None


@dataclass(frozen=True, slots=True)
class _AnsweredQuestion:
    """A draft with its question and the answer that the reader found; `span` counts in the page."""

    draft: _Draft
    question: str
    span: tuple[int, int]
    score: float


@dataclass(slots=True)
class _Seen:
    """Spans of pages that are asked about already, by document and page."""

    spans: dict[tuple[str, int], list[tuple[int, int]]]

    @classmethod
    def of(cls, citations: Iterable[Citation]) -> _Seen:
        """Return the spans of some quotes."""
        seen = cls({})
        for citation in citations:
            seen.spans.setdefault((citation.sha256, citation.page), []).append((citation.start, citation.end))
        return seen

    def add(self, source: SourcePassage, sentence: ProseSentence) -> bool:
        """Take a sentence; False where it overlaps with one before."""
        spans = self.spans.setdefault((source.sha256, source.page), [])
        if any(start < sentence.end and sentence.start < end for start, end in spans):
            return False
        spans.append((sentence.start, sentence.end))
        return True


class WriterGenerator:
    """Writes rows with the question writer and the span reader.

    Args:
        writer: Writes the questions.
        spans: Reads them back.
        documents: Those of the collection.
        phrasings: Most questions for one fact; a second is written with the sentence alone in view.
        rules: Finds facts first; in documents that it does not read well, the writer asks for what the other sentences
            of a chunk say.
    """

    name = "writer"
    origin = "writer"

    def __init__(
        self,
        writer: QuestionWriter,
        spans: Spans,
        documents: Sequence[Document],
        *,
        phrasings: int,
        rules: RulesGenerator | None = None,
    ) -> None:
        self._writer = writer
        self._spans = spans
        self._documents = {document.sha256: document for document in documents}
        self._prose: dict[str, DocumentProse] = {}
        self._phrasings = phrasings
        self._rules = rules

    def facts(self, work: SynthTables, per_chunk: int) -> Iterator[Planned]:
        """Yield facts of the rules, then others chunk by chunk, in the seed's order, until a chunk has enough.

        Documents that the rules read well are left to them: what they find is surer and comes in more wordings.
        """
        counts: Counter[str] = Counter()
        by_document: Counter[str] = Counter()
        quoted: list[Citation] = []
        for planned in self._rules.facts(work, per_chunk) if self._rules else ():
            counts[planned.chunk] += 1
            by_document[planned.fact.evidence[0].sha256] += planned.fact.kind not in THIN_KINDS
            quoted += planned.fact.evidence
            yield planned
        seen = _Seen.of(quoted)
        well_read = {
            sha256 for sha256, count in by_document.items() if count >= _WELL_READ * self._documents[sha256].n_pages
        }
        chunks = (
            source
            for source in work.chunks_in_order()
            if len(source.text) >= _FEWEST_CHARS and source.sha256 not in well_read
        )
        while sources := list(islice(chunks, _CHUNKS)):
            missing = {source.chunk: per_chunk - counts[source.chunk] for source in sources}
            drafts = [
                draft
                for source in sources
                for draft in self._drafts(source, work, _TRIES * missing[source.chunk], seen)
            ]
            questions = self._read_back(drafts, self._write(drafts))
            again = self._second(questions)
            for source in sources:
                own_questions = [question for question in questions if question.draft.source.chunk == source.chunk]
                for question in _best(own_questions, missing[source.chunk]):
                    fact = _fact(question, again.get(id(question), ()))
                    if work.add_fact(fact, source.chunk):
                        yield Planned(fact, source.chunk)

    def answers(self, requests: Iterable[tuple[str, Sequence[SourcePassage]]]) -> Iterator[str]:
        """Answer with the best span of the passages; `""` where "no answer" is likelier."""
        for question, sources in requests:
            asked_for = self._unscoped(question, sources[0]) if sources else question
            best = self._best_span(asked_for, [source.text for source in sources])
            yield sources[best.passage].text[best.start : best.end] if best else ""

    def text(self, kind: TextKind, source: SourcePassage, work: SynthTables) -> PassageText | None:
        """Write a text about a passage from its own sentences."""
        return passage_text(kind, source, work)

    def estimate(self, work: SynthTables, per_chunk: int, phrasings: int, rows: int | None) -> GenerationEstimate:  # noqa: ARG002
        """Return an empty estimate: nothing leaves the process."""
        return GenerationEstimate(calls={})

    def prompts(self) -> Mapping[str, str]:
        """Return the writer's system prompt."""
        return {"writer": SYSTEM}

    def _drafts(self, source: SourcePassage, work: SynthTables, count: int, seen: _Seen) -> list[_Draft]:
        """The likeliest words of every sentence of a chunk first, then the second likeliest, until there are enough."""
        prose = self._prose_of(source.sha256, work)
        page = work.page_text(source.sha256, source.page)
        if count <= 0 or rule_language(page) != "en":
            return []
        by_sentence: list[list[_Draft]] = []
        for sentence in prose.sentences(page):
            inside = source.start <= sentence.start and sentence.end <= source.end
            if not inside or not seen.add(source, sentence):
                continue
            chosen = answer_candidates(sentence.flat.text, prose.casing)
            by_sentence.append([_draft(source, sentence, candidate, prose.title) for candidate in chosen])
        by_sentence += self._rows(source, work, seen, prose.title)
        rounds = chain.from_iterable(zip_longest(*by_sentence))
        return [draft for draft in rounds if draft is not None][:count]

    def _rows(self, source: SourcePassage, work: SynthTables, seen: _Seen, title: str) -> Iterator[list[_Draft]]:
        """The cells of each row of the tables in a chunk."""
        page = work.page_text(source.sha256, source.page)
        cells = labelled_cells(page, work.tables(source.sha256, source.page))
        for (start, end), row in groupby(cells, key=lambda cell: cell.row):
            if source.start <= start and end <= source.end and seen.add(source, ProseSentence(start, end, _NO_TEXT)):
                yield [_cell_draft(source, cell, title) for cell in row]

    def _prose_of(self, sha256: str, work: SynthTables) -> DocumentProse:
        if sha256 not in self._prose:
            self._prose[sha256] = DocumentProse(self._documents[sha256], work.pages(sha256))
        return self._prose[sha256]

    def _write(self, drafts: Sequence[_Draft]) -> list[str]:
        return [tidied(question) for question in self._writer.write([draft.marked for draft in drafts])]

    def _scoped(self, question: str, source: SourcePassage) -> str:
        """Name the document where a question names nothing."""
        scope = self._prose[source.sha256].naming.scope if source.sha256 in self._prose else ""
        return f"In {scope}, {question[0].lower()}{question[1:]}" if scope and not names(question) else question

    def _unscoped(self, question: str, source: SourcePassage) -> str:
        """Take the name of the document off again: the reader was not trained to read past it."""
        scope = self._prose[source.sha256].naming.scope if source.sha256 in self._prose else ""
        return question.removeprefix(f"In {scope}, ") if scope else question

    def _read_back(self, drafts: Sequence[_Draft], questions: Sequence[str]) -> list[_AnsweredQuestion]:
        """Keep the questions from which the reader finds the marked words again."""
        kept_questions = []
        for draft, question in zip(drafts, questions, strict=True):
            if not question or contains(question, draft.marked.answer) or _invents(question, draft):
                continue
            if draft.cell and not draft.cell.is_named_by(question):
                continue
            best = self._best_span(question, [draft.source.text])
            span = _settled(draft, best) if best and best.score >= _SURE_SCORE else None
            answer = _on_page(draft.source, span) if span else ""
            is_value = draft.candidate.kind in _VALUES
            fits = bool(answer) and answer_fits(question, answer, is_value=is_value)
            if best and span and fits and not contains(question, answer):
                scoped = self._scoped(question, draft.source)
                kept_questions.append(_AnsweredQuestion(draft, scoped, span, best.score))
        return kept_questions

    def _second(self, first_questions: Sequence[_AnsweredQuestion]) -> dict[int, tuple[str, ...]]:
        """Another question for each answer, where one comes out that the reader answers alike."""
        if self._phrasings == 1:
            return {}
        alone = [_alone(question.draft) for question in first_questions]
        again = self._read_back(alone, self._write(alone))
        by_place = {(question.draft.source.chunk, question.span): question.question for question in again}
        others: dict[int, tuple[str, ...]] = {}
        for question in first_questions:
            other = by_place.get((question.draft.source.chunk, question.span), "")
            if other and normalised(other) != normalised(question.question):
                others[id(question)] = (other,)
        return others

    def _best_span(self, question: str, texts: Sequence[str]) -> ScoredSpan | None:
        best = next(iter(self._spans.predict(question, texts, top=1)), None) if texts else None
        return best if best and best.score >= _LEAST_SCORE else None


def tidied(question: str) -> str:
    """Return the first line of a reply where that is a well-formed question, else `""`."""
    line = " ".join(question.strip().split("\n")[0].split())
    whole = line.endswith("?") and line.count("?") == 1 and ENGLISH.question_start.match(line) is not None
    return line[0].upper() + line[1:] if whole else ""


def _draft(source: SourcePassage, sentence: ProseSentence, candidate: AnswerCandidate, title: str) -> _Draft:
    text, offset = sentence.window(_WINDOW_CHARS)
    marked = MarkedText(title=title, text=text, start=offset + candidate.start, end=offset + candidate.end)
    return _Draft(source, sentence, candidate, marked)


def _cell_draft(source: SourcePassage, cell: LabelledCell, title: str) -> _Draft:
    flat, start = cell.statement()
    candidate = AnswerCandidate(start, start + len(cell.answer), "quantity")
    marked = MarkedText(title=title, text=flat.text, start=candidate.start, end=candidate.end)
    return _Draft(source, ProseSentence(*cell.row, flat), candidate, marked, cell)


def _alone(draft: _Draft) -> _Draft:
    candidate = draft.candidate
    marked = MarkedText(
        title=draft.marked.title, text=draft.sentence.flat.text, start=candidate.start, end=candidate.end
    )
    return _Draft(draft.source, draft.sentence, candidate, marked, draft.cell)


def _invents(question: str, draft: _Draft) -> bool:
    """Whether a question speaks of more than one thing that neither the title nor the text does."""
    known = set(terms(f"{draft.marked.title} {draft.marked.text}"))
    return len(set(terms(question)) - known - _ASKING) > 1


def _settled(draft: _Draft, span: ScoredSpan) -> tuple[int, int] | None:
    """Return the span of the answer on the page, None where the reader found something else."""
    flat, candidate, source = draft.sentence.flat, draft.candidate, draft.source
    marked_span = flat.span(candidate.start, candidate.end)
    reader_span = source.start + span.start, source.start + span.end
    if not (reader_span[0] < marked_span[1] and marked_span[0] < reader_span[1]):
        return None
    given, gold = source.text[span.start : span.end], draft.marked.answer
    if token_f1(given, gold) < _LEAST_OVERLAP and not contains(given, gold) and not contains(gold, given):
        return None
    inside = draft.sentence.start <= reader_span[0] and reader_span[1] <= draft.sentence.end
    if candidate.kind not in _LOOSE_KINDS:
        short = len(given) <= _MOST_GROWTH * len(gold) + _MORE_CHARS
        return marked_span if short else None
    # A part of an enumeration is no answer where one of its things was meant.
    cut = "," in given and "," not in gold
    like = len(given) <= _MOST_GROWTH * len(gold) + _MORE_CHARS and token_f1(given, gold) >= _LEAST_OVERLAP
    return reader_span if inside and like and not cut else None


def _on_page(source: SourcePassage, span: tuple[int, int]) -> str:
    """Return the text of a span of the page that lies in a passage."""
    return source.text[span[0] - source.start : span[1] - source.start]


def _best(questions: Sequence[_AnsweredQuestion], count: int) -> list[_AnsweredQuestion]:
    """The surest questions, at most two of a sentence, none twice and no answer twice in a sentence."""
    chosen: list[_AnsweredQuestion] = []
    for question in sorted(questions, key=lambda question: (-question.score, question.span)):
        same = [other for other in chosen if other.draft.sentence.start == question.draft.sentence.start]
        twice = any(normalised(other.question) == normalised(question.question) for other in chosen)
        overlaps = any(other.span[0] < question.span[1] and question.span[0] < other.span[1] for other in same)
        if len(same) < _PER_SENTENCE and not twice and not overlaps:
            chosen.append(question)
    return sorted(chosen[:count], key=lambda question: question.span)


def _fact(question: _AnsweredQuestion, further: tuple[str, ...]) -> Fact:
    draft = question.draft
    source, sentence = draft.source, draft.sentence
    value = _on_page(source, question.span)
    answer = draft.cell.answer if draft.cell else " ".join(value.split())
    # Heads and scale of a table count as quotes where the chunk holds them.
    quotes = [span for span in (draft.cell.quotes if draft.cell else ()) if _holds(source, span)]
    return Fact(
        id=digest(source.sha256, str(source.page), str(question.span), question.question),
        kind="table" if draft.cell else _FACT_KINDS.get(draft.candidate.kind, draft.candidate.kind),
        statement=_statement(sentence.flat, answer),
        subject=draft.cell.label if draft.cell else "",
        value=value,
        answer=answer,
        questions=(question.question, *further),
        evidence=tuple(_cited(source, span) for span in ((sentence.start, sentence.end), *quotes)),
    )


def _holds(source: SourcePassage, span: tuple[int, int]) -> bool:
    return source.start <= span[0] and span[1] <= source.end


def _cited(source: SourcePassage, span: tuple[int, int]) -> Citation:
    start, end = span
    quote = _on_page(source, span)
    return Citation(doc=source.doc, sha256=source.sha256, page=source.page, start=start, end=end, quote=quote)


def _statement(flat: Flat, answer: str) -> str:
    """The sentence where it stands alone, else the answer."""
    return f"{answer[0].upper()}{answer[1:]}." if DEPENDENT.match(flat.text) else flat.text
