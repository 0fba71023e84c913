"""The line before a chunk."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.types import Page
from rag.ingest.header import SECTION_CHARS, chunk_header, renamed_header, section


def test_document_and_first_lines() -> None:
    page = Page(index=3, text="Table of Contents\n12\n\nNOTES  TO ACCOUNTS\nLeases\nThe lease runs on.\nAnd on.")
    assert (
        chunk_header("", "ACME_2022_10K.pdf", page, {}) == "ACME 2022 10K | NOTES TO ACCOUNTS Leases The lease runs on."
    )


def test_a_title_is_added_where_it_says_more() -> None:
    page = Page(index=0, text="")
    assert chunk_header("Travel Policy of Acme", "doc-17.pdf", page, {}) == "doc 17, Travel Policy of Acme"
    assert chunk_header("travel policy", "travel-policy.pdf", page, {}) == "travel policy"
    assert chunk_header("0001-22-7", "a.pdf", page, {}) == "a"


def test_the_year_stands_where_no_other_does() -> None:
    page, made = Page(index=0, text=""), {"created": "2024-09-01T00:00:00"}
    assert chunk_header("", "handbook.pdf", page, made) == "handbook, 2024"
    assert chunk_header("", "handbook 2019.pdf", page, made) == "handbook 2019"
    assert chunk_header("Report for 2021 and beyond", "r.pdf", page, made) == "r, Report for 2021 and beyond"
    assert chunk_header("", "handbook.pdf", page, {"created": "unknown"}) == "handbook"


def test_a_section_has_its_label() -> None:
    assert chunk_header("", "guide.md", Page(index=1, text="Turn the key.", label="Start"), {}) == "guide | Start"


@given(st.text())
def test_sections_are_one_short_line(text: str) -> None:
    found = section(text)
    assert len(found) <= SECTION_CHARS
    assert found.splitlines() in ([], [found])


@pytest.mark.parametrize(
    ("header", "renamed"),
    [
        ("plant | Pumps", "site, Plan | Pumps"),
        ("plant", "site, Plan"),
        ("plan", "site"),  # the chunker cut a long name short
        ("pla | Depth | Count", "sit | Depth | Count"),
        ("other | Pumps", "other | Pumps"),
    ],
)
def test_a_header_gets_another_document_part(header: str, renamed: str) -> None:
    assert renamed_header(header, "plant", "site, Plan") == renamed
