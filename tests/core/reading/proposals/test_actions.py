"""Action lists answer who, what, until when and how many."""

from __future__ import annotations

import pytest

from core.reading.passages import Passage
from core.reading.proposals.actions import action_answer, actions_in

LIST = (
    "- Carla: order the frame by 31 October\n- Ben: call the painter by 7 November\n"
    "- Derek: find helpers by 14 November\n"
)
TURN = "Actions:\n- Carla: order the frame by 20 December\n- Ben: call the painter by 7 January\n"
YEARS = "- Mia: sweep the hall by 20 December 2025\n- Tom Reed to pay the fee (due 7 January 2026)\n- Mia: paint it\n"


def passage(text: str, source: str = "minutes.md, p. 1") -> Passage:
    return Passage(key="b2c3d", source=source, text=text)


@pytest.mark.parametrize(
    ("question", "text", "short"),
    [
        ("Who must order the frame?", LIST, "Carla"),
        ("Who calls the painter?", LIST, "Ben"),
        ("Who is responsible for helpers?", LIST, "Derek"),
        ("Who must paint the door?", LIST, None),
        ("What must Derek do?", LIST, "find helpers by 14 November"),
        ("What must Olga do?", LIST, None),
        ("What is due on 7 November?", LIST, "call the painter"),
        ("What is due on 8 November?", LIST, None),
        ("Which tasks are due before 7 November?", LIST, "order the frame"),
        ("Which are due by 7 November?", LIST, "Carla: order the frame; Ben: call the painter"),
        ("Which actions are due after 1 November?", LIST, "Ben: call the painter; Derek: find helpers"),
        ("When must Ben call the painter?", LIST, "7 November"),
        ("How many actions are there?", LIST, "3"),
        ("How many items are there?", LIST, None),
        ("Which are due before 31 December?", TURN, None),  # the years are not known
        ("What is due on 7 January?", TURN, "call the painter"),
        ("Which are due before 31 December 2025?", YEARS, "sweep the hall"),
        ("Who must pay the fee?", YEARS, "Tom Reed"),
        ("What does Mia have to do?", YEARS, "sweep the hall by 20 December 2025; paint it"),
        ("How many tasks does Mia have?", YEARS, "2"),
        ("Who wrote the report?", LIST, None),
    ],
)
def test_what_an_action_list_answers(question: str, text: str, short: str | None) -> None:
    given = action_answer(question, [passage("Nothing is listed here."), passage(text)])
    assert (given and given.short) == short
    if given is not None:
        assert {line.passage for line in given.lines} == {1}
        assert given.computed is (given.short.isdigit() or given.short not in " ".join(text.split()))


@pytest.mark.parametrize(
    "text",
    [
        "- Carla: order the frame by 31 October\n",
        "- Berlin: capital of a state\n- Oslo: capital of a state\n",
        "The board will meet on 3 May.\nThe club will sail on 4 May.\n",
    ],
)
def test_what_is_no_action_list(text: str) -> None:
    assert actions_in([passage(text)]) == []
