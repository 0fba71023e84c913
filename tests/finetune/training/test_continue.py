"""A stage that continues another run begins with that run's weights, whatever the method."""

from __future__ import annotations

import importlib.util
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import DataError
from tests.support.tiny_models import CPU, begun

pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(not importlib.util.find_spec("peft"), reason="needs kb[train]"),
]
if importlib.util.find_spec("peft"):
    from finetune.training.launch import begin_run
    from finetune.training.policy import load_policy, publish
    from finetune.training.sft import run_sft
    from finetune.training.stage import Stage


@pytest.mark.parametrize("method", ["lora", "full", "p-tuning"])
def test_weights_of_the_run_are_trained_on(tmp_path: Path, method: str) -> None:
    import torch

    packing = "none" if method == "p-tuning" else "bfd"
    home, first, prepared = begun(tmp_path, method=method, packing=packing)
    run_sft(Stage(run=first, name="sft", prepared=prepared))
    publish(first, "sft")
    # At such a rate what comes out is what went in.
    recipe = prepared.recipe.model_copy(update={"continues": "one", "learning_rate": 1e-9})
    data = str(prepared.dataset.path)
    second = begin_run(home, "two", recipe, prepared.base, prepared.dataset, data, start=first.adapter)
    stage = Stage(run=second, name="sft", prepared=replace(prepared, recipe=recipe))
    run_sft(stage)
    publish(second, "sft")
    before, after = (
        dict(load_policy(prepared.base, prepared.recipe, CPU, run.adapter).named_parameters())
        for run in (first, second)
    )
    assert before.keys() == after.keys()
    assert all(torch.allclose(before[name], after[name], atol=1e-5) for name in before)
    # The copy is the run's own: the other may be removed.
    assert second.start.is_dir()
    shutil.rmtree(second.start)
    shutil.rmtree(second.stage("sft"))
    with pytest.raises(DataError, match="weights of run 'one' are missing"):
        run_sft(stage)
