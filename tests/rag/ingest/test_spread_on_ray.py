"""An ingest over a real Ray cluster of two nodes on this machine, also where a node or `kb` itself is killed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from core.files import Home
from core.settings import Settings
from kb.ingest import ingest_files
from kb.workspace import Workspace
from rag.ingest.ingest import FileResult, Progress
from tests.support.catalogue_rows import everything
from tests.support.ray_cluster import ROOT, ray_cluster

pytestmark = [pytest.mark.weights, pytest.mark.slow]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Two nodes."""
    with ray_cluster(2) as nodes:
        yield nodes


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Path, str]]:
    """Documents, a refused one and a copy; enough of them that both nodes work for a while."""
    folder = tmp_path_factory.mktemp("documents")
    for name in ("handbook.pdf", "manual.pdf", "update.pdf"):
        shutil.copy(ROOT / "examples" / name, folder)
    shutil.copy(ROOT / "examples" / "update.pdf", folder / "zz.pdf")
    for name in ("style.md", "scale.md", "benchmarks.md", "cli.md", "why.md", "knowledge.md", "LOG.md"):
        shutil.copy(ROOT / "docs" / name, folder)
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7\nnothing")
    return [(path, str(path)) for path in sorted(folder.iterdir())]


def _home(folder: Path, weights: Path) -> Home:
    folder.mkdir()
    (folder / "models").symlink_to(weights)
    return Home(folder)


def _ingest(
    home: Home, files: list[tuple[Path, str]], where: str = "", on_progress: Callable[[Progress], None] = lambda _: None
) -> tuple[list[FileResult], list[str]]:
    notes: list[str] = []
    workspace = Workspace(settings=Settings.model_validate({"ingest": {"on": where}}), home=home)
    results, _ = ingest_files(workspace, files, on_progress=on_progress, on_note=notes.append)
    return results, notes


@pytest.fixture(scope="module")
def alone(
    tmp_path_factory: pytest.TempPathFactory, weights: Path, files: list[tuple[Path, str]]
) -> tuple[list[FileResult], Home]:
    """What one machine makes of the files."""
    home = _home(tmp_path_factory.mktemp("alone") / "home", weights)
    return _ingest(home, files)[0], home


def test_two_nodes_give_what_one_machine_gives(
    tmp_path: Path, weights: Path, cluster: Any, files: list[tuple[Path, str]], alone: tuple[list[FileResult], Home]
) -> None:
    home = _home(tmp_path / "home", weights)
    shares: list[float] = []
    results, notes = _ingest(home, files, f"ray:{cluster.address}", lambda report: shares.append(report.share))
    assert results == alone[0]
    assert everything(home) == everything(alone[1])
    assert notes == ["Ray: 2 machines with 2 cores read and embed"]
    assert shares == sorted(shares) and shares[-1] == 1


def _command(files: list[tuple[Path, str]], cluster: Any, *flags: str) -> list[str]:
    return [
        *(sys.executable, "-m", "kb.cli", "ingest", str(files[0][0].parent), "--on", f"ray:{cluster.address}"),
        *flags,
    ]


def _environment(home: Home) -> dict[str, str]:
    return {**os.environ, "KB_HOME": str(home.root), "PYTHONPATH": str(ROOT)}


def _reads(raylet: int) -> bool:
    """Tell whether a process of a node, by the id of its raylet, reads a document now."""
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            parent = int((path / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == raylet and b"_answers" in (path / "cmdline").read_bytes():
                return True
    return False


def test_a_node_that_dies_loses_nothing(
    tmp_path: Path, weights: Path, cluster: Any, files: list[tuple[Path, str]], alone: tuple[list[FileResult], Home]
) -> None:
    home = _home(tmp_path / "home", weights)
    node = cluster.add_node(num_cpus=2)
    running = subprocess.Popen(
        _command(files, cluster, "--json"),
        env=_environment(home),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    while not _reads(node.all_processes["raylet"][0].process.pid):
        assert running.poll() is None
        time.sleep(0.02)
    cluster.remove_node(node, allow_graceful=False)
    shown, notes = running.communicate()
    assert running.returncode == 5, notes  # one file is refused
    assert "Ray: 3 machines with 4 cores" in notes and "begun again, since its machine or process" in notes
    statuses = [(entry["doc"], entry["status"]) for entry in json.loads(shown)["files"]]
    assert statuses == [(result.doc, result.status) for result in alone[0]]
    assert everything(home) == everything(alone[1])


def test_a_killed_command_resumes(
    tmp_path: Path, weights: Path, cluster: Any, files: list[tuple[Path, str]], alone: tuple[list[FileResult], Home]
) -> None:
    home = _home(tmp_path / "home", weights)
    command, environment = _command(files, cluster), _environment(home)
    first = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while first.poll() is None and not list(home.originals.rglob("*.md")):
        time.sleep(0.1)
    first.send_signal(signal.SIGKILL)
    assert first.wait() == -signal.SIGKILL
    again = subprocess.run(command, env=environment, capture_output=True, encoding="utf-8", check=False)
    assert again.returncode == 5, again.stderr
    mine, theirs = everything(home), everything(alone[1])
    assert [row["doc"] for row in mine["documents"]] == [row["doc"] for row in theirs["documents"]]
    # A batch that was cut off has other texts beside each other, and vectors that differ in their last bits.
    for table in ("pages", "chunks"):
        assert [_without(row, "vector") for row in mine[table]] == [_without(row, "vector") for row in theirs[table]]
    assert mine["originals"] == theirs["originals"]


def _without(row: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key != name}
