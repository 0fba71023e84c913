"""Preferences against a trained policy's own answers: what it says without the evidence, where that is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from core.files import Home
from core.metrics import contains
from core.types import Pair, Preference
from finetune.recipe import Recipe
from finetune.runs import TrainingRun, read_prompt
from finetune.training.machine import Machine
from synth.check.grounding import LexicalScorer
from synth.making.prefer import policy_preference
from synth.work.kinds import POLICY_KINDS

# Longest answer of the policy that could stand in a preference.
_ANSWER_TOKENS = 96


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyPrompt:
    """A row as the policy is asked it: with another context than its own."""

    row: Pair
    kind: str
    context: str


def policy_preferences(
    run: TrainingRun,
    recipe: Recipe,
    home: Home,
    machine: Machine,
    pairs: Sequence[Pair],
    margin: float,
    on_note: Callable[[str], None] = lambda _: None,
) -> Iterator[Preference]:
    """Ask the policy after SFT from memory and from wrong passages, and yield its wrong answers beside the right ones.

    Args:
        run: After its stage `sft`.
        recipe: `policy_preferences` says how many questions are asked.
        home: Where the base model lies.
        machine: Where the policy runs.
        pairs: The rows it was trained on.
        margin: Least lead of the better answer's grounding.
        on_note: Receives how many questions are asked.
    """
    prompts = policy_prompts(pairs, recipe.policy_preferences)
    if not prompts:
        return
    on_note(f"asking the policy {len(prompts)} questions")
    for prompt, answer in zip(prompts, _answers(run, recipe, home, machine, prompts), strict=True):
        preference, _ = policy_preference(prompt.row, prompt.kind, answer, LexicalScorer(), margin)
        if preference is not None:
            yield preference


def policy_prompts(pairs: Sequence[Pair], count: int) -> list[PolicyPrompt]:
    """Choose about `count` questions, evenly over the rows with evidence, each asked in every way of `POLICY_KINDS`."""
    grounded = [pair for pair in pairs if pair.kind in ("evidence", "distractors") and pair.evidence]
    step = max(1, len(grounded) // max(1, count // len(POLICY_KINDS)))
    rows = grounded[::step] if count else []
    from_memory, from_distractors = POLICY_KINDS
    return [PolicyPrompt(row=row, kind=from_memory, context="") for row in rows] + [
        PolicyPrompt(row=row, kind=from_distractors, context=context)
        for row in rows
        if (context := _wrong_context(row, grounded))
    ]


def _answers(
    run: TrainingRun, recipe: Recipe, home: Home, machine: Machine, prompts: Sequence[PolicyPrompt]
) -> list[str]:
    from finetune.data.prepare import chat_of_policy
    from finetune.training.base import find_base
    from finetune.training.policy import asker, load_policy

    base = find_base(recipe.base, home)
    folder = run.stage("sft") / "policy"
    chat = chat_of_policy(base, recipe, folder, read_prompt(run))
    model = load_policy(base, recipe, machine, folder)
    shown = [chat.prompt(replace(prompt.row, context=prompt.context)) for prompt in prompts]
    return asker(model, chat, recipe, machine, _ANSWER_TOKENS).answers(shown)


def _wrong_context(row: Pair, others: Sequence[Pair]) -> str:
    """Return the passages of another row that do not hold this row's answer; empty where all do."""
    quote = row.evidence[0].quote
    return next(
        (
            other.context
            for other in others
            if other.group != row.group and not contains(other.context, quote) and row.answer not in other.context
        ),
        "",
    )
