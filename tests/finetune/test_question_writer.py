"""Training of the question writer: lines score as their rows do alone, and an interrupted training goes on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("torch")

import torch
from transformers import AutoTokenizer

from bench.question_writer_data import WriterExample, usable
from bench.question_writer_train import (
    Branches,
    WriterPlan,
    adapted,
    branches,
    export,
    lines,
    log_probabilities,
    train,
)
from core.weights.adapter import open_adapter
from synth.generate.writer_prompt import MarkedText
from tests.support.tiny_models import tiny_folder

TEXT = "The coolant tank holds 310 litres. Guests pay 12.50 euros for the night train."
PLAN = WriterPlan(rank=2, alpha=4, first_layer=0, line_tokens=400, epochs=2.0)


def example(answer: str, question: str, text: str = TEXT) -> WriterExample:
    start = text.index(answer)
    return WriterExample(MarkedText(title="Tank", text=text, start=start, end=start + len(answer)), question, "d")


EXAMPLES = [
    example("310 litres", "How much does the coolant tank hold?"),
    example("12.50 euros", "What do guests pay for the night train?"),
    example("every day", "When do children travel?", "Children travel free of charge every day."),
]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_folder(tmp_path_factory.mktemp("tiny"))


def test_rows_of_one_text_share_it_and_score_as_on_their_own(base: Path) -> None:
    groups = branches(EXAMPLES, AutoTokenizer.from_pretrained(base), PLAN.line_tokens)
    assert [len(group.tails) for group in groups] == [2, 1]
    model = adapted(base, PLAN).float()
    (line,) = lines(groups, 2000, "key")
    with torch.no_grad():
        joint, n_labels = log_probabilities(model, line)
        alone = [log_probabilities(model, [Branches(group.prefix, [tail])]) for group in line for tail in group.tails]
    assert n_labels == sum(count for _, count in alone)
    assert float(joint) == pytest.approx(sum(float(scored) for scored, _ in alone), rel=0.01)


def test_a_training_goes_on_where_it_stopped_and_exports_an_adapter(base: Path, tmp_path: Path) -> None:
    train(EXAMPLES, EXAMPLES, base, tmp_path, PLAN, save_every_s=0.0)
    log = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [record["step"] for record in log] == list(range(1, log[-1]["of"] + 1))
    train(EXAMPLES, EXAMPLES, base, tmp_path, PLAN)
    assert len((tmp_path / "log.jsonl").read_text(encoding="utf-8").splitlines()) == len(log)
    with pytest.raises(ValueError, match="of another training"):
        train(EXAMPLES, EXAMPLES, base, tmp_path, WriterPlan(rank=4))
    export(tmp_path, tmp_path / "adapter.safetensors")
    adapter = open_adapter(tmp_path / "adapter.safetensors")
    assert adapter.scale == 2.0
    assert "model.layers.0.self_attn.q_proj" in adapter.deltas()


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
