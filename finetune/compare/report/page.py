"""The report as one HTML page that needs no other file: no script, no request, readable on a phone and on paper.

Made of `report.json` alone. Templates escape every value, and the policy of the page forbids loading anything.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from core.files import atomic_write
from finetune.compare.report import view
from finetune.compare.report.plots import latency_plot

HTML_NAME = "report.html"


def write_page(folder: Path, report: view.ReportRecord) -> Path:
    """Write `report.html`, whole or not at all, and return its path.

    Raises:
        OSError: The folder cannot be written.
    """
    path = folder / HTML_NAME
    with atomic_write(path) as handle:
        handle.write(render(report).encode("utf-8", "replace"))
    return path


def render(report: view.ReportRecord) -> str:
    """Return the page."""
    return _environment().get_template("page.html").render(report=report, settings=_settings(report))


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("finetune.compare.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"view": view, "latency_plot": latency_plot}
    environment.filters["place"] = _place
    return environment


def _place(place: Mapping[str, Any]) -> str:
    """Return a document and its page, counted from one."""
    return f"{place['doc']}" + ("" if place["page"] is None else f", p. {place['page'] + 1}")


def _settings(report: view.ReportRecord) -> str:
    """Return everything that is needed to make the report again, as JSON."""
    arms = {arm["name"]: {"model": arm["model"], **arm["identity"]} for arm in report["arms"]}
    settings = {"made_at": report["made_at"], "method": report["method"], **report["repeat"], "arms": arms}
    return json.dumps(settings, ensure_ascii=False, indent=1)
