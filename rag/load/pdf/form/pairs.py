"""Parts a printed row of a form that holds several labels with their values: each pair stands on a line of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag.load.pdf.form.labels import PIECE_GAP, Entry, FieldPiece, Label, Print

_BOX_GAP = 2.0  # of the height: a label behind a box that does not name the box stands further from it
_COLON_GAP = 0.2  # of the height: least before a label with a colon
_SHORT = 4  # signs: "to:" goes on
_LINE_STEP, _LEAST_STEP = 0.3, 0.24  # of the height: between the lines that a row is read as


@dataclass(slots=True)
class FieldPlace:
    """Where a value is written.

    Attributes:
        left, right: Its ends, points.
        base: Baseline, y down.
        height: Of its letters.
        colon: Left edge of a colon that parts it from its label; None for none.
        inline: Whether it stands on a line of the page, and not by itself.
    """

    left: float
    right: float
    base: float
    height: float
    colon: float | None = None
    inline: bool = True


@dataclass(frozen=True, slots=True)
class _Item:
    """Printed words or a field, in their order from left to right."""

    left: float
    right: float
    piece: FieldPiece | None = None
    field: int = -1


class _Row:
    """A printed row and the fields on it, left to right."""

    def __init__(
        self,
        pieces: Sequence[FieldPiece],
        fields: Sequence[int],
        entries: Sequence[Entry],
        labels: Mapping[int, Label],
        places: Sequence[FieldPlace],
    ) -> None:
        self._entries = entries
        self._moved = {index for index in fields if index in labels and labels[index].side != "beside"}
        self._heads = {id(labels[index].piece) for index in self._moved}
        self._named = {id(labels[index].piece) for index in fields if index in labels}
        self.height = max(piece.height for piece in pieces)
        items = [_Item(piece.x0, piece.x1, piece) for piece in pieces]
        for index in fields:
            if index in self._moved:
                items.append(_Item(labels[index].piece.x1, places[index].right, field=index))
            else:
                items.append(_Item(entries[index].left, entries[index].end, field=index))
        self.items = sorted(items, key=lambda item: item.left)

    def lines(self) -> list[int]:
        """Return the number of the line that each item stands on."""
        numbers = [0]
        for index in range(1, len(self.items)):
            numbers.append(numbers[-1] + self._begins_line(index))
        return numbers

    def _begins_line(self, index: int) -> bool:
        """Tell whether an item is the label of another pair, or a box behind a value."""
        before, item = self.items[index - 1], self.items[index]
        gap = (item.left - before.right) / self.height
        after_value = before.field >= 0 and self._entries[before.field].written
        if item.piece is None:
            return after_value and not self._entries[item.field].written and gap > PIECE_GAP
        if id(item.piece) in self._heads or before.field in self._moved:
            return True
        if not _is_label(item.piece.text):
            return False
        if after_value:
            least = _COLON_GAP if item.piece.text[-1] == ":" else PIECE_GAP
            return gap > least and any(other.field >= 0 for other in self.items[index + 1 :])
        after_field = any(other.field >= 0 for other in self.items[:index])
        return after_field and id(item.piece) in self._named and gap > self._least_gap(index)

    def _least_gap(self, index: int) -> float:
        """Return how far from a box or a text a label stands that does not go with it, in heights."""
        before = self.items[index - 1]
        if before.field < 0:
            return PIECE_GAP
        # A box that stands nearer to the words before it is theirs.
        named = self.items[index - 2] if index > 1 else None
        own = named is not None and named.piece is not None
        return max(PIECE_GAP, (before.left - named.right) / self.height) if own and named else _BOX_GAP


def _is_label(text: str) -> bool:
    """Tell whether words behind a value are no sign between two parts ("/") and do not go on ("from ... to ...")."""
    named = text[-1] == ":" and len(text) > _SHORT
    return any(map(str.isalpha, text)) and (named or not text[0].islower())


def part_pairs(
    printed: Print,
    entries: Sequence[Entry],
    labels: Mapping[int, Label],
    cells: frozenset[int],
    places: Sequence[FieldPlace],
) -> dict[int, float]:
    """Move what follows a label with its value in a row down, a little for each pair.

    Rows without a value that is filled in and rows of a grid stay as they are.

    Args:
        printed: What is printed on the page.
        entries: Its fields.
        labels: Their labels, by the place of the field.
        cells: Fields of grids.
        places: Of the values; those that move are changed.

    Returns:
        How far words of the page move down, points, by their place.
    """
    down: dict[int, float] = {}
    bases = np.sort([*(row[0].base for row in printed.rows), *(place.base for place in places)])
    for number, fields in _fields_by_row(printed, entries, labels).items():
        filled = any(entries[index].written and entries[index].field.text for index in fields)
        if not filled or not cells.isdisjoint(fields):
            continue
        row = _Row(printed.rows[number], fields, entries, labels, places)
        lines = row.lines()
        base = max(piece.base for piece in printed.rows[number])
        step = min(_LINE_STEP * row.height, _room(bases, base, row.height) / (lines[-1] + 1))
        if step < _LEAST_STEP * row.height:
            continue
        for item, line in zip(row.items, lines, strict=True):
            if line and item.piece is not None:
                down |= dict.fromkeys(item.piece.places, base - item.piece.base + line * step)
            elif line:
                places[item.field].base = base + line * step
    return down


def _room(bases: NDArray[np.float64], base: float, height: float) -> float:
    """Return the distance from a baseline to the next one below it."""
    below = bases[bases > base + _LEAST_STEP * height]
    return float(below[0]) - base if below.size else float("inf")


def _fields_by_row(printed: Print, entries: Sequence[Entry], labels: Mapping[int, Label]) -> dict[int, list[int]]:
    """Return the fields that stand on each printed row, by the number of the row: of its label, else the nearest."""
    nearest: dict[int, tuple[float, int]] = {}
    for number, beside in enumerate(printed.fields_on):
        for index in beside:
            away = abs(printed.rows[number][0].middle - entries[index].middle)
            nearest[index] = min(nearest.get(index, (away, number)), (away, number))
    rows: dict[int, list[int]] = {}
    for index, entry in enumerate(entries):
        if index in labels:
            rows.setdefault(labels[index].piece.row, []).append(index)
        elif index in nearest and not entry.typed:
            rows.setdefault(nearest[index][1], []).append(index)
    return rows
