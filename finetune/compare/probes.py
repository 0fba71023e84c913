"""Questions about nothing that was taught, by which a run's cost is measured: passages to read, general instructions.

The passages are invented and come with `kb`; a model is shown one among two others in the prompt of `kb ask`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

from core.metrics import contains, token_f1
from core.reading.proved import proper
from finetune.compare.arms import ArmReply
from finetune.compare.questions import GoldQuestion
from finetune.compare.run import Replies
from finetune.compare.statistics.significance import PairedDifference, compare_scores, mean_interval
from finetune.compare.tables import ScoreCell

ProbeKind = Literal["reading", "general"]
Skill = Literal["reading", "declining", "general"]
# What each skill is scored by, for a reader.
SKILLS: Mapping[Skill, tuple[str, str]] = {
    "reading": ("reading", "token F1 with the answer, given three passages that hold it"),
    "declining": ("declining", "declined, given three passages that do not hold the answer"),
    "general": ("general instructions", "the reply contains an answer that counts"),
}
_ID = "probe:"
_OTHERS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One question.

    Attributes:
        id: Its name among probes.
        kind: Whether it comes with passages.
        question: As asked.
        answers: Any of which counts; empty where the passages do not say.
        passages: What is shown, the probe's own among others; empty for a general instruction.
    """

    id: str
    kind: ProbeKind
    question: str
    answers: tuple[str, ...]
    passages: tuple[str, ...] = ()

    @property
    def skill(self) -> Skill:
        """What it measures."""
        if self.kind == "general":
            return "general"
        return "reading" if self.answers else "declining"

    def score(self, reply: ArmReply) -> float:
        """Return a score from 0 to 1; an answer that is withheld scores 0."""
        if self.skill == "declining":
            return float(reply.abstained)
        if reply.abstained:
            return 0.0
        if self.skill == "general":
            return float(any(contains(reply.text, answer) for answer in self.answers))
        return max(token_f1(proper(reply.text), answer) for answer in self.answers)


@cache
def probes() -> Mapping[str, Probe]:
    """Return the probes that come with `kb`, by the id of their question."""
    lines = files("finetune.compare").joinpath("probes.jsonl").read_text(encoding="utf-8").splitlines()
    records = [json.loads(line) for line in lines]
    texts = [record["passage"] for record in records if record["kind"] == "reading"]
    return {
        f"{_ID}{record['id']}": Probe(
            id=record["id"],
            kind=record["kind"],
            question=record["question"],
            answers=tuple(record["answers"]),
            passages=_shown(texts, number) if record["kind"] == "reading" else (),
        )
        for number, record in enumerate(records)
    }


def _shown(texts: Sequence[str], number: int) -> tuple[str, ...]:
    """Return a passage among the ones that follow it, in a place that changes from probe to probe."""
    others = [texts[(number + step) % len(texts)] for step in range(1, _OTHERS + 1)]
    place = number % (_OTHERS + 1)
    return (*others[:place], texts[number], *others[place:])


def probe_questions() -> list[GoldQuestion]:
    """Return the probes as questions of a comparison; they count in none of its tables."""
    return [
        GoldQuestion(id=identity, text=probe.question, answer=probe.answers[0] if probe.answers else None)
        for identity, probe in probes().items()
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class SkillChange:
    """How a skill changed by training.

    Attributes:
        skill: Which.
        before: Of the base.
        after: Of the tuned model.
        difference: `after - before`, question by question.
    """

    skill: Skill
    before: ScoreCell
    after: ScoreCell
    difference: PairedDifference


def skill_changes(before: str, after: str, replies: Replies) -> list[SkillChange]:
    """Compare two models on the probes that both answered.

    Args:
        before: Name of the arm that asked the base.
        after: Name of the arm that asked the tuned model.
        replies: Of both.
    """
    changes = []
    for skill in SKILLS:
        answered_probes = {
            identity: probe
            for identity, probe in probes().items()
            if probe.skill == skill and all((name, identity) in replies for name in (before, after))
        }
        if answered_probes:
            scores = [
                [probe.score(replies[name, identity].reply) for identity, probe in answered_probes.items()]
                for name in (before, after)
            ]
            first, second = (_cell(values, list(answered_probes)) for values in scores)
            difference = compare_scores(scores[1], scores[0], list(answered_probes))
            changes.append(SkillChange(skill=skill, before=first, after=second, difference=difference))
    return changes


def _cell(values: Sequence[float], labels: Sequence[str]) -> ScoreCell:
    interval = mean_interval(values, labels)
    return ScoreCell(value=interval.mean, low=interval.low, high=interval.high, n=len(values))
