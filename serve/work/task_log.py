"""Reads the events that a long task writes, while it writes them: notes, progress and how it ended."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.errors import KbError, error_from_json
from kb.training.events import event_lines
from serve.errors import without_command

_TAIL_BYTES = 256 << 10
_MAX_LINES = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskLog:
    """What a task reported so far.

    Attributes:
        lines: The latest lines for a person.
        share: How much of the current stage is done, 0 to 1; None where it is not known.
        eta_s: Seconds that the current stage still takes; None where it is not known.
        doing: The current stage with its progress in words.
        latest: The fields of the latest event of progress; empty where the stage has not reported yet.
        error: Why it failed; None where it did not.
        interrupted: Whether it was told to stop.
        done: Whether it is complete.
        result: What it returned, once it is complete.
    """

    lines: Sequence[str] = ()
    share: float | None = None
    eta_s: float | None = None
    doing: str = ""
    latest: Mapping[str, Any] = field(default_factory=dict)
    error: KbError | None = None
    interrupted: bool = False
    done: bool = False
    result: Any = None


def read_task_log(path: Path) -> TaskLog:
    """Read the end of a file of events; empty where there is none."""
    if not path.is_file():
        return TaskLog()
    with path.open("rb") as log:
        size = log.seek(0, 2)
        log.seek(max(0, size - _TAIL_BYTES))
        tail = log.read().decode("utf-8", errors="replace")
    whole_lines = tail[: tail.rfind("\n") + 1].splitlines()
    # The first line of a tail is a part of a line.
    return task_log(whole_lines[1:] if size > _TAIL_BYTES else whole_lines)


def task_log(lines: Sequence[str]) -> TaskLog:
    """Return what lines of events say; a line that is no event (a library's warning) is left out."""
    shown: list[str] = []
    progress: dict[str, Any] = {}
    end: Mapping[str, Any] = {}
    for line in lines:
        event = _event(line)
        kind = event.get("event")
        if kind in ("done", "failed"):
            end = event
        elif kind in ("progress", "rows", "answers", "facts"):
            progress = _progress(event)
        elif kind == "audit":
            shown += [_on_page(line) for line in (*event["passed"], *event["warnings"])]
        elif kind:
            shown += [_on_page(line) for line in event_lines(event)]
            progress = {} if kind == "stage" else progress
    error = error_from_json(end["error"]) if end.get("event") == "failed" else None
    return TaskLog(
        lines=shown[-_MAX_LINES:],
        error=error,
        interrupted=bool(end.get("interrupted")),
        done=end.get("event") == "done",
        result=end.get("result"),
        **progress,
    )


def _on_page(line: str) -> str:
    """Return a line as the page shows it: without a mark for a terminal, and without a command."""
    return without_command(line.removeprefix("good  ").replace("the prompt of kb ask", "the prompt of the chat"))


def _event(line: str) -> dict[str, Any]:
    try:
        event = json.loads(line) if line.startswith("{") else {}
    except ValueError:
        return {}
    return event if isinstance(event, dict) and isinstance(event.get("event"), str) else {}


def _progress(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return share, remaining time and words of an event of progress."""
    if event["event"] == "progress":
        done, total, words = event["step"], event["steps"], event_lines(event)[0]
    elif event["event"] == "rows":
        done, total = event["done"], event["total"]
        words = f"{event['stage']}: {done} of {total or '?'}; {event['rows']} rows so far"
    elif event["event"] == "facts":
        done, total = event["done"], event["total"]
        words = f"{done} of {total} facts asked"
    else:
        done, total = event["done"], event["total"]
        words = f"{done} of {total} answers; asking {event['arm']}"
    share = min(1.0, done / total) if total else None
    return {"share": share, "eta_s": event.get("eta_s"), "doing": words, "latest": event}
