"""Sets the example documents: Markdown in `source/` becomes the PDF files beside this script.

    python examples/build.py [FOLDER]

The organisation is invented and the text is ours. The same sources give the same bytes on every machine: dates come
from the front matter, streams are stored without compression, and identifiers are derived from the content.
`traps/hidden-text.pdf` only promises that its hidden text leaves the printed page as it is.
"""

from __future__ import annotations

import os
import sys
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import takewhile
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token
from reportlab.lib.colors import Color, HexColor, white
from reportlab.lib.enums import TA_JUSTIFY
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics, ttfonts
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    HRFlowable,
    KeepTogether,
    ListFlowable,
    ListItem,
    NextPageTemplate,
    PageBreak,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
    TableStyle,
)
from reportlab.platypus.tableofcontents import TableOfContents

SOURCE = Path(__file__).parent / "source"
TARGETS = {
    "handbook": "handbook.pdf",
    "manual": "manual.pdf",
    "update": "update.pdf",
    "contradicts": "traps/contradicts.pdf",
    "hidden-text": "traps/hidden-text.pdf",
}
WIDTH, HEIGHT = A4
MARGIN, TOP, BOTTOM = 26 * mm, 25 * mm, 24 * mm
MEASURE = WIDTH - 2 * MARGIN
NAVY, SEA, MIST, INK, GREY = (HexColor(c) for c in ("#14304a", "#2f6f8f", "#eef3f6", "#1c1c1c", "#5c6770"))

BODY = ParagraphStyle(
    "body",
    fontName="Times-Roman",
    fontSize=11,
    leading=15.6,
    textColor=INK,
    alignment=TA_JUSTIFY,
    spaceAfter=8,
    allowWidows=0,
    allowOrphans=0,
)
CELL = ParagraphStyle("cell", parent=BODY, fontSize=9.6, leading=12, alignment=0, spaceAfter=0)
HEAD = ParagraphStyle("head", parent=CELL, fontName="Helvetica-Bold", fontSize=8.8, textColor=white)
CAPTION = ParagraphStyle(
    "caption", parent=CELL, fontName="Helvetica-Oblique", fontSize=8.8, textColor=GREY, spaceBefore=4, spaceAfter=4
)
NOTE = ParagraphStyle("note", parent=BODY, fontName="Helvetica", fontSize=9, leading=13, textColor=GREY, alignment=0)
FOOTNOTE = ParagraphStyle("footnote", parent=NOTE, fontSize=6, leading=8, spaceBefore=10)
TITLE = ParagraphStyle("title", fontName="Helvetica-Bold", fontSize=22, leading=27, textColor=NAVY, spaceAfter=4)
SUBTITLE = ParagraphStyle("subtitle", fontName="Helvetica", fontSize=12, leading=16, textColor=SEA, spaceAfter=8)
H1 = ParagraphStyle("h1", parent=TITLE, fontSize=15, leading=19, spaceBefore=16, spaceAfter=7, keepWithNext=1)
H2 = ParagraphStyle("h2", parent=H1, fontSize=11, leading=14, textColor=SEA, spaceBefore=8, spaceAfter=4)
HEADINGS = [H1, H2]
CONTENTS = ParagraphStyle("contents", fontName="Helvetica", fontSize=10, leading=12, textColor=NAVY)


@dataclass(frozen=True, slots=True)
class Source:
    """A Markdown file: its front matter and its block tokens."""

    meta: dict[str, str]
    tokens: list[Token]


def read_source(name: str) -> Source:
    """Read `source/NAME.md`; quotes and apostrophes become typographic."""
    _, front, text = (SOURCE / f"{name}.md").read_text("utf-8").split("---\n", 2)
    meta = {key: value.strip() for key, value in (line.split(":", 1) for line in front.splitlines())}
    parser = MarkdownIt("commonmark", {"typographer": True}).enable(["table", "smartquotes"])
    return Source(meta, parser.parse(text))


def inline(token: Token) -> str:
    """One inline token in reportlab's markup."""
    tags = {"strong_open": "<b>", "strong_close": "</b>", "em_open": "<i>", "em_close": "</i>", "softbreak": " "}
    escaped = ((c.content.replace("&", "&amp;").replace("<", "&lt;"), c.type) for c in token.children or ())
    return "".join(tags.get(kind, text) for text, kind in escaped)


# --- blocks -----------------------------------------------------------------------------------------------------


