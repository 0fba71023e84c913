"""Opens a base model safely: safetensors only, no code from the model, an explicit dtype, a licence that was accepted.

Finding (`find_base`) reads JSON and loads nothing; loading (`load_tokenizer`, `load_model`) requires the train extra.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from core.errors import ConfigError, DataError, MissingExtra
from core.files import Home
from core.machine.install import missing_extra, package_command
from core.weights.rope import stretch_context
from core.weights.shelf import MANIFEST, folder_of, require, stored
from finetune.data.shape import KNOWN_SHAPES, ModelShape, missing_sizes, shape_of
from finetune.recipe import Recipe, recipe_dtype
from finetune.training.machine import Machine
from finetune.training.target_modules import target_faults

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

# Licences that let anyone tune a model and pass the result on.
OPEN_LICENCES = frozenset(
    {"apache-2.0", "mit", "bsd-2-clause", "bsd-3-clause", "bsl-1.0", "unlicense", "cc0-1.0", "cc-by-sa-4.0"}
)
# SmolLM2 (Apache-2.0) with the adapter that reads passages, which has the licence of its data.
_TOO_LONG = "sequence-length-is-longer-than-the-specified-maximum"
SMOLLM2_READING, _READING_LICENCE = "smollm2-reading", "cc-by-sa-4.0"
# Names that come before a folder of the same name.
_PREPARED = frozenset({"smollm2", SMOLLM2_READING})
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_FRONT_MATTER_LICENCE = re.compile(r"\A---\n.*?^license:\s*[\"']?([\w.-]+)", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """A base model on disk, found and judged, not loaded.

    Attributes:
        spec: As a person spelled it.
        folder: transformers layout: `config.json`, tokenizer, safetensors.
        licence: As stated; empty where a person's own folder states none.
        size_bytes: Of the weight files.
    """

    spec: str
    folder: Path
    licence: str
    size_bytes: int
    shape: ModelShape


def known_shape(spec: str) -> ModelShape | None:
    """Return the shape of a model that the recipes name, for estimates without its weights; None for others."""
    return KNOWN_SHAPES.get(spec.removeprefix("hf:"))


def lasting_spec(spec: str) -> str:
    """Return a spelling of a base that means the same in every working folder: a folder by its absolute path."""
    path = Path(spec.removeprefix("hf:")).expanduser()
    return str(path.absolute()) if spec and spec not in _PREPARED and path.is_dir() else spec


def find_base(spec: str, home: Home, *, weights: bool = True) -> Base:
    """Find a base model and read what its files say of it.

    Args:
        spec: `smollm2`, `smollm2-reading` (with the adapter that reads passages), `hf:ID`, `hf:PATH`, or the path of a
            folder.
        home: Where weights lie. SmolLM2 is converted to a folder there at the first call, which takes seconds and
            requires the extra `train`.
        weights: Whether they must be there; configuration and tokenizer are enough for an estimate and an audit.

    Raises:
        MissingExtra: The weights, or without `weights` the tokenizer, were never pulled; the hint pulls them.
        ConfigError: There is no such folder.
        DataError: The folder holds no safetensors, or is no causal text model.
    """
    folder, licence = _locate(spec, home, weights=weights)
    config = _json(folder / "config.json")
    if config.get("auto_map"):
        raise DataError(f"{spec} requires code from the model, which is never run", path=folder / "config.json")
    files = sorted(folder.glob("*.safetensors"))
    if weights and not files:
        raise DataError(
            "no safetensors found; pickled weights can run code and are not read",
            path=folder,
            hint="kb finetune --base smollm2 --data DIR --dry-run",
            click="choose another base model",
        )
    return Base(
        spec=spec,
        folder=folder,
        licence=licence,
        size_bytes=sum(path.stat().st_size for path in files),
        shape=shape_of(_complete(config, folder), spec),
    )


def _complete(config: Mapping[str, Any], folder: Path) -> Mapping[str, Any]:
    """Return a configuration with the sizes that its file leaves to the defaults of transformers' class."""
    if not missing_sizes(config) or importlib.util.find_spec("transformers") is None:
        return config
    from transformers import AutoConfig

    try:
        known = AutoConfig.from_pretrained(folder, trust_remote_code=False, local_files_only=True).get_text_config()
    except (OSError, ValueError, KeyError, TypeError):  # the sizes that are missing are reported
        return config
    names = [*missing_sizes(config), "num_key_value_heads", "head_dim", "max_position_embeddings"]
    sizes = {name: getattr(known, name, None) for name in names}
    text = {**(config.get("text_config") or {}), **{name: size for name, size in sizes.items() if size is not None}}
    return {**config, "text_config": {"model_type": known.model_type, **text}}


