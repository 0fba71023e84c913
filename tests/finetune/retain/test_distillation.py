"""Rows that a teacher grades are set apart, and the term is the divergence of the model's own answers by definition."""

from __future__ import annotations

import importlib.util
from contextlib import nullcontext
from typing import Any

import pytest

from tests.support.tiny_models import tiny_config

pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(not importlib.util.find_spec("peft"), reason="needs kb[train]"),
]
if importlib.util.find_spec("peft"):
    import torch

    from finetune.data.collate import StepCollator
    from finetune.data.dataset import IGNORED
    from finetune.retain.distillation import (
        DEMONSTRATIONS,
        FIGURE,
        TEACHER_IDS,
        Demonstration,
        DemonstrationCollator,
        SelfDistillation,
    )
    from finetune.training.head import add_label_head

PAD, END = 0, 2


def row(prompt: list[int], answer: list[int], teacher: list[int]) -> dict[str, Any]:
    return {"input_ids": prompt + answer, "labels": [-100] * len(prompt) + answer, TEACHER_IDS: teacher}


def collated(*rows: dict[str, Any]) -> dict[str, Any]:
    return DemonstrationCollator(StepCollator(pad_id=PAD, packed=False, part_tokens=64))(rows)


def test_rows_that_a_teacher_grades_are_questions_alone() -> None:
    step = collated(row([5, 6], [7, END], []), row([8, 9], [10, END], [11, 12, 8, 9]))
    assert step[DEMONSTRATIONS] == [Demonstration(student=(8, 9), teacher=(11, 12, 8, 9))]
    (part,) = step["parts"]
    assert part["input_ids"].tolist() == [[5, 6, 7, END]]
    assert part["labels"].tolist() == [[IGNORED, IGNORED, 7, END]]


@pytest.mark.parametrize(("teachers", "parts"), [([[], []], 2), ([[3], [4]], 0)])
def test_a_step_may_hold_rows_of_one_kind_alone(teachers: list[list[int]], parts: int) -> None:
    step = collated(*(row([5, 6], [7, END], teacher) for teacher in teachers))
    assert sum(len(part["input_ids"]) for part in step["parts"]) == parts
    assert len(step[DEMONSTRATIONS]) == 2 - parts


class Trainer:
    """What the term needs of a trainer, and what it gave."""

    def __init__(self, model: Any) -> None:
        self.inner_model = model
        self.figures: dict[str, float] = {}
        self.step = 0

    def compute(self) -> Any:
        return nullcontext()

    def add_gradient(self, loss: Any) -> None:
        loss.backward()

    def note(self, **figures: Any) -> None:
        self.figures |= {name: float(value) for name, value in figures.items()}


@pytest.fixture
def tuned() -> Any:
    """A tiny model with an adapter that changes what it computes."""
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    from core.chat.local.peft_adapter import peft_warnings_ignored

    torch.manual_seed(0)
    with peft_warnings_ignored():
        base = AutoModelForCausalLM.from_config(tiny_config("llama", initializer_range=0.3))
        config = LoraConfig(r=2, target_modules=["q_proj", "v_proj"], init_lora_weights=False, task_type="CAUSAL_LM")
        model = get_peft_model(base, config).train()
    add_label_head(model)
    return model


def term(**over: Any) -> SelfDistillation:
    fields = {"weight": 2.0, "rows": 1, "max_tokens": 5, "pad_id": PAD, "eos_ids": frozenset({END}), **over}
    return SelfDistillation(**fields)


DEMOS = [((5, 6, 7), (9, 9, 5, 6, 7)), ((8, 9), (30, 31, 8, 9)), ((40,), (41, 40))]


def demonstrations() -> list[Any]:
    return [Demonstration(student=student, teacher=teacher) for student, teacher in DEMOS]


def answers_of(model: Any, max_tokens: int) -> list[list[int]]:
    """What the model draws for the questions, under the present seed."""
    width = max(len(student) for student, _ in DEMOS)
    ids = torch.tensor([[PAD] * (width - len(student)) + list(student) for student, _ in DEMOS])
    model.eval()
    written = model.generate(
        input_ids=ids,
        attention_mask=torch.tensor([[0] * (width - len(s)) + [1] * len(s) for s, _ in DEMOS]),
        max_new_tokens=max_tokens,
        do_sample=True,
        top_k=0,
        eos_token_id=[END],
        pad_token_id=PAD,
    )[:, width:].tolist()
    model.train()
    return [line[: line.index(END) + 1] if END in line else line for line in written]


@pytest.mark.parametrize("rows", [2, 8])
def test_the_term_is_the_mean_divergence_from_the_base_that_is_shown_the_fact(tuned: Any, rows: int) -> None:
    torch.manual_seed(7)
    trainer = Trainer(tuned)
    loss = term(rows=rows).run(trainer, tuned, {DEMONSTRATIONS: demonstrations()})
    torch.manual_seed(7)
    total, count = 0.0, 0
    for (student, teacher), answer in zip(DEMOS, answers_of(tuned, 5), strict=True):
        with torch.no_grad():
            own = tuned(torch.tensor([[*student, *answer]])).logits[0, len(student) - 1 : -1].log_softmax(-1)
            with tuned.disable_adapter():
                graded = tuned(torch.tensor([[*teacher, *answer]])).logits[0, len(teacher) - 1 : -1].log_softmax(-1)
        total += float((own.exp() * (own - graded)).sum())
        count += len(answer)
    assert count >= len(DEMOS)
    assert trainer.figures[FIGURE] == pytest.approx(total / count, rel=1e-3)
    assert float(loss) == pytest.approx(2.0 * total / count, rel=1e-3)
    assert not loss.requires_grad


def test_only_the_adapter_learns_and_the_model_is_left_in_training(tuned: Any) -> None:
    term().run(Trainer(tuned), tuned, {DEMONSTRATIONS: demonstrations()})
    graded = {name for name, weight in tuned.named_parameters() if weight.grad is not None and weight.grad.any()}
    assert graded and all("lora_" in name for name in graded)
    assert tuned.training


def test_a_step_without_facts_costs_nothing(tuned: Any) -> None:
    trainer = Trainer(tuned)
    assert float(term().run(trainer, tuned, {DEMONSTRATIONS: []})) == 0.0
    assert trainer.figures == {}
    assert all(weight.grad is None for weight in tuned.parameters())


def test_a_weight_of_nothing_gives_no_gradient_and_still_tells_how_far_it_is(tuned: Any) -> None:
    trainer = Trainer(tuned)
    torch.manual_seed(7)
    loss = term(weight=1e-6).run(trainer, tuned, {DEMONSTRATIONS: demonstrations()})
    assert float(loss) < 1e-4 < trainer.figures[FIGURE]
