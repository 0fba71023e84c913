"""Plain text: every character in its place, lists and tables only where they are certain."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.settings import IngestSettings
from rag.load.outline import Element
from rag.load.text.plain import elements_of, read_plain


def joined(elements: tuple[Element, ...]) -> str:
    return "".join(element.gap * bool(place) + element.shown for place, element in enumerate(elements))


def cells(element: Element) -> list[list[str]]:
    return [[cell.shown for cell in row] for row in element.rows]


def kinds(text: str) -> list[tuple[str, str, str]]:
    return [(element.kind, element.number, element.shown) for element in elements_of(text)]


LINES = st.lists(
    st.sampled_from(
        [
            "",
            " ",
            "\t",
            "a | b",
            "1 | 2",
            "|x|y|",
            "---",
            "--- | ---",
            "- one",
            "1. one",
            "2) two",
            "(b) bee",
            "plain words",
            "name   amount",
            "first      12",
            "second    345",
            "a\tb",
            "c\td",
            "  indented",
            "•",
            "x  y  z",
        ]
    ),
    max_size=14,
)


@settings(max_examples=50)
@given(LINES | st.lists(st.text(alphabet="ab1 |-\t.", max_size=12), max_size=8))
def test_the_elements_join_to_the_text(lines: list[str]) -> None:
    text = "\n".join(lines)
    assert joined(elements_of(text)).strip() == text.strip("\n").strip()


@settings(max_examples=50)
@given(LINES)
def test_a_cell_is_what_stands_between_the_columns(lines: list[str]) -> None:
    for element in elements_of("\n".join(lines)):
        for row in element.rows:
            assert len(row) == len(element.rows[0])
            assert all(cell.shown == cell.shown.strip() for cell in row)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["unix", "windows", "old mac"])
def test_line_ends_are_one(end: str) -> None:
    assert [element.shown for element in elements_of(f"one{end}two{end}{end}three")] == ["one\ntwo", "three"]


def test_a_form_feed_ends_a_paragraph() -> None:
    assert [element.shown for element in elements_of("one\ftwo")] == ["one", "two"]


def test_nothing_but_line_ends_shows_nothing() -> None:
    assert joined(elements_of("\n\n\r\n")) == ""


def test_a_list_with_its_introduction() -> None:
    assert kinds("We need:\n- milk\n- bread\n  from the baker") == [
        ("paragraph", "", "We need:"),
        ("list_item", "-", "- milk"),
        ("list_item", "-", "- bread\n  from the baker"),
    ]


@pytest.mark.parametrize(
    ("text", "marks"),
    [
        ("1. one\n2. two\n3. three", ["1.", "2.", "3."]),
        ("(1) one\n(2) two", ["(1)", "(2)"]),
        ("a) one\nb) two", ["a)", "b)"]),
        ("ii. one\niii. two", ["ii.", "iii."]),
        ("7. seven\n9. nine", ["7.", "9."]),
        ("• alone", ["•"]),
    ],
)
def test_marks_of_lists(text: str, marks: list[str]) -> None:
    assert [(kind, number) for kind, number, _ in kinds(text)] == [("list_item", mark) for mark in marks]


@pytest.mark.parametrize(
    "text",
    [
        "The house was built in\n12. June and sold again.",  # one mark amid a paragraph
        "9. nine\n2. two",  # numbers that go down
        "-5 degrees\n-7 degrees",  # no blank behind the sign
        "1.5 litres\n2.5 litres",
    ],
)
def test_what_looks_like_a_list_and_is_none(text: str) -> None:
    assert [shown for _, _, shown in kinds(text)] == [text]


def test_a_table_of_bars_with_its_rule() -> None:
    text = "| Flat | Rent |\n|------|-----:|\n| Alder | 900 |\n| Cedar | 1450 |"
    (table,) = elements_of(text)
    assert table.kind == "table"
    assert cells(table) == [["Flat", "Rent"], ["Alder", "900"], ["Cedar", "1450"]]
    assert table.head_rows == 1
    assert table.shown == text


def test_bars_without_bars_at_the_sides() -> None:
    (table,) = elements_of("Flat | Rent\nAlder | 900\nCedar | 1450")
    assert cells(table) == [["Flat", "Rent"], ["Alder", "900"], ["Cedar", "1450"]]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("Flat | Rent\nAlder | 900\nCedar |", [["Flat", "Rent"], ["Alder", "900"], ["Cedar", ""]]),
        ("Flat | Rent\nAlder | 900\n| 950", [["Flat", "Rent"], ["Alder", "900"], ["", "950"]]),
        ("|Flat|Rent|\n|Alder||\n||950|", [["Flat", "Rent"], ["Alder", ""], ["", "950"]]),
        ("Flat | Rent |\nAlder | 900 |\nCedar | |", [["Flat", "Rent"], ["Alder", "900"], ["Cedar", ""]]),
        ("| Flat | Rent |\nAlder | 900\n| Cedar | 950", [["Flat", "Rent"], ["Alder", "900"], ["Cedar", "950"]]),
    ],
)
def test_empty_cells_at_the_sides_of_bars(text: str, rows: list[list[str]]) -> None:
    (table,) = elements_of(text)
    assert cells(table) == rows
    assert table.shown == text


def test_lines_of_different_numbers_of_bars_are_no_table() -> None:
    assert kinds("a | b\nc | d | e\nf | g")[0][0] == "paragraph"


def test_a_table_of_tabs() -> None:
    (table,) = elements_of("Flat\tRent\nAlder\t900\nCedar\t1450")
    assert cells(table) == [["Flat", "Rent"], ["Alder", "900"], ["Cedar", "1450"]]
    assert table.head_rows == 1


def test_a_table_of_gutters_keeps_its_blanks_and_its_empty_cells() -> None:
    text = "Flat        Rent   Since\nAlder        900   2024\nCedar       1450\nBirch Hill    75   2021"
    (table,) = elements_of(text)
    assert table.shown == text
    assert cells(table) == [
        ["Flat", "Rent", "Since"],
        ["Alder", "900", "2024"],
        ["Cedar", "1450", ""],
        ["Birch Hill", "75", "2021"],
    ]


def test_gutters_of_two_blanks_part_columns_and_one_blank_does_not() -> None:
    (table,) = elements_of("Birch Hill  75\nAlder Lane  90\nCedar Road   8")
    assert cells(table) == [["Birch Hill", "75"], ["Alder Lane", "90"], ["Cedar Road", "8"]]
    assert elements_of("Birch Hill 75\nAlder Lane 90\nCedar Road 80")[0].kind == "paragraph"


def test_two_lines_are_too_few_for_a_table() -> None:
    assert elements_of("Flat   Rent\nAlder   900")[0].kind == "paragraph"


def test_heads_above_a_drawn_line() -> None:
    (table,) = elements_of("Name    Place\n-------------\nAda     London\nEmil    Bern")
    assert cells(table) == [["Name", "Place"], ["Ada", "London"], ["Emil", "Bern"]]
    assert table.head_rows == 1
    assert table.rows[1][0].before == "\n-------------\n"


def test_a_line_below_the_table_belongs_to_it() -> None:
    text = "Ada     12\nEmil    13\nIda     14\n----------"
    (table,) = elements_of(text)
    assert cells(table) == [["Ada", "12"], ["Emil", "13"], ["Ida", "14"]]
    assert table.shown == text


def test_a_word_that_its_line_was_wrapped_at_is_whole_again(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(
        "The inspec-\ntion report covers mother-in-\nlaw suites and COVID-\n19.\n\n- a list of pa-\n  ges 12-\n  14"
    )
    page = read_plain(path, IngestSettings()).page(0)
    assert page.text == ("The inspection report covers mother-in-law suites and COVID-19.\n\n- a list of pages 12-14")


@pytest.mark.parametrize(
    "text", ["anti-\nre-\nun-", "Fee 12-\nRent 13-", "Physics B-\nChemistry A-", "Fee 1,200-\n1,300", "a rule -\nof b"]
)
def test_other_lines_that_end_in_a_hyphen_stay_as_they_are(text: str) -> None:
    assert joined(elements_of(text)) == text
