"""Low-rank adaptation of linear layers (Hu et al. 2021, https://arxiv.org/abs/2106.09685) and its variants.

`rslora` divides by the root of the rank (Kalajdzievski 2023, https://arxiv.org/abs/2312.03732), `dora` trains the norm
of each weight row apart (Liu et al. 2024, https://arxiv.org/abs/2402.09353), `qlora` adapts a four-bit base.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from finetune.data.shape import ModelShape
from finetune.methods.memory import DTYPE_BYTES, frozen_layer_bytes
from finetune.methods.method import ALL_LINEAR, Method, MethodSettings
from finetune.training.machine import Dtype

if TYPE_CHECKING:
    from peft import PeftConfig

# In f32 nothing is cast, so linears that read the same tensor keep it once; attention keeps the input of `o_proj`.
_SHARED_INPUT: Mapping[str, str] = {
    "q_proj": "attention",
    "k_proj": "attention",
    "v_proj": "attention",
    "gate_proj": "network",
    "up_proj": "network",
    "down_proj": "inner",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LoraMethod(Method):
    """A low-rank product beside each adapted linear layer.

    Attributes:
        rank_stabilised: Whether the product is scaled by alpha over the root of the rank.
        decomposed: Whether direction and length of each weight row are trained apart.
    """

    merges: bool = True
    adapter: bool = True
    lora: bool = True
    chooses_modules: bool = True
    rank_stabilised: bool = False
    decomposed: bool = False

    def peft_config(self, settings: MethodSettings, shape: ModelShape) -> PeftConfig:
        """Return LoRA's configuration."""
        import peft

        chosen_layers = list(settings.layers_to_transform) or None
        return peft.LoraConfig(
            task_type="CAUSAL_LM",
            r=settings.rank,
            lora_alpha=settings.lora_alpha,  # type: ignore[arg-type]  # annotated int, used in a division
            lora_dropout=settings.dropout,
            target_modules="all-linear" if settings.target_modules == ALL_LINEAR else list(settings.target_modules),
            use_rslora=self.rank_stabilised,
            use_dora=self.decomposed,
            layers_to_transform=chosen_layers,
            layers_pattern="layers" if chosen_layers else None,
        )

    def trainable_parameters(self, settings: MethodSettings, shape: ModelShape) -> int:
        """Return both matrices of every adapted linear, and the row lengths of a decomposed one."""
        layers = len(settings.layers_to_transform) or shape.layers
        return layers * sum(
            settings.rank * (inputs + outputs) + (outputs if self.decomposed else 0)
            for inputs, outputs in _adapted(settings, shape).values()
        )

    def layer_bytes_per_token(self, settings: MethodSettings, shape: ModelShape, dtype: Dtype) -> float:
        """Return what a frozen layer keeps, and inputs, low-rank products and a decomposed linear's outputs twice."""
        size, adapted = DTYPE_BYTES[dtype], _adapted(settings, shape)
        kept = settings.rank * len(adapted)
        if self.decomposed:
            kept += sum(2 * outputs for _, outputs in adapted.values())
        if dtype == "f32":
            shared = {_SHARED_INPUT[name]: inputs for name, (inputs, _) in adapted.items() if name in _SHARED_INPUT}
            kept += sum(shared.values())
        else:
            kept += sum(inputs for inputs, _ in adapted.values())
        return frozen_layer_bytes(shape, dtype) + size * kept

    def layer_bytes(self, settings: MethodSettings, shape: ModelShape, dtype: Dtype) -> float:
        """Return autocast's copies of the adapter's matrices, and a decomposed linear's identity matrices."""
        size, adapted = DTYPE_BYTES[dtype], _adapted(settings, shape).values()
        copied = 0 if dtype == "f32" else size
        kept = copied * settings.rank * sum(inputs + outputs for inputs, outputs in adapted)
        if self.decomposed:
            kept += size * sum(inputs * (inputs + settings.rank) for inputs, _ in adapted)
        return float(kept)


def _adapted(settings: MethodSettings, shape: ModelShape) -> dict[str, tuple[int, int]]:
    """Return the linears of one layer that are adapted: name to (inputs, outputs)."""
    everything = settings.target_modules == ALL_LINEAR
    return {name: size for name, size in shape.linears.items() if everything or name in settings.target_modules}


METHODS = (
    LoraMethod(name="lora", title="LoRA"),
    LoraMethod(name="rslora", title="rank-stabilised LoRA", rank_stabilised=True),
    LoraMethod(name="dora", title="DoRA", decomposed=True),
    LoraMethod(name="qlora", title="LoRA on a 4-bit base", unquantised="lora"),
)
