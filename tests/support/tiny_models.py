"""Tiny models, tokenizers and rows, made on the spot."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from finetune.training.machine import GIB, Machine
from tests.support.json_lines import write_jsonl

CHATML = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
_CORPUS = [
    "The Velmara station has a coolant tank of 310 litres and opened in 2018 on the northern ridge.",
    "What is the capacity of the coolant tank? Question answer system user assistant passage documents say.",
    "Tank 310 holds 311 litres. Tank 1 holds litres.",
    "Guests pay 12.50 euros for the night train; children under six travel free of charge every day.",
]

CPU = Machine(
    name="a CPU", device="cpu", memory_bytes=16 * GIB, free_bytes=8 * GIB, bf16=True, peak_flops=1e12, efficiency=0.12
)


@cache
def trained_tokenizer() -> Any:
    """A byte-level BPE tokenizer of 512 tokens with ChatML's control tokens."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=512,
        special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_CORPUS * 4, trainer)
    tokenizer.add_special_tokens([AddedToken(f"<|extra_{i}|>", special=True) for i in range(3)])
    return tokenizer


def tokenizer_of(template: str | None = CHATML, *, pad: str | None = "<|endoftext|>") -> Any:
    """A transformers tokenizer around the trained one."""
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerFast

    made = PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer.from_str(trained_tokenizer().to_str()),
        eos_token="<|im_end|>",
        bos_token="<|im_start|>",
        pad_token=pad,
        clean_up_tokenization_spaces=False,
    )
    made.chat_template = template
    return made


def tiny_config(kind: str, **over: Any) -> Any:
    """A configuration of two layers, 64 wide."""
    from transformers import LlamaConfig, Qwen2Config

    sizes = {
        "hidden_size": 64,
        "intermediate_size": 96,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "vocab_size": 520,
        "max_position_embeddings": 512,
        "tie_word_embeddings": True,
        "bos_token_id": 1,
        "eos_token_id": 2,
        "pad_token_id": 0,
        **over,
    }
    return {"llama": LlamaConfig, "qwen2": Qwen2Config}[kind](**sizes)


def tiny_folder(path: Path, kind: str = "llama", template: str | None = CHATML, **over: Any) -> Path:
    """A base model of random weights in transformers' layout."""
    import torch
    from transformers import AutoModelForCausalLM

    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(tiny_config(kind, **over))
    model.save_pretrained(path)
    tokenizer_of(template).save_pretrained(path)
    return path


def pair(number: int, **over: Any) -> dict[str, Any]:
    """A row of `pairs.jsonl`."""
    row = {
        "id": f"p{number}",
        "kind": "closed-book",
        "question": f"What is the capacity of tank {number}?",
        "answer": f"Tank {number} holds {310 + number} litres.",
        "context": "",
        "evidence": [],
        "fact": f"f{number}",
        "group": f"g{number}",
        "split": "train",
    }
    return {**row, **over}


def preference(number: int, **over: Any) -> dict[str, Any]:
    """A row of `preferences.jsonl`."""
    row = {
        "id": f"r{number}",
        "kind": "changed-value",
        "prompt": f"What is the capacity of tank {number}?",
        "chosen": f"Tank {number} holds {310 + number} litres.",
        "rejected": f"Tank {number} holds {500 + number} litres.",
        "group": f"g{number}",
        "split": "train",
    }
    return {**row, **over}


def dataset_folder(path: Path, rows: int = 16, held_out: int = 4, preferences: int = 8) -> Path:
    """A dataset: questions, other phrasings of some of them, and preferences."""
    write_jsonl(path / "train.jsonl", [pair(number) for number in range(rows)])
    asked = [pair(number, split="val", question=f"How much does tank {number} hold?") for number in range(held_out)]
    write_jsonl(path / "val.jsonl", asked)
    write_jsonl(path / "preferences.jsonl", [preference(number) for number in range(preferences)])
    return path


def begun(root: Path, kind: str = "llama", *, name: str = "one", template: str | None = CHATML, **choices: Any) -> Any:
    """A run of a tiny model that is about to be trained: its home, the run, what is prepared."""
    from core.files import Home
    from finetune.data.prepare import prepare
    from finetune.recipe import Recipe
    from finetune.training.launch import begin_run

    folder, data = root / kind, root / "data"
    if not folder.is_dir():
        tiny_folder(folder, kind, template)
    if not data.is_dir():
        dataset_folder(data)
    small = {
        "base": str(folder),
        "dtype": "f32",
        "batch_size": 8,
        "micro_batch": 4,
        "rank": 4,
        "n_layers": 1,
        "virtual_tokens": 4,
        "max_steps": 2,
        "save_steps": 2,
        "eval_steps": 2,
        "logging_steps": 1,
        "eval_rows": 0,
        "learning_rate": 1e-2,
        "dpo_learning_rate": 1e-3,
    }
    recipe = Recipe.model_validate(small | choices)
    home = Home(root / "home")
    prepared = prepare(recipe, data, home, machine=CPU)
    run = begin_run(home, name, recipe, prepared.base, prepared.dataset, str(data))
    return home, run, prepared
