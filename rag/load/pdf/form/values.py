"""Places the values of fields and typed annotations among the words of a page, behind the words that name them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from rag.load.pdf.fields import ANNOTATION_ANGLE, FIRST_FIELD, Field
from rag.load.pdf.form.grids import grid_cells
from rag.load.pdf.form.labels import GLUED, LEADER, Entry, Label, Print, find_labels
from rag.load.pdf.form.pairs import FieldPlace, part_pairs
from rag.load.pdf.layout.glyphs import Words
from rag.load.pdf.layout.rules import turned_box

_TEXT_SHARE = 0.7  # of a field's height
_MAX_TEXT_PT = 12.0
_WIDTH = 0.5  # of the height: of an average character
_BEHIND = 0.5  # of the height: from a label to its value
_COVERED = 0.2  # of a line of dots or underscores: something is written over it


def with_values(words: Words, fields: Sequence[Field]) -> Words:
    """Return the words of a page with those of its fields.

    A value stands behind the label of its field, on the label's line; of several pairs in a row each has a line of its
    own. The value of a field without a label stands in its box, on the line of what is beside it. An annotation without
    a label has a direction of its own, from `ANNOTATION_ANGLE` on, as it belongs to no line of the page.
    """
    if not any(field.text.strip() for field in fields):
        return words
    usual = _usual_angle(words)
    entries = [Entry(field, *turned_box(field.box, usual)) for field in fields]
    printed = Print(words, usual, entries)
    cells = grid_cells(printed, entries)
    labels = find_labels(printed, entries, cells)
    places = [_place(words, usual, entry, labels.get(index)) for index, entry in enumerate(entries)]
    down = part_pairs(printed, entries, labels, cells, places)
    boxes, base = words.boxes.copy(), words.base.copy()
    for word, distance in down.items():
        boxes[word, [1, 3]] += distance
        base[word] += distance
    covers = [entry for entry, place in zip(entries, places, strict=True) if entry.field.text and place.inline]
    words = _without_leaders(replace(words, boxes=boxes, base=base, cells=cells), usual, covers)
    return _with_texts(words, usual, fields, places)


def _place(words: Words, angle: float, entry: Entry, label: Label | None) -> FieldPlace:
    if label is None:
        n_rows = entry.field.text.count("\n") + 1 if entry.typed else 1
        base, height = _own_line(entry.top, entry.top + (entry.bottom - entry.top) / n_rows)
        if not entry.typed:
            base, height = _line_in(words, angle, entry) or (base, height)
        return FieldPlace(entry.left + 1, entry.right - 1, base, height, inline=not entry.typed)
    piece = label.piece
    left = piece.x1 + _BEHIND * piece.height
    if label.side == "beside":
        left = max(entry.left + 1, left)
        return FieldPlace(left, max(entry.right - 1, left + piece.height), piece.base, piece.height)
    colon = piece.x1 if piece.text[-1].isalnum() or piece.text[-1] in ")]" else None
    left += _WIDTH * piece.height if colon is not None else 0.0
    return FieldPlace(left, max(entry.right, left + (entry.right - entry.left) / 2), piece.base, piece.height, colon)


def _with_texts(words: Words, angle: float, fields: Sequence[Field], places: Sequence[FieldPlace]) -> Words:
    signs, chars, start, end, boxes, base, angles = [words.signs], [words.chars], [], [], [], [], []
    position = len(words.signs)
    for index, (field, place) in enumerate(zip(fields, places, strict=True)):
        for text, line, left, right in _texts(field, place):
            start.append(position)
            position += len(text)
            end.append(position)
            signs.append(text)
            chars.append(np.full(len(text), FIRST_FIELD - index))
            boxes.append((left, line - 0.8 * place.height, right, line + 0.2 * place.height))
            base.append(line)
            angles.append(angle if place.inline else ANNOTATION_ANGLE + index)
    return replace(
        words,
        signs="".join(signs),
        chars=np.concatenate(chars),
        start=np.concatenate([words.start, np.array(start, np.int64)]),
        end=np.concatenate([words.end, np.array(end, np.int64)]),
        boxes=np.concatenate([words.boxes, np.array(boxes).reshape(-1, 4)]),
        base=np.concatenate([words.base, np.array(base)]),
        angle=np.concatenate([words.angle, np.array(angles)]),
    )


def _texts(field: Field, place: FieldPlace) -> Iterator[tuple[str, float, float, float]]:
    """Yield the words of a value, each with its baseline and its ends."""
    rows = [field.text] if place.inline else field.text.split("\n")
    line = place.base
    for row in rows:
        texts = row.split()
        step = min(_WIDTH * place.height, (place.right - place.left) / max(1, len(" ".join(texts))))
        if texts and place.colon is not None:
            yield ":", line, place.colon, place.colon + step / 2
        x = place.left
        for text in texts:
            yield text, line, x, x + step * len(text)
            x += step * (len(text) + 1)
        line += 1.2 * place.height


def _without_leaders(words: Words, angle: float, covers: Sequence[Entry]) -> Words:
    """Take out the dots and underscores that values are written over."""
    if not covers or not any(sign in words.signs for sign in ("__", "..", "…")):
        return words
    left, top, right, bottom = np.array([(each.left, each.top, each.right, each.bottom) for each in covers]).T
    kept, end, boxes = np.ones(len(words.start), bool), words.end.copy(), words.boxes.copy()
    for index in np.flatnonzero(words.angle == angle).tolist():
        text = words.signs[words.start[index] : words.end[index]]
        glued = GLUED.fullmatch(text)
        if not glued and not LEADER.fullmatch(text):
            continue
        x0, y0, x1, y1 = words.boxes[index].tolist()
        x0 += (x1 - x0) * glued.end("label") / len(text) if glued else 0.0
        share = np.minimum(right, x1) - np.maximum(left, x0)
        if not ((share > _COVERED * (x1 - x0)) & (top < y1) & (bottom > (y0 + y1) / 2)).any():
            continue
        if glued:
            end[index], boxes[index, 2] = words.start[index] + glued.end("label"), x0
        else:
            kept[index] = False
    return replace(
        words,
        start=words.start[kept],
        end=end[kept],
        boxes=boxes[kept],
        base=words.base[kept],
        angle=words.angle[kept],
    )


def _usual_angle(words: Words) -> float:
    if not words.angle.any():
        return 0.0
    angles, counts = np.unique(words.angle, return_counts=True)
    return float(angles[np.argmax(counts)])


def _own_line(top: float, bottom: float) -> tuple[float, float]:
    """Return baseline and height for a line of text in the middle of a box."""
    height = min(_MAX_TEXT_PT, max(2.0, _TEXT_SHARE * (bottom - top)))
    return (top + bottom) / 2 + 0.3 * height, height


def _line_in(words: Words, angle: float, entry: Entry) -> tuple[float, float] | None:
    """Return baseline and height of the nearest word beside a field, None where there is none."""
    if not words.start.size:
        return None
    x0, y0, x1, y1 = words.boxes.T
    middle = (y0 + y1) / 2
    beside = np.flatnonzero((words.angle == angle) & (middle > entry.top) & (middle < entry.bottom))
    if not beside.size:
        return None
    away = np.maximum(entry.left - x1[beside], x0[beside] - entry.right)
    nearest = beside[np.argmin(np.maximum(away, 0))]
    return float(words.base[nearest]), float(y1[nearest] - y0[nearest])
