"""Rows for what a tuned model missed: which facts, and never the questions of the test."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.errors import DataError
from core.types import Citation, Fact
from kb.data.missed import MissedFacts, missed_of


def test_only_missed_facts_are_taught_and_never_in_the_words_of_the_test(tmp_path: Path) -> None:
    place = {"doc": "d.pdf", "page": 1}
    missed = MissedFacts(
        [{"fact": "f1", "places": []}, {"fact": "", "answer": "18 m", "places": [place]}], frozenset({"how deep is it"})
    )

    def fact(identity: str, answer: str, page: int) -> Fact:
        proof = Citation(doc="d.pdf", sha256="s", page=page, start=0, end=1, quote="T")
        return Fact(
            id=identity, statement="", evidence=(proof,), answer=answer, questions=("How deep?", "How deep is it?")
        )

    assert missed.wants(fact("f1", "x", 0))
    assert missed.wants(fact("f2", "18 m", 1))
    assert not missed.wants(fact("f2", "18 m", 2))
    assert not missed.wants(fact("f3", "x", 1))
    assert missed.without_test_questions(fact("f1", "x", 0)).questions == ("How deep?", "")
    report = tmp_path / "report.json"
    report.write_text(json.dumps({"missed": [], "all_questions": []}))
    with pytest.raises(DataError, match="missed"):
        missed_of(report)
    assert missed.row_count == 24
