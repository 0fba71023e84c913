"""A disk that is full at a checkpoint: the reason is kept, nothing half is taken up, and the run goes on with room."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path
from typing import Any

import pytest

from core.errors import BackendError
from tests.support.small_disk import resize, small_disk
from tests.support.tiny_models import CPU, begun, dataset_folder, tiny_folder

pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(not importlib.util.find_spec("peft"), reason="needs kb[train]"),
]
if importlib.util.find_spec("peft"):
    from finetune.ask import weights_of
    from finetune.runs import read_card
    from finetune.training.launch import Launch, train_stage
    from finetune.training.sft import run_sft
    from finetune.training.stage import Stage

MIB = 1 << 20


def test_a_full_disk_at_a_checkpoint(tmp_path: Path) -> None:
    tiny_folder(tmp_path / "llama")
    dataset_folder(tmp_path / "data")
    steps: dict[str, Any] = {"method": "full", "max_steps": 4, "save_steps": 2, "packing": "bfd"}
    with small_disk(tmp_path / "home", 16 * MIB) as disk:
        home, run, prepared = begun(tmp_path, **steps)
        # Room for the run's own files and less than a checkpoint, whose moments are twice its weights.
        size = prepared.base.shape.parameters * 4
        resize(disk, sum(path.stat().st_size for path in disk.rglob("*") if path.is_file()) + size + size // 2)
        with pytest.raises(BackendError, match="the disk is full") as caught:
            train_stage(home, run, "sft", CPU, Launch(), lambda _: None)
        assert caught.value.hint.startswith(f"df -h {run.folder}")
        stage = Stage(run=run, name="sft", prepared=prepared)
        assert stage.checkpoint() is None
        resize(disk, 64 * MIB)
        assert read_card(run).stages["sft"] in ("failed", "running")
        run_sft(stage)
        assert read_card(run).stages == {"sft": "done"}
        assert weights_of(run, "sft").is_dir() and weights_of(run, "2").is_dir()
        shutil.rmtree(run.folder)
