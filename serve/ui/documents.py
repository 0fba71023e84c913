"""The tab Documents: drop files in, watch them being read, see pages and what was hidden in them, forget them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from html import escape
from pathlib import Path
from textwrap import shorten
from typing import Any

import anyio
import gradio as gr

from core.errors import DataError
from core.types import Document
from rag.ingest.discover import SUFFIXES
from serve.documents.uploads import receive
from serve.service import Service
from serve.ui import html
from serve.ui.events import PRIVATE, block, errors_shown, requester

_BLOCK_BYTES = 1 << 20
_LOOK_S = 1.5
_SHOWN_JOBS = 8


class DocumentsTab:
    """Components and handlers; made inside the context of the page.

    Args:
        service: Where documents are.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        with gr.Row(elem_classes="kb-row"):
            with gr.Column(scale=2, min_width=280):
                self._files = gr.File(
                    label="Add documents", file_count="multiple", file_types=sorted(SUFFIXES), height=140,
                    elem_id="documents-add",
                )  # fmt: skip
                self._status = block(elem_id="documents-status")
                self._jobs = block(elem_id="documents-jobs")
                self._list = block(elem_id="documents-list")
            with gr.Column(scale=2, min_width=280):
                self._doc = gr.Dropdown(label="Document", choices=[], elem_id="documents-doc")
                self._page = gr.Number(label="Page", value=1, minimum=1, precision=0, elem_id="documents-page")
                with gr.Row(elem_classes="kb-buttons"):
                    self._back, self._on = gr.Button("Previous page"), gr.Button("Next page")
                self._view = block(elem_id="documents-view")
                with gr.Accordion("What was removed as hidden", open=False):
                    self._hidden = block()
                with gr.Accordion("Forget this document", open=False, elem_id="documents-forget"):
                    self._sure = gr.Checkbox(label="Yes, remove it with everything kept of it")
                    self._forget = gr.Button("Forget", variant="stop")
        self._timer = gr.Timer(_LOOK_S, active=False)
        self._wire()

    def _wire(self) -> None:
        listed = [self._jobs, self._list, self._doc, self._timer]
        added = self._files.upload(self._add, [self._files], [self._files, self._status], **PRIVATE)
        added.then(self._look, [self._doc], listed, **PRIVATE)
        self._timer.tick(self._look, [self._doc], listed, **PRIVATE)
        chosen = self._doc.change(self._first_page, None, [self._page], **PRIVATE)
        chosen.then(self._show, [self._doc, self._page], [self._view], **PRIVATE)
        chosen.then(self._show_hidden, [self._doc], [self._hidden], **PRIVATE)
        for button, by in ((self._back, -1), (self._on, 1)):
            button.click(partial(self._turned, by), [self._doc, self._page], [self._page], **PRIVATE)
        self._page.change(self._show, [self._doc, self._page], [self._view], **PRIVATE)
        gone = self._forget.click(self._remove, [self._doc, self._sure], [self._status, self._sure], **PRIVATE)
        gone.success(self._look, [self._doc], listed, **PRIVATE)

    def load(self, page: gr.Blocks) -> None:
        """Fill the lists whenever the page is opened."""
        page.load(self._look, [self._doc], [self._jobs, self._list, self._doc, self._timer], **PRIVATE)

    async def _add(self, paths: list[str] | None, http: gr.Request) -> tuple[Any, ...]:
        """Take dropped files over as one job; each is checked by its content."""
        job_id = self._service.jobs.new_id()
        folder = self._service.jobs.folder(job_id)
        most = self._service.settings.serve.upload_files
        items: list[dict[str, str]] = []
        refused: list[str] = []
        for number, path in enumerate(paths or []):
            try:
                if number >= most:
                    raise DataError(f"{Path(path).name}: more than {most} at once", hint="drop it again")
                got = await receive(_blocks(Path(path)), Path(path).name, folder / str(number))
                items.append({"path": str(got.path), "source": f"upload:{got.sha256[:16]}/{got.path.name}"})
            except DataError as error:
                refused.append(error.message)
            await anyio.Path(path).unlink(missing_ok=True)
        if items:
            self._service.add_job(job_id, items, who=requester(http))
            self._service.audit.note("upload", requester(http), job=job_id, files=len(items))
        said = f"{len(items)} taken in" + (f"; refused: {'; '.join(refused)}" if refused else "")
        return None, html.note(said, alert=bool(refused))

    async def _look(self, chosen: str | None) -> tuple[Any, ...]:
        jobs = self._service.jobs.listed(_SHOWN_JOBS)
        documents = await self._service.documents()
        rows = [[d.doc, str(d.n_pages), d.status, shorten(d.title, 80, placeholder=" …")] for d in documents]
        table = html.table("Documents", ["document", "pages", "status", "title"], rows, numbers={1})
        choices = [(f"{d.doc} ({d.n_pages} p.)", d.sha256) for d in documents]
        known = [document.sha256 for document in documents]
        doc = gr.Dropdown(choices=choices, value=chosen if chosen in known else next(iter(known), None))
        active = any(job.state in ("queued", "running") for job in jobs)
        return _jobs(jobs) if jobs else "", table, doc, gr.Timer(active=active)

    def _first_page(self) -> int:
        return 1

    async def _turned(self, by: int, sha256: str | None, page: float | None) -> int:
        if not sha256:
            return 1
        with errors_shown():
            last = (await self._service.document(sha256)).n_pages
        return min(max(1, int(page or 1) + by), max(1, last))

    async def _show(self, sha256: str | None, page: float | None) -> str:
        if not sha256:
            return ""
        with errors_shown():
            return html.page_view(await self._service.page_view(sha256, max(0, int(page or 1) - 1)))

    async def _show_hidden(self, sha256: str | None) -> str:
        if not sha256:
            return ""
        with errors_shown():
            pages = await self._service.hidden(sha256)
        parts = [
            f"<p><strong>Page {page.index + 1}</strong>: {escape(_kinds(page.hidden))}</p>"
            f'<pre class="kb-log" tabindex="0">{escape(page.hidden_text)}</pre>'
            for page in pages
        ]
        return f'<div class="kb-view">{"".join(parts)}</div>' if parts else html.note("Nothing was removed.")

    async def _remove(self, sha256: str | None, sure: bool, http: gr.Request) -> tuple[Any, ...]:
        if not sha256 or not sure:
            raise gr.Error("Choose a document and tick the box.", title="Nothing removed", print_exception=False)
        with errors_shown():
            gone: Document = await self._service.forget(sha256)
        self._service.audit.note("forget", requester(http), sha256=gone.sha256)
        return html.note(f"Forgot {gone.doc}."), False


def _kinds(hidden: Any) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in hidden.items()) + " (characters removed)"


def _jobs(jobs: Any) -> str:
    """Return jobs with their progress, the newest first."""
    rows = []
    for job in jobs:
        shown = job.to_json()
        files = ", ".join(f"{file['doc']}: {file['status']}{_reason(file)}" for file in shown["files"][:10])
        percent = round(100 * job.share)
        bar = f'<progress max="100" value="{percent}" aria-label="Progress">{percent}%</progress>'
        state = f"{job.state} {bar} {job.pages} pages" if job.state == "running" else job.state
        rows.append(f"<tr><td>{state}</td><td>{escape(files)}{escape(job.error)}</td></tr>")
    head = '<thead><tr><th scope="col">job</th><th scope="col">files</th></tr></thead>'
    return f'<table class="kb-table">{head}<tbody>{"".join(rows)}</tbody></table>'


def _reason(file: dict[str, Any]) -> str:
    return f" ({file['reason']})" if file.get("reason") else ""


async def _blocks(path: Path) -> AsyncIterator[bytes]:
    async with await anyio.open_file(path, "rb") as handle:
        while block := await handle.read(_BLOCK_BYTES):
            yield block
