"""Scores on held-out phrasings during training, and when to stop for them.

Recall is the share of questions whose gold answer is in the greedy answer, reading the same for questions with passages
beside them; where both are known their mean decides, so that facts are not bought with reading. Without such questions,
or with several processes, the loss on the validation rows decides. After an interruption the state is read from the
trainer's own log.
"""

# ruff: noqa: ARG002  (a callback is given more than it needs)
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from transformers import TrainerCallback

from core.chat.thoughts import split_thought
from core.metrics import contains
from core.prompt import ABSTENTION
from core.reading.proved import proper
from core.types import Pair
from finetune.training.policy import Asker

RECALL, READING, LOSS = "eval_recall", "eval_reading", "eval_loss"
# Those that are better higher and count alike.
_SKILLS = (RECALL, READING)
# Of the gold answers' lengths in tokens: room for words around the answer.
_ROOM = 16


def recall(asker: Asker, pairs: Sequence[Pair]) -> float:
    """Return the share of questions whose gold answer stands in the greedy answer, thoughts left aside."""
    answers = asker.answers([asker.chat.prompt(pair) for pair in pairs])
    golds = [split_thought(pair.answer)[1] for pair in pairs]
    right = sum(contains(split_thought(answer)[1], gold) for answer, gold in zip(answers, golds, strict=True))
    return right / len(pairs)


def reading(asker: Asker, pairs: Sequence[Pair]) -> float:
    """Return the share of questions with passages whose short answer stands in the reply, or that are rightly declined.

    Args:
        asker: Of the model in training.
        pairs: Rows whose context shows passages.
    """
    replies = asker.answers([asker.chat.prompt(pair) for pair in pairs])
    return fmean(_read_rightly(split_thought(reply)[1], pair) for reply, pair in zip(replies, pairs, strict=True))


def _read_rightly(reply: str, pair: Pair) -> float:
    declined, gold = _declines(reply), split_thought(pair.answer)[1]
    if _declines(gold):
        return float(declined)
    return 0.0 if declined else float(contains(proper(reply), proper(gold)))


def _declines(text: str) -> bool:
    return text.strip().startswith(ABSTENTION.rstrip("."))


def answer_tokens(chat: Any, pairs: Sequence[Pair]) -> int:
    """Return how many tokens an answer may take so that every gold one fits."""
    return _ROOM + max((len(chat.encode(pair.answer)) for pair in pairs), default=0)


def better(scores: Mapping[str, float], reference: Mapping[str, float]) -> bool:
    """Tell whether an evaluation beats another: by the mean of recall and reading where both asked, else lower loss."""
    shared = [skill for skill in _SKILLS if skill in scores and skill in reference]
    if shared:
        return fmean(scores[skill] for skill in shared) > fmean(reference[skill] for skill in shared)
    return scores.get(LOSS, float("inf")) < reference.get(LOSS, float("inf"))


def stale(history: Sequence[Mapping[str, float]]) -> int:
    """Return how many evaluations in a row, up to the last, brought nothing better than the best before them."""
    best: Mapping[str, float] | None = None
    count = 0
    for evaluation in history:
        if best is None or better(evaluation, best):
            best, count = evaluation, 0
        else:
            count += 1
    return count


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """Where the figures of an evaluation come from; a measure that does not apply gives none."""

    measures: Mapping[str, Callable[[], float]]

    def figures(self) -> dict[str, float]:
        """Return name to figure."""
        return {name: measure() for name, measure in self.measures.items()}


def is_due(step: int, steps: int, every: int) -> bool:
    """Tell whether a step is followed by an evaluation: the last one is, and every so many that are not near it."""
    return step >= steps or (step % every == 0 and 2 * (steps - step) >= every)


class HeldOut(TrainerCallback):  # type: ignore[misc]  # transformers has no types
    """Evaluates every so many steps and at the end (see `is_due`), keeps the best, and stops when nothing gets better.

    Args:
        scores: The measures.
        every: Steps between evaluations.
        patience: Evaluations without gain after which training stops; 0: never.
        keep: Called where an evaluation is the best so far.
        log: The trainer's; what goes there is kept with every checkpoint.
    """

    def __init__(
        self,
        scores: Scores,
        *,
        every: int,
        patience: int,
        keep: Callable[[], None],
        log: Callable[[dict[str, float]], None],
    ) -> None:
        self._scores = scores
        self._every = every
        self._patience = patience
        self._keep = keep
        self._log = log

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> Any:
        """Evaluate where it is time."""
        if not is_due(state.global_step, state.max_steps, self._every):
            return control
        due = control.should_log  # which a line of ours would call done
        self._log(self._scores.figures())
        control.should_log = due
        history = evaluations(state.log_history)
        if self._patience and stale(history) >= self._patience:
            control.should_training_stop = True
        if not any(better(earlier, history[-1]) for earlier in history):
            self._keep()
        return control


def evaluations(history: Sequence[Mapping[str, float]]) -> list[Mapping[str, float]]:
    """Return the entries of a trainer's log that are evaluations."""
    return [entry for entry in history if any(name in entry for name in (*_SKILLS, LOSS))]
