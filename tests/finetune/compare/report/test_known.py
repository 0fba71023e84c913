"""What a run knows as tables of a report and of a terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from finetune.compare.report import view
from finetune.compare.report.known import KNOWN_HEADS, map_rows, weak_lines, without_facts
from finetune.compare.report.page import render
from finetune.compare.report.short import tables
from tests.support.comparisons import questions
from tests.support.reports import four, report_of


def _part(n: int, known: int, **over: Any) -> dict[str, Any]:
    counts = {"n": n, "known": known, "unsure": 0, "unknown": n - known}
    return {**counts, "recall": known / n, "low": 0.1, "high": 0.9, "confidence": 0.5, **over}


def _fact(level: str, number: int) -> dict[str, Any]:
    return {"level": level, "question": f"Q{number}?", "answer": "", "gold": "g"}


def _map(unknown: int = 1) -> dict[str, Any]:
    facts = [_fact("known", 0), *(_fact("unknown", number) for number in range(1, unknown + 1))]
    sections = [
        _part(2, 1, section="Dogs", facts=facts),
        _part(2, 2, section="Cats", facts=[_fact("known", 7)]),
    ]
    document = _part(4, 3, doc="a.pdf", sha256="a" * 64, state="changed", sections=sections)
    return {"run": "r", "total": _part(4, 3), "documents": [document]}


def test_sections_stand_below_their_document_and_a_stale_one_is_marked() -> None:
    rows = map_rows(_map())
    assert [row[0] for row in rows] == ["a.pdf (changed)", "  Dogs", "  Cats", "total"]
    assert rows[1][1:] == ["2", "1", "0", "1", "0.50", "0.10 to 0.90", "0.50"]
    assert [row[0] for row in map_rows(_map(), with_sections=False)] == ["a.pdf (changed)", "total"]


def test_the_first_weak_facts_are_shown_and_the_others_counted() -> None:
    assert weak_lines(_map()) == ["unknown: Q1? -> (no output) (right: g)"]
    lines = weak_lines(_map(12))
    assert len(lines) == 11 and lines[-1] == "... and 2 more (--json)"


def test_a_report_has_the_map_where_there_is_one(tmp_path: Path) -> None:
    report = report_of(four(1, 2, 3, 4), questions(8), tmp_path)
    assert view.known_table(report) is None and "closed book" not in render(report)
    known = {**report, "knows": without_facts(_map())}
    assert tables(known)[-1][0] == KNOWN_HEADS and len(tables(known)) == len(tables(report)) + 1
    page = render(known)
    assert "What the run answers closed book" in page and "Dogs" in page and "Q1?" not in page
