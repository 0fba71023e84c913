"""Prints tables to PDF in three styles, with what a reader should find: figures with their labels and heads."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from reportlab.lib import colors
from reportlab.lib.pagesizes import letter
from reportlab.lib.styles import ParagraphStyle
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, PageTemplate, Paragraph, Spacer, Table, TableStyle
from reportlab.platypus.flowables import PageBreak

STYLES = ("plain", "grid", "banded")
Wanted = tuple[str, str, str]  # figure, label, heads

_FIGURE = re.compile(r"[$€£(]*\s*[-–—]?[\d.,]*\d[\d.,]*\s*[)%]*|[-–—]+")
_YEAR = re.compile(r"(?:19|20)\d\d")
_WIDTH = 500.0  # points
_SIZE = 8.0
_TEXT = ParagraphStyle("text", fontName="Helvetica", fontSize=10, leading=12)


class _Place(Flowable):
    """Notes the page it comes to stand on."""

    def __init__(self, pages: list[int]) -> None:
        super().__init__()
        self._pages = pages

    def wrap(self, _width: float, _height: float) -> tuple[float, float]:
        return 0.0, 0.0

    def draw(self) -> None:
        self._pages.append(self.canv.getPageNumber() - 1)


def print_tables(
    tables: Sequence[Sequence[Sequence[str]]], style: str, path: Path
) -> list[tuple[int, int, list[Wanted]]]:
    """Print each table on pages of its own.

    Returns:
        First and last page of each table, counted from 0, and its figures.
    """
    story: list[Flowable] = []
    places: list[int] = []
    for number, rows in enumerate(tables):
        story += [
            Paragraph(f"The figures of part {number + 1} are as follows.", _TEXT),
            Spacer(1, 8),
            _Place(places),
            _table(rows, style),
            _Place(places),
            Spacer(1, 8),
            Paragraph("What follows the table is a sentence of its own.", _TEXT),
            PageBreak(),
        ]
    frame = Frame(54, 54, _WIDTH + 4, 684, leftPadding=0, rightPadding=0)
    document = BaseDocTemplate(str(path), pagesize=letter, invariant=True)
    document.addPageTemplates(PageTemplate(frames=[frame]))
    document.build(story)
    return [(places[2 * number], places[2 * number + 1], wanted_of(rows)) for number, rows in enumerate(tables)]


def n_heads(rows: Sequence[Sequence[str]]) -> int:
    """Return how many rows, from the first, hold no amount."""
    for row_index, row in enumerate(rows):
        if any(_FIGURE.fullmatch(cell.strip()) and not _YEAR.fullmatch(cell.strip()) for cell in row[1:]):
            # The name of the first group of rows is no head.
            while (
                row_index > 1
                and rows[row_index - 1][0].strip()
                and not any(cell.strip() for cell in rows[row_index - 1][1:])
            ):
                row_index -= 1
            return row_index
    return 1


def wanted_of(rows: Sequence[Sequence[str]]) -> list[Wanted]:
    """Return the figures of a table with the label of their row and the heads right above them."""
    first = n_heads(rows)
    return [
        (cell, row[0], " ".join(head[column] for head in rows[:first] if column < len(head)))
        for row in rows[first:]
        for column, cell in enumerate(row)
        if column and row[0].strip() and _FIGURE.fullmatch(cell.strip())
    ]


def _table(rows: Sequence[Sequence[str]], style: str) -> Table:
    n_columns = max(map(len, rows))
    label = min(230.0, _WIDTH * 0.45)
    widths = [label, *[(_WIDTH - label) / max(1, n_columns - 1)] * (n_columns - 1)]
    first = n_heads(rows)
    cells = [
        [
            _cell(text, column, row_index < first, style)
            for column, text in enumerate([*row, *[""] * (n_columns - len(row))])
        ]
        for row_index, row in enumerate(rows)
    ]
    commands: list[tuple[object, ...]] = [
        ("TOPPADDING", (0, 0), (-1, -1), 1 if style == "plain" else 3),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 1 if style == "plain" else 3),
        ("VALIGN", (0, 0), (-1, -1), {"plain": "BOTTOM", "grid": "MIDDLE", "banded": "TOP"}[style]),
    ]
    if style == "grid":
        commands.append(("GRID", (0, 0), (-1, -1), 0.5, colors.black))
    if style == "banded":
        commands += [
            ("BACKGROUND", (0, row_index), (-1, row_index), colors.HexColor("#e0e8f4"))
            for row_index in range(first, len(rows))
            if row_index % 2
        ]
        commands.append(("LINEBELOW", (0, first - 1), (-1, first - 1), 0.8, colors.black))
    return Table(cells, colWidths=widths, style=TableStyle(commands))


def _cell(text: str, column: int, head: bool, style: str) -> Paragraph | str:
    font = "Helvetica-Bold" if head and style != "plain" else "Helvetica"
    align = 0 if column == 0 else 2 if style == "plain" else 1
    form = ParagraphStyle("cell", fontName=font, fontSize=_SIZE, leading=9.6, alignment=align, splitLongWords=0)
    text = unicodedata.normalize("NFKC", text)  # the font has no ligatures
    escaped = text.replace("&", "&amp;").replace("<", "&lt;")
    return Paragraph(" ".join(escaped.split()), form) if text.strip() else ""
