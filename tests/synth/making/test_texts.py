"""Rows that are texts: every sentence is supported by its passage, or the row is dropped with a reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from synth.generate.base import PassageText
from synth.generate.rules import summary
from synth.making.prompted import fault
from synth.making.texts import text_row
from tests.support.club import PAGES, QUAY, RACKS, candidate


@dataclass
class Writer:
    """A generator that writes what it was given."""

    sentences: list[tuple[str, tuple[int, int] | None]] | None
    origin: str = "writer"

    def text(self, kind: str, source: Any, work: Any) -> PassageText | None:
        return None if self.sentences is None else PassageText(sentences=self.sentences)


TRUE = [("The boathouse of the Rowing Club has 14 racks.", (19, 78)), ("It was built in March 1974.", None)]


def test_a_rewrite_is_plain_text(work):
    row, reason = text_row("rewrite", candidate(work).source, Writer(TRUE), work, mode="knowledge", least=0.5)
    assert (reason, row.question, row.context) == ("", "", "")
    assert row.answer == "The boathouse of the Rowing Club has 14 racks. It was built in March 1974."
    assert [citation.quote for citation in row.evidence] == [PAGES["club.pdf"][0][19:78]]
    assert row.group.startswith("text.")


def test_a_summary_cites_its_passage(work):
    row, _ = text_row("summary", candidate(work).source, Writer(TRUE), work, mode="knowledge", least=0.5)
    assert row.answer.count("[[") == 2
    assert fault(row.answer, row.context) == ""
    assert row.question


@pytest.mark.parametrize(
    ("sentence", "reason"),
    [
        ("The boathouse of the Rowing Club has 15 racks.", "the number 15 is not in the passage"),
        ("Whales sing in winter near the cape.", "grounding score"),
    ],
)
def test_an_unsupported_sentence_drops_the_text(work, sentence, reason):
    written = Writer([*TRUE, (sentence, None)])
    row, why = text_row("rewrite", candidate(work).source, written, work, mode="knowledge", least=0.5)
    assert row is None
    assert why.startswith(reason)


def test_a_generator_that_writes_nothing_gives_no_reason(work):
    assert text_row("rewrite", candidate(work).source, Writer(None), work, mode="knowledge", least=0.5) == (None, "")


def test_in_document_mode_the_text_goes_where_its_document_goes(work):
    work.db.execute("UPDATE documents SET part='p', split='test' WHERE doc='club.pdf'")
    row, _ = text_row(
        "rewrite",
        candidate(work, QUAY).source,
        Writer([("The new quay is 62 m long.", None)]),
        work,
        mode="document",
        least=0.1,
    )
    assert (row.group, row.split) == ("p", "test")


def test_the_built_in_summary_takes_sentences_of_the_passage(work):
    source = candidate(work).source
    assert summary(source) is None  # three sentences are too few
    assert RACKS.evidence[0].quote in source.text