def _locate(spec: str, home: Home, *, weights: bool) -> tuple[Path, str]:
    if spec == "smollm2":
        from finetune.smollm2 import smollm2_folder

        return smollm2_folder(home), stored(require("smollm2", home)).licence
    if spec == SMOLLM2_READING:
        from finetune.smollm2 import smollm2_reading_folder

        return smollm2_reading_folder(home), _READING_LICENCE
    name = spec.removeprefix("hf:")
    path = Path(name).expanduser()
    if name and path.is_dir():  # no name would be the folder one stands in
        return path.absolute(), _stated(path)
    if spec.startswith("hf:") and _HUB_ID.fullmatch(name) and not path.exists():
        has_all = weights or (folder_of(name, home) / MANIFEST).is_file()
        folder = require(name if has_all else f"{name}:tokenizer", home)
        return folder, stored(folder).licence
    raise ConfigError(
        f"unknown base model {spec!r}; use smollm2, a folder or hf:ORG/NAME",
        hint="kb finetune --base smollm2 --data DIR --dry-run",
        click="choose another base model",
    )


def _json(path: Path) -> Mapping[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"cannot be read: {error}", path=path, hint="kb models list") from error
    if not isinstance(value, dict):
        raise DataError("is not a JSON object", path=path, hint="kb models list")
    return value


def _stated(folder: Path) -> str:
    """Return the licence that a folder states: in its manifest, or at the head of its README."""
    if (folder / MANIFEST).is_file():
        return str(_json(folder / MANIFEST).get("licence", ""))
    readme = folder / "README.md"
    match = (
        _FRONT_MATTER_LICENCE.match(readme.read_text(encoding="utf-8", errors="replace")) if readme.is_file() else None
    )
    return match[1] if match else ""


def check_base(base: Base, recipe: Recipe) -> None:
    """Check what can be said of a base and a recipe before anything loads.

    Raises:
        ConfigError: The licence has conditions that were not accepted, the method does not serve this model, it lacks a
            layer that the recipe names, or a 4-bit base meets a method that changes its weights; every fault in one
            message.
    """
    faults = []
    licence = base.licence.lower()
    if licence and licence not in OPEN_LICENCES and licence != recipe.accept_licence.lower():
        faults.append(f"its licence is {base.licence!r}; read it, then --set accept_licence={base.licence.split()[0]}")
    faults += [*shape_faults(base.shape, recipe), *target_faults(base.folder, recipe)]
    if faults:
        raise ConfigError(
            f"base {base.spec}: " + "\n  ".join(faults),
            hint="kb finetune --base smollm2 --data DIR --dry-run",
            click="choose another base model",
        )


def shape_faults(shape: ModelShape, recipe: Recipe) -> list[str]:
    """Return what makes a recipe impossible for a model of this shape, one sentence each."""
    faults = list(recipe.training_method.faults(recipe, shape))
    if any(layer >= shape.layers or layer < 0 for layer in recipe.layers_to_transform):
        faults.append(f"it has layers 0 to {shape.layers - 1}; layers_to_transform names others")
    if recipe.rope_scaling != "none" and not shape.rotary:
        faults.append(f"its positions are no rotations ({shape.model_type}), so rope_scaling cannot stretch them")
    if 0 < recipe.embedding_rows < shape.vocabulary:
        faults.append(f"its embedding has {shape.vocabulary} rows, more than embedding_rows={recipe.embedding_rows}")
    longest = int(shape.context_tokens * recipe.rope_factor)
    if shape.context_tokens and recipe.max_length > longest:
        faults.append(f"its context is {longest} tokens, shorter than max_length={recipe.max_length}")
    return faults


