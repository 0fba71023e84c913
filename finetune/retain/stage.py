"""The stage before training: the base writes the rows by which its skills are retained. A killed stage goes on."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from core.errors import DataError
from core.rows import read_pairs, write_rows
from core.types import Pair
from finetune.recipe import Recipe
from finetune.retain.base_model import BaseModel, KeptAnswers, base_digest
from finetune.retain.method import ANSWER_TOKENS
from finetune.retain.registry import RETAIN_METHODS
from finetune.runs import TrainingRun, read_card, update_card
from finetune.training.base import load_model
from finetune.training.events import emit
from finetune.training.policy import asker
from finetune.training.stage import Stage

RETAIN = "retain"


def run_retain(stage: Stage, cache: Path) -> None:
    """Let the base write its rows.

    Args:
        stage: Of the run.
        cache: Folder that keeps what a base wrote, for other runs too.

    Raises:
        DataError: The weights or the data cannot be read.
    """
    began = time.perf_counter()
    prepared, recipe = stage.prepared, stage.prepared.recipe
    method = RETAIN_METHODS[recipe.retain]
    update_card(stage.run, stages={stage.name: "running"}, failures={stage.name: ""})
    model = load_model(prepared.base, recipe, prepared.machine)
    base = BaseModel(
        asker=asker(model, prepared.chat, recipe, prepared.machine, ANSWER_TOKENS),
        kept=KeptAnswers(cache / f"{base_digest(prepared.base, stage.dtype)}.jsonl"),
        on_answer=_reported(stage),
    )
    rows = method.written_rows(base, prepared)
    write_rows(rows_file(stage.run), rows)
    spent = read_card(stage.run).times_s.get(stage.name, 0.0) + time.perf_counter() - began
    update_card(stage.run, rows={RETAIN: len(rows)}, times_s={stage.name: spent}, stages={stage.name: "done"})
    emit("note", text=f"retain {method.name}: the base wrote {len(rows)} rows")
    emit("stage", stage=stage.name, state="done", steps=len(rows), scores={})


def _reported(stage: Stage) -> Callable[[int, int], None]:
    """Return what reports how many answers are there."""
    began = time.perf_counter()
    first: list[int] = []

    def report(done: int, total: int) -> None:
        first[:] = first or [done]
        per_row_s = (time.perf_counter() - began) / max(1, done - first[0])
        emit("progress", stage=stage.name, step=done, steps=total, eta_s=per_row_s * (total - done))

    return report


def rows_file(run: TrainingRun) -> Path:
    """Return where the rows that the base wrote lie."""
    return run.stage(RETAIN) / "rows.jsonl"


def retained_rows(run: TrainingRun, recipe: Recipe) -> list[Pair]:
    """Return what the base wrote before training; nothing where the recipe asks for none.

    Raises:
        DataError: The stage was not run.
    """
    if not RETAIN_METHODS[recipe.retain].prepares:
        return []
    path = rows_file(run)
    if not path.is_file():
        raise DataError(
            f"retain {recipe.retain}: the rows of the base are missing",
            path=path,
            hint=f"kb finetune --resume {run.name}",
        )
    return list(read_pairs(path))
