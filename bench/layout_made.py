"""Pages drawn with reportlab whose truth is known: each case has a name, what draws it and what checks it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from pypdf import PdfWriter
from reportlab.lib import colors
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import LongTable, Paragraph, SimpleDocTemplate, Table, TableStyle

from core.types import Page

Checks = Iterator[tuple[str, bool]]
Case = tuple[str, Callable[[Path], None], Callable[[Sequence[Page]], Checks]]

_SIZE = (595.0, 842.0)
_STEP = 14.0
_LEFT = (
    "Section 3 sets the rent at 900 euro a month and names the day on which it falls due. Late payment bears interest "
    "of four percent a year, counted from the first day after that on which it was due, and a charge of ten euro for "
    "each reminder that the landlord has to send."
)
_RIGHT = (
    "Section 4 lets the landlord enter the flat with 48 hours of notice, in daylight and in the company of the tenant. "
    "Repairs below 120 euro are for the tenant to pay; all others are for the landlord, who orders them within a week "
    "of the day on which he hears of the damage."
)
_THIRD = (
    "Section 5 ends the contract at the end of a quarter when either side gives notice in writing three months ahead. "
    "The deposit is paid back within six weeks, less what is owed for heating and for damage beyond common wear."
)
_BODY = (
    "The parties agree on what follows and sign it in two copies, one for each of them, of which both are of equal "
    "force. What is not settled here follows the law of the place in which the flat lies."
)


def _canvas(path: Path) -> Canvas:
    canvas = Canvas(str(path), pagesize=_SIZE, invariant=True)
    canvas.setFont("Helvetica", 11)
    return canvas


def _wrapped(canvas: Canvas, text: str, width: float) -> list[str]:
    lines, line = [], ""
    for word in text.split():
        longer = f"{line} {word}".strip()
        if canvas.stringWidth(longer, "Helvetica", 11) > width:
            lines.append(line)
            longer = word
        line = longer
    return [*lines, line]


def _folded(pages: Sequence[Page]) -> str:
    return " ".join(" ".join(page.text.split()) for page in pages)


def _columns_case(gutter: float, by_row: bool, texts: Sequence[str]) -> Case:
    """Columns of running text between a title and a full line, painted row by row or column by column."""
    width = (495 - gutter * (len(texts) - 1)) / len(texts)

    def draw(path: Path) -> None:
        canvas = _canvas(path)
        canvas.drawString(50, 780, "House rules and contract of the flat")
        columns = [_wrapped(canvas, text, width) for text in texts]
        longest = max(map(len, columns))
        places = [(row, column) for row in range(longest) for column in range(len(columns))]
        for row, column in places if by_row else sorted(places, key=lambda place: place[1]):
            if row < len(columns[column]):
                canvas.drawString(50 + column * (width + gutter), 740 - _STEP * row, columns[column][row])
        for row, line in enumerate(_wrapped(canvas, _BODY, 495)):
            canvas.drawString(50, 740 - _STEP * (longest + 1 + row), line)
        canvas.save()

    def check(pages: Sequence[Page]) -> Checks:
        text = _folded(pages)
        places = [text.find(part) for part in (*texts, _BODY)]
        for number, place in enumerate(places):
            yield f"text {number} is whole", place >= 0
        yield "texts are in order", places == sorted(places)

    return f"columns-{len(texts)}-{gutter:g}-{'rows' if by_row else 'columns'}", draw, check


def _turned_case(angle: int) -> Case:
    lines = ["The caretaker locks the gate at ten", "in the evening and opens it again at", "six in the morning."]

    def draw(path: Path) -> None:
        canvas = _canvas(path)
        for row, line in enumerate(lines):
            canvas.drawString(60, 700 - _STEP * row, line)
        canvas.save()
        writer = PdfWriter(clone_from=path)
        writer.pages[0].rotate(angle)
        writer.write(path)

    return f"page-turned-{angle}", draw, lambda pages: iter([("order", _folded(pages) == " ".join(lines))])


def _turned_text_case(angle: int) -> Case:
    lines = ["Turned words stand on the margin", "and are read by themselves."]

    def draw(path: Path) -> None:
        canvas = _canvas(path)
        for row, line in enumerate(_wrapped(canvas, _BODY, 300)):
            canvas.drawString(150, 700 - _STEP * row, line)
        canvas.translate(90 if angle == 90 else 60, 400)
        canvas.rotate(angle)
        for row, line in enumerate(lines):
            canvas.drawString(0, -_STEP * row, line)
        canvas.save()

    def check(pages: Sequence[Page]) -> Checks:
        yield "upright text", _BODY in _folded(pages)
        yield "turned text", " ".join(lines) in _folded(pages)

    return f"text-turned-{angle}", draw, check


_HEADS = ("Station", "Rainfall mm", "Snow cm", "Wind km/h")
_STYLES: dict[str, list[tuple[object, ...]]] = {
    "plain": [],
    "grid": [("GRID", (0, 0), (-1, -1), 0.5, colors.black)],
    "head-line": [("LINEBELOW", (0, 0), (-1, 0), 1, colors.black)],
    "banded": [("ROWBACKGROUNDS", (0, 1), (-1, -1), [colors.whitesmoke, colors.lightgrey])],
}


def _table_texts(pages: Sequence[Page]) -> list[list[list[str]]]:
    """Return the rows of each table, spanning cells repeated over their columns."""
    return [
        [
            [" ".join(page.text[cell.start : cell.end].split()) for cell in row for _ in range(cell.column_span)]
            for row in block.rows
        ]
        for page in pages
        for block in page.blocks
        if block.kind == "table"
    ]


def _table_case(
    name: str, rows: Sequence[Sequence[str]], n_heads: int, style: str, widths: Sequence[float] | None = None
) -> Case:
    """A table on one page; every cell is checked in its row and column."""

    def draw(path: Path) -> None:
        form = getSampleStyleSheet()["BodyText"]
        cells = [[Paragraph(text, form) if widths and text else text for text in row] for row in rows]
        table = Table(cells, colWidths=widths, style=TableStyle(_STYLES[style]))
        story = [Paragraph("The figures are listed below in full.", form), table, Paragraph("No more is known.", form)]
        SimpleDocTemplate(str(path), invariant=True).build(story)

    def check(pages: Sequence[Page]) -> Checks:
        tables = _table_texts(pages)
        yield "one table", len(tables) == 1
        heads = [block.head_rows for page in pages for block in page.blocks if block.kind == "table"]
        yield f"{n_heads} head rows", heads == [n_heads]
        for row_index, row in enumerate(rows):
            read = tables[0][row_index] if tables and row_index < len(tables[0]) else []
            for column, text in enumerate(row):
                yield f"cell {row_index}, {column}", column < len(read) and read[column] == text

    return f"{name}-{style}", draw, check


def _long_case() -> Case:
    """A table over pages with its heads on the first, between running headers and footers."""
    rows = [[f"Station {n:03d}", str(300 + 7 * n), str(n % 40) if n % 3 else "", str(10 + n % 25)] for n in range(120)]

    def draw(path: Path) -> None:
        def frame(canvas: Canvas, document: SimpleDocTemplate) -> None:
            canvas.setFont("Helvetica", 9)
            canvas.drawString(60, 810, "Weather yearbook 2025")
            canvas.drawString(280, 20, f"Page {document.page}")

        SimpleDocTemplate(str(path), invariant=True).build(
            [LongTable([list(_HEADS), *rows])], onFirstPage=frame, onLaterPages=frame
        )

    def check(pages: Sequence[Page]) -> Checks:
        tables = [block for page in pages for block in page.blocks if block.kind == "table"]
        yield "heads on the first page", tables[0].head_rows == 1
        yield "heads carried", all(block.carried_heads == (_HEADS,) for block in tables[1:])
        kinds = [[block.kind for block in page.blocks] for page in pages]
        yield "running header and footer", all(kind == ["header", "table", "footer"] for kind in kinds)
        read = [row for table in _table_texts(pages) for row in table]
        for row in rows:
            yield row[0], row in read

    return "long-table", draw, check


def _marks_case() -> Case:
    sentences = [
        ("Sales were 1,204", "3", " units in 2025.", "1,204 ³ units"),
        ("The distance is 10", "6", " metres.", "10⁶ metres"),
        ("The flat has 40 m", "2", " of floor.", "40 m² of"),
        ("It ends on the 25", "th", " of May.", "25th of"),
        ("Revenue", "1", " rose by 5%.", "Revenue ¹ rose"),
    ]

    def draw(path: Path) -> None:
        canvas = _canvas(path)
        for row, (before, mark, after, _) in enumerate(sentences):
            x, y = 60.0, 740.0 - 20 * row
            for text, size, lift in ((before, 11, 0), (mark, 7, 4), (after, 11, 0)):
                canvas.setFont("Helvetica", size)
                canvas.drawString(x, y + lift, text)
                x += canvas.stringWidth(text, "Helvetica", size)
        canvas.setFont("Helvetica", 6)
        canvas.drawString(60, 104, "3")
        canvas.setFont("Helvetica", 8)
        canvas.drawString(65, 100, "Includes units that were sold abroad.")
        canvas.save()

    def check(pages: Sequence[Page]) -> Checks:
        for *_, expected in sentences:
            yield expected, expected in pages[0].text
        notes = [block for block in pages[0].blocks if block.kind == "footnote"]
        yield "footnote and its mark", [note.number for note in notes] == ["³"]

    return "raised-marks", draw, check


def _form_case() -> Case:
    def draw(path: Path) -> None:
        canvas = _canvas(path)
        form = canvas.acroForm
        canvas.drawString(60, 700, "Plate:")
        form.textfield(name="plate", x=180, y=692, width=200, height=20, value="WX 55 TZA")
        canvas.drawString(60, 640, "Fuel:")
        form.choice(name="fuel", x=180, y=632, width=120, height=20, options=["Petrol", "Electric"], value="Electric")
        canvas.drawString(60, 600, "Garage:")
        form.checkbox(name="garage", x=180, y=592, checked=True)
        canvas.save()

    def check(pages: Sequence[Page]) -> Checks:
        for expected in ("Plate: WX 55 TZA", "Fuel: Electric", "Garage: ☒"):
            yield expected, expected in pages[0].text

    return "form", draw, check


_WEATHER = [
    list(_HEADS),
    *[[f"Station {n:03d}", f"{300 + 7 * n}", "" if n % 4 == 0 else str(n), str(10 + n)] for n in range(14)],
]
_CODES = [
    ["Code", "Meaning", "Action"],
    ["E-1", "Overload", "Wait 10 minutes and check whether the fan of the unit is running freely"],
    ["E-12", "Power loss of the second supply, which feeds the fans", "Check fuse F2"],
    ["W-0091", "Filter at 80 percent", ""],
    ["W-7", "", "Order part 55-8812-A"],
]
_SEVERAL_HEADS = [
    ["", "2025", "2025", "2024", "2024"],
    ["", "Plan", "Actual", "Plan", "Actual"],
    ["Travel", "1,200", "1,340", "1,100", "1,090"],
    ["Training and certificates", "300", "", "280", "275"],
    ["Total", "1,500", "1,340", "1,380", "1,365"],
]
CASES: list[Case] = [
    *[_columns_case(gutter, rows, (_LEFT, _RIGHT)) for gutter in (15, 25, 45, 75, 105) for rows in (True, False)],
    *[_columns_case(gutter, rows, (_LEFT, _RIGHT, _THIRD)) for gutter in (15, 30) for rows in (True, False)],
    *[_turned_case(angle) for angle in (0, 90, 180, 270)],
    *[_turned_text_case(angle) for angle in (90, 270)],
    *[_table_case("weather", _WEATHER, 1, style) for style in _STYLES],
    *[_table_case("wrapped", _CODES, 1, style, (60, 150, 150)) for style in _STYLES],
    *[_table_case("several-heads", _SEVERAL_HEADS, 2, style) for style in _STYLES],
    _long_case(),
    _marks_case(),
    _form_case(),
]
