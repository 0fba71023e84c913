from __future__ import annotations

from pathlib import Path

import pytest
from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Emu, Inches, Pt

from core.errors import DataError
from tests.support.parsed_pages import cells, kinds, read


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
