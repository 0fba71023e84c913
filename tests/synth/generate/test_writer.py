"""The generator `writer`: questions stay that are read back alike, quotes stand at their offsets, rules come first."""

from __future__ import annotations

import re
from collections.abc import Sequence

from core.reading.spans.reader import SpanPrediction
from core.types import Chunk
from synth.facts.read import read_facts
from synth.generate import writer
from synth.generate.rules import RulesGenerator
from synth.generate.writer import WriterGenerator, tidied
from synth.generate.writer_prompt import MarkedText
from synth.work.candidate import SourcePassage
from synth.work.workspace import SynthTables
from tests.support.club import PAGES, document, sha256_of, workspace
from tests.support.table_pages import table_page


class EchoWriter:
    """Asks "What comes after ...?" with the sentence around the answer."""

    def write(self, marked: Sequence[MarkedText]) -> list[str]:
        return [self._question(text) for text in marked]

    def _question(self, marked: MarkedText) -> str:
        start = marked.text.rfind(". ", 0, marked.start) + 1
        before = marked.text[start : marked.start].strip()
        return f"What comes after {before} in the Rowing Club?" if before else "no question"


class GapReader:
    """Finds the words behind those that the question repeats; `shift` makes it find others."""

    def __init__(self, shift: int = 0, score: float = 6.0) -> None:
        self.shift, self.score = shift, score

    def predict(self, question: str, texts: Sequence[str], *, top: int = 5) -> list[SpanPrediction]:
        repeated = re.search(r"after (.+) in the Rowing Club\?", question)
        for at, text in enumerate(texts):
            place = text.find(repeated[1]) if repeated else -1
            if place >= 0:
                start = place + len(repeated[1]) + 1 + self.shift if repeated else 0
                end = re.compile(r"[.,]|$").search(text, start)
                stop = end.start() if end else len(text)
                return [SpanPrediction(passage=at, start=start, end=stop, score=self.score)][:top]
        return []


def generator(reader: GapReader, **more) -> WriterGenerator:
    documents = [document(doc) for doc in PAGES]
    return WriterGenerator(EchoWriter(), reader, documents, **{"phrasings": 1, **more})


def test_facts_carry_the_sentence_as_evidence_and_the_answer_as_value(tmp_path) -> None:
    work = workspace(tmp_path)
    facts = [planned.fact for planned in generator(GapReader()).facts(work, 4)]
    assert facts
    for fact in facts:
        quote = fact.evidence[0]
        assert work.page_text(quote.sha256, quote.page)[quote.start : quote.end] == quote.quote
        assert fact.value in quote.quote
        assert fact.questions[0].endswith("?")
    assert any(fact.answer == "March 1974" and fact.kind == "date" for fact in facts)


def test_a_question_that_is_read_otherwise_or_unsurely_is_dropped(tmp_path) -> None:
    assert list(generator(GapReader(score=-1.0)).facts(workspace(tmp_path / "a"), 4)) == []
    shifted = [planned.fact.answer for planned in generator(GapReader(shift=12)).facts(workspace(tmp_path / "b"), 4)]
    assert "March 1974" not in shifted


def test_a_statement_that_leans_on_another_gives_way_to_the_answer(tmp_path) -> None:
    facts = [planned.fact for planned in generator(GapReader()).facts(workspace(tmp_path), 4)]
    built = next(fact for fact in facts if fact.answer == "March 1974")
    assert built.statement == "March 1974."  # the sentence begins with "It"


