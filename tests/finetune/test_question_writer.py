"""The question writer's rows: what is learned, and how its adapter ships."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from bench.adapters import export_adapter
from bench.question_writer import write_dataset
from bench.question_writer_data import WriterExample, usable
from core.rows import DatasetFolder
from core.weights.adapter import open_adapter
from synth.generate.writer_prompt import MarkedText, messages

TEXT = "The coolant tank holds 310 litres. Guests pay 12.50 euros for the night train."


def example(answer: str, question: str, document: str) -> WriterExample:
    start = TEXT.index(answer)
    return WriterExample(MarkedText(title="Tank", text=TEXT, start=start, end=start + len(answer)), question, document)


def test_rows_are_the_prompts_that_the_writer_will_see(tmp_path: Path) -> None:
    made = [
        example("310 litres", "How much does the coolant tank hold?", "a"),
        example("12.50 euros", "What do guests pay for the night train?", "b"),
        example("Guests", "Who pays for the night train?", "c"),
    ]
    write_dataset(made, tmp_path / "rows")
    folder = DatasetFolder(tmp_path / "rows")
    train, val = list(folder.pairs("train")), list(folder.pairs("val"))
    assert len(train) == 2 and len(val) == 1
    by_question = {row.answer: row for row in (*train, *val)}
    for each in made:
        row = by_question[each.question]
        assert [{"role": "system", "content": row.system}, {"role": "user", "content": row.question}] == messages(
            each.marked
        )


def test_an_adapter_ships_in_half_precision_with_its_scale(tmp_path: Path) -> None:
    adapter = tmp_path / "run" / "adapter"
    adapter.mkdir(parents=True)
    (adapter / "adapter_config.json").write_text(json.dumps({"r": 16, "lora_alpha": 32, "use_rslora": True}))
    name = "base_model.model.model.layers.0.self_attn.q_proj"
    weights = {
        f"{name}.lora_A.weight": np.ones((16, 8), dtype=np.float32),
        f"{name}.lora_B.weight": np.ones((8, 16), dtype=np.float32),
    }
    save_file(weights, adapter / "adapter_model.safetensors")
    target = tmp_path / "shipped.safetensors"
    export_adapter(tmp_path / "run", target, {"base": "smollm2"})
    opened = open_adapter(target)
    assert opened.scale == 8.0
    assert set(opened.deltas()) == {"model.layers.0.self_attn.q_proj"}
    with pytest.raises(SystemExit, match="no adapter in"):
        export_adapter(tmp_path, target, {})


@pytest.mark.parametrize(
    ("question", "answer", "kept"),
    [
        ("How many boats does the Rowing Club own?", "28", True),
        ("How many boats does it own today?", "28", False),
        ("What is the first place mentioned in the passage?", "Lisbon", False),
        ("Is the Rowing Club older than the Harbour Museum?", "yes", False),
        ("In which year did Anna Berg leave Lisbon for good?", "Lisbon", False),
    ],
)
def test_questions_that_lean_on_their_text_are_not_learned(question: str, answer: str, kept: bool) -> None:
    assert usable(question, answer) is kept
