"""Virtual tokens before the prompt: prompt tuning, P-tuning, and prefix tuning in every layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from finetune.data.shape import ModelShape
from finetune.methods.method import Method, MethodSettings

if TYPE_CHECKING:
    from peft import PeftConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptTuning(Method):
    """Learned embeddings (Lester et al. 2021, https://arxiv.org/abs/2104.08691)."""

    merges: bool = False
    adapter: bool = True
    virtual_tokens: bool = True

    def peft_config(self, settings: MethodSettings, shape: ModelShape) -> PeftConfig:
        """Return the configuration; training starts from embeddings of the vocabulary, which the paper found best."""
        import peft

        return peft.PromptTuningConfig(
            task_type="CAUSAL_LM",
            num_virtual_tokens=settings.virtual_tokens,
            prompt_tuning_init=peft.PromptTuningInit.SAMPLE_VOCAB,
        )

    def trainable_parameters(self, settings: MethodSettings, shape: ModelShape) -> int:
        """Return the size of the embeddings."""
        return settings.virtual_tokens * shape.hidden


@dataclass(frozen=True, slots=True, kw_only=True)
class PTuning(PromptTuning):
    """Embeddings written by a small network (Liu et al. 2021, https://arxiv.org/abs/2103.10385).

    A saved adapter holds the embeddings alone and is trained further as prompt tuning.
    """

    def peft_config(self, settings: MethodSettings, shape: ModelShape) -> PeftConfig:
        """Return the configuration of the network."""
        import peft

        return peft.PromptEncoderConfig(
            task_type="CAUSAL_LM", num_virtual_tokens=settings.virtual_tokens, encoder_hidden_size=shape.hidden
        )

    def resumed_config(self, settings: MethodSettings, shape: ModelShape) -> PeftConfig:
        """Return the configuration of prompt tuning."""
        return PromptTuning.peft_config(self, settings, shape)

    def trainable_parameters(self, settings: MethodSettings, shape: ModelShape) -> int:
        """Return the size of the embeddings and of the three linears of the network."""
        return settings.virtual_tokens * shape.hidden + 3 * shape.hidden * (shape.hidden + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class PrefixTuning(PromptTuning):
    """Learned keys and values in every layer (Li and Liang 2021, https://arxiv.org/abs/2101.00190)."""

    recomputes: bool = False

    def peft_config(self, settings: MethodSettings, shape: ModelShape) -> PeftConfig:
        """Return the configuration of the prefix."""
        import peft

        return peft.PrefixTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=settings.virtual_tokens)

    def trainable_parameters(self, settings: MethodSettings, shape: ModelShape) -> int:
        """Return the keys and values of all layers."""
        return settings.virtual_tokens * shape.layers * 2 * shape.kv_heads * shape.head_dim


METHODS = (
    PromptTuning(name="prompt", title="prompt tuning"),
    PrefixTuning(name="prefix", title="prefix tuning"),
    PTuning(name="p-tuning", title="P-tuning"),
)
