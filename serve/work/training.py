"""Training as the page sees it: an estimate, a child process, and the folders of runs that it and others fill.

The child is `kb finetune` or `kb export` itself and outlives the server, which finds it again when it starts; what it
does is read from its run's folder.
Refuses to know how a model is trained or exported.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL, STDOUT
from typing import Any, Literal

import psutil

from core.errors import ConfigError, DataError
from core.files import atomic_write
from core.types import RunCard
from finetune.estimate import Estimate, estimate
from finetune.methods.registry import METHODS
from finetune.recipe import load_recipe
from finetune.runs import TrainingRun, check_name, is_being_trained, list_runs, open_run, read_card
from finetune.training.base import find_base, known_shape
from finetune.training.machine import this_machine
from serve.errors import NotFound
from serve.service import Service

# What a row is taken to be while its dataset was not read.
ASSUMED_ROW_TOKENS = 512
_CURVES = ("loss", "eval_loss", "eval_recall", "rewards/margins")
_TAIL_CHARS = 2000
TARGETS = ("gguf", "ollama", "hf")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """A run in the list."""

    name: str
    base: str
    method: str
    state: str
    scores: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingTask:
    """A process of ours at work on a run.

    Attributes:
        process: A `psutil.Popen`, or a plain `psutil.Process` where an earlier server began it.
    """

    run: str
    doing: Literal["trained", "exported"]
    process: psutil.Process

    @property
    def running(self) -> bool:
        """Whether it is still at work; one that ended and that nobody asked for its exit code is not."""
        if isinstance(self.process, psutil.Popen):
            return self.process.poll() is None
        try:
            return self.process.is_running() and self.process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False

    @property
    def exit_code(self) -> int | None:
        """How it ended; None while it runs, and where it was another server's child."""
        return self.process.poll() if isinstance(self.process, psutil.Popen) else None


def train_command(name: str, folder: Path, method: str, base: str) -> list[str]:
    """Return the arguments of `kb` that train a run."""
    return ["finetune", name, "--data", str(folder), "--method", method, "--base", base]


def resume_command(name: str) -> list[str]:
    """Return the arguments of `kb` that go on with a run."""
    return ["finetune", name, "--resume"]


def export_command(name: str, to: str) -> list[str]:
    """Return the arguments of `kb` that export a run."""
    return ["export", name, "--to", to]


