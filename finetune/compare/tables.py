"""Scores of all outputs as tables: a value with its interval per arm, a tested difference per pair of arms.

The main tables cover held-out questions, and every stratum has one of its own; the pairs of a table are one family for
Holm's correction.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from core.metrics import Interval
from finetune.compare.arms import Arm, pairs
from finetune.compare.measures import MEASURES, agreement, score
from finetune.compare.questions import UNANSWERABLE, GoldQuestion
from finetune.compare.run import Replies
from finetune.compare.statistics.clusters import Clusters, cluster
from finetune.compare.statistics.significance import PairedDifference, compare_scores, holm, mean_interval

# Measures that every arm has on every question they apply to; the others hang on what an arm chose to say.
PAIRED = (
    "right",
    "exact_match",
    "token_f1",
    "rouge_l",
    "number_match",
    "abstention_recall",
    "needless_refusal",
    "similarity",
    "grounding",
)
Scores = Mapping[tuple[str, str], Mapping[str, float]]
# Measures that a small model lends: from questions and replies to one score each, nan where there is none.
Scorer = Callable[[Sequence[tuple[GoldQuestion, str]]], Sequence[float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreCell:
    """A value of one arm with its 95% interval over clusters; `n` questions."""

    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PairRow:
    """How two arms differ: `left - right`."""

    left: str
    right: str
    difference: PairedDifference


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureTable:
    """One measure on one set of questions.

    Attributes:
        measure: Name in `MEASURES`.
        questions: Questions that the measure applies to.
        arms: Arm to its value.
        rows: Differences, p adjusted over the rows.
        drawn: What intervals and tests draw whole, in words.
    """

    measure: str
    questions: int
    arms: Mapping[str, ScoreCell]
    rows: Sequence[PairRow]
    drawn: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Abstention:
    """The 2x2 of declining: `answered` and `declined`, of questions that can be answered and of those that cannot."""

    answered_answerable: int
    declined_answerable: int
    answered_unanswerable: int
    declined_unanswerable: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BeyondMemory:
    """What passages add to a model, apart from what it knows by heart.

    Attributes:
        left: Arm that is shown passages.
        right: The same model, shown nothing.
        known: Questions that the model has right when shown nothing; a gain there is none.
        unknown: The others.
        gained: Share of the others that it has right with passages; None where there is none.
        lost: Share of the known that it has wrong with passages; None where there is none.
    """

    left: str
    right: str
    known: int
    unknown: int
    gained: float | None
    lost: float | None


def scored(
    arms: Sequence[Arm],
    questions: Sequence[GoldQuestion],
    replies: Replies,
    scorers: Mapping[str, Scorer] | None = None,
) -> Scores:
    """Score every reply; `scorers` add measures by name, over replies to questions that can be answered."""
    scores: dict[tuple[str, str], dict[str, float]] = {}
    for arm in arms:
        for question in questions:
            if (arm.name, question.id) in replies:
                reply = replies[arm.name, question.id].reply
                scores[arm.name, question.id] = score(question, reply, arm.shown)
    for name, scorer in (scorers or {}).items():
        by_id = {question.id: question for question in questions if question.answer is not None}
        keys = [key for key in scores if key[1] in by_id]
        texts = [(by_id[key[1]], "" if replies[key].reply.abstained else replies[key].reply.text) for key in keys]
        for key, value in zip(keys, scorer(texts), strict=True):
            if not math.isnan(value):
                scores[key][name] = value
    return scores


def tabulate(
    measure: str, arms: Sequence[Arm], questions: Sequence[GoldQuestion], scores: Scores, clusters: Clusters
) -> MeasureTable:
    """Make the table of one measure over some questions."""
    cells: dict[str, ScoreCell] = {}
    applies: set[str] = set()
    for arm in arms:
        scored_questions = [
            (question.id, scores[arm.name, question.id][measure])
            for question in questions
            if measure in scores.get((arm.name, question.id), {})
        ]
        if scored_questions:
            applies.update(identity for identity, _ in scored_questions)
            labels = [clusters.labels[identity] for identity, _ in scored_questions]
            cells[arm.name] = _cell(
                mean_interval([value for _, value in scored_questions], labels), len(scored_questions)
            )
    rows = _rows(measure, arms, questions, scores, clusters) if measure in PAIRED else []
    return MeasureTable(measure=measure, questions=len(applies), arms=cells, rows=rows, drawn=clusters.drawn)


def _rows(
    measure: str, arms: Sequence[Arm], questions: Sequence[GoldQuestion], scores: Scores, clusters: Clusters
) -> list[PairRow]:
    shared: dict[tuple[str, str], list[str]] = {}
    for left, right in pairs(arms):
        both = [
            question.id
            for question in questions
            if all(measure in scores.get((arm.name, question.id), {}) for arm in (left, right))
        ]
        if both:
            shared[left.name, right.name] = both
    differences = []
    for names, both in shared.items():
        first, second = ([scores[name, identity][measure] for identity in both] for name in names)
        differences.append(
            compare_scores(first, second, [clusters.labels[identity] for identity in both], pairs=len(shared))
        )
    return [
        PairRow(left=left, right=right, difference=difference)
        for (left, right), difference in zip(shared, holm(differences), strict=True)
    ]


def _cell(interval: Interval, n: int) -> ScoreCell:
    return ScoreCell(value=interval.mean, low=interval.low, high=interval.high, n=n)


def main_tables(
    arms: Sequence[Arm], questions: Sequence[GoldQuestion], scores: Scores, clusters: Clusters
) -> dict[str, MeasureTable]:
    """Return the table of every measure that applies, over the held-out questions."""
    held_out = [question for question in questions if question.held_out]
    tables = {name: tabulate(name, arms, held_out, scores, clusters) for name in MEASURES}
    return {name: table for name, table in tables.items() if table.arms}


def stratum_tables(arms: Sequence[Arm], questions: Sequence[GoldQuestion], scores: Scores) -> dict[str, MeasureTable]:
    """Return a table per stratum: of `right`, or of declining for questions that the documents do not answer.

    Only the stratum of seen phrasings holds questions that training saw. What is drawn is decided for each by itself.
    """
    names = dict.fromkeys(stratum for question in questions for stratum in question.strata)
    tables = {}
    for name in names:
        inside = [question for question in questions if name in question.strata]
        inside = [question for question in inside if question.held_out] or inside
        measure = "abstention_recall" if name == UNANSWERABLE else "right"
        tables[name] = tabulate(measure, arms, inside, scores, cluster(inside, pairs=len(pairs(arms))))
    return {name: table for name, table in tables.items() if table.arms}


def agreements(arms: Sequence[Arm], questions: Sequence[GoldQuestion], replies: Replies) -> dict[str, ScoreCell]:
    """Return how alike each arm's replies to phrasings of one question are, over facts asked more than once."""
    labels = cluster(questions, pairs=len(pairs(arms))).labels
    label = {question.fact: labels[question.id] for question in questions if question.fact}
    cells = {}
    for arm in arms:
        answered = [(gold, replies[arm.name, gold.id].reply) for gold in questions if (arm.name, gold.id) in replies]
        values = agreement(answered)
        if values:
            interval = mean_interval(list(values.values()), [label[fact] for fact in values])
            cells[arm.name] = _cell(interval, len(values))
    return cells


