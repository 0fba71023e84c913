"""What every stage starts from: base, chat format and rows as tokens, put together from recipe and data and checked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from core.files import Home
from core.prompt import AnswerPrompt, load_prompt
from core.rows import DatasetFolder
from core.types import Pair
from finetune.data.dataset import Row, Tokenised, tokenise, tokenise_preferences
from finetune.data.rows import Dataset, open_dataset
from finetune.data.template import ChatFormat, chat_format
from finetune.recipe import Recipe
from finetune.training.base import Base, check_base, find_base, generation_eos, load_tokenizer
from finetune.training.machine import Machine, this_machine

_DEFAULT_LENGTH = 2048
# Preferences whose lengths are looked at before a run.
_SAMPLED = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A recipe with everything it names found.

    Attributes:
        context_tokens: Longest input of the model as the recipe stretches it; 0 where it does not say.
        notes: What a person should know of the data, a sentence each.
    """

    recipe: Recipe
    base: Base
    machine: Machine
    chat: ChatFormat
    dataset: Dataset
    context_tokens: int
    notes: tuple[str, ...] = ()

    def tokenised(self) -> Tokenised:
        """Return the training rows as tokens.

        Raises:
            DataError: The template does not serve them.
        """
        return tokenise(self.dataset.pairs("train"), self.chat, self.recipe, self.context_tokens)

    @property
    def preference_limit(self) -> int:
        """Longest preference that is trained on, in tokens."""
        return self.recipe.max_length or self.context_tokens or _DEFAULT_LENGTH

    def longest(self, rows: Sequence[Row]) -> int:
        """Return the tokens of the longest row that a step may meet: of `rows`, and of the preferences if they come.

        Raises:
            DataError: The template does not serve a preference.
        """
        found = max((row.n_tokens for row in rows), default=1)
        if not self.recipe.dpo:
            return found
        head = islice(self.dataset.preferences("train"), _SAMPLED)
        preferences, _ = tokenise_preferences(head, self.chat, self.preference_limit)
        return max(found, *(row.n_tokens for row in preferences)) if preferences else found


def prepare(
    recipe: Recipe,
    data: Path,
    home: Home,
    *,
    machine: Machine | None = None,
    prompt: AnswerPrompt | None = None,
    run_prompt: AnswerPrompt | None = None,
) -> Prepared:
    """Find a recipe's base and data.

    Args:
        data: Dataset folder.
        machine: Where it will run; this one if not given.
        prompt: Shows passages where the dataset does not record its own prompt; the built-in prompt if None.
        run_prompt: The prompt of a run that has begun; it goes before the others.

    Raises:
        ConfigError: Base, licence or method do not fit, or there is no data there.
        DataError: Files cannot be read.
        MissingExtra: Weights or packages are absent.
    """
    dataset = open_dataset(data)
    base = find_base(recipe.base, home)
    check_base(base, recipe)
    asked = prompt or load_prompt()
    shown = run_prompt or dataset.answer_prompt or asked
    return Prepared(
        recipe=recipe,
        base=base,
        machine=machine or this_machine(),
        chat=chat_of(base, recipe, dataset.chat_template, shown),
        dataset=dataset,
        context_tokens=int(base.shape.context_tokens * recipe.rope_factor),
        notes=() if run_prompt else (*dataset.notes(), *_prompt_notes(dataset, asked)),
    )


def _prompt_notes(dataset: Dataset, asked: AnswerPrompt) -> Iterator[str]:
    """Say where the prompt of the dataset is not the one that `kb ask` uses now."""
    recorded = dataset.answer_prompt
    if recorded is None and DatasetFolder(dataset.path).manifest().mode:
        yield f"the dataset does not record its prompt; rows with passages are shown with {asked.source}"
    if recorded is not None and recorded.digest != asked.digest:
        yield (
            f"rows with passages are shown with the prompt that the dataset records ({recorded.digest[:12]}); kb ask "
            f"uses another one now ({asked.digest[:12]}, {asked.source})"
        )


def chat_of(base: Base, recipe: Recipe, dataset_template: str, answer_prompt: AnswerPrompt | None = None) -> ChatFormat:
    """Return how rows and questions are rendered for a base.

    Raises:
        DataError: The tokenizer lacks an end, or a token to pad with.
    """
    return chat_format(
        load_tokenizer(base),
        generation_eos=generation_eos(base),
        dataset_template=dataset_template,
        system=recipe.system,
        context_template=recipe.context_template,
        answer_prompt=answer_prompt,
    )


def chat_of_policy(base: Base, recipe: Recipe, folder: Path, answer_prompt: AnswerPrompt | None = None) -> ChatFormat:
    """Return the chat format that a trained model was saved with.

    Args:
        folder: An adapter with its tokenizer.
        answer_prompt: The run's, `finetune.runs.read_prompt`; the built-in prompt if None.

    Raises:
        DataError: The tokenizer cannot be read.
    """
    saved = load_tokenizer(replace(base, folder=folder))
    return chat_format(
        saved,
        generation_eos=generation_eos(base),
        dataset_template="",
        system=recipe.system,
        context_template=recipe.context_template,
        answer_prompt=answer_prompt,
    )


def held_out(pairs: Sequence[Pair], most: int) -> list[Pair]:
    """Return the rows that recall is measured on: questions without a context where there are any, evenly thinned.

    Args:
        pairs: Of the validation split.
        most: How many; 0 for none.
    """
    asked = [pair for pair in pairs if pair.question and not pair.turns]
    closed = [pair for pair in asked if not pair.context] or asked
    if len(closed) <= most:
        return closed
    return [closed[i * len(closed) // most] for i in range(most)]
