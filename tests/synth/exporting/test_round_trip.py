"""Conversations that are imported, exported and imported again are the same rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from synth.dataset.write import JudgedFolder
from synth.exporting.write import export
from synth.importing.load import ImportPlan, import_sources
from tests.support.json_lines import write_jsonl


def said(role: str, text: str, **marks: Any) -> dict[str, Any]:
    return {"role": role, "content": text, **marks}


TALK = [said("system", "Be brief."), said("user", "q1"), said("assistant", "a1", weight=0), said("user", "q2")]
TALKS = [
    {"messages": [*TALK, said("assistant", "a2")]},
    {"messages": [said("user", "q"), said("assistant", "a", reasoning_content="Think.")]},
]
PREFERENCES = [{"prompt": TALK, "chosen": "good", "rejected": "bad"}]
VERDICTS = [{"prompt": TALK, "completion": [said("assistant", "a2")], "label": False}]


@pytest.mark.parametrize(
    ("records", "to", "trainer"),
    [
        (TALKS, "openai", "axolotl"),
        (TALKS, "sharegpt", "llama-factory"),
        (PREFERENCES, "dpo", "trl"),
        (PREFERENCES, "dpo", "llama-factory"),
        (VERDICTS, "kto", "trl"),
        (VERDICTS, "kto", "llama-factory"),
    ],
)
def test_what_is_exported_is_imported_as_the_same_rows(
    tmp_path: Path, records: list[Any], to: str, trainer: str
) -> None:
    folders = [tmp_path / "first", tmp_path / "second"]
    plan = ImportPlan(split="train")
    import_sources(folders[0], [str(write_jsonl(tmp_path / "in.jsonl", records))], plan)
    done = export(JudgedFolder(folders[0]), tmp_path / "out.jsonl", to=to, trainer=trainer)
    assert (done.rows, done.left_out) == (len(records), {})
    report = import_sources(folders[1], [str(tmp_path / "out.jsonl")], plan)
    assert (report.reads[0].skipped, report.reads[0].unused, report.reads[0].left_out) == ({}, {}, {})
    first, second = (sorted(JudgedFolder(folder).rows(), key=lambda row: row.id) for folder in folders)
    assert first == second
    assert first[0].system == "Be brief." or first[1].system == "Be brief."
