"""What answers cost, and when training has paid for itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from finetune.compare.arms import Arm, ArmReply
from finetune.compare.cost import break_even, costs
from finetune.compare.questions import GoldQuestion
from finetune.compare.run import Output, ask_all
from tests.support.comparisons import arm

MANY = [GoldQuestion(id=f"q{number}", text="?", answer="1") for number in range(8)]
QUESTIONS = [GoldQuestion(id=f"q{number}", text="?", answer="1") for number in range(4)]


def output(name: str, number: int, seconds: float, *, cold: bool = False, memory: int = 0) -> Output:
    reply = ArmReply(
        text="1",
        abstained=False,
        first_token_s=seconds / 2,
        total_s=seconds,
        prompt_tokens=10 + number,
        completion_tokens=2,
    )
    return Output(key=f"{name}{number}", arm=name, question=f"q{number}", reply=reply, memory_bytes=memory, cold=cold)


def test_the_first_answer_after_loading_does_not_count_for_time() -> None:
    candidate, _ = arm("a", lambda _: "1")
    outputs = [output("a", 0, 60.0, cold=True, memory=5), *(output("a", number, float(number)) for number in (1, 2, 3))]
    cost = costs([candidate], QUESTIONS, {("a", made.question): made for made in outputs})["a"]
    assert (cost.mean_s, cost.total_s[0], cost.first_token_s[0]) == (2.0, 2.0, 1.0)
    assert cost.prompt_tokens == 11.5  # tokens of all answers count
    assert cost.memory_bytes == 5
    assert cost.thousand_h == pytest.approx(2000 / 3600)


def test_a_single_answer_counts_although_it_paid_for_loading() -> None:
    candidate, _ = arm("a", lambda _: "1")
    cost = costs([candidate], QUESTIONS[:1], {("a", "q0"): output("a", 0, 4.0, cold=True)})["a"]
    assert cost.total_s == (4.0, 4.0)


def test_an_arm_that_answered_nothing_has_no_cost() -> None:
    assert costs([arm("a", lambda _: "1")[0]], QUESTIONS, {}) == {}


@pytest.mark.parametrize(("tuned_s", "base_s", "questions"), [(1.0, 3.0, 300), (3.0, 1.0, None), (2.0, 2.0, None)])
def test_training_pays_where_answers_take_less_time(
    tuned_s: float, base_s: float, questions: int | None, tmp_path: Path
) -> None:
    arms: list[Arm] = [
        arm("tuned", lambda _: "1", model="t", tuned=True, seconds=tuned_s)[0],
        arm("base", lambda _: "1", seconds=base_s)[0],
    ]
    replies = ask_all(arms, MANY, tmp_path)
    (entry,) = break_even(arms, costs(arms, MANY, replies), MANY, replies)
    assert (entry.trained, entry.against, entry.questions) == ("tuned", "base", questions)
    assert entry.reason == ("" if questions else "time")


def test_times_that_differ_by_chance_do_not_pay(tmp_path: Path) -> None:
    arms = [arm("tuned", lambda _: "1", model="t", tuned=True)[0], arm("base", lambda _: "1")[0]]
    seconds = {"tuned": (1.0, 3.0, 1.0, 3.0, 1.0, 3.0, 1.0, 3.0), "base": (3.0, 1.0, 3.0, 1.0, 3.0, 1.0, 3.0, 1.1)}
    replies = {(name, f"q{at}"): output(name, at, spent) for name in seconds for at, spent in enumerate(seconds[name])}
    (entry,) = break_even(arms, costs(arms, MANY, replies), MANY, replies)
    assert (entry.questions, entry.reason) == (None, "time")


def test_training_does_not_pay_where_fewer_answers_are_right(tmp_path: Path) -> None:
    arms = [arm("tuned", lambda _: "1", model="t", tuned=True)[0], arm("base", lambda _: "1", seconds=9.0)[0]]
    replies = ask_all(arms, MANY, tmp_path)
    (entry,) = break_even(arms, costs(arms, MANY, replies), MANY, replies, {("tuned", "base")})
    assert (entry.questions, entry.reason) == (None, "answers")


def test_a_saving_within_the_drift_of_a_machine_is_none(tmp_path: Path) -> None:
    arms = [
        arm("tuned", lambda _: "1", model="t", tuned=True, seconds=1.95)[0],
        arm("base", lambda _: "1", seconds=2.0)[0],
    ]
    replies = ask_all(arms, MANY, tmp_path)
    (entry,) = break_even(arms, costs(arms, MANY, replies), MANY, replies, {("base", "tuned")})
    assert (entry.questions, entry.reason, entry.more_right) == (None, "time", True)
