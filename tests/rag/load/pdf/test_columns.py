"""Reading order: columns of prose one after the other, tables row by row, nothing lost."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.load.pdf.layout.columns import flows, regions
from rag.load.pdf.layout.rows import TextRow
from rag.load.pdf.layout.rules import Rules
from tests.support.pdf_rows import NO_RULES, row, segment

LEFT = ["the rent of the house", "rose in the year as the", "town had grown and few", "flats were on offer then"]
RIGHT = ["all owners of a garden", "pay for the water which", "is drawn from the river", "below the old stone mill"]


def texts(groups: list[list[TextRow]]) -> list[list[str]]:
    return [[line.text for line in group] for group in groups]


def two_columns(top: float = 100) -> list[TextRow]:
    return [
        row(top + 12 * at, (50, left), (300, right)) for at, (left, right) in enumerate(zip(LEFT, RIGHT, strict=True))
    ]


def test_the_left_column_is_read_before_the_right_one() -> None:
    assert texts(regions(two_columns(), NO_RULES)) == [LEFT, RIGHT]


def test_a_line_across_both_columns_stands_between_what_is_above_and_below_it() -> None:
    across = "what follows is written for the owners of all houses in the town and"
    rows = [*two_columns(100), row(160, (50, across)), *two_columns(190)]
    assert texts(regions(rows, NO_RULES)) == [LEFT, RIGHT, [across], LEFT, RIGHT]


def test_the_longer_left_column_is_read_to_its_end_before_the_right_one() -> None:
    rest = ["References", "One wrote of the rent of", "houses in the town and of", "the water of the mill too"]
    below = [row(160 + 12 * at, (50, text)) for at, text in enumerate(rest)]
    assert texts(regions([*two_columns(), *below], NO_RULES)) == [[*LEFT, *rest], RIGHT]


def test_lines_wider_than_the_left_column_are_no_part_of_it() -> None:
    wide = [
        "this text is set across the page and not in the left of two",
        "columns, so that it is read after both of them",
    ]
    below = [row(160 + 12 * at, (50, text)) for at, text in enumerate([*wide, *wide])]
    assert texts(regions([*two_columns(), *below], NO_RULES)) == [LEFT, RIGHT, [*wide, *wide]]


def small(row: TextRow) -> TextRow:
    row.height *= 0.8
    return row


def test_running_lines_stand_before_and_after_the_columns() -> None:
    header = small(row(70, (50, "Journal of Rivers 14"), (500, "213")))
    footer = [row(400, (50, "House News 3/2024"), (500, "Page 1 of 9"))]
    dated = [row(50, (50, "THE HERALD")), row(66, (50, "Friday 3 May 2024"), (500, "No. 118"))]
    assert texts(regions([header, *two_columns(), *footer], NO_RULES)) == [
        ["Journal of Rivers 14 213"],
        LEFT,
        RIGHT,
        ["House News 3/2024 Page 1 of 9"],
    ]
    assert texts(regions([*dated, *two_columns()], NO_RULES)) == [[line.text for line in dated], LEFT, RIGHT]


def test_the_first_and_last_lines_of_columns_stay_with_them() -> None:
    lines = [*two_columns(100), *two_columns(148)]
    heads = row(70, (50, "Rent of flats in town"), (300, "Use of river water"))
    ends = row(226, (50, "All is in the list."), (300, "The mill is shut now."))
    left, right = [heads.segments[0].text, *LEFT, *LEFT], [heads.segments[1].text, *RIGHT, *RIGHT]
    assert texts(regions([heads, *lines], NO_RULES)) == [left, right]
    left, right = [*LEFT, *LEFT, ends.segments[0].text], [*RIGHT, *RIGHT, ends.segments[1].text]
    assert texts(regions([*lines, ends], NO_RULES)) == [left, right]


def test_rows_of_figures_are_not_parted() -> None:
    rows = [row(100 + 12 * at, (50, "rent of flat"), (300, f"1,{at}00")) for at in range(5)]
    assert regions(rows, NO_RULES) == [rows]


def test_rows_that_lines_are_drawn_between_are_a_table_whatever_they_say() -> None:
    lines = Rules(np.array([(106.0, 40.0, 560.0), (118.0, 40.0, 560.0), (130.0, 40.0, 560.0)]), np.zeros((0, 3)))
    rows = two_columns()
    assert regions(rows, lines) == [rows]


def test_two_lines_are_too_few_for_columns() -> None:
    rows = two_columns()[:2]
    assert regions(rows, NO_RULES) == [rows]
    assert regions([], NO_RULES) == []


def test_a_line_flows_on() -> None:
    assert flows(segment(50, "the rent of"), segment(50, "the house"), 500)  # mid sentence
    assert not flows(segment(50, "the rent."), segment(50, "the house"), 500)
    assert not flows(segment(50, "the rent"), segment(50, "Houses"), 500)  # room was left for the word
    # "The rent." ends at 95; "House" takes 25 and a quarter of the height: 27.5 in all.
    assert flows(segment(50, "The rent."), segment(50, "House"), 122)
    assert not flows(segment(50, "The rent."), segment(50, "House"), 123)
    assert not flows(segment(50, "Contents"), segment(50, "House"), 95)  # one word alone


WORDS = st.lists(st.sampled_from(["the", "rent", "House", "12.5", "of", "and.", "-"]), min_size=1, max_size=6)


@settings(max_examples=30)
@given(
    st.lists(st.lists(st.tuples(st.sampled_from([50, 120, 300, 301, 420]), WORDS), min_size=1, max_size=3), max_size=10)
)
def test_every_segment_is_read_once(lines: list[list[tuple[int, list[str]]]]) -> None:
    rows = []
    for at, parts in enumerate(lines):
        ordered = sorted({x: " ".join(words) for x, words in parts}.items())
        rows.append(row(100 + 12 * at, *((float(x), text) for x, text in ordered)))
    read = [id(part) for group in regions(rows, NO_RULES) for line in group for part in line.segments]
    assert sorted(read) == sorted(id(part) for line in rows for part in line.segments)
    for group in regions(rows, NO_RULES):
        assert [line.base for line in group] == sorted(line.base for line in group)


def test_short_lines_on_lines_of_their_own_stand_in_a_margin() -> None:
    margin = [row(106 + 15 * at, (50, text)) for at, text in enumerate(["Skills", "Welding", "Pumps", "Languages"])]
    prose = [row(100 + 12 * at, (200, text)) for at, text in enumerate([*LEFT, *RIGHT])]
    rows = sorted([*margin, *prose], key=lambda line: line.base)
    assert texts(regions(rows, NO_RULES)) == [[line.text for line in side] for side in (margin, prose)]


def test_numbers_of_lines_are_parted_from_the_text_and_those_of_a_list_are_not() -> None:
    lines = [*LEFT, *RIGHT]
    numbered = [row(100 + 12 * at, (50, str(at + 1)), (80, text)) for at, text in enumerate(lines)]
    assert texts(regions(numbered, NO_RULES)) == [[str(at + 1) for at in range(8)], lines]
    items = [
        row(100 + 12 * at, *(((50, str(at // 2 + 1)),) if at % 2 == 0 else ()), (80, text))
        for at, text in enumerate(lines)
    ]
    assert len(regions(items, NO_RULES)) == 1


def test_paragraphs_that_begin_on_common_lines_are_cells() -> None:
    rows = []
    for at, (left, right) in enumerate(zip(LEFT, RIGHT, strict=True)):
        rows += [row(100 + 40 * at, (50, left), (300, right)), row(112 + 40 * at, (50, left), (300, right))]
    assert regions(rows, NO_RULES) == [rows]


def test_a_line_that_ends_in_a_hyphen_goes_on() -> None:
    assert flows(segment(50, "flu and COVID-"), segment(50, "19 are"), 500)
    assert flows(segment(50, "the Anglo-"), segment(50, "Saxon hall"), 500)
    assert flows(segment(50, "from 1914-"), segment(50, "1918 on"), 500)
    assert flows(segment(50, "from 1914–"), segment(50, "1918 on"), 500)
    assert not flows(segment(50, "Fee 12-"), segment(50, "Rent 13-"), 500)  # a minus behind the amount
    assert not flows(segment(50, "Physics B-"), segment(50, "Chemistry A-"), 500)
    assert not flows(segment(50, "Fee 1,200-"), segment(50, "1,300"), 500)
    assert not flows(segment(50, "the rent -"), segment(50, "House"), 500)
