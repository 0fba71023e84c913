"""The layers that the pace is measured with: they run forward and backward, on numbers as a model has them."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from typing import get_args

import pytest

from finetune.data.shape import KNOWN_SHAPES
from finetune.training.machine import Dtype

pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(not importlib.util.find_spec("torch"), reason="needs kb[train]"),
]
SHAPE = replace(KNOWN_SHAPES["smollm2"], hidden=32, intermediate=64, heads=4, kv_heads=2, head_dim=8, vocabulary=96)


@pytest.mark.parametrize("dtype", [name for name in get_args(Dtype) if name != "fp16"])
def test_steps_run_forward_and_backward(dtype: Dtype) -> None:
    from finetune.training.probe_layers import label_step, line_step

    line_step(SHAPE, 2, 200, dtype)()
    label_step(SHAPE, 16, dtype)()


def test_probabilities_of_labels_are_no_subnormal_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    """They would take a processor ten times longer than those of a trained model."""
    import torch

    from finetune.training.probe_layers import label_step

    seen: list[torch.Tensor] = []
    softmax = torch.Tensor.softmax

    def kept(*arguments: object) -> torch.Tensor:
        seen.append(softmax(*arguments))
        return seen[-1]

    monkeypatch.setattr(torch.Tensor, "softmax", kept)
    label_step(KNOWN_SHAPES["smollm2"], 2, "f32")()
    assert len(seen) == 1 and seen[0].min() > torch.finfo(torch.float32).tiny
