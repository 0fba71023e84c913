"""What both stages share: their folder, the checkpoint they resume from, and how figures reach the run's card."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from finetune.data.prepare import Prepared
from finetune.recipe import recipe_dtype
from finetune.runs import TrainingRun, read_card, update_card
from finetune.training.curves import draw
from finetune.training.events import Reporter, curve, emit
from finetune.training.policy import save_policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One stage of a run as a training process sees it.

    Attributes:
        run: The run.
        name: `retain`, `sft` or `dpo`.
        prepared: Recipe, base, data.
        processes: That train together.
        rank: Number of this process among them; the first one writes.
        report_to: Names of trackers as transformers knows them.
    """

    run: TrainingRun
    name: str
    prepared: Prepared
    processes: int = 1
    rank: int = 0
    report_to: tuple[str, ...] = ()

    @property
    def main(self) -> bool:
        """Whether this process writes."""
        return self.rank == 0

    @property
    def folder(self) -> Path:
        """Where checkpoints and the result go."""
        return self.run.stage(self.name)

    @property
    def best(self) -> Path:
        """The best policy so far, by what is held out."""
        return self.folder / "best"

    @property
    def dtype(self) -> str:
        """Arithmetic."""
        return recipe_dtype(self.prepared.recipe, self.prepared.machine)

    def checkpoint(self) -> Path | None:
        """Return the newest whole checkpoint; None where the stage begins anew, with the same end."""
        if self.prepared.recipe.training_method.virtual_tokens:
            return None  # peft 0.21 loads such an adapter for use only
        return next(reversed(self.run.checkpoints(self.name).values()), None)

    def reporter(self, tokens: Callable[[], int]) -> Reporter:
        """Return the callback that reports this stage."""
        return Reporter(self.name, self.run.log, tokens, self._add_time)

    def _add_time(self, seconds: float) -> None:
        before = read_card(self.run).times_s.get(self.name, 0.0)
        update_card(self.run, times_s={self.name: before + seconds})

    def save_policy(self, trainer: Any) -> None:
        """Write what a trainer holds as the stage's result."""
        chat, policy = self.prepared.chat, self.folder / "policy"
        if self.processes == 1:
            save_policy(trainer.accelerator.unwrap_model(trainer.model), chat, policy)
            return
        trainer.save_model(str(policy))  # every process may hold a part of it
        if self.main:
            chat.tokenizer.save_pretrained(policy, save_jinja_files=False)

    def audited(self, example: str, passed: Sequence[str], warnings: Sequence[str]) -> None:
        """Say what the audit saw."""
        if self.main:
            emit("audit", stage=self.name, example=example, passed=list(passed), warnings=list(warnings))

    def finished(self, trainer: Any, scores: dict[str, float]) -> None:
        """Write curves and scores, and call the stage done."""
        if not self.main:
            return
        scored = {f"{self.name}/{name}": value for name, value in scores.items()}
        card = update_card(
            self.run,
            curves={self.name: curve(trainer.state.log_history)},
            stages={self.name: "done"},
            scores=scored,
        )
        draw(card.curves, self.run.curves)
        emit("stage", stage=self.name, state="done", steps=trainer.state.global_step, scores=scored)
