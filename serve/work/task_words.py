"""How the page names a long task and how it ended: one sentence, and the state behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from serve.errors import page_text
from serve.work.task_log import TaskLog
from serve.work.tasks import BackgroundTask, TaskKind

TaskState = Literal["running", "stopping", "stopped", "failed", "done"]
# What a task is called while it runs, and once it is done.
_WORDS: dict[TaskKind, tuple[str, str]] = {
    "synthesize": (
        "Making training data",
        "Training data is ready: review it under Data, or start a run under Training",
    ),
    "train": ("Training", "Trained: export it, ask it under Chat, or compare it under Report"),
    "export": ("Exporting", "Exported"),
    "compare": ("Comparing", "Compared: the report is under Report"),
    "know": ("Asking what it knows", "Asked: what it knows is shown under Training"),
}
# How a task that was stopped goes on.
_AGAIN: dict[TaskKind, str] = {
    "synthesize": "Make it again under the same name to go on.",
    "train": "Resume goes on from what was saved.",
    "export": "Start it again to go on.",
    "compare": "Start it again to go on.",
    "know": "Ask again to go on.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskHeadline:
    """Where a task stands.

    Attributes:
        text: For a person; without a command.
    """

    state: TaskState
    text: str

    @property
    def is_fault(self) -> bool:
        """Whether a person should be alerted: it ended early, and nobody stopped it."""
        return self.state == "failed"


def task_headline(task: BackgroundTask, log: TaskLog) -> TaskHeadline:
    """Return where a task stands by its process and what it reported."""
    running, finished = _WORDS[task.kind]
    if log.error is not None and not log.interrupted:
        return TaskHeadline(state="failed", text=f"{running} {task.name} stopped. {page_text(log.error)}")
    if log.done:
        verdict = f" {log.result['verdict']}" if isinstance(log.result, dict) and "verdict" in log.result else ""
        ended = f"{finished}: {task.name}." if ":" not in finished else f"{finished}."
        return TaskHeadline(state="done", text=ended + verdict)
    if log.interrupted or not task.running:
        text = f"{running} {task.name} was interrupted. {_AGAIN[task.kind]}"
        return TaskHeadline(state="stopped" if log.interrupted or task.stopping else "failed", text=text)
    if task.stopping:
        return TaskHeadline(state="stopping", text=f"Stopping {task.name} … {_AGAIN[task.kind]}")
    return TaskHeadline(state="running", text=f"{running}: {task.name}.")
