"""Evaluations during training: which is better, when nothing improves any more, and what is then done."""

from __future__ import annotations

import importlib.util
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

if not importlib.util.find_spec("transformers"):
    pytest.skip("needs kb[train]", allow_module_level=True)
pytestmark = pytest.mark.train

from core.reading.passages import Passage, new_mark, render  # noqa: E402
from finetune.data.heldout import HeldOut, Scores, better, evaluations, is_due, reading, stale  # noqa: E402
from finetune.data.prepare import held_out_reading, held_out_scored  # noqa: E402
from finetune.recipe import Recipe  # noqa: E402
from tests.support.chat_rows import made  # noqa: E402


@pytest.mark.parametrize(
    ("one", "other", "wins"),
    [
        ({"eval_recall": 0.6, "eval_loss": 2.0}, {"eval_recall": 0.5, "eval_loss": 1.0}, True),
        ({"eval_recall": 0.5}, {"eval_recall": 0.5}, False),
        ({"eval_loss": 1.0}, {"eval_loss": 1.1}, True),
        ({"eval_loss": 1.0}, {"eval_recall": 0.9}, True),
        ({"eval_recall": 0.9}, {"eval_loss": 1.0}, False),
        ({}, {}, False),
    ],
)
def test_recall_decides_where_both_have_it_and_loss_elsewhere(
    one: dict[str, float], other: dict[str, float], wins: bool
) -> None:
    assert better(one, other) is wins


@pytest.mark.parametrize(
    ("losses", "count"), [([], 0), ([3], 0), ([3, 2, 1], 0), ([1, 2, 3], 2), ([3, 1, 2, 1], 2), ([2, 2, 1], 0)]
)
def test_evaluations_without_gain_are_counted_from_the_best(losses: list[float], count: int) -> None:
    assert stale([{"eval_loss": loss} for loss in losses]) == count


@given(st.lists(st.integers(0, 5), min_size=1, max_size=12))
def test_the_count_leads_back_to_the_first_best(losses: list[int]) -> None:
    count = stale([{"eval_loss": float(loss)} for loss in losses])
    assert losses.index(min(losses)) == len(losses) - 1 - count


def test_only_evaluations_are_taken_from_a_log() -> None:
    history = [{"loss": 1.0}, {"eval_loss": 2.0, "step": 5}, {"eval_recall": 0.5}, {"train_runtime": 3.0}]
    assert evaluations(history) == history[1:3]


class Run:
    """A training that is evaluated with the losses given, step by step."""

    def __init__(self, losses: list[float], *, every: int, patience: int, steps: int) -> None:
        self.kept: list[int] = []
        self.stopped_at = 0
        self.state = SimpleNamespace(global_step=0, max_steps=steps, log_history=[])
        self.control = SimpleNamespace(should_log=False, should_training_stop=False)
        given_losses = iter(losses)
        callback = HeldOut(
            Scores(measures={"eval_loss": lambda: next(given_losses)}),
            every=every,
            patience=patience,
            keep=lambda: self.kept.append(self.state.global_step),
            log=self.log,
        )
        for step in range(1, steps + 1):
            self.state.global_step = step
            self.control.should_log = step == 3
            callback.on_step_end(None, self.state, self.control)
            if self.control.should_training_stop:
                self.stopped_at = step
                break

    def log(self, figures: dict[str, float]) -> None:
        """Log as a trainer does: the line it wrote counts as the one that was due."""
        self.state.log_history.append({**figures, "step": self.state.global_step})
        self.control.should_log = False


def test_the_best_is_kept_and_the_last_step_is_evaluated() -> None:
    run = Run([3.0, 1.0, 2.0], every=2, patience=0, steps=5)
    assert [entry["step"] for entry in run.state.log_history] == [2, 4, 5]
    assert run.kept == [2, 4]
    assert run.stopped_at == 0


