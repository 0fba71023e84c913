"""The tab Training: estimate, start, stop and resume a run, follow its curves, and export runs."""

from __future__ import annotations

from typing import Any

import gradio as gr

from core.errors import KbError
from finetune.estimate import Estimate
from kb.exporting import TARGETS
from serve.errors import page_text
from serve.review import DatasetReviews, RowSizes
from serve.ui import html
from serve.ui.events import PRIVATE, SLOW, block, errors_shown
from serve.ui.task_panel import TaskPanel
from serve.work.tasks import BackgroundTasks
from serve.work.training import TrainingManager

_GIB = 2**30


class TrainingTab:
    """Components and handlers; made inside the context of the page.

    Args:
        training: The runs.
        tasks: The long tasks of the server.
        reviews: The datasets.
    """

    def __init__(self, training: TrainingManager, tasks: BackgroundTasks, reviews: DatasetReviews) -> None:
        self._training = training
        self._reviews = reviews
        with gr.Row(elem_classes="kb-row"):
            with gr.Column(min_width=280):
                self._lay_form()
            with gr.Column(min_width=280):
                self._message = block(elem_id="training-message")
                self._panel = TaskPanel(tasks, "training")
                self._needs = block(elem_id="training-needs")
        self._runs = block(elem_id="training-runs")
        with gr.Row(elem_classes=["kb-row", "kb-end"]):
            self._run = gr.Dropdown(label="Run", choices=[], elem_id="training-run")
            self._resume = gr.Button("Resume", min_width=80, elem_id="training-resume")
            self._target = gr.Dropdown(label="Export to", choices=list(TARGETS), value=TARGETS[0])
            self._export = gr.Button("Export", min_width=80, elem_id="training-export")
        self._curves = block(elem_id="training-curves")
        self._wire()

    def _lay_form(self) -> None:
        self._dataset = gr.Dropdown(
            label="Dataset", choices=[], info="Training data is made under Data.", elem_id="training-set"
        )
        self._recipe = gr.Dropdown(label="Recipe", choices=[], elem_id="training-recipe")
        self._base = gr.Textbox(
            label="Base model",
            placeholder="the recipe's",
            info="smollm2, hf:ID or a folder.",
            elem_id="training-base",
        )
        self._epochs = gr.Number(
            label="Passes over the data",
            value=0,
            minimum=0,
            maximum=100,
            info="0: as many as the recipe says.",
            elem_id="training-epochs",
        )
        self._name = gr.Textbox(
            label="Name of the run",
            placeholder="handbook-1",
            info="Small letters, digits, '-', '_' and '.'.",
            elem_id="training-name",
        )
        with gr.Row(elem_classes="kb-buttons"):
            self._estimate = gr.Button("Estimate", elem_id="training-estimate")
            self._start = gr.Button("Start", variant="primary", elem_id="training-start")

    def _wire(self) -> None:
        choices = [self._dataset, self._recipe, self._base, self._epochs]
        self._estimate.click(self._estimated, choices, [self._needs], **SLOW)
        for field in (self._dataset, self._recipe):
            field.change(self._foreseen, choices, [self._needs, self._start], **SLOW)
        for box in (self._base, self._epochs):
            box.blur(self._foreseen, choices, [self._needs, self._start], **SLOW)
        started = [
            self._start.click(self._started, [*choices, self._name], [self._message, self._needs], **SLOW),
            self._resume.click(self._resumed, [self._run], [self._message], **PRIVATE),
            self._export.click(self._exported, [self._run, self._target], [self._message], **PRIVATE),
        ]
        for event in started:
            event.success(self._look, [self._run], self._seen(), **PRIVATE)
        self._run.input(self._look, [self._run], self._seen(), **PRIVATE)

    def _seen(self) -> list[Any]:
        """Return what a look at the runs fills."""
        return [self._runs, self._run, self._curves, *self._panel.outputs]

    def load(self, page: gr.Blocks) -> None:
        """Fill the lists whenever the page is opened."""
        page.load(self._choices, None, [self._dataset, self._recipe], **PRIVATE)
        self._panel.watch(self._look, [self._run], self._seen(), page)

    def opened(self, tab: gr.Tab) -> None:
        """Look for new datasets and runs whenever the tab is chosen."""
        tab.select(self._datasets, [self._dataset], [self._dataset], **PRIVATE)
        tab.select(self._look, [self._run], self._seen(), **PRIVATE)

    async def _choices(self) -> tuple[Any, Any]:
        recipes, default = await self._training.recipes()
        return await self._datasets(None), gr.Dropdown(choices=recipes, value=default)

    async def _datasets(self, chosen: str | None) -> Any:
        names = await self._reviews.datasets()
        return gr.Dropdown(choices=names, value=chosen if chosen in names else next(iter(names), None))

    async def _estimated(self, dataset: str | None, recipe: str, base: str, epochs: float) -> str:
        with errors_shown():
            sizes = await self._reviews.row_sizes(dataset) if dataset else RowSizes()
            if not sizes.count:
                raise gr.Error("Choose a dataset with training rows first.", title="No estimate", print_exception=False)
            return _estimate_html(await self._training.estimate(recipe, base.strip(), epochs or 0, sizes), sizes)

    async def _foreseen(self, dataset: str | None, recipe: str, base: str, epochs: float) -> tuple[str, Any]:
        """Return what a run would need, before Start is pressed; nothing where it cannot be told yet."""
        if not dataset or not recipe:
            return "", gr.Button("Start")
        try:
            sizes = await self._reviews.row_sizes(dataset)
            if not sizes.count:
                return html.note("This dataset has no training rows."), gr.Button("Start")
            needs = await self._training.estimate(recipe, base.strip(), epochs or 0, sizes)
        except KbError as error:
            return html.note(page_text(error)), gr.Button("Start")
        return _estimate_html(needs, sizes), gr.Button(f"Start: about {_duration(needs.hours)}")

    async def _started(self, dataset: str | None, recipe: str, base: str, epochs: float, name: str) -> tuple[str, str]:
        if not dataset:
            raise gr.Error("Choose a dataset first; it is made under Data.", title="Not started", print_exception=False)
        with errors_shown():
            sizes = await self._reviews.row_sizes(dataset)
            needs = await self._training.estimate(recipe, base.strip(), epochs or 0, sizes) if sizes.count else None
            folder = self._reviews.folder(dataset)
            self._training.start(name.strip(), folder, recipe, base.strip(), epochs or 0)
        length = f" It takes about {_duration(needs.hours)} on this machine." if needs else ""
        return html.note(f"Started {name.strip()}.{length}"), _estimate_html(needs, sizes) if needs else ""

    async def _exported(self, run: str | None, to: str) -> str:
        if not run:
            raise gr.Error("Choose a run first.", title="Not exported", print_exception=False)
        with errors_shown():
            self._training.export(run, to)
        return ""

    async def _resumed(self, run: str | None) -> str:
        if not run:
            raise gr.Error(
                "There is no run to resume; one that was stopped before training began is started again.",
                title="Not resumed",
                print_exception=False,
            )
        with errors_shown():
            self._training.resume(run)
        return html.note(f"Resumed {run}.")

    async def _look(self, chosen: str | None) -> tuple[Any, ...]:
        rows = self._training.runs()
        names = [row.name for row in rows]
        name = chosen if chosen in names else next(reversed(names), None)
        table = html.table(
            "Runs",
            ["run", "base", "method", "state", "scores"],
            [[r.name, r.base, r.method, r.state, ", ".join(f"{k} {v:.3g}" for k, v in r.scores.items())] for r in rows],
        )
        return table, gr.Dropdown(choices=names, value=name), self._drawn(name), *self._panel.draw()

    def _drawn(self, name: str | None) -> str:
        if not name:
            return ""
        with errors_shown():
            curves = self._training.curves(name)
        drawn = [html.curve(title, points) for title, points in curves.items()]
        return f'<div class="kb-curves">{"".join(drawn)}</div>' if drawn else html.note(f"{name}: no figures yet")


def _estimate_html(needs: Estimate, sizes: RowSizes) -> str:
    need, free = needs.memory.total / _GIB, needs.machine.free_bytes / _GIB
    rows = [
        ["time", f"about {_duration(needs.hours)}"],
        ["memory", f"{need:.1f} GiB of {free:.1f} GiB free on {needs.machine.name}"],
        ["enough memory", "yes" if needs.fits else "no"],
        ["rows", f"{sizes.count:,}, {sizes.mean_tokens:.0f} tokens each on average"],
        ["trained parameters", f"{needs.trainable:,} of {needs.total:,}"],
    ]
    table = html.table("Estimate", ["what", "estimate"], rows)
    if needs.hours <= 1:
        return table
    warning = f"This takes about {_duration(needs.hours)} on this machine. A smaller recipe or fewer passes take less."
    return html.note(warning, alert=True) + table


def _duration(hours: float) -> str:
    minutes = round(60 * hours)
    return f"{hours:.1f} hours" if minutes >= 90 else f"{max(1, minutes)} minute{'s' if minutes > 1 else ''}"