def load_tokenizer(base: Base) -> PreTrainedTokenizerFast:
    """Load a base model's tokenizer.

    Raises:
        DataError: transformers cannot read it, or it is not a fast one (which alone gives exact offsets).
        MissingExtra: transformers is not installed.
    """
    require_train_extra()
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(base.folder, trust_remote_code=False, local_files_only=True)
        # Rows that are too long are dropped and counted; transformers would warn of the first one.
        tokenizer.deprecation_warnings[_TOO_LONG] = True
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"the tokenizer cannot be read: {error}", path=base.folder, hint="kb models list") from error
    if not tokenizer.is_fast:
        raise DataError("unsupported tokenizer: a fast tokenizer is required", path=base.folder, hint="kb models list")
    return tokenizer


def generation_eos(base: Base) -> list[int]:
    """Return the tokens that stop generation, as the model's files say; empty where they say nothing."""
    for name in ("generation_config.json", "config.json"):
        path = base.folder / name
        ends = _json(path).get("eos_token_id") if path.is_file() else None
        if ends is not None:
            return [int(end) for end in ends] if isinstance(ends, list) else [int(ends)]
    return []


def load_model(base: Base, recipe: Recipe, machine: Machine, *, weights: Path | None = None) -> PreTrainedModel:
    """Load a base model's weights onto the machine, in the dtype of the run; four-bit where the recipe says so.

    Trainable weights are to be float32 in every method; that is the business of `finetune.methods.build`.

    Args:
        weights: Folder of other weights of the same shape: what full training made of the base.

    Raises:
        DataError: The files cannot be loaded, or a layer is too odd for four-bit kernels.
        MissingExtra: A package is absent.
    """
    require_train_extra()
    import torch
    from transformers import AutoModelForCausalLM
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    dtype = {"bf16": torch.bfloat16, "fp16": torch.float16, "f32": torch.float32}[recipe_dtype(recipe, machine)]
    # Full training keeps master weights in f32 and computes in half precision by autocast.
    dtype = dtype if recipe.training_method.adapter else torch.float32
    options: dict[str, Any] = {}
    stored = base.shape.quantisation if weights is None else ""
    four_bit = recipe.training_method.quantised and not stored
    if machine.device == "cpu" and (four_bit or (stored == "bitsandbytes" and base.shape.four_bit)):
        check_cpu_four_bit(base)
    if four_bit:
        options["quantization_config"] = _four_bit(recipe, dtype)
    try:
        model = AutoModelForCausalLM.from_pretrained(
            weights or base.folder,
            config=_config(base, recipe, made_of_it=weights is not None),
            trust_remote_code=False,
            local_files_only=True,
            use_safetensors=True,
            dtype=dtype,
            attn_implementation=_attention(recipe, base.shape.model_type),
            # One process per GPU: a launcher says which.
            device_map={"": int(os.environ.get("LOCAL_RANK", "0"))} if machine.device == "cuda" else {"": "cpu"},
            **options,
        )
    except (OSError, ValueError, KeyError, ImportError, RuntimeError) as error:
        reason = str(error).strip().splitlines()[0]
        raise DataError(
            f"transformers cannot load the model: {reason}", path=base.folder, hint="kb models list"
        ) from error
    if recipe.embedding_rows > base.shape.vocabulary and weights is None:
        _enlarge_embedding(model, recipe.embedding_rows)
    model.config.use_cache = False
    for module in model.modules():
        if hasattr(module, "support_avx512bf16_for_cpu"):
            # bitsandbytes 0.50 repacks four-bit weights at the first evaluation on a CPU and cannot train them then.
            module.support_avx512bf16_for_cpu = False
    return model


