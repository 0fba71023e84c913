"""The tab Report: comparisons that `kb compare` wrote, each in a frame of its own."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

import gradio as gr
from fastapi import FastAPI
from fastapi.responses import FileResponse

from core.files import Home
from serve.errors import NotFound
from serve.ui import html
from serve.ui.events import PRIVATE, block

_NONE = "No comparison yet: kb compare RUN writes one."
# A report is one file; nothing in it may reach out, nor reach the page around it.
_SANDBOX = (
    "sandbox allow-scripts; default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"
)


def reports(home: Home) -> dict[str, Path]:
    """Return the reports of a home by name, those of runs first."""
    found = {f"run {path.parent.parent.name}": path for path in sorted(home.runs.glob("*/compare/report.html"))}
    return {**found, **{path.parent.name: path for path in sorted(home.root.glob("compare/*/report.html"))}}


def mount_reports(app: FastAPI, home: Home) -> None:
    """Serve the reports at `/report/NAME`."""

    @app.get("/report/{name}", include_in_schema=False)
    def report(name: str) -> FileResponse:
        path = reports(home).get(name)
        if path is None:
            raise NotFound("there is no such report", hint="kb compare RUN")
        return FileResponse(path, media_type="text/html", headers={"content-security-policy": _SANDBOX})


class ReportTab:
    """Components and handlers; made inside the context of the page.

    Args:
        home: Where reports lie.
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
        shown = escape(name)
        return f'<iframe class="kb-frame" title="Comparison {shown}" src="/report/{shown}"></iframe>'
