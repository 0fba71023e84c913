"""The XML of a Word document to elements: runs that show and runs that do not, merged cells, links and notes."""

from __future__ import annotations

from typing import Any

from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn

from rag.load.office.body import BodyWalker
from rag.load.office.numbering import Numbering
from rag.load.outline import Element

STYLES = """<w:styles {ns}>
<w:style w:styleId="H2"><w:name w:val="heading 2"/><w:pPr><w:outlineLvl w:val="1"/></w:pPr></w:style>
<w:style w:styleId="Own"><w:name w:val="Own"/><w:basedOn w:val="H2"/></w:style>
<w:style w:styleId="Cap"><w:name w:val="caption"/></w:style>
<w:style w:styleId="Title"><w:name w:val="Title"/></w:style>
<w:style w:styleId="Gone"><w:name w:val="Gone"/><w:rPr><w:vanish/></w:rPr></w:style>
<w:style w:styleId="Loop"><w:name w:val="Loop"/><w:basedOn w:val="Loop"/></w:style>
</w:styles>"""
LINKS = {"rId1": "https://a.example/rent"}


def xml(tag: str, inner: str) -> Any:
    return parse_xml(f"<w:{tag} {nsdecls('w', 'r')}>{inner}</w:{tag}>")


def read(inner: str, notes: dict[str, dict[str, Any]] | None = None) -> list[Element]:
    styles = {style.get(qn("w:styleId")): style for style in parse_xml(STYLES.format(ns=nsdecls("w")))}
    body = BodyWalker(styles, Numbering(None), notes or {}, LINKS)
    return [*body.elements(xml("body", inner)), *body.endnotes()]


def run(text: str, properties: str = "") -> str:
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def paragraph(*runs: str, style: str = "", properties: str = "") -> str:
    named = f'<w:pStyle w:val="{style}"/>' if style else ""
    return f"<w:p><w:pPr>{named}{properties}</w:pPr>{''.join(runs)}</w:p>"


def shown(inner: str) -> list[tuple[str, int, str]]:
    return [(element.kind, element.level, element.shown) for element in read(inner)]


def hidden(inner: str) -> list[tuple[str, str]]:
    return [(run.text, run.hidden) for element in read(inner) for run in element.all_runs if run.hidden]


def test_styles_say_what_a_paragraph_is() -> None:
    parts = [paragraph(run(name), style=name) for name in ("H2", "Own", "Cap", "Title", "None", "Loop")]
    assert shown("".join(parts)) == [
        ("heading", 2, "H2"),
        ("heading", 2, "Own"),  # what its style is based on
        ("caption", 0, "Cap"),
        ("heading", 1, "Title"),
        ("paragraph", 0, "None"),
        ("paragraph", 0, "Loop"),
    ]


def test_a_paragraph_of_its_own_level() -> None:
    assert shown(paragraph(run("a"), properties='<w:outlineLvl w:val="2"/>')) == [("heading", 3, "a")]
    assert shown(paragraph(run("a"), style="H2", properties='<w:outlineLvl w:val="9"/>')) == [("paragraph", 0, "a")]


def test_deleted_text_is_no_text_and_inserted_text_is() -> None:
    inner = paragraph(
        run("The rent "),
        f"<w:del>{run('fell')}</w:del>",
        f"<w:ins>{run('rose')}</w:ins>",
        f"<w:moveFrom>{run(' again')}</w:moveFrom>",
    )
    assert shown(inner) == [("paragraph", 0, "The rent rose")]
    assert hidden(inner) == []


def test_tabs_breaks_and_hyphens() -> None:
    inner = paragraph("<w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t><w:noBreakHyphen/><w:t>d</w:t></w:r>")
    assert shown(inner) == [("paragraph", 0, "a\tb\nc-d")]


def test_runs_that_do_not_show() -> None:
    tricks = {
        "vanish": ("<w:vanish/>", "not_displayed"),
        "size 3": ('<w:sz w:val="3"/>', "tiny"),
        "white": ('<w:color w:val="ffffff"/>', "no_contrast"),
    }
    for name, (properties, kind) in tricks.items():
        inner = paragraph(run("seen"), run(name, properties))
        assert shown(inner) == [("paragraph", 0, "seen")]
        assert hidden(inner) == [(name, kind)]
    assert hidden(paragraph(run("all"), style="Gone")) == [("all", "not_displayed")]


