"""The tab Documents: add files and web pages, follow their ingest, look at pages and hidden text, forget documents."""

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
from rag.load.sniff import SUFFIXES
from serve.documents.uploads import is_collection_name, is_web_address, receive
from serve.service import Service
from serve.ui import html
from serve.ui.events import PRIVATE, SLOW, block, errors_shown, requester
from serve.ui.jobs_html import jobs_table
from serve.ui.page_html import page_html

_BLOCK_BYTES = 1 << 20
_POLL_S = 1.5
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
                self._lay_adding()
            with gr.Column(scale=2, min_width=280):
                self._lay_document()
        self._timer = gr.Timer(_POLL_S, active=False)
        self._wire()

    def _lay_adding(self) -> None:
        own = self._service.collection
        self._collection = gr.Dropdown(
            label="Collection",
            choices=[own],
            value=own,
            allow_custom_value=True,
            info="Choose one, or type the name of a new one.",
            elem_id="documents-collection",
        )
        self._files = gr.File(
            label="Add files",
            file_count="multiple",
            file_types=sorted(SUFFIXES),
            height=140,
            elem_id="documents-add",
        )
        with gr.Row(elem_classes=["kb-row", "kb-end"]):
            self._url = gr.Textbox(label="Add a web page", scale=4, placeholder="https://…", elem_id="documents-url")
            self._fetch = gr.Button("Add", scale=1, min_width=80, elem_id="documents-fetch")
        self._status = block(elem_id="documents-status")
        self._list = block(elem_id="documents-list")
        self._jobs = block(elem_id="documents-jobs")

    def _lay_document(self) -> None:
        self._doc = gr.Dropdown(label="Document", choices=[], elem_id="documents-doc")
        self._page = gr.Number(label="Page", value=1, minimum=1, precision=0, elem_id="documents-page")
        with gr.Row(elem_classes="kb-buttons"):
            self._back, self._on = gr.Button("Previous page"), gr.Button("Next page")
        self._view = block(elem_id="documents-view")
        with gr.Accordion("Hidden text that was removed", open=False):
            self._hidden = block()
        with gr.Accordion("Forget this document", open=False, elem_id="documents-forget"):
            self._sure = gr.Checkbox(label="Choose a document first", elem_id="documents-sure")
            self._forget = gr.Button("Forget", variant="stop")

    def _wire(self) -> None:
        seen = [self._doc, self._collection]
        listed = [self._jobs, self._list, self._doc, self._timer]
        added = [
            self._files.upload(
                self._add_files, [self._files, self._collection], [self._files, self._status], **PRIVATE
            ),
            *(
                trigger(self._add_url, [self._url, self._collection], [self._url, self._status], **PRIVATE)
                for trigger in (self._fetch.click, self._url.submit)
            ),
            self._collection.change(lambda: "", None, [self._status], **PRIVATE),
        ]
        for event in added:
            event.then(self._look, seen, listed, **PRIVATE)
        self._timer.tick(self._look, seen, listed, **PRIVATE)
        chosen = self._doc.change(self._first_page, seen, [self._page, self._sure], **PRIVATE)
        chosen.then(self._show, [*seen, self._page], [self._view], **SLOW)
        chosen.then(self._show_hidden, seen, [self._hidden], **PRIVATE)
        for button, step in ((self._back, -1), (self._on, 1)):
            button.click(partial(self._turned, step), [*seen, self._page], [self._page], **PRIVATE)
        self._page.change(self._show, [*seen, self._page], [self._view], **SLOW)
        gone = self._forget.click(self._remove, [*seen, self._sure], [self._status, self._sure], **PRIVATE)
        gone.success(self._look, seen, listed, **PRIVATE)

    def load(self, page: gr.Blocks) -> None:
        """Fill the lists whenever the page is opened."""
        page.load(self._collections, None, [self._collection], **PRIVATE)
        page.load(
            self._look, [self._doc, self._collection], [self._jobs, self._list, self._doc, self._timer], **PRIVATE
        )

    async def _collections(self) -> Any:
        return gr.Dropdown(choices=await self._service.collections())

    async def _add_files(self, paths: list[str] | None, collection: str, http: gr.Request) -> tuple[Any, ...]:
        """Take uploaded files as one job; each is checked by its content."""
        self._check_collection(collection)
        job_id = self._service.jobs.new_id()
        folder = self._service.jobs.folder(job_id)
        most = self._service.settings.serve.upload_files
        items: list[dict[str, str]] = []
        refused: list[str] = []
        for number, path in enumerate(paths or []):
            try:
                if number >= most:
                    raise DataError(f"{Path(path).name}: more than {most} files at once")
                upload = await receive(_blocks(Path(path)), Path(path).name, folder / str(number))
                items.append({"path": str(upload.path), "source": f"upload:{upload.sha256[:16]}/{upload.path.name}"})
            except DataError as error:
                refused.append(error.message)
            await anyio.Path(path).unlink(missing_ok=True)
        if items:
            self._begin(job_id, items, collection, http)
        accepted = f"{len(items)} file{'s' if len(items) != 1 else ''} accepted"
        text = accepted + (f"; refused: {'; '.join(refused)}" if refused else "") + "."
        return None, html.note(text, alert=bool(refused))

    async def _add_url(self, url: str, collection: str, http: gr.Request) -> tuple[Any, ...]:
        self._check_collection(collection)
        if not is_web_address(url.strip()):
            raise gr.Error(
                "Type an address that begins with https:// or http://.", title="Nothing added", print_exception=False
            )
        self._begin(self._service.jobs.new_id(), [{"url": url.strip()}], collection, http)
        return "", html.note(f"Fetching {url.strip()}.")

    def _check_collection(self, collection: str) -> None:
        if not is_collection_name(collection or ""):
            raise gr.Error(
                "A collection's name has letters, digits, '.', '_' and '-', at most 64.",
                title="Nothing added",
                print_exception=False,
            )

    def _begin(self, job_id: str, items: list[dict[str, str]], collection: str, http: gr.Request) -> None:
        self._service.add_job(job_id, items, who=requester(http), collection=collection)
        self._service.audit.note("upload", requester(http), job=job_id, files=len(items))

    async def _look(self, chosen: str | None, collection: str) -> tuple[Any, ...]:
        jobs = self._service.jobs.listed(_SHOWN_JOBS)
        documents = await self._service.documents(collection)
        rows = [
            [
                d.doc,
                str(d.n_pages),
                _size(d.size_bytes),
                d.ingested_at[:10],
                d.status,
                shorten(d.title, 80, placeholder=" …"),
            ]
            for d in documents
        ]
        heads = ["document", "pages", "size", "added", "status", "title"]
        table = html.table("Documents", heads, rows, numbers={1, 2, 3})
        choices = [(f"{d.doc} ({d.n_pages} p.)", d.sha256) for d in documents]
        known = [document.sha256 for document in documents]
        doc = gr.Dropdown(choices=choices, value=chosen if chosen in known else next(iter(known), None))
        active = any(job.state in ("queued", "running") for job in jobs)
        return jobs_table(jobs), table, doc, gr.Timer(active=active)

    async def _first_page(self, sha256: str | None, collection: str) -> tuple[int, Any]:
        """Turn to page 1, and let the question about forgetting name the document."""
        if not sha256:
            return 1, gr.Checkbox(label="Choose a document first", value=False)
        with errors_shown():
            document = await self._service.document(sha256, collection)
        return 1, gr.Checkbox(label=f"Yes, remove {document.doc} with everything stored about it", value=False)

    async def _turned(self, step: int, sha256: str | None, collection: str, page: float | None) -> int:
        if not sha256:
            return 1
        with errors_shown():
            last = (await self._service.document(sha256, collection)).n_pages
        return min(max(1, int(page or 1) + step), max(1, last))

    async def _show(self, sha256: str | None, collection: str, page: float | None) -> str:
        """Return the page; the last one for a number beyond it."""
        if not sha256:
            return ""
        with errors_shown():
            last = (await self._service.document(sha256, collection)).n_pages
            index = min(max(1, int(page or 1)), max(1, last)) - 1
            return page_html(await self._service.page_view(sha256, index, collection=collection))

    async def _show_hidden(self, sha256: str | None, collection: str) -> str:
        if not sha256:
            return ""
        with errors_shown():
            pages = await self._service.hidden(sha256, collection)
        parts = [
            f"<p><strong>Page {page.index + 1}</strong>: {escape(_hidden_counts(page.hidden))}</p>"
            f'<pre class="kb-log" tabindex="0">{escape(page.hidden_text)}</pre>'
            for page in pages
        ]
        return f'<div class="kb-view">{"".join(parts)}</div>' if parts else html.note("No hidden text was found.")

    async def _remove(self, sha256: str | None, collection: str, sure: bool, http: gr.Request) -> tuple[Any, ...]:
        if not sha256 or not sure:
            raise gr.Error("Choose a document and tick the box.", title="Nothing removed", print_exception=False)
        with errors_shown():
            removed: Document = await self._service.forget(sha256, collection)
        self._service.audit.note("forget", requester(http), sha256=removed.sha256)
        return html.note(f"Removed {removed.doc}."), gr.Checkbox(value=False)


def _hidden_counts(hidden: Any) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in hidden.items()) + " (characters removed)"


def _size(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:.1f} MB" if size_bytes >= 100_000 else f"{size_bytes / 1e3:.0f} kB"


async def _blocks(path: Path) -> AsyncIterator[bytes]:
    async with await anyio.open_file(path, "rb") as handle:
        while block := await handle.read(_BLOCK_BYTES):
            yield block
