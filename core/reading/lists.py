"""Lists and sections of passages: all items under a lead-in or in a table, and what stands under a numbered heading."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from core.reading.sentences import Offsets, Sentence, sentences
from core.reading.tables.table import Table
from core.reading.words import is_empty, stem, words

_MOST_BODY_CHARS = 900
_ASKING = frozenset(
    map(stem, "list name enumerate give show all there many kind type sort are different following show listed".split())
)
_NUMBERED = re.compile(
    r"^\W{0,3}(?:section|clause|article|chapter|step|item|note|rule|part|§)?\s*(?P<number>\d+(?:\.\d+)*[a-z]?)(?![\d]|\.\d)",
    re.I,
)


@dataclass(frozen=True, slots=True)
class ListAnswer:
    """The items of a list.

    Attributes:
        place: Index of the passage or the table that holds it.
        items: Their spans.
        texts: What they say.
        start: First code point of the list.
        end: One past the last.
        complete: Whether the list ends where its page goes on.
    """

    place: int
    items: tuple[Offsets, ...]
    texts: tuple[str, ...]
    start: int
    end: int
    complete: bool


def topic(question: str) -> frozenset[str]:
    """Return the stems of what a question asks to be listed or counted."""
    return frozenset(stem(word) for word in words(question) if not is_empty(word)) - _ASKING


def _covered(wanted: frozenset[str], text: str) -> float:
    held = frozenset(stem(word) for word in words(text))
    return len(wanted & held) / len(wanted) if wanted else 0.0


def table_list(wanted: frozenset[str], tables: Sequence[Table], *, least: float) -> ListAnswer | None:
    """Return the labels of the table whose title and heads name what is asked for.

    Args:
        wanted: Stems of what is asked for.
        tables: Where to look.
        least: Share of those stems that title and heads must hold.
    """
    best: tuple[float, int, Table] | None = None
    for place, table in enumerate(tables):
        # The last lines of the title name the table; what stands further up is about something else.
        title = "\n".join(table.title.split("\n")[-4:])
        share = _covered(wanted, f"{title} {table.corner} {' '.join(table.heads)}")
        if share >= least and (best is None or share > best[0]) and all(row.label for row in table.rows):
            best = (share, place, table)
    if best is None:
        return None
    _, place, table = best
    rows = [row for row in table.rows if not re.match(r"total\b", row.label, re.IGNORECASE)]
    return ListAnswer(
        place,
        tuple(row.label_span for row in rows),
        tuple(row.label for row in rows),
        table.start,
        table.end,
        not table.open_end,
    )


def item_list(wanted: frozenset[str], text: str, place: int, *, least: float) -> ListAnswer | None:
    """Return the items of a text whose lead-in or heading names what is asked for."""
    units = sentences(text)
    groups: dict[Offsets | None, list[Sentence]] = {}
    for unit in units:
        if unit.kind == "item":
            groups.setdefault(unit.header or unit.label, []).append(unit)
    for governing, items in groups.items():
        if governing is None or len(items) < 2 or _covered(wanted, text[slice(*governing)]) < least:
            continue
        spans = tuple((item.start, item.end) for item in items)
        texts = tuple(_bare(text[start:end]) for start, end in spans)
        return ListAnswer(place, spans, texts, governing[0], spans[-1][1], bool(text[spans[-1][1] :].strip()))
    return None


def _bare(item: str) -> str:
    """An item without its bullet and full stop, on one line."""
    return " ".join(re.sub(r"^\W*(?:\(?(?:\d{1,2}|[a-zA-Z])[.)]\s)?", "", item).split()).rstrip(".;,")


def section_body(number: str, text: str) -> Offsets | None:
    """Return the span under the heading, clause or step with this number, None where there is none.

    The heading is left out; a clause that begins with its number is taken whole. A body ends where the next number of
    the same or a higher level begins: 4.2.10 is not part of 4.2.1.
    """
    lines: list[tuple[int, int, str]] = []
    at = 0
    for line in text.split("\n"):
        lines.append((at, at + len(line), line))
        at += len(line) + 1
    for index, (start, end, line) in enumerate(lines):
        match = _NUMBERED.match(line)
        if match is None or match["number"].lower() != number.lower():
            continue
        rest = line[match.end() :].strip(" .:)")
        heading = len(rest.split()) <= 8 and not re.search(r"[.!?]\s*$", line)
        begin = end + 1 if heading else start
        finish = len(text)
        for later_start, _, later in lines[index + 1 :]:
            following = _NUMBERED.match(later)
            if (
                following
                and not following["number"].lower().startswith(f"{number.lower()}.")
                and _is_marker(later, following)
            ):
                finish = later_start
                break
        body = text[begin : min(finish, begin + _MOST_BODY_CHARS)]
        if body.strip():
            low = begin + len(body) - len(body.lstrip())
            return low, low + len(body.strip())
    return None


def _is_marker(line: str, match: re.Match[str]) -> bool:
    """Whether a number begins a heading or a clause rather than going on a sentence ("2 years later ...")."""
    return bool(re.match(r"[.):]?\s+[A-Z\"“(]|[.):]?\s*$", line[match.end() :])) and bool(
        "." in match["number"] or len(line) < 90
    )


def body_under(heading: Sentence, units: Sequence[Sentence]) -> Offsets | None:
    """Return the span of the sentences that stand under a heading, None where there are none."""
    under = [unit for unit in units if unit.label == (heading.start, heading.end) and unit.kind != "heading"]
    if not under:
        # What follows a heading directly stands under it although another line names it.
        under = [unit for unit in units if unit.start >= heading.end][:1]
        under = [unit for unit in under if unit.kind != "heading"]
    kept = [unit for unit in under if unit.end - under[0].start <= _MOST_BODY_CHARS // 2] or under[:1]
    return (kept[0].start, kept[-1].end) if kept else None
