"""Whether a statement of an answer was read in the passages or remembered by the model, with the answers that tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

ProvenanceLabel = Literal["read", "remembered", "both"]
# What became of a statement when its passages were changed: it is still there, something else is, or parts of both.
Effect = Literal["same", "changed", "mixed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueChange:
    """A value of the passages and what stood in its place in the contradicting copy."""

    old: str
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where a statement came from, as asking again tells.

    Attributes:
        label: `read`: it changed with the passages; `remembered`: it did not; `both`: the evidence is mixed.
        reason: The evidence in one sentence.
        without: The answer without the passages that bear the statement out; empty where that was not asked.
        contradicted: The answer to passages that say something else; empty where nothing in them could be changed.
        changes: What was changed in them.
    """

    label: ProvenanceLabel
    reason: str
    without: str = ""
    contradicted: str = ""
    changes: tuple[ValueChange, ...] = ()

    def line(self, statement: str) -> str:
        """Return label and evidence for a person, in one line; what is itself a quote is not quoted again."""
        changed = ", ".join(f"{change.new} in place of {change.old}" for change in self.changes)
        seen = [f"without the passage: “{self.without}”"] if self.without else []
        seen += [f"with {changed}: “{self.contradicted}”"] if self.contradicted else []
        quoted = statement if statement.startswith("“") else f"“{statement}”"
        return f"{self.label}: {quoted} {'; '.join([self.reason, *seen])}"

    def to_json(self) -> dict[str, Any]:
        """Return it as `kb ask --why --json` prints it."""
        return {**asdict(self), "changes": [asdict(change) for change in self.changes]}


def label_of(effects: Sequence[Effect]) -> ProvenanceLabel:
    """Return what the effects of changing passages tell together.

    Raises:
        ValueError: There is none.
    """
    if not effects:
        raise ValueError("no passage was changed")
    if set(effects) == {"changed"}:
        return "read"
    return "remembered" if set(effects) == {"same"} else "both"
