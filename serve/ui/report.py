"""The tab Report: reports of comparisons, each in a frame that can reach nothing outside."""

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
from serve.ui.events import PRIVATE, block

_NONE = "There is no comparison yet."
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
    """

    def __init__(self, home: Home) -> None:
        self._home = home
        self._chosen = gr.Dropdown(label="Comparison", choices=[], elem_id="report-choice")
        self._frame = block(html.note(_NONE), elem_id="report-frame")
        self._chosen.change(self._show, [self._chosen], [self._frame], **PRIVATE)

    def load(self, page: gr.Blocks) -> None:
        """Fill the choices whenever the page is opened."""
        page.load(self._choices, None, [self._chosen], **PRIVATE)

    def _choices(self) -> Any:
        names = list(reports(self._home))
        return gr.Dropdown(choices=names, value=names[0] if names else None)

    def _show(self, name: str | None) -> str:
        if not name:
            return html.note(_NONE)
        title, path = escape(name), quote(name)
        return f'<iframe class="kb-frame" title="Comparison {title}" src="/report/{path}"></iframe>'
