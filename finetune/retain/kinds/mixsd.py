"""Answers from memory are rewritten in the base's own words: MixSD, Liu et al. 2026, https://arxiv.org/abs/2605.16865."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.types import Pair
from finetune.retain.method import RetainMethod

if TYPE_CHECKING:
    from finetune.data.prepare import Prepared
    from finetune.retain.base_model import BaseModel


class _MixSd(RetainMethod):
    def written_rows(self, base: BaseModel, prepared: Prepared) -> list[Pair]:
        from finetune.retain.mix import mixed_rows

        return mixed_rows(base, prepared)

    def training_rows(self, pairs: Sequence[Pair], written: Sequence[Pair]) -> list[Pair]:
        mixed = {row.id: row for row in written}
        return [mixed.get(row.id, row) for row in pairs]


METHOD = _MixSd(name="mixsd", title="answers in the base's own words, with the fact in view and without", prepares=True)
