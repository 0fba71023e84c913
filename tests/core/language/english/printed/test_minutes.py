"""Labels of minutes, and the questions that ask who was there and who was not."""

from __future__ import annotations

import pytest

from core.language.english.printed import minutes


@pytest.mark.parametrize(
    ("question", "present", "absent"),
    [
        ("Who attended?", True, False),
        ("How many people were present at the meeting?", True, False),
        ("Who was there?", True, False),
        ("Who came to the meeting?", True, False),
        ("Who came up with the name?", False, False),
        ("How many people are there?", False, False),
        ("Who sent apologies?", False, True),
        ("Who was away?", False, True),
        ("When was he present?", False, False),
    ],
)
def test_who_is_asked_for(question: str, present: bool, absent: bool) -> None:
    assert bool(minutes.ASKS_PRESENT.match(question)) is present
    assert bool(minutes.ASKS_ABSENT.match(question)) is absent
