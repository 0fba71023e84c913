"""The folder of a training run: `recipe.toml`, `run.json`, `card.md`, `prompt.txt`, the adapter, exported files.

The folder appears whole, its files are replaced whole, and a run that is being trained cannot be removed.
"""

from __future__ import annotations

import json
import re
import shutil
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from pydantic import ValidationError

from core.errors import ConfigError, DataError
from core.files import Home, atomic_write
from core.prompt import PROMPT_FILE, RUN_CARD, AnswerPrompt, load_prompt
from core.types import RunCard
from core.weights.folders import delete_folder, make_folder
from finetune.card import render_card
from finetune.recipe import Recipe

_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
_CARD, _RECIPE, _TRAINER_STATE = RUN_CARD, "recipe.toml", "trainer_state.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRun:
    """A run's name and where its parts lie; a part may not be there yet."""

    name: str
    folder: Path

    @property
    def recipe(self) -> Path:
        """Every choice of the run, resolved."""
        return self.folder / _RECIPE

    @property
    def card(self) -> Path:
        """The card as JSON."""
        return self.folder / _CARD

    @property
    def card_text(self) -> Path:
        """The card for a person."""
        return self.folder / "card.md"

    @property
    def prompt(self) -> Path:
        """The prompt that showed passages in its rows; `rag.prompt_file` takes it."""
        return self.folder / PROMPT_FILE

    @property
    def start(self) -> Path:
        """What was trained on, where the run continues another one: a copy of that one's `adapter`."""
        return self.folder / "start"

    @property
    def adapter(self) -> Path:
        """What was trained, with the tokenizer and its chat template.

        A peft adapter; for methods that change the base's own weights, the whole model in transformers' layout.
        """
        return self.folder / "adapter"

    @property
    def merged(self) -> Path:
        """Adapter and base as ordinary weights, in transformers' layout."""
        return self.folder / "merged"

    @property
    def gguf(self) -> Path:
        """The merged model as one file."""
        return self.folder / "model.gguf"

    @property
    def curves(self) -> Path:
        """The curves as a picture."""
        return self.folder / "curves.png"

    @property
    def log(self) -> Path:
        """One JSON line per report of the trainer, both stages."""
        return self.folder / "log.jsonl"

    @property
    def policy_preferences(self) -> Path:
        """Preferences against the SFT policy's own answers, made between the stages."""
        return self.stage("dpo") / "policy.jsonl"

    def stage(self, name: str) -> Path:
        """Checkpoints of a stage (`checkpoint-N/`) and, when it is done, its result (`policy/`)."""
        return self.folder / name

    def checkpoints(self, stage: str) -> dict[int, Path]:
        """Return the whole checkpoints of a stage by their step, oldest first; the trainer's state is written last."""
        folders = (path.parent for path in self.stage(stage).glob(f"checkpoint-*/{_TRAINER_STATE}"))
        return dict(sorted((int(folder.name.partition("-")[2]), folder) for folder in folders))


def check_name(name: str) -> str:
    """Return a run's name if it can be one: also a folder's, and Ollama's after `kb-`.

    Raises:
        ConfigError: It cannot.
    """
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"invalid run name {name!r}: use lower-case letters, digits, '-', '_' and '.', at most 64",
            hint="kb finetune handbook-1 --data DIR",
            click="choose another name",
        )
    return name


def create_run(
    home: Home, card: RunCard, recipe: Recipe, prompt: AnswerPrompt | None = None, start: Path | None = None
) -> TrainingRun:
    """Make the folder of a new run, named by its card.

    Args:
        prompt: Shows passages in its rows; its digest goes into the card. The built-in prompt if None.
        start: Weights of the run that it continues, which are copied; the base's own if None.

    Raises:
        ConfigError: The name is taken or cannot be one.
    """
    run = TrainingRun(name=check_name(card.name), folder=home.runs / card.name)
    if run.folder.exists():
        raise ConfigError(
            f"run {run.name!r} already exists", hint=f"kb finetune --resume {run.name}", click="choose another name"
        )

    prompt = prompt or load_prompt()
    card = replace(card, prompt_digest=prompt.digest)

    def fill(work: Path) -> None:
        made = TrainingRun(name=run.name, folder=work)
        made.recipe.write_text(to_toml(recipe), encoding="utf-8")
        made.prompt.write_text(prompt.text, encoding="utf-8")
        if start is not None:
            shutil.copytree(start, made.start)
        _write_card(made, card, recipe)

    make_folder(run.folder, fill, ready=_CARD)
    return run


def open_run(home: Home, name: str) -> TrainingRun:
    """Return a run that is there.

    Raises:
        ConfigError: It is not; the message names those that are.
    """
    run = TrainingRun(name=name, folder=home.runs / name)
    if not _NAME.fullmatch(name) or not run.card.is_file():
        names = ", ".join(other.name for other in list_runs(home)) or "none"
        raise ConfigError(
            f"unknown run {name!r}; existing runs: {names}", hint="kb runs list", click="choose another run"
        )
    return run


def list_runs(home: Home) -> list[TrainingRun]:
    """Return every run, by name; a card that cannot be read is met when it is read."""
    folders = sorted(path.parent for path in home.runs.glob(f"*/{_CARD}"))
    return [TrainingRun(name=folder.name, folder=folder) for folder in folders if _NAME.fullmatch(folder.name)]


