"""Attention in blocks equals the fused kernel, for lines with and without shared tokens and for long rows."""

from __future__ import annotations

import importlib.util

import pytest

pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(not importlib.util.find_spec("peft"), reason="needs kb[train]"),
]
if importlib.util.find_spec("peft"):
    import torch

    from finetune.training.line_attention import blocks, line_attention


@pytest.mark.parametrize(
    ("shared", "lengths"), [(0, [7, 5, 3]), (40, [90, 80, 2]), (300, [70, 60, 50, 400]), (0, [600]), (513, [1])]
)
@pytest.mark.parametrize("half", [False, True])
def test_blocks_give_what_the_whole_mask_gives(shared: int, lengths: list[int], half: bool) -> None:
    torch.manual_seed(0)
    n_tokens = shared + sum(lengths)
    dtype = torch.bfloat16 if half else torch.float32
    query = torch.randn(1, 6, n_tokens, 8, dtype=dtype, requires_grad=True)
    key, value = (torch.randn(1, 2, n_tokens, 8, dtype=dtype, requires_grad=True) for _ in range(2))
    owner = torch.tensor([-1] * shared + [row for row, length in enumerate(lengths) for _ in range(length)])
    mask = ((owner[:, None] == owner[None]) | (owner[None] == -1)).tril()[None, None]
    module = torch.nn.Module()
    module.num_key_value_groups = 3

    def run(segments: torch.Tensor | None) -> tuple[torch.Tensor, ...]:
        output, _ = line_attention(module, query, key, value, mask, line_segments=segments, scaling=0.3)
        gradients = torch.autograd.grad(output.float().pow(2).sum(), (query, key, value))
        return output, *gradients

    near = {"atol": 0.15, "rtol": 0.05} if half else {"atol": 1e-4, "rtol": 1e-3}
    for whole, in_blocks in zip(run(None), run(torch.tensor([[shared, *lengths]])), strict=True):
        torch.testing.assert_close(in_blocks, whole, **near)


def test_every_query_is_in_one_block_that_holds_its_keys() -> None:
    made = list(blocks(300, [100, 100, 100, 700, 5]))
    assert [query for start, stop, *_ in made for query in range(start, stop)] == list(range(300 + 1005))
    assert all(first_key <= start and n_shared in (0, 300) for start, _, first_key, n_shared in made)
    assert max(stop - start for start, stop, *_ in made) <= 256
