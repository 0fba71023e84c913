"""Formats without pages: sections under their headings, and what a viewer would not show."""

from __future__ import annotations

from pathlib import Path

import docx
import pytest
from docx.shared import Pt, RGBColor
from hypothesis import given
from hypothesis import strategies as st

from core.errors import DataError
from core.settings import IngestSettings
from core.types import Page
from rag.load.outline import Element, Outline, Run
from rag.load.pdf.open_reader import open_reader
from rag.load.reader import FileInfo
from rag.load.sections import SECTION_CHARS, SectionReader

LIMITS = IngestSettings()


def read(path: Path, text: str | None = None) -> tuple[FileInfo, list[Page]]:
    if text is not None:
        path.write_text(text, encoding="utf-8")
    reader = open_reader(path, LIMITS)
    pages = [reader.page(index) for index in range(reader.info.n_pages)]
    reader.close()
    return reader.info, pages


def test_markdown_is_cut_at_headings(tmp_path: Path) -> None:
    info, pages = read(
        tmp_path / "leave.md",
        "---\ntitle: Leave policy\nauthor: Ann\n---\nBefore.\n\n# Leave\n\n## Days\n\n**Thirty** [days](http://x).\n\n"
        "- one\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n## Sick\n\n```\nx  = 1\n```\n",
    )
    assert (info.title, info.unit, info.kind, info.metadata) == (
        "Leave policy",
        "section",
        "markdown",
        {"author": "Ann"},
    )
    assert [page.label for page in pages] == ["", "Leave > Days", "Leave > Sick"]
    assert pages[1].text == "Leave\n\nDays\n\nThirty days (http://x).\n\n- one\n- two\n\na | b\n1 | 2"
    assert "x  = 1" in pages[2].text


def test_markup_cannot_hide_text_in_markdown(tmp_path: Path) -> None:
    _, pages = read(
        tmp_path / "a.md",
        'Seen <span style="display: none">unseen</span> text.\n\n<!-- comment -->\n\n[//]: # (reference)\n\n'
        '<div style="color:#fff">white</div>\n',
    )
    assert pages[0].text == "Seen text." or pages[0].text == "Seen  text."
    assert dict(pages[0].hidden) == {"not_displayed": 6, "no_contrast": 5}


HIDING = {
    "<p style='display:none'>evil</p>": "not_displayed",
    "<p hidden>evil</p>": "not_displayed",
    "<p style='visibility: hidden !important'>evil</p>": "not_displayed",
    "<p class=x>evil</p>": "not_displayed",
    "<p id=y>evil</p>": "tiny",
    "<p style='font-size:1px'>evil</p>": "tiny",
    "<div style='font-size:10%'><p style='font-size:10%'>evil</p></div>": "tiny",
    "<p style='color:white'>evil</p>": "no_contrast",
    "<p style='color:#fefefe'>evil</p>": "no_contrast",
    "<font color=white>evil</font>": "no_contrast",
    "<div style='background:#123'><p style='color:rgb(17, 34, 51)'>evil</p></div>": "no_contrast",
    "<p style='opacity:0'>evil</p>": "no_contrast",
    "<p style='color:transparent'>evil</p>": "no_contrast",
    "<p style='position:absolute; left:-9999px'>evil</p>": "off_page",
    "<p style='text-indent:-5000px'>evil</p>": "off_page",
    "<p style='height:0;overflow:hidden'>evil</p>": "off_page",
    "<p>e\u200bvil</p>": "zero_width",
}


@pytest.mark.parametrize(("markup", "kind"), HIDING.items())
def test_what_css_hides_is_removed_and_counted(tmp_path: Path, markup: str, kind: str) -> None:
    sheet = "<style>/* c */ .x, .z {display:none} #y{font-size:0}</style>"
    _, pages = read(
        tmp_path / "a.html", f"<html><head>{sheet}</head><body><p>Seen.</p>{markup}<p>Last.</p></body></html>"
    )
    assert dict(pages[0].hidden) == {kind: 1 if kind == "zero_width" else 4}
    assert pages[0].text.replace("evil\n\n", "") == "Seen.\n\nLast."


