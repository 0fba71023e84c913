"""The model learns facts from itself, shown the fact: SDFT, Shenfeld et al. 2026, https://arxiv.org/abs/2601.19897."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from core.types import Pair
from finetune.retain.method import RetainMethod, RetainSettings, StepTerm
from finetune.retain.taught import prompt_with_fact, teaches_a_fact

if TYPE_CHECKING:
    from finetune.data.collate import StepCollator
    from finetune.data.prepare import Prepared


class _Sdft(RetainMethod):
    def faults(self, recipe: RetainSettings) -> Iterator[str]:
        yield from super().faults(recipe)
        if not recipe.training_method.switches_off:
            yield f"retain {self.name} with {recipe.training_method.name}: the base is not there while it is trained"

    def added_tokens(self, prepared: Prepared, rows: int, mean_tokens: float) -> float:
        return 1.5 * rows * mean_tokens  # generation and the teacher, neither with a backward pass

    def teacher_prompts(self, prepared: Prepared, pairs: Sequence[Pair]) -> Mapping[str, Sequence[int]]:
        chat = prepared.chat
        return {
            row.id: chat.encode(chat.render(prompt_with_fact(chat, row), generation=True))
            for row in pairs
            if teaches_a_fact(row)
        }

    def term(
        self, prepared: Prepared, written: Sequence[Pair], collate: StepCollator, *, rank: int, processes: int
    ) -> StepTerm:
        from finetune.retain.distillation import SelfDistillation

        return SelfDistillation.of(prepared)


METHOD = _Sdft(name="sdft", title="facts are learned from the model's own answers, graded by the base shown the fact")
