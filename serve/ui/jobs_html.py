"""Ingest jobs as an HTML table: how far each is, what became of its files, and why a file was refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from serve.work.jobs import IngestJob

_SHOWN_FILES = 10


def jobs_table(jobs: Sequence[IngestJob]) -> str:
    """Return jobs as a table; empty where there is none."""
    if not jobs:
        return ""
    head = '<thead><tr><th scope="col">ingest</th><th scope="col">files</th></tr></thead>'
    return f'<table class="kb-table">{head}<tbody>{"".join(_row(job) for job in jobs)}</tbody></table>'


def _row(job: IngestJob) -> str:
    files = job.to_json()["files"]
    shown = "".join(f"<li{_alert(file['status'])}>{escape(_file_text(file))}</li>" for file in files[:_SHOWN_FILES])
    more = f"<li>and {len(files) - _SHOWN_FILES} more</li>" if len(files) > _SHOWN_FILES else ""
    error = f'<p class="kb-alert">{escape(job.error)}</p>' if job.error else ""
    return f'<tr><td>{_state(job, files)}</td><td><ul class="kb-files">{shown}{more}</ul>{error}</td></tr>'


def _state(job: IngestJob, files: Sequence[Mapping[str, Any]]) -> str:
    if job.state == "running":
        percent = round(100 * job.share)
        bar = f'<progress max="100" value="{percent}" aria-label="Progress">{percent}%</progress>'
        return f"running {bar} {job.pages} pages"
    if job.state == "done":
        counts = Counter(str(file["status"]) for file in files)
        text = ", ".join(f"{count} {status}" for status, count in counts.items())
        return f"<span{_alert('refused' if set(counts) == {'refused'} else '')}>{escape(text)}</span>"
    return f"<span{_alert(job.state)}>{job.state}</span>"


def _file_text(file: Mapping[str, Any]) -> str:
    return f"{file['doc']}: {file['status']}" + (f" ({file['reason']})" if file.get("reason") else "")


def _alert(status: str) -> str:
    return ' class="kb-alert"' if status in ("refused", "failed") else ""
