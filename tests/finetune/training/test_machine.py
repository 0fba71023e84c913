"""What a machine has: figures of known GPUs, memory within a container's limit, the arithmetic of `auto`."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import ConfigError
from finetune.training import machine
from finetune.training.machine import GIB, GPUS, busy_cores, named_gpu, this_machine


def test_gpus_are_found_by_name_whatever_the_case() -> None:
    assert named_gpu("A100") == GPUS["a100"]
    assert not named_gpu("t4").here
    with pytest.raises(ConfigError, match="unknown GPU 'v100'; use one of t4, a100, h100"):
        named_gpu("v100")


@pytest.mark.parametrize(
    ("spelled", "devices", "nodes", "title"),
    [
        ("t4", 1, 1, "NVIDIA T4 16 GB"),
        ("8xA100", 8, 1, "8 x NVIDIA A100 40 GB"),
        ("2x8xh100", 16, 2, "2 nodes with 8 x NVIDIA H100 80 GB"),
        ("3x1xt4", 3, 3, "3 nodes with NVIDIA T4 16 GB"),
    ],
)
def test_several_gpus_are_spelled_with_their_number(spelled: str, devices: int, nodes: int, title: str) -> None:
    found = named_gpu(spelled)
    assert (found.devices, found.nodes, found.title) == (devices, nodes, title)


@pytest.mark.parametrize("spelled", ["0xt4", "8x", "xt4", "2x2x2xt4", "8 x a100", "-2xt4", "a100x8"])
def test_other_numbers_of_gpus_are_refused(spelled: str) -> None:
    with pytest.raises(ConfigError, match=r"8xa100, 2x8xa100 \(nodes x GPUs\)"):
        named_gpu(spelled)


def test_busy_cores_are_those_that_others_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as spinning:
        try:
            busy = busy_cores(0.5)
        finally:
            spinning.kill()
    assert busy is not None and 0.5 < busy <= len(os.sched_getaffinity(0))
    core = min(os.sched_getaffinity(0))
    stat = tmp_path / "stat"
    stat.write_text(f"cpu  9 9 9 9 9 9 9 9 0 0\ncpu{core} 100 0 50 800 50 0 0 0 0 0\nintr 5 0\n")
    monkeypatch.setattr(machine, "_STAT", stat)
    later = f"cpu{core} 130 0 70 820 80 0 0 0 0 0\n"
    monkeypatch.setattr("finetune.training.machine.time.sleep", lambda _: stat.write_text(later))
    assert busy_cores() == pytest.approx(0.5)  # 50 of 100 ticks
    stat.unlink()
    assert busy_cores() is None


def test_auto_takes_what_the_hardware_has() -> None:
    assert (GPUS["h100"].dtype, GPUS["t4"].dtype) == ("bf16", "fp16")
    assert replace(GPUS["t4"], device="cpu").dtype == "f32"


@pytest.mark.parametrize(
    ("limit", "used", "expected"),
    [("max", 5 * GIB, 8 * GIB), (str(6 * GIB), 2 * GIB, 4 * GIB), (str(64 * GIB), 0, 8 * GIB)],
)
def test_a_containers_limit_holds(
    limit: str, used: int, expected: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "memory.max").write_text(limit + "\n")
    monkeypatch.setattr(machine, "_GROUP", tmp_path)
    assert machine._limited(8 * GIB, used=used) == expected


def test_file_pages_of_a_container_count_as_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_GROUP", tmp_path)
    assert machine._group_used() == 0
    (tmp_path / "memory.current").write_text(str(5 * GIB))
    (tmp_path / "memory.stat").write_text(f"anon 7\ninactive_file {2 * GIB}\n")
    assert machine._group_used() == 3 * GIB


def test_without_torch_the_cpu_is_described(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    found = this_machine()
    assert found.device == "cpu" and found.here
    assert 0 < found.free_bytes <= found.memory_bytes
