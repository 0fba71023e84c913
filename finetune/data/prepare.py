"""What every stage starts from: base, chat format and rows as tokens, put together from recipe and data and checked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from core.errors import ConfigError, MissingExtra
from core.files import Home
from core.prompt import AnswerPrompt, load_prompt, read_block
from core.rows import DatasetFolder
from core.types import Pair
from finetune.data.dataset import Tokenised, tokenise
from finetune.data.rows import TrainingRows, open_dataset
from finetune.data.template import ChatFormat, chat_format
from finetune.recipe import Recipe
from finetune.training.base import Base, check_base, find_base, generation_eos, load_tokenizer, with_kernel
from finetune.training.machine import Machine, this_machine
from finetune.training.quantised import find_merge_base

_DEFAULT_LENGTH = 2048
# For so many questions from memory one with passages is asked at an evaluation.
_READ_SHARE = 4
# Characters of a system message that a note shows.
_SHOWN = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A recipe with everything it names found.

    Attributes:
        recipe: With the system message that all rows share, where it names none itself.
        context_tokens: Longest input of the model as the recipe stretches it; 0 where it does not say.
        notes: What a person should know of the data, a sentence each.
    """

    recipe: Recipe
    base: Base
    machine: Machine
    chat: ChatFormat
    dataset: TrainingRows
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


def prepare(
    recipe: Recipe,
    data: Path,
    home: Home,
    *,
    machine: Machine | None = None,
    prompt: AnswerPrompt | None = None,
    run_prompt: AnswerPrompt | None = None,
    weights: bool = True,
) -> Prepared:
    """Find a recipe's base and data.

    Args:
        data: Dataset folder.
        machine: Where it will run; this one if not given.
        prompt: Shows passages where the dataset does not record its own prompt; the built-in prompt if None.
        run_prompt: The prompt of a run that has begun; it goes before the others.
        weights: Whether the base's weights must be there; an estimate and an audit do without.

    The recipe's objective becomes `text` where the rows are text alone.

    Raises:
        ConfigError: Base, licence or method do not fit, or there is no data there.
        DataError: Files cannot be read.
        MissingExtra: Weights or packages are absent.
    """
    dataset = open_dataset(data)
    recipe, objective_notes = _with_objective(recipe, dataset)
    base = find_base(recipe.base, home, weights=weights)
    recipe, kernel_note = with_kernel(recipe, base.shape)
    check_base(base, recipe)
    own = recipe.system
    recipe = recipe if own else recipe.model_copy(update={"system": dataset.shared_system()})
    fallback = prompt or load_prompt()
    shown = run_prompt or dataset.answer_prompt or fallback
    return Prepared(
        recipe=recipe,
        base=base,
        machine=machine or this_machine(),
        chat=chat_of(base, recipe, dataset.chat_template, shown),
        dataset=dataset,
        context_tokens=int(base.shape.context_tokens * recipe.rope_factor),
        notes=()
        if run_prompt
        else (
            *objective_notes,
            *([kernel_note] if kernel_note else []),
            *dataset.notes(),
            *_system_notes(dataset, own),
            *_prompt_notes(dataset, fallback),
            *_quantised_notes(base, recipe, home),
        ),
    )


def _with_objective(recipe: Recipe, dataset: TrainingRows) -> tuple[Recipe, tuple[str, ...]]:
    """Return the recipe for the rows that are there: text alone can only be trained as text."""
    if recipe.objective != "qa" or next(dataset.pairs("train"), None) is None:
        return recipe, ()
    if any(pair.question for pair in dataset.pairs("train")):
        return recipe, ()
    note = "the rows are text without questions: objective=text"
    return recipe.model_copy(update={"objective": "text"}), (note,)


def _quantised_notes(base: Base, recipe: Recipe, home: Home) -> Iterator[str]:
    """Say what a base that is stored quantised is merged into after training.

    Raises:
        ConfigError: The recipe names a model that is not what the base was made from.
    """
    if not base.shape.quantisation or not recipe.training_method.merges:
        return
    try:
        whole = find_merge_base(base, recipe.merge_base, home)
    except (ConfigError, MissingExtra) as error:
        if recipe.merge_base:
            raise
        yield f"{error.message}; before an export: {error.hint}"
        return
    yield f"{base.spec} is stored quantised ({base.shape.quantisation}); an export is merged into {whole.spec}"


