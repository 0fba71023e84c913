"""Training runs as the page shows them: recipes with their minutes, starting, stopping, resuming, export, curves."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from typing import Any

from core.chat.local.weights import weights_in
from core.errors import ConfigError, DataError
from core.rows import MANIFEST
from core.types import RunCard
from finetune.load_recipe import recipe_names, task_recipes
from finetune.recipe import Recipe
from finetune.retain.registry import RETAIN_METHODS
from finetune.runs import TrainingRun, check_name, is_being_trained, list_runs, open_run, read_card, read_recipe
from kb.exporting import checked_target
from kb.knowledge.map import MAP, knows_folder, stored_map
from kb.training.request import TrainingRequest
from serve.errors import NotFound, without_command
from serve.service import Service
from serve.work.estimates import RecipeEstimates, RecipeForecasts
from serve.work.task_words import task_headline
from serve.work.tasks import BackgroundTask, BackgroundTasks

_CURVES = ("loss", "eval_loss", "eval_recall", "rewards/margins")
_ACTIVITIES = {
    "train": "being trained",
    "export": "being exported",
    "compare": "being compared",
    "know": "being asked what it knows",
}
# Stages in the words of the page.
_STAGES = {
    "rows": "Checking the rows",
    "retain": "Keeping the base's skills",
    "sft": "Learning the answers",
    "dpo": "Learning preferences",
}
# Of a comparison that is started by one click.
COMPARED_QUESTIONS = 40
_STOPPED = "stopped before training began"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """A run in the list.

    Attributes:
        state: For a person.
        reason: Why a stage failed; empty where none did.
        actions: What can be done with it now: `resume`, `export`, `ask`, `know`, `compare`.
        saved_step: The step that Resume goes on from; None where it begins anew, or nothing is left to do.
        file_bytes: Size of the exported file; 0 where there is none.
        has_map: Whether it was asked what it knows.
        has_report: Whether it was compared with its base.
    """

    name: str
    base: str = ""
    method: str = ""
    state: str
    reason: str = ""
    scores: Mapping[str, float]
    actions: tuple[str, ...] = ()
    saved_step: int | None = None
    file_bytes: int = 0
    has_map: bool = False
    has_report: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingChoices:
    """What a person chose for a run.

    Attributes:
        folder: The dataset's.
        recipe: Its name.
        base: Base model; the recipe's if empty.
        epochs: Passes over the data; the recipe's if 0.
    """

    folder: Path
    recipe: str
    base: str = ""
    epochs: float = 0

    def request(self, name: str = "") -> TrainingRequest:
        """Return the request for a run of that name; every step is reported, so that a bar moves from the first on."""
        fields = {"base": self.base or None, "epochs": self.epochs or None, "logging_steps": 1}
        return TrainingRequest(name=name, data=str(self.folder), recipe=self.recipe, choices=fields)


class TrainingManager:
    """Runs of a home.

    Args:
        service: Whose home.
        tasks: Starts the child processes.
    """

    def __init__(self, service: Service, tasks: BackgroundTasks) -> None:
        self._home = service.home
        self._tasks = tasks
        self._estimates = RecipeEstimates(service.workspace)
        service.on_close(self._estimates.close)

    def recipes(self) -> dict[str, str]:
        """Return the recipes of whole tasks, each with a sentence about it."""
        return task_recipes()

    def methods(self) -> list[str]:
        """Return the recipes that are named after a method alone."""
        return sorted(set(recipe_names()) - set(task_recipes()))

    def estimates(self, choices: TrainingChoices, *, again: bool = False) -> RecipeForecasts:
        """Return what the recipes of whole tasks, and the chosen one, would take; call it again while more will follow.

        While a task runs nothing new is worked out: it would take the machine from that.
        """
        names = list(dict.fromkeys([*self.recipes(), choices.recipe]))
        requests = [
            TrainingChoices(folder=choices.folder, recipe=name, base=choices.base, epochs=choices.epochs).request()
            for name in names
            if name
        ]
        return self._estimates.look(requests, start=self._tasks.current() is None, again=again)

    def start(self, name: str, choices: TrainingChoices) -> BackgroundTask:
        """Train a new run in a process of its own.

        Raises:
            ConfigError: The name is taken or not valid, or another task is running.
        """
        check_name(name)
        if (self._home.runs / name).exists():
            raise ConfigError(f"a run named {name!r} exists", hint="kb runs list", click="choose another name")
        self._estimates.close()
        return self._tasks.begin("train", name, request=choices.request(name).to_json())

    def resume(self, name: str) -> BackgroundTask:
        """Resume an interrupted run in a process of its own; one that was stopped before it had a folder begins anew.

        Raises:
            NotFound: There is no such run.
            ConfigError: Another task is running.
        """
        self._estimates.close()
        stopped = self._stopped_early()
        if stopped is not None and stopped.name == name:
            request = self._tasks.job(name).get("request", {})
            return self._tasks.begin("train", name, request=request)
        self._opened(name)
        return self._tasks.begin("train", name, request=TrainingRequest(name=name).to_json(), resume=True)

    def export(self, name: str, to: str) -> BackgroundTask:
        """Export a run in a process of its own; the result is in the run's folder or in Ollama.

        Raises:
            NotFound: There is no such run.
            ConfigError: There is no such target, or another task is running.
        """
        self._opened(name)
        self._estimates.close()
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
        self._estimates.close()
        return self._tasks.begin("compare", name, run=name, limit=limit)

    def know(self, name: str) -> BackgroundTask:
        """Ask a run its facts without documents, in a process of its own; the map lies beside the run.

        Raises:
            NotFound: There is no such run.
            ConfigError: Another task is running.
        """
        self._opened(name)
        self._estimates.close()
        return self._tasks.begin("know", name, run=name)

    def knowledge(self, name: str) -> dict[str, Any]:
        """Return what a run knew when it was asked last, as `kb.knowledge.map.knowledge_map` gives it.

        Raises:
            NotFound: There is no such run, or it was never asked.
        """
        record = stored_map(self._opened(name))
        if record is None:
            raise NotFound(f"run {name!r} was not asked what it knows", hint=f"kb knows {name}", click="ask it first")
        return record

    def make_weak_rows(self, name: str) -> BackgroundTask:
        """Make a dataset of only those facts that a run does not know, in a process of its own.

        Raises:
            NotFound: There is no such run.
            ConfigError: Another task is running.
        """
        card = read_card(self._opened(name))
        self._estimates.close()
        datasets = self._home.root / "datasets"
        names = (f"{name}-weak-{number}" for number in count(1))
        dataset = next(each for each in names if not (datasets / each / MANIFEST).is_file())  # or one that was stopped
        fields = {"folder": str(datasets / dataset), "weak": name, "collection": card.collection}
        return self._tasks.begin("synthesize", dataset, **fields)

    def stop(self) -> None:
        """Interrupt the task that runs."""
        self._tasks.stop()

    def runs(self) -> list[RunSummary]:
        """Return the runs; one whose card cannot be read has the state `damaged card`.

        A run that was stopped before it had a folder of its own is the last.
        """
        current = self._tasks.current()
        rows = [self._summary(run, current) for run in list_runs(self._home)]
        stopped = self._stopped_early()
        if stopped is not None:
            rows.append(RunSummary(name=stopped.name, state=_STOPPED, scores={}, actions=("resume",)))
        return rows

    def task(self) -> dict[str, Any] | None:
        """Return the latest task as the page shows it: where it stands, its stages, the current step and its loss."""
        task = self._tasks.latest()
        if task is None:
            return None
        log = self._tasks.log(task.name)
        headline = task_headline(task, log)
        latest = log.latest if headline.state == "running" else {}
        return {
            "kind": task.kind,
            "name": task.name,
            "state": headline.state,
            "text": headline.text,
            "share": log.share if latest else None,
            "eta_s": log.eta_s if latest else None,
            "doing": log.doing if latest else "",
            "step": latest.get("step"),
            "steps": latest.get("steps"),
            "loss": latest.get("loss"),
            "lines": list(log.lines),
            "stages": self._stages(task) if task.kind == "train" else [],
        }

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
                    step = float(record["step"])
                    while points and points[-1][0] >= step:  # a run that was resumed did these steps again
                        points.pop()
                    points.append((step, float(record[figure])))
        return curves

    def file(self, name: str) -> Path:
        """Return the exported file of a run.

        Raises:
            NotFound: There is no such run, or it has none.
        """
        path = self._opened(name).gguf
        if not path.is_file():
            raise NotFound(f"run {name!r} has no exported file", hint=f"kb export {name}", click="press Export first")
        return path

    def _opened(self, name: str) -> TrainingRun:
        try:
            return open_run(self._home, name)
        except ConfigError as error:
            raise NotFound(error.message, hint=error.hint, click="choose a run") from error

    def _stopped_early(self) -> BackgroundTask | None:
        """Return the latest task if it is a training that ended before there was a run."""
        task = self._tasks.latest()
        early = task is not None and task.kind == "train" and not task.running
        return task if early and task and not (self._home.runs / task.name).exists() else None

    def _summary(self, run: TrainingRun, current: BackgroundTask | None) -> RunSummary:
        try:
            card, recipe = read_card(run), read_recipe(run)
        except DataError:
            return RunSummary(name=run.name, state="damaged card", scores={})
        activity = _ACTIVITIES.get(current.kind) if current and current.name == run.name else None
        activity = activity or ("being trained" if is_being_trained(run) else None)  # from a terminal, for example
        stage = next((name for name, state in card.stages.items() if state in ("running", "failed")), "")
        trained, ready = run.adapter.is_dir(), weights_in(run.folder) is not None
        actions = () if activity else _actions(trained=trained, ready=ready)
        return RunSummary(
            name=run.name,
            base=card.base,
            method=recipe.training_method.title,
            state=activity or _state(card, stage, trained=trained, ready=ready),
            reason="" if activity else without_command(card.failures.get(stage, "")),
            scores=card.scores,
            actions=actions,
            saved_step=max(run.checkpoints(stage or "sft"), default=None) if "resume" in actions else None,
            file_bytes=run.gguf.stat().st_size if run.gguf.is_file() else 0,
            has_map=(knows_folder(run) / MAP).is_file(),
            has_report=(run.folder / "compare" / "report.html").is_file(),
        )

    def _stages(self, task: BackgroundTask) -> list[dict[str, str]]:
        """Return the stages of a training in their order, each with its state: `done`, `running` or `waiting`."""
        try:
            run = open_run(self._home, task.name)
            states, recipe = read_card(run).stages, read_recipe(run)
        except (ConfigError, DataError):
            return [{"title": _STAGES["rows"], "state": "running" if task.running else "waiting"}]
        shown = [{"title": _STAGES["rows"], "state": "done"}]
        now = task.running
        for name in _planned(recipe):
            if states.get(name) == "skipped":
                continue
            done = states.get(name) == "done"
            shown.append({"title": _STAGES[name], "state": "done" if done else "running" if now else "waiting"})
            now = now and done  # the first that is not done
        return shown


def summary_json(row: RunSummary) -> dict[str, Any]:
    """Return a run as the page reads it."""
    return {**asdict(row), "actions": list(row.actions), "scores": dict(row.scores)}


def _planned(recipe: Recipe) -> list[str]:
    """Return the stages that a recipe asks for, in their order."""
    retained = ["retain"] if RETAIN_METHODS[recipe.retain].prepares else []
    return [*retained, "sft", *(["dpo"] if recipe.dpo else [])]


def _actions(*, trained: bool, ready: bool) -> tuple[str, ...]:
    if not trained:
        return ("resume",)
    return ("ask", "know", "compare", "export") if ready else ("ask", "know", "export")


def _state(card: RunCard, stage: str, *, trained: bool, ready: bool) -> str:
    if stage and not trained:
        how = "failed" if card.stages[stage] == "failed" else "stopped"
        return f"{how} while {_STAGES[stage][:1].lower()}{_STAGES[stage][1:]}" if stage in _STAGES else how
    if not trained:
        return "not finished"
    return "ready to be asked" if ready else "trained, not exported"


def _records(path: Path) -> list[dict[str, Any]]:
    """Return the complete lines of a log that another process writes."""
    if not path.is_file():
        return []
    text = path.read_text(encoding="utf-8", errors="replace")
    return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines() if line.startswith("{")]
