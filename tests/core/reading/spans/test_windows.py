"""What the span reader reads is bounded, and its spans come back in the coordinates of their passages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from core.reading.passages import Passage
from core.reading.proposals.candidates import tables_in
from core.reading.reader import rank
from core.reading.spans.windows import MOST_WINDOWS, WINDOW_CHARS, PlacedSpan, predicted, windows


@dataclass(frozen=True)
class Finder:
    """A span reader that finds one string wherever it stands."""

    wanted: str

    def predict(self, question: str, texts: Sequence[str], *, top: int = 5) -> list[PlacedSpan]:
        places = [(index, text.find(self.wanted)) for index, text in enumerate(texts)]
        return [PlacedSpan(index, at, at + len(self.wanted), 1.0) for index, at in places if at >= 0][:top]


FILLER = "Nothing of interest stands in this sentence about the weather. " * 60
LONG = f"{FILLER}\nThe gate of the harbour opens at nine in the morning.\n{FILLER}"
PASSAGES = [Passage(key=f"b2b2{sign}", source=f"a.pdf, p. {at}", text=LONG) for at, sign in enumerate("bcdfghjk")]


def test_windows_hold_the_best_sentence_and_are_bounded() -> None:
    read = windows(rank("When does the harbour gate open?", PASSAGES), PASSAGES)
    assert len(read) <= MOST_WINDOWS
    assert all(len(window.text) <= 1.3 * WINDOW_CHARS for window in read)
    assert all(PASSAGES[window.passage].text[window.start :].startswith(window.text) for window in read)
    assert "harbour" in read[0].text


def test_a_passage_that_the_words_prefer_has_a_second_window_before_others_have_a_first() -> None:
    split = f"The gate of the harbour opens at nine.\n{FILLER}\nThe gate of the harbour opens late in winter."
    plain = Passage(key="b2b2b", source="a.pdf, p. 1", text=FILLER)
    passages = [plain, Passage(key="b2b2c", source="b.pdf, p. 1", text=split)]
    first, second = windows(rank("When does the harbour gate open?", passages), passages)[:2]
    assert (first.passage, second.passage) == (1, 1)
    assert first.start != second.start


def test_rows_of_known_tables_are_left_to_their_labels() -> None:
    table = "Harbour gate hours (in hours)\n\nGate 2023 2022\nHarbour gate 12 11\nSlip gate 9 8\nDock gate 7 6\n"
    passage = Passage(key="b2b2b", source="a.pdf, p. 1", text=f"{table}\n{FILLER}\n{FILLER}")
    ranked = rank("How many hours is the harbour gate open?", [passage])
    tables = tables_in([passage])
    assert [placed.table.rows[0].label for placed in tables] == ["Harbour gate"]
    low, high = tables[0].table.rows[0].start, tables[0].table.end
    others = [candidate for candidate in ranked if not low <= candidate.sentence.start < high]
    assert len(others) < len(ranked)
    assert windows(ranked, [passage], tables) == windows(others, [passage])


def test_spans_come_back_in_their_passages() -> None:
    read = windows(rank("When does the harbour gate open?", PASSAGES), PASSAGES)
    found = predicted(Finder("nine in the morning"), "When does the harbour gate open?", read)
    assert found and all(LONG[span.start : span.end] == "nine in the morning" for span in found)


@pytest.mark.parametrize(
    ("text", "span", "kept"),
    [
        ("The budget is 6.2 million crowns.", "6.2 million crowns", "6.2 million crowns"),
        ("3.1 Espresso\nInsert the holder.", "3.1 Espresso", "Espresso"),
        ("It ends on 31 March 2026.\n\n1.2 After the term it goes on.", "31 March 2026.\n\n1.2", "31 March 2026."),
    ],
)
def test_spans_are_cut_to_what_answers(text: str, span: str, kept: str) -> None:
    passages = [Passage(key="b2b2b", source="a.pdf, p. 1", text=text)]
    (found,) = predicted(Finder(span), "What?", windows(rank("What is it?", passages), passages))
    assert text[found.start : found.end] == kept


def test_rows_that_run_into_one_another_are_no_answer() -> None:
    text = "Products 56,435 54,928\nServices 10,609 10,470"
    passages = [Passage(key="b2b2b", source="a.pdf, p. 1", text=text)]
    read = windows(rank("What are the products?", passages), passages)
    assert predicted(Finder("54,928\nServices 10,609 10,470"), "What are the products?", read) == []
