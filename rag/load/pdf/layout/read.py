"""The blocks of a page in the order in which a person reads them, from PDFium's words and what is drawn."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from rag.load.pdf.fields import ANNOTATION_ANGLE, Field
from rag.load.pdf.layout.assemble import make_rows
from rag.load.pdf.layout.cells import make_table
from rag.load.pdf.layout.columns import regions
from rag.load.pdf.layout.drafts import Style, StyleOf
from rag.load.pdf.layout.glyphs import Words
from rag.load.pdf.layout.paragraphs import (
    BodyType,
    Draft,
    DraftText,
    joined_over_columns,
    make_texts,
    name_captions,
    name_notes,
    page_body,
)
from rag.load.pdf.layout.rows import TextRow, Word
from rag.load.pdf.layout.rules import Rules, make_rules, turned_box
from rag.load.pdf.layout.tables import Grid, find_tables
from rag.load.pdf.layout.upright import with_upright_heads

_MAX_DIVIDERS = 600
_MIN_FIGURE, _MAX_FIGURE = 0.005, 0.9  # of the page
# Beside plain names: those of Computer Modern (CMBX10, SFTI1000) and of PostScript's Times (NimbusRomNo9L-Medi).
_BOLD = re.compile(r"bold|black|heavy|demi|-medi(?:ital)?$|(?:^|\+)(?:cm|sf|ec|lm)(?:bx|ssbx|b)\d", re.IGNORECASE)
_ITALIC = re.compile(r"ital|oblique|(?:^|\+)(?:cm|sf|ec|lm)(?:ti|bxti|sl)\d", re.IGNORECASE)
FontName = Callable[[int], str]


def lay_out(
    words: Words,
    paths: NDArray[np.float64],
    size: tuple[float, float],
    font_name: FontName,
    fields: Sequence[Field] = (),
    pictures: Sequence[tuple[float, float, float, float]] = (),
) -> list[Draft]:
    """Return the blocks of a page.

    Args:
        words: Its words.
        paths: Boxes of the lines and frames drawn on it, `(n, 4)` left, bottom, right, top in page space.
        size: Width and height, points.
        font_name: Returns the font's name for a place in `words.signs`.
        fields: Form fields, whose values are among the words, and annotations, which are not.
        pictures: Boxes of images and drawings in page space: left, bottom, right, top.
    """
    style = _styles(font_name)
    drafts: list[Draft] = []
    directions = _directions(words)
    for angle in directions:
        rows, rules = _rows(words, angle, paths, size)
        if angle != directions[0] and angle < ANNOTATION_ANGLE:
            rows = with_upright_heads(drafts, rows, (angle - directions[0]) % 360)
        group = _group(rows, rules, style)
        if not group:
            continue
        if angle >= ANNOTATION_ANGLE:
            position = next(
                (position for position, draft in enumerate(drafts) if draft.top > group[0].top), len(drafts)
            )
            drafts[position:position] = group
        else:
            drafts += group
    _name_fields(drafts, fields)
    main = directions[0] if directions else 0.0
    name_captions(drafts, [turned_box(box, main) for box in pictures if _is_figure(box, size)])
    name_notes(drafts)
    return drafts


def _is_figure(box: tuple[float, float, float, float], size: tuple[float, float]) -> bool:
    """Tell whether a picture is neither an icon nor the background of the page."""
    share = (box[2] - box[0]) * (box[3] - box[1]) / max(1.0, size[0] * size[1])
    return _MIN_FIGURE <= share <= _MAX_FIGURE


def _rows(
    words: Words, angle: float, paths: NDArray[np.float64], size: tuple[float, float]
) -> tuple[list[TextRow], Rules]:
    chosen = np.flatnonzero(words.angle == angle)
    rules = make_rules(paths, size, angle)
    few = len(rules.upright) <= _MAX_DIVIDERS
    dividers = [(x, top, bottom) for x, top, bottom in rules.upright.tolist()] if few else []
    return make_rows(words, chosen, dividers), rules


def _group(rows: list[TextRow], rules: Rules, style: StyleOf) -> list[Draft]:
    """Return the blocks of the rows of one direction."""
    body = page_body(rows, style)
    drafts: list[Draft] = []
    for region in regions(rows, rules):
        following = _blocks(find_tables(region, rules), body, style)
        drafts += joined_over_columns(drafts, following)
    return drafts


def _name_fields(drafts: Sequence[Draft], fields: Sequence[Field]) -> None:
    """Make form fields of the lines that hold a field's value."""
    for draft in drafts:
        if isinstance(draft, DraftText):
            places = {word.field for line in draft.lines for word in line.words if word.field >= 0}
            if places:
                # What is typed behind a printed label fills in a form.
                printed = any(word.field < 0 for line in draft.lines for word in line.words)
                draft.kind, draft.level, draft.number = "form_field" if printed else fields[min(places)].kind, 0, ""
                draft.name = ", ".join(
                    dict.fromkeys(fields[place].name for place in sorted(places) if fields[place].name)
                )


def _directions(words: Words) -> list[float]:
    """Return the directions of writing, the one of most characters first, annotations last."""
    if not words.angle.any():
        return [0.0] if words.start.size else []
    lengths = words.end - words.start
    angles = np.unique(words.angle)
    totals = [int(lengths[words.angle == angle].sum()) for angle in angles]
    ordered = [float(angles[index]) for index in np.argsort(totals)[::-1]]
    return sorted(ordered, key=lambda angle: angle >= ANNOTATION_ANGLE)


def _blocks(items: Sequence[TextRow | Grid], body: BodyType, style: StyleOf) -> list[Draft]:
    rows = [item for item in items if isinstance(item, TextRow)]
    right = max((row.x1 for row in rows), default=0.0)
    drafts: list[Draft] = []
    for tables, group in groupby(items, key=lambda item: isinstance(item, Grid)):
        if tables:
            drafts += [make_table(item, style) for item in group if isinstance(item, Grid)]
        else:
            drafts += make_texts([item for item in group if isinstance(item, TextRow)], right, body, style)
    return drafts


def _styles(font_name: FontName) -> StyleOf:
    known: dict[int, Style] = {}

    def style_of(word: Word) -> Style:
        style = known.get(word.first)
        if style is None:
            name = font_name(word.first)
            style = known[word.first] = Style(bool(_BOLD.search(name)), bool(_ITALIC.search(name)))
        return style

    return style_of
