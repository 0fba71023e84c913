"""Rows to batches: padded on either side, or packed whole rows side by side without seeing each other.

Knows torch, TRL's packing and collator; refuses to know where rows come from.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from datasets import Dataset
from trl.data_utils import pack_dataset
from trl.trainer.sft_trainer import DataCollatorForLanguageModeling

from finetune.data import Row
from finetune.recipe import Recipe


def row_dataset(rows: Sequence[Row]) -> Dataset:
    """Return rows as a data set with the columns `input_ids` and `labels`."""
    return Dataset.from_dict(
        {"input_ids": [list(row.input_ids) for row in rows], "labels": [list(row.labels) for row in rows]}
    )


def packed_dataset(rows: Sequence[Row], max_length: int) -> Dataset:
    """Pack rows whole into sequences of at most `max_length` tokens (best fit decreasing); adds `seq_lengths`."""
    return pack_dataset(row_dataset(rows), max_length, "bfd")


class LeftPaddedCollator(DataCollatorForLanguageModeling):
    """TRL's collator with the padding moved to the left."""

    def torch_call(self, examples: list[dict[str, Any]]) -> dict[str, Any]:
        """Return `input_ids`, `labels`, `attention_mask`, each (rows, tokens), int64."""
        batch: dict[str, Any] = super().torch_call(examples)
        padding = (batch["attention_mask"] == 0).sum(dim=1).tolist()
        for name, values in batch.items():
            batch[name] = torch.stack([torch.roll(row, shift) for row, shift in zip(values, padding, strict=True)])
        return batch


def collator(recipe: Recipe, pad_id: int) -> DataCollatorForLanguageModeling:
    """Return the collator of a recipe: packed rows become one line with positions that begin anew at each row."""
    if recipe.packing == "bfd":
        return DataCollatorForLanguageModeling(pad_token_id=pad_id, padding_free=True)
    if recipe.padding_side == "left":
        return LeftPaddedCollator(pad_token_id=pad_id)
    return DataCollatorForLanguageModeling(pad_token_id=pad_id)
