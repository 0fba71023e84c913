"""What answers cost: time, tokens, memory, training, and after how many questions training pays for itself."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

import numpy as np

from finetune.compare.arms import Arm
from finetune.compare.questions import GoldQuestion
from finetune.compare.run import Replies
from finetune.compare.statistics.significance import LEVEL, sign_flip_p

_THOUSAND = 1000
_HOUR_S = 3600
# Arms are asked one after the other, so the machine's own drift is part of a difference: less than this share is noise.
_LEAST_SAVING = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one arm's answers took.

    Attributes:
        first_token_s: Median and 95th percentile; the first answer after loading is left out of all three times.
        total_s: Median and 95th percentile.
        mean_s: Mean seconds of an answer; what a thousand of them cost follows from it.
        prompt_tokens: Mean per question.
        completion_tokens: Mean per question.
        memory_bytes: Most memory this process held while the arm answered, with whatever earlier arms left in it and
            without a model behind a server; 0 where unknown.
        training_s: Seconds its training took; 0 for arms that need none.
    """

    first_token_s: tuple[float, float]
    total_s: tuple[float, float]
    mean_s: float
    prompt_tokens: float
    completion_tokens: float
    memory_bytes: int
    training_s: float

    @property
    def thousand_h(self) -> float:
        """Hours of this machine for a thousand questions, training spread over just these."""
        return (self.training_s + _THOUSAND * self.mean_s) / _HOUR_S


Loss = Literal["", "time", "answers"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakEven:
    """Questions after which a trained arm has cost less time than one that needs no training.

    Attributes:
        trained: Arm that was trained.
        against: Arm that was not.
        questions: None where training never pays.
        more_right: Whether the trained arm also has significantly more right answers.
        reason: Why it never pays: `time`, its answers take no less of it beyond chance; `answers`, fewer are right.
    """

    trained: str
    against: str
    questions: int | None
    reason: Loss = ""
    more_right: bool = False


def costs(arms: Sequence[Arm], questions: Sequence[GoldQuestion], replies: Replies) -> dict[str, Cost]:
    """Return what each arm took, over all of its replies."""
    costs_by_arm = {}
    for arm in arms:
        outputs = [replies[arm.name, question.id] for question in questions if (arm.name, question.id) in replies]
        if not outputs:
            continue
        all_replies = [output.reply for output in outputs]
        warm_replies = [output.reply for output in outputs if not output.cold] or all_replies
        costs_by_arm[arm.name] = Cost(
            first_token_s=_percentiles([reply.first_token_s for reply in warm_replies]),
            total_s=_percentiles([reply.total_s for reply in warm_replies]),
            mean_s=fmean(reply.total_s for reply in warm_replies),
            prompt_tokens=fmean(reply.prompt_tokens for reply in all_replies),
            completion_tokens=fmean(reply.completion_tokens for reply in all_replies),
            memory_bytes=max(output.memory_bytes for output in outputs),
            training_s=arm.training_s,
        )
    return costs_by_arm


def break_even(
    arms: Sequence[Arm],
    costs_by_arm: Mapping[str, Cost],
    questions: Sequence[GoldQuestion],
    replies: Replies,
    worse: Collection[tuple[str, str]] = (),
) -> list[BreakEven]:
    """Compare every trained candidate with every candidate that needs no training.

    Args:
        questions: That were asked.
        replies: With their times.
        worse: Pairs of arms, the first of which has significantly fewer right answers than the second.
    """
    candidates = [arm for arm in arms if arm.candidate and arm.name in costs_by_arm]
    return [
        _break_even(arm, other, costs_by_arm, _saved_s(arm, other, questions, replies), worse)
        for arm in candidates
        if arm.training_s
        for other in candidates
        if not other.tuned
    ]


def _break_even(
    arm: Arm,
    other: Arm,
    costs_by_arm: Mapping[str, Cost],
    saved_s: Sequence[float],
    worse: Collection[tuple[str, str]],
) -> BreakEven:
    mean_s = costs_by_arm[other.name].mean_s - costs_by_arm[arm.name].mean_s
    reason: Loss = ""
    if (arm.name, other.name) in worse:
        reason = "answers"
    elif (
        mean_s <= _LEAST_SAVING * costs_by_arm[other.name].mean_s
        or sign_flip_p(np.asarray(saved_s, dtype=np.float64)) > 1 - LEVEL
    ):
        reason = "time"
    count = None if reason else math.ceil(costs_by_arm[arm.name].training_s / mean_s)
    more_right = (other.name, arm.name) in worse
    return BreakEven(trained=arm.name, against=other.name, questions=count, reason=reason, more_right=more_right)


def _saved_s(arm: Arm, other: Arm, questions: Sequence[GoldQuestion], replies: Replies) -> list[float]:
    """Return the seconds that an arm saves over another one, per question that neither answered first."""
    outputs = [
        (replies[arm.name, question.id], replies[other.name, question.id])
        for question in questions
        if all((name, question.id) in replies for name in (arm.name, other.name))
    ]
    return [second.reply.total_s - first.reply.total_s for first, second in outputs if not (first.cold or second.cold)]


def _percentiles(values: Sequence[float]) -> tuple[float, float]:
    half, most = np.percentile(np.asarray(values), [50, 95])
    return float(half), float(most)
