"""`kb finetune`: from documents or rows to a tuned model, stage by stage, each resumable."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated

import typer

from core.errors import ConfigError
from kb.cli import finetune_show as show
from kb.cli import options, screen
from kb.cli.session import begin
from kb.cli.synth import RowMeter

if TYPE_CHECKING:
    from kb.training.job import TrainingJob
    from kb.training.request import TrainingRequest
    from kb.workspace import Workspace
    from synth.making.run import SynthProgress


def finetune(
    name: Annotated[str, typer.Argument(help="Name of the run; made from the data if empty.", metavar="[RUN]")] = "",
    from_docs: Annotated[
        bool, typer.Option("--from-docs", help="Make the rows from the collection's documents first (kb synth).")
    ] = False,
    data: Annotated[
        str, typer.Option("--data", help="Dataset folder, file of rows or text, or hf:ID.", metavar="DIR|FILE|hf:ID")
    ] = "",
    answer_column: Annotated[
        str, typer.Option("--answer-column", help="Which column of --data has the right answers.", metavar="NAME")
    ] = "",
    continues: Annotated[
        str | None, typer.Option("--continue", help="Train on from this run, replaying what it knew.", metavar="RUN")
    ] = None,
    base: Annotated[
        str | None, typer.Option(help="Base model: smollm2, hf:ID|PATH or a folder.", metavar="MODEL")
    ] = None,
    merge_base: options.MergeBase = None,
    recipe: Annotated[str, typer.Option(help="Recipe by name, or a TOML file.", metavar="NAME|FILE")] = "",
    method: Annotated[
        str | None,
        typer.Option(
            help="full, last-n-layers, lora, rslora, dora, qlora, ia3, llama-adapter, prompt, prefix, p-tuning.",
            metavar="METHOD",
        ),
    ] = None,
    beta: Annotated[float | None, typer.Option(help="How near DPO stays to the SFT policy.", metavar="B")] = None,
    dpo_loss: Annotated[
        str | None,
        typer.Option(
            help="Preference losses, summed: sigmoid, sigmoid_norm, hinge, ipo, nca_pair, bco_pair, sppo_hard, "
            "apo_zero, apo_down, sft.",
            metavar="NAME,...",
        ),
    ] = None,
    attn: Annotated[
        str | None, typer.Option(help="Attention kernel: sdpa, flash, xformers or eager.", metavar="NAME")
    ] = None,
    minutes: Annotated[
        float | None,
        typer.Option("--minutes", help="Fit training into N minutes; 0: all rows and passes.", min=0, metavar="N"),
    ] = None,
    no_dpo: Annotated[bool, typer.Option("--no-dpo", help="Answers only, no preferences.")] = False,
    skip: Annotated[
        list[str] | None, typer.Option("--skip", help="Leave out a stage: synth, dpo or export.", metavar="STAGE")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Resume RUN, or the newest run that is not done.")] = False,
    search: Annotated[
        int, typer.Option("--search", help="Try N settings of rate, rank and epochs first.", min=0, metavar="N")
    ] = 0,
    estimate: Annotated[
        bool, typer.Option("--estimate", help="Print memory, operations and hours; do nothing.")
    ] = False,
    gpu: Annotated[
        str | None,
        typer.Option(help="Estimate for t4, a100, h100, or several: 8xa100, 2x8xa100 (nodes).", metavar="GPU"),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Audit the data, print an example; train nothing.")
    ] = False,
    processes: Annotated[
        int, typer.Option("--processes", help="Training processes; 0: one per GPU, one on a CPU.", min=0, metavar="N")
    ] = 0,
    nodes: Annotated[int, typer.Option(help="Machines that train together.", min=1, metavar="N")] = 1,
    rendezvous: Annotated[str, typer.Option(help="Where node 0 is reached.", metavar="HOST:PORT")] = "",
    node_rank: Annotated[int, typer.Option(help="Which node this is, from 0; Slurm says it.", metavar="R")] = -1,
    log_dir: Annotated[str, typer.Option("--log-dir", help="Where TensorBoard files go.", metavar="DIR")] = "",
    report_to: Annotated[
        list[str] | None, typer.Option("--report-to", help="tensorboard, mlflow or wandb.", metavar="NAME")
    ] = None,
    pairs: Annotated[
        list[str] | None,
        typer.Option(
            "--set", help="Any other field of the recipe, such as retain=kl or epochs=2.", metavar="KEY=VALUE"
        ),
    ] = None,
    collection: options.Collection = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Tune a model on your documents or rows: SFT, DPO where the recipe has it, an export that is checked.

    An interrupted run resumes with --resume. --estimate and --dry-run train nothing.
    """
    if gpu and not estimate:
        raise ConfigError("--gpu requires --estimate", hint="kb finetune --estimate --gpu t4")
    from kb.training.request import TrainingRequest

    no_dpo = no_dpo or "dpo" in (skip or ())
    request = TrainingRequest(
        name=name,
        data=data,
        answer_column=answer_column,
        from_docs=from_docs,
        recipe=recipe,
        choices={
            "continues": continues,
            "base": base,
            "merge_base": merge_base,
            "method": method,
            "beta": beta,
            "dpo_loss": dpo_loss,
            "attn": attn,
            "minutes": minutes,
            "dpo": False if no_dpo else None,
        },
        pairs=tuple(pairs or ()),
        skip=frozenset(skip or ()),
        processes=processes,
        nodes=nodes,
        rendezvous=rendezvous,
        node_rank=node_rank,
        log_dir=log_dir,
        report_to=tuple(report_to or (["tensorboard"] if log_dir else [])),
    )
    workspace = begin(collection=collection)
    if estimate or dry_run:
        _examine(workspace, request, gpu, estimate_only=estimate, as_json=as_json, quiet=quiet)
        return
    if not (data or from_docs or resume):
        raise ConfigError("no training data", hint="kb finetune --from-docs  # or: --data DIR")
    _train(workspace, request, trials=search, resume=resume, as_json=as_json, quiet=quiet)


