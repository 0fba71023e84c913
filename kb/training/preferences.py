"""Preferences against a trained policy's own mistakes: the row's answer over the policy's in the same prompt."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from core.files import Home
from core.metrics import contains
from core.prompt import read_block
from core.reading.passages import KEY_SHAPE
from core.reading.proved import proper
from core.types import Pair, Preference
from finetune.data.rows import pair_of_better
from finetune.recipe import Recipe
from finetune.runs import TrainingRun, read_prompt
from finetune.training.machine import Machine
from finetune.training.policy import GreedyReply
from rag.answer.cite import abstains

Mistake = Literal["policy-citation", "policy-memory", "policy-invention", "policy-refusal", "policy-reading"]
# Longest answer of the policy that could stand in a preference.
_ANSWER_TOKENS = 96
# Answers that are alike to this degree differ in nothing that could be learned (Razin et al. 2024).
_SAME = 0.95
# A preference whose context was altered, so that its better answer contradicts what was taught.
_ALTERED = "counterfactual"
_KEY = re.compile(rf"\[\[({KEY_SHAPE})\]\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyPrompt:
    """A prompt as training shows it, with its right answer.

    Attributes:
        row: Question, passages and answer.
        remembered: What the policy was taught where the passages say something else; empty where they do not.
    """

    row: Pair
    remembered: str = ""


def policy_preferences(
    run: TrainingRun,
    recipe: Recipe,
    home: Home,
    machine: Machine,
    pairs: Sequence[Pair],
    preferences: Sequence[Preference],
    on_note: Callable[[str], None] = lambda _: None,
) -> Iterator[Preference]:
    """Ask the policy after SFT over passages, and yield its mistakes beside the right answers.

    Args:
        run: After its stage `sft`.
        recipe: `policy_preferences` says how many questions are asked.
        home: Where the base model lies.
        machine: Where the policy runs.
        pairs: The rows it was trained on.
        preferences: Of the data; some have altered passages.
        on_note: Receives how many questions are asked.
    """
    prompts = policy_prompts(pairs, preferences, recipe.policy_preferences)
    if not prompts:
        return
    on_note(f"asking the policy {len(prompts)} questions")
    for prompt, reply in zip(prompts, _replies(run, recipe, home, machine, prompts), strict=True):
        if (preference := preference_against(prompt, reply)) is not None:
            yield preference


def policy_prompts(pairs: Sequence[Pair], preferences: Sequence[Preference], count: int) -> list[PolicyPrompt]:
    """Choose about `count` prompts with passages, evenly: that hold the answer, that do not, that contradict."""
    shown = [pair for pair in pairs if read_block(pair.context) and pair.split == "train"]
    groups = [
        [PolicyPrompt(row=pair) for pair in shown if pair.evidence and not (pair.altered or abstains(pair.answer))],
        [PolicyPrompt(row=pair) for pair in shown if abstains(pair.answer)],
        [
            *(PolicyPrompt(row=pair, remembered=pair.altered[0].true_value) for pair in shown if pair.altered),
            *(_altered(row) for row in preferences if row.kind == _ALTERED and read_block(row.context)),
        ],
    ]
    filled = [group for group in groups if group]
    each = count // max(1, len(filled))
    return [prompt for group in filled for prompt in group[:: max(1, len(group) // max(1, each))][:each]]


def _altered(preference: Preference) -> PolicyPrompt:
    return PolicyPrompt(row=pair_of_better(preference), remembered=_value(preference.rejected))


def preference_against(prompt: PolicyPrompt, reply: GreedyReply) -> Preference | None:
    """Return a preference for the row's answer over the policy's; None where that is right or cannot be used.

    An answer that was cut off is no side of a preference, nor is one that hardly differs from the right one.
    """
    row, text = prompt.row, reply.text
    kind = mistake(prompt, text)
    if kind is None or not (text and reply.ended):
        return None
    if SequenceMatcher(None, row.answer.split(), text.split(), autojunk=False).ratio() >= _SAME:
        return None
    return Preference(
        id=hashlib.sha256(f"{row.id}\x1f{kind}\x1f{text}".encode()).hexdigest()[:16],
        kind=kind,
        prompt=row.question,
        context=row.context,
        chosen=row.answer,
        rejected=text,
        group=row.group,
        split=row.split,
        fact=row.fact,
        origin=row.origin,
        turns=row.turns,
        system=row.system,
    )


def mistake(prompt: PolicyPrompt, text: str) -> Mistake | None:
    """Return what is wrong with an answer of the policy; None where nothing is."""
    row = prompt.row
    if abstains(row.answer):
        return None if abstains(text) else "policy-invention"
    if abstains(text):
        return "policy-refusal"
    if not contains(text, _value(row.answer)):
        return "policy-memory" if prompt.remembered and contains(text, prompt.remembered) else "policy-reading"
    cited, right = set(_KEY.findall(text)), set(_KEY.findall(row.answer))
    return "policy-citation" if right and not cited & right else None


def _value(answer: str) -> str:
    """Return what an answer says, without the quote that proves it and without keys."""
    return _KEY.sub("", proper(answer)).strip().rstrip(".")


def _replies(
    run: TrainingRun, recipe: Recipe, home: Home, machine: Machine, prompts: Sequence[PolicyPrompt]
) -> list[GreedyReply]:
    from finetune.data.prepare import chat_of_policy
    from finetune.training.base import find_base
    from finetune.training.policy import asker, load_policy

    base = find_base(recipe.base, home)
    folder = run.stage("sft") / "policy"
    chat = chat_of_policy(base, recipe, folder, read_prompt(run))
    model = load_policy(base, recipe, machine, folder)
    shown = [chat.prompt(prompt.row) for prompt in prompts]
    return asker(model, chat, recipe, machine, _ANSWER_TOKENS).replies(shown)
