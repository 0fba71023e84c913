"""Blind votes: what an answer looks like before the vote, and the tally after it."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.files import Home
from core.prompt import ABSTENTION, NOTICE
from serve.ui.votes import NO_ANSWER, VoteTally, disguised


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"16 weeks\n“A tour lasts 16 weeks.” (handbook (2).pdf, p. 12)\n{NOTICE}", "16 weeks\nA tour lasts 16 weeks."),
        ("## Head\n\n- **one** [[k3m4p]]\n- `two` [1]\n1. three", "Head\none\ntwo\nthree"),
        (ABSTENTION, NO_ANSWER),
        (f"{NO_ANSWER} Ollama is away.", NO_ANSWER),
        ("It costs 5 euros (see below).", "It costs 5 euros (see below)."),
    ],
)
def test_nothing_tells_who_wrote_an_answer(text: str, shown: str) -> None:
    assert disguised(text) == shown


def test_votes_are_counted_over_restarts(tmp_path: Path) -> None:
    assert VoteTally(Home(tmp_path)).text() == ""
    VoteTally(Home(tmp_path)).add(["a", "b"], "a")
    VoteTally(Home(tmp_path)).add(["a", "b"], None)
    path = tmp_path / "serve" / "votes.jsonl"
    path.write_text(path.read_text(encoding="utf-8") + '{"models": ["a"', encoding="utf-8")  # a full disk
    assert VoteTally(Home(tmp_path)).text() == "Votes so far: a best in 1 of 2, b best in 0 of 2; no difference in 1."
