from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from core.weights.folders import delete_folder, make_folder


def test_a_failed_fill_leaves_nothing(tmp_path: Path) -> None:
    def fill(work: Path) -> None:
        (work / "half").write_bytes(b"x")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        make_folder(tmp_path / "model", fill, ready="done")
    assert [path.name for path in tmp_path.iterdir()] == [".model.lock"]


def test_it_is_filled_once_however_many_ask(tmp_path: Path) -> None:
    calls: list[Path] = []

    def fill(work: Path) -> None:
        calls.append(work)
        (work / "done").write_bytes(b"x")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: make_folder(tmp_path / "model", fill, ready="done"), range(8)))
    assert len(calls) == 1
    assert (tmp_path / "model" / "done").read_bytes() == b"x"


_KILLED = """
import sys, time
from pathlib import Path
from core.weights.folders import make_folder

def fill(work):
    (work / "done").write_bytes(b"half")
    print("filling", flush=True)
    time.sleep(60)

make_folder(Path(sys.argv[1]) / "model", fill, ready="done")
"""


def test_a_killed_process_leaves_nothing_that_counts(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _KILLED, str(tmp_path)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"filling\n"
        child.send_signal(signal.SIGKILL)
    assert not (tmp_path / "model").exists()
    make_folder(tmp_path / "model", lambda work: (work / "done").touch(), ready="done")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".model.lock", "model"]


def test_deletion_takes_the_whole_folder(tmp_path: Path) -> None:
    make_folder(tmp_path / "model", lambda work: (work / "done").touch(), ready="done")
    delete_folder(tmp_path / "model")
    assert [path.name for path in tmp_path.iterdir()] == [".model.lock"]
