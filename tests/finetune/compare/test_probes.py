"""The probes that come with the program, and what training did to them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from finetune.compare.arms import ArmReply
from finetune.compare.probes import probe_questions, probes, skill_changes
from finetune.compare.questions import GoldQuestion
from finetune.compare.run import ask_all
from finetune.retain.prompts import replay_prompts
from tests.support.comparisons import arm


def reply(text: str) -> ArmReply:
    return ArmReply(text=text, abstained=not text)


def test_forty_questions_to_read_for_and_forty_instructions() -> None:
    kinds = Counter(probe.skill for probe in probes().values())
    assert kinds == {"reading": 32, "declining": 8, "general": 40}
    assert len({probe.question for probe in probes().values()}) == 80


def test_an_answer_stands_in_the_passages_where_one_counts_and_nowhere_else() -> None:
    for probe in probes().values():
        shown = " ".join(probe.passages)
        assert len(set(probe.passages)) == (3 if probe.kind == "reading" else 0)
        if probe.skill == "reading":
            assert any(answer in shown for answer in probe.answers), probe.id
    places = Counter(
        next(number for number, text in enumerate(probe.passages) if probe.answers[0].split()[-1] in text)
        for probe in probes().values()
        if probe.skill == "reading"
    )
    assert len(places) == 3  # the passage does not always stand first


def test_no_probe_is_asked_in_training() -> None:
    asked = {row.question.casefold() for row in replay_prompts()}
    shown = " ".join(row.context for row in replay_prompts())
    for probe in probes().values():
        assert probe.question.casefold() not in asked
        assert not any(text in shown for text in probe.passages)


@pytest.mark.parametrize(
    ("identity", "text", "score"),
    [
        ("probe:reading-1", "31 metres", 1.0),
        ("probe:reading-1", "It stands 31 metres above the rocks", 0.5),
        ("probe:reading-1", "", 0.0),
        ("probe:reading-33", "", 1.0),
        ("probe:reading-33", "555 123", 0.0),
        ("probe:general-1", "The capital of Spain is Madrid.", 1.0),
        ("probe:general-1", "Lisbon", 0.0),
        ("probe:general-1", "", 0.0),
    ],
)
def test_scores(identity: str, text: str, score: float) -> None:
    assert probes()[identity].score(reply(text)) == pytest.approx(score, abs=0.06)


def test_what_training_cost_is_measured_question_by_question(tmp_path: Path) -> None:
    def knows_all(question: GoldQuestion) -> str:
        return question.answer or ""

    def forgot_general(question: GoldQuestion) -> str:
        return "blue" if probes()[question.id].kind == "general" else knows_all(question)

    arms = [arm("b", knows_all)[0], arm("t", forgot_general, tuned=True, model="t")[0]]
    found = {change.skill: change for change in skill_changes("b", "t", ask_all(arms, probe_questions(), tmp_path))}
    assert [found[skill].before.value for skill in ("reading", "declining", "general")] == [1.0, 1.0, 1.0]
    assert found["general"].after.value == 0.0 and found["general"].difference.significant
    assert found["general"].difference.mean == -1.0
    assert found["reading"].difference.mean == 0.0 and not found["reading"].difference.significant
    for change in found.values():
        for cell in (change.before, change.after):
            assert 0.0 <= cell.low <= cell.value <= cell.high <= 1.0
