"""A run's card as Markdown: what was trained, on what, from what, its scores, and where it can be served."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from core.types import RunCard
from finetune.recipe import Recipe

# Fields of a recipe that say how it was trained; the rest stands in recipe.toml.
_HYPERPARAMETERS = ("learning_rate", "scheduler", "epochs", "max_steps", "batch_size", "max_length", "seed")
_DPO = ("dpo_loss", "beta", "dpo_learning_rate", "dpo_epochs")


def render_card(card: RunCard, recipe: Recipe) -> str:
    """Return the card; it ends with a newline."""
    return "\n".join([*_head(card, recipe), *_training(card, recipe), *_figures(card), *_limits(card, recipe)]) + "\n"


def _head(card: RunCard, recipe: Recipe) -> Iterator[str]:
    yield f"# {card.name}"
    yield ""
    yield f"{card.base}, tuned by {recipe.training_method.title}; it can be served {recipe.training_method.served}."
    yield ""
    yield f"- base: `{card.base}`, licence {card.licence or 'not stated'}"
    yield f"- data: `{card.data}`, SHA-256 `{card.data_sha256}`"
    yield from (f"  - {name}: {count:,}" for name, count in card.rows.items())
    yield f"- prompt of rows with passages: `prompt.txt`, digest `{card.prompt_digest or 'not recorded'}`"
    yield f"- made: {card.created_at}, recipe `{card.recipe}`, seed {card.seed}"
    if card.parameters:
        percent = 100 * card.trainable / card.parameters
        yield f"- trained: {card.trainable:,} of {card.parameters:,} parameters ({percent:.3f}%)"


def _training(card: RunCard, recipe: Recipe) -> Iterator[str]:
    yield from ("", "## Training", "", "| stage | state | seconds |", "|---|---|---|")
    for stage, state in card.stages.items():
        yield f"| {stage} | {state} | {card.times_s.get(stage, 0):.0f} |"
    failures = {stage: reason for stage, reason in card.failures.items() if reason}
    if failures:
        yield ""
        yield from (f"- {stage} failed: {reason}" for stage, reason in failures.items())
    yield ""
    retain = ("retain",) if recipe.retain != "none" else ()
    names = _HYPERPARAMETERS + retain + (_DPO if "dpo" in card.stages else ())
    lora = f"rank {recipe.rank}, alpha {recipe.lora_alpha:g}, " if recipe.training_method.lora else ""
    yield lora + ", ".join(f"{name.replace('_', ' ')} {_shown(getattr(recipe, name))}" for name in names)
    if card.curves:
        yield from ("", "![curves](curves.png)")


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return "+".join(str(part) for part in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _figures(card: RunCard) -> Iterator[str]:
    yield from _table("Scores", "measure", card.scores)
    if card.parity:
        yield from ("", "## Parity of the export", "")
        yield from (f"- {name}: {value}" for name, value in card.parity.items())
    yield from ("", "## Versions", "", ", ".join(f"{name} {version}" for name, version in card.versions.items()))


def _table(title: str, column: str, values: Mapping[str, float]) -> Iterator[str]:
    if values:
        yield from ("", f"## {title}", "", f"| {column} | figure |", "|---|---|")
        yield from (f"| {name} | {value:.4g} |" for name, value in values.items())


def _limits(card: RunCard, recipe: Recipe) -> Iterator[str]:
    yield from ("", "## Limits", "")
    yield (
        "It repeats what its rows taught, true or not, and may answer what they did not teach. "
        "Ask it with the chat template in `adapter/`, as it was trained."
    )
    if card.licence and recipe.accept_licence:
        yield f"The base's licence ({card.licence}) has conditions that hold for this model too."
