"""A panel that follows the long task of the server, on every tab that starts one: progress, notes, errors, Stop."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

import gradio as gr

from serve.ui import html
from serve.ui.events import PRIVATE, block
from serve.work.task_log import TaskLog
from serve.work.task_words import task_headline
from serve.work.tasks import BackgroundTask, BackgroundTasks

_POLL_S = 3.0


class TaskPanel:
    """Components and handlers; made inside the context of a tab.

    Args:
        tasks: The long tasks of the server.
        elem_id: Prefix for the ids of the components.
    """

    def __init__(self, tasks: BackgroundTasks, elem_id: str) -> None:
        self._tasks = tasks
        self.status = block(elem_id=f"{elem_id}-status")
        self.stop = gr.Button("Stop", visible=False, elem_id=f"{elem_id}-stop")
        self.timer = gr.Timer(_POLL_S, active=False)
        self.stop.click(self._stop, None, [self.status], **PRIVATE)

    @property
    def outputs(self) -> list[Any]:
        """What `draw` fills."""
        return [self.status, self.stop, self.timer]

    def draw(self) -> tuple[Any, ...]:
        """Return the state of the latest task; the timer runs as long as the task does."""
        task = self._tasks.latest()
        if task is None:
            return "", gr.Button(visible=False), gr.Timer(active=False)
        running, log = task.running, self._tasks.log(task.name)
        # A process takes a moment to exit after its last event.
        ended = log.done or log.error is not None
        return task_html(task, log), gr.Button(visible=running and not ended), gr.Timer(active=running)

    def watch(self, look: Callable[..., Any], inputs: list[Any], outputs: list[Any], page: gr.Blocks) -> None:
        """Draw when the page is opened and while a task runs.

        Args:
            look: Handler that returns `draw()` among its values.
            inputs: Of the handler.
            outputs: Of the handler.
            page: The page.
        """
        self.timer.tick(look, inputs, outputs, **PRIVATE)
        page.load(look, inputs, outputs, **PRIVATE)

    def _stop(self) -> str:
        self._tasks.stop()
        task = self._tasks.latest()
        return task_html(task, self._tasks.log(task.name)) if task else ""


def task_html(task: BackgroundTask, log: TaskLog) -> str:
    """Return a task with its progress, its latest lines and how it ended."""
    headline = task_headline(task, log)
    shown = html.note(headline.text, alert=headline.is_fault)
    if headline.state == "running":
        shown += _progress_html(log)
    lines = "\n".join(log.lines)
    details = (
        f'<div class="kb-log kb-tail" tabindex="0"><pre class="kb-text">{escape(lines)}</pre></div>' if lines else ""
    )
    return shown + details


def _progress_html(log: TaskLog) -> str:
    if not log.doing:
        return html.note("Starting …")
    bar = ""
    if log.share is not None:
        percent = round(100 * log.share)
        bar = f'<progress class="kb-bar" max="100" value="{percent}" aria-label="Progress">{percent}%</progress>'
    return f'{bar}<p class="kb-note">{escape(log.doing)}</p>'
