"""The tab Data: make training data from the documents; accept, edit or reject its rows, each beside its evidence."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from functools import wraps
from html import escape
from typing import Any

import gradio as gr

from serve.errors import NotFound
from serve.review import DatasetReviews, ReviewRow
from serve.ui import html
from serve.ui.events import NOTHING, PRIVATE, block, errors_shown, requester
from serve.ui.page_html import page_html
from serve.ui.task_panel import TaskPanel
from serve.work.tasks import BackgroundTasks
from synth.dataset.review import Action
from synth.exporting.write import FORMATS

_KEYS = "Single keys: A accept, E edit, R reject, S skip, U undo; in a field, Escape leaves it and Ctrl+Enter saves"
_OUTCOMES: dict[Action, str] = {"accept": "Accepted.", "edit": "Saved.", "reject": "Rejected."}
_NONE = "There is no training data yet. Make some from your documents."
_ROWS = 300


class DataTab:
    """Components and handlers; made inside the context of the page.

    Args:
        reviews: The datasets.
        tasks: The long tasks of the server.
    """

    def __init__(self, reviews: DatasetReviews, tasks: BackgroundTasks) -> None:
        self._reviews = reviews
        self._tasks = tasks
        self._ids = gr.State([])
        # Rows that were decided since the dataset was opened, the latest last.
        self._decided = gr.State([])
        self._maker = gr.Accordion("Make training data from the documents", open=False, elem_id="data-make")
        with self._maker:
            with gr.Row(elem_classes=["kb-row", "kb-end"]):
                self._new_name = gr.Textbox(
                    label="Name",
                    placeholder="handbook",
                    info="Small letters, digits, '-', '_' and '.'.",
                    elem_id="data-name",
                )
                self._row_count = gr.Number(label="Rows, at most", value=_ROWS, minimum=1, precision=0)
                self._make = gr.Button("Make", variant="primary", min_width=80, elem_id="data-start")
            self._panel = TaskPanel(tasks, "data-task")
        # What follows is shown once there is something to review.
        head = gr.Row(elem_classes=["kb-row", NOTHING])
        with head:
            self._dataset = gr.Dropdown(label="Dataset", choices=[], elem_id="data-set")
            self._keys = gr.Checkbox(label=_KEYS, value=True, elem_id="data-keys")
        self._status = block(html.note(_NONE), elem_id="data-status")
        body = gr.Row(elem_classes=["kb-row", NOTHING])
        with body:
            with gr.Column(scale=3, min_width=280):
                self._question = gr.Textbox(label="Question", lines=2)
                self._answer = gr.Textbox(label="Answer", lines=3, elem_id="data-answer")
                self._context = gr.Textbox(label="Context in the prompt", lines=3, max_lines=12)
                with gr.Row(elem_classes="kb-buttons"):
                    self._accept = gr.Button("Accept", variant="primary", min_width=70, elem_id="data-accept")
                    self._edit = gr.Button("Save", min_width=70, elem_id="data-save")
                    self._reject = gr.Button("Reject", min_width=70, elem_id="data-reject")
                    self._skip = gr.Button("Skip", min_width=70, elem_id="data-skip")
                    self._undo = gr.Button("Undo", min_width=70, elem_id="data-undo")
            with gr.Column(scale=2, min_width=280):
                self._proof = block("", elem_id="data-proof")
        foot = gr.Accordion("Apply decisions and export", open=False, elem_classes=["kb-foot", NOTHING])
        with foot:
            self._apply = gr.Button("Apply decisions to the dataset")
            self._format = gr.Dropdown(label="Format", choices=list(FORMATS), value=FORMATS[0])
            self._export = gr.Button("Export")
            self._file = gr.File(label="Exported", interactive=False, visible=False, elem_id="data-file")
        self._rooms = {head: "kb-row", body: "kb-row", foot: "kb-foot"}
        self._wire()

    def _wire(self) -> None:
        row = [self._ids, self._question, self._answer, self._context, self._proof, self._status, self._decided]
        chosen = [self._dataset, self._ids, self._decided]
        texts = [*chosen, self._question, self._answer, self._context]
        made = self._make.click(self._begin, [self._new_name, self._row_count], None, **PRIVATE)
        made.success(self._look, [self._dataset], self._seen(), **PRIVATE)
        self._dataset.change(self._open, [self._dataset], row, **PRIVATE)
        self._accept.click(_in_line(self._accepted), chosen, row, **PRIVATE)
        self._edit.click(_in_line(self._edited), texts, row, **PRIVATE)
        self._reject.click(_in_line(self._rejected), chosen, row, **PRIVATE)
        self._skip.click(_in_line(self._skipped), chosen, row, **PRIVATE)
        self._undo.click(_in_line(self._undone), chosen, row, **PRIVATE)
        self._apply.click(self._applied, [self._dataset], [self._status], **PRIVATE)
        self._export.click(self._exported, [self._dataset, self._format], [self._file, self._status], **PRIVATE)

    def load(self, page: gr.Blocks) -> None:
        """Fill the choices whenever the page is opened; without a dataset, where one is made stands open."""
        self._panel.watch(self._look, [self._dataset], self._seen(), page)
        page.load(self._unfolded, None, [self._maker], **PRIVATE)

    def _seen(self) -> list[Any]:
        return [self._dataset, *self._rooms, *self._panel.outputs]

    async def _unfolded(self) -> Any:
        return gr.Accordion(open=not await self._reviews.datasets())

    async def _begin(self, name: str, row_count: float) -> None:
        """Make a dataset in a process of its own; one that was interrupted is resumed."""
        with errors_shown():
            folder = self._reviews.new_folder(name.strip())
            self._tasks.begin("synthesize", name.strip(), folder=str(folder), pairs=max(1, int(row_count)))

    async def _look(self, chosen: str | None) -> tuple[Any, ...]:
        names = await self._reviews.datasets()
        dataset = gr.Dropdown(choices=names, value=chosen if chosen in names else next(iter(names), None))
        rooms = [gr.update(elem_classes=[shown, *([] if names else [NOTHING])]) for shown in self._rooms.values()]
        return dataset, *rooms, *self._panel.draw()

    async def _open(self, dataset: str | None) -> tuple[Any, ...]:
        if not dataset:
            return [], "", "", "", "", html.note(_NONE), []
        with errors_shown():
            return await self._next(dataset, await self._reviews.undecided(dataset), [])

    async def _next(self, dataset: str, ids: list[str], decided: list[str], outcome: str = "") -> tuple[Any, ...]:
        if not ids:
            return [], "", "", "", "", _line(f"{outcome} Every row is decided.".strip()), decided
        row = await self._reviews.row(dataset, ids[0])
        place = f"{len(ids)} to decide: {row.kind}, {row.split}, written by {row.origin}, {row.id}."
        texts = row.texts
        return (
            ids,
            texts["question"],
            texts["answer"],
            texts["context"],
            _proof(row) + await self._page(row),
            _line(f"{outcome} {place}".strip()),
            decided,
        )

    async def _page(self, row: ReviewRow) -> str:
        """Return the page of a row's first quote."""
        if not row.evidence:
            return ""
        try:
            return page_html(await self._reviews.page_view(row.evidence[0]))
        except NotFound:  # a dataset outlives its documents
            return html.note(f"{row.evidence[0].doc} is no longer in the collection.")

    async def _decide(
        self, action: Action, dataset: str, ids: list[str], decided: list[str], texts: dict[str, str], who: str
    ) -> tuple[Any, ...]:
        if not dataset or not ids:
            raise gr.Error("There is no row left.", title="Nothing decided", print_exception=False)
        with errors_shown():
            await self._reviews.decide(dataset, ids[0], action, texts, who)
            return await self._next(dataset, ids[1:], [*decided, ids[0]], _OUTCOMES[action])

    async def _accepted(self, dataset: str, ids: list[str], decided: list[str], http: gr.Request) -> tuple[Any, ...]:
        return await self._decide("accept", dataset, ids, decided, {}, requester(http))

    async def _rejected(self, dataset: str, ids: list[str], decided: list[str], http: gr.Request) -> tuple[Any, ...]:
        return await self._decide("reject", dataset, ids, decided, {}, requester(http))

    async def _edited(
        self,
        dataset: str,
        ids: list[str],
        decided: list[str],
        question: str,
        answer: str,
        context: str,
        http: gr.Request,
    ) -> tuple[Any, ...]:
        texts = {"question": question, "answer": answer, "context": context}
        return await self._decide("edit", dataset, ids, decided, texts, requester(http))

    async def _undone(self, dataset: str, ids: list[str], decided: list[str]) -> tuple[Any, ...]:
        if not dataset or not decided:
            raise gr.Error("Nothing was decided here yet.", title="Nothing to undo", print_exception=False)
        with errors_shown():
            await self._reviews.withdraw(dataset, decided[-1])
            return await self._next(dataset, [decided[-1], *ids], decided[:-1], "Undone.")

    async def _skipped(self, dataset: str, ids: list[str], decided: list[str]) -> tuple[Any, ...]:
        if not dataset or not ids:
            raise gr.Error("There is no row to skip.", title="Nothing skipped", print_exception=False)
        with errors_shown():
            return await self._next(dataset, [*ids[1:], ids[0]], decided, "Skipped.")

    async def _applied(self, dataset: str | None) -> str:
        if not dataset:
            return html.note(_NONE)
        with errors_shown():
            done = await self._reviews.apply(dataset)
        return html.note(f"Applied: {done.accepted} accepted, {done.edited} edited, {done.rejected} rejected.")

    async def _exported(self, dataset: str | None, to: str) -> tuple[Any, ...]:
        if not dataset:
            return gr.File(visible=False), html.note(_NONE)
        with errors_shown():
            path = await self._reviews.export(dataset, to)
        return gr.File(value=str(path), visible=True), html.note(f"Exported as {to}.")


