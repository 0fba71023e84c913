"""How much of an arm's answers was read in the passages, and how much the model remembered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.provenance import ProvenanceLabel
from finetune.compare.questions import GoldQuestion
from finetune.compare.run import Replies
from finetune.compare.statistics.significance import mean_interval
from finetune.compare.tables import ScoreCell

LABELS: tuple[ProvenanceLabel, ...] = ("read", "remembered", "both")


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginShares:
    """Shares of the statements of one arm.

    Attributes:
        arm: Name of the arm.
        questions: Questions that were asked a second way.
        statements: Statements with a label.
        shares: Label to its share of them, with a 95% interval over questions.
    """

    arm: str
    questions: int
    statements: int
    shares: Mapping[str, ScoreCell]


def origin_shares(labels: Mapping[str, str], questions: Sequence[GoldQuestion], replies: Replies) -> list[OriginShares]:
    """Return the shares of every arm that was asked a second way.

    Args:
        asked: Arm to the name under which it was asked a second way.
        questions: That were asked so.
        replies: With labels.
    """
    rows = []
    for arm, name in labels.items():
        labelled = [
            (question.id, label)
            for question in questions
            for label, count in replies[name, question.id].reply.why.items()
            for _ in range(count)
        ]
        identities = [identity for identity, _ in labelled]
        shares: dict[str, ScoreCell] = {}
        for label in LABELS if labelled else ():
            interval = mean_interval([float(own == label) for _, own in labelled], identities)
            shares[label] = ScoreCell(value=interval.mean, low=interval.low, high=interval.high, n=len(labelled))
        rows.append(OriginShares(arm=arm, questions=len(questions), statements=len(labelled), shares=shares))
    return rows
