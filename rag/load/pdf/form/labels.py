"""Which printed words name a field of a form: those left of it, above or below; what is printed around fields."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rag.load.pdf.fields import Field
from rag.load.pdf.layout.glyphs import Words

_ROW_STEP = 0.35  # of the height: baselines closer than this are one row
PIECE_GAP = 0.88  # of the height: a wider gap parts the labels of a row
EDGE = 2.0  # points
_FIELD_GAP = 0.4  # of the height: parts labels where a field begins below
LEADER = re.compile(r"_{2,}|…+|[_.…]{3,}")
GLUED = re.compile(r"(?P<label>.*[^\W_]\W{0,2})_{3,}")  # "Name:______"
_ABOVE, _BELOW = 1.3, 0.9  # of the height: most between a field and its label
_OTHER_SIDE = 0.4  # of the height: so much nearer is a label on the side where the others have none
_OVERLAP = 0.35  # of the height: so far a label may reach into its field
_ALIGNED = 1.5  # of the height: a label begins so near its field's left edge
_CENTERED = 0.1  # of the field's width
_FAR = 4.0  # of the height: what stands further left names a field only where nothing stands above
_TALL = 2.5  # of the height of a label: a field of several lines
_MAX_WORDS, _MAX_TYPED_WORDS = 10, 4
_SHORT_WORDS, _SHORT_END = 3, 4  # words and, of the last one, signs: may end in a stop ("Tel.", "No.")
_REACH = 12.0  # of the height: a label with room between it and the field right of it
_LARGER = 1.12  # of the usual height: a heading
_PROSE_WORDS = 6  # a line, of a paragraph
_NEXT_LINE = 1.6  # of the height
_LETTER, _MAX_LETTER_PT = 0.35, 6.0  # width of an average character: of the height of its box, at most

Side = Literal["beside", "upper", "lower"]


@dataclass(slots=True)
class FieldPiece:
    """Printed words of one row that stand together.

    Attributes:
        places: Of the words, those of the leader included.
        row: Number of the row, from the top.
        led: Whether dots or a drawn line of underscores follow.
    """

    places: list[int]
    row: int
    text: str
    x0: float
    top: float
    x1: float
    bottom: float
    base: float
    height: float
    led: bool = False

    @property
    def middle(self) -> float:
        return (self.top + self.bottom) / 2


@dataclass(frozen=True, slots=True)
class Entry:
    """A field or an annotation in the reader's space: x to the right, y down.

    Attributes:
        field: What is read of it; a field without text is one that is not filled in.
        left, top, right, bottom: Its box, points.
    """

    field: Field
    left: float
    top: float
    right: float
    bottom: float

    @property
    def written(self) -> bool:
        return not self.field.button

    @property
    def typed(self) -> bool:
        return self.field.kind == "annotation"

    @property
    def middle(self) -> float:
        return (self.top + self.bottom) / 2

    @property
    def end(self) -> float:
        """Right end of what is typed, about; its box is often wider. Of a form field the box."""
        rows = self.field.text.split("\n")
        letter = min(_MAX_LETTER_PT, _LETTER * (self.bottom - self.top) / len(rows))
        return min(self.right, self.left + letter * max(map(len, rows))) if self.typed else self.right


@dataclass(frozen=True, slots=True)
class Label:
    """The printed words that name a field and where they stand."""

    piece: FieldPiece
    side: Side


class Print:
    """The printed rows of a page, each parted at wide gaps and where a field begins.

    Args:
        words: Words of the page.
        angle: The direction whose words are read.
        entries: Fields in the space of that direction.

    Attributes:
        rows: Pieces, left to right, by row, top to bottom.
        fields_on: Places of the fields that stand on each row.
        height: Of most rows.
    """

    def __init__(self, words: Words, angle: float, entries: Sequence[Entry]) -> None:
        lefts = np.array(sorted({entry.left for entry in entries}))
        self.rows: list[list[FieldPiece]] = []
        chosen = np.flatnonzero(words.angle == angle)
        chosen = chosen[np.argsort(words.base[chosen], kind="stable")]
        start = 0
        for after in range(1, len(chosen) + 1):
            if after < len(chosen):
                height = float(words.boxes[chosen[after], 3] - words.boxes[chosen[after], 1])
                if words.base[chosen[after]] - words.base[chosen[after - 1]] <= _ROW_STEP * height:
                    continue
            self._add(words, chosen[start:after], lefts)
            start = after
        self._bases = [row[0].base for row in self.rows]
        heights = sorted(row[0].height for row in self.rows)
        self.height = heights[len(heights) // 2] if heights else 0.0
        self.entries = entries
        self.fields_on: list[list[int]] = [[] for _ in self.rows]
        for index, entry in enumerate(entries):
            for row in self._near(entry):
                if entry.top < row[0].middle < entry.bottom:
                    self.fields_on[row[0].row].append(index)

    def _near(self, entry: Entry) -> list[list[FieldPiece]]:
        reach = entry.bottom - entry.top
        first, after = bisect_left(self._bases, entry.top - reach), bisect_right(self._bases, entry.bottom + reach)
        return self.rows[first:after]

    def _add(self, words: Words, chosen: NDArray[np.int64], lefts: NDArray[np.float64]) -> None:
        row: list[FieldPiece] = []
        previous = float("-inf")
        for place in chosen[np.argsort(words.boxes[chosen, 0], kind="stable")].tolist():
            x0, top, x1, bottom = words.boxes[place].tolist()
            text, height = words.signs[words.start[place] : words.end[place]], bottom - top
            gap, previous = x0 - previous, max(x1, previous)
            led = bool(LEADER.fullmatch(text))
            if led and row:
                row[-1].led = True
                row[-1].places.append(place)
            if led:
                continue
            glued = GLUED.fullmatch(text)
            if glued:
                x1, text = x0 + (x1 - x0) * glued.end("label") / len(text), glued["label"]
            begins = lefts.size > 0 and bool(np.abs(lefts - x0).min() <= EDGE)
            if not row or row[-1].led or gap > PIECE_GAP * height or (begins and gap > _FIELD_GAP * height):
                base = float(words.base[place])
                row.append(FieldPiece([place], len(self.rows), text, x0, top, x1, bottom, base, height))
            else:
                last = row[-1]
                last.places.append(place)
                last.text += f" {text}"
                last.top, last.x1, last.bottom = min(last.top, top), max(last.x1, x1), max(last.bottom, bottom)
                last.height = max(last.height, height)
            row[-1].led = glued is not None
        if row:
            self.rows.append(row)

    def between(self, low: float, high: float) -> list[FieldPiece]:
        """Return the pieces whose baseline lies in a stretch, top to bottom."""
        first, after = bisect_left(self._bases, low), bisect_right(self._bases, high)
        return [piece for row in self.rows[first:after] for piece in row]

    def entries_on(self, row: int) -> list[Entry]:
        """Return the fields that stand on a row."""
        return [self.entries[index] for index in self.fields_on[row]]

    def beside(self, entry: Entry) -> list[FieldPiece]:
        """Return the pieces on the lines of a field."""
        return [piece for row in self._near(entry) for piece in row if entry.top < piece.middle < entry.bottom]


def find_labels(printed: Print, entries: Sequence[Entry], grid: frozenset[int]) -> dict[int, Label]:
    """Return the labels of the fields that have one, by the place of the field; cells of a grid have none."""
    labels: dict[int, Label] = {}
    near: list[tuple[float, int, Label]] = []
    for index, entry in enumerate(entries):
        if not entry.written or index in grid or (entry.typed and _covers(entry, printed)):
            continue
        before = _label_before(printed, entry)
        sure = before is not None and _is_sure(before, entry)
        over = [] if sure or _names_row(printed, entry) else _labels_over(printed, entry)
        if before and not any(label.side == "upper" for _, label in over):
            labels[index] = Label(before, "beside")
        else:
            near += [(distance, index, label) for distance, label in over]
    taken = {id(label.piece) for label in labels.values()}
    for _, index, label in sorted(near, key=_order(near, entries)):
        if index not in labels and id(label.piece) not in taken:
            labels[index] = label
            taken.add(id(label.piece))
    return labels


def _covers(entry: Entry, printed: Print) -> bool:
    """Tell whether an annotation is a stamp or lies over printed words."""
    overlaps = any(piece.x0 < entry.end - EDGE and piece.x1 > entry.left + EDGE for piece in printed.beside(entry))
    return entry.field.stamp or overlaps


def _order(
    near: Sequence[tuple[float, int, Label]], entries: Sequence[Entry]
) -> Callable[[tuple[float, int, Label]], tuple[int, float]]:
    """Return the order of choice of labels: the side that most fields of a row have one on, then the nearest.

    Where labels stand about as near on both sides, the fields that have one on one side only tell which it is.
    """
    votes = Counter((round(entries[index].middle), label.side) for _, index, label in near)
    sides: dict[int, set[Side]] = {}
    for _, index, label in near:
        sides.setdefault(index, set()).add(label.side)
    single = Counter(side for own in sides.values() if len(own) == 1 for side in own)
    usual: Side = "lower" if single["lower"] > single["upper"] else "upper"

    def order(each: tuple[float, int, Label]) -> tuple[int, float]:
        distance, index, label = each
        row = round(entries[index].middle)
        most = max(votes[row, "upper"], votes[row, "lower"])
        return most - votes[row, label.side], distance + (_OTHER_SIDE if label.side != usual else 0.0)

    return order


def _names_row(printed: Print, entry: Entry) -> bool:
    """Tell whether words stand left of a field and name the field between as well: a row of a table."""
    beside = [piece for piece in printed.beside(entry) if piece.x1 <= entry.left + EDGE]
    if not beside:
        return False
    label = max(beside, key=lambda piece: piece.x1)
    between = [
        other
        for other in printed.entries_on(label.row)
        if other is not entry and other.written and label.x1 - EDGE <= other.left and other.right <= entry.left + EDGE
    ]
    return bool(between) and _is_sure(label, min(between, key=lambda other: other.left))


def _is_sure(before: FieldPiece, entry: Entry) -> bool:
    """Tell whether words left of a field are its label, whatever stands above it."""
    return before.text[-1] in ":?" or entry.left - before.x1 <= _FAR * before.height


def _label_before(printed: Print, entry: Entry) -> FieldPiece | None:
    """Return the words left of a field on its line, with no field between."""
    beside = [piece for piece in printed.beside(entry) if piece.x1 <= entry.left + EDGE]
    if not beside:
        return None
    nearest = max(piece.x1 for piece in beside)
    # Beside a tall field the first line names it.
    tall = entry.bottom - entry.top > _TALL * beside[0].height
    label = next(piece for piece in beside if piece.x1 >= nearest - (_FAR * piece.height if tall else EDGE))
    between = any(
        other is not entry and other.left >= label.x1 - EDGE and other.right <= entry.left + EDGE and other.written
        for other in printed.entries_on(label.row)
    )
    if between or (entry.typed and not (_names(label, entry) and _stands_alone(label, entry, printed))):
        return None
    return label


def _labels_over(printed: Print, entry: Entry) -> list[tuple[float, Label]]:
    """Return the words above and below a field that may name it, each with its distance in heights."""
    reach = 4 * (entry.bottom - entry.top)
    labels: list[tuple[float, Label]] = []
    most = _MAX_TYPED_WORDS if _goes_on(printed, entry) else _MAX_WORDS
    for piece in printed.between(entry.top - reach, entry.bottom + reach):
        if (
            len(piece.text.split()) > most
            or not _is_aligned(piece, entry)
            or not _names(piece, entry)
            or _is_taken(piece, entry, printed.entries_on(piece.row))
        ):
            continue
        above, below = (entry.top - piece.bottom) / piece.height, (piece.top - entry.bottom) / piece.height
        inside = entry.top < piece.middle < entry.top + _OVERLAP * (entry.bottom - entry.top)
        if -_OVERLAP <= above <= _ABOVE or inside:
            labels.append((max(0.0, above), Label(_hinted(piece, printed), "upper")))
        elif -_OVERLAP <= below <= _BELOW and not entry.typed:
            labels.append((max(0.0, below), Label(piece, "lower")))
    return [
        (distance, label) for distance, label in labels if not entry.typed or _stands_alone(label.piece, entry, printed)
    ]


def _goes_on(printed: Print, entry: Entry) -> bool:
    """Tell whether words follow right behind a field, as in a sentence."""
    return any(-EDGE <= piece.x0 - entry.right <= piece.height for piece in printed.beside(entry))


def _hinted(piece: FieldPiece, printed: Print) -> FieldPiece:
    """Return the words above a hint in brackets ("(dd.mm.yyyy)"), other words as they are."""
    if not (piece.text[0] == "(" and piece.text[-1] == ")"):
        return piece
    near = printed.between(piece.base - _NEXT_LINE * max(piece.height, printed.height), piece.base)
    return next((other for other in near if other.row != piece.row and abs(other.x0 - piece.x0) <= EDGE), piece)


def _is_aligned(piece: FieldPiece, entry: Entry) -> bool:
    if abs(piece.x0 - entry.left) <= _ALIGNED * piece.height:
        return True
    within = piece.x0 > entry.left - EDGE and piece.x1 < entry.right + EDGE
    away = abs((piece.x0 + piece.x1) / 2 - (entry.left + entry.right) / 2)
    return within and away <= _CENTERED * (entry.right - entry.left)


def _is_taken(piece: FieldPiece, entry: Entry, beside: Sequence[Entry]) -> bool:
    """Tell whether words stand beside another field on their own line: its label, or what a box is ticked for."""
    room = 2 * piece.height
    if entry in beside:
        return False
    return any(
        -EDGE <= other.left - piece.x1 <= _REACH * piece.height or -EDGE <= piece.x0 - other.right <= room
        for other in beside
        if not _separated(piece, other, beside)
    )


def _separated(piece: FieldPiece, entry: Entry, beside: Sequence[Entry]) -> bool:
    """Tell whether a field stands between words and a field."""
    low, high = sorted((piece.x1, entry.left)) if entry.left >= piece.x1 - EDGE else (entry.right, piece.x0)
    return any(other is not entry and other.left > low and other.right < high for other in beside)


def _names(piece: FieldPiece, entry: Entry) -> bool:
    """Tell whether words may be a label: few, and no sentence."""
    n_words = len(piece.text.split())
    if not any(map(str.isalpha, piece.text)) or piece.text[-1] in ",;!":
        return False
    if piece.text[-1] == "." and n_words > _SHORT_WORDS and len(piece.text.split()[-1]) > _SHORT_END:
        return False
    sure = piece.text[-1] in ":?" or piece.led
    return n_words <= (_MAX_WORDS if sure or not entry.typed else _MAX_TYPED_WORDS)


def _stands_alone(piece: FieldPiece, entry: Entry, printed: Print) -> bool:
    """Tell whether words are no heading or line of a paragraph that an annotation happens to stand beside."""
    if piece.text[-1] in ":?" or piece.led:
        return True
    if not piece.text[0].isupper() or piece.text[-1] == "." or piece.height > _LARGER * printed.height:
        return False
    if "\n" in entry.field.text:
        return False
    reach = _NEXT_LINE * piece.height
    near = [
        other
        for other in printed.between(piece.base - reach, piece.base + reach)
        if other.row != piece.row and other.x0 < piece.x1 and other.x1 > piece.x0
    ]
    return not any(other.text[0].islower() or len(other.text.split()) > _PROSE_WORDS for other in near)
