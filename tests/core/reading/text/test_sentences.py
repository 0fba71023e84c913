"""Sentences of text as PDFs give it: broken lines, abbreviations, tables, lists."""

from __future__ import annotations

from pathlib import Path

import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.reading.text.sentences import Sentence, sentences

EXAMPLES = Path(__file__).parents[4] / "examples"


def cut(text: str) -> list[str]:
    return [" ".join(text[one.start : one.end].split()) for one in sentences(text)]


def find(text: str, piece: str) -> Sentence:
    return next(one for one in sentences(text) if piece in text[one.start : one.end])


PIECES = st.lists(
    st.sampled_from(
        [
            "Dr. Smith paid $3.50.",
            "see Fig. 3",
            "\n",
            "\n\n",
            " ",
            "- item",
            "Plan 2022 2021",
            "Basic 10 5",
            "e.g.",
            "U.S.",
            "?",
        ]
    )
    | st.text(max_size=10),
    max_size=15,
).map("".join)


@given(text=PIECES)
def test_spans_are_ordered_and_hold_every_visible_character(text: str) -> None:
    at = 0
    for one in sentences(text):
        assert at <= one.start < one.end
        assert not text[at : one.start].strip()
        assert text[one.start : one.end] == text[one.start : one.end].strip()
        at = one.end
    assert not text[at:].strip()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Dr. J. Smith came. He left.", ["Dr. J. Smith came.", "He left."]),
        ("It costs $3.50. Pay now.", ["It costs $3.50.", "Pay now."]),
        (
            "See Fig. 3 for the U.S. model, e.g. No. 5. It fits.",
            ["See Fig. 3 for the U.S. model, e.g. No. 5.", "It fits."],
        ),
        ("Made by Acme Inc. The company grew.", ["Made by Acme Inc.", "The company grew."]),
        ("Sold by Acme Inc. Holdings today.", ["Sold by Acme Inc. Holdings today."]),
        ("Wind is above 20 m/s. Stop. Is it?  Yes!", ["Wind is above 20 m/s.", "Stop.", "Is it?", "Yes!"]),
        ("He said “Go.” Then he left.", ["He said “Go.”", "Then he left."]),
        ("Open from 9 a.m. to 5 p.m. on weekdays.", ["Open from 9 a.m. to 5 p.m. on weekdays."]),
    ],
)
def test_abbreviations_and_decimals(text: str, expected: list[str]) -> None:
    assert cut(text) == expected


@pytest.mark.parametrize("mark", ["³", " ³", " ¹,²", "†"])
def test_the_mark_of_a_note_behind_a_stop_ends_the_sentence(mark: str) -> None:
    text = f"The clinic treated 4,512 patients in 2023.{mark} Of these, 87 ⁴ percent were cured."
    assert cut(text) == [
        f"The clinic treated 4,512 patients in 2023.{mark}",
        "Of these, 87 ⁴ percent were cured.",
    ]


def test_a_sentence_runs_over_line_breaks() -> None:
    text = (
        "The Institute employs 64 permanent staff and takes on seasonal staff. The approved budget for 2024 is\n"
        "6.2 million crowns, of which the largest share, 44 per cent, is spent on the Station division. The\n"
        "annual report is published on 30 April."
    )
    assert cut(text)[1].startswith("The approved budget for 2024 is 6.2 million crowns")
    assert cut(text)[2] == "The annual report is published on 30 April."


def test_a_row_knows_the_heads_of_its_columns() -> None:
    text = "Year ended December 31,\n2020 2019 2018\nNet sales\nProducts $ 54,928 $ 50,053\nServices 10,470 9,759 8,757"
    row = find(text, "Services")
    assert row.kind == "row"
    assert row.header is not None and text[slice(*row.header)] == "2020 2019 2018"
    assert row.label is not None and text[slice(*row.label)] == "Net sales"


def test_heads_of_columns_on_several_lines() -> None:
    text = (
        "Net sales by product were as follows (in millions):\nThree Months Ended\nJune 25,\n2022\nJune 26,\n2021\n"
        "Americas:\nPhones $ 40,665 $ 39,570\nTablets 7,224 7,368\nTotal net sales $ 47,889 $ 46,938"
    )
    row = find(text, "Total")
    assert row.header is not None
    assert text[slice(*row.header)] == "Three Months Ended\nJune 25,\n2022\nJune 26,\n2021"
    assert row.label is not None and text[slice(*row.label)] == "Americas:"


def test_rows_of_words_under_a_caption() -> None:
    text = "Table 3. Bell signals\nStrokes Meaning\nOne Stop\nTwo Start uphill\nFour Slow to 0.5 m/s"
    row = find(text, "Four")
    assert row.kind == "row"
    assert row.header is not None and text[slice(*row.header)] == "Strokes Meaning"
    assert row.label is not None and text[slice(*row.label)] == "Table 3. Bell signals"


def test_list_items_know_their_lead_in() -> None:
    text = "The kit includes:\n- a bolt\n- a nut, which is\n  long\n\nNothing else."
    item = find(text, "a nut")
    assert cut(text) == ["The kit includes:", "- a bolt", "- a nut, which is long", "Nothing else."]
    assert item.kind == "item"
    assert item.header is not None and text[slice(*item.header)] == "The kit includes:"


def test_headings_label_what_follows() -> None:
    text = "Warranty\nThe device is covered for two years from the day of purchase, and longer if it is registered."
    first, second = sentences(text)
    assert first.kind == "heading" and second.kind == "prose"
    assert second.label == (first.start, first.end)


@pytest.mark.parametrize("name", ["handbook.pdf", "manual.pdf"])
def test_real_pages_hold_no_run_together_rows(name: str) -> None:
    with pypdfium2.PdfDocument(EXAMPLES / name) as pdf:
        pages = [page.get_textpage().get_text_range().replace("\r\n", "\n") for page in pdf]
    rows = [page[one.start : one.end] for page in pages for one in sentences(page) if one.kind == "row"]
    assert len(rows) > 10
    assert not any("\n" in row for row in rows)


def test_lines_that_begin_with_labels_are_units_of_their_own() -> None:
    lines = [
        "Landlord: Helen Marchetti, 4 Mill Road",
        "Tenant: Paul Adeyemi, 12 Quay Street",
        "Manager: Ida Brunn, 3 Hill Lane, Varde.",
    ]
    text = "\n".join(lines)
    assert [text[unit.start : unit.end] for unit in sentences(text)] == lines


def test_a_first_row_of_figures_heads_no_columns() -> None:
    rows = [
        "Mr Dahl A-101 555-0188 Lifts and gates",
        "Ms Ek B-204 555-0190 Pay",
        "Mr Foss C-12 555-0191 Bees",
        "Ms Lint D-4 555-0194 Boats",
    ]
    text = "\n".join(rows)
    units = sentences(text)
    assert [(text[unit.start : unit.end], unit.kind, unit.header) for unit in units] == [
        (line, "row", None) for line in rows
    ]
    headed = "Room 2023 2024\n" + text
    assert sentences(headed)[0].kind == "heading"


@pytest.mark.parametrize(
    "text",
    ["Stop at noon. Questions? Call the ward on 01632 960 118.", "The account number is 2019 4431 88."],
)
def test_a_sentence_that_ends_in_a_number_in_groups_is_no_row(text: str) -> None:
    assert {unit.kind for unit in sentences(text)} == {"prose"}
