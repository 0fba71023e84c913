"""Trains a LoRA adapter in an environment of its own, by Unsloth or by plain peft, from rows and a recipe of `kb`.

    python train_adapter.py rows.jsonl recipe.toml adapter/

It needs no `kb`: Unsloth with what it brings along, or `pip install torch transformers peft` (and bitsandbytes for
method = "qlora"). `docs/unsloth.md` says how the rows are written and how the adapter is taken back.
"""

from __future__ import annotations

import importlib.util
import json
import sys
import tomllib
from pathlib import Path
from typing import Any

UNSLOTH = importlib.util.find_spec("unsloth") is not None
IGNORED = -100  # labels of tokens that carry no loss
METHODS = ("lora", "rslora", "qlora")
LINEARS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def main(rows_file: str, recipe_file: str, out: str) -> None:
    """Train and save the adapter with its tokenizer."""
    recipe: dict[str, Any] = tomllib.loads(Path(recipe_file).read_text(encoding="utf-8"))
    if recipe.get("method", "lora") not in METHODS:
        sys.exit(f"method {recipe['method']!r}: use one of {', '.join(METHODS)}")
    if not recipe.get("base"):
        sys.exit(f"{recipe_file} names no base")
    model, tokenizer = load(recipe)
    rows = [json.loads(line) for line in Path(rows_file).read_text(encoding="utf-8").splitlines() if line.strip()]
    longest = recipe.get("max_length") or model.config.max_position_embeddings
    encoded = [encode(row, tokenizer) for row in rows]
    kept = [row for row in encoded if len(row["input_ids"]) <= longest]
    sys.stderr.write(f"{len(kept)} rows; {len(encoded) - len(kept)} longer than {longest} tokens are left out\n")
    train(model, kept, recipe, out, pad=tokenizer.eos_token_id)
    model.save_pretrained(out)
    tokenizer.save_pretrained(out)


def load(recipe: dict[str, Any]) -> tuple[Any, Any]:
    """Return the base with a fresh adapter, and its tokenizer."""
    base, method = recipe["base"].removeprefix("hf:"), recipe.get("method", "lora")
    rank, four_bit = recipe.get("rank", 16), method == "qlora"
    lora: dict[str, Any] = {
        "r": rank,
        "lora_alpha": recipe.get("alpha", 2 * rank),
        "lora_dropout": recipe.get("dropout", 0.0),
        "use_rslora": method == "rslora",
    }
    targets = recipe.get("target_modules", ["all-linear"])
    if UNSLOTH:
        from unsloth import FastLanguageModel

        model, tokenizer = FastLanguageModel.from_pretrained(
            base, max_seq_length=recipe.get("max_length") or 2048, dtype=None, load_in_4bit=four_bit
        )
        model = FastLanguageModel.get_peft_model(
            model,
            target_modules=LINEARS if targets == ["all-linear"] else targets,
            use_gradient_checkpointing="unsloth" if recipe.get("gradient_checkpointing") else False,
            random_state=recipe.get("seed", 0),
            **lora,
        )
        return model, tokenizer
    import torch
    from peft import LoraConfig, get_peft_model, prepare_model_for_kbit_training
    from transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig

    options: dict[str, Any] = {"dtype": torch.bfloat16 if torch.cuda.is_available() else torch.float32}
    if four_bit:
        options["quantization_config"] = BitsAndBytesConfig(
            load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True
        )
    torch.manual_seed(recipe.get("seed", 0))
    model = AutoModelForCausalLM.from_pretrained(base, **options)
    if four_bit:
        model = prepare_model_for_kbit_training(model)
    modules = "all-linear" if targets == ["all-linear"] else targets
    model = get_peft_model(model, LoraConfig(task_type="CAUSAL_LM", target_modules=modules, **lora))
    return model, AutoTokenizer.from_pretrained(base)


def encode(row: dict[str, Any], tokenizer: Any) -> dict[str, list[int]]:
    """Return a row as tokens: the prompt as it will stand at generation, then the answer, which alone is trained."""
    before = tokenizer.apply_chat_template(row["prompt"], tokenize=False, add_generation_prompt=True)
    whole = tokenizer.apply_chat_template([*row["prompt"], *row["completion"]], tokenize=False)
    if not whole.startswith(before):
        sys.exit(f"the chat template renders the prompt otherwise when an answer follows: {before[-80:]!r}")
    prompt, ids = (tokenizer.encode(text, add_special_tokens=False) for text in (before, whole.rstrip("\n")))
    if ids[-1] != tokenizer.eos_token_id:
        ids.append(tokenizer.eos_token_id)
    return {"input_ids": ids, "labels": [IGNORED] * len(prompt) + ids[len(prompt) :]}


def train(model: Any, rows: list[dict[str, list[int]]], recipe: dict[str, Any], out: str, *, pad: int) -> None:
    """Train as the recipe says; padding is masked and carries no loss, so its token may be any."""
    import torch
    from transformers import Trainer, TrainingArguments

    def collate(batch: list[dict[str, list[int]]]) -> dict[str, torch.Tensor]:
        width = max(len(row["input_ids"]) for row in batch)

        def padded(name: str, filler: int) -> torch.Tensor:
            return torch.tensor([[*row[name], *[filler] * (width - len(row[name]))] for row in batch])

        lengths = torch.tensor([len(row["input_ids"]) for row in batch])
        mask = (torch.arange(width)[None] < lengths[:, None]).long()
        return {"input_ids": padded("input_ids", pad), "labels": padded("labels", IGNORED), "attention_mask": mask}

    batch = recipe.get("batch_size", 16)
    micro = recipe.get("micro_batch") or min(batch, 2)
    epochs, max_steps = recipe.get("epochs", 3.0), recipe.get("max_steps", 0)
    steps = max_steps or max(1, round(epochs * len(rows) / batch))
    arguments = TrainingArguments(
        output_dir=f"{out}.work",
        per_device_train_batch_size=micro,
        gradient_accumulation_steps=max(1, batch // micro),
        learning_rate=recipe.get("learning_rate", 2e-4),
        lr_scheduler_type=recipe.get("scheduler", "cosine"),
        warmup_steps=round(recipe.get("warmup_ratio", 0.05) * steps),
        weight_decay=recipe.get("weight_decay", 0.0),
        max_grad_norm=recipe.get("max_grad_norm", 1.0),
        num_train_epochs=epochs,
        max_steps=max_steps or -1,
        logging_steps=recipe.get("logging_steps", 5),
        save_strategy="no",
        seed=recipe.get("seed", 0),
        bf16=torch.cuda.is_available(),
        use_cpu=not torch.cuda.is_available(),
        report_to=[],
        remove_unused_columns=False,
    )
    Trainer(model=model, args=arguments, train_dataset=rows, data_collator=collate).train()


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
