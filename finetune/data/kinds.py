"""What the rows of a run teach, kind by kind: rows, their share, and tokens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from finetune.data.encoding import IGNORED, TokenRow


@dataclass(frozen=True, slots=True, kw_only=True)
class KindShare:
    """The rows of one kind.

    Attributes:
        kind: As the rows name it.
        rows: Number of them.
        share: Of all rows.
        tokens: Of their prompts and answers.
        trained_tokens: That carry loss.
        planned: Whether the base writes their answers before training, so that the tokens are an estimate.
    """

    kind: str
    rows: int
    share: float
    tokens: int
    trained_tokens: int
    planned: bool = False


def kind_shares(rows: Sequence[TokenRow]) -> tuple[KindShare, ...]:
    """Count rows and tokens per kind, the kind with most rows first."""
    kinds: dict[str, list[TokenRow]] = {}
    for row in rows:
        kinds.setdefault(row.kind, []).append(row)
    return tuple(
        KindShare(
            kind=kind,
            rows=len(same),
            share=len(same) / len(rows),
            tokens=sum(row.n_tokens for row in same),
            trained_tokens=sum(label != IGNORED for row in same for label in row.labels),
        )
        for kind, same in sorted(kinds.items(), key=lambda item: -len(item[1]))
    )


def with_planned(
    kinds: Sequence[KindShare], planned: Sequence[tuple[str, int]], answer_tokens: int
) -> tuple[KindShare, ...]:
    """Add rows that the base will answer.

    Args:
        kinds: Of the rows of the data.
        planned: Kind and tokens of the prompt of every such row.
        answer_tokens: Of an answer, as a guess.
    """
    rows = Counter(kind for kind, _ in planned)
    prompts = Counter[str]()
    for kind, tokens in planned:
        prompts[kind] += tokens
    added = [
        KindShare(
            kind=kind,
            rows=count,
            share=0.0,
            tokens=prompts[kind] + count * answer_tokens,
            trained_tokens=count * answer_tokens,
            planned=True,
        )
        for kind, count in rows.items()
    ]
    together = [*kinds, *added]
    total = sum(kind.rows for kind in together)
    return tuple(
        replace(kind, share=kind.rows / total) for kind in sorted(together, key=lambda kind: (-kind.rows, kind.kind))
    )


def kinds_sentence(kinds: Sequence[KindShare]) -> str:
    """Return the kinds with their shares in one line."""
    shares = ", ".join(f"{kind.kind} {kind.share:.0%} ({kind.tokens:,} tokens)" for kind in kinds)
    return f"rows by kind: {shares}"
