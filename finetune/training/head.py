"""The output matrix on label positions alone, with its gradient worked out on the way forward.

On a CPU most of a small model's time goes into logits that no label needs: rows are mostly prompt. The loss and its
gradient are those of the full product. Knows one forward pass; refuses to know trainers and data.
"""

from __future__ import annotations

import functools
import types
from typing import TYPE_CHECKING, Any

import torch
from trl.trainer.utils import FusedCausalLMOutput

from finetune.data.dataset import IGNORED
from finetune.training.machine import CPU_HEAD_TOKENS

if TYPE_CHECKING:
    from transformers import PreTrainedModel

# Configurations that change logits after the product; TRL's own head serves those.
_ALTERED = ("final_logit_softcapping", "logit_scale", "output_multiplier", "lm_head_multiplier", "logits_scaling")


class _FrozenHead(torch.autograd.Function):  # type: ignore[misc]  # torch has no types here
    """Log-probabilities of targets under a frozen output matrix.

    With p = softmax(W h), the gradient of log p[t] with respect to h is W[t] - p W; it is worked out while p is there.
    """

    @staticmethod
    def forward(ctx: Any, hidden: torch.Tensor, weight: torch.Tensor, targets: torch.Tensor) -> Any:
        """Return log-probability, entropy, mean logit and whether the target is the likeliest; each (labels,), f32.

        Args:
            hidden: (labels, width).
            weight: (vocabulary, width).
            targets: (labels,), int64.
        """
        columns: list[tuple[torch.Tensor, ...]] = []
        slopes = torch.empty_like(hidden)
        for start in range(0, max(1, len(targets)), CPU_HEAD_TOKENS):
            part = slice(start, start + CPU_HEAD_TOKENS)
            scores, logits = _scored(hidden[part].to(weight.dtype), weight, targets[part])
            columns.append(scores)
            probabilities = logits.softmax(-1).to(weight.dtype)
            slopes[part] = weight[targets[part]] - probabilities @ weight
        ctx.save_for_backward(slopes)
        found = tuple(torch.cat(column) for column in zip(*columns, strict=True))
        ctx.mark_non_differentiable(*found[1:])
        return found

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> Any:
        """Return the gradient of `hidden` alone."""
        (slopes,) = ctx.saved_tensors
        return (gradients[0][:, None] * slopes).to(slopes.dtype), None, None


def _scored(hidden: torch.Tensor, weight: torch.Tensor, targets: torch.Tensor) -> tuple[Any, torch.Tensor]:
    logits = (hidden @ weight.T).float()
    total = logits.logsumexp(-1)
    log_probability = logits.gather(-1, targets[:, None])[:, 0] - total
    return (log_probability, total, logits.mean(-1), logits.argmax(-1) == targets), logits


def add_label_head(model: PreTrainedModel) -> None:
    """Have `model(..., labels=..., fused_lm_head=True)` multiply label positions only.

    Stands over TRL's `add_fused_lm_head`, whose output it gives; the entropy is left at zero. A model whose logits are
    scaled keeps TRL's.
    """
    config = model.config.get_text_config()
    if any(getattr(config, name, None) not in (None, 1, 1.0) for name in _ALTERED):
        return
    other = model.forward

    @functools.wraps(type(model).forward)  # `generate` reads its signature
    def forward(self: Any, *args: Any, fused_lm_head: bool = False, labels: Any = None, **kwargs: Any) -> Any:
        if not fused_lm_head:
            return other(*args, **({} if labels is None else {"labels": labels}), **kwargs)
        kwargs["use_cache"] = False
        hidden = self.base_model(*args, **kwargs).last_hidden_state[:, :-1]
        targets = labels[:, 1:]
        mask = targets != IGNORED
        head = self.get_output_embeddings()
        scores = _FrozenHead.apply if not head.weight.requires_grad else _trained_head
        log_probs, _, mean_logits, is_top1 = (
            values.new_zeros(mask.shape).masked_scatter(mask, values)
            for values in scores(hidden[mask], head.weight, targets[mask])
        )
        return FusedCausalLMOutput(
            loss=-log_probs.sum() / mask.sum().clamp(min=1),
            log_probs=log_probs,
            entropy=torch.zeros_like(log_probs),
            mean_logits=mean_logits,
            is_top1=is_top1,
            label_mask=mask,
        )

    model.forward = types.MethodType(forward, model)


def _trained_head(hidden: torch.Tensor, weight: torch.Tensor, targets: torch.Tensor) -> Any:
    """The same where the matrix is trained too."""
    scores, _ = _scored(hidden, weight, targets)
    log_probability, *others = scores
    return (log_probability, *(value.detach() for value in others))
