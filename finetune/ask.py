"""Base and tuned model side by side: the whole prompt as both receive it, and the answer of each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.errors import ConfigError
from core.files import Home
from core.types import Pair
from finetune.data.prepare import chat_of_policy
from finetune.runs import TrainingRun, open_run, read_prompt, read_recipe
from finetune.training.base import find_base, load_model
from finetune.training.launch import STAGES
from finetune.training.machine import Machine
from finetune.training.policy import asker, load_policy


@dataclass(frozen=True, slots=True, kw_only=True)
class SideBySide:
    """One question, two answers.

    Attributes:
        prompt: The formatted prompt, control tokens and all.
        base: What the base model answers to it.
        tuned: What the run's model does.
        policy: Folder of the weights that were asked.
    """

    prompt: str
    base: str
    tuned: str
    policy: Path


def ask_both(home: Home, spec: str, question: str, machine: Machine, *, context: str, max_tokens: int) -> SideBySide:
    """Ask base and tuned model the same, greedy.

    Args:
        spec: `RUN`, `RUN@STEP` for a checkpoint of the SFT stage, or `RUN@sft`, `RUN@dpo`, `RUN@dpo-STEP`.
        context: Stands in the prompt as in training rows; empty for none.

    Raises:
        ConfigError: There is no such run or step; the message names those that are there.
        DataError: The weights cannot be loaded.
    """
    name, _, step = spec.partition("@")
    run = open_run(home, name)
    folder = weights_of(run, step)
    recipe = read_recipe(run)
    base = find_base(recipe.base, home)
    # A checkpoint has no tokenizer of its own; the run's has the chat template of the training rows.
    chat = chat_of_policy(base, recipe, _tokenizer_of(run), read_prompt(run))
    row = Pair(
        id="", kind="", question=question, answer="", context=context, evidence=(), fact="", group="", split="test"
    )
    messages = chat.prompt(row)
    answers = []
    for model in (load_model(base, recipe, machine), load_policy(base, recipe, machine, folder)):
        answers += asker(model, chat, recipe, machine, max_tokens).answers([messages])
        del model
    return SideBySide(prompt=chat.render(messages, generation=True), base=answers[0], tuned=answers[1], policy=folder)


def weights_of(run: TrainingRun, step: str) -> Path:
    """Return the folder of a run's weights at a step; the result where no step is named.

    Raises:
        ConfigError: It is not there.
    """
    there = _steps(run)
    if not step and run.adapter.is_dir():
        return run.adapter
    if not step and there:
        return there[list(there)[-1]]
    if step in there:
        return there[step]
    raise ConfigError(
        f"run {run.name!r} has no weights at {step or 'its end'!r}; available: {', '.join(there) or 'none'}",
        hint=f"kb runs show {run.name}",
    )


def _steps(run: TrainingRun) -> dict[str, Path]:
    """Return every checkpoint and result by the name that `RUN@` takes, oldest first."""
    folders: dict[str, Path] = {}
    for stage in STAGES:
        folders |= {
            str(step) if stage == STAGES[0] else f"{stage}-{step}": path
            for step, path in run.checkpoints(stage).items()
        }
        if (run.stage(stage) / "policy").is_dir():
            folders[stage] = run.stage(stage) / "policy"
    return folders


def steps(run: TrainingRun) -> list[str]:
    """Return what may stand behind `RUN@`, oldest first."""
    return list(_steps(run))


def _tokenizer_of(run: TrainingRun) -> Path:
    for folder in (run.adapter, *(run.stage(stage) / "policy" for stage in STAGES), run.stage("sft") / "best"):
        if (folder / "tokenizer_config.json").is_file():
            return folder
    return next(iter(_steps(run).values()))  # the trainer writes it beside a checkpoint
