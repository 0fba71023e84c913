"""What a training run is asked for, and the recipe that follows from it."""

from __future__ import annotations

import importlib.util
import os
import shlex
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from core.errors import ConfigError, KbError, MissingExtra
from core.files import Home
from core.machine.install import package_command
from finetune.load_recipe import load_recipe
from finetune.recipe import Recipe
from finetune.training.base import lasting_spec
from finetune.training.machine import Machine, named_gpu, this_machine
from finetune.training.nodes import Nodes
from kb.data.training_data import check_trainable, training_folder

# Stages that a run can leave out.
SKIPPABLE = ("synth", "dpo", "export")
# How errors name the data of a run that they do not know.
_ANY_DATA = "--data DIR"
TRACKERS = ("tensorboard", "mlflow", "wandb")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRequest:
    """One run.

    Attributes:
        name: Of the run; chosen from the data where empty.
        data: Dataset folder, JSONL file or `hf:ID`.
        answer_column: The column of `data` that holds the right answer, where it is a file.
        from_docs: Make the rows from the collection's documents first.
        recipe: A recipe's name or a TOML file; chosen for the machine where empty.
        choices: Fields of the recipe with their values; None leaves a field as it is.
        pairs: `key=value` texts for other fields of the recipe.
        skip: Stages to leave out, of `SKIPPABLE`.
        processes: Training processes on each machine; 0 for one per GPU, one on a CPU.
        nodes: Machines that train the run together.
        rendezvous: `HOST:PORT` of node 0, where there are several.
        node_rank: Which of them this one is; below 0 for what Slurm says, else 0.
        log_dir: Where TensorBoard's files go; empty: beside the checkpoints.
        report_to: Trackers, of `TRACKERS`.

    Raises:
        ConfigError: An unknown stage or tracker.
        MissingExtra: A tracker's package is not installed.
    """

    name: str = ""
    data: str = ""
    answer_column: str = ""
    from_docs: bool = False
    recipe: str = ""
    choices: Mapping[str, Any] = field(default_factory=dict)
    pairs: tuple[str, ...] = ()
    skip: frozenset[str] = frozenset()
    processes: int = 0
    nodes: int = 1
    rendezvous: str = ""
    node_rank: int = -1
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

    def training_nodes(self) -> Nodes:
        """Return the machines that train together, and which of them this one is.

        Raises:
            ConfigError: There is no such node, or no address of node 0.
        """
        rank = self.node_rank
        if rank < 0:
            rank = int(os.environ.get("SLURM_NODEID", "0")) if self.nodes > 1 else 0
        return Nodes(count=self.nodes, rendezvous=self.rendezvous, rank=rank)

    def command(self, name: str, recipe: str, data: str, over: Mapping[str, Any]) -> str:
        """Return the command that trains what was asked for under a name.

        Args:
            name: Of the run; chosen from the data where empty.
            recipe: In place of the request's own; none where empty.
            data: Where the rows are.
            over: Fields of the recipe that are chosen otherwise.
        """
        chosen = {key: value for key, value in self.choices.items() if value is not None}
        chosen |= {key.strip(): value.strip() for key, _, value in (pair.partition("=") for pair in self.pairs)}
        chosen |= over
        words = ["kb", "finetune", *([name] if name else []), *(["--recipe", recipe] if recipe else []), "--data", data]
        words += ["--answer-column", self.answer_column] if self.answer_column and data == self.data else []
        for key, value in chosen.items():
            spelled = f"{value:.4g}" if isinstance(value, float) else str(value)
            words += ["--set", f"{key}={spelled.lower() if isinstance(value, bool) else spelled}"]
        return shlex.join(words)

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

    Bases given by relative paths are resolved here, so that the run works from any folder.

    Raises:
        ConfigError: Unknown fields, impossible values, choices that exclude each other.
    """
    recipe = load_recipe(request.recipe, machine, flags=request.choices, pairs=request.pairs)
    bases = {"base": lasting_spec(recipe.base), "merge_base": lasting_spec(recipe.merge_base)}
    recipe = recipe.model_copy(update=bases)
    if not recipe.training_method.merges:
        on_note(f"{recipe.method}: can be served {recipe.training_method.served}")
    return recipe


def machine_of(request: TrainingRequest, gpu: str = "") -> Machine:
    """Return the machine that a request trains on: this one, with as many of its GPUs as there are processes.

    Args:
        gpu: In place of this machine; see `finetune.training.machine.named_gpu`.

    Raises:
        ConfigError: No such GPU.
    """
    machine = named_gpu(gpu) if gpu else this_machine()
    if request.processes and machine.device == "cuda" and machine.nodes == 1:
        return replace(machine, devices=request.processes)
    return machine


def requested_rows(
    request: TrainingRequest, recipe: Recipe, home: Home, on_note: Callable[[str], None] | None = None
) -> Path:
    """Return the dataset folder of the data that a request names.

    Errors are those of `training_folder` and `check_trainable`.
    """
    rows, column = most_rows(recipe), request.answer_column
    folder = training_folder(request.data, home, most_rows=rows, answer_column=column, on_note=on_note)
    check_trainable(folder, request.data)
    return folder


@contextmanager
def hints_for(request: TrainingRequest) -> Iterator[None]:
    """Name the base and the data of a request in the commands of errors that are raised inside."""
    try:
        yield
    except KbError as error:
        base = request.choices.get("base")
        named = f" --base {shlex.quote(str(base))}" if base and "--base " not in error.hint else ""
        if request.data and error.hint.startswith("kb finetune ") and f"{_ANY_DATA} " in f"{error.hint} ":
            error.hint = error.hint.replace(_ANY_DATA, f"--data {shlex.quote(request.data)}{named}", 1)
        raise


def most_rows(recipe: Recipe) -> int:
    """Return how many rows of a split a run can reach; 0 for all of them."""
    return recipe.max_steps * recipe.batch_size if recipe.streaming else 0
