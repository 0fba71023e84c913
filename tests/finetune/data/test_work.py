"""What rows cost: shared prompts are computed once, padding is computed, other stages are counted."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from tests.support.json_lines import write_jsonl
from tests.support.tiny_models import begun, pair

pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(not importlib.util.find_spec("peft"), reason="needs kb[train]"),
]
if importlib.util.find_spec("peft"):
    from finetune.data.work import measured_work
    from finetune.retain.answered import USUAL_ANSWER_TOKENS, prompt_tokens
    from finetune.retain.registry import RETAIN_METHODS


def test_a_passage_that_rows_share_is_computed_once(tmp_path: Path) -> None:
    passage = "The Velmara station has a coolant tank of 310 litres and opened in 2018 on the northern ridge. " * 3
    rows = [pair(number, context=passage) for number in range(8)]
    write_jsonl(tmp_path / "data" / "train.jsonl", rows)
    _, _, prepared = begun(tmp_path, packing="bfd", dpo=False)
    work = measured_work(prepared, prepared.tokenised(), 8)
    assert work.computed < 0.7 * work.tokens
    assert 0 < work.labels < work.tokens and work.other == 0.0


def test_padding_is_computed_and_other_stages_are_counted(tmp_path: Path) -> None:
    long = [pair(number, answer="It holds litres. " * 12) for number in range(4)]
    write_jsonl(tmp_path / "data" / "train.jsonl", [*long, *map(pair, range(4, 8))])
    _, _, prepared = begun(tmp_path, packing="none", dpo=False)
    padded = measured_work(prepared, prepared.tokenised(), 8)
    assert padded.computed > padded.tokens
    _, _, replayed = begun(tmp_path, name="two", packing="none", dpo=False, retain="replay")
    # Two questions of the replay, their answers of a usual length, and what the base reads and writes for them once.
    planned = RETAIN_METHODS["replay"].planned_rows(replayed)
    prompts = sum(prompt_tokens(row, replayed.chat) for row in planned)
    other = measured_work(replayed, replayed.tokenised(), 8).other
    assert len(planned) == 2 and other > prompts + 2 * USUAL_ANSWER_TOKENS
