"""Log-probabilities of the labelled tokens alone, with their gradient computed during the forward pass.

Most rows are prompt, and the product with the output matrix is most of a small model's time: it is computed where a
label stands. Loss and gradients equal those of all logits.
"""

from __future__ import annotations

import functools
import types
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from transformers.utils import ModelOutput

from finetune.data.encoding import IGNORED
from finetune.training.machine import HEAD_TOKENS

if TYPE_CHECKING:
    from transformers import PreTrainedModel

# Fields of a configuration that change logits after the product.
_SCALED = ("final_logit_softcapping", "logit_scale", "output_multiplier", "lm_head_multiplier", "logits_scaling")


@dataclass
class LabelScores(ModelOutput):  # type: ignore[misc]  # transformers has no types
    """What a model says of the labels of a batch; every field is (rows, tokens - 1) and 0 where no label stands.

    Attributes:
        log_probs: Natural logarithm of the probability of each label, f32.
        is_top1: Whether the label is the likeliest token.
        label_mask: Where a label stands.
    """

    log_probs: torch.Tensor | None = None
    is_top1: torch.Tensor | None = None
    label_mask: torch.Tensor | None = None


@dataclass
class LabelStates(ModelOutput):  # type: ignore[misc]  # transformers has no types
    """What a model's output matrix is multiplied with where labels stand.

    Attributes:
        states: (labels, width) in the order of rows and tokens; logits, (labels, vocabulary), of a model that scales
            them, and `weight` is None then.
        weight: The output matrix, (vocabulary, width).
        bias: Added to the product, (vocabulary,).
    """

    states: Any = None
    weight: torch.Tensor | None = None
    bias: torch.Tensor | None = None


class _FrozenHead(torch.autograd.Function):  # type: ignore[misc]  # torch has no types here
    """Log-probabilities of targets under a frozen output matrix.

    With p = softmax(W h), the gradient of log p[t] with respect to h is W[t] - p W; it is computed while p exists.
    """

    @staticmethod
    def forward(ctx: Any, hidden: torch.Tensor, weight: torch.Tensor, targets: torch.Tensor) -> Any:
        """Return the log-probability of each target and whether it is the likeliest token, each (labels,).

        Args:
            hidden: (labels, width).
            weight: (vocabulary, width).
            targets: (labels,), int64.
        """
        log_probs: list[torch.Tensor] = []
        is_top1: list[torch.Tensor] = []
        slopes = torch.empty_like(hidden)
        chunk = HEAD_TOKENS["cpu" if hidden.device.type == "cpu" else "cuda"]
        for start in range(0, max(1, len(targets)), chunk):
            part = slice(start, start + chunk)
            logits = (hidden[part].to(weight.dtype) @ weight.T).float()
            scored, top1 = _scored(logits, targets[part])
            log_probs.append(scored)
            is_top1.append(top1)
            slopes[part] = weight[targets[part]] - logits.softmax(-1).to(weight.dtype) @ weight
        ctx.save_for_backward(slopes)
        tops = torch.cat(is_top1)
        ctx.mark_non_differentiable(tops)
        return torch.cat(log_probs), tops

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> Any:
        """Return the gradient of `hidden` alone."""
        (slopes,) = ctx.saved_tensors
        return (gradients[0][:, None] * slopes).to(slopes.dtype), None, None


def frozen_log_probs(
    hidden: torch.Tensor, weight: torch.Tensor, targets: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Score labels under an output matrix that is not trained; arguments and results as of `_FrozenHead.forward`."""
    log_probs, is_top1 = _FrozenHead.apply(hidden, weight, targets)
    return log_probs, is_top1


def _scored(logits: torch.Tensor, targets: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    log_probs = logits.gather(-1, targets[:, None])[:, 0] - logits.logsumexp(-1)
    return log_probs, logits.argmax(-1) == targets


def add_label_head(model: Any) -> None:
    """Let a model return `LabelScores` or `LabelStates`, where a call asks for them; other calls are unchanged.

    They are asked for by `model(..., labels=..., label_scores=True)` and `model(..., labels=..., label_states=True)`.

    Args:
        model: A causal language model, or one wrapped by peft.
    """
    inner: PreTrainedModel = model.get_base_model() if hasattr(model, "get_base_model") else model
    own_forward = inner.forward
    config = inner.config.get_text_config()
    scaled = any(getattr(config, name, None) not in (None, 1, 1.0) for name in _SCALED)

    def at_labels(self: Any, args: Any, kwargs: Any, mask: torch.Tensor) -> LabelStates:
        if scaled:  # the model's own logits, all of them
            return LabelStates(states=own_forward(*args, **kwargs).logits[:, :-1][mask])
        hidden = self.base_model(*args, **kwargs).last_hidden_state[:, :-1][mask]
        head = self.get_output_embeddings()
        if not isinstance(head, torch.nn.Linear):  # peft trains rows of it
            return LabelStates(states=head(hidden))
        weight = head.weight.full_tensor() if hasattr(head.weight, "full_tensor") else head.weight  # sharded
        return LabelStates(states=hidden, weight=weight, bias=getattr(head, "bias", None))

    @functools.wraps(type(inner).forward)  # `generate` reads its signature
    def forward(
        self: Any, *args: Any, label_scores: bool = False, label_states: bool = False, labels: Any = None, **kwargs: Any
    ) -> Any:
        if not (label_scores or label_states):
            return own_forward(*args, **({} if labels is None else {"labels": labels}), **kwargs)
        kwargs["use_cache"] = False
        targets = labels[:, 1:]
        mask = targets != IGNORED
        states = at_labels(self, args, kwargs, mask)
        if label_states:
            return states
        scores = _label_scores(states, targets[mask])
        log_probs, is_top1 = (values.new_zeros(mask.shape).masked_scatter(mask, values) for values in scores)
        return LabelScores(log_probs=log_probs, is_top1=is_top1, label_mask=mask)

    inner.forward = types.MethodType(forward, inner)
    if inner is not model and "forward" in vars(model.base_model):
        model.base_model.forward = inner.forward  # peft's LLaMA-Adapter calls the forward that it was built with


def _label_scores(labelled: LabelStates, targets: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    if labelled.weight is None:
        return _scored(labelled.states.float(), targets)
    if labelled.bias is None and not labelled.weight.requires_grad:
        return frozen_log_probs(labelled.states, labelled.weight, targets)
    logits = labelled.states.to(labelled.weight.dtype) @ labelled.weight.T
    return _scored((logits if labelled.bias is None else logits + labelled.bias).float(), targets)
