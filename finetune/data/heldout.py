"""Scores on held-out phrasings during training, and when to stop for them.

Recall is the share of questions whose gold answer is in the greedy answer; without such questions, or with several
processes, the loss on the validation rows decides. After an interruption the state is read from the trainer's own log.
"""

# ruff: noqa: ARG002  (a callback is given more than it needs)
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from transformers import TrainerCallback

from core.metrics import contains
from core.types import Pair
from finetune.training.policy import Asker

RECALL, LOSS = "eval_recall", "eval_loss"
# Of the gold answers' lengths in tokens: room for words around the answer.
_ROOM = 16


def recall(asker: Asker, pairs: Sequence[Pair]) -> float:
    """Return the share of questions whose gold answer stands in the greedy answer."""
    answers = asker.answers([asker.chat.prompt(pair) for pair in pairs])
    return sum(contains(answer, pair.answer) for answer, pair in zip(answers, pairs, strict=True)) / len(pairs)


def answer_tokens(chat: Any, pairs: Sequence[Pair]) -> int:
    """Return how many tokens an answer may take so that every gold one fits."""
    return _ROOM + max((len(chat.encode(pair.answer)) for pair in pairs), default=0)


def better(one: Mapping[str, float], other: Mapping[str, float]) -> bool:
    """Tell whether an evaluation beats another: higher recall where both asked, else lower loss."""
    if RECALL in one and RECALL in other:
        return one[RECALL] > other[RECALL]
    return one.get(LOSS, float("inf")) < other.get(LOSS, float("inf"))


def stale(history: Sequence[Mapping[str, float]]) -> int:
    """Return how many evaluations in a row, up to the last, brought nothing better than the best before them."""
    best: Mapping[str, float] | None = None
    count = 0
    for found in history:
        if best is None or better(found, best):
            best, count = found, 0
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


class HeldOut(TrainerCallback):  # type: ignore[misc]  # transformers has no types
    """Evaluates every so many steps and at the end, keeps the best, and stops when nothing gets better.

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
        if state.global_step % self._every and state.global_step < state.max_steps:
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
    return [entry for entry in history if RECALL in entry or LOSS in entry]
