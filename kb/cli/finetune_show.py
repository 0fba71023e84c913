"""How `kb finetune` shows things: estimates, audits, and a training process's reports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kb.cli import screen

if TYPE_CHECKING:
    from finetune.data.audit import Audit
    from finetune.estimate import Estimate
    from finetune.recipe import Recipe

_PARTS = ("weights", "adapters", "gradients", "optimiser", "activations", "logits", "context", "total")
# Figures of a report in the order in which a person reads them.
_SHOWN = (
    ("loss", "loss {:.4f}"), ("rewards/margins", "margin {:.3f}"), ("rewards/accuracies", "accuracy {:.2f}"),
    ("eval_loss", "held-out loss {:.4f}"), ("eval_recall", "held-out recall {:.3f}"), ("learning_rate", "lr {:.1e}"),
    ("tokens_per_s", "{:,.0f} tokens/s"),
)  # fmt: skip


def gib(size_bytes: float) -> str:
    """Return a size for a person."""
    return f"{size_bytes / 2**30:.2f} GiB"


def trained(found: Estimate) -> str:
    """Return trainable, total and percent."""
    percent = 100 * found.trainable / found.total
    return f"trainable {found.trainable:,} of {found.total:,} parameters ({percent:.3f}%)"


def record(found: Estimate) -> dict[str, Any]:
    """Return an estimate as JSON."""
    return {
        "machine": found.machine.name, "parameters": found.parameters, "trainable": found.trainable,
        "micro_batch": found.micro_batch, "accumulation": found.accumulation, "row_tokens": found.row_tokens,
        "memory_bytes": {part: round(getattr(found.memory, part)) for part in _PARTS},
        "free_bytes": found.machine.free_bytes, "fits": found.fits, "tokens": round(found.tokens),
        "flops": found.tokens * found.flops_per_token, "hours": found.hours,
    }  # fmt: skip


def estimate(found: Estimate, recipe: Recipe, *, as_json: bool, assumed: str) -> None:
    """Print an estimate.

    Args:
        assumed: What it rests on where there is no data; empty where there is.
    """
    if as_json:
        screen.document(record(found))
        return
    rows = [[part, gib(getattr(found.memory, part))] for part in _PARTS]
    rows += [
        ["free", gib(found.machine.free_bytes)],
        ["micro batch x accumulation", f"{found.micro_batch} x {found.accumulation}"],
        ["tokens per row, at most", str(found.row_tokens)],
        ["tokens of the run", f"{found.tokens:,.0f}"],
        ["operations", f"{found.tokens * found.flops_per_token:.2e}"],
        ["hours", f"{found.hours:.2f}"],
    ]
    screen.table(["what", "estimate"], rows, right=frozenset({1}))
    screen.say(f"{recipe.base}, {recipe.training_method.title}, on {found.machine.name}: {trained(found)}")
    screen.say("it fits" if found.fits else "it does not fit: try gradient_checkpointing=true, or --method qlora")
    if assumed:
        screen.note(assumed)


def audited(seen: Audit, dropped: Mapping[str, int], found: Estimate, *, as_json: bool, quiet: bool) -> None:
    """Print what the audit of a dry run saw."""
    if as_json:
        shown = {"example": seen.example, "passed": list(seen.passed), "warnings": list(seen.warnings)}
        screen.document({"audit": shown, "dropped": dict(dropped), "estimate": record(found)})
        return
    screen.say(screen.plain(seen.example))
    screen.say()
    for line in seen.passed:
        screen.say(f"good  {line}")
    for line in seen.warnings:
        screen.say(f"note  {line}")
    screen.say(f"good  {trained(found)}; {gib(found.memory.total)} of {gib(found.machine.free_bytes)} free are needed")
    screen.note("the data is sound; nothing was trained. Next: the same command without --dry-run", quiet=quiet)


def event(told: Mapping[str, Any], *, quiet: bool) -> None:
    """Print what a training process says, on stderr."""
    kind = told["event"]
    if kind == "progress":
        shown = [form.format(told[name]) for name, form in _SHOWN if name in told]
        place = f"{told['stage']} {told['step']}/{told['steps']}"
        screen.note("  ".join([place, *shown, f"{_minutes(told['eta_s'])} left"]), quiet=quiet)
    elif kind == "audit":
        screen.note(f"{told['example']}\n", quiet=quiet)
        for mark, lines in (("good", told["passed"]), ("note", told["warnings"])):
            for line in lines:
                screen.note(f"{mark}  {line}", quiet=quiet)
    elif kind == "model":
        screen.note(f"good  {told['text']}", quiet=quiet)
    elif kind == "stage":
        scores = ", ".join(f"{name} {value:.3f}" for name, value in told["scores"].items()) or "nothing held out"
        screen.note(f"{told['stage']} is done after {told['steps']} steps: {scores}", quiet=quiet)


def _minutes(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