def test_training_stops_when_nothing_gets_better() -> None:
    run = Run([3.0, 4.0, 3.5, 1.0], every=1, patience=2, steps=4)
    assert run.stopped_at == 3
    assert run.kept == [1]


def test_a_line_of_the_trainer_that_is_due_stays_due() -> None:
    assert Run([1.0], every=3, patience=0, steps=3).control.should_log


def test_a_tie_keeps_the_later_one() -> None:
    assert Run([1.0, 1.0], every=1, patience=0, steps=2).kept == [1, 2]


def test_every_measure_gives_its_figure() -> None:
    measures: dict[str, Any] = {"eval_recall": lambda: 0.5, "eval_loss": lambda: 1.25}
    assert Scores(measures=measures).figures() == {"eval_recall": 0.5, "eval_loss": 1.25}


@pytest.mark.parametrize(
    ("one", "other", "wins"),
    [
        ({"eval_recall": 0.9, "eval_reading": 0.2}, {"eval_recall": 0.7, "eval_reading": 0.6}, False),
        ({"eval_recall": 0.7, "eval_reading": 0.6}, {"eval_recall": 0.9, "eval_reading": 0.2}, True),
        ({"eval_recall": 0.9}, {"eval_recall": 0.7, "eval_reading": 0.6}, True),
        ({"eval_reading": 0.5, "eval_loss": 9.0}, {"eval_reading": 0.4, "eval_loss": 1.0}, True),
    ],
)
def test_facts_are_not_bought_with_reading(one: dict[str, float], other: dict[str, float], wins: bool) -> None:
    assert better(one, other) is wins


class Replies:
    """Gives replies to rows in their order, whatever they ask."""

    def __init__(self, *replies: str) -> None:
        self.replies = list(replies)
        self.chat = SimpleNamespace(prompt=lambda row: row.question)

    def answers(self, prompts: list[str]) -> list[str]:
        """Return the replies."""
        assert len(prompts) == len(self.replies)
        return self.replies


def test_reading_counts_short_answers_and_refusals() -> None:
    quoted = "\u201cThe tank holds 310 litres.\u201d [[b2c3d]] Answer: "
    rows = [made(0, answer=f"{quoted}310 litres"), made(1, answer=f"{quoted}310 litres")]
    rows += [made(number, answer="The documents do not say.") for number in (2, 3)]
    asker: Any = Replies(f"{quoted}310 litres", f"{quoted}10 litres", "The documents do not say.", "310 litres")
    assert reading(asker, rows) == 0.5
    asker = Replies("The documents do not say.", *["310 litres"] * 3)
    assert reading(asker, rows) == 0.25


def test_rows_with_passages_are_those_that_are_read() -> None:
    block = render([Passage(key="b2c3d", source="d.pdf, p. 1", text="The tank holds 310 litres.")], new_mark(Random(0)))
    rows = [made(number, context=block if number % 2 else "") for number in range(16)]
    assert [row.id for row in held_out_reading(rows, 8)] == [rows[1].id, rows[9].id]
    assert held_out_reading(rows, 0) == held_out_reading(rows[:1], 8) == []


def test_no_evaluation_comes_right_before_the_last() -> None:
    due = [step for step in range(1, 197) if is_due(step, 196, 80)]
    assert due == [80, 196]
    assert [step for step in range(1, 201) if is_due(step, 200, 80)] == [80, 160, 200]


def test_the_loss_is_measured_on_as_many_rows_as_questions_unless_it_decides() -> None:
    pairs = [made(id=str(number)) for number in range(10)]
    assert [pair.id for pair in held_out_scored(pairs, Recipe(eval_rows=5))] == ["0", "2", "4", "6", "8"]
    for recipe in (Recipe(eval_rows=0), Recipe(eval_rows=5, objective="text"), Recipe(eval_rows=64)):
        assert held_out_scored(pairs, recipe) == pairs
    assert held_out_scored([], Recipe()) == []
