"""`kb finetune`: from documents or rows to a tuned model, stage by stage, each resumable."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.errors import ConfigError
from kb.cli import finetune_show as show
from kb.cli import options, screen
from kb.cli.session import begin

if TYPE_CHECKING:
    from finetune.data.shape import ModelShape
    from finetune.estimate import Estimate
    from finetune.recipe import Recipe
    from finetune.training.machine import Machine
    from kb.workspace import Workspace

# A row of a dataset that is not there yet, for --estimate alone.
_ASSUMED_ROWS, _ASSUMED_TOKENS = 1000, 512
SKIPPABLE = ("synth", "dpo", "export")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The flags of one call.

    Attributes:
        choices: Fields of the recipe that flags set; `None` where a flag was not given.
    """

    name: str = ""
    data: str = ""
    from_docs: bool = False
    recipe: str = ""
    choices: dict[str, Any] = field(default_factory=dict)
    pairs: tuple[str, ...] = ()
    skip: frozenset[str] = frozenset()
    processes: int = 0
    log_dir: str = ""
    report_to: tuple[str, ...] = ()
    as_json: bool = False
    quiet: bool = False


def finetune(
    name: Annotated[str, typer.Argument(help="Name of the run; made up where none is given.", metavar="[RUN]")] = "",
    from_docs: Annotated[
        bool, typer.Option("--from-docs", help="Make the rows from the collection's documents first (kb synth).")
    ] = False,
    data: Annotated[
        str, typer.Option("--data", help="Dataset folder, JSONL file, or hf:ID.", metavar="DIR|FILE|hf:ID")
    ] = "",
    base: Annotated[
        str | None, typer.Option(help="Base model: smollm2, hf:ID|PATH or a folder.", metavar="MODEL")
    ] = None,
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
        str | None, typer.Option(help="DPO losses by TRL's names, such as ipo or sigmoid,sft.", metavar="NAME,...")
    ] = None,
    attn: Annotated[
        str | None, typer.Option(help="Attention kernel: sdpa, flash, xformers or eager.", metavar="NAME")
    ] = None,
    no_dpo: Annotated[bool, typer.Option("--no-dpo", help="Answers only, no preferences.")] = False,
    skip: Annotated[
        list[str] | None, typer.Option("--skip", help="Leave out a stage: synth, dpo or export.", metavar="STAGE")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with RUN, or with the newest run that is not done.")
    ] = False,
    search: Annotated[
        int, typer.Option("--search", help="Try N settings of rate, rank and epochs first.", min=0, metavar="N")
    ] = 0,
    estimate: Annotated[
        bool, typer.Option("--estimate", help="Print memory, operations and hours; do nothing.")
    ] = False,
    gpu: Annotated[str | None, typer.Option(help="Estimate for t4, a100 or h100.", metavar="GPU")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Audit the data, print an example; train nothing.")
    ] = False,
    processes: Annotated[
        int, typer.Option("--processes", help="Training processes; 0: one per GPU, one on a CPU.", min=0, metavar="N")
    ] = 0,
    log_dir: Annotated[str, typer.Option("--log-dir", help="Where TensorBoard files go.", metavar="DIR")] = "",
    report_to: Annotated[
        list[str] | None, typer.Option("--report-to", help="tensorboard, mlflow or wandb.", metavar="NAME")
    ] = None,
    pairs: Annotated[
        list[str] | None, typer.Option("--set", help="Any other field of the recipe.", metavar="KEY=VALUE")
    ] = None,
    collection: options.Collection = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Tune a model on your documents or rows: SFT, then DPO, then an export that is checked.

    An interrupted run goes on with --resume. --estimate and --dry-run train nothing.
    """
    if gpu and not estimate:
        raise ConfigError("--gpu is for --estimate", hint="kb finetune --estimate --gpu t4")
    wanted = Wanted(
        name=name, data=data, from_docs=from_docs, recipe=recipe, pairs=tuple(pairs or ()),
        choices={
            "base": base, "method": method, "beta": beta, "dpo_loss": dpo_loss, "attn": attn,
            "dpo": False if no_dpo or "dpo" in (skip or ()) else None,
        },
        skip=_skipped(skip or []), processes=processes, log_dir=log_dir,
        report_to=tuple(report_to or (["tensorboard"] if log_dir else [])), as_json=as_json, quiet=quiet,
    )  # fmt: skip
    session = begin(collection=collection)
    if estimate or dry_run:
        _examine(wanted, session, gpu, estimate_only=estimate)
        return
    if not (data or from_docs or resume):
        raise ConfigError("there is nothing to train on", hint="kb finetune --from-docs  # or: --data DIR")
    from kb.cli.finetune_job import Job

    job = Job(session, wanted)
    if search:
        job.search(search)
    else:
        job.train(resume=resume)


def _skipped(names: list[str]) -> frozenset[str]:
    unknown = sorted(set(names) - set(SKIPPABLE))
    if unknown:
        raise ConfigError(
            f"--skip {unknown[0]}: one of {', '.join(SKIPPABLE)}", hint="kb finetune --from-docs --skip dpo"
        )
    return frozenset(names)


def chosen_recipe(wanted: Wanted, machine: Machine, *, export: bool = False) -> Recipe:
    """Return the recipe that the flags describe, and say where an unmergeable method can be served."""
    from finetune.recipe import load_recipe

    recipe = load_recipe(wanted.recipe, machine, flags=wanted.choices, pairs=wanted.pairs, export=export)
    if not recipe.training_method.merges:
        screen.note(f"{recipe.method}: can be served {recipe.training_method.served}", quiet=wanted.quiet)
    return recipe


def _examine(wanted: Wanted, session: Workspace, gpu: str | None, *, estimate_only: bool) -> None:
    """Estimate, or audit the training rows and estimate with their true lengths."""
    from finetune.training.machine import named_gpu, this_machine

    machine = named_gpu(gpu) if gpu else this_machine()
    recipe = chosen_recipe(wanted, machine)
    if not wanted.data:
        if not estimate_only:
            raise ConfigError("there is nothing to audit", hint="kb finetune --data DIR --dry-run")
        found = _estimate(_shape(recipe, session.home), recipe, machine, _ASSUMED_ROWS, _ASSUMED_TOKENS, None)
        assumed = f"for {_ASSUMED_ROWS} rows of {_ASSUMED_TOKENS} tokens; with --data DIR the true lengths count"
        show.estimate(found, recipe, as_json=wanted.as_json, assumed=assumed)
        return
    from core.prompt import load_prompt
    from finetune.data.audit import audit
    from finetune.data.prepare import prepare
    from finetune.estimate import check_fits
    from kb.cli.finetune_job import most_rows
    from kb.training_data import training_folder

    data = training_folder(
        wanted.data, session.home, most_rows=most_rows(recipe),
        on_note=lambda text: screen.note(text, quiet=wanted.quiet),
    )  # fmt: skip
    prompt = load_prompt(session.settings.rag.prompt_file)
    prepared = prepare(recipe, data, session.home, machine=machine, prompt=prompt)
    for note in prepared.notes:
        screen.note(note, quiet=wanted.quiet)
    rows = prepared.tokenised()
    seen = audit(rows, prepared.chat, prepared.context_tokens)
    longest = prepared.longest(rows.rows)
    mean = rows.n_tokens / len(rows.rows)
    found = _estimate(prepared.base.shape, recipe, machine, len(rows.rows), longest, mean)
    if estimate_only:
        show.estimate(found, recipe, as_json=wanted.as_json, assumed="")
        return
    check_fits(found)
    show.audited(seen, rows.dropped, found, as_json=wanted.as_json, quiet=wanted.quiet)


def _shape(recipe: Recipe, home: Any) -> ModelShape:
    """Return the base's shape, from the recipes' own table where the weights are not here."""
    from finetune.training.base import find_base, known_shape, shape_faults

    shape = known_shape(recipe.base) or find_base(recipe.base, home).shape
    faults = shape_faults(shape, recipe)
    if faults:
        raise ConfigError(f"base {recipe.base}: " + "\n  ".join(faults), hint="kb finetune --estimate --base smollm2")
    return shape


def _estimate(
    shape: ModelShape, recipe: Recipe, machine: Machine, rows: int, row_tokens: int, mean_tokens: float | None
) -> Estimate:
    from finetune.estimate import estimate

    return estimate(shape, recipe, machine, rows=rows, row_tokens=row_tokens, mean_tokens=mean_tokens)
