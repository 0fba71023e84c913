"""RTF: characters, paragraphs, tables, notes and what is hidden."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.types import Page
from rag.load.rtf.reader import RtfDocument
from rag.load.rtf.tokens import tokens
from tests.support.parsed_pages import cells, kinds, read, table_of


def test_rtf(tmp_path: Path) -> None:
    markup = (
        r"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}{\colortbl;\red255\green255\blue255;\red0\green0\blue0;}"
        r"{\info{\title Lease of a flat}{\author Ann}}"
        r"\pard The rent is {\b 900} euro\'80.{\v evil one}\par "
        r"Seen\v evil two\v0  again {\fs2 evil three}\fs24 {\cf1 evil four}\cf2 end.\par "
        r"Caf\u233?.\par\par \trowd Flat\cell Rent\cell\row \trowd Alder\cell 900\cell\row "
        r"\trowd Cedar\cell 1,450\cell\row }"
    )
    info, (page,) = read(tmp_path / "a.rtf", markup)
    assert (info.kind, info.title, info.metadata["author"]) == ("rtf", "Lease of a flat", "Ann")
    assert "evil" not in page.text
    assert page.hidden_text.count("evil") == 4
    assert dict(page.hidden) == {"not_displayed": 16, "tiny": 10, "no_contrast": 9}
    assert "The rent is 900 euro€." in page.text
    assert "Café." in page.text
    assert "Alder" in page.text and "1,450" in page.text


def test_rtf_is_known_by_its_first_bytes(tmp_path: Path) -> None:
    info, _ = read(tmp_path / "letter.doc", r"{\rtf1 A letter without more.}")
    assert info.kind == "rtf"


HEAD = r"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}{\f1\fcharset204 Arial;}{\f2\fcharset128 MS;}}"
HEAD += r"{\stylesheet{\s0 Normal;}{\s1 heading 1;}{\s2\outlinelevel1 Own;}}"
HEAD += r"{\colortbl;\red255\green255\blue255;\red0\green0\blue0;}"


def page_of(path: Path, body: str) -> Page:
    _, (page,) = read(path / "a.rtf", f"{HEAD}{body}}}")
    return page


def texts(path: Path, body: str) -> list[tuple[str, str, str]]:
    return kinds(page_of(path, body))


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (r"Caf\'e9 \'80 5", "Café € 5"),
        (r"\f1 \'cf\'f0\'e8\'e2\'e5\'f2", "Привет"),
        (r"{\f2 \'92\'c0\'97\'bf} {\f0 ren\'e9}", "賃料 rené"),
        (r"\u26085?\u26412?", "日本"),
        (r"\uc2\u8364 \'80\'80!", "€!"),
        (r"\uc0\u8364 x", "€x"),
        (r"\u-10179?\u-8703?", "😁"),
        (r"a\~b\_c\emdash d\bullet\{\}\\", "a b-c—d•{}\\"),
        (r"soft\-ly", "softly"),
        (r"one\line two\tab three", "one\ntwo\tthree"),
        (r"{\pict\bin5 }}{{\'}seen", "seen"),
    ],
)
def test_characters(tmp_path: Path, body: str, text: str) -> None:
    assert page_of(tmp_path, body).text == text


def test_headings_and_lists(tmp_path: Path) -> None:
    body = (
        r"\pard\s1 Lease\par\pard\s2 Rent\par\pard\s0 It rose.\par{\listtext\tab 1.\tab}first\par"
        r"{\pntext\f0 2.\tab}second\par{\listtext\'b7\tab}dot\par\pard last\par"
    )
    assert texts(tmp_path, body) == [
        ("heading", "", "Lease"),
        ("heading", "", "Rent"),
        ("paragraph", "", "It rose."),
        ("list_item", "1.", "1. first"),
        ("list_item", "2.", "2. second"),
        ("list_item", "-", "- dot"),
        ("paragraph", "", "last"),
    ]


def row(*texts: str, edges: tuple[str, ...] = (r"\cellx2000", r"\cellx4000", r"\cellx6000"), head: str = "") -> str:
    cells = "".join(f"\\pard\\intbl {text}\\cell" for text in texts)
    return rf"\trowd{head}{''.join(edges)}{cells}\row "


def test_merged_cells(tmp_path: Path) -> None:
    body = (
        row("Flat", "Rent", edges=(r"\clvmgf\cellx2000", r"\cellx6000"))
        + row("", "cold", "warm", edges=(r"\clvmrg\cellx2000", r"\cellx4000", r"\cellx6000"))
        + row("Alder", "900", r"95{\b 0}\par net")
        + row("all", "", "none", edges=(r"\clmgf\cellx2000", r"\clmrg\cellx4000", r"\cellx6000"))
        + r"\pard after\par"
    )
    page = page_of(tmp_path, body)
    table = table_of(page)
    assert cells(page, table) == [["Flat", "Rent"], ["cold", "warm"], ["Alder", "900", "950 net"], ["all", "none"]]
    spans = [[(cell.row_span, cell.column_span) for cell in row] for row in table.rows]
    assert spans == [[(2, 1), (1, 2)], [(1, 1), (1, 1)], [(1, 1)] * 3, [(1, 2), (1, 1)]]
    assert table.head_rows == 2
    assert page.text.endswith("\n\nafter")


def test_rows_that_repeat_are_heads(tmp_path: Path) -> None:
    page = page_of(tmp_path, row("a", "b", "c", head=r"\trhdr") + row("d", "e", "f"))
    assert table_of(page).head_rows == 1


def test_notes_headers_and_footers(tmp_path: Path) -> None:
    body = (
        r"{\header Lease SH-2291\par}{\headerr Lease SH-2291\par}{\footer Page \chpgn\par}{\footer Private\par}"
        r"Rent {\super\chftn}{\footnote\pard{\super\chftn} In {\i May}.\par Not later.\par} rose"
        r"{\super 2}{\footnote Again.}.\par"
    )
    assert texts(tmp_path, body) == [
        ("header", "", "Lease SH-2291"),
        ("footer", "", "Private"),
        ("paragraph", "", "Rent [1] rose ²."),
        ("footnote", "1", "[1] In May. Not later."),
        ("footnote", "2", "[2] Again."),
    ]


def test_a_note_of_a_cell_stands_below_its_table(tmp_path: Path) -> None:
    body = row(r"Rent{\super\chftn}{\footnote In May.}", "900", "x") + r"\pard after\par"
    assert [kind for kind, _, _ in texts(tmp_path, body)] == ["table", "footnote", "paragraph"]


def test_links_boxes_and_changes(tmp_path: Path) -> None:
    link = r'{\field{\*\fldinst HYPERLINK "https://a.example/desk"}{\fldrslt the desk}}'
    box = r"{\field{\*\fldinst FORMCHECKBOX {\*\formfield{\fftype1\ffres25\ffdefres1}}}{\fldrslt}}"
    body = rf"see {link}, {box} heated, \deleted gone\deleted0 {{\strike 9{{\b 00}}}} 950\par"
    assert page_of(tmp_path, body).text == "see the desk (https://a.example/desk), ☒ heated, ~~900~~ 950"


def test_white_text_on_a_dark_cell_shows(tmp_path: Path) -> None:
    edges = (r"\clcbpat2\cellx2000", r"\clcbpat2\cellx4000", r"\cellx6000")
    page = page_of(tmp_path, row(r"{\cf1 Flat}", r"{\cf1 Rent}", "Since", edges=edges) + r"\pard{\cf1 evil} x\par")
    assert cells(page, table_of(page)) == [["Flat", "Rent", "Since"]]
    assert page.hidden_text == "evil"


def test_text_boxes_are_read_and_their_copies_are_not(tmp_path: Path) -> None:
    body = r"before {\shp{\*\shpinst\shpleft1{\sp{\sn x}{\sv y}}{\shptxt boxed\par}}{\shprslt{\*\do copy}}}after\par"
    assert [text for _, _, text in texts(tmp_path, body)] == ["before boxed", "after"]


PIECES = st.sampled_from(
    r"""{ } \par \cell \row \trowd \cellx900 \clvmrg \clmrg \intbl \pard \footnote \chftn \header \field \fldinst \v
    \u55357? \'e9 \* \s1 text \super \strike \bin3 \listtext \shptxt \fonttbl \f9 \colortbl ; \formfield \ffres1 \plain
    """.split()
)


@settings(max_examples=150, deadline=None)
@given(st.lists(PIECES, max_size=40))
def test_no_order_of_words_breaks_the_reader(pieces: list[str]) -> None:
    document = RtfDocument()
    for token in tokens("{\\rtf1 " + " ".join(pieces)):
        document.take(token)
    for element in document.finish():
        assert element.shown is not None
