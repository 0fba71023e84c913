"""A disk that is full at an export: nothing half is put in place, and the same command works with room."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import pytest

from core.errors import BackendError
from core.files import Home
from kb.exporting import write_export
from tests.finetune.export.conftest import Trained, opened
from tests.support.small_disk import resize, small_disk

pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(not importlib.util.find_spec("transformers"), reason="needs kb[train]"),
]
MIB = 1 << 20


@pytest.mark.parametrize("target", ["hf", "gguf"])
def test_a_full_disk_at_an_export(llama: Trained, tmp_path: Path, target: str) -> None:
    source, merged = llama.job.run, llama.job.merged()
    merged_bytes = sum(path.stat().st_size for path in merged.iterdir())
    with small_disk(tmp_path / "home", 64 * MIB) as disk:
        run = Home(disk).runs / "tanks"
        shutil.copytree(source.folder, run, ignore=shutil.ignore_patterns("merged", "*.gguf", "Modelfile*"))
        before = {path.relative_to(run) for path in run.rglob("*")}
        used = sum(path.stat().st_size + 4096 for path in disk.rglob("*"))
        # Room for the merged folder in the one case, half of it in the other.
        resize(disk, used + (merged_bytes // 2 if target == "hf" else merged_bytes + 64 * 1024))
        with pytest.raises(BackendError, match="the disk is full") as caught:
            write_export(opened(Home(disk)), target)  # type: ignore[arg-type]
        assert caught.value.hint.startswith(f"df -h {run}")
        left = {path.relative_to(run) for path in run.rglob("*") if not path.name.endswith(".lock")} - before
        assert not [path for path in left if path.parts[0] != "merged"]
        assert target == "gguf" or not left
        resize(disk, 64 * MIB)
        result = write_export(opened(Home(disk)), target)  # type: ignore[arg-type]
        assert result.path is not None and result.path.exists()
