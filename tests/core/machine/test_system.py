"""What the system offers, with and without the calls and files that only Linux has."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.machine import system

VM_STAT = """Mach Virtual Memory Statistics: (page size of 16384 bytes)
Pages free:                               10.
Pages active:                            500.
Pages inactive:                           20.
Pages speculative:                         3.
Pages purgeable:                           1.
"""


def test_cores_are_those_this_process_may_use(monkeypatch: pytest.MonkeyPatch) -> None:
    if hasattr(os, "sched_getaffinity"):
        assert system.usable_cores() == os.sched_getaffinity(0)
        monkeypatch.delattr(os, "sched_getaffinity")
    assert len(system.usable_cores()) == os.cpu_count()


def test_memory_is_known_without_proc(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    total = system.memory_bytes()
    assert 0 < system.available_bytes() <= total
    monkeypatch.setattr(system, "_MEMINFO", tmp_path / "absent")
    assert 0 < system.available_bytes() <= total
    asked = os.sysconf

    def sysconf(name: str) -> int:  # macOS has no count of free pages
        if name == "SC_AVPHYS_PAGES":
            raise ValueError("unrecognized configuration name")
        return asked(name)

    monkeypatch.setattr(os, "sysconf", sysconf)
    assert system.available_bytes() == total // 2
    monkeypatch.delattr(os, "sysconf")
    assert system.memory_bytes() == 4 << 30 and system.available_bytes() == 2 << 30


def test_the_kernels_own_estimate_is_taken_where_it_stands(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal: 900 kB\nMemAvailable:   123 kB\n", encoding="ascii")
    monkeypatch.setattr(system, "_MEMINFO", meminfo)
    assert system.available_bytes() == 123 * 1024


def test_free_and_droppable_pages_of_macos_count() -> None:
    assert system.free_bytes_of(VM_STAT) == 34 * 16384
    assert system.free_bytes_of("nothing of the kind") == 0


# Everything that a file is read with, in an interpreter that lacks what only some systems have.
_WITHOUT = """
import importlib.abc, os, sys

class Blocked(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name in ("resource", "fcntl"):
            raise ImportError(name)

for name in ("resource", "fcntl"):
    sys.modules.pop(name, None)
sys.meta_path.insert(0, Blocked())
for name in ("sched_getaffinity", "fork", "forkpty"):
    if hasattr(os, name):
        delattr(os, name)
"""


def _run(code: str, *, timeout_s: float = 120) -> str:
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", _WITHOUT + code],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=timeout_s,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_parser_runs_without_limits_that_the_system_does_not_have(tmp_path: Path) -> None:
    page = tmp_path / "note.txt"
    page.write_text("The lamp is lit at dusk.", encoding="utf-8")
    code = f"""
from rag.load.process import supervise, worker
from core.settings import IngestSettings
assert worker.resource is None
worker._limit_memory(1 << 30)
worker._limit_cpu(1.0)
parser = supervise.start(1024)
limits = IngestSettings().model_dump(mode="json")
parser.send({{"do": "open", "path": {str(page)!r}, "password": None, "limits": limits, "ocr": False,
              "engine": "", "first": 0}})
frames = []
while "end" not in (frame := parser.receive(30)):
    frames.append(frame)
print(frames[1]["page"]["text"])
"""
    assert "The lamp is lit at dusk." in _run(code)


def test_the_machine_of_a_training_is_described() -> None:
    pytest.importorskip("torch")
    code = """
from pathlib import Path
from core.machine import system
from finetune.training import machine
system._MEMINFO = machine._STAT = Path("/absent")
here = machine._cpu(1e12)
assert here.free_bytes > 0 and here.memory_bytes >= here.free_bytes and machine.busy_cores(0.0) is None
print(here.name)
"""
    assert _run(code) == f"CPU, {os.cpu_count()} cores\n"


def test_windows_gets_one_sentence() -> None:
    code = """
import sys
import kb.cli.main as main
sys.platform = "win32"
main.run()
"""
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: Windows is not supported\nhint: run kb in WSL 2 (wsl --install), which is Linux\n"


def test_what_only_linux_has_is_asked_for_in_one_place() -> None:
    root = Path(__file__).parents[3]
    only_there = ("sched_getaffinity", "/proc/meminfo", "SC_AVPHYS_PAGES", "os.fork(")
    for package in ("core", "kb", "rag", "synth", "finetune", "serve"):
        for path in (root / package).rglob("*.py"):
            if path != root / "core" / "machine" / "system.py":
                text = path.read_text(encoding="utf-8")
                assert not [word for word in only_there if word in text], path
                assert not [name for name in ("resource", "fcntl") if f"\nimport {name}\n" in text], path