def test_runs_that_look_hidden_and_are_not() -> None:
    for properties in (
        '<w:vanish w:val="0"/>',
        '<w:sz w:val="4"/>',  # 2 points
        '<w:color w:val="FFFFFF"/><w:shd w:fill="000000"/>',
        '<w:color w:val="FFFFFF"/><w:highlight w:val="black"/>',
        '<w:color w:val="auto"/>',
    ):
        assert hidden(paragraph(run("seen", properties))) == []
    back = paragraph(run("seen", '<w:vanish w:val="false"/>'), style="Gone")
    assert shown(back) == [("paragraph", 0, "seen")]  # the run is nearer than its style


def cell(text: str, properties: str = "") -> str:
    return (
        f"<w:tc><w:tcPr>{properties}</w:tcPr>{paragraph(run(text))}</w:tc>"
        if text
        else (f"<w:tc><w:tcPr>{properties}</w:tcPr><w:p/></w:tc>")
    )


def rows(inner: str) -> list[list[tuple[str, int, int]]]:
    (table,) = read(inner)
    return [[(cell.shown, cell.row_span, cell.column_span) for cell in row] for row in table.rows]


def test_merged_cells() -> None:
    inner = "".join(
        [
            "<w:tbl><w:tr>",
            cell("Flat", '<w:vMerge w:val="restart"/>'),
            cell("Rent", '<w:gridSpan w:val="2"/>'),
            "</w:tr><w:tr>",
            cell("", "<w:vMerge/>"),
            cell("cold"),
            cell("warm"),
            "</w:tr><w:tr>",
            cell("Alder"),
            cell("900"),
            cell("1,050"),
            "</w:tr></w:tbl>",
        ]
    )
    assert rows(inner) == [
        [("Flat", 2, 1), ("Rent", 1, 2)],
        [("cold", 1, 1), ("warm", 1, 1)],
        [("Alder", 1, 1), ("900", 1, 1), ("1,050", 1, 1)],
    ]


def test_a_hostile_span_is_one_column() -> None:
    for value in ("99999", "-2", "x", ""):
        span = f'<w:gridSpan w:val="{value}"/>'
        inner = "".join(["<w:tbl><w:tr>", cell("a", span), cell("b"), "</w:tr></w:tbl>"])
        assert rows(inner) == [[("a", 1, 1), ("b", 1, 1)]]


def test_a_table_in_a_cell_is_read_in_that_cell() -> None:
    nested = "".join(["<w:tbl><w:tr>", cell("x"), cell("y"), "</w:tr></w:tbl>"])
    inner = f"<w:tbl><w:tr><w:tc>{paragraph(run('a'))}{nested}<w:p/></w:tc>{cell('b')}</w:tr></w:tbl>"
    assert rows(inner) == [[("a x | y", 1, 1), ("b", 1, 1)]]


def test_bold_names_above_plain_words_are_heads() -> None:
    bold = "<w:tc>" + paragraph(run("Name", "<w:b/>")) + "</w:tc>"
    (table,) = read("".join(["<w:tbl><w:tr>", bold, "</w:tr><w:tr>", cell("Ada"), "</w:tr></w:tbl>"]))
    assert table.head_rows == 1


def test_targets_of_links() -> None:
    link = f'<w:hyperlink r:id="rId1">{run("the page")}</w:hyperlink>'
    assert shown(paragraph(run("see "), link)) == [("paragraph", 0, "see the page (https://a.example/rent)")]
    same = f'<w:hyperlink r:id="rId1">{run("https://a.example/rent/")}</w:hyperlink>'
    assert shown(paragraph(same)) == [("paragraph", 0, "https://a.example/rent/")]
    unknown = f'<w:hyperlink r:id="rId9">{run("the page")}</w:hyperlink>'
    assert shown(paragraph(unknown)) == [("paragraph", 0, "the page")]


def test_notes_stand_behind_the_paragraph_that_cites_them_and_endnotes_at_the_end() -> None:
    notes = {
        "footnote": {"5": xml("footnote", paragraph(run(" Unaudited.")))},
        "endnote": {"2": xml("endnote", paragraph(run("As of May.")))},
    }
    cited = paragraph(
        run("900"),
        '<w:r><w:footnoteReference w:id="5"/></w:r>',
        '<w:r><w:endnoteReference w:id="2"/></w:r>',
        '<w:r><w:footnoteReference w:id="77"/></w:r>',
    )
    elements = read(cited + paragraph(run("after")), notes)
    assert [(element.kind, element.number, element.shown) for element in elements] == [
        ("paragraph", "", "900 [1] [i]"),
        ("footnote", "1", "[1] Unaudited."),
        ("paragraph", "", "after"),
        ("footnote", "i", "[i] As of May."),
    ]


