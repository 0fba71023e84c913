"""Which printed words name a field."""

from __future__ import annotations

import pytest

from rag.load.pdf.fields import Field
from rag.load.pdf.form.labels import Entry, Label, Print, find_labels
from tests.support.pdf_rows import page_words

# Words reach from 8 above their baseline to 2 below; y runs down.


def entry(left: float, top: float, right: float, bottom: float, text: str = "x", *, typed: bool = False) -> Entry:
    return Entry(Field("annotation" if typed else "form_field", "", text, (0, 0, 0, 0)), left, top, right, bottom)


def box(left: float, top: float) -> Entry:
    return Entry(Field("form_field", "", "☒", (0, 0, 0, 0), button=True), left, top, left + 10, top + 10)


def named(entries: list[Entry], *lines: tuple[str, float, float]) -> dict[int, tuple[str, str]]:
    """Return the labels of fields on a page of lines: text, left edge, baseline."""
    placed = []
    for text, x, base in lines:
        for word in text.split():
            placed.append((word, x, base, 10.0))
            x += 5 * (len(word) + 1)
    printed = Print(page_words(*placed), 0.0, entries)
    labels: dict[int, Label] = find_labels(printed, entries, frozenset())
    return {index: (label.piece.text, label.side) for index, label in sorted(labels.items())}


def test_a_label_stands_left_of_its_field_or_above_it() -> None:
    lines = [("Name", 50, 100), ("Town", 50, 130), ("Country", 200, 130)]
    entries = [entry(100, 90, 180, 104), entry(50, 136, 150, 150), entry(200, 136, 300, 150)]
    assert named(entries, *lines) == {0: ("Name", "beside"), 1: ("Town", "upper"), 2: ("Country", "upper")}


def test_labels_below_are_taken_where_they_stand_nearer() -> None:
    lines = [("Owner", 50, 120), ("Tenant", 200, 120), ("FieldPlace", 50, 150)]
    entries = [entry(50, 94, 150, 110), entry(200, 94, 300, 110), entry(50, 124, 150, 140)]
    assert named(entries, *lines) == {0: ("Owner", "lower"), 1: ("Tenant", "lower"), 2: ("FieldPlace", "lower")}


def test_the_fields_of_a_row_have_their_labels_on_one_side() -> None:
    lines = [("Signatures", 50, 92), ("Owner", 50, 122), ("Tenant", 200, 122)]
    entries = [entry(50, 94, 150, 110), entry(200, 94, 300, 110)]
    assert named(entries, *lines) == {0: ("Owner", "lower"), 1: ("Tenant", "lower")}


def test_a_caption_inside_the_frame_of_its_field_names_it() -> None:
    entries = [entry(50, 90, 200, 130), entry(200, 90, 350, 130)]
    assert named(entries, ("1. Port", 53, 100), ("2. Date", 203, 100)) == {
        0: ("1. Port", "upper"),
        1: ("2. Date", "upper"),
    }


def test_a_hint_in_brackets_is_not_the_label() -> None:
    lines = [("Date of birth", 50, 100), ("(day, month)", 50, 112)]
    assert named([entry(50, 118, 150, 132)], *lines) == {0: ("Date of birth", "upper")}


@pytest.mark.parametrize(
    "line",
    [
        "Please write down what you saw and who was there at that time with you today",  # too long
        "The house has two floors.",  # a sentence
        "1234 567",  # no words
        "as well as,",
    ],
)
def test_what_is_no_label_names_no_field_below_it(line: str) -> None:
    assert named([entry(50, 106, 450, 120)], (line, 50, 100)) == {}


def test_the_label_of_another_field_is_not_taken() -> None:
    entries = [entry(100, 90, 180, 104), entry(50, 106, 180, 120)]
    assert named(entries, ("Name:", 50, 100)) == {0: ("Name:", "beside")}
    assert named([box(38, 92), entry(50, 106, 180, 120)], ("Other", 52, 100)) == {}


def test_a_field_between_parts_a_label_from_the_next_field() -> None:
    entries = [entry(100, 90, 180, 104), entry(200, 90, 280, 104)]
    assert named(entries, ("Name:", 50, 100)) == {0: ("Name:", "beside")}


def test_heads_over_a_row_with_a_name_label_none_of_its_fields() -> None:
    entries = [entry(100, 90, 180, 104), entry(200, 90, 280, 104)]
    assert named(entries, ("Income", 60, 100), ("Planned", 100, 84), ("Actual", 200, 84)) == {0: ("Income", "beside")}


def test_a_field_within_a_sentence_is_not_named_by_the_line_above() -> None:
    lines = [("The flat is let by the owner to", 50, 100), ("of Riga", 154, 114)]
    assert named([entry(50, 104, 150, 118)], *lines) == {}


def test_typed_text_needs_a_label_that_is_none_of_a_paragraph() -> None:
    note = entry(200, 90, 300, 104, "check", typed=True)
    assert named([note], ("Tenant:", 50, 100)) == {0: ("Tenant:", "beside")}
    assert named([note], ("Tenant", 50, 100)) == {0: ("Tenant", "beside")}
    assert named([note], ("Tenant ________", 50, 100)) == {0: ("Tenant", "beside")}
    assert named([note], ("the flat must be", 50, 100)) == {}
    assert named([note], ("Every five years", 50, 100), ("the tenant paints it", 50, 112)) == {}
    assert named([note], ("Tenant:", 50, 100), ("of the flat", 220, 100)) == {}  # written over print


def test_a_line_to_write_on_ends_a_label() -> None:
    printed = Print(page_words(("Name:_____", 50, 100, 10), ("Date", 110, 100, 10)), 0.0, [])
    assert [(piece.text, piece.led, piece.x1) for piece in printed.rows[0]] == [
        ("Name:", True, 75),
        ("Date", False, 130),
    ]
