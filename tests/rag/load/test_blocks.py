"""Blocks of every format without pages: exact spans, kinds, numbers, tables with heads and spans."""

from __future__ import annotations

from pathlib import Path

import docx
import pytest
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import qn
from hypothesis import given
from hypothesis import strategies as st

from rag.load.outline import Element, Outline, OutlineCell, Run
from rag.load.sections import SECTION_CHARS, SectionReader
from tests.support.parsed_pages import LIMITS, cells, kinds, pages_of, table_of

MARKDOWN = """# Handbook

Call [the desk](https://desk.example.org) or <https://plain.example.org>.

1. Open a ticket
2. Press the button

5) Fifth
6) Sixth

- a bullet

| Code | Meaning | Action |
|---|---|---|
| E-1 | Overload | Wait 10 minutes |
| W-0091 | Filter at 80 percent | Order part 55-8812-A |
| X | | Call |

A claim.[^a]

[^a]: The source of it.

```
x  = 1
  y = 2
```
"""


def test_markdown(tmp_path: Path) -> None:
    (page,) = pages_of(tmp_path / "a.md", MARKDOWN)
    assert kinds(page)[:7] == [
        ("heading", "", "Handbook"),
        ("paragraph", "", "Call the desk (https://desk.example.org) or https://plain.example.org."),
        ("list_item", "1.", "1. Open a ticket"),
        ("list_item", "2.", "2. Press the button"),
        ("list_item", "5)", "5) Fifth"),
        ("list_item", "6)", "6) Sixth"),
        ("list_item", "-", "- a bullet"),
    ]
    assert page.blocks[0].level == 1
    table = table_of(page)
    assert table.head_rows == 1
    assert cells(page, table) == [
        ["Code", "Meaning", "Action"],
        ["E-1", "Overload", "Wait 10 minutes"],
        ["W-0091", "Filter at 80 percent", "Order part 55-8812-A"],
        ["X", "", "Call"],
    ]
    assert kinds(page)[-3:] == [
        ("paragraph", "", "A claim. [1]"),
        ("paragraph", "", "x  = 1\n  y = 2"),
        ("footnote", "1", "[1] The source of it."),
    ]


def test_html(tmp_path: Path) -> None:
    markup = """<!doctype html><html><body><h2>Fees</h2>
    <p>Sales were 1,204<sup>3</sup> units on 40 m<sup>2</sup>, 10<sup>6</sup> in all,
    the 1<sup>st</sup> of H<sub>2</sub>O.</p>
    <ol start=4 type=a><li>Ask <a href="/help">help</a></li><li value=9><p>Wait</p><p>long</p></li></ol>
    <table><caption>Fees per city</caption>
      <thead><tr><th rowspan=2>City</th><th colspan=2>Fee</th></tr><tr><th>2024</th><th>2025</th></tr></thead>
      <tr><td>Bern<br>West</td><td></td><td>5</td></tr></table>
    <figure><figcaption>Figure 1: a graph</figcaption></figure>
    <dl><dt>Rent</dt><dd>900 euro</dd></dl>
    <p id="fn3">Audited.</p></body></html>"""
    (page,) = pages_of(tmp_path / "a.html", markup)
    assert kinds(page) == [
        ("heading", "", "Fees"),
        ("paragraph", "", "Sales were 1,204 ³ units on 40 m², 10⁶ in all, the 1st of H2O."),
        ("list_item", "d.", "d. Ask help (/help)"),
        ("list_item", "i.", "i. Wait"),
        ("paragraph", "", "long"),
        ("caption", "", "Fees per city"),
        ("table", "", "City | Fee\n | 2024 | 2025\nBern West |  | 5"),
        ("caption", "", "Figure 1: a graph"),
        ("paragraph", "", "Rent"),
        ("paragraph", "", "900 euro"),
        ("footnote", "3", "[3] Audited."),
    ]
    table = table_of(page)
    assert table.head_rows == 2
    assert [[(cell.row_span, cell.column_span) for cell in row] for row in table.rows[:2]] == [
        [(2, 1), (1, 2)],
        [(1, 1), (1, 1)],
    ]
    assert cells(page, table)[2] == ["Bern West", "", "5"]


def test_hidden_text_is_in_no_block_and_a_hidden_row_takes_no_line(tmp_path: Path) -> None:
    markup = """<style>.h { display: none }</style><p class=h>evil</p><ul><li class=h>evil<li>Seen</ul>
    <table><tr><th>Name<th>Sum<tr class=h><td>evil<td>evil<tr><td>Ann<td>4 <b class=h>evil</b></table>"""
    (page,) = pages_of(tmp_path / "a.html", markup)
    assert "evil" not in page.text
    assert page.hidden_text.count("evil") == 5
    assert cells(page, table_of(page)) == [["Name", "Sum"], ["Ann", "4"]]
    assert kinds(page)[0] == ("list_item", "-", "- Seen")


