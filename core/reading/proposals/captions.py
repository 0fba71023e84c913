"""Values of forms that stand above their names: one to three lines, and below them the name between brackets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from core.reading.text.sentences import Offsets

# "(Address of principal executive offices) (Zip Code)": the first of several belongs to the lines above as a whole.
_CAPTION = re.compile(r"[ \t]*\((?P<name>[^\W\d_][^()\n]{3,120})\)(?:[ \t]*\([^()\n]{3,90}\))*[ \t]*")
_MOST_LINES = 3
_MOST_LINE = 100  # code points; a longer line is a paragraph's


@dataclass(frozen=True, slots=True)
class CaptionedValue:
    """A value and the name below it.

    Attributes:
        name: Without brackets.
        value: Span of the value in the text.
        around: Span of value and name.
    """

    name: str
    value: Offsets
    around: Offsets


def captioned_values(text: str) -> Iterator[CaptionedValue]:
    """Yield the values of a page that have their names below them, in reading order."""
    start, above = 0, list[Offsets]()
    for line in text.split("\n"):
        end = start + len(line)
        caption = _CAPTION.fullmatch(line)
        if caption is not None and above:
            value = (above[-_MOST_LINES:][0][0], above[-1][1])
            yield CaptionedValue(caption["name"], value, (value[0], end))
        if caption is not None or not line.strip() or len(line) > _MOST_LINE or line.rstrip().endswith((".", ":", ";")):
            above.clear()
        else:
            above.append((start + len(line) - len(line.lstrip()), start + len(line.rstrip())))
        start = end + 1
