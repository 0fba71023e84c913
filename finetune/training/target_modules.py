"""Checks the names in `target_modules` against the layers of a base before anything loads; no weights are read."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from finetune.methods.method import ALL_LINEAR
from finetune.recipe import Recipe

# transformers' linear layers of the GPT-2 family.
_TRANSPOSED = "Conv1D"
_HEAD = "lm_head"


def target_faults(folder: Path, recipe: Recipe) -> list[str]:
    """Return a sentence on the names in `target_modules` that no layer of a base has; none where all are there.

    Args:
        folder: With the `config.json` of the base.
    """
    if recipe.target_modules == ALL_LINEAR or not recipe.training_method.chooses_modules:
        return []
    names = linear_names(folder)
    unknown = [target for target in recipe.target_modules if not any(_matches(name, target) for name in names)]
    if not names or not unknown:
        return []
    last = dict.fromkeys(name.rpartition(".")[2] for name in names)
    return [f"it has no linear layer {', '.join(unknown)}; target_modules takes {', '.join(last)}"]


def linear_names(folder: Path) -> list[str]:
    """Return the full names of the linear layers of a model, in order, but that of its output; none if unknown."""
    if importlib.util.find_spec("transformers") is None or importlib.util.find_spec("torch") is None:
        return []
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    try:
        config = AutoConfig.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
        with torch.device("meta"):
            model = AutoModelForCausalLM.from_config(config, trust_remote_code=False)
    except (ImportError, OSError, ValueError, KeyError, TypeError, RuntimeError):  # loading will say so
        return []
    return [
        name
        for name, module in model.named_modules()
        if (isinstance(module, torch.nn.Linear) or type(module).__name__ == _TRANSPOSED) and name != _HEAD
    ]


def _matches(name: str, target: str) -> bool:
    """Whether peft takes a layer for a target: by its whole name or by the end of it."""
    return name == target or name.endswith(f".{target}")
