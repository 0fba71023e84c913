"""A step's longest row is what its memory is judged by, whichever stage meets it."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(not importlib.util.find_spec("peft"), reason="needs kb[train]"),
]
if importlib.util.find_spec("peft"):
    from finetune.estimate import estimate
    from tests.support.tiny_models import CPU, begun, dataset_folder, preference, write_jsonl


def test_long_preferences_are_not_taken_at_the_batch_of_short_rows(tmp_path: Path) -> None:
    folder = dataset_folder(tmp_path / "data")
    write_jsonl(folder / "preferences.jsonl", [preference(0, prompt="What is the capacity of tank 0? " * 27)])
    _, _, prepared = begun(tmp_path, micro_batch=0)
    rows = prepared.tokenised().rows
    short = max(row.n_tokens for row in rows)
    assert prepared.longest(rows) > 4 * short
    without = replace(prepared, recipe=prepared.recipe.model_copy(update={"dpo": False}))
    assert without.longest(rows) == short
    longest = prepared.longest(rows)
    found = estimate(prepared.base.shape, prepared.recipe, CPU, rows=len(rows), row_tokens=longest)
    assert found.micro_batch * longest <= 2048 < found.micro_batch * found.accumulation * longest
