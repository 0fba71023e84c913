"""The stretches of passages that the neural span reader reads: those around the sentences that the words prefer.

The reader's time grows with what it reads, and what it reads beside the answer distracts it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from core.reading.passages import Passage
from core.reading.proposals.candidates import PlacedTable
from core.reading.reader import Candidate
from core.reading.spans.protocol import Spans

# With a question, what the span reader reads at a time: a longer text would be read in two overlapping parts.
WINDOW_CHARS = 850
MOST_WINDOWS = 8
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
    no_answer: float = 0.0


def windows(
    ranked: Sequence[Candidate], passages: Sequence[Passage], tables: Sequence[PlacedTable] = ()
) -> list[TextWindow]:
    """Return windows around the best sentences, best first, none around a sentence that an earlier one holds.

    A second window of the passage that the words prefer finds more answers than one of a passage that they do not.

    Args:
        ranked: Sentences of the passages, best first.
        passages: Best first.
        tables: Known tables: no window is made for their rows, whose cells are matched by labels and heads.
    """
    chosen: list[TextWindow] = []
    rows = _rows_of(tables, passages)
    for candidate in ranked:
        if len(chosen) == MOST_WINDOWS:
            break
        if _in_rows(passages[candidate.passage], candidate.sentence.start, rows):
            continue
        inside = any(
            window.passage == candidate.passage
            and window.start <= candidate.sentence.start
            and candidate.sentence.end <= window.start + len(window.text)
            for window in chosen
        )
        if not inside:
            chosen.append(_around(candidate, passages[candidate.passage]))
    return chosen


def _around(candidate: Candidate, passage: Passage) -> TextWindow:
    whole = passage.whole
    if len(whole) <= 1.1 * WINDOW_CHARS:
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


def _break_before(text: str, offset: int) -> int:
    line = text.rfind("\n", max(0, offset - 120), offset)
    return 0 if offset == 0 else line + 1 if line >= 0 else text.rfind(" ", 0, offset) + 1


def outside(
    spans: Sequence[PlacedSpan], tables: Sequence[PlacedTable], passages: Sequence[Passage]
) -> list[PlacedSpan]:
    """Return the spans that stand in no table: the cells of tables are matched by their labels and heads."""

    rows = _rows_of(tables, passages)
    return [span for span in spans if not _in_rows(passages[span.passage], span.start, rows)]


def _rows_of(tables: Sequence[PlacedTable], passages: Sequence[Passage]) -> list[tuple[str, int, int]]:
    """The page of each table with the span of its rows."""
    return [(passages[placed.passage].page, placed.table.rows[0].start, placed.table.end) for placed in tables]


def _in_rows(passage: Passage, start: int, rows: Sequence[tuple[str, int, int]]) -> bool:
    """Whether a place in a passage, as it is read, stands among the rows of a table on its page."""
    return any(low <= passage.on_page(start) < high and page == passage.page for page, low, high in rows)


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
    spans_by_place: dict[tuple[int, int, int], PlacedSpan] = {}
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
        spans_by_place.setdefault(key, PlacedSpan(*key, span.score, span.no_answer))
    return list(spans_by_place.values())
