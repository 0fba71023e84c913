"""Markdown: what becomes of headings, lists, tables and notes, and what raw markup cannot smuggle in."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.settings import IngestSettings
from rag.load.outline import Element
from rag.load.text.markdown import markdown_outline, read_markdown

LIMITS = IngestSettings()
PATH = Path("notes.md")


def elements(text: str) -> tuple[Element, ...]:
    return markdown_outline(text, PATH).elements


def kinds(text: str) -> list[tuple[str, int, str]]:
    return [(element.kind, element.level, element.shown) for element in elements(text)]


def read(tmp_path: Path, text: str, name: str = "notes.md") -> tuple[str, dict[str, str], list[str]]:
    path = tmp_path / name
    path.write_bytes(text.encode())
    reader = read_markdown(path, LIMITS)
    pages = [reader.page(index).text for index in range(reader.info.n_pages)]
    return reader.info.title, dict(reader.info.metadata), pages


def test_headings_of_both_kinds() -> None:
    assert kinds("# One\n\nTwo\n---\n\n### Three ###\n\ntext") == [
        ("heading", 1, "One"),
        ("heading", 2, "Two"),
        ("heading", 3, "Three"),
        ("paragraph", 0, "text"),
    ]


def test_numbers_of_lists_are_those_of_the_source() -> None:
    items = elements("3) three\n4) four\n\n1. one\n2. two\n\n- dash\n")
    assert [(item.kind, item.number) for item in items] == [
        ("list_item", "3)"),
        ("list_item", "4)"),
        ("list_item", "1."),
        ("list_item", "2."),
        ("list_item", items[4].number),
    ]
    assert [item.shown for item in items[:2]] == ["3) three", "4) four"]


def test_tables_have_their_heads() -> None:
    (table,) = elements("| Flat | Rent |\n|---|--:|\n| Alder | 900 |\n| Cedar | a \\| b |\n")
    assert [[cell.shown for cell in row] for row in table.rows] == [
        ["Flat", "Rent"],
        ["Alder", "900"],
        ["Cedar", "a | b"],
    ]
    assert table.head_rows == 1


def test_code_keeps_its_lines_and_its_signs() -> None:
    assert kinds("```\na  <b> *c*\n  d\n```") == [("paragraph", 0, "a  <b> *c*\n  d")]


@pytest.mark.parametrize(
    "markup",
    [
        "<span style='display:none'>obey</span>",
        "<div hidden>obey</div>",
        "<!-- obey -->",
        "<script>obey</script>",
        "<font color='white'>obey</font>",
    ],
)
def test_raw_markup_hides_nothing_from_the_audit(markup: str) -> None:
    shown = "".join(element.shown for element in elements(f"Before\n\n{markup}\n\nAfter"))
    assert "obey" not in shown
    assert "Before" in shown
    assert "After" in shown


def test_a_header_becomes_metadata(tmp_path: Path) -> None:
    text = '---\ntitle: "Rents: a view"\nauthor: Ada\ndate: 2024-05-01\nlang: en\nlayout: post\n---\n# One\n\ntext\n'
    title, metadata, pages = read(tmp_path, text)
    assert title == "Rents: a view"
    assert metadata["author"] == "Ada"
    assert metadata["created"] == "2024-05-01"
    assert metadata["language"] == "en"
    assert "layout" not in "".join(pages)
    assert "text" in "".join(pages)


def test_a_rule_at_the_top_is_no_header(tmp_path: Path) -> None:
    _, metadata, pages = read(tmp_path, "---\ntitle: never closed\n\ntext\n")
    assert "never closed" in "".join(pages)
    assert not metadata.get("author")


def test_windows_line_ends_end_a_header_too(tmp_path: Path) -> None:
    title, _, pages = read(tmp_path, "---\r\ntitle: Rents of all\r\n---\r\nThe rent rose.\r\n")
    assert title == "Rents of all"
    assert "title:" not in "".join(pages)


@pytest.mark.parametrize(
    "header",
    [
        '+++\ntitle = "Rents of all"\nauthors = ["Ada", "Max"]\ndate = 2024-05-01\n[extra]\ntoc = true\n+++\n',
        '+++\r\ntitle = "Rents of all"\r\nauthor = "Ada, Max"\r\ndate = "2024-05-01"\r\n+++\r\n',
        "---\ntitle: >-\n  Rents\n  of all\nauthor: |\n  Ada, Max\ndate: 2024-05-01\n---\n",
    ],
)
def test_headers_of_site_generators(tmp_path: Path, header: str) -> None:
    title, metadata, pages = read(tmp_path, f"{header}\nThe rent rose.\n")
    assert title == "Rents of all"
    assert metadata == {"author": "Ada, Max", "created": "2024-05-01"}
    assert pages == ["The rent rose."]


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("# Summary\n\nRents rose.\n", "rent report"),
        ("## 1. Introduction\n\nRents rose.\n", "rent report"),
        ("# Rents of all\n\nRents rose.\n", "Rents of all"),
        ("# Summary of rents\n\nRents rose.\n", "Summary of rents"),
    ],
)
def test_a_part_gives_the_document_no_title(tmp_path: Path, text: str, title: str) -> None:
    assert read(tmp_path, text, "rent_report.md")[0] == title


def test_what_is_no_toml_is_text(tmp_path: Path) -> None:
    _, metadata, pages = read(tmp_path, "+++\nThe rent rose.\n+++\n")
    assert metadata == {}
    assert "The rent rose." in pages[0]


def test_nothing_is_nothing() -> None:
    assert elements("") == ()
    assert elements(" \n\n") == ()
    assert elements("<!-- to be written -->\n") == ()


def test_a_file_with_nothing_but_a_comment_holds_no_text(tmp_path: Path) -> None:
    assert read(tmp_path, "<!-- to be written -->\n")[2] == [""]
    assert read(tmp_path, "---\ntitle: Rents\n---\n<!-- a -->\n\n<!-- b -->\n")[2] == [""]


def test_text_that_is_struck_out_is_marked() -> None:
    assert kinds("Rent ~~900~~ 950") == [("paragraph", 0, "Rent ~~900~~ 950")]


def test_quotes_in_quotes_are_read_to_the_last_one() -> None:
    assert "".join(element.shown for element in elements("> " * 50 + "deep")) == "deep"


def test_definitions_stand_below_their_terms() -> None:
    assert [shown for _, _, shown in kinds("Berth\n: A place for one boat.\n")] == ["Berth", "A place for one boat."]


def test_a_word_that_its_line_was_wrapped_at_is_whole_again() -> None:
    text = (
        "The inspec-\ntion of this is in the **cost-\neffective** mother-in-\nlaw suite. A -\ndash\n\n    co-\n    de"
    )
    shown = [element.shown for element in markdown_outline(text, Path("a.md")).elements]
    assert shown == ["The inspection of this is in the cost-effective mother-in-law suite. A - dash", "co-\nde"]


@pytest.mark.parametrize(
    "lines",
    [
        "**Landlord:** Helen Marchetti\n**Tenant:** Paul Adeyemi\n**Rent:** 800 euro",
        "**Landlord**: Helen Marchetti\n**Tenant**: Paul Adeyemi\n**Rent**: 800 euro",
        "Landlord: Helen Marchetti\nTenant: Paul Adeyemi\nRent: 800 euro",
    ],
)
def test_lines_that_begin_with_labels_stay_apart(lines: str) -> None:
    (block,) = elements(f"The parties are these people\n{lines}\n")
    first, rest = block.shown.split("\n", 1)
    assert first == "The parties are these people"
    assert rest == "Landlord: Helen Marchetti\nTenant: Paul Adeyemi\nRent: 800 euro"


def test_wrapped_prose_is_joined_whatever_its_lines_begin_with() -> None:
    text = "The flat has one rule above all others, and that is\nthis: no smoking. There is one more thing\nNote: it is"
    assert [element.shown for element in elements(text)] == [text.replace("\n", " ")]
    wrapped = "**Rent:** 800 euro, payable at\nthe start of the month\n**Deposit:** none"
    (block,) = elements(wrapped)
    assert block.shown == "Rent: 800 euro, payable at the start of the month\nDeposit: none"
