"""Which arm to use for which documents: those that were taught, those that are only indexed, and later ones.

Each is decided by itself; an arm that is beaten nowhere, and nowhere far behind, serves for all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from finetune.compare.arms import Arm, pairs
from finetune.compare.questions import CHANGED, STAND_IN, GoldQuestion
from finetune.compare.statistics.clusters import cluster
from finetune.compare.tables import MeasureTable, Scores, tabulate
from finetune.compare.verdict import Outcome, choose, listed, percent

DocumentScope = Literal["taught", "untaught but indexed", "later"]
SCOPES: Mapping[DocumentScope, str] = {
    "taught": "facts that were taught",
    "untaught but indexed": "documents or facts that were indexed and not taught",
    "later": "documents that came after training",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeVerdict:
    """What the questions about one kind of documents say.

    Attributes:
        scope: Which.
        questions: Number of them.
        outcome: Whether the data decides.
        recommended: The arm to use; empty where no question was asked.
        near: Arms that are not beaten and not far behind, the recommended one among them.
        sentence: The same for a reader.
    """

    scope: DocumentScope
    questions: int
    outcome: Outcome
    recommended: str
    near: tuple[str, ...]
    sentence: str


def scope_of(question: GoldQuestion) -> DocumentScope:
    """Return which documents a question with an answer is about."""
    if CHANGED in question.strata or STAND_IN in question.strata:
        return "later"
    return "taught" if question.taught else "untaught but indexed"


def scope_tables(
    arms: Sequence[Arm], questions: Sequence[GoldQuestion], scores: Scores
) -> dict[DocumentScope, MeasureTable]:
    """Return a table of `right` per kind of documents, over held-out questions that can be answered."""
    tables: dict[DocumentScope, MeasureTable] = {}
    for scope in SCOPES:
        inside = [
            question
            for question in questions
            if (question.held_out or STAND_IN in question.strata)
            and question.answer is not None
            and scope_of(question) == scope
        ]
        if inside:
            table = tabulate("right", arms, inside, scores, cluster(inside, pairs=len(pairs(arms))))
            tables |= {scope: table} if table.arms else {}
    return tables


def scope_verdicts(arms: Sequence[Arm], tables: Mapping[DocumentScope, MeasureTable]) -> list[ScopeVerdict]:
    """Decide for each kind of documents; those without a question say so."""
    verdicts = []
    for scope, words in SCOPES.items():
        table = tables.get(scope)
        if table is None:
            open_sentence = f"{words}: no question asks about them"
            verdicts.append(
                ScopeVerdict(
                    scope=scope,
                    questions=0,
                    outcome="too few questions to tell",
                    recommended="",
                    near=(),
                    sentence=open_sentence,
                )
            )
            continue
        choice = choose([arm for arm in arms if arm.candidate and arm.name in table.arms], table)
        sentence = f"{words}: {choice.words} ({table.questions} question{'s' * (table.questions != 1)})"
        verdicts.append(
            ScopeVerdict(
                scope=scope,
                questions=table.questions,
                outcome=choice.outcome,
                recommended=choice.arm.name,
                near=tuple(arm.name for arm in choice.near),
                sentence=sentence,
            )
        )
    return verdicts


def advice(arms: Sequence[Arm], verdicts: Sequence[ScopeVerdict], tables: Mapping[DocumentScope, MeasureTable]) -> str:
    """Return one sentence: the arm for all documents, or which arm for which."""
    decided = [verdict for verdict in verdicts if verdict.questions]
    if not decided:
        return ""
    serving = [arm for arm in arms if all(arm.name in verdict.near for verdict in decided)]
    missing = [SCOPES[verdict.scope] for verdict in verdicts if not verdict.questions]
    rest = f"; nothing is known of {listed(missing)}" if missing else ""
    if serving:
        chosen = {verdict.recommended for verdict in decided}
        preferred = [arm for arm in serving if arm.name in chosen] or serving
        best = min(preferred, key=lambda arm: (arm.effort, -_mean(arm, tables)))
        shares = listed(
            [
                f"{percent(tables[verdict.scope].arms[best.name].value)} of {SCOPES[verdict.scope]}"
                for verdict in decided
            ]
        )
        return f"One arm for all: {best.name}, right on {shares}{rest}."
    names = dict.fromkeys(verdict.recommended for verdict in decided)
    parts = [
        f"{name} for {listed([SCOPES[verdict.scope] for verdict in decided if verdict.recommended == name])}"
        for name in names
    ]
    return f"Use {'; '.join(parts)}{rest}."


def _mean(arm: Arm, tables: Mapping[DocumentScope, MeasureTable]) -> float:
    values = [table.arms[arm.name].value for table in tables.values() if arm.name in table.arms]
    return sum(values) / max(1, len(values))
