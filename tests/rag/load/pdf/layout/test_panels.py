"""Addresses and tables side by side are read one after the other, tables of two columns row by row."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

from core.settings import IngestSettings
from rag.load.pdf.layout.columns import regions
from rag.load.pdf.layout.panels import are_blocks, are_panels, are_tables, is_address, is_postal
from rag.load.pdf.layout.rows import TextRow
from rag.load.pdf.pdfium_reader import PdfReader
from tests.support.pdf_rows import NO_RULES, row

INVOICE = ["Invoice address", "Brenner KG", "Accounts", "Elm Road 4", "0150 Oslo"]
DELIVERY = ["Delivery address", "Brenner KG", "Warehouse", "Oak Lane 9", "5003 Bergen"]
GOODS = [("Goods", "Euro"), ("Milk", "1.10"), ("Eggs", "3.20"), ("Bread", "2.80")]
FARES = [("To", "Euro"), ("Karlby", "4.00"), ("Solvik", "6.50"), ("Varde", "7.10")]


def rows_of(*sides: Sequence[Sequence[str]], x: Sequence[float] = (60, 320)) -> list[TextRow]:
    """Return rows of sides that stand beside each other; the cells of a side are 100 points apart."""
    return [
        row(
            100 + 12 * at,
            *(
                (left + 100 * place, text)
                for left, side in zip(x, sides, strict=False)
                for place, text in enumerate(side[at] if at < len(side) else ())
            ),
        )
        for at in range(max(map(len, sides)))
    ]


def lines(texts: Sequence[str]) -> list[tuple[str, ...]]:
    return [(text,) for text in texts]


def read(rows: list[TextRow]) -> list[list[str]]:
    return [[line.text for line in group] for group in regions(rows, NO_RULES)]


@pytest.mark.parametrize("short", [INVOICE, ["Invoice address", "Brenner KG", "Elm Road 4", "0150 Oslo"]])
def test_addresses_side_by_side(short: list[str]) -> None:
    assert read(rows_of(lines(short), lines(DELIVERY))) == [short, DELIVERY]


def test_tables_of_two_columns_are_read_row_by_row() -> None:
    for left, right in (
        (["Name", "Ada Lint", "Emil Foss", "Nora Ek"], ["Town", "Oslo", "Bergen", "Bern"]),
        (["Invoice no.", "Customer no.", "Date", "Due date"], ["2024-118", "K-4471", "31 May 2024", "30 June 2024"]),
        (["Site", "Harbour", "South", "North"], ["Address", "0150 Oslo", "5003 Bergen", "7010 Trondheim"]),
        (["Room A-101", "Room B-204", "Room C-12", "Room D-4"], ["Mr Dahl", "Ms Ek", "Mr Foss", "Ms Lint"]),
    ):
        assert len(regions(rows_of(lines(left), lines(right)), NO_RULES)) == 1


def test_blocks_made_alike_line_by_line_are_no_columns() -> None:
    plans = (
        ["Plan A", "Basic", "5 euro a month", "up to 3 users"],
        ["Plan B", "Premium", "9 euro a month", "up to 9 users"],
    )
    assert are_blocks(*(rows_of(lines(plan)) for plan in plans))
    assert not are_blocks(rows_of(lines(plans[0])), rows_of(lines(plans[1][:3])))


@pytest.mark.parametrize(
    "text", ["0150 Oslo", "DE-10115 Berlin", "113 56 Stockholm", "Dover, DE 19901", "London SW1A 1AA"]
)
def test_towns_with_their_codes(text: str) -> None:
    assert is_postal(text)
    assert is_address(rows_of(lines(["Brenner KG", "Elm Road 4", text])))
    assert not is_address(rows_of(lines(["Brenner KG", text])))


@pytest.mark.parametrize(
    "text", ["Elm Road 4", "2024", "31 May 2024", "1,204 units", "Oslo", "12 Flats", "2024 Budget"]
)
def test_lines_without_a_postal_code(text: str) -> None:
    assert not is_postal(text)


def test_tables_side_by_side() -> None:
    titled = rows_of([("Prices in the shop",), *GOODS]), rows_of([("Fares of the bus",), *FARES])
    assert are_panels(*titled)
    assert are_tables(rows_of(GOODS), rows_of([GOODS[0], *FARES[1:]]))  # the same heads
    assert not are_tables(rows_of(GOODS), rows_of(FARES))
    facts = [
        [("Date:", "31 May"), ("Due:", "30 June"), ("By:", "post")],
        [("No.:", "118"), ("To:", "K-4"), ("Of:", "3")],
    ]
    assert are_tables(*map(rows_of, facts))


def test_a_page_with_both(tmp_path: Path) -> None:
    path = tmp_path / "page.pdf"
    canvas = Canvas(str(path), invariant=True)
    canvas.setFont("Helvetica", 10)
    for at, (left, right) in enumerate(zip(INVOICE, DELIVERY, strict=True)):
        canvas.drawString(60, 760 - 13 * at, left)
        canvas.drawString(320, 760 - 13 * at, right)
    canvas.drawString(60, 620, "Prices in the shop")
    canvas.drawString(330, 620, "Fares of the bus")
    for at, (goods, fares) in enumerate(zip(GOODS, FARES, strict=True)):
        for x, (label, amount) in ((60, goods), (330, fares)):
            canvas.drawString(x, 600 - 14 * at, label)
            canvas.drawRightString(x + 180, 600 - 14 * at, amount)
    canvas.save()
    reader = PdfReader(path, IngestSettings())
    page = reader.page(0)
    reader.close()
    shown = [page.text[block.start : block.end].split("\n") for block in page.blocks]
    assert shown[:2] == [INVOICE, DELIVERY]
    assert [block.kind for block in page.blocks] == ["paragraph"] * 3 + ["table", "paragraph", "table"]
    assert shown[3:] == [
        [" ".join(cells) for cells in GOODS],
        ["Fares of the bus"],
        [" ".join(cells) for cells in FARES],
    ]
