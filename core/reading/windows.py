"""The stretches of passages that the neural span reader reads: those around the sentences that the words prefer.

The reader's time grows with what it reads, and what it reads beside the answer distracts it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from core.reading.candidates import PlacedTable
from core.reading.passages import Passage
from core.reading.reader import Candidate
from core.reading.span_protocol import Spans

WINDOW_CHARS = 1000
MOST_WINDOWS = 10
_TOP = 8
_NUMBER_ALONE = re.compile(r"\d+(?:\.\d+)*[.)]?")
_DATE_CHARS = 24  # a date may stand over two lines
# More than one line with figures: rows of a table run into one another.
_ROWS = re.compile(r"\d[^\n]*\n[^\n]*\d")


@dataclass(frozen=True, slots=True)
class TextWindow:
    """A stretch of a passage as it is read; `start` counts in `Passage.whole`."""

    passage: int
    start: int
    text: str


@dataclass(frozen=True, slots=True)
class PlacedSpan:
    """A span in a passage as it is read."""

    passage: int
    start: int
    end: int
    score: float


def windows(ranked: Sequence[Candidate], passages: Sequence[Passage]) -> list[TextWindow]:
    """Return a window of every passage around its best sentence, and further ones around the best left out.

    Args:
        ranked: Sentences of the passages, best first.
        passages: Best first.
    """
    found: list[TextWindow] = []
    seen: set[int] = set()
    for candidate in ranked:
        if candidate.passage not in seen:
            seen.add(candidate.passage)
            found.append(_around(candidate, passages[candidate.passage]))
    for index, passage in enumerate(passages):
        if index not in seen and passage.whole.strip():
            found.append(TextWindow(index, 0, passage.whole[:WINDOW_CHARS]))
    for candidate in ranked:
        if len(found) >= MOST_WINDOWS:
            break
        inside = any(
            window.passage == candidate.passage
            and window.start <= candidate.sentence.start
            and candidate.sentence.end <= window.start + len(window.text)
            for window in found
        )
        if not inside:
            found.append(_around(candidate, passages[candidate.passage]))
    return found[: max(MOST_WINDOWS, len(passages))]


def _around(candidate: Candidate, passage: Passage) -> TextWindow:
    whole = passage.whole
    if len(whole) <= 1.2 * WINDOW_CHARS:
        return TextWindow(candidate.passage, 0, whole)
    sentence = candidate.sentence
    margin = max(0, WINDOW_CHARS - (sentence.end - sentence.start)) // 2
    start = max(0, min(sentence.start - margin, len(whole) - WINDOW_CHARS))
    end = max(sentence.end, start + WINDOW_CHARS)
    # Begin and end with a line or at least a word.
    start = _break_before(whole, start)
    return TextWindow(candidate.passage, start, whole[start:end])


def _heads_line(text: str, start: int) -> bool:
    """Whether a number begins its line, as the number of a section or a step does."""
    line = text[text.rfind("\n", 0, start) + 1 :]
    return re.match(r"\s*\d+(?:\.\d+)*[.)]?\s+[A-Z]", line) is not None and not text[:start].rpartition("\n")[2].strip()


def _break_before(text: str, at: int) -> int:
    line = text.rfind("\n", max(0, at - 120), at)
    return 0 if at == 0 else line + 1 if line >= 0 else text.rfind(" ", 0, at) + 1


def outside(
    spans: Sequence[PlacedSpan], tables: Sequence[PlacedTable], passages: Sequence[Passage]
) -> list[PlacedSpan]:
    """Return the spans that stand in no table: the cells of tables are matched by their labels and heads."""

    def in_table(span: PlacedSpan) -> bool:
        passage = passages[span.passage]
        start = passage.offset + span.start
        return any(
            passages[placed.passage].page == passage.page and placed.table.rows[0].start <= start < placed.table.end
            for placed in tables
        )

    return [span for span in spans if not in_table(span)]


def _tidied(text: str) -> tuple[int, int]:
    """The part of a span that answers: up to the end of its paragraph, without a section number at either end."""
    end = len(text)
    blank = re.search(r"\n\s*\n", text.rstrip())
    if blank is not None:
        end = blank.start()
    leading = re.match(r"\s*\d+(?:\.\d+)+\.?\s+(?=[A-Z])", text[:end])
    trailing = re.search(r"\.\s+\d+(?:\.\d+)*\s*$", text[:end])
    return leading.end() if leading else 0, trailing.start() if trailing else end


def predicted(spans: Spans, question: str, read: Sequence[TextWindow]) -> list[PlacedSpan]:
    """Return the spans of some windows in the coordinates of their passages, best first, none over rows of a table."""
    found: dict[tuple[int, int, int], PlacedSpan] = {}
    for span in spans.predict(question, [window.text for window in read], top=_TOP):
        window = read[span.passage]
        text = window.text[span.start : span.end]
        if len(text) > _DATE_CHARS and _ROWS.search(text):
            continue
        low, high = _tidied(text)
        if high <= low or (
            _NUMBER_ALONE.fullmatch(text[low:high].strip()) and _heads_line(window.text, span.start + low)
        ):
            continue
        key = (window.passage, window.start + span.start + low, window.start + span.start + high)
        found.setdefault(key, PlacedSpan(*key, span.score))
    return list(found.values())
