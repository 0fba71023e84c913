"""What the rows of a run really cost: tokens after packing and sharing of prompts, in the order in which they come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from finetune.data.collate import collator, trained_tokens
from finetune.data.dataset import Tokenised, tokenise, tokenise_preferences
from finetune.data.encoding import TokenRow
from finetune.data.heldout import answer_tokens, is_due
from finetune.data.order import PromptOrder
from finetune.data.prepare import held_out, held_out_reading, held_out_scored
from finetune.estimate import RowWork
from finetune.retain.registry import RETAIN_METHODS

if TYPE_CHECKING:
    from finetune.data.prepare import Prepared

# Steps of a pass that are put together to count their tokens.
_COUNTED_STEPS = 24
# Preferences whose lengths are looked at before a run.
_SAMPLED = 20_000
# A preference is also run once under the reference, without a backward pass.
_PREFERENCE_PASSES = 1.5
# What a token that is generated costs beside one that is read: a step of generation fills a processor badly. Measured
# with SmolLM2 under LoRA on two cores: 7 ms in rows of 32, and 1.2 ms.
_GENERATED = 6.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BesideRows:
    """What a run computes beside the rows that it is trained on, in tokens of training.

    Attributes:
        preferences: All of the DPO stage.
        evaluation: One look at the rows that are held out.
    """

    preferences: float
    evaluation: float


def longest_row(prepared: Prepared, rows: Sequence[TokenRow]) -> int:
    """Return the tokens of the longest row that a step may meet.

    It is one of `rows`, of those that retain the base's skills, or of the preferences if they come.

    Raises:
        DataError: The template does not serve a preference.
    """
    recipe = prepared.recipe
    added = RETAIN_METHODS[recipe.retain].longest_row_tokens(prepared)
    token_count = max(added, *(row.n_tokens for row in rows), 1)
    if not recipe.dpo:
        return token_count
    head = islice(prepared.dataset.preferences("train"), _SAMPLED)
    preferences, _ = tokenise_preferences(head, prepared.chat, prepared.preference_limit)
    return max(token_count, *(row.n_tokens for row in preferences)) if preferences else token_count


def beside_rows(prepared: Prepared, max_length: int) -> BesideRows:
    """Count what is computed beside the rows of a run.

    Args:
        max_length: Of the rows, in tokens.
    """
    return BesideRows(preferences=_preference_tokens(prepared), evaluation=_evaluation_tokens(prepared, max_length))


def measured_work(prepared: Prepared, rows: Tokenised, micro_batch: int, beside: BesideRows | None = None) -> RowWork:
    """Count what a row of a run costs.

    Args:
        rows: Of the data.
        micro_batch: Rows per forward pass.
        beside: What is computed beside them; counted if None.
    """
    recipe = prepared.recipe
    beside = beside or beside_rows(prepared, rows.max_length)
    records = [{"input_ids": row.input_ids, "labels": row.labels} for row in rows.rows]
    prompts = [row.input_ids for row in rows.rows]
    order = list(PromptOrder(prompts, seed=recipe.seed, as_given=recipe.order == "given"))
    steps = [order[start : start + recipe.batch_size] for start in range(0, len(order), recipe.batch_size)]
    counted = steps[:: max(1, len(steps) // _COUNTED_STEPS)]
    retain = RETAIN_METHODS[recipe.retain]
    part_tokens = max(1, micro_batch) * max(rows.max_length, retain.longest_row_tokens(prepared))
    collate = collator(recipe, prepared.chat.pad_id, part_tokens, device=prepared.machine.device)
    tokens = labels = 0
    for step in counted:
        parts = collate([records[index] for index in step])["parts"]
        tokens += sum(part["input_ids"].numel() for part in parts)
        labels += trained_tokens(parts)
    seen = sum(map(len, counted))
    mean = rows.n_tokens / len(rows.rows)
    added = retain.added_tokens(prepared, len(rows.rows), mean)
    passes = recipe.max_steps * recipe.batch_size / len(rows.rows) if recipe.max_steps else recipe.epochs
    n_steps = max(1, round(passes * len(rows.rows) / recipe.batch_size))
    evaluations = sum(is_due(step, n_steps, recipe.eval_steps) for step in range(1, n_steps + 1))
    read, written = retain.read_and_written_tokens(prepared, len(rows.rows))
    before = (read + _GENERATED * written) / recipe.training_method.passes(recipe, prepared.base.shape)
    other = added + (beside.preferences + evaluations * beside.evaluation + before) / passes
    return RowWork(tokens=mean, computed=tokens / seen, labels=labels / seen, other=other)


def _preference_tokens(prepared: Prepared) -> float:
    """Return the tokens of the DPO stage."""
    recipe = prepared.recipe
    if not recipe.dpo:
        return 0.0
    head = islice(prepared.dataset.preferences("train"), _SAMPLED)
    preferences, _ = tokenise_preferences(head, prepared.chat, prepared.preference_limit)
    tokens = sum(2 * len(row.prompt_ids) + len(row.chosen_ids) + len(row.rejected_ids) for row in preferences)
    return recipe.dpo_epochs * tokens * _PREFERENCE_PASSES


def _evaluation_tokens(prepared: Prepared, max_length: int) -> float:
    """Return the tokens of one evaluation: the loss of the held-out rows, and answers to their questions."""
    recipe = prepared.recipe
    pairs = list(prepared.dataset.pairs("val"))
    longest = min(prepared.context_tokens or 2 * max_length, 2 * max_length)
    scored = tokenise(
        held_out_scored(pairs, recipe), prepared.chat, recipe, prepared.context_tokens, max_length=longest
    ).rows
    collate = collator(
        recipe, prepared.chat.pad_id, max(1, recipe.micro_batch) * max_length, device=prepared.machine.device
    )
    parts = collate([{"input_ids": row.input_ids, "labels": row.labels} for row in scored])["parts"]
    read = sum(int(part["input_ids"].numel()) for part in parts)
    asked_rows = recipe.eval_rows if recipe.objective != "text" else 0
    written = 0
    for asked_pairs in (held_out(pairs, asked_rows), held_out_reading(pairs, asked_rows)):
        prompts = [prepared.chat.render(prepared.chat.prompt(pair), generation=True) for pair in asked_pairs]
        read += sum(len(prepared.chat.encode(prompt)) for prompt in prompts)
        written += len(asked_pairs) * answer_tokens(prepared.chat, asked_pairs)
    return (read + _GENERATED * written) / recipe.training_method.passes(recipe, prepared.base.shape)
