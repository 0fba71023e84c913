"""What a run would need: from assumed rows without data, from the true rows with it."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from core.errors import ConfigError
from core.files import Home
from kb.training.examine import ASSUMED_TOKENS, audit_training, estimate_training
from kb.training.request import TrainingRequest
from kb.workspace import open_workspace
from tests.support.tiny_models import pair, tiny_folder, write_jsonl


def test_an_estimate_without_data_assumes_rows(home: Home) -> None:
    examined = estimate_training(open_workspace(), TrainingRequest(recipe="qlora-8b"), "a100")
    assert examined.assumed and examined.audit is None
    assert examined.estimate.parameters == 8_030_261_248 and examined.estimate.row_tokens == ASSUMED_TOKENS


def test_an_audit_requires_data(home: Home) -> None:
    with pytest.raises(ConfigError, match="no data to audit"):
        audit_training(open_workspace(), TrainingRequest())


@pytest.mark.train
@pytest.mark.skipif(not importlib.util.find_spec("transformers"), reason="needs the extra train")
def test_the_true_rows_are_audited_and_counted(home: Home, tmp_path: Path) -> None:
    base = tiny_folder(tmp_path / "base")
    data = write_jsonl(tmp_path / "data" / "train.jsonl", [pair(number) for number in range(8)]).parent
    request = TrainingRequest(data=str(data), choices={"base": str(base), "method": "lora"})
    examined = audit_training(open_workspace(), request)
    assert examined.audit is not None and "Tank 0 holds" in examined.audit.example
    assert not examined.assumed and examined.estimate.fits and examined.estimate.row_tokens < ASSUMED_TOKENS
    assert estimate_training(open_workspace(), request).audit is None
