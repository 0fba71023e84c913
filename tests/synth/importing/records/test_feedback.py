"""Ratings of answers: what becomes of likes, dislikes and corrections."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from synth.dataset.write import JudgedFolder
from synth.importing.load import ImportPlan, import_sources
from synth.importing.records.feedback import Feedback, append_feedback


def imported(tmp_path: Path, *entries: dict[str, Any]) -> JudgedFolder:
    file = tmp_path / "feedback.jsonl"
    for number, entry in enumerate(entries):
        fields = {"id": str(number), "time": "2025-01-01T00:00:00Z", "model": "smollm2", **entry}
        append_feedback(file, Feedback(**fields))
    done = import_sources(tmp_path / "out", [str(file)], ImportPlan(split="train"))
    assert done.reads[0].shape == "feedback"
    return JudgedFolder(tmp_path / "out")


def test_a_dislike_with_a_correction_is_a_preference_and_a_pair(tmp_path):
    entry = {"question": "How many?", "answer": "15", "rating": "down", "correction": "14", "context": "There are 14."}
    data = imported(tmp_path, entry)
    (better,) = data.preferences()
    assert (better.prompt, better.chosen, better.rejected) == ("How many?", "14", "15")
    (pair,) = data.pairs()
    assert (pair.answer, pair.context, pair.origin) == ("14", "There are 14.", "person")
    assert list(data.judged()) == []


def test_a_lone_dislike_is_kept_for_kto(tmp_path):
    data = imported(tmp_path, {"question": "How many?", "answer": "15", "rating": "down"})
    (judged,) = data.judged()
    assert (judged.completion, judged.label) == ("15", False)
    assert not list(data.pairs()) + list(data.preferences())


def test_a_dislike_is_paired_with_an_answer_that_was_liked(tmp_path):
    data = imported(
        tmp_path,
        {"question": "How many?", "answer": "15", "rating": "down"},
        {"question": "how many", "answer": "14 boats", "rating": "up"},
        {"question": "Who?", "answer": "Ann", "rating": "up"},
    )
    (better,) = data.preferences()
    assert (better.chosen, better.rejected) == ("14 boats", "15")
    (judged,) = data.judged()
    assert (judged.completion, judged.label) == ("Ann", True)


def test_one_answer_liked_and_disliked_says_nothing(tmp_path):
    file = tmp_path / "feedback.jsonl"
    entries = [{"question": "How many?", "answer": "14", "rating": rating} for rating in ("up", "down", "👍")]
    entries.append({"question": "Who?", "answer": "Ann", "rating": "+1"})
    file.write_text("\n".join(map(json.dumps, entries)))
    done = import_sources(tmp_path / "out", [str(file)], ImportPlan())
    assert done.added == 1
    assert done.reads[0].skipped == {"the same answer was liked and disliked": 3}