def test_a_table_that_lays_out_a_page_is_read_as_the_page(tmp_path: Path) -> None:
    markup = "<table><tr><td><h1>Shop</h1><p>Open at nine.</p></td><td><ul><li>Bread</ul></td></tr></table>"
    (page,) = pages_of(tmp_path / "a.html", markup)
    assert kinds(page) == [
        ("heading", "", "Shop"),
        ("paragraph", "", "Open at nine."),
        ("list_item", "-", "- Bread"),
    ]


def test_form_controls_show_their_values(tmp_path: Path) -> None:
    markup = """<form>Plate: <input value="WX 55 TZA"> <input type=hidden value=evil> Fuel: <select><option>Petrol
    <option selected>Electric</select> Note: <textarea>Call me</textarea></form>"""
    (page,) = pages_of(tmp_path / "a.html", markup)
    assert " ".join(page.text.split()) == "Plate: WX 55 TZA Fuel: Electric Note: Call me"


def test_plain_text_keeps_every_character_in_its_place(tmp_path: Path) -> None:
    text = (
        "Title of the note\n\n\nA paragraph that runs\nover two lines.\n\n"
        "1. Open the valve\n2. Wait\n   ten minutes\n\n"
        "Name        Rent   Rooms\nAlder St.     900       3\nCedar St.   1,450       4\n\n"
        "| a | b |\n|---|---|\n| 1 | 2 |\n\nThe year was good, and\n1987. It is not a list."
    )
    (page,) = pages_of(tmp_path / "a.txt", text)
    assert page.text == text
    assert [(kind, number) for kind, number, _ in kinds(page)] == [
        ("paragraph", ""),
        ("paragraph", ""),
        ("list_item", "1."),
        ("list_item", "2."),
        ("table", ""),
        ("table", ""),
        ("paragraph", ""),
    ]
    tables = [block for block in page.blocks if block.kind == "table"]
    assert cells(page, tables[0]) == [["Name", "Rent", "Rooms"], ["Alder St.", "900", "3"], ["Cedar St.", "1,450", "4"]]
    assert cells(page, tables[1]) == [["a", "b"], ["1", "2"]]
    assert [table.head_rows for table in tables] == [1, 1]


@pytest.mark.parametrize(
    "text",
    [
        "He said  nothing, and\nshe  said nothing\nfor a  while.",
        "    An indented verse\n    of three lines\n    is no table.",
        "One line   with gaps   only",
    ],
)
def test_prose_is_no_table(tmp_path: Path, text: str) -> None:
    (page,) = pages_of(tmp_path / "a.txt", text)
    assert [block.kind for block in page.blocks] == ["paragraph"]


def numbered(document: docx.document.Document, text: str, style: str) -> None:
    document.add_paragraph(text, style=style)


def note_part(document: docx.document.Document, kind: str, notes: dict[str, str]) -> None:
    """Add a part with notes, which python-docx cannot make."""
    from docx.opc.packuri import PackURI
    from docx.opc.part import Part

    space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    body = f'<w:{kind} w:id="-1" w:type="separator"><w:p><w:r><w:t>---</w:t></w:r></w:p></w:{kind}>' + "".join(
        f'<w:{kind} w:id="{key}"><w:p><w:r><w:t xml:space="preserve"> {text}</w:t></w:r></w:p></w:{kind}>'
        for key, text in notes.items()
    )
    content_type = f"application/vnd.openxmlformats-officedocument.wordprocessingml.{kind}s+xml"
    blob = f"<w:{kind}s {space}>{body}</w:{kind}s>".encode()
    part = Part(PackURI(f"/word/{kind}s.xml"), content_type, blob, document.part.package)
    document.part.relate_to(part, f"http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}s")


def cite(paragraph: docx.text.paragraph.Paragraph, kind: str, key: str) -> None:
    reference = OxmlElement(f"w:{kind}Reference")
    reference.set(qn("w:id"), key)
    paragraph.add_run()._r.append(reference)


@pytest.fixture
def word(tmp_path: Path) -> Path:
    document = docx.Document()
    document.sections[0].header.paragraphs[0].text = "Document SH-2291 revision D"
    document.sections[0].footer.paragraphs[0].text = "Issued by the works office"
    document.add_heading("Lease", 1)
    paragraph = document.add_paragraph("The rent is 1,204")
    cite(paragraph, "footnote", "1")
    paragraph.add_run(" euro")
    cite(paragraph, "endnote", "1")
    raised = paragraph.add_run("2")
    raised.font.superscript = True
    note_part(document, "footnote", {"1": "Without heating."})
    note_part(document, "endnote", {"1": "As of May."})
    numbered(document, "Open the valve", "List Number")
    numbered(document, "Wait", "List Number")
    numbered(document, "Loose", "List Bullet")
    table = document.add_table(3, 3)
    for row, texts in enumerate((("City", "Fee", ""), ("Bern", "2024", "2025"), ("Basel", "3", "5"))):
        for column, text in enumerate(texts):
            table.cell(row, column).text = text
    table.cell(0, 1).merge(table.cell(0, 2))
    table.cell(1, 0).merge(table.cell(2, 0))
    mark = OxmlElement("w:tblHeader")
    table.rows[0]._tr.get_or_add_trPr().append(mark)
    document.save(str(tmp_path / "w.docx"))
    return tmp_path / "w.docx"


