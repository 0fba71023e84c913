"""Rows that the base answered itself are trained beside those of the data."""

from __future__ import annotations

from collections.abc import Sequence

from core.types import Pair
from finetune.retain.answered import AnsweredMethod


class _Replay(AnsweredMethod):
    answers_needed = False

    def training_rows(self, pairs: Sequence[Pair], written: Sequence[Pair]) -> list[Pair]:
        return [*pairs, *written]


METHOD = _Replay(name="replay", title="also rows that the base answered before training", prepares=True)
