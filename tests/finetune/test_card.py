"""The card of a run as Markdown: what a reader needs, and nothing for what did not happen."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from core.types import RunCard
from finetune.card import render_card
from finetune.recipe import Recipe

CARD = RunCard(
    name="tanks",
    base="smollm2",
    method="lora",
    data_sha256="ab12",
    seed=3,
    versions={"torch": "2.13", "peft": "0.21"},
    data="rows",
    recipe="quick",
    licence="apache-2.0",
    created_at="2026-11-28T00:00:00+00:00",
)


def rendered(recipe: Recipe | None = None, **over: Any) -> str:
    return render_card(replace(CARD, **over), recipe or Recipe(method="lora", rank=8))


def test_the_head_says_what_was_trained_and_where_it_runs() -> None:
    text = rendered()
    assert text.startswith("# tanks\n\nsmollm2, tuned by LoRA; it can be served anywhere:")
    assert "- base: `smollm2`, licence apache-2.0" in text
    assert "- data: `rows`, SHA-256 `ab12`" in text
    assert "rank 8, alpha 16, learning rate 0.0002" in text
    assert "torch 2.13, peft 0.21" in text
    assert text.endswith("\n")


def test_a_method_that_cannot_be_merged_says_so() -> None:
    assert "no GGUF and no Ollama model" in rendered(Recipe(method="prompt"))
    assert "rank" not in rendered(Recipe(method="prompt"))


def test_rows_and_parameters_are_counted() -> None:
    text = rendered(rows={"train": 1200, "dropped: too long": 3}, trainable=25, parameters=10_000)
    assert "  - train: 1,200" in text and "  - dropped: too long: 3" in text
    assert "- trained: 25 of 10,000 parameters (0.250%)" in text
    assert "trained:" not in rendered()


def test_stages_have_state_and_time() -> None:
    text = rendered(
        stages={"sft": "done", "dpo": "failed"}, times_s={"sft": 61.6}, failures={"sft": "", "dpo": "no pair"}
    )
    assert "| sft | done | 62 |" in text and "| dpo | failed | 0 |" in text
    assert "- dpo failed: no pair" in text and "sft failed" not in text
    assert "dpo loss sigmoid, beta 0.1" in text
    assert "dpo loss" not in rendered(stages={"sft": "done"})


def test_curves_scores_and_parity_stand_where_they_exist() -> None:
    text = rendered(
        curves={"sft": [{"step": 1, "loss": 2.0}]}, scores={"sft/recall": 0.12345}, parity={"merge": {"base": "plain"}}
    )
    assert "![curves](curves.png)" in text
    assert "| sft/recall | 0.1235 |" in text
    assert "## Parity of the export" in text
    bare = rendered()
    assert all(part not in bare for part in ("curves.png", "## Scores", "## Parity"))


def test_a_licence_with_conditions_is_passed_on() -> None:
    text = rendered(Recipe(accept_licence="llama3"), licence="llama3")
    assert "The base's licence (llama3) has conditions that hold for this model too." in text
    assert "conditions" not in rendered()
    assert "licence not stated" in rendered(licence="")
