"""Attention over packed rows in blocks, so that a row costs what it can see and not the length of its line.

For CPUs: their fused kernels compute every pair of a line and mask most of them. Matrix products over blocks of
queries and the keys these may see give the same result.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch.nn import functional
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

LINE_ATTENTION = "kb_lines"
# Queries of a block: fewer make products that are too small to be fast, more compute pairs that are masked.
_BLOCK_TOKENS = 256
# Longer lines take the fused kernel: the weights of every block are kept for the backward pass.
MOST_LINE_TOKENS = 2560

Block = tuple[int, int, int, int]  # queries from, to; first key beside the shared ones, number of shared ones


def use_line_attention(model: Any) -> bool:
    """Let a model compute packed lines in blocks; return whether it can.

    Args:
        model: A causal language model, or one wrapped by peft.
    """
    inner = model.get_base_model() if hasattr(model, "get_base_model") else model
    AttentionInterface.register(LINE_ATTENTION, line_attention)
    AttentionMaskInterface.register(LINE_ATTENTION, sdpa_mask)
    if inner.config._attn_implementation == "sdpa":
        inner.set_attn_implementation(LINE_ATTENTION)
    return bool(inner.config._attn_implementation == LINE_ATTENTION)


def blocks(shared: int, lengths: Sequence[int]) -> Iterator[Block]:
    """Cut a line into blocks of queries.

    Args:
        shared: Tokens at the beginning that every row sees.
        lengths: Tokens of each row after them.

    Yields:
        `(start, stop, first_key, n_shared)`: these queries see the keys before `n_shared` and those from `first_key` to
        `stop`, as far as the mask allows.
    """
    for start in range(0, shared, _BLOCK_TOKENS):
        yield start, min(shared, start + _BLOCK_TOKENS), 0, 0
    first = stop = shared
    for length in lengths:
        if stop > first and stop + length - first > _BLOCK_TOKENS:
            yield from _cut(first, stop, shared)
            first = stop
        stop += length
    yield from _cut(first, stop, shared)


def _cut(first: int, stop: int, shared: int) -> Iterator[Block]:
    """Cut a row that is longer than a block."""
    for start in range(first, stop, _BLOCK_TOKENS):
        yield start, min(stop, start + _BLOCK_TOKENS), first, shared


def line_attention(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    *,
    line_segments: torch.Tensor | None = None,
    scaling: float | None = None,
    dropout: float = 0.0,
    **others: Any,
) -> tuple[torch.Tensor, None]:
    """Compute attention as transformers' `sdpa_attention_forward` does.

    Args:
        module: The attention layer.
        query: (1, heads, tokens, width).
        key: (1, key heads, tokens, width).
        value: As `key`.
        attention_mask: Boolean, (1, 1, tokens, tokens).
        line_segments: Number of shared tokens, then the tokens of each row, int64, (1, 1 + rows); without it the fused
            kernel computes everything.
        scaling: Of the scores.
        dropout: Of the weights.
        others: Passed on.

    Returns:
        (1, tokens, heads, width), and no weights.
    """
    n_tokens = query.shape[2]
    if line_segments is None or attention_mask is None or dropout or n_tokens > MOST_LINE_TOKENS:
        output, _ = sdpa_attention_forward(
            module, query, key, value, attention_mask, scaling=scaling, dropout=dropout, **others
        )
        return output, None
    shared, *lengths = line_segments[0].tolist()
    scale = scaling if scaling is not None else query.shape[-1] ** -0.5
    parts = []
    for start, stop, first_key, n_shared in blocks(shared, lengths):
        keys, values, mask = (
            torch.cat([whole.narrow(dim, 0, n_shared), whole.narrow(dim, first_key, stop - first_key)], dim)
            for whole, dim in ((key, 2), (value, 2), (attention_mask[:, :, start:stop], 3))
        )
        parts.append(_attend(query[:, :, start:stop], keys, values, mask, scale))
    return torch.cat(parts, dim=2).transpose(1, 2).contiguous(), None


def _attend(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, mask: torch.Tensor, scale: float
) -> torch.Tensor:
    heads, key_heads = query.shape[1], key.shape[1]
    if query.dtype == torch.float32:
        groups = heads // key_heads
        key, value = (tensor.repeat_interleave(groups, dim=1) for tensor in (key, value))
        return functional.scaled_dot_product_attention(query, key, value, attn_mask=mask, scale=scale)
    # The kernel of half precision is slow on CPUs. Heads that share keys are one product.
    _, _, n_queries, width = query.shape
    folded = (query * scale).reshape(key_heads, -1, width)
    scores = (folded @ key[0].transpose(-1, -2)).view(key_heads, -1, n_queries, key.shape[2])
    weights = scores.masked_fill(~mask, float("-inf")).softmax(-1)
    return (weights.view(key_heads, -1, key.shape[2]) @ value[0]).view(1, heads, n_queries, width)