def _system_notes(dataset: TrainingRows, own: str) -> Iterator[str]:
    """Say which system messages the rows have, and which one questions to the run get.

    Args:
        own: The recipe's.
    """
    systems = dataset.systems()
    count = sum(number for text, number in systems.items() if text)
    if not count:
        return
    if own:
        yield f"{count} rows have a system message of their own, which goes before the recipe's"
    elif len(systems) == 1:
        yield f"every row has the system message {_shortened(next(iter(systems)))!r}; questions to the run get it too"
    else:
        different = len(systems) - ("" in systems)
        yield (
            f"{count} of {systems.total()} rows have a system message, {different} different ones; questions to the run"
            " get none unless --set system=TEXT says so"
        )


def _shortened(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _prompt_notes(dataset: TrainingRows, current: AnswerPrompt) -> Iterator[str]:
    """Say where the prompt of the dataset is not the one that `kb ask` uses now."""
    recorded = dataset.answer_prompt
    if recorded is None and DatasetFolder(dataset.path).manifest().mode:
        yield f"the dataset does not record its prompt; rows with passages are shown with {current.source}"
    if recorded is not None and recorded.digest != current.digest:
        yield (
            f"rows with passages are shown with the prompt that the dataset records ({recorded.digest[:12]}); kb ask "
            f"uses another one now ({current.digest[:12]}, {current.source})"
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
        vocabulary=recipe.embedding_rows or base.shape.vocabulary,
    )


def chat_of_policy(
    base: Base, recipe: Recipe, folder: Path, answer_prompt: AnswerPrompt | None = None, *, template: str = ""
) -> ChatFormat:
    """Return the chat format that a trained model was saved with.

    Args:
        folder: An adapter with its tokenizer.
        answer_prompt: The run's, `finetune.runs.read_prompt`; the built-in prompt if None.
        template: Used where the tokenizer was saved without one.

    Raises:
        DataError: The tokenizer cannot be read.
    """
    saved = load_tokenizer(replace(base, folder=folder))
    return chat_format(
        saved,
        generation_eos=generation_eos(base),
        dataset_template=template,
        system=recipe.system,
        context_template=recipe.context_template,
        answer_prompt=answer_prompt,
        vocabulary=recipe.embedding_rows or base.shape.vocabulary,
    )


def held_out_scored(pairs: Sequence[Pair], recipe: Recipe) -> list[Pair]:
    """Return the rows whose loss is measured: all where it decides, else as many as questions, evenly thinned.

    Args:
        pairs: Of the validation split.
    """
    most = recipe.eval_rows if recipe.objective != "text" else 0
    count = min(len(pairs), most or len(pairs))
    return [pairs[i * len(pairs) // count] for i in range(count)]


def held_out_reading(pairs: Sequence[Pair], most: int) -> list[Pair]:
    """Return the rows that reading is measured on: questions with passages beside them, evenly thinned.

    Args:
        pairs: Of the validation split.
        most: Questions that recall is measured on; a fourth as many are read, since their prompts are long.
    """
    shown = [pair for pair in pairs if pair.question and not pair.turns and read_block(pair.context)]
    count = min(len(shown), -(-most // _READ_SHARE))
    return [shown[i * len(shown) // count] for i in range(count)]


def held_out(pairs: Sequence[Pair], most: int) -> list[Pair]:
    """Return the rows that recall is measured on: questions without a context where there are any, evenly thinned.

    Args:
        pairs: Of the validation split.
        most: How many; 0 for none.
    """
    question_pairs = [pair for pair in pairs if pair.question and not pair.turns]
    closed = [pair for pair in question_pairs if not pair.context] or question_pairs
    if len(closed) <= most:
        return closed
    return [closed[i * len(closed) // most] for i in range(most)]
