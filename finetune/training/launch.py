"""Starts the stages of a run as processes of their own and passes on their events.

One process is started directly; several on GPUs by `accelerate launch`, several on CPUs by `torchrun`. Where several
nodes train one run, each starts its own processes of a stage; node 0 alone reads events and writes the run's card.
"""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from core.errors import DataError, KbError, error_from_json
from core.files import Home
from core.learned import taught_by
from core.machine.disk import full_disk_reported
from core.machine.system import usable_cores
from core.prompt import AnswerPrompt
from core.rows import DatasetFolder
from core.shell import quoted
from core.types import RunCard
from core.version import project_version
from finetune.data.rows import TrainingRows
from finetune.recipe import Recipe
from finetune.runs import TrainingRun, create_run, update_card
from finetune.training.base import Base
from finetune.training.machine import Machine
from finetune.training.nodes import Nodes

STAGES = ("sft", "dpo")
# Every event of a training process: what happened and its fields.
OnEvent = Callable[[Mapping[str, Any]], None]
_VERSIONS = ("torch", "transformers", "peft", "accelerate", "datasets", "bitsandbytes")
# What of a failed process's own words is shown where no line says what failed.
_TAIL_LINES = 12
# The last line of a traceback; that of a launcher says only that a process of its own failed.
_FAULT = re.compile(r"[A-Za-z_][\w.]*(Error|Exception|Interrupt|Exit)\b")
_LAUNCHER_FAULT = re.compile(r"(subprocess\.CalledProcessError|[\w.]*ChildFailedError)\b")
_KILLED = re.compile(r"(?:died with <Signals\.|Signal \d+ \()(SIG[A-Z]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """How a stage is started.

    Attributes:
        processes: That train together on this machine; each has a share of every step.
        nodes: Machines that train together, each with as many processes.
        log_dir: Where TensorBoard's files go; empty: beside the checkpoints.
        report_to: Trackers, as transformers names them.
    """

    processes: int = 1
    nodes: Nodes = field(default_factory=Nodes)
    log_dir: str = ""
    report_to: tuple[str, ...] = ()


def begin_run(
    home: Home,
    name: str,
    recipe: Recipe,
    base: Base,
    dataset: TrainingRows,
    data: str,
    prompt: AnswerPrompt | None = None,
    start: Path | None = None,
) -> TrainingRun:
    """Make the folder of a run that is about to be trained.

    Args:
        recipe: Resolved: nothing in it depends on the machine or the working folder any more.
        data: Where the rows lie; kept as an absolute path.
        prompt: Shows passages in the rows; the dataset's own, else the built-in prompt, if None.
        start: Weights of the run that it continues; the base's own if None.

    Raises:
        ConfigError: The name is taken or cannot be one.
    """
    taught = taught_by(DatasetFolder(dataset.path))
    card = RunCard(
        name=name,
        base=recipe.base,
        method=recipe.method,
        data_sha256=dataset.sha256(),
        seed=recipe.seed,
        versions=dict(installed_versions()),
        data=str(Path(data).absolute()),
        collection=taught.collection,
        documents=taught.documents,
        recipe=recipe.name,
        licence=base.licence,
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    return create_run(home, card, recipe, prompt or dataset.answer_prompt, start)


def installed_versions() -> Iterator[tuple[str, str]]:
    """Yield the packages that training rests on, with their versions."""
    yield "kb", project_version()
    for package in _VERSIONS:
        try:
            yield package, version(package)
        except PackageNotFoundError:
            continue


def device_count(machine: Machine) -> int:
    """Return how many processes a machine's devices are for: one per GPU, one for a CPU."""
    return 1 if machine.device == "cpu" else machine.devices


def train_stage(home: Home, run: TrainingRun, stage: str, machine: Machine, launch: Launch, on_event: OnEvent) -> None:
    """Run one stage in processes of its own, from its newest checkpoint; a failure is recorded in the run's card.

    Args:
        stage: One of `STAGES`, or `retain`, which comes before them and trains nothing.
        machine: Decides between CPU and GPUs.
        on_event: Called with every event.

    Raises:
        KbError: The stage failed; of the kind that the process reported, or with the end of its log.
    """
    try:
        with full_disk_reported(run.folder):  # by this process, which keeps what the other one writes
            _train_stage(home, run, stage, machine, launch, on_event)
    except Exception as error:
        with suppress(DataError, OSError):  # the first error is the one to report
            update_card(run, stages={stage: "failed"}, failures={stage: str(error) or type(error).__name__})
        raise


def join_stage(home: Home, run: TrainingRun, stage: str, machine: Machine, launch: Launch) -> None:
    """Train this node's share of a stage that node 0 leads; the run's card is left to node 0.

    Raises:
        KbError: It failed.
    """
    _train_stage(home, run, stage, machine, launch, lambda _: None)


def _train_stage(home: Home, run: TrainingRun, stage: str, machine: Machine, launch: Launch, on_event: OnEvent) -> None:
    own = run.folder / (f"{stage}.node{launch.nodes.rank}.out" if launch.nodes.rank else f"{stage}.out")
    written = own.stat().st_size if own.is_file() else 0
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
        with own.open("rb") as log:
            log.seek(written)  # what an earlier start wrote is no reason of this one
            text = log.read().decode("utf-8", errors="replace")
        raise failure_of(text, stage, code, own)


def launcher(machine: Machine, launch: Launch) -> list[str]:
    """Return the command that starts processes, up to the module."""
    nodes = launch.nodes
    if launch.processes == nodes.count == 1:  # a launcher would load torch only to start it
        return [sys.executable]
    rank, count = str(nodes.rank), str(nodes.count)
    if machine.device == "cpu":  # accelerate leaves these to MPI
        torchrun = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", str(launch.processes)]
        if nodes.count == 1:
            return [*torchrun, "--standalone"]
        meeting = ("--master-addr", nodes.host, "--master-port", str(nodes.meeting_port))
        return [*torchrun, "--nnodes", count, "--node-rank", rank, *meeting]
    several: tuple[str, ...] = ()
    if nodes.count > 1:
        several = ("--machine_rank", rank, "--main_process_ip", nodes.host)
        several += ("--main_process_port", str(nodes.meeting_port))
    return [
        *(sys.executable, "-m", "accelerate.commands.launch", "--num_processes", str(launch.processes * nodes.count)),
        *("--num_machines", count, "--mixed_precision", "no", "--dynamo_backend", "no"),
        *several,
        *("--use_fsdp", "--fsdp_version", "2", "--fsdp_auto_wrap_policy", "TRANSFORMER_BASED_WRAP"),
        *("--fsdp_state_dict_type", "FULL_STATE_DICT"),
    ]


def _environment(run: TrainingRun, stage: str, machine: Machine, launch: Launch) -> dict[str, str]:
    cores = len(usable_cores())
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


def failure_of(log: str, stage: str, code: int, path: Path) -> KbError:
    """Return why a stage failed that reported no error by itself.

    Args:
        log: What its processes and their launcher wrote beside events.
        code: The launcher's exit code.
        path: Where that lies.
    """
    lines = log.strip().splitlines()
    for event in _events(reversed(lines), io.StringIO()):  # of a process beside the first
        if event["event"] == "error":
            return error_from_json(event)
    hint = f"cat {quoted(path)}"
    killed = next((match[1] for line in lines if (match := _KILLED.search(line))), "SIGKILL" if code == -9 else "")
    if killed:
        return KbError(f"stage {stage} was ended by {killed}; memory may have run out", hint=hint)
    faults = [line for line in lines if _FAULT.match(line) and not _LAUNCHER_FAULT.match(line)]
    words = faults[-1] if faults else "\n".join(lines[-_TAIL_LINES:]) or "(no output)"
    return KbError(f"stage {stage} ended with code {code}: {words}", hint=hint)
