"""The built-in generator: facts in rounds over the chunks, answers by quotation, summaries and rewrites."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.types import Fact
from synth.facts.read import read_facts
from synth.generate.rules import RulesGenerator, capped, read, summary
from synth.work.candidate import SourcePassage
from synth.work.workspace import Planned
from tests.support.club import document, workspace

TIDES = (
    "The tide rises twice a day in the harbour. The tide in the harbour follows the moon. Fishermen mend nets. "
    "The harbour closes when the tide is low. It is quiet then."
)


def passage(text: str) -> SourcePassage:
    return SourcePassage(chunk="c", doc="a.pdf", sha256="a", page=0, start=0, end=len(text), text=text)


def test_facts_come_with_their_chunks_and_documents_are_announced(tmp_path):
    work = workspace(tmp_path)
    announced: list[str] = []
    generator = RulesGenerator([document("club.pdf"), document("museum.pdf")], read_facts, announced.append)
    planned = list(generator.facts(work, 3))
    assert announced == ["club.pdf", "museum.pdf"]
    assert planned
    for each in planned:
        source = work.chunk(each.chunk)
        assert source.holds(each.fact.evidence[0])
    assert (generator.name, generator.origin, generator.prompts()) == ("builtin", "rules", {})
    assert generator.estimate(work, 1, 1, None).calls == {}


def test_an_answer_is_a_quotation():
    answer = read("When does the harbour close?", [passage(TIDES)])
    assert answer.splitlines()[0] == "The harbour closes when the tide is low."
    assert all(line in TIDES for line in answer.splitlines())
    assert len(answer.splitlines()) == 2


def test_answers_come_in_order():
    generator = RulesGenerator([], read_facts)
    asked = [("When does the harbour close?", [passage(TIDES)]), ("Who mends nets?", [passage(TIDES)])]
    assert [answer.splitlines()[0] for answer in generator.answers(asked)] == [
        "The harbour closes when the tide is low.",
        "Fishermen mend nets.",
    ]


def test_a_summary_takes_the_sentences_whose_words_come_back():
    text = summary(passage(TIDES))
    assert text is not None
    assert text.plain == "The tide in the harbour follows the moon. The harbour closes when the tide is low."
    for sentence, span in text.sentences:
        assert TIDES[slice(*span)] == sentence


@pytest.mark.parametrize("text", ["One sentence only.", "", "no\nsentences\nhere"])
def test_a_short_passage_has_no_summary(text):
    assert summary(passage(text)) is None


def test_a_rewrite_needs_three_different_statements(tmp_path):
    work = workspace(tmp_path)
    generator = RulesGenerator([document("club.pdf")], read_facts)
    list(generator.facts(work, 5))
    sources = list(work.chunks_in_order())
    texts = [generator.text("rewrite", source, work) for source in sources]
    for text in texts:
        assert text is None or len(text.sentences) >= 3
    assert (
        generator.text("summary", replace(sources[0], text=TIDES, end=sources[0].start + len(TIDES)), work) is not None
    )


def test_headings_and_abbreviations_are_a_tenth_of_the_facts_at_most():
    facts = [planned_fact(number, kind="heading") for number in range(40)]
    facts += [planned_fact(100 + number, kind="quantity") for number in range(27)]
    kinds = [each.fact.kind for each in capped(facts)]
    assert kinds.count("quantity") == 27
    assert kinds.count("heading") == 3
    assert [each.fact.kind for each in capped(facts[:5])] == ["heading"]


def planned_fact(number: int, kind: str) -> Planned:
    return Planned(Fact(id=str(number), statement="It is so.", evidence=(), kind=kind), "chunk")
