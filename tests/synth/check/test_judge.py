"""A chat model as judge, and the checks by grounding: what drops a row and what does not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage

from core.errors import ConfigError, MissingExtra
from synth.check.grounding import GroundingCheck, LexicalScorer, NliScorer
from synth.check.judge import JudgeCheck
from synth.generate.ask import CachedChat
from synth.generate.cache import CallCache
from tests.support.boathouse import row


class Plain(GenericFakeChatModel):
    """Gives the replies it was made with; cannot be constrained to a schema."""

    def with_structured_output(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError


@pytest.fixture
def judging(tmp_path: Path) -> Iterator[Any]:
    opened: list[tuple[CachedChat, CallCache]] = []

    def make(*replies: str) -> JudgeCheck:
        cache = CallCache(tmp_path / f"{len(opened)}.sqlite")
        chat = CachedChat(Plain(messages=iter(map(AIMessage, replies))), "fake:judge", {}, cache, concurrency=1)
        opened.append((chat, cache))
        return JudgeCheck(chat)

    yield make
    for chat, cache in opened:
        chat.close()
        cache.close()


GOOD = '{"answered": true, "correct": true, "complaint": ""}'


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (GOOD, ""),
        ("```json\n" + GOOD + "\n```", ""),
        ('{"answered": true, "correct": false, "complaint": "it says 15"}', "judge: it says 15"),
        ('{"answered": false, "correct": false, "complaint": ""}', "judge: not correct"),
        ("I cannot say.", ""),  # no verdict drops nothing
    ],
)
def test_a_judge_only_drops(judging, reply, reason):
    ((_, result),) = judging(reply).run([row()])
    assert result.reason == reason


def test_replies_go_to_their_candidates(judging):
    bad = '{"answered": true, "correct": false, "complaint": "no"}'
    asked = [row(f"How many racks has boathouse {number}?") for number in range(3)]
    results = [result.reason for _, result in judging(GOOD, bad, GOOD).run(asked)]
    assert results == ["", "judge: no", ""]


@pytest.mark.parametrize(
    ("claim", "evidence", "low", "high"),
    [
        ("The boathouse has 14 racks.", "The boathouse of the club has 14 racks.", 1.0, 1.0),
        ("The boathouse has 15 racks.", "The boathouse of the club has 14 racks.", 0.0, 0.3),
        ("The boathouse has fifteen racks.", "The boathouse of the club has 14 racks.", 0.0, 0.3),
        ("Solvang built it.", "Brandt built it.", 0.0, 0.5),
        ("of the and", "Brandt built it.", 0.0, 0.0),
    ],
)
def test_a_wrong_figure_caps_the_grounding(claim, evidence, low, high):
    (score,) = LexicalScorer().scores([(claim, evidence)])
    assert low <= score <= high


@given(st.text(max_size=40), st.text(max_size=40))
def test_grounding_is_between_0_and_1(claim, evidence):
    (score,) = LexicalScorer().scores([(claim, evidence)])
    assert 0.0 <= score <= 1.0


def test_the_reason_names_score_and_minimum():
    ((_, result),) = GroundingCheck(LexicalScorer(), 0.9).run([row(statement="Solvang has 99 cups.")])
    assert result.reason == f"grounding score {result.figure:.2f} is below 0.9"
    ((_, fine),) = GroundingCheck(LexicalScorer(), 0.5).run([row()])
    assert fine.reason == ""


def test_a_model_of_inference_must_be_named():
    with pytest.raises((ConfigError, MissingExtra)):
        list(NliScorer("").scores([("a", "b")]))
