"""The tab Training: what a run would need, starting one, its curves while it runs, and the runs there are."""

from __future__ import annotations

from html import escape
from typing import Any

import gradio as gr

from serve.reviewing import Reviewing
from serve.training import ASSUMED_ROW_TOKENS, Training
from serve.ui import html
from serve.ui.events import PRIVATE, plainly

_LOOK_S = 3.0
_GIB = 2**30


class TrainingTab:
    """Components and handlers; made inside the context of the page.

    Args:
        training: Runs.
        reviewing: Datasets.
    """

    def __init__(self, training: Training, reviewing: Reviewing) -> None:
        self._training = training
        self._reviewing = reviewing
        methods = training.methods()
        with gr.Row(elem_classes="kb-row"):
            with gr.Column(min_width=280):
                self._dataset = gr.Dropdown(label="Dataset", choices=[], elem_id="training-set")
                self._method = gr.Dropdown(
                    label="Method", choices=methods, value="lora" if "lora" in methods else methods[0]
                )
                self._base = gr.Textbox(label="Base model", value="smollm2", info="smollm2, hf:ID or a folder.")
                self._rows = gr.Number(label="Training rows, for the estimate", value=1000, minimum=1, precision=0)
                self._name = gr.Textbox(label="Name of the run", placeholder="handbook-1")
                with gr.Row():
                    self._estimate = gr.Button("Estimate", min_width=80)
                    self._start = gr.Button("Start", variant="primary", min_width=80)
                    self._stop = gr.Button("Stop", min_width=80)
            with gr.Column(min_width=280):
                self._status = gr.HTML(html.note(""), elem_id="training-status")
                self._needs = gr.HTML("", elem_id="training-needs")
        self._run = gr.Dropdown(label="Run", choices=[], elem_id="training-run")
        self._curves = gr.HTML("", elem_id="training-curves")
        self._runs = gr.HTML("", elem_id="training-runs")
        self._timer = gr.Timer(_LOOK_S, active=False)
        self._wire()

    def _wire(self) -> None:
        seen = [self._runs, self._run, self._curves, self._status, self._timer]
        self._estimate.click(self._estimated, [self._method, self._base, self._rows], [self._needs], **PRIVATE)
        started = self._start.click(
            self._started, [self._dataset, self._method, self._base, self._name], [self._status], **PRIVATE
        )
        started.success(self._look, [self._run], seen, **PRIVATE)
        self._stop.click(self._stopped, None, [self._status], **PRIVATE)
        self._timer.tick(self._look, [self._run], seen, **PRIVATE)
        self._run.input(self._look, [self._run], seen, **PRIVATE)

    def load(self, page: gr.Blocks) -> None:
        """Fill the lists whenever the page is opened."""
        page.load(self._choices, None, [self._dataset], **PRIVATE)
        page.load(self._look, [self._run], [self._runs, self._run, self._curves, self._status, self._timer], **PRIVATE)

    async def _choices(self) -> Any:
        return gr.Dropdown(choices=await self._reviewing.datasets())

    async def _estimated(self, method: str, base: str, rows: float) -> str:
        with plainly():
            found = await self._training.estimate(method, base.strip(), max(1, int(rows)))
        need, free = found.memory.total / _GIB, found.machine.free_bytes / _GIB
        lines = [
            ["trained parameters", f"{found.trainable:,} of {found.parameters:,}"],
            ["memory", f"{need:.2f} GiB of {free:.1f} GiB free on {found.machine.name}"],
            ["it fits", "yes" if found.fits else "no"],
            ["tokens of the run", f"{found.tokens:,.0f}"],
            ["hours", f"{found.hours:.2f}"],
        ]
        told = f"For {int(rows)} rows of {ASSUMED_ROW_TOKENS} tokens; kb finetune --estimate --data DIR counts them."
        return html.table("Estimate", ["what", "estimate"], lines) + html.note(told)

    async def _started(self, dataset: str | None, method: str, base: str, name: str) -> str:
        if not dataset:
            raise gr.Error("Choose a dataset first.", title="Not started", print_exception=False)
        with plainly():
            self._training.start(name.strip(), self._reviewing.folder(dataset), method, base.strip())
        return html.note(f"Started {name.strip()}.")

    def _stopped(self) -> str:
        self._training.stop()
        return html.note("Told to stop; kb finetune --resume NAME goes on where it was.")

    async def _look(self, chosen: str | None) -> tuple[Any, ...]:
        running = self._training.running()
        rows = self._training.runs()
        names = [row.name for row in rows]
        name = chosen if chosen in names else running if running in names else names[-1] if names else None
        table = html.table(
            "Runs",
            ["run", "base", "method", "state", "scores"],
            [[r.name, r.base, r.method, r.state, ", ".join(f"{k} {v:.3g}" for k, v in r.scores.items())] for r in rows],
        )
        with plainly():
            drawn = "".join(html.curve(title, {title: line}) for title, line in self._curves_of(name))
        state = html.note(f"{running} is being trained." if running else "Nothing is being trained by this server.")
        if running:
            state += f'<pre class="kb-text">{escape(self._training.said(running))}</pre>'
        return table, gr.Dropdown(choices=names, value=name), drawn, state, gr.Timer(active=bool(running))

    def _curves_of(self, name: str | None) -> list[tuple[str, list[tuple[float, float]]]]:
        return list(self._training.curves(name).items()) if name else []
