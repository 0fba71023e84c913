"""Those present and those absent are read from the labels of minutes, one line or several."""

from __future__ import annotations

import pytest

from core.reading.passages import Passage
from core.reading.proposals.minutes import attendance, labelled

LINE = "Attending: Mia Kern, Olaf Brandt. Apologies: Tom Reed."
JOINED = "Minutes\n\nPresent: Ines Roth (chair, until nine), Karl Blum and Leo Marsh Apologies: none\n\nThe roof leaks."
LISTED = "Board meeting of 3 March\n\nPresent:\n- Mia Kern\n- Olaf Brandt\n\nExcused: Tom Reed\n\nThe roof leaks."


@pytest.mark.parametrize(
    ("question", "text", "value", "count"),
    [
        ("Who attended?", LINE, "Mia Kern, Olaf Brandt", 2),
        ("Who was absent?", LINE, "Tom Reed", 1),
        ("Who sent apologies?", LINE, "Tom Reed", 1),
        ("How many people attended?", LINE, "Mia Kern, Olaf Brandt", 2),
        ("Who was present?", JOINED, "Ines Roth (chair, until nine), Karl Blum and Leo Marsh", 3),
        ("Who was absent?", JOINED, "none", 0),
        ("Who attended the board meeting?", LISTED, "- Mia Kern\n- Olaf Brandt", 2),
        ("Who was missing?", LISTED, "Tom Reed", 1),
    ],
)
def test_those_at_a_meeting_and_those_who_were_not(question: str, text: str, value: str, count: int) -> None:
    given = attendance(question, [Passage(key="b2c3d", source="a.md, p. 1", text=text)])
    assert given is not None
    assert (text[slice(*given.value)], given.count) == (value, count)
    assert given.counts is question.startswith("How")
    assert len(given.names) == max(1, count)


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("Who attended the school in Riga?", LISTED),  # no meeting of these minutes
        ("Who came up with the leak?", LISTED),
        ("Who was present?", "She was present: nobody knew why she had come, and nobody asked her about that at all."),
        ("Who was present?", "Present: the value of today."),
        ("Who chairs the board?", LISTED),
        ("Who was absent?", "Attending: Mia Kern."),
    ],
)
def test_what_no_label_says(question: str, text: str) -> None:
    assert attendance(question, [Passage(key="b2c3d", source="a.md, p. 1", text=text)]) is None


def test_labels_on_one_line_are_parted() -> None:
    assert [(absent, LINE[slice(*value)]) for absent, _, value in labelled(LINE)] == [
        (False, "Mia Kern, Olaf Brandt"),
        (True, "Tom Reed"),
    ]
