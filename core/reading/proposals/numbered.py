"""Numbered list items of a page and how deep they are nested, told by their numbers and by indentation."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, zip_longest

from core.language.english.printed.documents import NUMBERED_ITEM
from core.reading.text.sentences import Offsets
from core.reading.text.words import is_empty, stem, words

_UNNUMBERED = re.compile(r"\s*(?:\(?(?:[a-z]|[ivx]{1,4})[.)]|[•●▪◦‣·○–—*-])\s", re.IGNORECASE)
_LISTED_IN_CONTENTS = re.compile(r"[\s.…]*\d*\s*$")
_MOST_HEADING_WORDS = 8


@dataclass(frozen=True, slots=True)
class NumberedItem:
    """A list item with everything that is nested in it.

    Attributes:
        number: Its number.
        level: How many items it is nested in.
        line: Index of its line.
        start: First code point of its number.
        end: One past its last visible character.
        bare: Whether nothing but nested items stands in it after its first line.
        tight: Whether an item with a lower number stands on the line before it, or just above what is nested there.
    """

    number: int
    level: int
    line: int
    start: int
    end: int
    bare: bool
    tight: bool


def lines_of(text: str) -> list[tuple[int, int, str]]:
    """Return the lines of a text with their spans, in order."""
    lines: list[tuple[int, int, str]] = []
    start = 0
    for line in text.split("\n"):
        lines.append((start, start + len(line), line))
        start += len(line) + 1
    return lines


def _levels(lines: Sequence[tuple[int, int, str]]) -> list[tuple[int, int, int]]:
    """Line, number and level of every numbered line.

    A deeper indent nests. Without one, a "1." directly below another numbered line nests until the list around it
    goes on; a "1." below anything else begins a new list.
    """
    open_items: list[tuple[int, int]] = []  # indent and number, outermost first
    numbered: list[tuple[int, int, int]] = []
    for index, (_, _, line) in enumerate(lines):
        match = NUMBERED_ITEM.match(line)
        if match is None:
            continue
        indent, number = len(match["indent"].expandtabs(4)), int(match["named"] or match["number"])
        while open_items and open_items[-1][0] > indent:
            open_items.pop()
        follows = [depth for depth, item in enumerate(open_items) if item == (indent, number - 1)]
        if follows:
            del open_items[follows[-1] :]
        elif open_items and open_items[-1][0] == indent:
            below_item = index > 0 and NUMBERED_ITEM.match(lines[index - 1][2]) is not None
            if number != 1 or not below_item:
                open_items = [item for item in open_items if item[0] < indent]
        open_items.append((indent, number))
        numbered.append((index, number, len(open_items) - 1))
    return numbered


def _is_title(line: str) -> bool:
    """Whether a line without a number reads like a heading."""
    return (
        line[:1].isupper()
        and len(line.split()) <= _MOST_HEADING_WORDS
        and not re.search(r"[.!?;,:]\s*$", line)
        and not _UNNUMBERED.match(line)
    )


def _end_line(
    lines: Sequence[tuple[int, int, str]], first: int, last: int, *, followed: bool, paragraphs: bool = True
) -> int:
    """Index one past the last line of an item; where its list ends with it, a heading or a lead-in ends it too.

    Args:
        lines: Of the text.
        first: Index of the item's first line.
        last: Index of the first line that cannot be part of it.
        followed: Whether the list goes on with the next number.
        paragraphs: Whether a paragraph after a blank line may belong to it, as to other items of its list.
    """
    for index in range(first + 1, last):
        line = lines[index][2]
        before = lines[index - 1][2].strip()
        if followed or not line.strip():
            continue
        following = next((text for _, _, text in lines[index + 1 :] if text.strip()), "")
        begins_list = (match := NUMBERED_ITEM.match(following)) is not None and (
            match["named"] or match["number"]
        ) == "1"
        if _is_title(line) and (not before or begins_list):
            return index
        leads_in = line.rstrip().endswith(":") and line[:1].isupper() and (not before or before[-1] in ".!?")
        if leads_in or (not before and not paragraphs and not _is_nested(line)):
            return index
    return last


def _holds_paragraph(lines: Sequence[tuple[int, int, str]], first: int, last: int) -> bool:
    """Whether a paragraph that is not indented stands in an item."""
    return any(
        line.strip() and not lines[index - 1][2].strip() and not _is_nested(line)
        for index, (_, _, line) in enumerate(lines[first + 1 : last], first + 1)
    )


def numbered_items(text: str) -> list[NumberedItem]:
    """Return the numbered items of a text ("2. Turn the key", "3) Moor", "Step 4: Row"), in order."""
    lines = lines_of(text)
    numbered = _levels(lines)
    items = []
    for place, (index, number, level) in enumerate(numbered):
        later = next((entry for entry in numbered[place + 1 :] if entry[2] <= level), None)
        followed = later is not None and later[1:] == (number + 1, level)
        before = next((entry for entry in reversed(numbered[:place]) if entry[2] <= level), None)
        listed = before is not None and before[1:] == (number - 1, level)
        # The last item of a list is cut like the others: a paragraph below it is its own where they have some.
        paragraphs = not listed or any(
            _holds_paragraph(lines, entry[0], after[0])
            for entry, after in pairwise(entry for entry in numbered[: place + 1] if entry[2] == level)
        )
        limit = len(lines) if later is None else later[0]
        last = _end_line(lines, index, limit, followed=followed, paragraphs=paragraphs)
        inside = [line for _, _, line in lines[index + 1 : last] if line.strip()]
        between = lines[before[0] + 1 : index] if before is not None else ()
        start, end = lines[index][0], lines[last - 1][1]
        span = text[start:end]
        items.append(
            NumberedItem(
                number,
                level,
                index,
                start + len(span) - len(span.lstrip()),
                start + len(span.rstrip()),
                bare=all(_is_nested(line) for line in inside),
                tight=before is not None
                and before[2] == level
                and before[1] < number
                and all(_is_nested(line) for _, _, line in between),
            )
        )
    return items


def _is_nested(line: str) -> bool:
    return bool(NUMBERED_ITEM.match(line) or _UNNUMBERED.match(line)) or line[:2].isspace()


def item_spans(number: str, text: str) -> list[Offsets]:
    """Return the spans of the list items with a number, one for each list; none where what has it is a heading.

    The outermost lists count. An entry of a table of contents is no item: its line stands again as a heading.
    """
    if not number.isdigit():
        return []
    lines = lines_of(text)
    items = numbered_items(text)
    numbers = {(item.number, item.level) for item in items}
    fitting = []
    for item, following in zip_longest(items, items[1:]):
        if item.number != int(number):
            continue
        line = _LISTED_IN_CONTENTS.sub("", lines[item.line][2].strip())
        again = any(_LISTED_IN_CONTENTS.sub("", later.strip()) == line for _, _, later in lines[item.line + 1 :])
        sibling = not numbers.isdisjoint({(item.number - 1, item.level), (item.number + 1, item.level)})
        # Numbers of a list may leave some out.
        sibling = sibling or item.tight or (following is not None and following.tight and following.level == item.level)
        if not again and sibling and (item.tight or item.bare):
            fitting.append(item)
    level = min((item.level for item in fitting), default=0)
    return [(item.start, item.end) for item in fitting if item.level == level]


def after_heading(name: str, text: str) -> int | None:
    """Return the end of the heading over a list that holds all words of a name, None where there is none."""
    stems = {stem(word) for word in words(name) if not is_empty(word)}
    lines = lines_of(text)
    for index, (_, end, line) in enumerate(lines):
        title = line.lstrip("# ").rstrip(": ")
        if not stems or not stems <= set(map(stem, words(title))) or not _is_title(title) or NUMBERED_ITEM.match(title):
            continue
        if any(NUMBERED_ITEM.match(later) for _, _, later in lines[index + 1 :]):
            return end
    return None
