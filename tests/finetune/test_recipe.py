"""Recipes: what comes along is sound, what cannot be is refused, all faults at once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import ConfigError
from finetune.load_recipe import default_recipe, load_recipe, recipe_names, task_recipes
from finetune.methods.registry import METHOD_NAMES
from finetune.recipe import Recipe
from finetune.training.machine import GPUS, named_gpu, this_machine
from tests.support.tiny_models import CPU


@pytest.mark.parametrize("name", recipe_names())
def test_every_recipe_that_comes_along_is_possible_on_a_gpu(name: str) -> None:
    recipe = load_recipe(name, GPUS["t4" if name == "t4" else "a100"])
    assert recipe.name == name
    assert recipe.base


def test_there_is_a_recipe_for_every_method() -> None:
    assert {load_recipe(name, GPUS["a100"]).method for name in METHOD_NAMES} == set(METHOD_NAMES)


def test_the_default_depends_on_the_machine() -> None:
    assert default_recipe(CPU) == "smollm2-cpu"
    assert load_recipe("", CPU).base == "smollm2-reading"
    assert load_recipe("", GPUS["h100"]).base == "hf:Qwen/Qwen2.5-1.5B-Instruct"


def test_recipes_of_whole_tasks_replay_what_the_base_answered_unless_rows_are_streamed() -> None:
    streamed = ["streaming=yes", "max_steps=5", "packing=none"]
    for name, machine in (("smollm2-cpu", CPU), ("lora-1.5b", GPUS["a100"]), ("t4", GPUS["t4"])):
        assert load_recipe(name, machine).retain == "replay"
        assert load_recipe(name, machine, pairs=["retain=none"]).retain == "none"
        assert load_recipe(name, machine, pairs=streamed).retain == "none"
        with pytest.raises(ConfigError, match="retain kl with streaming"):
            load_recipe(name, machine, pairs=[*streamed, "retain=kl"])
    assert load_recipe("quick", CPU).retain == "none"


def test_set_beats_flag_beats_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('rank = 4\nepochs = 2.0\nmethod = "lora"\n')
    recipe = load_recipe(
        str(path), CPU, flags={"rank": 5, "epochs": None}, pairs=["rank=6", "target_modules=q_proj,v_proj"]
    )
    assert (recipe.name, recipe.rank, recipe.epochs) == ("mine", 6, 2.0)
    assert recipe.target_modules == ("q_proj", "v_proj")


def test_another_method_brings_its_own_rate() -> None:
    recipe = load_recipe("smollm2-cpu", CPU, flags={"method": "prompt"})
    assert recipe.learning_rate == load_recipe("prompt", CPU).learning_rate > 1e-2
    assert recipe.epochs == load_recipe("smollm2-cpu", CPU).epochs


@pytest.mark.parametrize("name", ["mlm", "masked_lm"])
def test_masked_words_are_out_of_scope(name: str) -> None:
    with pytest.raises(ConfigError, match=r"masked words \(MLM\) are out of scope: only causal models"):
        load_recipe("quick", CPU, pairs=[f"objective={name}"])


def test_every_fault_is_named_at_once_with_the_nearest_field() -> None:
    with pytest.raises(ConfigError) as caught:
        load_recipe("quick", CPU, pairs=["lerning_rate=1e-4", "rank=0", "nonsense", "method=lorra"])
    for part in ("did you mean 'learning_rate'", "rank = '0'", "nonsense: not KEY=VALUE", "method = 'lorra'"):
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ("pairs", "says"),
    [
        (["packing=wrapped"], "wrapped"),
        (["dtype=fp16"], "fp16 on a CPU"),
        (["attn=flash"], "requires a GPU"),
        (["attn=eager", "packing=bfd"], "attn=eager"),
        (["target_modules=lm_head,q_proj"], "lm_head"),
        (["layers_to_transform=0,1"], '"all-linear"'),
        (["layers_to_transform=0,1", "target_modules=q_proj", "method=ia3"], "only LoRA"),
        (["target_modules=all-linear,q_proj"], "stands alone"),
        (["method=prompt", "packing=bfd"], "packing with prompt"),
        (["method=prefix", "gradient_checkpointing=true"], "recomputed"),
        (["rope_scaling=yarn"], "rope_factor"),
        (["streaming=true", "max_steps=0"], "streaming without max_steps"),
        (["batch_size=16", "micro_batch=5"], "not a multiple"),
        (["context_template={question}"], "lacks {context}"),
    ],
)
def test_choices_that_exclude_each_other(pairs: list[str], says: str) -> None:
    with pytest.raises(ConfigError, match="recipe quick") as caught:
        load_recipe("quick", CPU, pairs=pairs)
    assert says in str(caught.value)


def test_bf16_needs_hardware_that_has_it() -> None:
    with pytest.raises(ConfigError, match="bfloat16"):
        load_recipe("quick", GPUS["t4"], pairs=["dtype=bf16"])
    with pytest.raises(ConfigError, match="bfloat16"):
        load_recipe("quick", replace(CPU, bf16=False), pairs=["dtype=bf16"])
    assert (GPUS["t4"].dtype, CPU.dtype, replace(CPU, bf16=False).dtype) == ("fp16", "bf16", "f32")
    assert replace(CPU, bf16_pays=False).dtype == "f32"


@pytest.mark.parametrize("method", ["prompt", "prefix", "p-tuning", "llama-adapter"])
def test_a_method_that_cannot_merge_is_not_exported_and_says_where_it_runs(method: str) -> None:
    with pytest.raises(ConfigError, match="it cannot be merged"):
        load_recipe("quick", CPU, flags={"method": method}, export=True)
    assert not load_recipe("quick", CPU, flags={"method": method}).training_method.merges


def test_an_unknown_recipe_names_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="smollm2-cpu") as caught:
        load_recipe("quik", CPU)
    assert "--recipe quick" in caught.value.hint


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "broken.toml"
    path.write_text("rank = = 3")
    with pytest.raises(ConfigError, match="not valid TOML"):
        load_recipe(str(path), CPU)


def test_alpha_is_twice_the_rank_unless_said() -> None:
    assert Recipe(rank=8).lora_alpha == 16
    assert Recipe(rank=8, alpha=8).lora_alpha == 8


def test_this_machine_has_what_it_says() -> None:
    machine = this_machine()
    assert 0 < machine.free_bytes <= machine.memory_bytes
    assert machine.peak_flops > 1e9
    assert machine.here and not named_gpu("T4").here
    with pytest.raises(ConfigError, match="h100"):
        named_gpu("b999")


def test_a_merge_base_is_found_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "whole").mkdir()
    monkeypatch.chdir(tmp_path)
    assert (
        Recipe(merge_base="whole").merge_base == Recipe(merge_base="hf:./whole").merge_base == str(tmp_path / "whole")
    )
    assert Recipe(merge_base="hf:ORG/NAME").merge_base == "hf:ORG/NAME"


def test_recipes_of_whole_tasks_say_what_they_are_for() -> None:
    recipes = task_recipes()
    assert recipes["quick"] == "Sixty steps: does it run, and does the loss fall?"
    assert set(recipes) < set(recipe_names()) and "dora" not in recipes
    assert all(about.endswith((".", "?")) and "#" not in about for about in recipes.values())
