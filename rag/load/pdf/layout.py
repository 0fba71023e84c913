"""The blocks of a page in the order in which a person reads them, from PDFium's words and what is drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from rag.load.pdf.cells import Style, StyleOf, make_table
from rag.load.pdf.columns import regions
from rag.load.pdf.glyphs import Words
from rag.load.pdf.paragraphs import Body, Draft, make_texts, name_captions, name_notes, page_body
from rag.load.pdf.rows import Row, Word, make_rows, make_words
from rag.load.pdf.rules import make_rules
from rag.load.pdf.tables import Grid, find_tables

_MAX_DIVIDERS = 600
FontName = Callable[[int], str]


def lay_out(
    words: Words,
    paths: NDArray[np.float64],
    size: tuple[float, float],
    font_name: FontName,
) -> list[Draft]:
    """Return the blocks of a page.

    Args:
        words: Its words.
        paths: Boxes of the lines and frames drawn on it, `(n, 4)` left, bottom, right, top in page space.
        size: Width and height, points.
        font_name: Returns the font's name for a place in `words.signs`.
    """
    style = _styles(font_name)
    drafts: list[Draft] = []
    for angle in _directions(words):
        chosen = np.flatnonzero(words.angle == angle)
        rules = make_rules(paths, size, angle)
        dividers = (
            [(x, top, bottom) for x, top, bottom in rules.upright.tolist()]
            if len(rules.upright) <= _MAX_DIVIDERS
            else []
        )
        rows = make_rows(make_words(words, chosen), dividers)
        body = page_body(rows, style)
        for region in regions(rows, rules):
            drafts += _blocks(find_tables(region, rules), body, style)
    name_captions(drafts, ())
    name_notes(drafts)
    return drafts


def _directions(words: Words) -> list[float]:
    """Return the directions of writing, the one of most characters first."""
    if not words.angle.any():
        return [0.0] if words.start.size else []
    lengths = words.end - words.start
    angles = np.unique(words.angle)
    totals = [int(lengths[words.angle == angle].sum()) for angle in angles]
    return [float(angles[at]) for at in np.argsort(totals)[::-1]]


def _blocks(items: Sequence[Row | Grid], body: Body, style: StyleOf) -> list[Draft]:
    rows = [item for item in items if isinstance(item, Row)]
    right = max((row.x1 for row in rows), default=0.0)
    drafts: list[Draft] = []
    for tables, group in groupby(items, key=lambda item: isinstance(item, Grid)):
        if tables:
            drafts += [make_table(item, style) for item in group if isinstance(item, Grid)]
        else:
            drafts += make_texts([item for item in group if isinstance(item, Row)], right, body, style)
    return drafts


def _styles(font_name: FontName) -> StyleOf:
    known: dict[int, Style] = {}

    def style_of(word: Word) -> Style:
        style = known.get(word.first)
        if style is None:
            name = font_name(word.first).lower()
            style = known[word.first] = Style(
                any(part in name for part in ("bold", "black", "heavy", "demi")), "italic" in name or "oblique" in name
            )
        return style

    return style_of
