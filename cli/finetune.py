"""`kb finetune`: what a training run would need, and whether its data teaches what it should."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import options, screen
from cli.session import begin
from kb.errors import ConfigError

if TYPE_CHECKING:
    from finetune.base import Base
    from finetune.estimate import Estimate
    from finetune.machine import Machine
    from finetune.recipe import Recipe
    from finetune.shape import ModelShape

# A row of a dataset that is not there yet, for --estimate alone.
_ASSUMED_ROWS, _ASSUMED_TOKENS = 1000, 512


def finetune(
    data: Annotated[
        Path | None, typer.Option("--data", help="Dataset folder or JSONL file.", metavar="DIR|FILE")
    ] = None,
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
    no_dpo: Annotated[bool, typer.Option("--no-dpo", help="Answers only, no preferences.")] = False,
    estimate: Annotated[
        bool, typer.Option("--estimate", help="Print memory, operations and hours; do nothing.")
    ] = False,
    gpu: Annotated[str | None, typer.Option(help="Estimate for t4, a100 or h100.", metavar="GPU")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Audit the data, print an example; train nothing.")
    ] = False,
    pairs: Annotated[
        list[str] | None, typer.Option("--set", help="Any other field of the recipe.", metavar="KEY=VALUE")
    ] = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Say what tuning a model on your data would need, and audit the data."""
    if gpu and not estimate:
        raise ConfigError("--gpu is for --estimate", hint="kb finetune --estimate --gpu t4")
    if not (estimate or dry_run):
        raise ConfigError("say --estimate or --dry-run", hint="kb finetune --data DIR --dry-run")
    session = begin()
    from finetune.machine import named_gpu, this_machine
    from finetune.recipe import load_recipe

    machine = named_gpu(gpu) if gpu else this_machine()
    flags = {"base": base, "method": method, "dpo": False if no_dpo else None}
    chosen = load_recipe(recipe, machine, flags=flags, pairs=pairs or ())
    if not chosen.facts.merges:
        screen.note(f"{chosen.method}: can be served {chosen.facts.served}", quiet=quiet)
    if data is None:
        if not estimate:
            raise ConfigError("there is nothing to audit", hint="kb finetune --data DIR --dry-run")
        found = _estimate(_shape(chosen, session.home), chosen, machine, _ASSUMED_ROWS, _ASSUMED_TOKENS, None)
        _show(found, chosen, as_json=as_json, assumed=True)
        return
    _examine(data, chosen, machine, session.home, estimate_only=estimate, as_json=as_json, quiet=quiet)


def _shape(recipe: Recipe, home: Any) -> ModelShape:
    """Return the base's shape, from the recipes' own table where the weights are not here."""
    from finetune.base import find_base, known_shape, shape_faults

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


def _examine(
    data: Path, recipe: Recipe, machine: Machine, home: Any, *, estimate_only: bool, as_json: bool, quiet: bool
) -> None:
    """Tokenise and audit the training rows, then estimate with their true lengths."""
    from finetune.audit import audit
    from finetune.base import check_base, find_base
    from finetune.data import tokenise
    from finetune.estimate import check_fits
    from finetune.rows import open_dataset

    dataset = open_dataset(data)
    base = find_base(recipe.base, home)
    check_base(base, recipe)
    chat = _chat(base, recipe, dataset.chat_template)
    context_tokens = int(base.shape.context_tokens * recipe.rope_factor)
    rows = tokenise(dataset.pairs("train"), chat, recipe, context_tokens)
    seen = audit(rows, chat, context_tokens)
    longest = max(row.n_tokens for row in rows.rows)
    found = _estimate(base.shape, recipe, machine, len(rows.rows), longest, rows.n_tokens / len(rows.rows))
    if estimate_only:
        _show(found, recipe, as_json=as_json, assumed=False)
        return
    check_fits(found)
    if as_json:
        audited = {"example": seen.example, "passed": list(seen.passed), "warnings": list(seen.warnings)}
        screen.document({"audit": audited, "dropped": dict(rows.dropped), "estimate": _record(found)})
        return
    screen.say(screen.plain(seen.example))
    screen.say()
    for line in seen.passed:
        screen.say(f"good  {line}")
    for line in seen.warnings:
        screen.say(f"note  {line}")
    screen.say(f"good  {_trained(found)}; {_gib(found.memory.total)} of {_gib(machine.free_bytes)} free are needed")
    screen.note("the data is sound; nothing was trained. Next: kb finetune --estimate --data DIR", quiet=quiet)


def _chat(base: Base, recipe: Recipe, dataset_template: str) -> Any:
    from finetune.base import generation_eos, load_tokenizer
    from finetune.template import chat_format

    return chat_format(
        load_tokenizer(base),
        generation_eos=generation_eos(base),
        dataset_template=dataset_template,
        system=recipe.system,
        context_template=recipe.context_template,
    )


def _gib(size_bytes: float) -> str:
    return f"{size_bytes / 2**30:.2f} GiB"


def _trained(found: Estimate) -> str:
    percent = 100 * found.trainable / found.parameters
    return f"trainable {found.trainable:,} of {found.parameters:,} parameters ({percent:.3f}%)"


_PARTS = ("weights", "adapters", "gradients", "optimiser", "activations", "logits", "context", "total")


def _record(found: Estimate) -> dict[str, Any]:
    return {
        "machine": found.machine.name, "parameters": found.parameters, "trainable": found.trainable,
        "micro_batch": found.micro_batch, "accumulation": found.accumulation, "row_tokens": found.row_tokens,
        "memory_bytes": {part: round(getattr(found.memory, part)) for part in _PARTS},
        "free_bytes": found.machine.free_bytes, "fits": found.fits, "tokens": round(found.tokens),
        "flops": found.tokens * found.flops_per_token, "hours": found.hours,
    }  # fmt: skip


def _show(found: Estimate, recipe: Recipe, *, as_json: bool, assumed: bool) -> None:
    if as_json:
        screen.document(_record(found))
        return
    rows = [[part, _gib(getattr(found.memory, part))] for part in _PARTS]
    rows += [
        ["free", _gib(found.machine.free_bytes)],
        ["micro batch x accumulation", f"{found.micro_batch} x {found.accumulation}"],
        ["tokens per row, at most", str(found.row_tokens)],
        ["tokens of the run", f"{found.tokens:,.0f}"],
        ["operations", f"{found.tokens * found.flops_per_token:.2e}"],
        ["hours", f"{found.hours:.2f}"],
    ]
    screen.table(["what", "estimate"], rows, right=frozenset({1}))
    screen.say(f"{recipe.base}, {recipe.facts.title}, on {found.machine.name}: {_trained(found)}")
    screen.say("it fits" if found.fits else "it does not fit: try gradient_checkpointing=true, or --method qlora")
    if assumed:
        screen.note(f"for {_ASSUMED_ROWS} rows of {_ASSUMED_TOKENS} tokens; with --data DIR the true lengths count")
