"""How `kb finetune` shows estimates and audits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kb.cli import screen

if TYPE_CHECKING:
    from finetune.estimate import Estimate
    from kb.training.examine import Examination

_PARTS = ("weights", "adapters", "gradients", "optimiser", "activations", "logits", "context", "total")


def _gib(size_bytes: float) -> str:
    return f"{size_bytes / 2**30:.2f} GiB"


def _trainable(estimate: Estimate) -> str:
    percent = 100 * estimate.trainable / estimate.total
    return f"trainable {estimate.trainable:,} of {estimate.total:,} parameters ({percent:.3f}%)"


def _estimate_json(estimate: Estimate) -> dict[str, Any]:
    return {
        "machine": estimate.machine.name,
        "parameters": estimate.parameters,
        "trainable": estimate.trainable,
        "micro_batch": estimate.micro_batch,
        "accumulation": estimate.accumulation,
        "row_tokens": estimate.row_tokens,
        "memory_bytes": {part: round(getattr(estimate.memory, part)) for part in _PARTS},
        "free_bytes": estimate.machine.free_bytes,
        "fits": estimate.fits,
        "tokens": round(estimate.tokens),
        "flops": estimate.tokens * estimate.flops_per_token,
        "hours": estimate.hours,
    }


def estimated(examined: Examination, *, as_json: bool) -> None:
    """Print an estimate."""
    estimate, recipe = examined.estimate, examined.recipe
    if as_json:
        screen.document(_estimate_json(estimate))
        return
    rows = [[part, _gib(getattr(estimate.memory, part))] for part in _PARTS]
    rows += [
        ["free", _gib(estimate.machine.free_bytes)],
        ["micro batch x accumulation", f"{estimate.micro_batch} x {estimate.accumulation}"],
        ["tokens per row, at most", str(estimate.row_tokens)],
        ["tokens of the run", f"{estimate.tokens:,.0f}"],
        ["operations", f"{estimate.tokens * estimate.flops_per_token:.2e}"],
        ["hours", f"{estimate.hours:.2f}"],
    ]
    screen.table(["what", "estimate"], rows, right=frozenset({1}))
    title = recipe.training_method.title
    screen.say(f"{recipe.base}, {title}, on {estimate.machine.name}: {_trainable(estimate)}")
    screen.say("it fits" if estimate.fits else "it does not fit: try gradient_checkpointing=true, or --method qlora")


def audited(examined: Examination, *, as_json: bool, quiet: bool) -> None:
    """Print what the audit of a dry run found."""
    audit, estimate = examined.audit, examined.estimate
    assert audit is not None
    if as_json:
        shown = {"example": audit.example, "passed": list(audit.passed), "warnings": list(audit.warnings)}
        dropped = dict(examined.dropped)
        screen.document({"audit": shown, "dropped": dropped, "estimate": _estimate_json(estimate)})
        return
    screen.say(screen.plain(audit.example))
    screen.say()
    for line in audit.passed:
        screen.say(f"good  {line}")
    for line in audit.warnings:
        screen.say(f"note  {line}")
    memory = f"{_gib(estimate.memory.total)} of {_gib(estimate.machine.free_bytes)} free are needed"
    screen.say(f"good  {_trainable(estimate)}; {memory}")
    screen.note("the data is sound; nothing was trained. Next: the same command without --dry-run", quiet=quiet)
