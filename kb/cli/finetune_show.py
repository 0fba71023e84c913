"""How `kb finetune` shows estimates and audits."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from kb.cli import screen

if TYPE_CHECKING:
    from kb.training.examine import Examination


def _gib(size_bytes: float) -> str:
    return f"{size_bytes / 2**30:.2f} GiB"


def estimated(examined: Examination, *, as_json: bool) -> None:
    """Print an estimate."""
    from finetune.estimate import MEMORY_PARTS

    estimate, recipe = examined.estimate, examined.recipe
    if as_json:
        screen.document({**estimate.to_json(), "dropped": dict(examined.dropped)})
        return
    rows = [[part, _gib(getattr(estimate.memory, part))] for part in MEMORY_PARTS]
    rows += [
        ["free", _gib(estimate.machine.free_bytes)],
        ["micro batch x accumulation", f"{estimate.micro_batch} x {estimate.accumulation}"],
        ["tokens per row, at most", str(estimate.row_tokens)],
        ["tokens of the run", f"{estimate.tokens:,.0f}"],
        ["operations", f"{estimate.tokens * estimate.flops_per_token:.2e}"],
        ["time", estimate.duration],
    ]
    screen.table(["what", "estimate"], rows, right=frozenset({1}))
    title = recipe.training_method.title
    screen.say(f"{recipe.base}, {title}, on {estimate.machine.title}: {estimate.trainable_share}")
    screen.say("it fits" if estimate.fits else "it does not fit: try gradient_checkpointing=true, or --method qlora")


def audited(examined: Examination, *, as_json: bool, quiet: bool) -> None:
    """Print what the audit of a dry run found."""
    audit, estimate = examined.audit, examined.estimate
    assert audit is not None
    if as_json:
        shown: dict[str, Any] = {
            "example": audit.example,
            "passed": list(audit.passed),
            "warnings": list(audit.warnings),
        }
        dropped = dict(examined.dropped)
        shown["kinds"] = [asdict(kind) for kind in audit.kinds]
        screen.document({"audit": shown, "dropped": dropped, "estimate": estimate.to_json()})
        return
    screen.say(screen.plain(audit.example))
    screen.say()
    for line in audit.passed:
        screen.say(f"good  {line}")
    for line in audit.warnings:
        screen.say(f"note  {line}")
    rows = [
        [kind.kind, f"{kind.rows:,}", f"{kind.share:.0%}", f"{kind.tokens:,}", f"{kind.trained_tokens:,}"]
        for kind in audit.kinds
    ]
    screen.table(["kind of row", "rows", "share", "tokens", "trained"], rows, right=frozenset(range(1, 5)))
    memory = f"{_gib(estimate.memory.total)} of {_gib(estimate.machine.free_bytes)} free are needed"
    screen.say(f"good  {estimate.trainable_share}; {memory}; {estimate.duration}")
    screen.note("the data is sound; nothing was trained. Next: the same command without --dry-run", quiet=quiet)