def _enlarge_embedding(model: Any, rows: int) -> None:
    """Give the embedding, and an output matrix of its own, more rows: the mean of those that are there.

    The mean, not random numbers: whoever loads the base again gets the same model.
    """
    import torch

    known = model.get_input_embeddings().weight.shape[0]
    model.resize_token_embeddings(rows, mean_resizing=False)
    head = model.get_output_embeddings()
    with torch.no_grad():
        for module in (model.get_input_embeddings(), *([] if head is None else [head])):
            module.weight[known:] = module.weight[:known].float().mean(0).to(module.weight.dtype)


def _config(base: Base, recipe: Recipe, *, made_of_it: bool = False) -> Any:
    """Return the model's configuration with its context stretched as the recipe says.

    Args:
        made_of_it: Whether the weights to load are what training made of the base: they have the rows that the recipe
            adds to the embedding, and are not quantised.
    """
    from transformers import AutoConfig

    config = AutoConfig.from_pretrained(base.folder, trust_remote_code=False, local_files_only=True)
    if made_of_it and recipe.embedding_rows:
        config.get_text_config().vocab_size = recipe.embedding_rows
    if made_of_it and base.shape.quantisation:
        del config.quantization_config
    stretch_context(config, recipe.rope_scaling, recipe.rope_factor)
    return config


# Families that squash the scores of attention, which torch's fused kernels cannot.
_EAGER = frozenset({"gemma2"})


def with_kernel(recipe: Recipe, shape: ModelShape) -> tuple[Recipe, str]:
    """Return a recipe that the attention of a family allows, and what was changed, `""` for nothing."""
    if recipe.packing == "none" or shape.model_type not in _EAGER:
        return recipe, ""
    note = f"packing=none: {shape.model_type} needs a kernel of attention in which packed rows would see each other"
    return recipe.model_copy(update={"packing": "none"}), note


def _attention(recipe: Recipe, model_type: str) -> str:
    if recipe.attn == "flash":
        if importlib.util.find_spec("flash_attn") is None:
            raise MissingExtra("attn flash requires the package flash-attn", hint=package_command("flash-attn"))
        return "flash_attention_2"
    return "eager" if recipe.attn == "eager" or model_type in _EAGER else "sdpa"


def attention_kernel(recipe: Recipe) -> AbstractContextManager[None]:
    """Return a context in which torch computes attention as the recipe says.

    `xformers` is that library's memory-efficient kernel, which torch carries; other choices leave torch its own.
    """
    if recipe.attn != "xformers":
        return nullcontext()
    from torch.nn.attention import SDPBackend, sdpa_kernel

    return cast("AbstractContextManager[None]", sdpa_kernel(SDPBackend.EFFICIENT_ATTENTION))


def _four_bit(recipe: Recipe, dtype: Any) -> Any:
    from transformers import BitsAndBytesConfig

    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=recipe.double_quant,
        bnb_4bit_compute_dtype=dtype,
    )


# bitsandbytes 0.50's CPU kernel multiplies in blocks of this many outputs.
_CPU_BLOCK = 32


def check_cpu_four_bit(base: Base) -> None:
    """Check that the four-bit kernels of a CPU can multiply this model's layers.

    Raises:
        DataError: An output width does not divide by the kernel's block; the message names the layers.
    """
    odd = {name: outputs for name, (_, outputs) in base.shape.linears.items() if outputs % _CPU_BLOCK}
    if odd:
        listed = ", ".join(f"{name} {outputs}" for name, outputs in odd.items())
        raise DataError(
            f"{base.spec}: four-bit layers on a CPU require output widths divisible by {_CPU_BLOCK}; got {listed}",
            hint="kb finetune --method lora --data DIR",
        )


def require_train_extra() -> None:
    """Check that the packages of the extra `train` are installed.

    Raises:
        MissingExtra: They are not.
    """
    if not all(map(importlib.util.find_spec, ("torch", "transformers", "peft", "accelerate"))):
        raise missing_extra("training", "train")
