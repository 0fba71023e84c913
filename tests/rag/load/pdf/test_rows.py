"""Words, segments and rows: their text, their extent, and which texts are figures."""

from __future__ import annotations

import pytest

from rag.load.pdf.layout.rows import LIST_MARK, begins_with_figure, is_figure, segment_of, words_text
from tests.support.pdf_rows import row, word


def test_raised_marks_are_no_part_of_the_text_but_at_its_head() -> None:
    assert words_text([word("1,204", 50), word("3", 75, shift="raised"), word("units", 85)]) == "1,204 units"
    assert words_text([word("3", 50, shift="raised"), word("Unaudited", 60)]) == "3 Unaudited"
    assert (
        words_text([word("H", 50), word("2", 55, shift="lowered", spaced=False), word("O", 60, spaced=False)]) == "H2O"
    )


def test_a_segment_reaches_over_all_of_its_words() -> None:
    segment = segment_of([word("Alder", 50), word("Lane", 80)])
    assert (segment.x0, segment.x1, segment.center, segment.text) == (50, 100, 75, "Alder Lane")


def test_a_row_and_a_part_of_it() -> None:
    whole = row(100, (50, "Alder Lane"), (150, "900"), (250, "75"))
    assert (whole.x0, whole.x1, whole.text) == (50, 260, "Alder Lane 900 75")
    part = whole.part(whole.segments[1:])
    assert (part.x0, part.x1, part.base, part.top, part.bottom) == (150, 260, 100, 92, 102)


@pytest.mark.parametrize(
    "text",
    [
        "7",
        "1,234.50",
        "(1,234)",
        "-3",
        "−3",
        "$12",
        "$ 1,204",
        "12.5%",
        "(0.4)%",
        "—",
        "-",
        "US$12",
        "€1.234,00",
        "[3]",
    ],
)
def test_figures(text: str) -> None:
    assert is_figure(text)


@pytest.mark.parametrize("text", ["", "Q3", "7 rooms", "1,234 kg", "12a", "$", "n/a", "%", "2024 and 2023"])
def test_no_figures(text: str) -> None:
    assert not is_figure(text)


def test_a_text_that_begins_with_a_figure() -> None:
    assert begins_with_figure("12 months")
    assert begins_with_figure("— none")
    assert not begins_with_figure("about 12")


@pytest.mark.parametrize(
    ("mark", "is_mark"),
    [
        ("•", True),
        ("1.", True),
        ("(12)", True),
        ("a)", True),
        ("iv.", True),
        ("2.1", True),
        ("2.1.3.", True),
        ("2024.", False),
        ("and.", False),
        ("1", False),
        ("••", False),
        ("", False),
    ],
)
def test_marks_of_lists(mark: str, is_mark: bool) -> None:
    assert bool(LIST_MARK.fullmatch(mark)) is is_mark
