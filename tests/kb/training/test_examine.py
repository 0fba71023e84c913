"""What a run would need: from assumed rows without data, from the true rows with it."""

from __future__ import annotations

import importlib.util
import json
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from core.errors import ConfigError, DataError, MissingExtra
from core.files import Home
from core.reading.passages import Passage, new_mark, render
from core.weights.shelf import MANIFEST
from finetune.estimate import Estimate
from kb.training.examine import ASSUMED_TOKENS, audit_training, estimate_training
from kb.training.job import TrainingJob
from kb.training.request import TrainingRequest
from kb.workspace import open_workspace
from tests.support.json_lines import write_jsonl
from tests.support.tiny_models import pair, tiny_folder


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


@pytest.mark.train
@pytest.mark.skipif(not importlib.util.find_spec("transformers"), reason="needs the extra train")
@pytest.mark.parametrize("where", ["folder", "hub"])
def test_rows_are_counted_without_the_weights_of_the_base(home: Home, tmp_path: Path, where: str) -> None:
    whole = tiny_folder(home.models / "org--tiny" if where == "hub" else tmp_path / "base")
    spec = "hf:org/tiny" if where == "hub" else str(whole)
    _describe(whole, "org/tiny")
    data = write_jsonl(tmp_path / "data" / "train.jsonl", [pair(number) for number in range(8)]).parent
    request = TrainingRequest(data=str(data), choices={"base": spec, "method": "lora"})
    before = estimate_training(open_workspace(), request).estimate
    (whole / "model.safetensors").unlink()
    if where == "hub":
        with pytest.raises(MissingExtra) as caught:
            estimate_training(open_workspace(), replace(request, choices={"base": "hf:org/other"}))
        assert caught.value.hint == "kb models pull org/other:tokenizer"
        whole.rename(home.models / "org--tiny--tokenizer")
    after = audit_training(open_workspace(), request)
    assert after.audit is not None and "Tank 0 holds" in after.audit.example
    same = ("parameters", "trainable", "row_tokens", "tokens", "flops_per_token")
    assert [getattr(after.estimate, name) for name in same] == [getattr(before, name) for name in same]
    # Training is told at once that they are missing.
    with pytest.raises((DataError, MissingExtra)) as refused:
        TrainingJob(open_workspace(), request).train()
    assert "no safetensors" in str(refused.value) or refused.value.hint == "kb models pull org/tiny"


def _describe(folder: Path, name: str) -> None:
    record = {
        "name": name,
        "source": name,
        "version": "1",
        "sha256": "",
        "licence": "mit",
        "size_bytes": 0,
        "files": {},
    }
    (folder / MANIFEST).write_text(json.dumps(record))


def test_gpus_and_processes_are_counted(home: Home) -> None:
    def needs(gpu: str, processes: int = 0) -> Estimate:
        request = TrainingRequest(recipe="qlora-8b", processes=processes)
        return estimate_training(open_workspace(), request, gpu).estimate

    one, four = needs("a100"), needs("4xa100")
    assert four.hours == pytest.approx(one.hours / 4) and four.memory.total < one.memory.total
    assert needs("a100", processes=4) == four
    assert needs("2x2xa100").machine.title == "2 nodes with 2 x NVIDIA A100 40 GB"
    assert (one.measured, one.idle, one.busy) == (False, False, None)


@pytest.mark.train
@pytest.mark.skipif(not importlib.util.find_spec("transformers"), reason="needs the extra train")
def test_rows_that_the_base_will_answer_are_part_of_the_audit(home: Home, tmp_path: Path) -> None:
    base = tiny_folder(tmp_path / "base", max_position_embeddings=4096)
    block = render([Passage(key="b2c3d", source="d.pdf, p. 1", text="Tank 1 holds 311 litres.")], new_mark(Random(0)))
    for context, kinds in ((block, {"replay-general"}), ("", {"replay-reading", "replay-refusal", "replay-general"})):
        rows = [pair(number, context=context) for number in range(12)]
        data = write_jsonl(tmp_path / f"data{len(context)}" / "train.jsonl", rows).parent
        choices = {"base": str(base), "method": "lora"}
        request = TrainingRequest(data=str(data), choices=choices, pairs=("retain_share=0.5", "retain=replay"))
        audit = audit_training(open_workspace(), request).audit
        assert audit is not None and "6 rows more are answered by the base itself" in audit.passed[-1]
        planned = [kind for kind in audit.kinds if kind.planned]
        # What rows with passages teach is not replayed: the base answers such questions in its own way.
        assert {kind.kind for kind in planned} <= kinds and sum(kind.rows for kind in planned) == 6
        assert sum(kind.share for kind in audit.kinds) == pytest.approx(1.0)
        assert all(kind.tokens > kind.trained_tokens > 0 for kind in planned)
