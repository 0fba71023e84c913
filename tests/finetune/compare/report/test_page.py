"""The page of a report: whole, escaped, without a script or a request."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from finetune.compare.questions import GoldQuestion
from finetune.compare.report.page import render, write_page
from tests.support.comparisons import questions
from tests.support.reports import four, report_of


class _Page(HTMLParser):
    """Collects tags, text and anything that points elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in {"meta", "line", "circle", "br"}:
            self.open.append(tag)
        self.links += [value or "" for name, value in attrs if name in {"src", "href", "action", "data"}]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_needs_nothing_else_and_runs_nothing(tmp_path: Path) -> None:
    asked = [
        *questions(30, unanswerable=5),
        GoldQuestion(id="q99", text='<script>alert("x")</script> & {braces} $dollars', answer="<b>1</b>"),
    ]
    arms = four(5, 20, 25, 25)
    report = report_of(arms, asked, tmp_path)
    text = write_page(tmp_path, report).read_text(encoding="utf-8")
    page = _Page()
    page.feed(text)
    assert page.open == []
    assert page.links == []
    assert "script" not in page.tags
    assert not re.search(r"url\(|@import|https?://", text)
    assert "&lt;script&gt;" in text
    assert page.tags.count("article") == 20
    assert "svg" in page.tags
    assert "prefers-color-scheme: dark" in text
    assert "@media print" in text


def test_a_judge_stands_with_how_well_it_judges(tmp_path: Path) -> None:
    report = report_of(four(0, 3, 4, 4), questions(5), tmp_path)
    report["judge"] = {
        "model": "j<1>",
        "arms": ["base", "tuned"],
        "exam": {"planted": 12, "caught": 3},
        "trusted": False,
        "counts": {"first": 1, "second": 2, "tie": 2, "disagreed": 1},
        "kappa_orders": None,
        "kappa_right": 0.25,
    }
    text = " ".join(render(report).split())
    assert "j&lt;1&gt; compared base and tuned" in text
    assert "3 of 12 planted errors in both orders; too few, so the following does not count." in text
    assert "Kappa between the orders –, with the measure “right” 0.25." in text


def test_a_report_that_lacks_a_field_is_an_error(tmp_path: Path) -> None:
    report = report_of(four(0, 3, 4, 4), questions(5), tmp_path)
    del report["verdict"]["sentence"]
    with pytest.raises(UndefinedError, match="sentence"):
        render(report)