class TrainingManager:
    """Runs of a home.

    Args:
        service: Whose home, and whose threads.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._home = service.home
        self._record = self._home.root / "serve" / "training" / "task.json"
        self._task = self._found_again()

    def methods(self) -> list[str]:
        """Return the methods there are."""
        return list(METHODS)

    async def estimate(self, method: str, base: str, rows: int) -> Estimate:
        """Return what a run would need on this machine.

        Raises:
            KbError: No such method or base.
        """

        def work() -> Estimate:
            machine = this_machine()
            recipe = load_recipe("", machine, flags={"method": method, "base": base}, pairs=())
            shape = known_shape(recipe.base) or find_base(recipe.base, self._home).shape
            return estimate(shape, recipe, machine, rows=rows, row_tokens=ASSUMED_ROW_TOKENS)

        return await self._service.quick.run(work)

    def start(self, name: str, folder: Path, method: str, base: str) -> None:
        """Begin a run in a process of its own.

        Raises:
            ConfigError: The name cannot be one or is taken, or a run is under way.
        """
        check_name(name)
        if (self._home.runs / name).exists():
            raise ConfigError(f"there is a run {name!r} already", hint="choose another name")
        self._begin(name, "trained", train_command(name, folder, method, base))

    def resume(self, name: str) -> None:
        """Go on with a run that was interrupted, in a process of its own.

        Raises:
            NotFound: There is no such run.
            ConfigError: A run is under way.
        """
        self._opened(name)
        self._begin(name, "trained", resume_command(name))

    def export(self, name: str, to: str) -> None:
        """Begin to export a run in a process of its own; the result lies in the run's folder or in Ollama.

        Raises:
            NotFound: There is no such run.
            ConfigError: There is no such target, or a run is under way.
        """
        self._opened(name)
        if to not in TARGETS:
            raise ConfigError(f"no target {to!r}", hint=f"one of {', '.join(TARGETS)}")
        self._begin(name, "exported", export_command(name, to))

    def _begin(self, name: str, doing: Literal["trained", "exported"], command: Sequence[str]) -> None:
        task = self.under_way()
        if task is not None:
            raise ConfigError(f"{task.run} is being {task.doing}; one at a time", hint="wait, or stop it")
        log = self._log(name)
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as out:
            process = psutil.Popen(
                [sys.executable, "-m", "kb.cli", *command],
                env={**os.environ, "KB_HOME": str(self._home.root)},
                stdin=DEVNULL,
                stdout=out,
                stderr=STDOUT,
                start_new_session=True,
            )
        self._task = TrainingTask(run=name, doing=doing, process=process)
        held = {"run": name, "doing": doing, "pid": process.pid, "since": process.create_time()}
        with atomic_write(self._record) as handle:
            handle.write(json.dumps(held).encode())

    def _found_again(self) -> TrainingTask | None:
        """Return what an earlier server began, if it is still at work; a number given to another process is not it."""
        try:
            held = json.loads(self._record.read_bytes())
            process = psutil.Process(held["pid"])
            if process.create_time() != held["since"]:
                return None
            task = TrainingTask(run=held["run"], doing=held["doing"], process=process)
        except (OSError, ValueError, KeyError, TypeError, psutil.Error):
            return None
        return task if task.running else None

    def stop(self) -> None:
        """End the process a server began, as Ctrl-C would; `kb finetune --resume NAME` goes on."""
        task = self.under_way()
        if task is not None:
            task.process.send_signal(signal.SIGINT)

    def under_way(self) -> TrainingTask | None:
        """Return what a server of this home began and has not ended."""
        return self._task if self._task and self._task.running else None

    def latest(self) -> TrainingTask | None:
        """Return what was begun last, ended or not."""
        return self._task

    def said(self, name: str) -> str:
        """Return the end of what a run's process wrote."""
        log = self._log(name)
        return log.read_text(encoding="utf-8", errors="replace")[-_TAIL_CHARS:] if log.is_file() else ""

    def runs(self) -> list[RunSummary]:
        """Return the runs there are; one whose card cannot be read says so."""
        rows = []
        for run in list_runs(self._home):
            try:
                card = read_card(run)
            except DataError:
                rows.append(RunSummary(name=run.name, base="", method="", state="damaged card", scores={}))
                continue
            task = self.under_way()
            state = f"being {task.doing}" if task and task.run == run.name else _state(run, card)
            rows.append(RunSummary(name=run.name, base=card.base, method=card.method, state=state, scores=card.scores))
        return rows

    def curves(self, name: str) -> dict[str, list[tuple[float, float]]]:
        """Return a run's figures over its steps, by stage and figure.

        Raises:
            NotFound: There is no such run.
        """
        run = self._opened(name)
        found: dict[str, list[tuple[float, float]]] = {}
        for record in _records(run.log):
            for figure in _CURVES:
                if figure in record:
                    points = found.setdefault(f"{record.get('stage', '')} {figure}".strip(), [])
                    points.append((float(record["step"]), float(record[figure])))
        return found

    def _opened(self, name: str) -> TrainingRun:
        try:
            return open_run(self._home, name)
        except ConfigError as error:
            raise NotFound(error.message, hint=error.hint) from error

    def _log(self, name: str) -> Path:
        return self._home.root / "serve" / "training" / f"{check_name(name)}.log"


def _state(run: TrainingRun, card: RunCard) -> str:
    if is_being_trained(run):  # from a shell, say
        return "being trained"
    for stage, state in card.stages.items():
        if state == "running":
            return f"interrupted during {stage}"
    return "ready to be asked" if run.gguf.is_file() else "not exported"


def _records(path: Path) -> list[dict[str, Any]]:
    """Return the whole lines of a log that another process is writing."""
    if not path.is_file():
        return []
    text = path.read_text(encoding="utf-8", errors="replace")
    return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines() if line.startswith("{")]