def test_word(word: Path) -> None:
    (page,) = pages_of(word)
    assert kinds(page) == [
        ("header", "", "Document SH-2291 revision D"),
        ("heading", "", "Lease"),
        ("paragraph", "", "The rent is 1,204 [1] euro [i] ²"),
        ("footnote", "1", "[1] Without heating."),
        ("list_item", "1.", "1. Open the valve"),
        ("list_item", "2.", "2. Wait"),
        ("list_item", "-", "- Loose"),
        ("table", "", "City | Fee\nBern Basel | 2024 | 2025\nBern Basel | 3 | 5"),
        ("footnote", "i", "[i] As of May."),
        ("footer", "", "Issued by the works office"),
    ]
    table = table_of(page)
    assert table.head_rows == 1
    assert [[(cell.row_span, cell.column_span) for cell in row] for row in table.rows] == [
        [(1, 1), (1, 2)],
        [(1, 1), (1, 1), (1, 1)],
        [(1, 1), (1, 1), (1, 1)],
    ]


def test_formulas_of_word_are_read(tmp_path: Path) -> None:
    document = docx.Document()
    paragraph = document.add_paragraph("The area is ")
    space = "http://schemas.openxmlformats.org/officeDocument/2006/math"
    paragraph._p.append(parse_xml(f'<m:oMath xmlns:m="{space}"><m:r><m:t>a=5b</m:t></m:r></m:oMath>'))
    document.save(str(tmp_path / "f.docx"))
    (page,) = pages_of(tmp_path / "f.docx")
    assert page.text == "The area is a=5b"


def test_a_long_table_is_cut_between_rows_and_carries_its_heads(tmp_path: Path) -> None:
    rows = "\n".join(f"| Station {number} | {10 * number} | {number % 40} |" for number in range(400))
    pages = pages_of(tmp_path / "a.md", f"# Weather\n\n| Station | Rainfall | Snow |\n|---|---|---|\n{rows}\n")
    assert len(pages) > 2
    assert [page.label for page in pages[:2]] == ["Weather", "Weather, part 2"]
    tables = [table_of(page) for page in pages]
    assert sum(len(table.rows) for table in tables) == 401
    assert (tables[0].head_rows, tables[0].continues, tables[0].carried_heads) == (1, False, ())
    for page, table in zip(pages[1:], tables[1:], strict=True):
        assert (table.head_rows, table.continues) == (0, True)
        assert table.carried_heads == (("Station", "Rainfall", "Snow"),)
        assert all(len(row) == 3 for row in table.rows)
        assert cells(page, table)[0][0].startswith("Station ")
        assert len(page.text) <= SECTION_CHARS


def test_a_long_paragraph_goes_on_in_the_next_part(tmp_path: Path) -> None:
    pages = pages_of(tmp_path / "a.txt", "A sentence of the story. " * 700)
    assert [block.continues for page in pages for block in page.blocks] == [False, *[True] * (len(pages) - 1)]


texts = st.text("ab1 |.\n\u200b\xad\ufb01", max_size=60)
runs = st.lists(st.builds(Run, texts, st.sampled_from(["", "", "", "tiny"])), max_size=3).map(tuple)
table_cells = st.builds(OutlineCell, runs.map(lambda rs: tuple(Run(r.text.replace("\n", " "), r.hidden) for r in rs)))
elements = st.one_of(
    st.builds(Element, runs=runs, gap=st.sampled_from(["\n", "\n\n"])),
    st.builds(Element, runs=runs, kind=st.just("heading"), level=st.integers(1, 3)),
    st.builds(
        Element,
        kind=st.just("table"),
        head_rows=st.just(1),
        rows=st.lists(st.lists(table_cells, min_size=1, max_size=3).map(tuple), min_size=1, max_size=4).map(tuple),
    ),
)


@given(st.lists(elements, max_size=8))
def test_blocks_are_exact_whatever_stands_in_a_file(parts: list[Element]) -> None:
    reader = SectionReader(Path("a.txt"), "text", "", Outline(tuple(parts)), LIMITS)
    for index in range(reader.info.n_pages):
        page = reader.page(index)
        end = 0
        for block in page.blocks:
            assert end <= block.start < block.end <= len(page.text)
            end = block.end
            for row in block.rows:
                for cell in row:
                    assert block.start <= cell.start <= cell.end <= block.end
