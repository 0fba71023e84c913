"""What answers cost: time, tokens, memory, training, and after how many questions training pays for itself."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np

from finetune.compare.arms import Arm
from finetune.compare.questions import GoldQuestion
from finetune.compare.run import Replies

_THOUSAND = 1000
_HOUR_S = 3600


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


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakEven:
    """Questions after which a trained arm has cost less time than one that needs no training; None: it never does."""

    trained: str
    against: str
    questions: int | None


def costs(arms: Sequence[Arm], questions: Sequence[GoldQuestion], replies: Replies) -> dict[str, Cost]:
    """Return what each arm took, over all of its replies."""
    found = {}
    for arm in arms:
        outputs = [replies[arm.name, one.id] for one in questions if (arm.name, one.id) in replies]
        if not outputs:
            continue
        said = [output.reply for output in outputs]
        timed = [output.reply for output in outputs if not output.cold] or said
        found[arm.name] = Cost(
            first_token_s=_percentiles([reply.first_token_s for reply in timed]),
            total_s=_percentiles([reply.total_s for reply in timed]),
            mean_s=fmean(reply.total_s for reply in timed),
            prompt_tokens=fmean(reply.prompt_tokens for reply in said),
            completion_tokens=fmean(reply.completion_tokens for reply in said),
            memory_bytes=max(output.memory_bytes for output in outputs),
            training_s=arm.training_s,
        )
    return found


def break_even(arms: Sequence[Arm], found: Mapping[str, Cost]) -> list[BreakEven]:
    """Compare every trained candidate with every candidate that needs no training."""
    candidates = [arm for arm in arms if arm.candidate and arm.name in found]
    return [
        BreakEven(trained=arm.name, against=other.name, questions=_count(found[arm.name], found[other.name]))
        for arm in candidates
        if arm.training_s
        for other in candidates
        if not other.tuned
    ]


def _count(trained: Cost, other: Cost) -> int | None:
    saved_s = other.mean_s - trained.mean_s
    return math.ceil(trained.training_s / saved_s) if saved_s > 0 else None


def _percentiles(values: Sequence[float]) -> tuple[float, float]:
    half, most = np.percentile(np.asarray(values), [50, 95])
    return float(half), float(most)
