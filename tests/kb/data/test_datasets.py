"""Training data from a collection: made, previewed, estimated; what people decided is kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.errors import ConfigError
from core.files import Home
from kb.data.datasets import DatasetRequest, estimate_rows, preview_rows, synthesize
from kb.workspace import Workspace, open_workspace
from synth.dataset.review import DECISIONS
from tests.support.json_lines import read_jsonl

pytestmark = pytest.mark.weights


def test_a_dataset_is_made_and_its_decisions_survive_a_second_run(stocked: Workspace, tmp_path: Path) -> None:
    folder = tmp_path / "set"
    stages: list[str] = []
    manifest = synthesize(
        stocked, folder, DatasetRequest(pairs=20), on_progress=lambda progress: stages.append(progress.stage)
    )
    rows = read_jsonl(folder / "pairs.jsonl")
    assert manifest["counts"]["pairs"] == len(rows) > 0 and {"reading", "rows"} <= set(stages)
    decision = {"id": rows[0]["id"], "action": "reject", "time": "2026-01-01T00:00:00+00:00"}
    (folder / DECISIONS).write_text(json.dumps(decision) + "\n")
    again = synthesize(stocked, folder, DatasetRequest(pairs=20))
    assert again["counts"]["pairs"] == len(rows) - 1


def test_a_preview_and_an_estimate_keep_nothing(stocked: Workspace) -> None:
    before = sorted(stocked.home.root.iterdir())
    assert len(preview_rows(stocked, 2)) == 2
    needs = estimate_rows(stocked)
    assert (needs.documents, needs.pages, dict(needs.calls)) == (2, 3, {})
    assert needs.to_json()["tokens"] == {"prompt": 0, "completion": 0}
    assert sorted(stocked.home.root.iterdir()) == before


def test_without_a_collection_there_is_nothing_to_read(home: Home, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nothing has been ingested"):
        synthesize(open_workspace(), tmp_path / "set")