def flowables(tokens: Sequence[Token]) -> list[Flowable]:
    """Turn block tokens into flowables; a caption stays with its table and a heading with its text."""
    story: list[Flowable] = []
    stream = iter(tokens)
    for token in stream:
        if token.type == "heading_open":
            story.append(heading(next(stream), int(token.tag[1])))
        elif token.type == "paragraph_open":
            story.append(paragraph(next(stream)))
        elif token.type == "bullet_list_open":
            story.append(bullets(takewhile(lambda t: t.type != "bullet_list_close", stream)))
        elif token.type == "blockquote_open":
            story.append(box(takewhile(lambda t: t.type != "blockquote_close", stream)))
        elif token.type == "table_open":
            table = ruled_table(takewhile(lambda t: t.type != "table_close", stream))
            group = [story.pop(), table, Spacer(1, 9)]
            while story and isinstance(story[-1], Paragraph) and story[-1].style in HEADINGS:
                group.insert(0, story.pop())
            story.append(KeepTogether(group))
    return story


def heading(token: Token, level: int) -> Flowable:
    """A heading of level 1 or 2; level 4 is a footnote under a short rule."""
    if level == 4:
        rule = HRFlowable(width="30%", thickness=0.4, color=GREY, hAlign="LEFT", spaceBefore=8, spaceAfter=0)
        return KeepTogether([rule, Paragraph(inline(token), FOOTNOTE)])
    return Paragraph(inline(token), HEADINGS[level - 1])


def paragraph(token: Token) -> Paragraph:
    """A paragraph; one that is all emphasis is a caption."""
    children = token.children or []
    is_caption = bool(children) and children[0].type == "em_open" and children[-1].type == "em_close"
    return Paragraph(
        inline(token).removeprefix("<i>").removesuffix("</i>") if is_caption else inline(token),
        CAPTION if is_caption else BODY,
    )


def bullets(tokens: Iterator[Token]) -> ListFlowable:
    """A list of one-paragraph items."""
    style = ParagraphStyle("item", parent=BODY, spaceAfter=2, alignment=0)
    items = [ListItem(Paragraph(inline(t), style), bulletColor=SEA) for t in tokens if t.type == "inline"]
    return ListFlowable(items, bulletType="bullet", start="•", bulletFontSize=9, leftIndent=14, spaceAfter=8)


def box(tokens: Iterator[Token]) -> Table:
    """A quotation in a tinted box with a rule at its left."""
    rows = [[Paragraph(inline(t), BODY)] for t in tokens if t.type == "inline"]
    style = [
        ("BACKGROUND", (0, 0), (-1, -1), MIST),
        ("LINEBEFORE", (0, 0), (0, -1), 2, SEA),
        ("LEFTPADDING", (0, 0), (-1, -1), 10),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 0),
    ]
    return Table(rows, colWidths=[MEASURE], style=TableStyle(style), spaceBefore=2, spaceAfter=8)


def ruled_table(tokens: Iterator[Token]) -> Table:
    """A table with a dark header row; the widest columns give way until it fits the measure."""
    rows: list[list[str]] = []
    for token in tokens:
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline":
            rows[-1].append(inline(token))
    cells = [[Paragraph(cell, HEAD if y == 0 else CELL) for cell in row] for y, row in enumerate(rows)]
    style = [
        ("BACKGROUND", (0, 0), (-1, 0), NAVY),
        ("ROWBACKGROUNDS", (0, 1), (-1, -1), [white, MIST]),
        ("LINEBELOW", (0, -1), (-1, -1), 0.8, NAVY),
        ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
        ("TOPPADDING", (0, 0), (-1, -1), 3.2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 4.2),
        ("LEFTPADDING", (0, 0), (-1, -1), 6),
        ("RIGHTPADDING", (0, 0), (-1, -1), 6),
    ]
    return Table(cells, colWidths=column_widths(rows), repeatRows=1, style=TableStyle(style))


def column_widths(rows: Sequence[Sequence[str]]) -> list[float]:
    """Widths in points that add up to the measure."""
    columns = list(zip(*rows, strict=True))
    natural = [max(pdfmetrics.stringWidth(c, "Helvetica", CELL.fontSize) for c in column) + 14 for column in columns]
    while sum(natural) > MEASURE:
        natural[natural.index(max(natural))] -= 1
    return [width + (MEASURE - sum(natural)) / len(natural) for width in natural]


# --- pages ------------------------------------------------------------------------------------------------------


