"""Chooses which groups of rows are held out for validation and test."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from core.rows import SPLITS
from core.types import Split

HELD_OUT: tuple[Split, ...] = ("test", "val")
# A group may overfill a small split by this factor before it goes to train instead.
_OVERFILL = 1.5


def first_of_each(ids: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Mark, shape `(n,)`, the first row of each id."""
    marked = np.zeros(len(ids), dtype=np.bool_)
    marked[np.unique(ids, return_index=True)[1]] = True
    return marked


def pins(groups: NDArray[np.uint32], pinned: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return per group number the split its rows are pinned to (1 + its index, 0 for none), and whether to several."""
    masks = np.zeros(len(groups), dtype=np.int64)
    np.bitwise_or.at(masks, groups, np.where(pinned > 0, 1 << pinned, 0))
    fixed = np.select([masks == 1 << (1 + number) for number in range(len(SPLITS))], range(1, 1 + len(SPLITS)), 0)
    return fixed, (masks > 0) & (fixed == 0)


def assigned(
    groups: NDArray[np.uint32],
    placed: NDArray[np.bool_],
    fixed: NDArray[np.int64],
    *,
    val: float,
    test: float,
    seed: int,
) -> dict[int, Split]:
    """Return the split of every group of placed rows: test and val are filled in the seed's order, the rest trains.

    Args:
        groups: Number of its group per row, shape `(n,)`.
        placed: The rows to be placed, shape `(n,)`.
        fixed: Per group number, 1 + the split it is bound to, or 0; shape `(n,)`.
        val: Share of the placed rows for validation.
        test: Share for the test.
        seed: Decides which groups are held out.
    """
    labels, sizes = np.unique(groups[placed], return_counts=True)
    total = int(sizes.sum())
    room: dict[Split, float] = {"test": test * total, "val": val * total}
    filled = dict.fromkeys(room, 0)
    splits: dict[int, Split] = {}
    order = sorted(range(len(labels)), key=lambda position: _shuffled(seed, int(labels[position])))
    for position in order:
        label, size = int(labels[position]), int(sizes[position])
        if fixed[label]:
            splits[label] = SPLITS[fixed[label] - 1]
            continue
        chosen: Split = "train"
        # A split that is still empty comes first, or one would take what few small groups there are.
        for split in sorted(HELD_OUT, key=lambda name: filled[name] > 0):
            # The first group of a split may be larger than its share: a small dataset has few groups.
            small = filled[split] + size <= room[split] * _OVERFILL or (not filled[split] and size * 4 <= total)
            if room[split] and filled[split] < room[split] and small:
                filled[split] += size
                chosen = split
                break
        splits[label] = chosen
    return splits


def _shuffled(seed: int, label: int) -> bytes:
    return hashlib.sha256(f"{seed}\n{label}".encode()).digest()