def abstentions(arms: Sequence[Arm], questions: Sequence[GoldQuestion], replies: Replies) -> dict[str, Abstention]:
    """Count declining per arm that is no experiment, over the held-out questions."""
    counts = {}
    for arm in arms:
        answered = [
            question
            for question in questions
            if not arm.experiment and question.held_out and (arm.name, question.id) in replies
        ]
        declined = [
            (question.answer is not None, replies[arm.name, question.id].reply.abstained) for question in answered
        ]
        if answered:
            counts[arm.name] = Abstention(
                answered_answerable=declined.count((True, False)),
                declined_answerable=declined.count((True, True)),
                answered_unanswerable=declined.count((False, False)),
                declined_unanswerable=declined.count((False, True)),
            )
    return counts


def beyond_memory(arms: Sequence[Arm], questions: Sequence[GoldQuestion], scores: Scores) -> list[BeyondMemory]:
    """Split what passages bring by what the same model knows when shown nothing, over the held-out questions."""
    rows = []
    for left, right in pairs(arms):
        if (left.model, left.shown, right.shown) != (right.model, "found", "nothing"):
            continue
        both = [
            (scores[left.name, question.id]["right"], scores[right.name, question.id]["right"])
            for question in questions
            if question.held_out and question.answer is not None
        ]
        known = [with_passages for with_passages, alone in both if alone]
        unknown = [with_passages for with_passages, alone in both if not alone]
        rows.append(
            BeyondMemory(
                left=left.name,
                right=right.name,
                known=len(known),
                unknown=len(unknown),
                gained=fmean(unknown) if unknown else None,
                lost=1 - fmean(known) if known else None,
            )
        )
    return rows
