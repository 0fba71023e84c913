"""The order of rows: every row once a pass, rows of one prompt side by side, another order in another pass."""

from __future__ import annotations

import importlib.util
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(not importlib.util.find_spec("torch"), reason="needs kb[train]"),
]
if importlib.util.find_spec("torch"):
    from finetune.data.order import PromptOrder, common_prefix, same_prompt

tokens = st.lists(st.integers(0, 4), max_size=12)


@given(tokens, tokens)
def test_the_common_prefix_is_the_longest(left: list[int], right: list[int]) -> None:
    length = common_prefix(left, right)
    assert left[:length] == right[:length]
    assert length in (len(left), len(right)) or left[length] != right[length]


@given(st.lists(tokens, min_size=1, max_size=30), st.integers(0, 5))
def test_every_row_comes_once_in_every_pass(rows: list[list[int]], epoch: int) -> None:
    order = PromptOrder(rows, seed=3, run_rows=4)
    order.set_epoch(epoch)
    assert sorted(order) == list(range(len(rows))) and len(order) == len(rows)
    assert sorted(index for group in same_prompt(range(len(rows)), key=rows.__getitem__) for index in group) == [
        *range(len(rows))
    ]


def test_rows_of_one_prompt_follow_each_other_in_runs_of_a_limited_length() -> None:
    prompts = [[prompt] * 20 + [90 + row] for row in range(10) for prompt in range(5)]
    order = PromptOrder(prompts, seed=0, run_rows=4)
    assert order.shares_prompts
    first = [prompts[index][0] for index in order]
    changes = sum(left != right for left, right in itertools.pairwise(first))
    assert changes < 5 * 3  # three runs of at most four rows for each prompt
    again = list(order)
    assert list(order) == again
    order.set_epoch(1)
    assert list(order) != again


def test_rows_with_a_system_prompt_alone_in_common_are_no_group() -> None:
    rows = [[1, 2, 3, 4, *range(100 + 20 * row, 120 + 20 * row)] for row in range(6)]
    assert not PromptOrder(rows, seed=0).shares_prompts


def test_rows_keep_their_order_where_the_easy_ones_come_first() -> None:
    order = PromptOrder([[5, 1], [3, 1], [5, 1, 2], [4]], seed=1, as_given=True)
    assert list(order) == [0, 1, 2, 3]
    order.set_epoch(3)
    assert list(order) == [0, 1, 2, 3]
