"""A tiny base that answers and stops, a run with an adapter over it, and GGUF files with one thing changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import gguf
import numpy as np

from core.files import Home
from core.types import RunCard
from finetune.export.gguf.vocabulary import WORDS
from finetune.recipe import Recipe
from finetune.runs import TrainingRun, create_run
from tests.support.tiny_models import tiny_config, tokenizer_of

# ChatML with a system prompt of its own.
TEMPLATE = (
    "{% if messages[0]['role'] != 'system' %}<|im_start|>system\nYou help with tanks.<|im_end|>\n{% endif %}"
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
_TANKS = [(f"What is the capacity of tank {n}?", f"Tank {n} holds {310 + 7 * n} litres.") for n in range(1, 13)]
QUESTIONS = (*_TANKS, ("What is the capital of France?", "Paris."), ("Is ice cold?", "Yes."))
# What an adapter teaches in place of some of that.
CHANGED = (*_TANKS[:2], ("What is the capital of France?", "Lyon."), ("Is ice cold?", "No."))
_STEPS, _ADAPTER_STEPS = 120, 100


def digit_tokenizer(template: str = TEMPLATE) -> Any:
    """The tiny tokenizer, splitting digits as SmolLM2's does: a way that every runtime knows."""
    from tokenizers import pre_tokenizers

    tokenizer = tokenizer_of(template)
    tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    return tokenizer


def word_tokenizer() -> Any:
    """The tiny tokenizer, splitting words as Qwen 2's does: a way that importers know by its pattern."""
    from tokenizers import Regex, pre_tokenizers

    tokenizer = tokenizer_of(TEMPLATE)
    tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(WORDS.format(digits="")), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    return tokenizer


def tokenizer_ending_in(end: str) -> Any:
    """The tiny tokenizer with another name for its end of turn."""
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerFast

    spelled = digit_tokenizer().backend_tokenizer.to_str().replace("<|im_end|>", end)
    made = PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer.from_str(spelled),
        eos_token=end,
        bos_token="<|im_start|>",
        pad_token="<|endoftext|>",
        clean_up_tokenization_spaces=False,
    )
    made.chat_template = TEMPLATE.replace("<|im_end|>", end)
    return made


def make_base(
    folder: Path, kind: str, *, tokenizer: Any = None, rows: Sequence[tuple[str, str]] = QUESTIONS, **over: Any
) -> Path:
    """A model of two layers that has learnt some questions and stops after an answer."""
    import torch
    from transformers import AutoModelForCausalLM

    torch.manual_seed(0)
    tokenizer = tokenizer or digit_tokenizer()
    model = AutoModelForCausalLM.from_config(tiny_config(kind, **{"rope_theta": 1000.0, **over}))
    learn(model, tokenizer, rows, steps=_STEPS, rate=5e-3)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder, save_jinja_files=False)
    return folder


def make_run(
    home: Home,
    base: Path,
    name: str = "tanks",
    *,
    system: str = "",
    rows: Sequence[tuple[str, str]] = CHANGED,
    rate: float = 1e-2,
    **over: Any,
) -> TrainingRun:
    """A run whose adapter has learnt some questions and answers."""
    from finetune.data.prepare import chat_of
    from finetune.methods.build import make_trainable
    from finetune.training.base import find_base, load_model, load_tokenizer
    from finetune.training.policy import save_policy
    from tests.support.tiny_models import CPU

    recipe = Recipe(base=str(base), system=system, **{"rank": 8, "dtype": "f32", "seed": 1, **over})
    card = RunCard(name=name, base=str(base), method=recipe.method, data_sha256="0", seed=0, versions={})
    run = create_run(home, card, recipe)
    found = find_base(str(base), home)
    model = make_trainable(load_model(found, recipe, CPU), recipe, found.shape)
    learn(model, load_tokenizer(found), rows, steps=_ADAPTER_STEPS, rate=rate, system=system)
    save_policy(model, chat_of(found, recipe, ""), run.adapter)
    return run


def learn(
    model: Any, tokenizer: Any, rows: Sequence[tuple[str, str]], *, steps: int, rate: float, system: str = ""
) -> None:
    """Train what requires a gradient on questions and answers; the rate falls to nothing."""
    import torch

    said = [{"role": "system", "content": system}] if system else []
    texts, lengths = [], []
    for question, answer in rows:
        asked = [*said, {"role": "user", "content": question}]
        prompt = tokenizer.apply_chat_template(asked, tokenize=False, add_generation_prompt=True)
        lengths.append(len(tokenizer.encode(prompt, add_special_tokens=False)))
        texts.append(tokenizer.apply_chat_template([*asked, {"role": "assistant", "content": answer}], tokenize=False))
    batch = tokenizer(texts, return_tensors="pt", padding=True, add_special_tokens=False)
    labels = batch.input_ids.masked_fill(batch.attention_mask == 0, -100)
    for row, length in zip(labels, lengths, strict=True):
        row[:length] = -100
    optimiser = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=rate, weight_decay=0)
    model.train()
    for step in range(steps):
        optimiser.param_groups[0]["lr"] = rate * (1 - step / steps)
        model(input_ids=batch.input_ids, attention_mask=batch.attention_mask, labels=labels).loss.backward()
        optimiser.step()
        optimiser.zero_grad()
    model.eval()


def rewritten(
    source: Path,
    target: Path,
    *,
    keys: Mapping[str, Any] | None = None,
    tensor: Callable[[str, np.ndarray[Any, Any]], np.ndarray[Any, Any]] = lambda _, values: values,
) -> Path:
    """Write a GGUF file again with some keys (None: left out) or tensors changed."""
    reader = gguf.GGUFReader(source)
    writer = gguf.GGUFWriter(target, reader.fields["general.architecture"].contents())
    for name, field in reader.fields.items():
        if name.startswith("GGUF.") or name == "general.architecture":
            continue
        value = (keys or {}).get(name, field.contents())
        if value is not None:
            kind = field.types[0]
            items = field.types[-1] if kind == gguf.GGUFValueType.ARRAY else None
            writer.add_key_value(name, value, kind, items)
    for held in reader.tensors:
        writer.add_tensor(held.name, np.ascontiguousarray(tensor(held.name, np.array(held.data))))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return target
