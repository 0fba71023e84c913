"""Every method on a tiny Llama and Qwen2: one step changes what it says it trains, and nothing else."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from core.errors import ConfigError, DataError
from core.files import Home
from finetune.load_recipe import load_recipe
from finetune.methods.build import count, make_trainable
from finetune.methods.registry import METHOD_NAMES, METHODS
from finetune.recipe import Recipe
from finetune.training.base import find_base, load_model, load_tokenizer
from tests.support.tiny_models import CPU, tiny_folder

pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(not importlib.util.find_spec("peft"), reason="needs kb[train]"),
]


@pytest.fixture(scope="module", params=["llama", "qwen2"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_folder(tmp_path_factory.mktemp("base") / request.param, request.param)


def _step(model: Any) -> float:
    import torch

    ids = torch.randint(3, 500, (2, 24))
    optimiser = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-2)
    model.train()
    with torch.autocast("cpu", torch.bfloat16):
        loss = model(input_ids=ids, labels=ids, attention_mask=torch.ones_like(ids)).loss
    loss.backward()
    optimiser.step()
    return float(loss.detach())


@pytest.mark.parametrize("checkpointing", [False, True])
@pytest.mark.parametrize("method", METHOD_NAMES)
def test_a_step_changes_what_is_trained_and_nothing_else(folder: Path, method: str, checkpointing: bool) -> None:
    import torch

    base = find_base(str(folder), Home(folder))
    recipe = Recipe(method=method, n_layers=1, gradient_checkpointing=checkpointing)
    if (method, base.shape.model_type) == ("llama-adapter", "qwen2"):
        with pytest.raises(ConfigError, match="qwen2"):
            make_trainable(load_model(base, Recipe(method="lora"), CPU), recipe, base.shape)
        return
    if checkpointing and method in ("prefix", "llama-adapter"):
        with pytest.raises(ConfigError, match="recomputed layers"):
            load_recipe("quick", CPU, flags={"method": method}, pairs=["gradient_checkpointing=true"])
        return
    model = make_trainable(load_model(base, recipe, CPU), recipe, base.shape)
    before = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    assert all(p.dtype == torch.float32 for p in model.parameters() if p.requires_grad)
    assert 0 < _step(model) < 20
    changed = {name for name, p in model.named_parameters() if not torch.equal(p.detach(), before[name])}
    trained = {name for name, p in model.named_parameters() if p.requires_grad}
    assert changed and changed <= trained
    # B of LoRA starts at zero, so A's first gradient is zero; a gate that starts closed hides its prompt.
    still = {name for name in trained - changed if "lora_A" not in name and "adaption_prompt" not in name}
    assert not still
    assert count(model).trainable == sum(p.numel() for p in model.parameters() if p.requires_grad)


def test_layers_can_be_chosen(folder: Path) -> None:
    base = find_base(str(folder), Home(folder))
    recipe = Recipe(target_modules=("q_proj",), layers_to_transform=(1,))
    model = make_trainable(load_model(base, recipe, CPU), recipe, base.shape)
    trained = [name for name, p in model.named_parameters() if p.requires_grad]
    assert len(trained) == 2 and all("layers.1.self_attn.q_proj" in name for name in trained)


def test_qlora_holds_the_base_in_four_bits(folder: Path) -> None:
    base = find_base(str(folder), Home(folder))
    model = make_trainable(load_model(base, Recipe(method="qlora"), CPU), Recipe(method="qlora"), base.shape)
    kinds = {type(module).__name__ for module in model.modules()}
    assert "Linear4bit" in kinds
    found = count(model)
    assert found.total - found.trainable == base.shape.parameters
    config = model.base_model.model.config.quantization_config
    assert (config.bnb_4bit_quant_type, config.bnb_4bit_use_double_quant) == ("nf4", True)


def test_widths_that_four_bit_kernels_cannot_multiply_are_refused(tmp_path: Path) -> None:
    base = find_base(str(tiny_folder(tmp_path / "odd", intermediate_size=104)), Home(tmp_path))
    with pytest.raises(DataError, match="gate_proj 104, up_proj 104"):
        load_model(base, Recipe(method="qlora"), CPU)


def test_seeds_make_adapters_equal(folder: Path) -> None:
    import torch

    base = find_base(str(folder), Home(folder))
    one, two, other = (
        [p for p in make_trainable(load_model(base, recipe, CPU), recipe, base.shape).parameters() if p.requires_grad]
        for recipe in (Recipe(seed=1), Recipe(seed=1), Recipe(seed=2))
    )
    assert all(torch.equal(a, b) for a, b in zip(one, two, strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def test_full_training_has_no_adapter(folder: Path) -> None:
    base = find_base(str(folder), Home(folder))
    with pytest.raises(ConfigError, match="adds no adapter"):
        METHODS["full"].peft_config(Recipe(method="full"), base.shape)
    assert load_tokenizer(base).is_fast
