"""Titles: what names a document and what a program left behind."""

from __future__ import annotations

import pytest

from rag.load.title import choose, first_sensible, heading, in_words, sensible


@pytest.mark.parametrize(
    "stated",
    [
        "",
        "untitled",
        "Microsoft Word - report_v3.doc",
        "C:\\Users\\ann\\x.docx",
        "/tmp/a b",
        "report.indd",
        "1234-99",
        "a1b2c3d4e5f6a7b8c9",
        "Slide 1",
    ],
)
def test_what_programs_write_is_no_title(stated: str) -> None:
    assert choose(stated, [], "Staff_handbook-2024.pdf") == "Staff handbook 2024"


def test_metadata_comes_before_the_heading_and_the_heading_before_the_name() -> None:
    lines = [("Annual Safety", 24.0), ("Review", 24.0), *[("body text of some length", 10.0)] * 8]
    assert choose("Safety Review 2024", lines, "x.pdf") == "Safety Review 2024"
    assert choose("untitled", lines, "x.pdf") == "Annual Safety Review"
    assert choose("", [("all of one size", 10.0)] * 5, "x_y.pdf") == "x y"


def test_lines_that_every_filing_shares_name_none() -> None:
    lines = [("UNITED STATES", 20.0), ("SECURITIES AND EXCHANGE COMMISSION", 20.0), *[("body", 9.0)] * 5]
    assert heading(lines) == ""


def test_a_title_hides_nothing() -> None:
    assert first_sensible(["Plan\u200b for \u202eall\u202c\nof us"], "x.md") == "Plan for all of us"


@pytest.mark.parametrize(
    ("name", "words"), [("a_b-c.d.pdf", "a b c.d"), ("Q3%20plan.pdf", "Q3 plan"), (".pdf", ".pdf")]
)
def test_file_names_in_words(name: str, words: str) -> None:
    assert in_words(name) == words


def test_two_ideographs_name_a_document_and_two_letters_do_not() -> None:
    assert sensible("合同")
    assert not sensible("ab")
