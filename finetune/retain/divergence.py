"""Divergence of a model's next-token distributions from those of another one, over all tokens, in bounded memory."""

from __future__ import annotations

from typing import Any

import torch

from finetune.training.machine import HEAD_TOKENS


class _Divergence(torch.autograd.Function):  # type: ignore[misc]  # torch has no types here
    """Kullback-Leibler divergence per position, with its gradient computed while both distributions exist.

    With p of the model and q of the reference, d KL(q||p) / d logits = p - q, and d KL(p||q) / d logits =
    p (log p - log q - KL(p||q)).
    """

    @staticmethod
    def forward(
        ctx: Any,
        states: torch.Tensor,
        reference: torch.Tensor,
        weight: torch.Tensor | None,
        bias: torch.Tensor | None,
        reverse: bool,
    ) -> torch.Tensor:
        """Return the divergence of every position, f32, (positions,); arguments as of `divergences`."""
        values = []
        slopes = torch.empty_like(states)
        chunk = HEAD_TOKENS["cpu" if states.device.type == "cpu" else "cuda"]
        for start in range(0, max(1, len(states)), chunk):
            part = slice(start, start + chunk)
            p, q = (_log_probs(which[part], weight, bias) for which in (states, reference))
            if reverse:
                each = (p.exp() * (p - q)).sum(-1)
                slope = p.exp() * (p - q - each[:, None])
            else:
                each = (q.exp() * (q - p)).sum(-1)
                slope = p.exp() - q.exp()
            values.append(each)
            slopes[part] = slope if weight is None else slope.to(weight.dtype) @ weight
        ctx.save_for_backward(slopes)
        return torch.cat(values)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> Any:
        """Return the gradient of `states` alone."""
        (slopes,) = ctx.saved_tensors
        return (gradients[0][:, None] * slopes).to(slopes.dtype), None, None, None, None


def _log_probs(states: torch.Tensor, weight: torch.Tensor | None, bias: torch.Tensor | None) -> torch.Tensor:
    logits = states if weight is None else states.to(weight.dtype) @ weight.T
    return (logits if bias is None else logits + bias).float().log_softmax(-1)


def divergences(
    states: torch.Tensor,
    reference: torch.Tensor,
    weight: torch.Tensor | None,
    bias: torch.Tensor | None = None,
    *,
    reverse: bool = False,
) -> torch.Tensor:
    """Return the divergence of a model from a reference at each position, in nats, f32, (positions,).

    The gradient flows into `states` alone; logits exist for some positions at a time.

    Args:
        states: Of the model: inputs of the output matrix, (positions, width), or logits where `weight` is None.
        reference: Of the reference, the same shape.
        weight: The frozen output matrix of both, (vocabulary, width).
        bias: Added to the logits of both, (vocabulary,).
        reverse: KL(model || reference) in place of KL(reference || model).
    """
    values: torch.Tensor = _Divergence.apply(states, reference, weight, bias, reverse)
    return values
