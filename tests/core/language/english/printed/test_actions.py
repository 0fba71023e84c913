"""Lines of action lists, and the questions that ask for them."""

from __future__ import annotations

import pytest

from core.language.english.printed import actions


@pytest.mark.parametrize(
    ("line", "who", "task"),
    [
        ("- Carla: order the frame by 31 October", "Carla", "order the frame by 31 October"),
        ("2. Ben Kull to call the painter.", "Ben Kull", "call the painter"),
        ("[ ] Mia and Tom – sweep the hall", "Mia and Tom", "sweep the hall"),
        ("- Price: 3 crowns", None, None),
        ("- Colour: Red", None, None),
        ("the board will meet", None, None),
    ],
)
def test_a_line_has_who_and_what(line: str, who: str | None, task: str | None) -> None:
    match = actions.LINE.match(line)
    assert (match and match["who"]) == who
    assert (match and match["task"]) == task


@pytest.mark.parametrize(
    ("question", "counts"),
    [("How many action items are there?", True), ("How many items are there?", False), ("How many tasks?", True)],
)
def test_what_counts_actions(question: str, counts: bool) -> None:
    assert bool(actions.COUNT.match(question)) is counts
