"""What stands under the number of a section, clause, item or annex: its whole text, or the item that its marks name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from core.language.english.printed.sections import APPENDED, NUMBERED
from core.reading.proposals.clauses import items_with, marks_of
from core.reading.proposals.numbered import after_heading, item_spans, lines_of
from core.reading.text.sentences import Offsets

MOST_BODY_CHARS = 2400  # of a section that is read out
_MOST_HEADING_WORDS = 8
_LONGEST_MARKER_CHARS = 90
_APPENDED = re.compile(APPENDED, re.IGNORECASE)
_ROMAN = re.compile(r"[ivxl]+", re.IGNORECASE)
_BRACKETED = re.compile(r"\s*\(\w+\)")
_STOP = re.compile(r"[.!?]\s*$")


def section_body(number: str, text: str, heading: str = "") -> Offsets | None:
    """Return the span under the heading, clause or step with this number, None where there is none.

    The heading is left out; a clause or a list item that begins with its number is taken whole, with what is nested
    in it. A body ends where the next number of the same or a higher level begins: 4.2.10 is not part of 4.2.1.

    Args:
        number: As the question gives it, with the marks of what is inside ("2(a)(ii)") or a word before it
            ("annex b").
        text: Of a page.
        heading: Words of the heading under which the number stands, `""` for any.
    """
    if heading:
        below = after_heading(heading, text)
        span = None if below is None else section_body(number, text[below:])
        return None if span is None or below is None else (span[0] + below, span[1] + below)
    bodies = list_bodies(number, text)
    return bodies[0] if bodies else next(_bodies(number, text), None)


def list_bodies(number: str, text: str) -> list[Offsets]:
    """Return the spans of the list items with a number or a mark, empty where what has it is a heading or nothing."""
    head, marks = marks_of(number)
    if head.isdigit() and not marks:
        spans = item_spans(head, text)
    elif head and marks:
        return []
    elif marks or (head.isalpha() and next(_bodies(head, text), None) is None):
        spans = items_with(marks or (head,), text, 0, len(text))
    else:
        spans = []
    return [(low, min(high, low + MOST_BODY_CHARS)) for low, high in spans]


def _bodies(number: str, text: str) -> Iterator[Offsets]:
    """What stands under each line that has a number, the first one first."""
    lines = lines_of(text)
    numbers = [number_of_line(line) for _, _, line in lines]
    head, marks = marks_of(number)
    own = number.casefold()
    # "Clause 2(b): ..." is the first line of clause 2 where no line has that number alone.
    split = own not in numbers
    for index, (start, end, line) in enumerate(lines):
        written = numbers[index]
        if written is None or not (written == own or (split and written.startswith(f"{own}("))):
            continue
        rest = line[_number_end(line) :].strip(" .:)")
        begin = end + 1 if _titles(rest, line) else start
        span = _stripped(text, begin, _end_of(number, index, lines))
        if span is not None:
            yield span[0], min(span[1], span[0] + MOST_BODY_CHARS)
    for index, (start, end, line) in enumerate(lines if marks and head else ()):
        if numbers[index] == head.casefold():
            body = start + _number_end(line)
            yield from items_with(marks, text, body, max(end, _end_of(head, index, lines)))


def number_of_line(line: str) -> str | None:
    """Return the number that a line begins with, lower case, as a question would be read; None where it has none."""
    match = NUMBERED.match(line)
    if match is None:
        return None
    number = f"{match['number']}{''.join(match['marks'].split())}".casefold()
    kind = (match["kind"] or "").strip().casefold()
    return f"{kind} {number}" if _APPENDED.fullmatch(kind) else number


def _number_end(line: str) -> int:
    match = NUMBERED.match(line)
    return 0 if match is None else match.end()


def _titles(rest: str, line: str) -> bool:
    """Whether a line with a number reads like a heading."""
    return len(rest.split()) <= _MOST_HEADING_WORDS and not _STOP.search(line)


def _stripped(text: str, start: int, end: int) -> Offsets | None:
    body = text[start:end]
    if not body.strip():
        return None
    low = start + len(body) - len(body.lstrip())
    return low, low + len(body.strip())


def _end_of(number: str, index: int, lines: Sequence[tuple[int, int, str]]) -> int:
    """Where the next number of the same or a higher level begins, or the text ends."""
    own = number.casefold()
    bracketed = _BRACKETED.match(lines[index][2]) is not None
    listed = 0  # last number of a list that stands inside
    for place in range(index + 1, len(lines)):
        start, _, line = lines[place]
        following = number_of_line(line)
        if following is None or following.startswith((f"{own}.", f"{own}(")):
            continue
        if _BRACKETED.match(line) and not bracketed:
            continue  # "(1)" is inside of what is numbered without brackets
        match = NUMBERED.match(line)
        before = lines[place - 1][2].strip()
        if match is None or not _is_marker(line, match, before) or not _may_end(own, following, line):
            continue
        if following.isdigit() and "." in own:
            first = re.match(r"\d+", own)
            if int(following) == listed + 1 and (first is None or int(following) <= int(first[0]) or listed):
                listed = int(following)
                continue
        return start
    return lines[-1][1]


def _may_end(own: str, following: str, line: str) -> bool:
    """Whether a number can be of the same or a higher level: figures are inside a Roman numeral or an annex."""
    appended = _APPENDED.match(following) is not None
    if appended or _ROMAN.fullmatch(following):
        return _titles(line, line) or bool(_ROMAN.fullmatch(own))
    return not (following[0].isdigit() and (_APPENDED.match(own) or own.isalpha()))


def _is_marker(line: str, match: re.Match[str], before: str) -> bool:
    """Whether a number begins a heading or a clause rather than going on a sentence ("2 years later ...")."""
    rest = line[match.end() :]
    if not re.match(r"[.):]?\s+[A-Z\"“(]|[.):]?\s*$", rest):
        return False
    begins = rest[:1] in {".", ")"} and (not before or before[-1] in ".!?;:")
    return begins or "." in match["number"] or len(line) < _LONGEST_MARKER_CHARS
