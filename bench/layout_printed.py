"""Pages as they are printed, whose truth is known: papers, side bars, contents, bills, cells over rows, stamps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from pypdf import PdfWriter
from pypdf.generic import (
    ArrayObject,
    DecodedStreamObject,
    DictionaryObject,
    FloatObject,
    NameObject,
    NumberObject,
)
from reportlab.lib import colors
from reportlab.lib.utils import simpleSplit
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, SimpleDocTemplate, Table, TableStyle

from bench.layout_made import Case, Checks
from core.blocks import cell_grid
from core.types import Page

_SIZE = (595.0, 842.0)


def _canvas(path: Path) -> Canvas:
    canvas = Canvas(str(path), pagesize=_SIZE, invariant=True)
    canvas.setFont("Helvetica", 10)
    return canvas


def _write(canvas: Canvas, x: float, y: float, width: float, texts: Sequence[str], size: float, step: float) -> float:
    """Write paragraphs below each other and return where the next would stand."""
    canvas.setFont("Helvetica", size)
    for text in texts:
        for line in simpleSplit(text, "Helvetica", size, width):
            canvas.drawString(x, y, line)
            y -= step
        y -= 6
    return y


def _shown(pages: Sequence[Page]) -> list[tuple[str, str]]:
    return [
        (block.kind, " ".join(page.text[block.start : block.end].split())) for page in pages for block in page.blocks
    ]


def _rows(pages: Sequence[Page]) -> list[list[str]]:
    """Return the rows of all tables; a cell over several rows or columns is written into each."""
    return [
        ["" if cell is None else " ".join(page.text[cell.start : cell.end].split()) for cell in row]
        for page in pages
        for block in page.blocks
        if block.kind == "table"
        for row in cell_grid(block.rows)
    ]


def _has_rows(expected_rows: Sequence[Sequence[str]]) -> Callable[[Sequence[Page]], Checks]:
    def check(pages: Sequence[Page]) -> Checks:
        rows = _rows(pages)
        for row in expected_rows:
            yield " | ".join(row), list(row) in rows

    return check


_ARTICLE = (
    "The new water pipe was laid in March and reaches all 46 plots. Each plot has a tap of its own and a meter, and "
    "the committee reads the meters in October.",
    "The price of water is 2.15 euro for a cubic metre from this year. Who uses more than 30 cubic metres pays 2.90 "
    "euro for each further one.",
    "Hedges must be cut before 1 March or after 30 September; birds breed in between. The height must not exceed 1.25 "
    "metres along the paths.",
)
_DATES = (
    "12 April: plant swap at the hut, from 10 to 14 hours",
    "3 May: joint work; who cannot come pays 25 euro",
    "21 June: summer feast with music and a fire",
)


def _side_bar_case(side: str) -> Case:
    """A narrow text with steps of its own beside an article."""
    article_x, bar_x = (50.0, 400.0) if side == "right" else (220.0, 50.0)

    def draw(path: Path) -> None:
        canvas = _canvas(path)
        canvas.setFillColor(colors.HexColor("#e8e8d0"))
        canvas.rect(bar_x - 8, 560, 150, 210, stroke=0, fill=1)
        canvas.setFillColor(colors.black)
        _write(canvas, article_x, 740, 320, _ARTICLE, 10, 13)
        canvas.setFont("Helvetica-Bold", 11)
        canvas.drawString(bar_x, 745, "Dates")
        _write(canvas, bar_x, 727, 130, _DATES, 9, 11)
        canvas.save()

    def check(pages: Sequence[Page]) -> Checks:
        blocks = _shown(pages)
        for text in (*_ARTICLE, *_DATES):
            yield text[:30], ("paragraph", text) in blocks
        yield "head", ("heading", "Dates") in blocks

    return f"side-bar-{side}", draw, check


_PAPER = (
    "Water meters in houses of many flats are read once a year, and the reading is the base of the bill that each flat "
    "receives in spring. We describe a radio module that sends a reading every six hours and lasts for eleven years "
    "on one cell. In a field test with 212 flats over 18 months the share of estimated bills fell from 17.3% to 1.1%. "
    "The rest of the faults came from steel doors, which damp the signal, and from tenants who covered the module with "
    "boxes or towels; a second module in the hall and a letter to all tenants settled both of them within a month."
)


def _paper_case() -> Case:
    """A paragraph that goes on at the top of the next column, numbered heads, notes below the first column."""

    def draw(path: Path) -> None:
        canvas = _canvas(path)
        lines = simpleSplit(_PAPER, "Helvetica", 10, 230)
        canvas.setFont("Helvetica-Bold", 12)
        canvas.drawString(50, 760, "1 Introduction")
        canvas.drawString(315, 676, "2 Method")
        canvas.setFont("Helvetica", 10)
        for row, line in enumerate(lines[:7]):
            canvas.drawString(50, 740 - 12 * row, line)
        for row, line in enumerate(lines[7:]):
            canvas.drawString(315, 760 - 12 * row, line)
        for row, line in enumerate(simpleSplit("[1] A. Brook. Meters of the world, 2019.", "Helvetica", 10, 230)):
            canvas.drawString(315, 656 - 12 * row, line)
        canvas.drawString(315, 644, "[2] C. Dahl and E. Fuchs. Radio in cellars, 2021.")
        canvas.setFont("Helvetica", 8)
        canvas.drawString(50, 630, "* Paid by the water board of the region.")
        canvas.save()

    def check(pages: Sequence[Page]) -> Checks:
        blocks = _shown(pages)
        yield "paragraph over columns", ("paragraph", _PAPER) in blocks
        heads = [(page.text[b.start : b.end], b.level) for page in pages for b in page.blocks if b.kind == "heading"]
        yield "numbered heads", heads == [("1 Introduction", 1), ("2 Method", 1)]
        items = [block.number for page in pages for block in page.blocks if block.kind == "list_item"]
        yield "references", items == ["[1]", "[2]"]

    return "paper", draw, check


_TITLES = (
    ("1 Safety", "3"),
    ("1.1 Signs", "3"),
    ("2 Setting up", "7"),
    ("2.1 Fuses and wires", "8"),
    ("3 Faults", "21"),
)


def _contents_case(spaced: bool) -> Case:
    leader = " ." if spaced else "."

    def draw(path: Path) -> None:
        canvas = _canvas(path)
        for row, (title, number) in enumerate(_TITLES):
            y = 750 - 16 * row
            canvas.drawString(60, y, title)
            end = 64 + canvas.stringWidth(title)
            canvas.drawString(end, y, leader * int((500 - end) / canvas.stringWidth(leader)))
            canvas.drawRightString(520, y, number)
        canvas.save()

    def check(pages: Sequence[Page]) -> Checks:
        rows = [(row[0].rstrip(" ."), row[-1]) for row in _rows(pages)]
        for title in _TITLES:
            yield title[0], title in rows
        yield "few dots", pages[0].text.count(".") < 8 * len(_TITLES)

    return f"contents-{'spaced' if spaced else 'dots'}", draw, check


_BILL = (
    ("Item", "Description", "Qty", "Unit price", "Amount"),
    ("1001", "Sourdough loaf, 1 kg", "120", "3.40", "408.00"),
    ("1007", "Rye rolls, box of 40 delivered in two parts", "15", "18.50", "277.50"),
    ("9000", "Returned crates", "-12", "4.00", "-48.00"),
    ("", "", "", "Total due", "£637.50"),
)


def _bill_case() -> Case:
    """A bill: places and dates side by side, rows that begin with a number, a sum below the last columns."""

    def draw(path: Path) -> None:
        canvas = _canvas(path)
        facts = (("Baker & Sons Ltd", "Invoice number", "2024-0187"), ("14 Mill Lane", "Due date", "13 June 2024"))
        for row, (place, label, value) in enumerate(facts):
            canvas.drawString(50, 780 - 13 * row, place)
            canvas.drawString(340, 780 - 13 * row, label)
            canvas.drawRightString(540, 780 - 13 * row, value)
        y = 640.0
        for item, text, *numbers in _BILL:
            for line in simpleSplit(text, "Helvetica", 10, 130) or [""]:
                canvas.drawString(110, y, line)
                if numbers:
                    canvas.drawString(50, y, item)
                    for x, number in zip((380, 460, 540), numbers, strict=True):
                        canvas.drawRightString(x, y, number)
                    numbers = []
                y -= 16
        canvas.save()

    expected_rows = (
        ("Baker & Sons Ltd", "Invoice number", "2024-0187"),
        ("14 Mill Lane", "Due date", "13 June 2024"),
        *_BILL,
    )
    return "bill", draw, _has_rows(expected_rows)


_PLANTS = (
    ("Region", "Plant", "2023", "2024"),
    ("North", "Alder", "12.5", "13.1"),
    ("North", "Birch", "8.0", "7.7"),
    ("North", "Cedar", "3.2", "3.9"),
    ("South", "Dune", "22.0", "(1.4)"),
    ("South", "Elm", "5.5", "6.0"),
)
_DOSES = (("Drug", "Dose", "Adults", "Adults"), ("Drug", "Dose", "First day", "Later"), ("Alpha", "10 mg", "2", "1"))


def _spans_case(place: str) -> Case:
    """Drawn cells over several rows, their text at the top or in the middle."""

    def draw(path: Path) -> None:
        plants = [
            ["" if index and row[0] == _PLANTS[index - 1][0] else row[0], *row[1:]] for index, row in enumerate(_PLANTS)
        ]
        doses = [[*_DOSES[0][:3], ""], ["", "", *_DOSES[1][2:]], list(_DOSES[2])]
        grid, valign = ("GRID", (0, 0), (-1, -1), 0.5, colors.black), ("VALIGN", (0, 0), (-1, -1), place)
        merged = [("SPAN", (0, 1), (0, 3)), ("SPAN", (0, 4), (0, 5))]
        over = [("SPAN", (0, 0), (0, 1)), ("SPAN", (1, 0), (1, 1)), ("SPAN", (2, 0), (3, 0))]
        story: list[Flowable] = [
            Table(plants, style=TableStyle([grid, valign, *merged]), spaceAfter=30),
            Table(doses, style=TableStyle([grid, valign, *over])),
        ]
        SimpleDocTemplate(str(path), invariant=True).build(story)

    return f"spans-{place.lower()}", draw, _has_rows((*_PLANTS, *_DOSES))


class _Upright(Flowable):
    """A text turned by a right angle."""

    def __init__(self, text: str, angle: int) -> None:
        super().__init__()
        self._text, self._angle = text, angle

    def wrap(self, _width: float, _height: float) -> tuple[float, float]:
        return 10.0, 70.0

    def draw(self) -> None:
        self.canv.setFont("Helvetica-Bold", 9)
        self.canv.translate(9 if self._angle == 90 else 1, 2 if self._angle == 90 else 68)
        self.canv.rotate(self._angle)
        self.canv.drawString(0, 0, self._text)


_MODELS = (
    ("Model", "Weight kg", "Range km", "Price euro", "Seats"),
    ("Swift", "1,120", "320", "24,900", "4"),
    ("Heron", "1,480", "455", "38,500", "5"),
    ("Crane", "2,050", "610", "61,200", "7"),
)


def _upright_case(angle: int, ruled: bool) -> Case:
    def draw(path: Path) -> None:
        heads = [_MODELS[0][0], *[_Upright(text, angle) for text in _MODELS[0][1:]]]
        style: list[tuple[object, ...]] = [("VALIGN", (0, 0), (-1, 0), "BOTTOM")]
        if ruled:
            style.append(("GRID", (0, 0), (-1, -1), 0.5, colors.black))
        table = Table([heads, *_MODELS[1:]], colWidths=60, style=TableStyle(style))
        SimpleDocTemplate(str(path), invariant=True).build([table])

    def check(pages: Sequence[Page]) -> Checks:
        yield from _has_rows(_MODELS)(pages)
        yield "one head row", [b.head_rows for page in pages for b in page.blocks if b.kind == "table"] == [1]

    return f"upright-{angle}-{'grid' if ruled else 'plain'}", draw, check


def stamp(writer: PdfWriter, box: tuple[float, float, float, float], text: str = "", name: str = "") -> None:
    """Put a stamp on the first page, drawn with a text or told by its name alone."""
    width, height = box[2] - box[0], box[3] - box[1]
    note = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Annot"),
            NameObject("/Subtype"): NameObject("/Stamp"),
            NameObject("/Rect"): ArrayObject(map(FloatObject, box)),
            NameObject("/F"): NumberObject(4),
        }
    )
    if name:
        note[NameObject("/Name")] = NameObject(f"/{name}")
    if text:
        font = {"/Type": NameObject("/Font"), "/Subtype": NameObject("/Type1"), "/BaseFont": NameObject("/Helvetica")}
        fonts = DictionaryObject({NameObject("/F1"): DictionaryObject({NameObject(k): v for k, v in font.items()})})
        look = DecodedStreamObject()
        look.set_data(f"BT /F1 18 Tf 10 8 Td ({text}) Tj ET".encode())
        look[NameObject("/Type")] = NameObject("/XObject")
        look[NameObject("/Subtype")] = NameObject("/Form")
        look[NameObject("/BBox")] = ArrayObject(map(FloatObject, (0, 0, width, height)))
        look[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
        note[NameObject("/AP")] = DictionaryObject({NameObject("/N"): writer._add_object(look)})
    page = writer.pages[0]
    page.setdefault(NameObject("/Annots"), ArrayObject()).append(writer._add_object(note))


def _stamps_case() -> Case:
    def draw(path: Path) -> None:
        canvas = _canvas(path)
        canvas.drawString(60, 740, "The pumps were delivered in May.")
        canvas.drawString(60, 500, "The rest follows in July.")
        canvas.save()
        writer = PdfWriter(clone_from=path)
        stamp(writer, (340, 690, 560, 720), text="PAID 12 MAY 2024")
        stamp(writer, (340, 640, 560, 670), name="NotApproved")
        writer.write(path)

    def check(pages: Sequence[Page]) -> Checks:
        blocks = _shown(pages)
        for text in ("PAID 12 MAY 2024", "Not Approved"):
            yield text, ("annotation", text) in blocks

    return "stamps", draw, check


def _figures_case() -> Case:
    """Captions below and beside pictures."""

    def draw(path: Path) -> None:
        canvas = _canvas(path)
        for y in (560, 380):
            canvas.drawInlineImage(_picture(), 60, y, 200, 120)
        canvas.drawString(60, 545, "Figure 1: Ground floor of the house")
        canvas.drawString(280, 470, "Figure 2: First floor, seen")
        canvas.drawString(280, 458, "from the garden")
        canvas.drawString(60, 330, "Each floor has its own meter.")
        canvas.save()

    def check(pages: Sequence[Page]) -> Checks:
        blocks = _shown(pages)
        for text in ("Figure 1: Ground floor of the house", "Figure 2: First floor, seen from the garden"):
            yield text, ("caption", text) in blocks

    return "figures", draw, check


def _picture() -> object:
    from PIL import Image

    return Image.new("RGB", (20, 12), "teal")


PRINTED: list[Case] = [
    *[_side_bar_case(side) for side in ("left", "right")],
    _paper_case(),
    *[_contents_case(spaced) for spaced in (False, True)],
    _bill_case(),
    *[_spans_case(place) for place in ("TOP", "MIDDLE")],
    *[_upright_case(angle, ruled) for angle in (90, 270) for ruled in (True, False)],
    _stamps_case(),
    _figures_case(),
]