class Sheet(BaseDocTemplate):
    """A document with an optional cover, a running foot and an outline of its headings."""

    def __init__(self, path: Path, meta: dict[str, str], after_page: Callable[[Canvas], None]) -> None:
        super().__init__(
            str(path),
            pagesize=A4,
            invariant=1,
            pageCompression=0,
            title=f"{meta['title']}: {meta['subtitle']}",
            author=meta["author"],
            subject=meta["subject"],
            keywords=meta["keywords"],
            creator="examples/build.py",
            lang="en-GB",
        )
        frame = Frame(MARGIN, BOTTOM, MEASURE, HEIGHT - TOP - BOTTOM, 0, 0, 0, 0, id="text")
        self.meta = meta
        self.after_page = after_page
        self.addPageTemplates(
            ([PageTemplate("cover", [frame], onPage=self.draw_cover)] if meta["cover"] == "yes" else [])
            + [PageTemplate("page", [frame], onPageEnd=self.draw_foot)]
        )

    def draw_cover(self, canvas: Canvas, _: Any) -> None:
        """A band of sea with a lantern above three waves, the number and the dates at the foot."""
        draw_seal(canvas)
        canvas.setFillColor(GREY)
        canvas.setFont("Helvetica", 10)
        for i, line in enumerate((f"{self.meta['edition']}, document {self.meta['number']}", self.meta["note"])):
            canvas.drawString(MARGIN, 42 * mm - 15 * i, line)

    def draw_foot(self, canvas: Canvas, _: Any) -> None:
        """The running title at the left and the page number at the right."""
        canvas.setStrokeColor(SEA)
        canvas.setLineWidth(0.5)
        canvas.line(MARGIN, 17 * mm, WIDTH - MARGIN, 17 * mm)
        canvas.setFillColor(GREY)
        canvas.setFont("Helvetica", 8)
        canvas.drawString(MARGIN, 13 * mm, self.meta["running"])
        canvas.drawRightString(WIDTH - MARGIN, 13 * mm, f"Page {canvas.getPageNumber()}")
        self.after_page(canvas)

    def afterFlowable(self, flowable: Flowable) -> None:  # noqa: N802 (reportlab's name)
        """Give every heading a place in the outline and in the contents."""
        if isinstance(flowable, Paragraph) and flowable.style in HEADINGS:
            level, text = HEADINGS.index(flowable.style), flowable.getPlainText()
            key = f"heading-{self.seq.nextf('heading')}"
            self.canv.bookmarkPage(key)
            self.canv.addOutlineEntry(text, key, level, closed=level == 0)
            if level == 0:
                self.notify("TOCEntry", (level, text, self.page, key))


def draw_seal(canvas: Canvas) -> None:
    """Draw the cover's picture in lines and areas only."""
    canvas.setFillColor(NAVY)
    canvas.rect(0, HEIGHT - 118 * mm, WIDTH, 118 * mm, stroke=0, fill=1)
    x, y = WIDTH / 2, HEIGHT - 62 * mm
    canvas.setStrokeColor(HexColor("#c9dbe4"))
    canvas.setLineWidth(1.4)
    canvas.setFillColor(HexColor("#f2c65a"))
    canvas.circle(x, y + 6 * mm, 5 * mm, stroke=0, fill=1)
    canvas.rect(x - 9 * mm, y - 4 * mm, 18 * mm, 22 * mm)
    canvas.line(x - 12 * mm, y - 4 * mm, x + 12 * mm, y - 4 * mm)
    roof = canvas.beginPath()
    roof.moveTo(x - 11 * mm, y + 18 * mm)
    roof.lineTo(x, y + 29 * mm)
    roof.lineTo(x + 11 * mm, y + 18 * mm)
    roof.close()
    canvas.drawPath(roof)
    for row in range(3):
        wave = canvas.beginPath()
        wave.moveTo(0, y - (16 + 9 * row) * mm)
        for step in range(14):
            left, base, swell = step * 15 * mm, y - (16 + 9 * row) * mm, (5 if (step + row) % 2 else -5) * mm
            wave.curveTo(left + 5 * mm, base + swell, left + 10 * mm, base + swell, left + 15 * mm, base)
        canvas.drawPath(wave)


def story_of(source: Source) -> list[Flowable]:
    """Cover or title block, contents where there is a cover, then the text."""
    meta = source.meta
    body = flowables(source.tokens)
    if meta["cover"] == "yes":
        big = ParagraphStyle("big", parent=TITLE, fontSize=40, leading=48)
        contents = TableOfContents(dotsMinLevel=0, levelStyles=[CONTENTS])
        return [
            Spacer(1, 122 * mm),
            Paragraph(meta["author"], SUBTITLE),
            Paragraph(meta["title"], big),
            Spacer(1, 4),
            Paragraph(meta["subtitle"], SUBTITLE),
            NextPageTemplate("page"),
            PageBreak(),
            Paragraph("Contents", TITLE),
            contents,
            Spacer(1, 10),
            *body,
        ]
    head = NOTE.clone("number", textColor=SEA, fontName="Helvetica-Bold")
    rule = HRFlowable(width="100%", thickness=1.2, color=NAVY, spaceBefore=2, spaceAfter=6)
    return [
        Paragraph(f"{meta['edition']} · {meta['number']}", head),
        Paragraph(meta["title"], TITLE),
        Paragraph(meta["subtitle"], SUBTITLE),
        rule,
        Paragraph(meta["note"], NOTE),
        *body,
    ]


