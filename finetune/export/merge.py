"""Adapter and base become ordinary weights: merged in float32, compared with the trained forward pass, then cast.

For QLoRA the adapter is merged into the dequantised four-bit base and into the full-precision one, and the result that
is closer to the trained model is kept; nothing is merged into four bits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import ConfigError, GateError
from finetune.recipe import Recipe
from finetune.training.base import Base
from finetune.training.machine import Machine
from finetune.training.policy import load_policy

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

# Mean KL divergence per token, in nats, between the adapter in its place and merged, both in float32: rounding is
# below 1e-9, merging into bfloat16 about 1e-3.
MOST_KL = 1e-4
_PROBE_TOKENS = 512
_PLAIN, _DEQUANTISED, _FULL = "plain", "dequantised", "full-precision"


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """Ordinary weights in float32.

    Attributes:
        chosen: Base that the adapter was merged into: `plain`, or for QLoRA `dequantised` or `full-precision`.
        kl: Name of each base tried to the mean KL divergence per token from the trained model, in nats.
    """

    model: PreTrainedModel
    chosen: str
    kl: Mapping[str, float]


def merge(base: Base, adapter: Path, recipe: Recipe, machine: Machine, probes: Sequence[Sequence[int]]) -> Merged:
    """Merge what a run trained.

    Args:
        base: What the run started from.
        adapter: peft's folder, or the whole model for methods that train the base's own weights.
        recipe: The run's.
        machine: Where four-bit weights were trained; merging itself happens on the CPU.
        probes: Token ids of prompts on which models are compared; the first 512 tokens are used.

    Raises:
        ConfigError: The method cannot be merged.
        GateError: The merged weights answer otherwise than base and adapter.
        DataError: A file cannot be read.
    """
    if not recipe.training_method.merges:
        raise ConfigError(
            f"{recipe.training_method.title} cannot be merged: it can be served {recipe.training_method.served}",
            hint="kb finetune --method lora --data DIR",
        )
    cpu = replace(machine, device="cpu")
    if not recipe.training_method.adapter:
        return Merged(
            model=load_policy(base, recipe.model_copy(update={"dtype": "f32"}), cpu, adapter), chosen=_PLAIN, kl={}
        )
    if base.shape.four_bit:
        raise ConfigError(
            f"{base.spec} has four-bit weights only; merging requires the full-precision model it was made from",
            hint="kb finetune --base hf:ID --method qlora --data DIR",
        )
    if recipe.training_method.quantised:
        return _merge_quantised(base, adapter, recipe, machine, probes)
    model = load_policy(base, _in_f32(recipe), cpu, adapter)
    trained = log_probabilities(model, probes)
    merged = _merge(model)
    kl = divergence(trained, log_probabilities(merged, probes))
    if not kl <= MOST_KL:
        raise GateError(f"merged weights differ from base and adapter by {kl:.2e} nats per token", hint="kb runs list")
    return Merged(model=merged, chosen=_PLAIN, kl={_PLAIN: kl})


def _in_f32(recipe: Recipe) -> Recipe:
    return recipe.model_copy(update={"dtype": "f32"})


def _merge_quantised(
    base: Base, adapter: Path, recipe: Recipe, machine: Machine, probes: Sequence[Sequence[int]]
) -> Merged:
    policy = load_policy(base, recipe, machine, adapter)
    # First: running it has a CPU's kernels pack the weights in an order of their own.
    stood_for = dequantised(policy)
    trained = log_probabilities(policy, probes)
    del policy
    whole = _in_f32(recipe).model_copy(update={"method": recipe.training_method.unquantised})
    kl: dict[str, float] = {}
    best: PreTrainedModel | None = None
    for name in (_DEQUANTISED, _FULL):
        policy = load_policy(base, whole, replace(machine, device="cpu"), adapter)
        if name == _DEQUANTISED:
            policy.load_state_dict(stood_for, strict=False)
        merged = _merge(policy)
        kl[name] = divergence(trained, log_probabilities(merged, probes))
        if kl[name] == min(kl.values()):
            best = merged
    if best is None:
        raise GateError("the merged weights produce no finite probability", hint="kb runs list")
    return Merged(model=best, chosen=min(kl, key=lambda name: kl[name]), kl=kl)


def dequantised(model: PreTrainedModel) -> dict[str, torch.Tensor]:
    """Return what the four-bit linear weights of a peft model stand for, by name, as float32 on the CPU."""
    from bitsandbytes.functional import dequantize_4bit

    found = {}
    for name, module in model.named_modules():
        weight = getattr(module, "weight", None)
        state = getattr(weight, "quant_state", None)
        if weight is not None and state is not None:
            found[f"{name}.weight"] = dequantize_4bit(weight.data, state).float().cpu()
    return found


def _merge(model: Any) -> PreTrainedModel:
    try:
        merged: PreTrainedModel = model.merge_and_unload(safe_merge=True)
    except ValueError as error:
        raise GateError(f"merging the adapter failed: {error}", hint="kb runs list") from error
    return merged.eval()


def log_probabilities(model: Any, probes: Sequence[Sequence[int]]) -> torch.Tensor:
    """Return log-probabilities of the next token after every token of the probes, shape (tokens, vocabulary), f32."""
    import torch

    found, left = [], _PROBE_TOKENS
    with torch.no_grad():
        for probe in probes:
            ids = torch.tensor([list(probe[:left])], device=next(model.parameters()).device)
            if not ids.numel():
                break
            found.append(model(input_ids=ids, use_cache=False).logits[0].float().log_softmax(-1).cpu())
            left -= ids.numel()
    return torch.cat(found)


def divergence(trained: torch.Tensor, merged: torch.Tensor) -> float:
    """Return the mean over tokens of KL(trained || merged), in nats; both (tokens, vocabulary) log-probabilities."""
    return float((trained.exp() * (trained - merged)).sum(-1).mean().clamp(min=0))
