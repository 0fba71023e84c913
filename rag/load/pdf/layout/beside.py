"""Running text beside short lines: a list, a box of facts or a small table in the next column.

Running text is filled: what begins a line would not have found room on the line before. The texts of a table's column
are not, and where they wrap, the other columns have no text beside each of their lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from rag.load.pdf.layout.rows import TextRow, is_figure, is_measure

_MIN_LINES = 4  # of the running text
_MIN_WORDS = 4.0  # a line
_MIN_PAIRS = 3  # lines below each other that both stand beside lines of the other side
_FILLED = 0.8  # of those pairs
_INNER = 0.4  # of the lines begin inside a sentence
_FIGURES = 0.5  # of the texts of the other side
_LEADING = 2.2  # of the height: lines further apart do not belong together
_LEVEL = 2.5  # points: baselines of one line
_FAR = 5.0  # of the height: no step inside a column of text
_MAX_FAR_LINES = 2
_NEXT_LINES = 3  # a label in several lines may stand before the figures


def is_text_beside(text: Sequence[TextRow], other: Sequence[TextRow]) -> bool:
    """Tell whether rows are running text that goes on beside most lines of another column, which are no figures.

    Args:
        text: Rows of one column.
        other: Rows of the column beside it.
    """
    if len(text) < _MIN_LINES or any(len(row.segments) > 1 for row in text):
        return False
    if sum(len(row.segments[0].text.split()) for row in text) < _MIN_WORDS * len(text):
        return False
    if sum(row.text[0].islower() for row in text) < _INNER * (len(text) - 1):
        return False
    texts = [segment.text for row in other for segment in row.segments]
    if sum(is_figure(shown) or is_measure(shown) for shown in texts) > _FIGURES * len(texts):
        return False
    close = [(above, below) for above, below in pairwise(text) if below.base - above.base <= _LEADING * above.height]
    beside = [pair for pair in close if all(any(abs(row.base - line.base) <= _LEVEL for line in other) for row in pair)]
    if len(beside) < min(_MIN_PAIRS, len(other) - 1):
        return False
    edge = max(row.x1 for row in text)
    if len(other) < _MIN_PAIRS:  # a note of two lines is running text as well
        if not all(_is_filled(above, below, max(row.x1 for row in other)) for above, below in pairwise(other)):
            return False
        beside = close
    filled = sum(_is_filled(above, below, edge) for above, below in beside)
    return filled >= _FILLED * len(beside)


def _is_filled(above: TextRow, below: TextRow, edge: float) -> bool:
    """Tell whether the first word of a line would have found no room on the line before."""
    word = below.segments[0].words[0]
    return edge - above.x1 < (word.x1 - word.x0) + 0.25 * word.height and len(above.segments[0].words) > 1


def heads_figures(rows: Sequence[TextRow], last: int) -> bool:
    """Tell whether a row right below the last one holds figures: what is above it are heads of a table."""
    for above, below in pairwise(rows[last : last + _NEXT_LINES + 1]):
        if below.base - above.base > _FAR * above.height:
            return False
        if any(is_figure(segment.text) for segment in below.segments[1:]):
            return True
    return False


def without_far_lines(rows: Sequence[TextRow], first: int, last: int) -> tuple[int, int]:
    """Return first and last row of columns without the one or two that stand far above or below: heads and feet."""
    for _ in range(_MAX_FAR_LINES):
        step = next((n for n in range(1, _MAX_FAR_LINES + 1) if last - n > first and _is_far(rows, last - n)), 0)
        last -= step
        step = next((n for n in range(1, _MAX_FAR_LINES + 1) if first + n < last and _is_far(rows, first + n - 1)), 0)
        first += step
    return first, last


def _is_far(rows: Sequence[TextRow], index: int) -> bool:
    """Tell whether the row after one is far below it."""
    return rows[index + 1].base - rows[index].base > _FAR * max(rows[index].height, rows[index + 1].height)