# --- hidden text ------------------------------------------------------------------------------------------------

ZERO_WIDTH, BIDI, POP = "\u200b\u200c", "\u202d\u202e", "\u202c"
TAGS = [chr(0xE0000 + code) for code in range(0x20, 0x80)]


def register_inkless() -> None:
    """Register Vera with blank glyphs for the characters that a reader must not see.

    reportlab writes a character beyond U+FFFF as five digits, while ToUnicode wants UTF-16BE (ISO 32000-1, 9.10.3).
    """
    font = ttfonts.TTFont("Inkless", "Vera.ttf")
    for character in [*ZERO_WIDTH, *BIDI, POP, *TAGS]:
        font.face.charToGlyph[ord(character)] = font.face.charToGlyph[ord(" ")]
        font.face.charWidths[ord(character)] = 75  # readers drop a letter set again within 0.07 em
    pdfmetrics.registerFont(font)
    five_digits = ttfonts.makeToUnicodeCMap

    def utf16(name: str, subset: Sequence[int]) -> str:
        cmap: str = five_digits(name, subset)
        for code in subset:
            if code > 0xFFFF:
                cmap = cmap.replace(f"<{code:04X}>", f"<{chr(code).encode('utf-16-be').hex().upper()}>")
        return cmap

    ttfonts.makeToUnicodeCMap = utf16


def in_bits(text: str, pair: str) -> str:
    """Spell ASCII text in eight bits a letter with a pair of invisible characters."""
    return "".join(pair[int(bit)] for letter in text for bit in f"{ord(letter):08b}")


def in_tags(text: str) -> str:
    """Spell ASCII text in Unicode tag characters."""
    return "".join(chr(0xE0000 + ord(letter)) for letter in text)


def draw_hidden(canvas: Canvas, entries: Sequence[dict[str, str]]) -> None:
    """Put each entry on the first page in the way its kind names."""
    if canvas.getPageNumber() != 1:
        return
    spell: dict[str, Callable[[str], str]] = {
        "zero_width": partial(in_bits, pair=ZERO_WIDTH),
        "bidi": partial(in_bits, pair=BIDI),
        "tag": in_tags,
    }
    for row, entry in enumerate(entries):
        canvas.saveState()
        x, y, kind, text = MARGIN, (70 - 5 * row) * mm, entry["kind"], entry["text"]
        if kind in spell:
            canvas.setFont("Inkless", 8.5)
            canvas.setFillColor(INK)
            canvas.drawString(x, y, text + spell[kind](entry["canary"]))
        else:
            draw_unseen(canvas, x, y, kind, text)
        canvas.restoreState()


def draw_unseen(canvas: Canvas, x: float, y: float, kind: str, text: str) -> None:
    """Draw a line of text that paints no ink (`tiny`: next to none)."""
    canvas.setFont("Helvetica", 0.8 if kind == "tiny" else 8.5)
    colours = {"white_on_white": white, "tiny": GREY, "covered": MIST, "transparent": Color(0, 0, 0, alpha=0)}
    canvas.setFillColor(colours.get(kind, INK))
    canvas.drawString(x, HEIGHT + 40 if kind == "off_page" else y, text, mode=3 if kind == "render_mode" else 0)
    if kind == "covered":
        canvas.rect(x, y - 5, MEASURE, 16, stroke=0, fill=1)
        canvas.setFillColor(INK)
        canvas.drawRightString(x + MEASURE - 6, y, "Harbour Office, extension 163")


# --- door -------------------------------------------------------------------------------------------------------


def hidden_entries() -> list[dict[str, str]]:
    """The entries of `source/hidden.toml`."""
    return list(tomllib.loads((SOURCE / "hidden.toml").read_text("utf-8"))["hidden"])


def build(name: str, path: Path, hidden: Sequence[dict[str, str]] = ()) -> None:
    """Write one document to `path`."""
    source = read_source(name)
    day = datetime.fromisoformat(source.meta["date"]).replace(hour=9, tzinfo=UTC)
    os.environ["SOURCE_DATE_EPOCH"] = str(int(day.timestamp()))
    path.parent.mkdir(parents=True, exist_ok=True)
    Sheet(path, source.meta, partial(draw_hidden, entries=hidden)).multiBuild(story_of(source))


def main(folder: Path) -> None:
    """Write all documents under `folder`."""
    register_inkless()
    for name, target in TARGETS.items():
        build(name, folder / target, hidden_entries() if name == "hidden-text" else ())
        print(folder / target)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
