"""The order of training rows: shuffled anew for every pass, rows with the same long prompt side by side.

Rows that ask about the same passages then meet in one step, where their prompt is computed once.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import numpy as np
from torch.utils.data import Sampler

T = TypeVar("T")
# Rows have the same prompt where this share of the shorter one is common to both: a system prompt alone is less.
_SAME_SHARE = 0.7
# Rows of one prompt that follow each other: few enough for a step to see other passages too.
_RUN_ROWS = 24


def common_prefix(first: Sequence[int], second: Sequence[int]) -> int:
    """Return how many first tokens two rows have in common."""
    length = min(len(first), len(second))
    differing = np.flatnonzero(np.asarray(first[:length]) != np.asarray(second[:length]))
    return int(differing[0]) if len(differing) else length


def same_prompt(rows: Sequence[T], *, key: Callable[[T], Sequence[int]]) -> list[list[T]]:
    """Group rows whose tokens begin alike for most of their length.

    Args:
        rows: In any order.
        key: Gives the token ids of a row.

    Returns:
        Groups in lexicographic order of their tokens; every row is in one.
    """
    groups: list[list[T]] = []
    for row in sorted(rows, key=lambda row: list(key(row))):
        ids = key(row)
        before = key(groups[-1][-1]) if groups else ()
        if groups and common_prefix(before, ids) >= _SAME_SHARE * min(len(before), len(ids)):
            groups[-1].append(row)
        else:
            groups.append([row])
    return groups


class PromptOrder(Sampler):  # type: ignore[misc]  # torch has no types here
    """Indices of rows in the order of a pass; `set_epoch` chooses the pass.

    Args:
        prompts: Token ids of every row.
        seed: Of the shuffles; with a pass's number it determines the order.
        run_rows: Most rows of one prompt that follow each other.
        as_given: Keep the rows' own order in every pass.
    """

    def __init__(
        self, prompts: Sequence[Sequence[int]], *, seed: int, run_rows: int = _RUN_ROWS, as_given: bool = False
    ) -> None:
        self._groups = same_prompt(range(len(prompts)), key=lambda index: prompts[index])
        self._n_rows, self._seed, self._run_rows = len(prompts), seed, run_rows
        self._epoch = 0
        self.as_given = as_given

    @property
    def shares_prompts(self) -> bool:
        """Whether any two rows have the same prompt."""
        return len(self._groups) < self._n_rows

    def set_epoch(self, epoch: int) -> None:
        """Take the order of a pass."""
        self._epoch = epoch

    def __len__(self) -> int:
        """Number of rows."""
        return self._n_rows

    def __iter__(self) -> Iterator[int]:
        """Yield every index once."""
        if self.as_given:
            yield from range(self._n_rows)
            return
        rng = random.Random(f"{self._seed} {self._epoch}")  # noqa: S311
        runs: list[list[int]] = []
        for group in self._groups:
            shuffled = rng.sample(group, len(group))
            runs += [shuffled[i : i + self._run_rows] for i in range(0, len(shuffled), self._run_rows)]
        rng.shuffle(runs)
        for run in runs:
            yield from run
