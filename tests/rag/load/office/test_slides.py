"""Presentations: slides in the order a person reads them, lists, tables, charts, what is hidden, damage."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.opc.package import Part
from pptx.opc.packuri import PackURI
from pptx.oxml.ns import _nsmap as nsmap
from pptx.oxml.ns import qn
from pptx.util import Emu, Inches, Pt

from core.errors import DataError
from core.settings import IngestSettings
from core.types import Page
from rag.load.office.slides import PARSER, read_pptx
from tests.support.parsed_pages import cells, kinds, read

DIAGRAM = "http://schemas.openxmlformats.org/drawingml/2006/diagram"


@pytest.fixture
def deck(tmp_path: Path) -> Path:
    presentation = Presentation()
    first = presentation.slides.add_slide(presentation.slide_layouts[1])
    first.shapes.title.text = "Rents of 2025"
    frame = first.placeholders[1].text_frame
    frame.text = "They rise"
    frame.add_paragraph().text = "by four percent"
    tiny = frame.add_paragraph().add_run()
    tiny.text, tiny.font.size = "evil", Pt(1)
    first.notes_slide.notes_text_frame.text = "Speak slowly."
    grid = first.shapes.add_table(3, 3, Inches(1), Inches(4), Inches(6), Inches(1)).table
    for row, texts in enumerate((("City", "Rent", ""), ("Bern", "900", "950"), ("Basel", "800", "810"))):
        for column, text in enumerate(texts):
            grid.cell(row, column).text = text
    grid.cell(0, 1).merge(grid.cell(0, 2))
    beside = first.shapes.add_textbox(Emu(-9_000_000), 0, Inches(1), Inches(1))
    beside.text_frame.text = "evil"
    second = presentation.slides.add_slide(presentation.slide_layouts[6])
    data = CategoryChartData()
    data.categories = ["2024", "2025"]
    data.add_series("Flats", (12, 15.5))
    second.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, 0, 0, Inches(4), Inches(3), data)
    third = presentation.slides.add_slide(presentation.slide_layouts[5])
    third.shapes.title.text = "evil"
    third._element.set("show", "0")
    path = tmp_path / "deck.pptx"
    presentation.save(str(path))
    return path


def test_presentation(deck: Path) -> None:
    info, pages = read(deck)
    assert (info.kind, info.n_pages) == ("pptx", 3)
    assert [page.label for page in pages] == ["Slide 1: Rents of 2025", "Slide 2", "Slide 3"]
    assert kinds(pages[0])[:3] == [
        ("heading", "", "Rents of 2025"),
        ("paragraph", "", "They rise"),
        ("paragraph", "", "by four percent"),
    ]
    assert kinds(pages[0])[-1] == ("annotation", "", "Speak slowly.")
    (table,) = [block for block in pages[0].blocks if block.kind == "table"]
    assert cells(pages[0], table) == [["City", "Rent"], ["Bern", "900", "950"], ["Basel", "800", "810"]]
    assert (table.head_rows, table.rows[0][1].column_span) == (1, 2)
    assert dict(pages[0].hidden) == {"tiny": 4, "off_page": 4}
    assert pages[1].text.endswith("2024 | 12\n2025 | 15.5")
    assert (pages[2].text, pages[2].hidden_text) == ("", "evil")


def test_a_damaged_presentation_is_refused(deck: Path) -> None:
    deck.write_bytes(deck.read_bytes()[:-300])
    with pytest.raises(DataError, match="damaged"):
        read(deck)


def body() -> tuple[Any, Any]:
    """Return a presentation and the text frame of its one slide."""
    presentation = Presentation()
    slide = presentation.slides.add_slide(presentation.slide_layouts[6])
    return presentation, slide.shapes.add_textbox(0, 0, Inches(4), Inches(4)).text_frame


def saved(presentation: Any, path: Path) -> Page:
    presentation.save(str(path))
    _, (page,) = read(path)
    return page


def numbered(frame: Any, text: str, scheme: str = "", level: int = 0, **attributes: str) -> None:
    paragraph = frame.add_paragraph()
    paragraph.text, paragraph.level = text, level
    properties = paragraph._p.get_or_add_pPr()
    if scheme == "bullet":
        etree.SubElement(properties, qn("a:buChar")).set("char", "•")
    elif scheme:
        number = etree.SubElement(properties, qn("a:buAutoNum"), attributes)
        number.set("type", scheme)


def test_numbered_paragraphs_count_level_by_level(tmp_path: Path) -> None:
    presentation, frame = body()
    for text, scheme, level in (
        ("one", "arabicPeriod", 0),
        ("first", "alphaLcParenR", 1),
        ("second", "alphaLcParenR", 1),
        ("two", "arabicPeriod", 0),
        ("again", "alphaLcParenR", 1),
        ("plain", "", 0),
        ("anew", "arabicPeriod", 0),
        ("dot", "bullet", 0),
    ):
        numbered(frame, text, scheme, level)
    numbered(frame, "late", "romanUcParenBoth", startAt="4")
    assert [(number, text) for _, number, text in kinds(saved(presentation, tmp_path / "a.pptx"))] == [
        ("1.", "1. one"),
        ("a)", "a) first"),
        ("b)", "b) second"),
        ("2.", "2. two"),
        ("a)", "a) again"),
        ("", "plain"),
        ("1.", "1. anew"),
        ("-", "- dot"),
        ("(IV)", "(IV) late"),
    ]


def test_line_breaks_fields_and_struck_text(tmp_path: Path) -> None:
    presentation, frame = body()
    paragraph = frame.paragraphs[0]
    paragraph.add_run().text = "Rent "
    struck = paragraph.add_run()
    struck.text = "900"
    struck._r.get_or_add_rPr().set("strike", "sngStrike")
    paragraph.add_line_break()
    paragraph.add_run().text = "950 from "
    field = etree.SubElement(paragraph._p, qn("a:fld"), {"id": "{0}", "type": "datetime1"})
    etree.SubElement(field, qn("a:t")).text = "3 May"
    assert saved(presentation, tmp_path / "a.pptx").text == "Rent ~~900~~\n950 from 3 May"


def test_slide_numbers_are_left_out_and_footers_are_running(tmp_path: Path) -> None:
    presentation, frame = body()
    frame.text = "The rent rose."
    slide = presentation.slides[0]
    for placeholder in slide.slide_layout.placeholders:  # date, footer, number
        copy = deepcopy(placeholder._element)
        slide.shapes._spTree.append(copy)
        for text in list(copy.iter(qn("a:p"))):
            for child in list(text):
                text.remove(child)
            etree.SubElement(etree.SubElement(text, qn("a:r")), qn("a:t")).text = placeholder.name.split()[0]
    page = saved(presentation, tmp_path / "a.pptx")
    assert {(kind, text) for kind, _, text in kinds(page)} == {
        ("paragraph", "The rent rose."),
        ("footer", "Date"),
        ("footer", "Footer"),
    }


def test_figures_of_a_chart_are_written_as_its_axis_writes_them(tmp_path: Path) -> None:
    presentation, _ = body()
    data = CategoryChartData()
    data.categories = ["2024", "2025"]
    data.add_series("Share", (0.25, None), "0%")
    presentation.slides[0].shapes.add_chart(XL_CHART_TYPE.LINE, 0, 0, Inches(4), Inches(3), data)
    assert saved(presentation, tmp_path / "a.pptx").text == " | Share\n2024 | 25%\n2025 | "


def test_heads_of_two_rows(tmp_path: Path) -> None:
    presentation, _ = body()
    grid = presentation.slides[0].shapes.add_table(3, 3, 0, 0, Inches(6), Inches(1)).table
    for row, texts in enumerate((("City", "Rent", ""), ("", "cold", "warm"), ("Bern", "900", "950"))):
        for column, text in enumerate(texts):
            grid.cell(row, column).text = text
    grid.cell(0, 1).merge(grid.cell(0, 2))
    grid.cell(0, 0).merge(grid.cell(1, 0))
    page = saved(presentation, tmp_path / "a.pptx")
    assert page.blocks[0].head_rows == 2


def test_texts_of_a_diagram(tmp_path: Path) -> None:
    presentation, _ = body()
    slide = presentation.slides[0]
    point = "<dgm:pt><dgm:t><a:p><a:r><a:t>{}</a:t></a:r></a:p></dgm:t></dgm:pt>"
    points = point.format("Call") + point.format("Moor")
    names = f'xmlns:dgm="{DIAGRAM}" xmlns:a="{nsmap["a"]}"'
    part = Part(
        PackURI("/ppt/diagrams/data1.xml"),
        "application/vnd.openxmlformats-officedocument.drawingml.diagramData+xml",
        presentation.part.package,
        f"<dgm:dataModel {names}><dgm:ptLst>{points}</dgm:ptLst></dgm:dataModel>".encode(),
    )
    relation = slide.part.relate_to(part, f"{nsmap['r']}/diagramData")
    frame = slide.shapes.add_table(1, 1, 0, 0, Inches(1), Inches(1))._element
    data = frame.find(f".//{qn('a:graphicData')}")
    data.set("uri", DIAGRAM)
    for child in list(data):
        data.remove(child)
    etree.SubElement(data, f"{{{DIAGRAM}}}relIds").set(qn("r:dm"), relation)
    assert saved(presentation, tmp_path / "a.pptx").text == "Call\nMoor"


def test_shapes_are_read_from_above_and_from_the_left_groups_as_one(tmp_path: Path) -> None:
    presentation, frame = body()
    frame.text = "first"
    shapes = presentation.slides[0].shapes
    group = shapes.add_group_shape()
    for text, left, top in (("third", 3, 3), ("fourth", 3, 4)):
        group.shapes.add_textbox(Inches(left), Inches(top), Inches(1), Inches(1)).text_frame.text = text
    shapes.add_textbox(Inches(2), Inches(3), Inches(1), Inches(1)).text_frame.text = "second"
    assert saved(presentation, tmp_path / "a.pptx").text.split() == ["first", "second", "third", "fourth"]


def test_a_link_that_spells_its_target_is_shown_once(tmp_path: Path) -> None:
    presentation, frame = body()
    for text, target in (("the desk", "https://a.example/desk"), (" https://a.example/", "https://a.example")):
        run = frame.paragraphs[0].add_run()
        run.text, run.hyperlink.address = text, target
    assert saved(presentation, tmp_path / "a.pptx").text == "the desk (https://a.example/desk) https://a.example/"


def test_all_of_a_hidden_slide_is_kept_for_the_audit(tmp_path: Path) -> None:
    presentation, frame = body()
    frame.text = "evil"
    slide = presentation.slides[0]
    slide.notes_slide.notes_text_frame.text = "notes"
    slide._element.set("show", "false")
    page = saved(presentation, tmp_path / "a.pptx")
    assert (page.text, page.label) == ("", "Slide 1")
    assert page.hidden_text.split() == ["evil", "notes"]


def test_a_deck_without_slides_and_the_parser(tmp_path: Path) -> None:
    Presentation().save(str(tmp_path / "a.pptx"))
    reader = read_pptx(tmp_path / "a.pptx", IngestSettings())
    assert reader.info.parser == PARSER
    assert "".join(reader.page(index).text for index in range(reader.info.n_pages)) == ""
