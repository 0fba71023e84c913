"""kill -9 in either stage, then the same weights to the last bit; and the launcher, one process and two."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from core.errors import ConfigError, DataError
from tests.support.tiny_models import CPU, begun

pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(not importlib.util.find_spec("peft"), reason="needs kb[train]"),
]
if importlib.util.find_spec("peft"):
    from finetune.runs import read_card
    from finetune.training.dpo import run_dpo
    from finetune.training.launch import Launch, launcher, train_stage
    from finetune.training.policy import publish
    from finetune.training.sft import run_sft
    from finetune.training.stage import Stage

STEPS = {"packing": "bfd", "max_steps": 8, "save_steps": 3, "eval_steps": 4, "eval_rows": 2, "dpo_epochs": 6.0}


def policy(run: Any, stage: str) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (run.stage(stage) / "policy").glob("*.safetensors")}


def killed_after(home: Any, run: Any, stage: str, step: int) -> None:
    """Train in a process of its own and kill it, hard, once it has reported a step."""
    command = [sys.executable, "-m", "finetune.training.worker", str(home.root), run.name, stage, ""]
    own = {**os.environ, "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=own) as process:
        for line in process.stdout or ():
            told = json.loads(line)
            assert told["event"] != "error", told
            if told["event"] == "progress" and told["step"] >= step:
                break
        process.kill()
        assert process.wait() == -9


@pytest.fixture
def one_thread() -> Any:
    """Sums are added in the same order as in a process with one thread."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_a_killed_run_ends_in_the_same_weights(tmp_path: Path, one_thread: None) -> None:
    _, whole, prepared = begun(tmp_path, name="whole", **STEPS)
    run_sft(Stage(run=whole, name="sft", prepared=prepared))
    run_dpo(Stage(run=whole, name="dpo", prepared=prepared))

    home, broken, prepared = begun(tmp_path, name="broken", **STEPS)
    for stage, goes_on in (("sft", run_sft), ("dpo", run_dpo)):
        killed_after(home, broken, stage, 5)
        assert not policy(broken, stage)
        resumed = Stage(run=broken, name=stage, prepared=prepared)
        checkpoint = resumed.checkpoint()
        assert checkpoint is not None and checkpoint.name == "checkpoint-3"
        goes_on(resumed)
        assert policy(broken, stage) == policy(whole, stage) != {}
    publish(broken, "dpo")
    same = ("loss", "eval_loss", "eval_recall", "rewards/margins")
    for stage in ("sft", "dpo"):
        one, two = (
            [[entry.get(name) for name in same] for entry in read_card(run).curves[stage]] for run in (whole, broken)
        )
        assert one == two


def test_the_launcher_trains_and_passes_on_what_is_said(tmp_path: Path) -> None:
    home, run, _ = begun(tmp_path, **STEPS)
    told: list[Any] = []
    train_stage(home, run, "sft", CPU, Launch(), told.append)
    kinds = [event["event"] for event in told]
    assert kinds[0] == "started" and kinds[-1] == "stage"
    assert {"audit", "model", "progress"} <= set(kinds)
    assert read_card(run).stages == {"sft": "done"}
    assert read_card(run).times_s["sft"] > 0
    assert [json.loads(line)["stage"] for line in run.log.read_text(encoding="utf-8").splitlines()] == [
        "sft"
    ] * kinds.count("progress")


@pytest.mark.slow
def test_two_processes_train_one_model(tmp_path: Path) -> None:
    home, run, prepared = begun(tmp_path, **STEPS)
    told: list[Any] = []
    train_stage(home, run, "sft", CPU, Launch(processes=2), told.append)
    assert told[0] == {"event": "started", "stage": "sft", "processes": 2}
    assert policy(run, "sft")
    # The same rows a step, cut in two: the loss is that of one process.
    _, alone, _ = begun(tmp_path, name="alone", **STEPS)
    run_sft(Stage(run=alone, name="sft", prepared=prepared))
    train_stage(home, run, "dpo", CPU, Launch(processes=2), told.append)
    losses = {
        (found.name, stage): [entry["loss"] for entry in curve if "loss" in entry]
        for found in (run, alone)
        for stage, curve in read_card(found).curves.items()
    }
    assert losses["one", "sft"][0] == pytest.approx(losses["alone", "sft"][0], abs=1e-3)
    # The reference that one process computed for both is the policy that both start from.
    assert losses["one", "dpo"][0] == pytest.approx(0.6931, abs=1e-3)
    assert losses["one", "dpo"][-1] < losses["one", "dpo"][0]


def test_an_error_of_the_process_is_ours(tmp_path: Path) -> None:
    home, run, prepared = begun(tmp_path)
    (prepared.dataset.path / "train.jsonl").write_text('{"question": "a", "answer": "b"}\n')
    with pytest.raises(DataError, match="the data has changed"):
        train_stage(home, run, "sft", CPU, Launch(), lambda event: None)
    card = read_card(run)
    assert card.stages == {"sft": "failed"}
    assert "the data has changed" in card.failures["sft"]
    assert "- sft failed: " in run.card_text.read_text(encoding="utf-8")


def test_many_gpus_are_sharded() -> None:
    from dataclasses import replace

    command = " ".join(launcher(replace(CPU, device="cuda"), Launch(processes=4)))
    assert "--num_processes 4" in command and "--use_fsdp --fsdp_version 2" in command
    assert launcher(CPU, Launch()) == launcher(replace(CPU, device="cuda"), Launch()) == [sys.executable]
    assert "torch.distributed.run" in launcher(CPU, Launch(processes=2))


def test_what_cannot_be_resumed_says_what_can(tmp_path: Path) -> None:
    from finetune.ask import weights_of

    _, run, _ = begun(tmp_path)
    with pytest.raises(ConfigError, match="available: none"):
        weights_of(run, "5")