def test_a_text_box_stands_behind_its_paragraph() -> None:
    box = f"<w:r><w:pict><w:txbxContent>{paragraph(run('in the box'))}</w:txbxContent></w:pict></w:r>"
    assert [text for _, _, text in shown(paragraph(run("before "), box, run("after")))] == [
        "before after",
        "in the box",
    ]


def test_text_that_is_struck_out_is_marked() -> None:
    struck = run("9", "<w:strike/>"), run("00", "<w:dstrike/>")
    inner = paragraph(run("Rent: "), *struck, run(" 950"), run("!", '<w:strike w:val="0"/>'))
    assert shown(inner) == [("paragraph", 0, "Rent: ~~900~~ 950!")]


def test_a_row_that_was_deleted_is_gone() -> None:
    cell = f"<w:tc>{paragraph(run('x'))}</w:tc>"
    gone = f"<w:tr><w:trPr><w:del w:id='1' w:author='a'/></w:trPr>{cell}{cell}</w:tr>"
    (table,) = read(f"<w:tbl><w:tr>{cell}{cell}</w:tr>{gone}</w:tbl>")
    assert len(table.rows) == 1


def test_a_row_that_begins_further_right_keeps_its_columns() -> None:
    cell = f"<w:tc>{paragraph(run('x'))}</w:tc>"
    late = f"<w:tr><w:trPr><w:gridBefore w:val='1'/></w:trPr>{cell}</w:tr>"
    (table,) = read(f"<w:tbl><w:tr>{cell}{cell}</w:tr>{late}</w:tbl>")
    assert [[each.shown for each in row] for row in table.rows] == [["x", "x"], ["", "x"]]


def test_a_table_in_a_cell_stands_on_its_line() -> None:
    def cell(inner: str) -> str:
        return f"<w:tc>{inner}</w:tc>"

    def row(*texts: str) -> str:
        return f"<w:tr>{''.join(cell(paragraph(run(text))) for text in texts)}</w:tr>"

    inner = f"<w:tbl>{row('summer', '900')}{row('winter', '950')}</w:tbl>"
    (table,) = read(f"<w:tbl><w:tr>{cell(paragraph(run('Rent')))}{cell(inner)}</w:tr></w:tbl>")
    assert [each.shown for each in table.rows[0]] == ["Rent", "summer | 900; winter | 950"]


def field(instruction: str, result: str, data: str = "") -> str:
    def mark(kind: str, inner: str = "") -> str:
        return f'<w:r><w:fldChar w:fldCharType="{kind}">{inner}</w:fldChar></w:r>'

    middle = f"{mark('separate')}{result}" if result else ""
    return f"{mark('begin', data)}<w:r><w:instrText>{instruction}</w:instrText></w:r>{middle}{mark('end')}"


def test_fields_show_their_results_with_the_targets_of_links() -> None:
    link = field(' HYPERLINK "https://a.example/desk" ', run("the desk"))
    assert shown(paragraph(run("see "), link, run("."))) == [("paragraph", 0, "see the desk (https://a.example/desk).")]
    inner = field(" DATE ", run("3 May")) + field(' HYPERLINK \\l "_Toc" ', run(", part 2"))
    assert shown(paragraph(inner)) == [("paragraph", 0, "3 May, part 2")]
    simple = f"<w:fldSimple w:instr='HYPERLINK \"https://a.example/desk\"'>{run('the desk')}</w:fldSimple>"
    assert shown(paragraph(simple)) == [("paragraph", 0, "the desk (https://a.example/desk)")]


def test_form_fields_and_symbols_show_what_they_hold() -> None:
    box = field(" FORMCHECKBOX ", "", "<w:ffData><w:checkBox><w:checked/></w:checkBox></w:ffData>")
    tick = '<w:r><w:sym w:font="Wingdings" w:char="F0A8"/></w:r>'
    assert shown(paragraph(box, run(" heated "), tick, run(" furnished"))) == [("paragraph", 0, "☒ heated ☐ furnished")]