@pytest.mark.parametrize(
    "markup",
    [
        "<p style='visibility:hidden'><span style='visibility:visible'>kept</span></p>",
        "<table bgcolor=navy><tr><th style='color:white'>kept</th></tr></table>",
        "<div style='background-image:url(x)'><p style='color:#fff'>kept</p></div>",
        "<style>@media print { p { display: none } }</style><p>kept</p>",
        "<p style='color:var(--ink); font-size:larger'>kept</p>",
        "<p style='position:absolute;left:-20px'>kept</p>",
    ],
)
def test_what_css_shows_stays(tmp_path: Path, markup: str) -> None:
    _, pages = read(tmp_path / "a.html", f"<body>{markup}</body>")
    assert (pages[0].text, pages[0].hidden) == ("kept", {})


def test_html_without_scripts_comments_and_head(tmp_path: Path) -> None:
    info, pages = read(
        tmp_path / "a.html",
        "<html lang=en><head><title>Plan 2024</title><meta name=author content=Bo></head><body><!-- no -->"
        "<script>no()</script><h1>One</h1><p>a&nbsp;b<br>c</p><select><option>no</select><h2>Two</h2>d</body></html>",
    )
    assert (info.title, info.metadata) == ("Plan 2024", {"author": "Bo", "language": "en"})
    assert [(page.label, page.text) for page in pages] == [("One", "One\n\na b\nc\n\nno"), ("One > Two", "Two\n\nd")]


def test_html_named_as_text_is_text(tmp_path: Path) -> None:
    _, pages = read(tmp_path / "a.txt", "<html><body>x</body></html>")
    assert pages[0].text == "<html><body>x</body></html>"


@pytest.fixture
def word(tmp_path: Path) -> Path:
    document = docx.Document()
    document.core_properties.title = "Works plan"
    document.add_heading("Works", 1)
    paragraph = document.add_paragraph("Seen ")
    vanished = paragraph.add_run("vanished")
    vanished.font.hidden = True
    white = paragraph.add_run("white")
    white.font.color.rgb = RGBColor(255, 255, 255)
    small = paragraph.add_run("small")
    small.font.size = Pt(1)
    paragraph.add_run("text.")
    table = document.add_table(2, 2)
    for row in range(2):
        for column in range(2):
            table.cell(row, column).text = f"{row}{column}"
    document.add_heading("Costs", 2)
    document.add_paragraph("None.")
    path = tmp_path / "w.docx"
    document.save(str(path))
    return path


def test_word_in_order_without_hidden_runs(word: Path) -> None:
    info, pages = read(word)
    assert (info.title, info.kind) == ("Works plan", "docx")
    assert [(page.label, page.text) for page in pages] == [
        ("Works", "Works\n\nSeen text.\n\n00 | 01\n10 | 11"),
        ("Works > Costs", "Costs\n\nNone."),
    ]
    assert dict(pages[0].hidden) == {"not_displayed": 8, "no_contrast": 5, "tiny": 5}


def test_a_damaged_word_document_is_refused(word: Path) -> None:
    word.write_bytes(word.read_bytes()[:-400])
    with pytest.raises(DataError, match="damaged"):
        read(word)


def test_text_without_headings_is_cut_at_paragraphs(tmp_path: Path) -> None:
    paragraph = "A sentence of the story. " * 30
    _, pages = read(tmp_path / "a.txt", "\n\n".join([paragraph] * 20))
    assert len(pages) > 3
    assert all(len(page.text) <= SECTION_CHARS for page in pages)
    assert all(page.text.startswith("A sentence") for page in pages)
    assert pages[1].label == "part 2"


def test_a_file_with_only_hidden_text_has_one_empty_section(tmp_path: Path) -> None:
    _, pages = read(tmp_path / "a.html", "<body><p hidden>evil</p></body>")
    assert [(page.text, page.quality, page.reason) for page in pages] == [("", "empty", "all text is hidden")]


@given(st.lists(st.tuples(st.text("ab .\n", max_size=3000), st.sampled_from(["", "", "tiny"])), max_size=8))
def test_cutting_loses_no_visible_and_keeps_no_hidden_character(parts: list[tuple[str, str]]) -> None:
    blocks = tuple(Element(runs=(Run(text, kind), Run("x"))) for text, kind in parts)
    reader = SectionReader(Path("a.txt"), "text", "", Outline(blocks), LIMITS)
    pages = [reader.page(index) for index in range(reader.info.n_pages)]
    shown = "".join(page.text for page in pages)
    wanted = "".join(block.shown for block in blocks)
    assert "".join(shown.split()) == "".join(wanted.split())
    hidden = "".join(text for text, kind in parts if kind)
    assert sum("".join(page.hidden_text.split()).__len__() for page in pages) == len("".join(hidden.split()))
