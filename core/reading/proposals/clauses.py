"""Lettered and Roman items of a text, on lines of their own or within a sentence, and what is nested in them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from core.language.english.printed.sections import JOINED
from core.reading.text.sentences import Offsets

_MARK = r"[a-zA-Z]|[ivxl]{1,6}|[IVXL]{1,6}|\d{1,2}"
# "(a) ", "a) ", "a. ", and "II " alone.
_AT_LINE = re.compile(
    rf"^[ \t]*(?:[•●▪◦‣·*–—-][ \t]+)?(?:(?P<open>\()?(?P<mark>{_MARK})(?P<close>[.)])|(?P<bare>[IVXL]{{1,6}}))(?=\s)",
    re.MULTILINE,
)
_IN_LINE = re.compile(rf"(?<![\w)])(?P<open>\()(?P<mark>{_MARK})(?P<close>\))(?=\s)(?P<bare>)")
_ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50}
_BARE = "iTrue"  # kind of numbering of a capital Roman numeral without a sign
_BULLET = re.compile(r"[ \t]*[•●▪◦‣·*–—-][ \t]")
_BLANK = re.compile(r"\n[ \t]*\n")
_SENTENCE_GAP = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")
Step = tuple[str, int]  # kind of numbering and place in it


@dataclass(frozen=True, slots=True)
class MarkedItem:
    """An item of a list whose mark is a letter, a Roman numeral or a figure in brackets.

    Attributes:
        mark: As it is written, without its brackets.
        level: How many items it is nested in.
        start: First code point of the mark.
        body: First code point after the mark.
        end: One past its last visible character, what joins it to the next item left out.
    """

    mark: str
    level: int
    start: int
    body: int
    end: int


def marks_of(number: str) -> tuple[str, tuple[str, ...]]:
    """Return the number of a section and the marks of what is inside it: "2(a)(ii)" is 2, a and ii."""
    head = re.match(r"[^(]*", number)
    return head[0].strip() if head else "", tuple(re.findall(r"\((\w+)\)", number))


def items_with(marks: Sequence[str], text: str, low: int, high: int) -> list[Offsets]:
    """Return the spans of the items of a stretch of text that have these marks, each inside the one before.

    Args:
        marks: Of the outer item first.
        text: What the stretch is part of.
        low: First code point of the stretch.
        high: One past the last.
    """
    for pattern in (_AT_LINE, _IN_LINE):
        items = marked_items(text, low, high, pattern)
        fitting = [item for item in items if item.mark.casefold() == marks[0].casefold()]
        outermost = [item for item in fitting if item.level == min(each.level for each in fitting)]
        if len(marks) > 1:
            spans = [span for item in outermost for span in items_with(marks[1:], text, item.body, item.end)]
        else:
            spans = [(item.start, item.end) for item in outermost]
        if spans:
            return spans
    return []


def marked_items(text: str, low: int, high: int, pattern: re.Pattern[str] = _AT_LINE) -> list[MarkedItem]:
    """Return the items of a stretch of text, in order; a mark that goes on no list and begins none is left out."""
    stack: list[Step] = []
    begun: list[tuple[MarkedItem, Step]] = []
    for match in pattern.finditer(text, low, high):
        steps = _steps(match)
        depth = next((place for place in reversed(range(len(stack))) if _after(stack[place]) in steps), None)
        if depth is not None:
            step = _after(stack[depth])
            del stack[depth:]
        else:
            first = next((step for step in steps if step[1] == 1), None)
            if first is None and (stack or match["bare"]):
                continue
            step = first or steps[0]
            # A list is not nested in itself: it begins anew.
            del stack[next((place for place, (kind, _) in enumerate(stack) if kind == step[0]), len(stack)) :]
        stack.append(step)
        mark_start = match.start("open") if match["open"] else match.start("bare" if match["bare"] else "mark")
        mark = match["bare"] or match["mark"]
        begun.append((MarkedItem(mark, len(stack) - 1, mark_start, match.end(), high), step))
    begun = [each for each in begun if not _is_word(each, begun)]
    return [_ended(place, [item for item, _ in begun], text, inline=pattern is _IN_LINE) for place in range(len(begun))]


def _steps(match: re.Match[str]) -> list[Step]:
    """What a mark may stand for: the ninth letter is also the Roman one."""
    mark = match["bare"] or match["mark"]
    style = f"{match['open'] or ''}{match['close'] or ''}{mark.isupper()}"
    if mark.isdigit():
        return [(f"1{style}", int(mark))]
    roman = _value(mark.lower())
    steps = [(f"i{style}", roman)] if roman else []
    if len(mark) == 1 and not match["bare"]:
        steps.append((f"a{style}", ord(mark.lower()) - ord("a") + 1))
    return steps


def _value(mark: str) -> int:
    """The value of a Roman numeral, 0 where it is none."""
    if not mark or set(mark) - _ROMAN.keys():
        return 0
    figures = [_ROMAN[letter] for letter in mark]
    return sum(
        -figure if any(later > figure for later in figures[place + 1 :]) else figure
        for place, figure in enumerate(figures)
    )


def _after(step: Step) -> Step:
    return step[0], step[1] + 1


def _is_word(entry: tuple[MarkedItem, Step], begun: Sequence[tuple[MarkedItem, Step]]) -> bool:
    """Whether a mark without a sign stands alone: the word "I", not a numeral."""
    (kind, value), steps = entry[1], [step for _, step in begun]
    return kind == _BARE and (kind, value + 1) not in steps and (kind, value - 1) not in steps


def _ended(place: int, items: Sequence[MarkedItem], text: str, *, inline: bool) -> MarkedItem:
    """An item with its end: where the next one begins, or where its paragraph ends."""
    item = items[place]
    later = next((each for each in items[place + 1 :] if each.level <= item.level), None)
    end = item.end if later is None else later.start
    if later is None or later.level < item.level:
        inner = max((each.body for each in items[place:] if each.start < end), default=item.body)
        end = min(end, _paragraph_end(text, inner, end, inline=inline, bulleted=_has_bullets(place, items, text)))
    piece = text[item.start : end]
    joined = JOINED.search(piece.rstrip())
    kept = piece[: joined.start()] if joined else piece
    return replace(item, end=item.start + len(kept.rstrip(" \n\t•●▪◦‣·*")))


def _has_bullets(place: int, items: Sequence[MarkedItem], text: str) -> bool:
    """Whether items of a list before one have bullets below them."""
    before = [(each.body, following.start) for each, following in pairwise(items[: place + 1])]
    return any(re.search(r"\n" + _BULLET.pattern, text[low:high].rstrip(" \n•●▪◦‣·*–—-")) for low, high in before)


def _paragraph_end(text: str, low: int, high: int, *, inline: bool, bulleted: bool) -> int:
    """Where what begins at a place ends: at a blank line, at a new sentence of a run of text, or at a bullet."""
    ends = [high]
    ends += [match.start() for match in _BLANK.finditer(text, low, high)][:1]
    if inline:
        ends += [match.start() for match in _SENTENCE_GAP.finditer(text, low, high)][:1]
    lines = [low, *(match.end() for match in re.finditer(r"\n", text[:high]) if match.end() > low)]
    if not bulleted:
        ends += [
            start
            for start in lines[1:]
            if _BULLET.match(text, start, high) and not text[low:start].rstrip().endswith(":")
        ][:1]
    return min(ends)
