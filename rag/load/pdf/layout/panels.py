"""Blocks that stand side by side without running text: two addresses, two tables, two lists of facts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from rag.load.pdf.layout.rows import TextRow, is_figure, is_measure

_FEWEST_LINES, _MOST_LINES = 3, 8  # of an address
_MOST_WORDS = 6  # of a line of an address
_FEWEST_ALIKE = 4  # lines
_ALIKE = 0.8  # of the lines of two blocks that are made alike
_UNLIKE = 0.75  # of the lines of a block differ from each other in how they are made
_FEWEST_ROWS = 3  # of a table
_SAME_EDGE = 3.0  # points
_LEADING = 2.2  # of the height: lines further apart do not belong together
_LEVEL = 2.5  # points: baselines of one line
# "0150 Oslo", "DE-10115 Berlin", "113 56 Stockholm", "Cupertino, CA 95014", "London SW1A 1AA"; a number like a year
# begins other lines as often.
_POSTAL = re.compile(
    r"(?!(?:19|20)\d\d )(?:[A-Z]{1,3}[- ])?(?:\d{4,6}|\d{3} \d{2})(?: [A-Z]{2})? [^\W\d_]{2,}[^\d]*"
    r"|[^\d]*[^\W\d_]{2}[^\d]*,? [A-Z]{2},? \d{5}(?:-\d{4})?"
    r"|[^\d]*\b[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}"
)


def are_panels(left: Sequence[TextRow], right: Sequence[TextRow]) -> bool:
    """Tell whether the rows on either side of a gutter are blocks of their own rather than columns of one table."""
    return are_blocks(left, right) or are_tables(left, right)


def are_blocks(left: Sequence[TextRow], right: Sequence[TextRow]) -> bool:
    """Tell whether two columns of short lines are addresses or the like.

    Either column ends in a postal code and its town; or each line is made like the one beside it and unlike those
    above and below, while the columns of a table are alike from row to row.
    """
    if any(len(row.segments) > 1 for row in (*left, *right)) or abs(left[0].base - right[0].base) > _LEVEL:
        return False
    if is_address(left) and is_address(right):
        return True
    if len(left) != len(right) or len(left) < _FEWEST_ALIKE:
        return False
    makes = [[_make(row.text) for row in side] for side in (left, right)]
    alike = sum(make == other for make, other in zip(*makes, strict=True))
    figures = [sum(_has_digit(row.text) for row in side) for side in (left, right)]
    mixed = all(0 < count <= len(left) - 2 for count in figures)
    unlike = all(len(set(side)) >= _UNLIKE * len(side) for side in makes)
    return mixed and unlike and alike >= _ALIKE * len(left)


def is_address(rows: Sequence[TextRow]) -> bool:
    """Tell whether rows are the lines of an address: short, close, with a postal code in one of the last two."""
    if not _FEWEST_LINES <= len(rows) <= _MOST_LINES or any(len(row.segments) > 1 for row in rows):
        return False
    if any(len(row.text.split()) > _MOST_WORDS for row in rows):
        return False
    if any(below.base - above.base > _LEADING * above.height for above, below in pairwise(rows)):
        return False
    postal = [is_postal(row.text) for row in rows]
    return sum(postal) == 1 and any(postal[-2:])


def is_postal(text: str) -> bool:
    """Tell whether a line is a town with its postal code."""
    return bool(_POSTAL.fullmatch(text))


def _make(text: str) -> tuple[str, ...]:
    """Return how the words of a line are written: with figures, with a capital, or small."""
    return tuple("0" if _has_digit(word) else "A" if word[0].isupper() else "a" for word in text.split())


def _has_digit(text: str) -> bool:
    return any(map(str.isdigit, text))


def are_tables(left: Sequence[TextRow], right: Sequence[TextRow]) -> bool:
    """Tell whether either side is a table of its own: with a title each, with the same heads, or labels with colons."""
    bodies = [[row for row in side if len(row.segments) > 1] for side in (left, right)]
    if any(len(body) < _FEWEST_ROWS for body in bodies):
        return False
    heads = [[segment.text for segment in body[0].segments] for body in bodies]
    if heads[0] == heads[1] and not any(map(_is_value, heads[0])):
        return True
    if all(row.segments[0].text.endswith(":") for body in bodies for row in body):
        return True
    return _have_titles(left, right) and all(_is_labelled(body[1:]) for body in bodies)


def _have_titles(left: Sequence[TextRow], right: Sequence[TextRow]) -> bool:
    """Tell whether both sides begin with one text at their left edge, on one line."""
    first = left[0], right[0]
    return abs(first[0].base - first[1].base) <= _LEVEL and all(
        len(row.segments) == 1
        and len(side[1].segments) > 1
        and not _is_value(row.text)
        and abs(row.x0 - min(other.x0 for other in side[1:])) <= _SAME_EDGE
        for row, side in zip(first, (left, right), strict=True)
    )


def _is_labelled(rows: Sequence[TextRow]) -> bool:
    """Tell whether rows begin with a label and end with an amount."""
    return all(not _is_value(row.segments[0].text) and _is_value(row.segments[-1].text) for row in rows)


def _is_value(text: str) -> bool:
    return is_figure(text) or is_measure(text)