def read_card(run: TrainingRun) -> RunCard:
    """Read `run.json`.

    Raises:
        DataError: It is damaged.
    """
    try:
        values = json.loads(run.card.read_bytes())
        return RunCard(**{**values, "documents": tuple(values.get("documents", ()))})
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise DataError(f"cannot be read: {error}", path=run.card, hint=f"kb runs rm {run.name}") from error


def current_card(run: TrainingRun) -> RunCard:
    """Read `run.json` as it holds now: a stage that is marked as running while no process trains was interrupted.

    Raises:
        DataError: It is damaged.
    """
    card = read_card(run)
    running = [stage for stage, state in card.stages.items() if state == "running"]
    if not running or is_being_trained(run):
        return card
    return replace(card, stages={**card.stages, **dict.fromkeys(running, "interrupted")})


def run_records(home: Home, on_fault: Callable[[DataError], None]) -> Iterator[dict[str, Any]]:
    """Yield what `kb runs list` shows of each run, by name.

    Args:
        on_fault: Receives why a card cannot be read; one damaged card hides no other run.
    """
    for run in list_runs(home):
        try:
            card = current_card(run)
        except DataError as error:
            on_fault(error)
            continue
        shown = {name: getattr(card, name) for name in ("base", "method", "created_at")}
        failures = {stage: reason for stage, reason in card.failures.items() if reason}
        states = {"stages": dict(card.stages), "failures": failures, "scores": dict(card.scores)}
        yield {"run": run.name, **shown, **states, "folder": str(run.folder)}


def read_recipe(run: TrainingRun) -> Recipe:
    """Read `recipe.toml` as it was resolved when the run began.

    Raises:
        DataError: It is damaged.
    """
    try:
        return Recipe.model_validate(tomllib.loads(run.recipe.read_text(encoding="utf-8")))
    except (OSError, ValueError, ValidationError) as error:
        raise DataError(f"cannot be read: {error}", path=run.recipe, hint=f"kb runs rm {run.name}") from error


def write_recipe(run: TrainingRun, recipe: Recipe) -> None:
    """Replace `recipe.toml`, and `card.md`, which shows parts of it.

    Raises:
        DataError: The card is damaged.
    """
    with atomic_write(run.recipe) as handle:
        handle.write(to_toml(recipe).encode())
    update_card(run)


def read_prompt(run: TrainingRun) -> AnswerPrompt:
    """Read the prompt that shows passages in the run's rows; the built-in one where the run keeps none.

    Raises:
        ConfigError: The file is damaged.
    """
    return load_prompt(run.prompt if run.prompt.is_file() else None)


def update_card(run: TrainingRun, **changes: Any) -> RunCard:
    """Change fields of a card and write `run.json` and `card.md`; a mapping is laid over the one that is there.

    Raises:
        DataError: The card is damaged.
        TypeError: A field does not exist.
    """
    with FileLock(run.folder / ".card.lock"):
        card = read_card(run)
        merged: dict[str, Any] = {
            name: {**getattr(card, name), **value} if isinstance(value, Mapping) else value
            for name, value in changes.items()
        }
        card = replace(card, **merged)
        _write_card(run, card, read_recipe(run))
    return card


def remove_run(run: TrainingRun) -> None:
    """Delete a run with everything in it.

    Raises:
        ConfigError: It is being trained.
    """
    with training(run):
        delete_folder(run.folder)


@contextmanager
def training(run: TrainingRun, *, wait_s: float = 0.0) -> Iterator[None]:
    """Hold a run for training; the hold ends with the process, however that ends.

    Args:
        wait_s: How long another process may take to let go.

    Raises:
        ConfigError: Another process holds it.
    """
    # Beside the folder, so that it can be held while the folder goes.
    lock = FileLock(run.folder.parent / f".{run.name}.training.lock")
    try:
        lock.acquire(timeout=wait_s)
    except Timeout as error:
        raise ConfigError(
            f"run {run.name!r} is being trained", hint=f"kb runs show {run.name}", click="wait until it is done"
        ) from error
    try:
        yield
    finally:
        lock.release()


def is_being_trained(run: TrainingRun) -> bool:
    """Tell whether a process holds a run for training."""
    try:
        with training(run):
            return False
    except ConfigError:
        return True


def _write_card(run: TrainingRun, card: RunCard, recipe: Recipe) -> None:
    with atomic_write(run.card) as handle:
        handle.write(json.dumps(_plain(card), ensure_ascii=False, indent=1).encode())
    with atomic_write(run.card_text) as handle:
        handle.write(render_card(card, recipe).encode())


def _plain(card: RunCard) -> dict[str, Any]:
    # In the order of the fields, so that two cards can be compared line by line.
    values = asdict(card)
    return {field.name: values[field.name] for field in fields(card)}


def to_toml(recipe: Recipe) -> str:
    """Return a recipe as TOML, one field a line, that reads back to the same recipe."""
    lines = (f"{name} = {_literal(value)}" for name, value in recipe.model_dump().items() if value is not None)
    return "\n".join(lines) + "\n"


def _literal(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return f"[{', '.join(_literal(part) for part in value)}]"
    if isinstance(value, str):
        # JSON's escapes are TOML's too, but for DEL, which TOML wants escaped.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return repr(value)
