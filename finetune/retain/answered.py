"""Replay rows: questions that come with `kb`, with the base's own greedy answers.

Where the rows of the data show passages, general instructions alone are replayed: the base's way of answering from
passages is what those rows change.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from core.errors import DataError
from core.prompt import read_block
from core.types import Pair
from finetune.retain.method import ANSWER_TOKENS, REPLAY_TOKENS, RetainMethod
from finetune.retain.prompts import GENERAL, replay_prompts

if TYPE_CHECKING:
    from finetune.data.prepare import Prepared
    from finetune.data.template import ChatFormat
    from finetune.retain.base_model import BaseModel

# Tokens of a usual answer of the base, where none is written yet.
USUAL_ANSWER_TOKENS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredMethod(RetainMethod):
    """A way that uses rows which the base answered."""

    # Whether it cannot do without.
    answers_needed: ClassVar[bool] = True

    def planned_rows(self, prepared: Prepared, rows: int | None = None) -> list[Pair]:
        """Return the recipe's share of questions; those that leave no room for an answer are passed over."""
        return [row for row, _ in _planned(prepared, rows)]

    def written_rows(self, base: BaseModel, prepared: Prepared) -> list[Pair]:
        """Return the planned rows with answers; one that does not end is left out.

        Raises:
            DataError: The base ended none of its answers.
        """
        prompts = self.planned_rows(prepared)
        answers = base.answers([prepared.chat.prompt(row) for row in prompts])
        rows = [replace(row, answer=text) for row, text in zip(prompts, answers, strict=True) if text]
        if not rows and self.answers_needed:
            reason = f"the base ended none of its {len(prompts)} answers within {base.asker.max_tokens} tokens"
            raise DataError(f"retain {self.name}: {reason}", hint="kb finetune --set retain=none --data DIR")
        return rows

    def longest_row_tokens(self, prepared: Prepared) -> int:
        """Return the length of the longest planned row with room for an answer."""
        return max((tokens + ANSWER_TOKENS for _, tokens in _planned(prepared)), default=0)

    def added_tokens(self, prepared: Prepared, rows: int, mean_tokens: float) -> float:
        """Return the tokens of the planned rows with answers of a usual length."""
        return sum(tokens + USUAL_ANSWER_TOKENS for _, tokens in _planned(prepared, rows))

    def read_and_written_tokens(self, prepared: Prepared, rows: int) -> tuple[float, float]:
        """Return what answering the planned rows takes; a batch is written until its longest answer ends."""
        planned = _planned(prepared, rows)
        return sum(tokens for _, tokens in planned), len(planned) * ANSWER_TOKENS


# What was found for some datasets: it is asked for again with every number of rows that is tried.
_KNOWN: dict[tuple[object, ...], tuple[int, tuple[tuple[Pair, int], ...]]] = {}
_MOST_KNOWN = 4


def _planned(prepared: Prepared, rows: int | None = None) -> tuple[tuple[Pair, int], ...]:
    """Return the questions for so many rows of the data, each with the tokens of its prompt."""
    taught, questions = _questions(prepared)
    count = max(1, round(prepared.recipe.retain_share * (taught if rows is None else rows)))
    return questions[:count]


def _questions(prepared: Prepared) -> tuple[int, tuple[tuple[Pair, int], ...]]:
    """Return how many rows of the data are trained, and all questions that may be replayed beside them, in order."""
    from finetune.data.dataset import serves_objective

    recipe, chat = prepared.recipe, prepared.chat
    prompt = chat.answer_prompt.digest
    folder, limit = prepared.base.folder, prepared.context_tokens
    key = (prepared.dataset.sha256(), recipe.seed, recipe.objective, recipe.system, prompt, folder, limit)
    if key not in _KNOWN:
        taught = [pair for pair in prepared.dataset.pairs("train") if serves_objective(pair, recipe.objective)]
        room = min(REPLAY_TOKENS, limit or REPLAY_TOKENS) - ANSWER_TOKENS
        shows_passages = any(read_block(pair.context) for pair in taught)
        chosen = (row for row in replay_prompts(seed=recipe.seed) if not shows_passages or row.kind == GENERAL)
        sized = ((row, prompt_tokens(row, chat)) for row in chosen if serves_objective(row, recipe.objective))
        questions = tuple((row, tokens) for row, tokens in sized if tokens <= room)
        while len(_KNOWN) >= _MOST_KNOWN:
            _KNOWN.pop(next(iter(_KNOWN)))
        _KNOWN[key] = (len(taught), questions)
    return _KNOWN[key]


def prompt_tokens(row: Pair, chat: ChatFormat) -> int:
    """Return the tokens of a row before its answer."""
    return len(chat.encode(chat.render(chat.prompt(row), generation=True)))
