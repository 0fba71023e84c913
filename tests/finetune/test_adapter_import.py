"""Adapters of plain peft taken back as runs: they answer as they did, and what does not fit is named."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from core.errors import ConfigError, DataError, MissingExtra
from core.files import Home
from finetune.runs import list_runs, read_card, read_recipe
from tests.support.tiny_models import CPU, dataset_folder, tiny_folder

pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(not importlib.util.find_spec("peft"), reason="needs kb[train]"),
    # Of peft itself, as whoever trains with it sees them.
    pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`", "ignore:Model has `tie_word_embeddings"),
    pytest.mark.filterwarnings("ignore:Setting `save_embedding_layers`"),
]
if importlib.util.find_spec("peft"):
    from finetune.adapter_import import import_adapter


def peft_adapter(base: Path, folder: Path, kind: str = "LoraConfig", *, rows: int = 0, **over: Any) -> Any:
    """An adapter that plain peft saved over a base, its weights changed; returns the model that it belongs to."""
    import peft
    import torch
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    if rows:
        model.resize_token_embeddings(rows, mean_resizing=False)
    usual = {"r": 4, "lora_alpha": 8, "target_modules": ["q_proj", "v_proj"]} if kind == "LoraConfig" else {}
    tuned = peft.get_peft_model(model, getattr(peft, kind)(task_type="CAUSAL_LM", **{**usual, **over}))
    torch.manual_seed(3)
    for parameter in tuned.parameters():
        if parameter.requires_grad:
            parameter.data += torch.randn_like(parameter) * 0.3
    tuned.save_pretrained(folder)
    return tuned.eval()


def logits(model: Any) -> Any:
    import torch

    with torch.no_grad():
        return model(input_ids=torch.tensor([[1, 40, 50, 60]])).logits


@pytest.mark.parametrize(
    ("kind", "over", "method"),
    [
        ("LoraConfig", {}, "lora"),
        ("LoraConfig", {"target_modules": "all-linear", "use_rslora": True, "modules_to_save": ["lm_head"]}, "rslora"),
        ("LoraConfig", {"target_modules": r".*\.(q|o)_proj", "use_dora": True}, "dora"),
        ("LoraConfig", {"layers_to_transform": [1], "layers_pattern": "layers"}, "lora"),
        ("IA3Config", {"target_modules": ["k_proj", "down_proj"], "feedforward_modules": ["down_proj"]}, "ia3"),
        ("PromptTuningConfig", {"num_virtual_tokens": 3}, "prompt"),
        ("PrefixTuningConfig", {"num_virtual_tokens": 3}, "prefix"),
        ("PromptEncoderConfig", {"num_virtual_tokens": 3, "encoder_hidden_size": 32}, "p-tuning"),
    ],
)
def test_an_imported_adapter_answers_as_it_did(
    tmp_path: Path, home: Home, kind: str, over: dict[str, Any], method: str
) -> None:
    import torch

    from finetune.training.base import find_base
    from finetune.training.policy import load_policy

    base = tiny_folder(tmp_path / "base", tie_word_embeddings="modules_to_save" not in over)
    trained = peft_adapter(base, tmp_path / "My Adapter", kind, **over)
    notes: list[str] = []
    run = import_adapter(home, tmp_path / "My Adapter", on_note=notes.append)
    assert run.name == "my-adapter"
    recipe, card = read_recipe(run), read_card(run)
    assert (recipe.method, card.method, recipe.base) == (method, method, str(base))
    assert card.stages == {"sft": "done", "dpo": "skipped"}
    assert notes == ["the adapter brings no tokenizer; the base's and its chat template are used"]
    loaded = load_policy(find_base(recipe.base, home), recipe.model_copy(update={"dtype": "f32"}), CPU, run.adapter)
    assert torch.allclose(logits(loaded.eval()), logits(trained), atol=1e-5)


def test_an_imported_run_is_exported_asked_and_compared(tmp_path: Path, home: Home) -> None:
    from finetune.ask import ask_both
    from finetune.data.rows import open_dataset
    from tests.finetune.export.conftest import opened
    from tests.support.trained_runs import make_base, make_run

    base = make_base(tmp_path / "base", "llama")
    first = make_run(home, base)  # trained here, then carried away and back
    folder = tmp_path / "lora_model"
    shutil.copytree(first.adapter, folder)
    dataset = open_dataset(dataset_folder(tmp_path / "data"))
    run = import_adapter(home, folder, name="back", dataset=dataset)
    assert read_card(run).data_sha256 == dataset.sha256() and read_card(run).data == str(tmp_path / "data")
    question = "What is the capital of France?"
    replies = [ask_both(home, name, question, CPU, context="", max_tokens=8) for name in (first.name, "back")]
    assert replies[0].tuned == replies[1].tuned != replies[1].base
    job = opened(home, "back")
    assert job.gguf().is_file()
    assert read_card(run).parity["merge"]["base"] == "plain"  # type: ignore[index]


def test_the_base_is_found_or_asked_for(tmp_path: Path, home: Home) -> None:
    base = tiny_folder(tmp_path / "base")
    folder = tmp_path / "a"
    peft_adapter(base, folder)
    config = folder / "adapter_config.json"

    def named(name: str | None) -> None:
        config.write_text(
            json.dumps({**json.loads(config.read_text(encoding="utf-8")), "base_model_name_or_path": name})
        )

    named("meta-llama/Llama-3.2-1B")
    with pytest.raises(MissingExtra, match=r"base meta-llama/Llama-3\.2-1B is not installed") as missing:
        import_adapter(home, folder)
    assert missing.value.hint == f"kb models pull meta-llama/Llama-3.2-1B && kb runs import '{folder}'"
    named("unsloth/llama-3-8b-bnb-4bit")
    with pytest.raises(MissingExtra, match=r"nor is unsloth/llama-3-8b, which") as missing:
        import_adapter(home, folder)
    assert "--base hf:unsloth/llama-3-8b" in missing.value.hint
    for name, says in (("/root/models/llama3", "not on this machine"), (None, "does not say over which base")):
        named(name)
        with pytest.raises(ConfigError, match=says):
            import_adapter(home, folder)
    assert not list_runs(home)
    assert read_card(import_adapter(home, folder, base=str(base))).base == str(base)
    # The full-precision model was pulled: the adapter is opened over it.
    stored = tiny_folder(home.models / "unsloth--llama-3-8b")
    (stored / "manifest.json").write_text(
        json.dumps(
            dict.fromkeys(("source", "version", "sha256"), "")
            | {"name": "unsloth/llama-3-8b", "licence": "Apache-2.0", "size_bytes": 1, "files": {}}
        )
    )
    named("unsloth/llama-3-8b-unsloth-bnb-4bit")
    notes: list[str] = []
    assert read_card(import_adapter(home, folder, on_note=notes.append)).base == "hf:unsloth/llama-3-8b"
    assert "opened over unsloth/llama-3-8b" in notes[0]


@pytest.mark.parametrize(
    ("over", "says"),
    [
        ({"hidden_size": 32}, r"hidden size 32, 2 layers.*lora_A\.weight is \(4, 64\), not \(4, 32\)"),
        ({"num_hidden_layers": 1}, r"layers\.1\..* has no place in it"),
        ({"num_hidden_layers": 3}, r"layers\.2\..* is missing for it"),
        ({"num_key_value_heads": 4}, r"lora_B\.weight is \(32, 4\), not \(64, 4\)"),
    ],
)
def test_an_adapter_of_another_base_is_refused(tmp_path: Path, home: Home, over: dict[str, Any], says: str) -> None:
    peft_adapter(tiny_folder(tmp_path / "base"), tmp_path / "a")
    other = tiny_folder(tmp_path / "other", **over)
    with pytest.raises(DataError, match=says):
        import_adapter(home, tmp_path / "a", base=str(other))
    assert not list_runs(home)


def test_pickled_weights_are_refused_with_the_command_that_converts_them(tmp_path: Path, home: Home) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    base = tiny_folder(tmp_path / "base")
    folder = tmp_path / "a"
    peft_adapter(base, folder)
    tensors = load_file(folder / "adapter_model.safetensors")
    (folder / "adapter_model.safetensors").unlink()
    with pytest.raises(DataError, match=r"holds no adapter_model\.safetensors"):
        import_adapter(home, folder)
    torch.save(tensors, folder / "adapter_model.bin")
    with pytest.raises(DataError, match="pickled weights can run code") as caught:
        import_adapter(home, folder)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    subprocess.run(caught.value.hint, shell=True, check=True, env={**os.environ, "PATH": path})
    run = import_adapter(home, folder)
    assert load_file(run.adapter / "adapter_model.safetensors").keys() == tensors.keys()
    save_file({name: tensor * float("nan") for name, tensor in tensors.items()}, folder / "adapter_model.safetensors")
    with pytest.raises(DataError, match="training diverged"):
        import_adapter(home, folder)


def test_what_is_no_adapter_says_what_it_is(tmp_path: Path, home: Home) -> None:
    base = tiny_folder(tmp_path / "base")
    with pytest.raises(ConfigError, match="no folder"):
        import_adapter(home, tmp_path / "none")
    with pytest.raises(ConfigError, match="a whole model") as caught:
        import_adapter(home, base)
    assert caught.value.hint.startswith(f"kb ask --model 'hf:{base}'")
    peft_adapter(base, tmp_path / "out" / "checkpoint-20")
    with pytest.raises(ConfigError, match="folders in it do: checkpoint-20") as caught:
        import_adapter(home, tmp_path / "out")
    assert caught.value.hint == f"kb runs import '{tmp_path / 'out' / 'checkpoint-20'}'"
    config = tmp_path / "out" / "checkpoint-20" / "adapter_config.json"
    config.write_text(json.dumps({**json.loads(config.read_text(encoding="utf-8")), "peft_type": "VERA"}))
    with pytest.raises(ConfigError, match="unsupported peft_type 'VERA'"):
        import_adapter(home, tmp_path / "out" / "checkpoint-20")
    config.write_text("{")
    with pytest.raises(DataError, match="cannot be read"):
        import_adapter(home, tmp_path / "out" / "checkpoint-20")


def test_an_enlarged_embedding_comes_with_the_adapter(tmp_path: Path, home: Home) -> None:
    import torch

    from finetune.data.prepare import chat_of_policy
    from finetune.training.base import find_base
    from finetune.training.policy import load_policy
    from tests.support.tiny_models import tokenizer_of

    base = tiny_folder(tmp_path / "base")
    trained = peft_adapter(base, tmp_path / "a", rows=528, modules_to_save=["embed_tokens"])
    tokenizer = tokenizer_of()
    tokenizer.add_tokens([f"<domain-{number}>" for number in range(100)])
    tokenizer.chat_template = None
    tokenizer.save_pretrained(tmp_path / "a")
    notes: list[str] = []
    run = import_adapter(home, tmp_path / "a", on_note=notes.append)
    assert notes == ["the adapter's tokenizer has no chat template; the base's is used"]
    recipe = read_recipe(run)
    assert recipe.embedding_rows == 528
    found = find_base(recipe.base, home)
    loaded = load_policy(found, recipe.model_copy(update={"dtype": "f32"}), CPU, run.adapter)
    assert torch.allclose(logits(loaded.eval()), logits(trained), atol=1e-5)
    chat = chat_of_policy(found, recipe, run.adapter)
    assert chat.source == "model" and max(chat.encode("<domain-99>")) >= 520


def test_the_script_for_another_environment_trains_what_is_taken_back(tmp_path: Path, home: Home) -> None:
    import runpy

    import torch

    from core.rows import pair_from_json
    from finetune.ask import ask_both
    from tests.support.json_lines import write_jsonl
    from tests.support.tiny_models import pair

    base = tiny_folder(tmp_path / "base")
    rows = [pair_from_json(pair(number), "x", 1) for number in range(6)]
    write_jsonl(
        tmp_path / "rows.jsonl",
        [
            {
                "prompt": [{"role": "user", "content": row.question}],
                "completion": [{"role": "assistant", "content": row.answer}],
            }
            for row in rows
        ],
    )
    (tmp_path / "mine.toml").write_text(
        f'base = "{base}"\nmethod = "rslora"\nrank = 4\nlearning_rate = 2e-2\nmax_steps = 3\nbatch_size = 4\nseed = 1\n'
    )
    script = runpy.run_path(str(Path(__file__).parents[2] / "docs" / "train_adapter.py"))
    script["main"](str(tmp_path / "rows.jsonl"), str(tmp_path / "mine.toml"), str(tmp_path / "adapter"))
    run = import_adapter(home, tmp_path / "adapter")
    recipe = read_recipe(run)
    assert (recipe.method, recipe.rank, recipe.lora_alpha) == ("rslora", 4, 8)
    from safetensors.torch import load_file

    tensors = load_file(run.adapter / "adapter_model.safetensors")
    assert any(torch.count_nonzero(tensor) for name, tensor in tensors.items() if "lora_B" in name)
    reply = ask_both(home, "adapter", rows[0].question, CPU, context="", max_tokens=4)
    assert reply.prompt.endswith("<|im_start|>assistant\n")
