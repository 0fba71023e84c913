"""A model's shape that is small enough to count by hand, and recipes for it."""

from __future__ import annotations

from typing import Any

from finetune.data.shape import ModelShape
from finetune.recipe import Recipe

# One layer: q 8x8, k and v 8x4, o 8x8, gate and up 8x16, down 16x8: 576 weights, 592 with two norms.
SHAPE = ModelShape(
    layers=2,
    hidden=8,
    intermediate=16,
    heads=2,
    kv_heads=1,
    head_dim=4,
    vocabulary=32,
    tied=True,
    qkv_bias=False,
    context_tokens=64,
)


def recipe(method: str, **choices: Any) -> Recipe:
    return Recipe.model_validate({"method": method, "rank": 2, "virtual_tokens": 5, **choices})
