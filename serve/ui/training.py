"""The tab Training: estimate, start, stop and resume a run, follow its curves, and export runs."""

from __future__ import annotations

from html import escape
from typing import Any

import gradio as gr

from serve.review import DatasetReviews
from serve.ui import html
from serve.ui.events import PRIVATE, SLOW, block, errors_shown
from serve.work.training import ASSUMED_ROW_TOKENS, TARGETS, TrainingManager

_LOOK_S = 3.0
_GIB = 2**30


class TrainingTab:
    """Components and handlers; made inside the context of the page.

    Args:
        training: The runs.
        reviews: The datasets.
    """

    def __init__(self, training: TrainingManager, reviews: DatasetReviews) -> None:
        self._training = training
        self._reviews = reviews
        with gr.Row(elem_classes="kb-row"):
            with gr.Column(min_width=280):
                self._lay_form(training.methods())
            with gr.Column(min_width=280):
                self._status = block(elem_id="training-status")
                self._needs = block(elem_id="training-needs")
        self._runs = block(elem_id="training-runs")
        with gr.Row(elem_classes=["kb-row", "kb-end"]):
            self._run = gr.Dropdown(label="Run", choices=[], elem_id="training-run")
            self._resume = gr.Button("Resume", min_width=80, elem_id="training-resume")
            self._target = gr.Dropdown(label="Export to", choices=list(TARGETS), value=TARGETS[0])
            self._export = gr.Button("Export", min_width=80, elem_id="training-export")
        self._curves = block(elem_id="training-curves")
        self._timer = gr.Timer(_LOOK_S, active=False)
        self._wire()

    def _lay_form(self, methods: list[str]) -> None:
        self._dataset = gr.Dropdown(label="Dataset", choices=[], elem_id="training-set")
        self._method = gr.Dropdown(label="Method", choices=methods, value="lora" if "lora" in methods else methods[0])
        self._base = gr.Textbox(label="Base model", value="smollm2", info="smollm2, hf:ID or a folder.")
        self._name = gr.Textbox(
            label="Name of the run", placeholder="handbook-1", info="Small letters, digits, '-', '_' and '.'."
        )
        self._rows = gr.Number(
            label="Training rows, for the estimate", value=1000, minimum=1, precision=0, elem_id="training-rows"
        )
        with gr.Row(elem_classes="kb-buttons"):
            self._estimate = gr.Button("Estimate")
            self._start = gr.Button("Start", variant="primary", elem_id="training-start")
            self._stop = gr.Button("Stop")

    def _wire(self) -> None:
        seen = self._seen()
        self._dataset.change(self._counted, [self._dataset], [self._rows], **PRIVATE)
        self._estimate.click(self._estimated, [self._method, self._base, self._rows], [self._needs], **SLOW)
        begun = [
            self._start.click(
                self._started, [self._dataset, self._method, self._base, self._name], [self._status], **PRIVATE
            ),
            self._resume.click(self._resumed, [self._run], [self._status], **PRIVATE),
            self._export.click(self._exported, [self._run, self._target], [self._status], **PRIVATE),
        ]
        for each in begun:
            each.success(self._look, [self._run], seen, **PRIVATE)
        self._stop.click(self._stopped, None, [self._status], **PRIVATE)
        self._timer.tick(self._look, [self._run], seen, **PRIVATE)
        self._run.input(self._look, [self._run], seen, **PRIVATE)

    def _seen(self) -> list[Any]:
        """Return what a look at the runs fills."""
        return [self._runs, self._run, self._curves, self._status, self._timer]

    def load(self, page: gr.Blocks) -> None:
        """Fill the lists whenever the page is opened."""
        page.load(self._choices, None, [self._dataset], **PRIVATE)
        page.load(self._look, [self._run], self._seen(), **PRIVATE)

    async def _choices(self) -> Any:
        names = await self._reviews.datasets()
        return gr.Dropdown(choices=names, value=names[0] if names else None)

    async def _counted(self, dataset: str | None) -> Any:
        if not dataset:
            return gr.skip()
        with errors_shown():
            return max(1, await self._reviews.train_row_count(dataset))

    async def _estimated(self, method: str, base: str, rows: float) -> str:
        with errors_shown():
            found = await self._training.estimate(method, base.strip(), max(1, int(rows)))
        need, free = found.memory.total / _GIB, found.machine.free_bytes / _GIB
        lines = [
            ["trained parameters", f"{found.trainable:,} of {found.total:,}"],
            ["memory", f"{need:.2f} GiB of {free:.1f} GiB free on {found.machine.name}"],
            ["it fits", "yes" if found.fits else "no"],
            ["tokens of the run", f"{found.tokens:,.0f}"],
            ["hours", f"{found.hours:.2f}"],
        ]
        basis = f"For {int(rows):,} rows of {ASSUMED_ROW_TOKENS} tokens; shorter rows take less."
        return html.table("Estimate", ["what", "estimate"], lines) + html.note(basis)

    async def _started(self, dataset: str | None, method: str, base: str, name: str) -> str:
        if not dataset:
            raise gr.Error("Choose a dataset first.", title="Not started", print_exception=False)
        with errors_shown():
            self._training.start(name.strip(), self._reviews.folder(dataset), method, base.strip())
        return html.note(f"Started {name.strip()}.")

    async def _exported(self, run: str | None, to: str) -> str:
        if not run:
            raise gr.Error("Choose a run first.", title="Not exported", print_exception=False)
        with errors_shown():
            self._training.export(run, to)
        return html.note(f"Exporting {run} to {to}.")

    async def _resumed(self, run: str | None) -> str:
        if not run:
            raise gr.Error("Choose a run first.", title="Not resumed", print_exception=False)
        with errors_shown():
            self._training.resume(run)
        return html.note(f"Going on with {run}.")

    def _stopped(self) -> str:
        self._training.stop()
        return html.note("Told to stop; Resume goes on where it was.")

    async def _look(self, chosen: str | None) -> tuple[Any, ...]:
        task = self._training.under_way()
        rows = self._training.runs()
        names = [row.name for row in rows]
        latest = task.run if task else names[-1] if names else None
        name = chosen if chosen in names else latest if latest in names else None
        table = html.table(
            "Runs",
            ["run", "base", "method", "state", "scores"],
            [[r.name, r.base, r.method, r.state, ", ".join(f"{k} {v:.3g}" for k, v in r.scores.items())] for r in rows],
        )
        return (
            table,
            gr.Dropdown(choices=names, value=name),
            self._drawn(name),
            self._state(),
            gr.Timer(active=bool(task)),
        )

    def _drawn(self, name: str | None) -> str:
        if not name:
            return ""
        with errors_shown():
            curves = self._training.curves(name)
        drawn = [html.curve(title, points) for title, points in curves.items()]
        return f'<div class="kb-curves">{"".join(drawn)}</div>' if drawn else html.note(f"{name}: nothing logged yet")

    def _state(self) -> str:
        """Return what the latest process does, or how it ended, with its last words."""
        task = self._training.latest()
        if task is None:
            return html.note("Nothing is being trained from this page.")
        how = "was not finished"
        if task.running:
            how = f"is being {task.doing}"
        elif task.exit_code in (0, None):
            how = f"was {task.doing}" if task.exit_code == 0 else "is no longer at work"
        said = escape(self._training.said(task.run))
        return (
            html.note(f"{task.run} {how}.")
            + f'<div class="kb-log kb-tail" tabindex="0"><pre class="kb-text">{said}</pre></div>'
        )
