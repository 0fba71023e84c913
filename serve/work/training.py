"""Training runs as the page shows them: recipes, estimates, starting and resuming, export, comparison, curves."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.chat.local.weights import weights_in
from core.errors import ConfigError, DataError
from core.types import RunCard
from finetune.budget import capped
from finetune.estimate import Estimate, estimate
from finetune.load_recipe import default_recipe, load_recipe, recipe_names
from finetune.recipe import recipe_dtype
from finetune.runs import TrainingRun, check_name, is_being_trained, list_runs, open_run, read_card
from finetune.training.base import find_base, known_shape
from finetune.training.machine import this_machine
from finetune.training.pace import measured_pace
from kb.exporting import TARGETS, checked_target
from kb.training.request import TrainingRequest
from serve.errors import NotFound
from serve.review import RowSizes
from serve.service import Service
from serve.work.tasks import BackgroundTask, BackgroundTasks

__all__ = ["TARGETS", "RunSummary", "TrainingManager"]
_CURVES = ("loss", "eval_loss", "eval_recall", "rewards/margins")
_ACTIVITIES = {"train": "being trained", "export": "being exported", "compare": "being compared"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """A run in the list."""

    name: str
    base: str
    method: str
    state: str
    scores: Mapping[str, float]


class TrainingManager:
    """Runs of a home.

    Args:
        service: Whose home, and whose threads.
        tasks: Starts the child processes.
    """

    def __init__(self, service: Service, tasks: BackgroundTasks) -> None:
        self._service = service
        self._home = service.home
        self._tasks = tasks

    async def recipes(self) -> tuple[list[str], str]:
        """Return the names of the recipes, and the one that suits this machine."""
        return await self._service.quick.run(lambda: (recipe_names(), default_recipe(this_machine())))

    async def estimate(self, recipe: str, base: str, epochs: float, sizes: RowSizes) -> Estimate:
        """Return what a run would need on this machine.

        Args:
            recipe: Name of a recipe.
            base: Base model; the recipe's if empty.
            epochs: Passes over the data; the recipe's if 0.
            sizes: Number and lengths of the rows.

        Raises:
            KbError: No such recipe or base.
        """

        def work() -> Estimate:
            machine = this_machine()
            chosen = load_recipe(recipe, machine, flags=_choices(base, epochs), pairs=())
            shape = known_shape(chosen.base) or find_base(chosen.base, self._home).shape
            needs = estimate(
                shape,
                chosen,
                machine,
                rows=sizes.count,
                row_tokens=sizes.longest_tokens,
                mean_tokens=sizes.mean_tokens,
                pace=measured_pace(shape, chosen, machine, recipe_dtype(chosen, machine)),
            )
            return capped(needs, chosen)

        return await self._service.quick.run(work)

    def start(self, name: str, folder: Path, recipe: str, base: str = "", epochs: float = 0) -> BackgroundTask:
        """Train a new run in a process of its own.

        Raises:
            ConfigError: The name is taken or not valid, or another task is running.
        """
        check_name(name)
        if (self._home.runs / name).exists():
            raise ConfigError(f"a run named {name!r} exists", hint="kb runs list", click="choose another name")
        request = TrainingRequest(name=name, data=str(folder), recipe=recipe, choices=_choices(base, epochs))
        return self._tasks.begin("train", name, request=request.to_json())

    def resume(self, name: str) -> BackgroundTask:
        """Resume an interrupted run in a process of its own.

        Raises:
            NotFound: There is no such run.
            ConfigError: Another task is running.
        """
        self._opened(name)
        return self._tasks.begin("train", name, request=TrainingRequest(name=name).to_json(), resume=True)

    def export(self, name: str, to: str) -> BackgroundTask:
        """Export a run in a process of its own; the result is in the run's folder or in Ollama.

        Raises:
            NotFound: There is no such run.
            ConfigError: There is no such target, or another task is running.
        """
        self._opened(name)
        return self._tasks.begin("export", name, run=name, to=checked_target(to))

    def compare(self, name: str, limit: int) -> BackgroundTask:
        """Compare a run with its base model, each with search and without, in a process of its own.

        Args:
            limit: Most questions.

        Raises:
            NotFound: There is no such run.
            ConfigError: Another task is running.
        """
        self._opened(name)
        return self._tasks.begin("compare", name, run=name, limit=limit)

    def runs(self) -> list[RunSummary]:
        """Return the runs; one whose card cannot be read has the state `damaged card`."""
        summaries = []
        current = self._tasks.current()
        for run in list_runs(self._home):
            try:
                card = read_card(run)
            except DataError:
                summaries.append(RunSummary(name=run.name, base="", method="", state="damaged card", scores={}))
                continue
            activity = _ACTIVITIES.get(current.kind) if current and current.name == run.name else None
            state = activity or _state(run, card)
            summaries.append(
                RunSummary(name=run.name, base=card.base, method=card.method, state=state, scores=card.scores)
            )
        return summaries

    def curves(self, name: str) -> dict[str, list[tuple[float, float]]]:
        """Return a run's figures over its steps, by stage and figure.

        Raises:
            NotFound: There is no such run.
        """
        run = self._opened(name)
        curves: dict[str, list[tuple[float, float]]] = {}
        for record in _records(run.log):
            for figure in _CURVES:
                if figure in record:
                    points = curves.setdefault(f"{record.get('stage', '')} {figure}".strip(), [])
                    points.append((float(record["step"]), float(record[figure])))
        return curves

    def _opened(self, name: str) -> TrainingRun:
        try:
            return open_run(self._home, name)
        except ConfigError as error:
            raise NotFound(error.message, hint=error.hint, click="choose a run") from error


def _choices(base: str, epochs: float) -> dict[str, Any]:
    """Return the fields of the recipe that were chosen on the page."""
    return {"base": base or None, "epochs": epochs or None}


def _state(run: TrainingRun, card: RunCard) -> str:
    if is_being_trained(run):  # from a terminal, for example
        return "being trained"
    for stage, state in card.stages.items():
        if state == "running":
            return f"interrupted during {stage}"
        if state == "failed":
            return f"{stage} failed"
    return "ready to be asked" if weights_in(run.folder) else "not exported"


def _records(path: Path) -> list[dict[str, Any]]:
    """Return the complete lines of a log that another process writes."""
    if not path.is_file():
        return []
    text = path.read_text(encoding="utf-8", errors="replace")
    return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines() if line.startswith("{")]
