"""What a training run is asked for, and the recipe that follows from it."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from core.errors import ConfigError, MissingExtra
from core.install import package_command
from finetune.recipe import Recipe, load_recipe
from finetune.training.machine import Machine

# Stages that a run can leave out.
SKIPPABLE = ("synth", "dpo", "export")
TRACKERS = ("tensorboard", "mlflow", "wandb")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRequest:
    """One run.

    Attributes:
        name: Of the run; chosen from the data where empty.
        data: Dataset folder, JSONL file or `hf:ID`.
        from_docs: Make the rows from the collection's documents first.
        recipe: A recipe's name or a TOML file; chosen for the machine where empty.
        choices: Fields of the recipe with their values; None leaves a field as it is.
        pairs: `key=value` texts for other fields of the recipe.
        skip: Stages to leave out, of `SKIPPABLE`.
        processes: Training processes; 0 for one per GPU, one on a CPU.
        log_dir: Where TensorBoard's files go; empty: beside the checkpoints.
        report_to: Trackers, of `TRACKERS`.

    Raises:
        ConfigError: An unknown stage or tracker.
        MissingExtra: A tracker's package is not installed.
    """

    name: str = ""
    data: str = ""
    from_docs: bool = False
    recipe: str = ""
    choices: Mapping[str, Any] = field(default_factory=dict)
    pairs: tuple[str, ...] = ()
    skip: frozenset[str] = frozenset()
    processes: int = 0
    log_dir: str = ""
    report_to: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        unknown = sorted(set(self.skip) - set(SKIPPABLE))
        if unknown:
            raise ConfigError(
                f"--skip {unknown[0]}: use one of {', '.join(SKIPPABLE)}", hint="kb finetune --from-docs --skip dpo"
            )
        for tracker in self.report_to:
            if tracker not in TRACKERS:
                raise ConfigError(f"--report-to {tracker}: use one of {', '.join(TRACKERS)}", hint="kb finetune --help")
            if importlib.util.find_spec(tracker) is None:
                raise MissingExtra(f"--report-to {tracker} requires its package", hint=package_command(tracker))

    def to_json(self) -> dict[str, Any]:
        """Return the request as JSON values, for a process of its own."""
        return {**asdict(self), "skip": sorted(self.skip)}

    @staticmethod
    def from_json(values: Mapping[str, Any]) -> TrainingRequest:
        """Read what `to_json` wrote.

        Raises:
            TypeError: An entry is unknown.
        """
        sequences = {name: tuple(values.get(name, ())) for name in ("pairs", "report_to")}
        return TrainingRequest(**{**values, **sequences, "skip": frozenset(values.get("skip", ()))})


def recipe_of(request: TrainingRequest, machine: Machine, on_note: Callable[[str], None] = lambda _: None) -> Recipe:
    """Return the recipe that a request describes; a note says where an adapter that cannot be merged is served.

    Raises:
        ConfigError: Unknown fields, impossible values, choices that exclude each other.
    """
    recipe = load_recipe(request.recipe, machine, flags=request.choices, pairs=request.pairs)
    if not recipe.training_method.merges:
        on_note(f"{recipe.method}: can be served {recipe.training_method.served}")
    return recipe


def most_rows(recipe: Recipe) -> int:
    """Return how many rows of a split a run can reach; 0 for all of them."""
    return recipe.max_steps * recipe.batch_size if recipe.streaming else 0
