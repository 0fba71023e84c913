"""Merging: nothing is lost, QLoRA keeps the better base, and what does not merge says so before."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from core.errors import ConfigError, GateError
from core.files import Home
from finetune.export.job import open_export
from finetune.export.merge import dequantised, divergence, log_probabilities, merge
from finetune.recipe import Recipe
from finetune.runs import read_card, read_recipe
from finetune.training.base import find_base
from finetune.training.policy import load_policy
from tests.finetune.export.conftest import NOWHERE, Trained, opened
from tests.support.tiny_models import CPU
from tests.support.trained_runs import make_base, make_run

pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(not importlib.util.find_spec("transformers"), reason="needs kb[train]"),
]
PROBES = [[1, 40, 50, 60, 70], [1, 90, 91, 92]]


def _merged(home: Home, name: str) -> Any:
    job = opened(home, name)
    return merge(job.base, job.run.adapter, job.recipe, CPU, PROBES), job


@pytest.mark.parametrize("method", ["rslora", "dora", "ia3"])
def test_merged_weights_answer_as_base_and_adapter(llama: Trained, method: str) -> None:
    make_run(llama.home, llama.job.base.folder, f"by-{method}", method=method)
    merged, job = _merged(llama.home, f"by-{method}")
    assert merged.chosen == "plain" and merged.kl["plain"] < 1e-6
    tuned = load_policy(job.base, job.recipe, CPU, job.run.adapter).eval()
    trained = log_probabilities(tuned, PROBES)
    with tuned.disable_adapter():
        assert divergence(trained, log_probabilities(tuned, PROBES)) > 1e-3  # the adapter does something
    assert divergence(trained, log_probabilities(merged.model, PROBES)) < 1e-6


def test_methods_that_train_the_base_need_no_merge(llama: Trained) -> None:
    make_run(llama.home, llama.job.base.folder, "whole", method="full")
    merged, job = _merged(llama.home, "whole")
    assert merged.chosen == "plain" and not merged.kl
    assert job.gguf().is_file()


def test_qlora_keeps_the_base_that_answers_more_like_the_trained_model(llama: Trained, tmp_path: Path) -> None:
    # The four-bit kernels of a CPU want widths that divide by 64.
    base = make_base(tmp_path / "base", "llama", intermediate_size=128)
    make_run(llama.home, base, "four-bit", method="qlora")
    merged, job = _merged(llama.home, "four-bit")
    assert set(merged.kl) == {"dequantised", "full-precision"}
    assert merged.chosen == "dequantised"
    assert merged.kl["dequantised"] < merged.kl["full-precision"]
    assert not any("4bit" in type(module).__name__ for module in merged.model.modules())
    policy = load_policy(job.base, job.recipe, CPU, job.run.adapter)
    stood_for = dequantised(policy)
    assert all(weight.dtype.is_floating_point and weight.dtype.itemsize == 4 for weight in stood_for.values())
    job.merged()
    seen: Any = read_card(job.run).parity["merge"]
    assert seen["base"] == "dequantised" and set(seen["kl"]) == set(merged.kl)


def test_an_adapter_that_does_not_merge_faithfully_is_refused(llama: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("finetune.export.merge.MOST_KL", -1.0)
    with pytest.raises(GateError, match="differ from base and adapter"):
        _merged(llama.home, "tanks")


def test_what_cannot_be_merged_says_where_it_can_be_served(llama: Trained) -> None:
    run = make_run(llama.home, llama.job.base.folder, "soft", method="lora")
    recipe = read_recipe(run).model_copy(update={"method": "prompt"})
    with pytest.raises(ConfigError, match="in transformers with peft only"):
        merge(llama.job.base, run.adapter, recipe, CPU, PROBES)
    run.recipe.write_text(run.recipe.read_text(encoding="utf-8").replace('method = "lora"', 'method = "prompt"'))
    job = open_export(llama.home, "soft", CPU, NOWHERE, lambda _: None)  # an adapter alone can be published
    with pytest.raises(ConfigError, match="cannot be merged"):
        job.merged()


def test_a_four_bit_base_needs_the_model_it_was_made_of(llama: Trained, tmp_path: Path) -> None:
    from dataclasses import replace

    base = find_base(str(llama.job.base.folder), llama.home)
    four_bit = replace(base, shape=replace(base.shape, four_bit=True, quantisation="bitsandbytes"))
    with pytest.raises(ConfigError, match=r"stored quantised \(bitsandbytes\); merging requires"):
        merge(four_bit, llama.job.run.adapter, Recipe(method="qlora"), CPU, PROBES)
