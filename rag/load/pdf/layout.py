"""The blocks of a page in the order in which a person reads them, from PDFium's words and what is drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from rag.load.pdf.cells import IsBold, make_table
from rag.load.pdf.columns import regions
from rag.load.pdf.glyphs import Words
from rag.load.pdf.paragraphs import Body, Draft, make_texts, name_captions, page_body
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
    is_bold = _bold_test(font_name)
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
        body = page_body(rows, is_bold)
        for region in regions(rows, rules):
            drafts += _blocks(find_tables(region, rules), body, is_bold)
    name_captions(drafts, ())
    return drafts


def _directions(words: Words) -> list[float]:
    """Return the directions of writing, the one of most characters first."""
    if not words.angle.any():
        return [0.0] if words.start.size else []
    lengths = words.end - words.start
    angles = np.unique(words.angle)
    totals = [int(lengths[words.angle == angle].sum()) for angle in angles]
    return [float(angles[at]) for at in np.argsort(totals)[::-1]]


def _blocks(items: Sequence[Row | Grid], body: Body, is_bold: IsBold) -> list[Draft]:
    rows = [item for item in items if isinstance(item, Row)]
    right = max((row.x1 for row in rows), default=0.0)
    drafts: list[Draft] = []
    for tables, group in groupby(items, key=lambda item: isinstance(item, Grid)):
        if tables:
            drafts += [make_table(item, is_bold) for item in group if isinstance(item, Grid)]
        else:
            drafts += make_texts([item for item in group if isinstance(item, Row)], right, body, is_bold)
    return drafts


def _bold_test(font_name: FontName) -> IsBold:
    known: dict[int, bool] = {}

    def is_bold(word: Word) -> bool:
        bold = known.get(word.first)
        if bold is None:
            name = font_name(word.first).lower()
            bold = known[word.first] = any(part in name for part in ("bold", "black", "heavy", "demi"))
        return bold

    return is_bold
