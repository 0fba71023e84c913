"""Why a stage failed stands in the run's card: errors of any kind, of any process, and processes that were killed."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import pytest

from core.errors import ConfigError, KbError
from finetune.training.launch import failure_of

pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(not importlib.util.find_spec("peft"), reason="needs kb[train]"),
]
LAUNCHER = "subprocess.CalledProcessError: Command '['python', '-m', 'x']' {how}."
LOG = Path("/runs/one/sft.out")


def test_the_reason_is_what_the_process_said_not_what_its_launcher_did() -> None:
    log = "\n".join(
        [
            "Traceback (most recent call last):",
            '  File "sft.py", line 1, in run',
            "IndexError: index out of range in self",
            "Traceback (most recent call last):",
            LAUNCHER.format(how="returned non-zero exit status 1"),
        ]
    )
    assert (
        failure_of(log, "sft", 1, LOG).message == "stage sft ended with code 1: IndexError: index out of range in self"
    )


@pytest.mark.parametrize(
    "line",
    [
        LAUNCHER.format(how="died with <Signals.SIGKILL: 9>"),
        "torch.distributed.elastic.multiprocessing.errors.ChildFailedError: Signal 9 (SIGKILL) received by PID 12",
    ],
)
def test_a_killed_process_is_told(line: str) -> None:
    assert "was ended by SIGKILL; memory may have run out" in failure_of(f"words\n{line}", "dpo", 1, LOG).message


def test_an_error_of_another_process_keeps_its_kind() -> None:
    event = {"event": "error", **ConfigError("no such base", hint="kb models list").to_json()}
    error = failure_of(f"words\n{json.dumps(event)}\nChildFailedError: rank 1", "sft", 1, LOG)
    assert isinstance(error, ConfigError) and error.hint == "kb models list"


def test_words_without_a_fault_are_shown_as_they_are() -> None:
    assert failure_of("one\ntwo", "sft", 3, LOG).message == "stage sft ended with code 3: one\ntwo"
    assert "(no output)" in failure_of("", "sft", 3, LOG).message


def test_an_unexpected_fault_is_reported_before_it_is_raised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from finetune.training import worker

    def fail(*_: object) -> None:
        raise IndexError("index out of range in self\nmore")

    monkeypatch.setenv("RANK", "1")
    monkeypatch.setattr(sys, "stdout", sys.stdout)
    monkeypatch.setattr(worker, "_run", fail)
    with pytest.raises(IndexError):
        worker.main([str(tmp_path), "tanks", "sft", ""])
    events = [json.loads(line) for line in capsys.readouterr().err.splitlines() if line.startswith('{"event"')]
    assert events[-1]["message"] == "IndexError: index out of range in self"
    assert events[-1]["hint"] == f"cat '{tmp_path}/runs/tanks/sft.out'"


def test_a_crash_stands_in_the_card_with_its_reason(tmp_path: Path) -> None:
    from finetune.runs import current_card
    from finetune.training.launch import Launch, train_stage
    from tests.support.tiny_models import CPU, begun

    home, run, prepared = begun(tmp_path)
    weights = next(prepared.base.folder.glob("*.safetensors"))
    weights.write_bytes(weights.read_bytes()[: weights.stat().st_size // 2])
    with pytest.raises(KbError) as caught:
        train_stage(home, run, "sft", CPU, Launch(), lambda event: None)
    card = current_card(run)
    assert card.stages == {"sft": "failed"}
    assert card.failures["sft"] == str(caught.value)
    assert "afetensor" in card.failures["sft"] and "CalledProcessError" not in card.failures["sft"]
    assert f"- sft failed: {card.failures['sft']}" in run.card_text.read_text(encoding="utf-8")
