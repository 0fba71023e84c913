"""Units of a page and how they are packed: what stays whole, what opens a chunk, what no chunk holds."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.blocks import Block, Cell
from core.types import Page
from rag.ingest.units import Unit, packs_of, units_of


def texts(page: Page, units: list[Unit]) -> list[str]:
    return [page.text[unit.start : unit.end] for unit in units]


def placed(text: str, part: str) -> tuple[int, int]:
    start = text.index(part)
    return start, start + len(part)


def cell(text: str, part: str, column_span: int = 1) -> Cell:
    start, end = placed(text, part)
    return Cell(start=start, end=end, column_span=column_span)


def test_paragraphs_and_headings_are_units_and_running_lines_part_them() -> None:
    text = "Report 2024\n\nRents\n\nThe rent rose.\n\nPage 7\n\nIt fell again."
    kinds = ("header", "heading", "paragraph", "footer", "paragraph")
    parts = text.split("\n\n")
    blocks = tuple(
        Block(kind=kind, start=placed(text, part)[0], end=placed(text, part)[1])  # type: ignore[arg-type]
        for kind, part in zip(kinds, parts, strict=True)
    )
    page = Page(index=0, text=text, blocks=blocks)
    stretches = units_of(page)
    assert [texts(page, units) for units in stretches] == [["Rents", "The rent rose."], ["It fell again."]]
    assert [[unit.heading for unit in units] for units in stretches] == [[True, False], [False]]
    assert all(unit.table == -1 and not unit.heads for units in stretches for unit in units)


def test_a_page_of_running_lines_alone_has_no_units() -> None:
    page = Page(index=0, text="Page 7", blocks=(Block(kind="footer", start=0, end=6),))
    assert units_of(page) == []
    assert units_of(Page(index=0, text="text without blocks")) == []


def test_rows_are_units_with_the_heads_above_them() -> None:
    text = "Flat  Rent\nAlder 900\nCedar 1450"
    rows = (
        (cell(text, "Flat"), cell(text, "Rent")),
        (cell(text, "Alder"), cell(text, "900")),
        (cell(text, "Cedar"), cell(text, "1450")),
    )
    page = Page(index=0, text=text, blocks=(Block(kind="table", start=0, end=len(text), rows=rows, head_rows=1),))
    (units,) = units_of(page)
    assert texts(page, units) == ["Flat  Rent", "Alder 900", "Cedar 1450"]
    assert [(unit.heading, unit.heads, unit.table) for unit in units] == [
        (True, "", 0),
        (False, "Flat | Rent", 0),
        (False, "Flat | Rent", 0),
    ]


def test_empty_cells_count_for_nothing_and_an_empty_row_is_no_unit() -> None:
    text = "Alder 900"
    end = len(text)
    rows = (
        (Cell(start=0, end=0), cell(text, "900")),
        (Cell(start=end, end=end), Cell(start=end, end=end)),
    )
    page = Page(index=0, text=text, blocks=(Block(kind="table", start=0, end=end, rows=rows),))
    (units,) = units_of(page)
    assert [(unit.start, unit.end) for unit in units] == [(6, 9)]


def test_a_table_that_goes_on_carries_the_heads_of_the_page_before() -> None:
    text = "Cedar 1450"
    rows = ((cell(text, "Cedar"), cell(text, "1450")),)
    block = Block(
        kind="table",
        start=0,
        end=len(text),
        rows=rows,
        continues=True,
        carried_heads=(("Flat", "Rent", "Rent"), ("", "cold", "warm  net")),
    )
    (units,) = units_of(Page(index=1, text=text, blocks=(block,)))
    assert units[0].heads == "Flat | Rent | cold | warm net"  # a head over two columns stands once, blanks are one


def test_heads_are_cut_where_they_would_fill_a_chunk() -> None:
    text = "x 1"
    rows = ((cell(text, "x"), cell(text, "1")),)
    block = Block(kind="table", start=0, end=3, rows=rows, carried_heads=(("n" * 500,),))
    (units,) = units_of(Page(index=0, text=text, blocks=(block,)))
    assert units[0].heads == "n" * 240


def test_two_tables_are_told_apart() -> None:
    text = "a 1\n\nb 2"
    blocks = tuple(
        Block(kind="table", start=start, end=start + 3, rows=((Cell(start=start, end=start + 3),),)) for start in (0, 5)
    )
    (units,) = units_of(Page(index=0, text=text, blocks=blocks))
    assert units[0].table != units[1].table


def spans(units: list[Unit], chunk_chars: int) -> list[list[tuple[int, int]]]:
    return [[(unit.start, unit.end) for unit in pack.units] for pack in packs_of(units, chunk_chars)]


def test_units_fill_a_pack_to_the_last_character_that_fits() -> None:
    units = [Unit(0, 40), Unit(42, 100), Unit(102, 150)]
    assert spans(units, 100) == [[(0, 40), (42, 100)], [(102, 150)]]
    assert spans(units, 99) == [[(0, 40)], [(42, 100)], [(102, 150)]]
    assert spans(units, 150) == [[(0, 40), (42, 100), (102, 150)]]


def test_a_heading_goes_with_what_it_names() -> None:
    units = [Unit(0, 30), Unit(32, 40, heading=True), Unit(42, 120)]
    assert spans(units, 100) == [[(0, 30)], [(32, 40), (42, 120)]]


def test_a_heading_opens_a_pack_once_the_last_is_half_full() -> None:
    nearly = [Unit(0, 37), Unit(42, 49, heading=True), Unit(52, 60)]
    assert spans(nearly, 100) == [[(0, 37), (42, 49), (52, 60)]]
    half = [Unit(0, 40), Unit(42, 50, heading=True), Unit(52, 60)]
    assert spans(half, 100) == [[(0, 40)], [(42, 50), (52, 60)]]


def test_headings_in_a_row_stay_together_above_a_long_unit() -> None:
    units = [Unit(0, 60), Unit(62, 70, heading=True), Unit(72, 80, heading=True), Unit(82, 400)]
    assert spans(units, 100) == [[(0, 60)], [(62, 70), (72, 80), (82, 400)]]


def test_nothing_makes_no_pack() -> None:
    assert list(packs_of([], 100)) == []


@st.composite
def rows_of_units(draw: st.DrawFn) -> list[Unit]:
    units: list[Unit] = []
    position = 0
    for length, gap, heading in draw(
        st.lists(st.tuples(st.integers(1, 150), st.integers(0, 3), st.booleans()), max_size=30)
    ):
        start = position + gap
        units.append(Unit(start, start + length, heading=heading))
        position = start + length
    return units


@given(rows_of_units(), st.integers(1, 200))
def test_packs_lose_nothing_and_keep_to_the_length(units: list[Unit], chunk_chars: int) -> None:
    packs = list(packs_of(units, chunk_chars))
    assert [unit for pack in packs for unit in pack.units] == units
    for pack in packs:
        assert (pack.start, pack.end) == (pack.units[0].start, pack.units[-1].end)
        if pack.end - pack.start > chunk_chars:
            assert all(unit.heading for unit in pack.units[:-1])
    for pack in packs[:-1]:
        assert not pack.units[-1].heading or all(unit.heading for unit in pack.units)
