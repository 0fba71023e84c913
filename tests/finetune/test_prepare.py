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
    from finetune.data.work import longest_row
    from finetune.estimate import estimate
    from tests.support.json_lines import write_jsonl
    from tests.support.tiny_models import CPU, begun, dataset_folder, pair, preference


def test_long_preferences_are_not_taken_at_the_batch_of_short_rows(tmp_path: Path) -> None:
    folder = dataset_folder(tmp_path / "data")
    write_jsonl(folder / "preferences.jsonl", [preference(0, prompt="What is the capacity of tank 0? " * 27)])
    _, _, prepared = begun(tmp_path, micro_batch=0)
    rows = prepared.tokenised().rows
    short = max(row.n_tokens for row in rows)
    assert longest_row(prepared, rows) > 4 * short
    without = replace(prepared, recipe=prepared.recipe.model_copy(update={"dpo": False}))
    assert longest_row(without, rows) == short
    longest = longest_row(prepared, rows)
    found = estimate(prepared.base.shape, prepared.recipe, CPU, rows=len(rows), row_tokens=longest)
    assert found.micro_batch * longest <= 2048 < found.micro_batch * found.accumulation * longest


@pytest.mark.parametrize(
    ("systems", "own", "system", "note"),
    [
        (
            ["Be brief."] * 2,
            "",
            "Be brief.",
            "every row has the system message 'Be brief.'; questions to the run get it",
        ),
        (
            ["Be brief.", "Be kind."],
            "",
            "",
            "2 of 2 rows have a system message, 2 different ones; questions to the run",
        ),
        (
            ["Be brief.", ""],
            "",
            "",
            "1 of 2 rows have a system message, 1 different ones; questions to the run get none",
        ),
        (["Be brief."] * 2, "Be kind.", "Be kind.", "2 rows have a system message of their own, which goes before"),
        (["", ""], "", "", ""),
    ],
)
def test_a_system_message_that_all_rows_share_becomes_the_recipes(
    tmp_path: Path, systems: list[str], own: str, system: str, note: str
) -> None:
    folder = dataset_folder(tmp_path / "data")
    write_jsonl(folder / "train.jsonl", [pair(n, system=text) for n, text in enumerate(systems)])
    _, _, prepared = begun(tmp_path, system=own)
    assert prepared.recipe.system == prepared.chat.system == system
    assert [told.startswith(note) for told in prepared.notes] == ([True] if note else [])
    texts = [
        prepared.chat.render(prepared.chat.prompt(row), generation=True) for row in prepared.dataset.pairs("train")
    ]
    assert all((text or own) in shown for text, shown in zip(systems, texts, strict=True))
