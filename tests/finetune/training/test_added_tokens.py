"""Tokens past the embedding: named before training, or trained with rows of their own, and merged with them."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from core.errors import ConfigError, DataError
from core.files import Home
from finetune.data.prepare import prepare
from finetune.recipe import Recipe
from tests.support.json_lines import write_jsonl
from tests.support.tiny_models import CHATML, CPU, begun, pair, tiny_config, tokenizer_of

pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(not importlib.util.find_spec("peft"), reason="needs kb[train]"),
]


def base_with_added_token(folder: Path, kind: str = "llama", *, tied: bool = True, template: str = CHATML) -> Path:
    """A base whose embedding has as many rows as its tokenizer had before `<domain>` was added."""
    import torch
    from transformers import AutoModelForCausalLM

    torch.manual_seed(0)
    tokenizer = tokenizer_of(template)
    config = tiny_config(kind, vocab_size=len(tokenizer), tie_word_embeddings=tied)
    AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    tokenizer.add_tokens(["<domain>"])
    tokenizer.save_pretrained(folder)
    return folder


def domain_rows(folder: Path) -> Path:
    rows = [pair(number, question=f"What is <domain> {number}?", answer="<domain> it is.") for number in range(8)]
    write_jsonl(folder / "train.jsonl", rows)
    return folder


def test_the_audit_names_the_token_and_both_sizes(tmp_path: Path) -> None:
    base, data = base_with_added_token(tmp_path / "base"), domain_rows(tmp_path / "data")
    known = len(tokenizer_of())
    prepared = prepare(Recipe(base=str(base)), data, Home(tmp_path), machine=CPU)
    with pytest.raises(DataError) as caught:
        prepared.tokenised()
    for part in (f"'<domain>' (id {known})", f"the tokenizer has {known + 1} tokens", f"the embedding {known} rows"):
        assert part in caught.value.message
    assert f"--set embedding_rows={known + 1}" in caught.value.hint
    assert "(row " in caught.value.message
    text = pair(0, question="", answer="A text with <domain> in it.")
    write_jsonl(data / "train.jsonl", [text])
    with pytest.raises(DataError, match="no embedding for the token"):
        prepare(Recipe(base=str(base), objective="text"), data, Home(tmp_path), machine=CPU).tokenised()


def test_a_smaller_embedding_is_refused(tmp_path: Path) -> None:
    base, data = base_with_added_token(tmp_path / "base"), domain_rows(tmp_path / "data")
    with pytest.raises(ConfigError, match="more than embedding_rows=3"):
        prepare(Recipe(base=str(base), embedding_rows=3), data, Home(tmp_path), machine=CPU)


@pytest.mark.parametrize(("method", "tied"), [("lora", True), ("lora", False), ("full", True)])
def test_new_rows_are_trained_saved_and_merged(tmp_path: Path, method: str, tied: bool) -> None:
    import torch

    from finetune.export.merge import divergence, log_probabilities, merge
    from finetune.runs import read_card
    from finetune.training.policy import load_policy, publish
    from finetune.training.sft import run_sft
    from finetune.training.stage import Stage

    rows = len(tokenizer_of()) + 1
    base_with_added_token(tmp_path / "llama", tied=tied)
    domain_rows(tmp_path / "data")
    _, run, prepared = begun(tmp_path, method=method, embedding_rows=rows, packing="bfd")
    run_sft(Stage(run=run, name="sft", prepared=prepared))
    publish(run, "sft")
    assert read_card(run).stages == {"sft": "done"}
    policy = load_policy(prepared.base, prepared.recipe, CPU, run.adapter)
    ids = [prepared.chat.encode("What is <domain> 3?")]
    assert rows - 1 in ids[0]
    trained = log_probabilities(policy, ids)
    assert trained.shape[-1] == rows
    merged = merge(prepared.base, run.adapter, prepared.recipe, CPU, ids).model
    assert divergence(trained, log_probabilities(merged, ids)) < 1e-6
    untrained = load_untrained(prepared)
    for layer in ("get_input_embeddings", "get_output_embeddings"):
        before, after = (getattr(model, layer)().weight for model in (untrained, merged))
        assert not torch.equal(before[rows - 1], after[rows - 1])  # trained
        assert method == "full" or torch.equal(before[: rows - 1], after[: rows - 1])


def load_untrained(prepared: Any) -> Any:
    from finetune.training.base import load_model

    return load_model(prepared.base, prepared.recipe.model_copy(update={"method": "lora"}), CPU)
