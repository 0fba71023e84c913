"""The questions that a base answers before training."""

from __future__ import annotations

from collections import Counter

from core.prompt import read_block
from finetune.compare.probes import probes
from finetune.retain.prompts import GENERAL, READING, REFUSAL, replay_prompts


def test_kinds_come_in_turn_and_the_same_seed_gives_the_same_rows() -> None:
    rows = replay_prompts(seed=3)[:30]
    assert Counter(row.kind for row in rows) == {READING: 10, REFUSAL: 10, GENERAL: 10}
    assert rows == replay_prompts(seed=3)[:30] != replay_prompts(seed=4)[:30]
    assert len({row.id for row in rows}) == 30


def test_reading_prompts_hold_their_passage_and_refusals_do_not() -> None:
    rows = replay_prompts()
    texts = {row.id.split("-")[3]: row for row in rows if row.kind == READING}
    assert len(texts) == 24
    for row in rows:
        block = read_block(row.context)
        if row.kind == GENERAL:
            assert not row.context
            continue
        assert block is not None and 1 <= len(block.passages) <= 4
        own = f"passage-{row.id.split('-')[3]}.pdf"
        assert any(passage.source.startswith(own) for passage in block.passages) is (row.kind == READING)


def test_no_general_question_is_one_of_a_comparison() -> None:
    asked = {" ".join(probe.question.lower().split()) for probe in probes().values()}
    assert not asked & {" ".join(row.question.lower().split()) for row in replay_prompts()}


def test_no_general_question_comes_twice() -> None:
    general = [row.question for row in replay_prompts() if row.kind == GENERAL]
    assert len(general) == len(set(general)) >= 150