def _line(text: str, *, alert: bool = False) -> str:
    """Return the line above a row. It is never the same twice: the next key waits for it to change."""
    return html.note(text, alert=alert) + f'<i hidden data-drawn="{secrets.token_hex(4)}"></i>'


def _in_line(handler: Callable[..., Awaitable[tuple[Any, ...]]]) -> Callable[..., Awaitable[tuple[Any, ...]]]:
    """Return a handler of a decision that says in the line above the row why nothing was decided."""

    @wraps(handler)
    async def shown(*arguments: Any) -> tuple[Any, ...]:
        try:
            return await handler(*arguments)
        except gr.Error as error:
            return *(gr.skip() for _ in range(5)), _line(str(error.message), alert=True), gr.skip()

    return shown


def _proof(row: ReviewRow) -> str:
    checks = ", ".join(f"{name} {figure:g}" for name, figure in row.checks.items())
    worse = f'<p>Worse answer:</p><p class="kb-text">{escape(row.worse)}</p>' if row.worse else ""
    altered = "".join(f'<p class="kb-text">Altered in the context: {escape(line)}</p>' for line in row.altered)
    passed = f'<p class="kb-text">Checks passed: {escape(checks)}</p>' if checks else ""
    return _before(row) + html.quotes(row.evidence) + f'<div class="kb-view">{altered}{worse}{passed}</div>'


def _before(row: ReviewRow) -> str:
    """Return what stands before the question: the system message and the earlier turns."""
    parts = [("System message", row.system)] if row.system else []
    for number, (question, answer, trained) in enumerate(row.turns, start=1):
        parts += [(f"Question {number}", question), (f"Answer {number}{'' if trained else ', not trained'}", answer)]
    shown = "".join(f'<p>{name}:</p><p class="kb-text">{escape(text)}</p>' for name, text in parts)
    return f'<div class="kb-view" id="data-before">{shown}</div>' if parts else ""
