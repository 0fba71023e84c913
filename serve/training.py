"""Training as the page sees it: an estimate, a child process, and the folders of runs that it and others fill.

The child is `kb finetune` itself and outlives the server; what it does is read from its run's folder. Refuses to know
how a model is trained.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from finetune.base import find_base, known_shape
from finetune.estimate import Estimate, estimate
from finetune.machine import this_machine
from finetune.method_facts import METHODS
from finetune.recipe import load_recipe
from finetune.runs import check_name, list_runs, open_run, read_card
from kb.errors import ConfigError, DataError
from serve.opened import NotFound
from serve.service import Service

# What a row is taken to be while its dataset was not read.
ASSUMED_ROW_TOKENS = 512
_CURVES = ("loss", "eval_loss", "eval_recall", "rewards/margins")
_TAIL_CHARS = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """A run in the list."""

    name: str
    base: str
    method: str
    state: str
    scores: Mapping[str, float]


class Training:
    """Runs of a home.

    Args:
        service: Whose home, and whose threads.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._home = service.home
        self._child: tuple[str, subprocess.Popen[bytes]] | None = None

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
        if self.running():
            raise ConfigError("a run is under way; one at a time", hint="wait, or stop it")
        check_name(name)
        if (self._home.runs / name).exists():
            raise ConfigError(f"there is a run {name!r} already", hint="choose another name")
        log = self._log(name)
        log.parent.mkdir(parents=True, exist_ok=True)
        command = [
            sys.executable, "-m", "cli", "finetune", "--data", str(folder), "--name", name, "--method", method,
            "--base", base,
        ]  # fmt: skip
        with log.open("wb") as out:
            child = subprocess.Popen(
                command, env={**os.environ, "KB_HOME": str(self._home.root)}, stdin=subprocess.DEVNULL, stdout=out,
                stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        self._child = (name, child)

    def stop(self) -> None:
        """End the run this server began, as Ctrl-C would; `kb finetune --resume NAME` goes on."""
        if self._child and self._child[1].poll() is None:
            self._child[1].terminate()

    def running(self) -> str:
        """Return the name of the run this server began that is still under way, or an empty string."""
        return self._child[0] if self._child and self._child[1].poll() is None else ""

    def said(self, name: str) -> str:
        """Return the end of what a run's process wrote."""
        log = self._log(name)
        return log.read_text(encoding="utf-8", errors="replace")[-_TAIL_CHARS:] if log.is_file() else ""

    def runs(self) -> list[RunRow]:
        """Return the runs there are; one whose card cannot be read says so."""
        rows = []
        for run in list_runs(self._home):
            try:
                card = read_card(run)
            except DataError:
                rows.append(RunRow(name=run.name, base="", method="", state="damaged card", scores={}))
                continue
            state = "training" if run.name == self.running() else "ready" if run.gguf.is_file() else "not exported"
            rows.append(RunRow(name=run.name, base=card.base, method=card.method, state=state, scores=card.scores))
        return rows

    def curves(self, name: str) -> dict[str, list[tuple[float, float]]]:
        """Return a run's figures over its steps, by stage and figure.

        Raises:
            NotFound: There is no such run.
        """
        try:
            run = open_run(self._home, name)
        except ConfigError as error:
            raise NotFound(error.message, hint=error.hint) from error
        found: dict[str, list[tuple[float, float]]] = {}
        for record in _records(run.log):
            for figure in _CURVES:
                if figure in record:
                    points = found.setdefault(f"{record.get('stage', '')} {figure}".strip(), [])
                    points.append((float(record["step"]), float(record[figure])))
        return found

    def _log(self, name: str) -> Path:
        return self._home.root / "serve" / "training" / f"{check_name(name)}.log"


def _records(path: Path) -> list[dict[str, Any]]:
    """Return the whole lines of a log that another process is writing."""
    if not path.is_file():
        return []
    text = path.read_text(encoding="utf-8", errors="replace")
    return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines() if line.startswith("{")]
