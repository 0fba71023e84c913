"""Starts the stages of a run as processes of their own and passes on their events.

The command is `accelerate launch` for a CPU, a GPU or several GPUs, and `torchrun` for several processes on CPUs.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from core.errors import DataError, KbError, error_from_json
from core.files import Home
from core.prompt import AnswerPrompt
from core.types import RunCard
from finetune.data.rows import Dataset
from finetune.recipe import Recipe
from finetune.runs import TrainingRun, create_run, update_card
from finetune.training.base import Base
from finetune.training.machine import Machine

STAGES = ("sft", "dpo")
# Every event of a training process: what happened and its fields.
OnEvent = Callable[[Mapping[str, Any]], None]
_VERSIONS = ("kb", "torch", "transformers", "peft", "accelerate", "datasets", "bitsandbytes")
# What of a failed process's own words is shown.
_TAIL_LINES = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """How a stage is started.

    Attributes:
        processes: That train together; each has a share of every step.
        log_dir: Where TensorBoard's files go; empty: beside the checkpoints.
        report_to: Trackers, as transformers names them.
    """

    processes: int = 1
    log_dir: str = ""
    report_to: tuple[str, ...] = ()


def begin_run(
    home: Home, name: str, recipe: Recipe, base: Base, dataset: Dataset, data: str, prompt: AnswerPrompt | None = None
) -> TrainingRun:
    """Make the folder of a run that is about to be trained.

    Args:
        recipe: Resolved: nothing in it depends on the machine any more.
        data: Where the rows lie.
        prompt: Shows passages in the rows; the dataset's own, else the built-in prompt, if None.

    Raises:
        ConfigError: The name is taken or cannot be one.
    """
    card = RunCard(
        name=name,
        base=recipe.base,
        method=recipe.method,
        data_sha256=dataset.sha256(),
        seed=recipe.seed,
        versions=dict(_versions()),
        data=data,
        recipe=recipe.name,
        licence=base.licence,
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    return create_run(home, card, recipe, prompt or dataset.answer_prompt)


def _versions() -> Iterator[tuple[str, str]]:
    for package in _VERSIONS:
        try:
            yield package, version(package)
        except PackageNotFoundError:
            continue


def device_count(machine: Machine) -> int:
    """Return how many processes a machine's devices are for: one per GPU, one for a CPU."""
    if machine.device == "cpu":
        return 1
    import torch

    return int(torch.cuda.device_count())


def train_stage(home: Home, run: TrainingRun, stage: str, machine: Machine, launch: Launch, on_event: OnEvent) -> None:
    """Run one stage in processes of its own, from its newest checkpoint; a failure is recorded in the run's card.

    Args:
        stage: One of `STAGES`.
        machine: Decides between CPU and GPUs.
        on_event: Called with every event.

    Raises:
        KbError: The stage failed; of the kind that the process reported, or with the end of its log.
    """
    try:
        _train_stage(home, run, stage, machine, launch, on_event)
    except KbError as error:
        with suppress(DataError, OSError):  # the first error is the one to report
            update_card(run, stages={stage: "failed"}, failures={stage: str(error)})
        raise


def _train_stage(home: Home, run: TrainingRun, stage: str, machine: Machine, launch: Launch, on_event: OnEvent) -> None:
    own = run.folder / f"{stage}.out"
    command = [*launcher(machine, launch), "-m", "finetune.training.worker", str(home.root), run.name, stage]
    command.append(",".join(launch.report_to))
    failed: Mapping[str, Any] = {}
    with (
        own.open("ab") as words,
        subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=words,
            env=_environment(run, stage, machine, launch),
        ) as process,
    ):
        try:
            for event in _events(process.stdout or (), words):
                failed = event if event["event"] == "error" else failed
                on_event(event)
        finally:
            # The end of its standard input ends the process, also where this one is interrupted.
            if process.stdin:
                process.stdin.close()
            code = process.wait()
    if failed:
        raise error_from_json(failed)
    if code:
        raise KbError(f"stage {stage} ended with code {code}: {_last_words(own)}", hint=f"cat '{own}'")


def launcher(machine: Machine, launch: Launch) -> list[str]:
    """Return the command that starts processes, up to the module."""
    if machine.device == "cpu" and launch.processes > 1:  # accelerate leaves these to MPI
        return [
            sys.executable,
            "-m",
            "torch.distributed.run",
            "--standalone",
            "--nproc-per-node",
            str(launch.processes),
        ]
    command = [sys.executable, "-m", "accelerate.commands.launch", "--num_processes", str(launch.processes)]
    command += ["--num_machines", "1", "--mixed_precision", "no", "--dynamo_backend", "no"]
    if machine.device == "cpu":
        return [*command, "--cpu"]
    if launch.processes == 1:
        return command
    return [
        *command,
        "--use_fsdp",
        "--fsdp_version",
        "2",
        "--fsdp_auto_wrap_policy",
        "TRANSFORMER_BASED_WRAP",
        "--fsdp_state_dict_type",
        "FULL_STATE_DICT",
    ]


def _environment(run: TrainingRun, stage: str, machine: Machine, launch: Launch) -> dict[str, str]:
    cores = len(os.sched_getaffinity(0))
    own = {
        # A launcher sets one thread per process, which is for machines with many.
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", str(max(1, cores // launch.processes))),
        "TOKENIZERS_PARALLELISM": "true",
        "PYTHONUNBUFFERED": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    }
    if machine.device == "cpu":
        own["ACCELERATE_USE_CPU"] = "true"
    if launch.log_dir:
        own["TENSORBOARD_LOGGING_DIR"] = str(Path(launch.log_dir).expanduser().absolute() / run.name / stage)
    return {**os.environ, **own}


def _events(lines: Any, words: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the events among what a process writes; anything else joins its other words."""
    for line in lines:
        try:
            event = json.loads(line)
        except ValueError:
            event = None
        if isinstance(event, dict) and "event" in event:
            yield event
        else:
            words.write(line)


def _last_words(path: Path) -> str:
    lines = path.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return "\n".join(lines[-_TAIL_LINES:]) or "(no output)"
