"""`kb runs` from outside, on a run that was made but not trained."""

from __future__ import annotations

import json

from core.files import Home
from core.types import RunCard
from finetune.recipe import Recipe
from finetune.runs import create_run
from tests.support.command import kb


def test_runs_are_listed_shown_and_removed(home: Home) -> None:
    assert json.loads(kb("runs", "list", "--json").stdout) == {"runs": []}
    card = RunCard(
        name="first", base="smollm2", method="lora", data_sha256="00", seed=0, versions={}, scores={"sft/recall": 0.5}
    )
    run = create_run(home, card, Recipe(base="smollm2"))
    (run.folder.parent / "broken").mkdir()
    (run.folder.parent / "broken" / "run.json").write_text("{")
    listed = kb("runs", "list")
    assert "first" in listed.stdout and "sft/recall 0.500" in listed.stdout
    assert "broken/run.json: cannot be read" in listed.stderr
    shown = json.loads(kb("runs", "show", "first", "--json").stdout)
    assert shown["scores"] == {"sft/recall": 0.5} and shown["steps"] == []
    assert "smollm2, tuned by LoRA" in kb("runs", "show", "first").stdout
    missing = kb("runs", "show", "second")
    assert missing.returncode == 2 and "existing runs: broken, first" in missing.stderr
    asked = kb("generate", "first@5", "What?")
    assert asked.returncode == 2 and "available: none" in asked.stderr
    assert kb("runs", "rm", "first", "--dry-run").returncode == 0 and run.folder.is_dir()
    assert kb("runs", "rm", "first", "--yes").returncode == 0 and not run.folder.exists()
