"""Who was at a meeting and who was not, by the labels of its minutes, and how many."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.language.english.printed import minutes
from core.reading.passages import Passage
from core.reading.text.sentences import Offsets, sentences_of
from core.reading.text.words import content_stems, stem

_MOST_CHARS = 600  # of a list of names
_HEAD_CHARS = 300  # before a label, which tell of what meeting it is
_MOST_NAME_WORDS = 6


@dataclass(frozen=True, slots=True)
class Attendance:
    """Those whom a label of minutes names.

    Attributes:
        passage: Index of the passage on whose page they stand.
        names: Span of each name.
        value: Span of all of them.
        around: The same with the label.
        count: How many they are, 0 where it says that there is nobody.
        counts: Whether their number is asked for.
    """

    passage: int
    names: tuple[Offsets, ...]
    value: Offsets
    around: Offsets
    count: int
    counts: bool


def attendance(question: str, passages: Sequence[Passage]) -> Attendance | None:
    """Return those whom a question asks for by their being present or absent, None where no page names them.

    Args:
        question: As asked, a denial as the word for it or as it is.
        passages: Best first.
    """
    absent = minutes.ASKS_ABSENT.match(question)
    match = absent or minutes.ASKS_PRESENT.match(question)
    if match is None:
        return None
    topic = content_stems(match["rest"]) - set(map(stem, minutes.OF_MEETING))
    for index, passage in enumerate(passages):
        for is_absent, around, value in labelled(passage.page):
            # The head of the minutes names the meeting.
            head = content_stems(f"{passage.source} {passage.page[max(0, around[0] - _HEAD_CHARS) : around[0]]}")
            if is_absent is bool(absent) and topic <= head:
                names = tuple(_names(passage.page, value))
                nobody = bool(minutes.NOBODY.match(passage.page[slice(*value)]))
                counts = bool(minutes.COUNTS.match(match["asks"]))
                if names:
                    return Attendance(index, names, value, around, 0 if nobody else len(names), counts)
    return None


def labelled(page: str) -> Iterator[tuple[bool, Offsets, Offsets]]:
    """Yield for each label of a page whether it is of those absent, the span with the label and that of the names."""
    for match in minutes.LABEL.finditer(page):
        label = match["inner"] or match["absent"] or match["present"]
        start = match.start() + len(match[0]) - len(match[0].lstrip(" \n\t"))
        low, high = _value(page, match.end())
        piece = page[low:high]
        low, high = low + len(piece) - len(piece.lstrip()), low + len(piece.rstrip(" \n\t.;,|–—-"))
        if low < high:
            yield minutes.ABSENT_LABEL.fullmatch(label) is not None, (start, high), (low, high)


def _value(page: str, low: int) -> Offsets:
    """Where the names after a label stand: up to the next label, the end of the sentence or of the list below."""
    limit = min(len(page), low + _MOST_CHARS)
    unit = next((each for each in sentences_of(page) if each.start < low <= each.end), None)
    if not page[low:].partition("\n")[0].strip() and unit is not None and unit.end <= low:
        below = [each for each in sentences_of(page) if each.start >= low]
        listed = next((place for place, each in enumerate(below) if each.kind != "item"), len(below))
        return (low, min(limit, below[listed - 1].end)) if listed else (low, low)
    high = limit if unit is None else min(limit, unit.end)
    later = [match.start() for match in minutes.LABEL.finditer(page, low, high)]
    later += [match.start() for match in minutes.OTHER_LABEL.finditer(page, low, high)]
    return low, min([high, *later])


def _names(page: str, value: Offsets) -> Iterator[Offsets]:
    """The spans of the names in a list; none where it is no list of names."""
    low, high = value
    parts: list[Offsets] = []
    start = low
    gaps = [match.span() for match in re.finditer(rf"{minutes.AND.pattern}|\n\s*(?:[-•*]\s+)?", page[low:high], re.I)]
    for gap_start, gap_end in [*((low + first, low + last) for first, last in gaps), (high, high)]:
        # A comma in brackets parts no names: "Ines Roth (chair, until nine)".
        inside = page[start:gap_start].count("(") > page[start:gap_start].count(")")
        if inside and gap_start < high:
            continue
        piece = page[start:gap_start]
        lead = len(piece) - len(piece.lstrip(" -•*\n"))
        if piece.strip(" -•*\n"):
            parts.append((start + lead, start + len(piece.rstrip())))
        start = gap_end
    texts = [page[slice(*part)] for part in parts]
    nobody = bool(minutes.NOBODY.match(page[low:high]))
    if nobody or all(text[:1].isupper() and len(text.split("(")[0].split()) <= _MOST_NAME_WORDS for text in texts):
        yield from parts
