"""What decides whether a fit is kept, and the lines of a report."""

from __future__ import annotations

import pytest

from kb.tuning.report import SearchTuningReport, gains

METRIC = {"value": 0.5, "low": 0.4, "high": 0.6, "n": 10}


def change(low: float) -> dict[str, float]:
    return {"value": 0.1, "low": low, "high": 0.2, "n": 10}


@pytest.mark.parametrize(
    ("first", "mrr", "kept"), [(0.01, 0.01, True), (0.0, 0.01, False), (0.01, -0.01, False), (-0.2, -0.2, False)]
)
def test_both_figures_have_to_gain(first: float, mrr: float, kept: bool) -> None:
    assert gains({"page_hit@1": change(first), "mrr": change(mrr), "page_hit@5": change(-0.5)}) is kept


def test_a_report_is_lines_and_json() -> None:
    plan = SearchTuningReport(
        collection="default",
        source="rules",
        questions={"train": {"questions": 8, "documents": 2}, "held_out": {"questions": 4, "documents": 1}},
        skipped={"without evidence": 3},
    )
    assert plan.lines() == [
        "questions from rules: 8 to fit (2 documents), 4 held out to measure (1 document)",
        "left out: 3 without evidence",
    ]
    names = ("page_hit@1", "page_hit@5", "mrr")
    report = SearchTuningReport(
        collection="default",
        source="rules",
        reason="nothing was kept: ...",
        tried={"present": 0.5, "weights": 0.61},
        before=dict.fromkeys(names, METRIC),
        after=dict.fromkeys(names, METRIC),
        difference=dict.fromkeys(names, change(-0.1)),
    )
    lines = report.lines()
    assert "mean reciprocal rank where the fit is chosen: present 0.500, weights 0.610" in lines
    assert "page_hit@1 before 0.500, after 0.500: +0.100 (-0.100 to +0.200)" in lines
    assert lines[-1] == "nothing was kept: ..."
    assert report.to_json()["difference"]["mrr"]["low"] == -0.1
