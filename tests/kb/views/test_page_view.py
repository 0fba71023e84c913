"""How a page is printed to a terminal."""

from __future__ import annotations

from core.blocks import Block, Cell
from core.types import Page
from kb.views.page_view import document_facts, readable
from tests.support.stored import stored_document


def page_with_table(*, head_rows: int, carried: tuple[tuple[str, ...], ...] = ()) -> Page:
    text, rows = "Above.\n\n", []
    start = len(text)
    for row in (("Station", "Wind"), ("Almen on the hill", "9"), ("Berg", "1204")):
        cells = []
        for part in row:
            cells.append(Cell(start=len(text), end=len(text) + len(part)))
            text += f"{part} "
        text = f"{text[:-1]}\n"
        rows.append(tuple(cells))
    table = Block(
        kind="table", start=start, end=len(text) - 1, rows=tuple(rows), head_rows=head_rows, carried_heads=carried
    )
    text += "\nBelow."
    return Page(index=0, text=text, blocks=(Block(kind="paragraph", start=0, end=6), table))


def test_a_table_stands_in_columns_between_its_text() -> None:
    assert readable(page_with_table(head_rows=1)).split("\n") == [
        "Above.",
        "",
        "Station            Wind",
        "-----------------  ----",
        "Almen on the hill     9",
        "Berg               1204",
        "",
        "Below.",
    ]


def test_heads_of_the_page_before_are_shown() -> None:
    shown = readable(page_with_table(head_rows=0, carried=(("Place", "km/h"),)))
    assert shown.split("\n")[2] == "Place              km/h"


def test_a_page_without_tables_is_its_text() -> None:
    assert readable(Page(index=0, text="Only\n text. ")) == "Only\n text. "


def test_the_facts_of_a_document_name_its_languages_and_its_bad_pages() -> None:
    class Reader:
        def page_problems(self, _collection: str, _sha256: str) -> list[tuple[int, str, str]]:
            return [(2, "empty", "no text layer")]

    document = stored_document("a.pdf", languages=("de", "pl"), metadata={"author": "A. Weber"})
    facts = document_facts(Reader(), document)  # type: ignore[arg-type]
    assert ("language", "German, Polish") in facts
    assert ("author", "A. Weber") in facts
    assert facts[-1] == ("page 3 is empty:", "no text layer")
