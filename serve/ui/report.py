"""The tab Report: compare a run with its base model, and read reports, each in a frame that reaches nothing outside."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import gradio as gr
from fastapi import FastAPI
from fastapi.responses import FileResponse

from core.files import Home
from serve.errors import NotFound
from serve.ui import html
from serve.ui.events import NOTHING, PRIVATE, block, errors_shown
from serve.ui.task_panel import TaskPanel
from serve.work.tasks import BackgroundTasks
from serve.work.training import COMPARED_QUESTIONS, TrainingManager

_NONE = "There is no report yet. Choose a run and press Compare."
_NO_RUN = "There is no report yet, and no run to compare with its base. Train one under Training."
# A report is one file; its scripts may reach neither other servers nor the page around it.
_SANDBOX = (
    "sandbox allow-scripts; default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"
)


def reports(home: Home) -> dict[str, Path]:
    """Return the reports of a home by name, those of runs first."""
    of_runs = {f"run {path.parent.parent.name}": path for path in sorted(home.runs.glob("*/compare/report.html"))}
    return {**of_runs, **{path.parent.name: path for path in sorted(home.root.glob("compare/*/report.html"))}}


def mount_reports(app: FastAPI, home: Home) -> None:
    """Serve the reports at `/report/NAME`."""

    @app.get("/report/{name}", include_in_schema=False)
    def report(name: str) -> FileResponse:
        path = reports(home).get(name)
        if path is None:
            raise NotFound(f"unknown report {name!r}", click="choose one under Report")
        return FileResponse(path, media_type="text/html", headers={"content-security-policy": _SANDBOX})


class ReportTab:
    """Components and handlers; made inside the context of the page.

    Args:
        home: Where the reports are.
        training: The runs.
        tasks: The long tasks of the server.
    """

    def __init__(self, home: Home, training: TrainingManager, tasks: BackgroundTasks) -> None:
        self._home = home
        self._training = training
        self._choices = gr.Row(elem_classes=["kb-row", "kb-end", NOTHING])
        with self._choices:
            self._chosen = gr.Dropdown(label="Report", choices=[], elem_id="report-choice")
            self._run = gr.Dropdown(label="Run", choices=[], elem_id="report-run")
            self._limit = gr.Number(label="Questions", value=COMPARED_QUESTIONS, minimum=2, precision=0)
            self._compare = gr.Button("Compare", min_width=80, elem_id="report-compare")
        self._panel = TaskPanel(tasks, "report")
        self._frame = block(html.note(_NO_RUN), elem_id="report-frame")
        started = self._compare.click(self._begin, [self._run, self._limit], None, **PRIVATE)
        started.success(self._look, [self._chosen, self._run], self._seen(), **PRIVATE)
        self._chosen.change(self._show, [self._chosen], [self._frame], **PRIVATE)

    def _seen(self) -> list[Any]:
        return [self._chosen, self._run, self._choices, self._frame, *self._panel.outputs]

    def load(self, page: gr.Blocks) -> None:
        """Fill the choices whenever the page is opened."""
        self._panel.watch(self._look, [self._chosen, self._run], self._seen(), page)

    def opened(self, tab: gr.Tab) -> None:
        """Look for new reports and runs whenever the tab is chosen."""
        tab.select(self._look, [self._chosen, self._run], self._seen(), **PRIVATE)

    def _begin(self, run: str | None, limit: float) -> None:
        if not run:
            raise gr.Error(
                "Choose a run first; runs are trained under Training.", title="Not compared", print_exception=False
            )
        with errors_shown():
            self._training.compare(run, int(limit))

    def _look(self, chosen: str | None, run: str | None) -> tuple[Any, ...]:
        names, runs = list(reports(self._home)), [row.name for row in self._training.runs()]
        report = gr.Dropdown(choices=names, value=chosen if chosen in names else next(iter(names), None))
        return (
            report,
            gr.Dropdown(choices=runs, value=run if run in runs else next(iter(runs), None)),
            gr.update(elem_classes=["kb-row", "kb-end", *([] if names or runs else [NOTHING])]),
            gr.skip() if names else html.note(_NONE if runs else _NO_RUN),
            *self._panel.draw(),
        )

    def _show(self, name: str | None) -> str:
        if not name:
            return html.note(_NONE)
        title, path = escape(name), quote(name)
        return f'<iframe class="kb-frame" title="Comparison {title}" src="/report/{path}"></iframe>'