def _examine(
    workspace: Workspace, request: TrainingRequest, gpu: str | None, *, estimate_only: bool, as_json: bool, quiet: bool
) -> None:
    from kb.training.examine import ASSUMED_ROWS, ASSUMED_TOKENS, audit_training, estimate_training

    if not estimate_only:
        with ExitStack() as stack:
            rows = _RowBar(stack, quiet=quiet)
            examined = audit_training(workspace, request, on_note=rows.note, on_rows=rows)
        show.audited(examined, as_json=as_json, quiet=quiet)
        return
    examined = estimate_training(workspace, request, gpu, on_note=screen.notes(quiet=quiet))
    show.estimated(examined, as_json=as_json)
    if examined.assumed and not as_json:
        screen.note(f"for {ASSUMED_ROWS} rows of {ASSUMED_TOKENS} tokens; with --data DIR the true lengths count")


def _train(
    workspace: Workspace, request: TrainingRequest, *, trials: int, resume: bool, as_json: bool, quiet: bool
) -> None:
    from kb.training.job import TrainingJob

    with ExitStack() as stack:
        rows = _RowBar(stack, quiet=quiet)
        job = TrainingJob(workspace, request, on_note=rows.note, on_event=screen.events(quiet=quiet), on_rows=rows)
        if trials:
            _search(job, trials, as_json=as_json, quiet=quiet)
            return
        result = job.train(resume=resume)
    if as_json:
        screen.document(result.to_json())
    else:
        screen.say(result.run.name)
    name = result.run.name
    screen.note(f'{result.run.folder}. Next: kb generate {name} "QUESTION"; kb compare {name}', quiet=quiet)


class _RowBar:
    """Shows a bar while rows are made, and none while a model is trained."""

    def __init__(self, stack: ExitStack, *, quiet: bool) -> None:
        self._stack = stack
        self._quiet = quiet
        self._meter: RowMeter | None = None

    def __call__(self, progress: SynthProgress) -> None:
        if self._meter is None:
            bar = screen.bar("{task.fields[rows]} rows", "{task.fields[rate]}", quiet=self._quiet)
            self._meter = RowMeter(self._stack.enter_context(bar), None)
        self._meter(progress)

    def note(self, text: str) -> None:
        """Say something in place of the bar."""
        self._stack.close()
        self._meter = None
        screen.note(text, quiet=self._quiet)


def _search(job: TrainingJob, trials: int, *, as_json: bool, quiet: bool) -> None:
    result = job.search(trials)
    if as_json:
        screen.document({"search": result.name, "trials": [trial.record() for trial in result.trials]})
        return
    best = result.trials[0].choices
    rows = [trial.cells() for trial in result.trials]
    screen.table(["trial", *best, "recall", "seconds"], rows, right=frozenset(range(len(best) + 3)))
    screen.note(f"Next: {result.command}", quiet=quiet)
