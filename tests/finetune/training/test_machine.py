"""What a machine has: figures of known GPUs, memory within a container's limit, the arithmetic of `auto`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import ConfigError
from finetune.training import machine
from finetune.training.machine import GIB, GPUS, named_gpu, this_machine


def test_gpus_are_found_by_name_whatever_the_case() -> None:
    assert named_gpu("A100") is GPUS["a100"]
    assert not named_gpu("t4").here
    with pytest.raises(ConfigError, match="unknown GPU 'v100'; use one of t4, a100, h100"):
        named_gpu("v100")


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