def test_documents_that_the_rules_read_well_are_left_to_them(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(writer, "_WELL_READ", 0.5)
    rules = RulesGenerator([document(doc) for doc in PAGES], read_facts)
    facts = [planned.fact for planned in generator(GapReader(), rules=rules).facts(workspace(tmp_path), 6)]
    ruled = {fact.evidence[0].doc for fact in facts if not fact.questions[0].startswith("What comes after")}
    written = {fact.evidence[0].doc for fact in facts if fact.questions[0].startswith("What comes after")}
    assert ruled
    assert not ruled & written


def test_facts_of_the_rules_come_first_and_their_sentences_are_not_asked_again(tmp_path, monkeypatch) -> None:
    documents = [document(doc) for doc in PAGES]
    rules = RulesGenerator(documents, read_facts)
    monkeypatch.setattr(writer, "_WELL_READ", 100)
    facts = [planned.fact for planned in generator(GapReader(), rules=rules).facts(workspace(tmp_path), 6)]
    kinds = ["written" if fact.questions[0].startswith("What comes after") else "rule" for fact in facts]
    assert kinds == sorted(kinds)
    assert set(kinds) == {"rule", "written"}
    ruled = {fact.evidence[0].start for fact, kind in zip(facts, kinds, strict=True) if kind == "rule"}
    assert ruled


def test_answers_are_spans_or_nothing() -> None:
    text = "The key hangs here. It is old."
    source = SourcePassage(chunk="c", doc="a", sha256="a", page=0, start=0, end=len(text), text=text)
    asked = [("What comes after The key in the Rowing Club?", [source]), ("Who?", [source]), ("Who?", [])]
    assert list(generator(GapReader()).answers(asked)) == ["hangs here", "", ""]


def test_a_question_without_a_name_says_which_document_is_meant(tmp_path) -> None:
    class Plain(EchoWriter):
        def write(self, marked: Sequence[MarkedText]) -> list[str]:
            return [question.replace(" in the Rowing Club", "").lower() for question in super().write(marked)]

    class PlainReader(GapReader):
        def predict(self, question: str, texts: Sequence[str], *, top: int = 5) -> list[SpanPrediction]:
            assert not question.startswith("In ")
            return super().predict(question.replace("?", " in the Rowing Club?"), [t.lower() for t in texts], top=top)

    documents = [document(doc) for doc in PAGES]
    generator = WriterGenerator(Plain(), PlainReader(), documents, phrasings=1)
    work = workspace(tmp_path)
    facts = [planned.fact for planned in generator.facts(work, 4)]
    scoped = [fact for fact in facts if fact.questions[0].startswith("In ")]
    assert scoped
    source = work.source_of(scoped[0].evidence[0])
    assert source is not None
    assert list(generator.answers([(scoped[0].questions[0], [source])])) != [""]


def test_only_one_whole_question_is_taken() -> None:
    assert tidied(" what is it?\nmore") == "What is it?"
    assert tidied("The key hangs here.") == ""
    assert tidied("What? And who?") == ""
    assert tidied("") == ""


class CellWriter:
    """Asks for a cell by its row and column, or by its row alone."""

    def __init__(self, *, column: bool = True) -> None:
        self.column = column

    def write(self, marked: Sequence[MarkedText]) -> list[str]:
        questions = []
        for text in marked:
            label, _, rest = text.text.partition(" (")
            head = rest.partition("): ")[2].partition(":")[0] if self.column else "it"
            questions.append(f"What is {head} of {label} in the Harbour Office?")
        return questions


class CellReader:
    """Finds the first figure behind the label that a question names."""

    def predict(self, question: str, texts: Sequence[str], *, top: int = 5) -> list[SpanPrediction]:
        label = question.partition(" of ")[2].partition(" in the")[0]
        for at, text in enumerate(texts):
            figure = re.compile(r"\d[\d.]*").search(text, text.find(label)) if label and label in text else None
            if figure:
                return [SpanPrediction(passage=at, start=figure.start(), end=figure.end(), score=6.0)][:top]
        return []


def with_table(folder, writer_of_cells: CellWriter):
    page = table_page(
        "Table 2. Berths of the harbour and what they are good for",
        (("Berth", "Depth (m)"), ("North quay", "6.5"), ("South quay", "8"), ("Fuel pier", "4")),
    )
    work = SynthTables(folder / "work.sqlite", 0)
    chunk = Chunk(sha256=sha256_of("club.pdf"), page=0, start=0, end=len(page.text), text=page.text)
    work.add_document(document("club.pdf"), [page], [chunk])
    made = WriterGenerator(writer_of_cells, CellReader(), [document("club.pdf")], phrasings=1)
    return page, [planned.fact for planned in made.facts(work, 6)]


def test_cells_are_asked_for_by_row_and_column(tmp_path) -> None:
    page, facts = with_table(tmp_path, CellWriter())
    assert [(fact.kind, fact.subject, fact.answer, fact.value) for fact in facts] == [
        ("table", "North quay", "6.5 m", "6.5"),
        ("table", "South quay", "8 m", "8"),
        ("table", "Fuel pier", "4 m", "4"),
    ]
    for fact in facts:
        assert (
            fact.statement
            == f"{fact.subject} (Berths of the harbour and what they are good for): Depth (m): {fact.answer}."
        )
        assert [citation.quote for citation in fact.evidence][1:] == ["Berth\tDepth (m)"]
        for citation in fact.evidence:
            assert page.text[citation.start : citation.end] == citation.quote
