"""Adapter and base become ordinary weights: merged in float32, compared with the trained forward pass, then cast.

For QLoRA, and for bases whose stored weights are quantised, the adapter is merged into the dequantised four-bit base
and into the full-precision one, and the result that is closer to the trained model is kept; nothing is merged into four
bits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import ConfigError, DataError, GateError, MissingExtra
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
# The same between a model over quantised weights and merged weights: what quantisation changes is far below it, another
# model of the same sizes far above.
MOST_QUANTISED_KL = 0.5
_PROBE_TOKENS = 512
_PLAIN, _DEQUANTISED, _FULL = "plain", "dequantised", "full-precision"


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """Ordinary weights in float32.

    Attributes:
        chosen: Base that the adapter was merged into: `plain`, or for QLoRA `dequantised` or `full-precision`.
        kl: Name of each base tried to the mean KL divergence per token from the trained model, in nats.
        unchecked: Why the result was not compared with the quantised base; empty where it was.
    """

    model: PreTrainedModel
    chosen: str
    kl: Mapping[str, float]
    unchecked: str = ""


def merge(
    base: Base,
    adapter: Path,
    recipe: Recipe,
    machine: Machine,
    probes: Sequence[Sequence[int]],
    merge_base: Base | None = None,
) -> Merged:
    """Merge what a run trained.

    Args:
        base: What the run started from.
        adapter: peft's folder, or the whole model for methods that train the base's own weights.
        recipe: The run's.
        machine: Where four-bit weights were trained; merging itself happens on the CPU.
        probes: Token ids of prompts on which models are compared; the first 512 tokens are used.
        merge_base: The full-precision model of a base whose stored weights are quantised.

    Raises:
        ConfigError: The method cannot be merged, or a quantised base has no full-precision model.
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
    if base.shape.quantisation:
        if merge_base is None:
            raise ConfigError(
                f"the weights of {base.spec} are stored quantised ({base.shape.quantisation}); merging requires the "
                "full-precision model they were made from",
                hint="kb export RUN --merge-base hf:ORG/NAME",
            )
        return _merge_stored_quantised(base, merge_base, adapter, recipe, machine, probes)
    if recipe.training_method.quantised:
        return _merge_quantised(base, adapter, recipe, machine, probes)
    return _merge_plain(base, adapter, recipe, cpu, probes)


def _merge_plain(
    base: Base, adapter: Path, recipe: Recipe, cpu: Machine, probes: Sequence[Sequence[int]], unchecked: str = ""
) -> Merged:
    model = load_policy(base, _in_f32(recipe), cpu, adapter)
    trained = log_probabilities(model, probes)
    merged = _merge(model)
    kl = divergence(trained, log_probabilities(merged, probes))
    if not kl <= MOST_KL:
        raise GateError(f"merged weights differ from base and adapter by {kl:.2e} nats per token", hint="kb runs list")
    return Merged(model=merged, chosen=_FULL if unchecked else _PLAIN, kl={_PLAIN: kl}, unchecked=unchecked)


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


def _merge_stored_quantised(
    base: Base, merge_base: Base, adapter: Path, recipe: Recipe, machine: Machine, probes: Sequence[Sequence[int]]
) -> Merged:
    """Merge an adapter over stored quantised weights into what they stand for, or into the model they were made from.

    Where the quantised base cannot be loaded here, the merged model is compared with the adapter over the
    full-precision one alone.
    """
    cpu = replace(machine, device="cpu")
    whole = _in_f32(recipe)
    if recipe.training_method.quantised:
        whole = whole.model_copy(update={"method": recipe.training_method.unquantised})
    try:
        policy = load_policy(base, recipe, machine, adapter)
    except (DataError, MissingExtra) as error:
        return _merge_plain(merge_base, adapter, whole, cpu, probes, unchecked=str(error))
    weights = stood_for(policy)
    trained = log_probabilities(policy, probes)
    del policy
    results: dict[str, tuple[float, PreTrainedModel]] = {}
    for name in (_DEQUANTISED, _FULL) if weights else (_FULL,):
        policy = load_policy(merge_base, whole, cpu, adapter)
        if name == _DEQUANTISED:
            policy.load_state_dict(weights, strict=False)
        merged = _merge(policy)
        results[name] = divergence(trained, log_probabilities(merged, probes)), merged
    chosen = min(results, key=lambda name: results[name][0])
    kl = {name: result[0] for name, result in results.items()}
    if not kl[chosen] <= MOST_QUANTISED_KL:
        raise GateError(
            f"merged into {merge_base.spec}, the model differs from {base.spec} with its adapter by {kl[chosen]:.2f} "
            "nats per token: it is not the model that was quantised",
            hint="kb export RUN --merge-base hf:ORG/NAME",
        )
    return Merged(model=results[chosen][1], chosen=chosen, kl=kl)


def stood_for(model: PreTrainedModel) -> dict[str, torch.Tensor]:
    """Return what the weights of a peft model over a four-bit base stand for, all of them, as float32 on the CPU.

    Empty where the linear weights are quantised in another way.
    """
    weights = dequantised(model)
    if not weights:
        return {}
    others = {name: value for name, value in model.named_parameters() if value.is_floating_point()}
    return {**{name: value.detach().float().cpu() for name, value in others.items()}, **weights}


def dequantised(model: PreTrainedModel) -> dict[str, torch.Tensor]:
    """Return what the four-bit linear weights of a peft model stand for, by name, as float32 on the CPU."""
    from bitsandbytes.functional import dequantize_4bit

    weights = {}
    for name, module in model.named_modules():
        weight = getattr(module, "weight", None)
        state = getattr(weight, "quant_state", None)
        if weight is not None and state is not None:
            weights[f"{name}.weight"] = dequantize_4bit(weight.data, state).float().cpu()
    return weights


def _merge(model: Any) -> PreTrainedModel:
    try:
        merged: PreTrainedModel = model.merge_and_unload(safe_merge=True)
    except ValueError as error:
        raise GateError(f"merging the adapter failed: {error}", hint="kb runs list") from error
    return merged.eval()


def log_probabilities(model: Any, probes: Sequence[Sequence[int]]) -> torch.Tensor:
    """Return log-probabilities of the next token after every token of the probes, shape (tokens, vocabulary), f32."""
    import torch

    rows, remaining = [], _PROBE_TOKENS
    with torch.no_grad():
        for probe in probes:
            ids = torch.tensor([list(probe[:remaining])], device=next(model.parameters()).device)
            if not ids.numel():
                break
            rows.append(model(input_ids=ids, use_cache=False).logits[0].float().log_softmax(-1).cpu())
            remaining -= ids.numel()
    return torch.cat(rows)


def divergence(trained: torch.Tensor, merged: torch.Tensor) -> float:
    """Return the mean over tokens of KL(trained || merged), in nats; both (tokens, vocabulary) log-probabilities."""
    return float((trained.exp() * (trained - merged)).sum(-1).mean().clamp(min=0))
