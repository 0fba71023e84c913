"""What recipes would take on this machine, worked out in a child process: no request waits, and no torch loads here."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.errors import KbError, error_from_json
from kb.job import job_line
from kb.training.request import TrainingRequest
from kb.workspace import Workspace
from serve.errors import page_text, without_command

# Datasets and choices whose estimates are remembered.
_MOST_KEPT = 16
_SETTING = re.compile(r"; [^;=]*\b[a-z_]+=\w+[^;.]*|\s*\([a-z_]+=[^()]*\)")
_ENDED = "This could not be worked out."


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipeForecast:
    """What one recipe would take.

    Attributes:
        figures: `finetune.estimate.Estimate.to_json` with `base` and `method`; empty where it cannot be used.
        notes: What is left out and why, a sentence each.
        error: Why it cannot be used here, for a person; empty where it can.
    """

    figures: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    error: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return it as the page reads it."""
        return {**self.figures, "notes": list(self.notes), "error": self.error}


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipeForecasts:
    """What is known so far.

    Attributes:
        recipes: By name; those that are not worked out yet are absent.
        default: The recipe that suits this machine; empty until it is known.
        pending: Whether more will follow.
    """

    recipes: Mapping[str, RecipeForecast]
    default: str
    pending: bool


@dataclass(slots=True, eq=False)
class _Work:
    """One dataset with its choices; changed under the lock alone."""

    recipes: dict[str, RecipeForecast] = field(default_factory=dict)
    default: str = ""
    process: subprocess.Popen[str] | None = None
    pending: bool = True


class RecipeEstimates:
    """Estimates of runs under several recipes; a question about other data ends the work on the one before.

    Args:
        workspace: Settings and home, passed to the child process.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lock = threading.Lock()
        self._works: dict[tuple[Any, ...], _Work] = {}

    def look(self, requests: Sequence[TrainingRequest], *, start: bool = True, again: bool = False) -> RecipeForecasts:
        """Return what is known about runs, and begin to work out what is not.

        Args:
            requests: One per recipe, all with the same dataset folder and choices.
            start: Whether work may begin.
            again: Whether what failed is worked out again.
        """
        key = _key(requests)
        with self._lock:
            work = self._works.get(key)
            if work is not None and again and not work.pending:
                work = None
            if work is None and start:
                self._end()
                work = self._works[key] = _Work()
                while len(self._works) > _MOST_KEPT:
                    del self._works[next(iter(self._works))]
                threading.Thread(target=self._run, args=(work, requests), name="kb-estimates", daemon=True).start()
            if work is None:
                return RecipeForecasts(recipes={}, default="", pending=False)
            return RecipeForecasts(recipes=dict(work.recipes), default=work.default, pending=work.pending)

    def close(self) -> None:
        """End the work that is going on."""
        with self._lock:
            self._end()

    def _end(self) -> None:
        """End what is pending; it is worked out anew when it is asked for again."""
        for key, work in list(self._works.items()):
            if work.pending:
                if work.process is not None:
                    work.process.kill()
                del self._works[key]

    def _run(self, work: _Work, requests: Sequence[TrainingRequest]) -> None:
        with subprocess.Popen(
            [sys.executable, "-m", "kb.job"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C stops the server, which ends this process itself
            text=True,
            encoding="utf-8",
        ) as process:
            with self._lock:
                work.process = process
                if work not in self._works.values():  # other data was asked about meanwhile
                    process.kill()
            assert process.stdin and process.stdout
            job = job_line(self._workspace, "estimate", requests=[request.to_json() for request in requests])
            failure = _ENDED
            try:
                process.stdin.write(job)
                process.stdin.close()
                for line in process.stdout:
                    failure = self._take(work, line) or failure
            except BrokenPipeError:  # it died already
                pass
        with self._lock:
            for request in requests:
                work.recipes.setdefault(request.recipe, RecipeForecast(error=failure))
            work.pending = False

    def _take(self, work: _Work, line: str) -> str:
        """Store what an event says; return why all of it failed, where it says that."""
        try:
            event = json.loads(line)
        except ValueError:  # a library's warning, or the process died while it wrote
            return ""
        with self._lock:
            if event.get("event") == "machine":
                work.default = event["default"]
            elif event.get("event") == "estimate":
                error = event.get("error")
                work.recipes[event["recipe"]] = RecipeForecast(
                    figures=event.get("estimate", {}),
                    notes=tuple(_in_words(without_command(note)) for note in event.get("notes", ())),
                    error=_reason(error_from_json(error)) if error else "",
                )
        return page_text(error_from_json(event["error"])) if event.get("event") == "failed" else ""


def _in_words(text: str) -> str:
    """Return a sentence without settings as a terminal takes them: `; use dtype=auto`, ` (minutes=0)`."""
    return _SETTING.sub("", text)


def _reason(error: KbError) -> str:
    """Return why a recipe cannot be used: without the recipe's own name, which stands above it."""
    text = _in_words(page_text(error).replace(":tokenizer'", "'"))
    head, sign, rest = text.partition(": ")
    return rest[:1].upper() + rest[1:] if sign and head.lower().startswith("recipe ") else text


def _key(requests: Sequence[TrainingRequest]) -> tuple[Any, ...]:
    """Return what estimates depend on; a dataset that was made anew or decided about is another one."""
    folder = Path(requests[0].data)
    stamps = []
    for path in sorted(folder.glob("*.jsonl")):
        state = path.stat()
        stamps.append((path.name, state.st_mtime_ns, state.st_size))
    choices = [(request.recipe, json.dumps(dict(request.choices), sort_keys=True)) for request in requests]
    return (str(folder), tuple(stamps), tuple(choices))
