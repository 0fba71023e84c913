"""The loss also holds the divergence from the base on rows that the base answered itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from core.types import Pair
from finetune.retain.answered import AnsweredMethod
from finetune.retain.method import RetainSettings, StepTerm

if TYPE_CHECKING:
    from finetune.data.collate import StepCollator
    from finetune.data.prepare import Prepared


class _Kl(AnsweredMethod):
    def faults(self, recipe: RetainSettings) -> Iterator[str]:
        yield from super().faults(recipe)
        if not recipe.training_method.switches_off:
            yield f"retain {self.name} with {recipe.training_method.name}: the base is not there while it is trained"

    def term(
        self, prepared: Prepared, written: Sequence[Pair], collate: StepCollator, *, rank: int, processes: int
    ) -> StepTerm:
        from finetune.retain.divergence_term import divergence_term

        return divergence_term(prepared, written, collate, rank=rank, processes=processes)


METHOD = _Kl(name="kl", title="a divergence from the base on rows that it answered, in the loss", prepares=True)
