"""Charts and diagrams: from their XML, and where a Word document holds one."""

from __future__ import annotations

from pathlib import Path

import docx
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml

from rag.load.office.drawings import elements_of, parsed
from tests.support.parsed_pages import kinds, read

C = "http://schemas.openxmlformats.org/drawingml/2006/chart"
A = "http://schemas.openxmlformats.org/drawingml/2006/main"
R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def numbers(tag: str, values: dict[int, str], code: str = "General") -> str:
    points = "".join(f'<c:pt idx="{place}"><c:v>{value}</c:v></c:pt>' for place, value in values.items())
    return (
        f"<c:{tag}><c:numRef><c:numCache><c:formatCode>{code}</c:formatCode>{points}</c:numCache></c:numRef></c:{tag}>"
    )


def words(tag: str, *values: str) -> str:
    points = "".join(f'<c:pt idx="{place}"><c:v>{value}</c:v></c:pt>' for place, value in enumerate(values))
    return f"<c:{tag}><c:strRef><c:strCache>{points}</c:strCache></c:strRef></c:{tag}>"


def chart(*series: str, title: str = "") -> bytes:
    named = (
        f"<c:title><c:tx><c:rich><a:p><a:r><a:t>{title}</a:t></a:r></a:p></c:rich></c:tx></c:title>" if title else ""
    )
    plot = f"<c:plotArea><c:lineChart>{''.join(f'<c:ser>{each}</c:ser>' for each in series)}</c:lineChart></c:plotArea>"
    return f'<c:chartSpace xmlns:c="{C}" xmlns:a="{A}"><c:chart>{named}{plot}</c:chart></c:chartSpace>'.encode()


def shown(blob: bytes) -> list[tuple[str, str]]:
    return [(element.kind, element.shown) for element in elements_of(parsed(blob))]


RENTS = chart(
    words("tx", "Rent") + words("cat", "2024", "2025") + numbers("val", {0: "900", 1: "950.5"}, "#,##0.00"),
    words("tx", "Share") + numbers("val", {1: "0.25"}, "0%"),
    title="Rents",
)


def test_a_chart_is_the_table_of_its_figures() -> None:
    assert shown(RENTS) == [("caption", "Rents"), ("table", " | Rent | Share\n2024 | 900.00 | \n2025 | 950.50 | 25%")]


def test_points_of_two_axes_stand_side_by_side() -> None:
    points = words("tx", "Flow") + numbers("xVal", {0: "1", 1: "2"}) + numbers("yVal", {0: "10", 1: "#N/A"})
    assert shown(chart(points)) == [("table", " | Flow\n1 | 10\n2 | #N/A")]


def test_a_chart_without_figures_shows_nothing() -> None:
    assert shown(chart("")) == []
    (caption,) = elements_of(parsed(chart("", title="Rents")), "not_displayed")
    assert caption.shown == ""


def test_a_chart_of_a_word_document_stands_where_it_is_drawn(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph("Before")
    part = Part(
        PackURI("/word/charts/chart1.xml"),
        "application/vnd.openxmlformats-officedocument.drawingml.chart+xml",
        RENTS,
        document.part.package,
    )
    relation = document.part.relate_to(part, f"{R}/chart")
    run = document.add_paragraph().add_run()
    drawing = (
        '<w:drawing xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
        f'<a:graphic xmlns:a="{A}"><a:graphicData uri="{C}"><c:chart xmlns:c="{C}" xmlns:r="{R}" r:id="{relation}"/>'
        "</a:graphicData></a:graphic></w:drawing>"
    )
    run._r.append(parse_xml(drawing))
    document.add_paragraph("After")
    document.save(str(tmp_path / "a.docx"))
    _, (page,) = read(tmp_path / "a.docx")
    assert [kind for kind, _, _ in kinds(page)] == ["paragraph", "caption", "table", "paragraph"]
    assert "2025 | 950.50 | 25%" in page.text
