"""Steps to forward passes: nothing lost, nothing leaked, and tokens that rows share stand once."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(not importlib.util.find_spec("peft"), reason="needs kb[train]"),
]
if importlib.util.find_spec("peft"):
    import torch

    from finetune.data.collate import StepCollator, collator, shared_prefix, trained_tokens
    from finetune.data.encoding import IGNORED
    from finetune.recipe import Recipe
    from finetune.training.line_attention import use_line_attention
    from tests.support.tiny_models import tiny_config

Record = dict[str, list[int]]


def record(prompt: Sequence[int], answer: Sequence[int]) -> Record:
    return {"input_ids": [*prompt, *answer], "labels": [*[IGNORED] * len(prompt), *answer]}


ids = st.integers(3, 40)
rows = st.lists(
    st.builds(record, st.lists(ids, min_size=2, max_size=9), st.lists(ids, min_size=1, max_size=5)),
    min_size=1,
    max_size=7,
)


def tokens_of(part: Any) -> list[int]:
    mask = part.get("attention_mask")
    kept = part["input_ids"] if mask is None or mask.dim() == 4 else part["input_ids"][mask.bool()]
    return kept.flatten().tolist()  # type: ignore[no-any-return]


@given(rows, st.integers(8, 64), st.booleans(), st.booleans())
def test_every_trained_token_comes_once_and_parts_keep_their_size(
    given_rows: list[Record], most: int, packed: bool, left: bool
) -> None:
    parts = StepCollator(pad_id=0, packed=packed, pad_left=left, part_tokens=most)(given_rows)["parts"]
    wanted = sorted(label for row in given_rows for label in row["labels"][1:] if label != IGNORED)
    found = sorted(int(label) for part in parts for label in part["labels"].flatten() if label != IGNORED)
    assert found == wanted
    assert trained_tokens(parts) == len(wanted)
    longest = max(len(row["input_ids"]) for row in given_rows)
    assert all(part["input_ids"].numel() <= max(most, longest) for part in parts)


@given(rows, st.lists(ids, min_size=1, max_size=6))
def test_what_rows_share_stands_once(given_rows: list[Record], prefix: list[int]) -> None:
    longer = [record([*prefix, *row["input_ids"][:1], 41 + i], [5]) for i, row in enumerate(given_rows)]
    shared = shared_prefix(longer)
    assert shared >= len(prefix)
    (part,) = StepCollator(pad_id=0, packed=True, part_tokens=10_000)(longer)["parts"]
    assert part["input_ids"].numel() == shared + sum(len(row["input_ids"]) - shared for row in longer)


@pytest.mark.parametrize("kind", ["llama", "qwen2"])
@pytest.mark.parametrize("left", [False, True])
def test_loss_and_gradient_are_those_of_rows_on_their_own(kind: str, left: bool) -> None:
    from transformers import AutoModelForCausalLM

    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(tiny_config(kind, attn_implementation="sdpa"))
    system = [7, 8, 9, 10]
    data = [record([*system, 20 + i, 30 + i, 12], [40 + i] * (1 + i % 3) + [2]) for i in range(5)]

    def run(parts: list[Any]) -> tuple[float, torch.Tensor]:
        model.zero_grad()
        total = torch.tensor(0.0)
        for part in parts:
            labels = part["labels"][:, 1:]
            inputs = {name: value for name, value in part.items() if name != "labels"}
            logits = model(**inputs, use_cache=False).logits[:, :-1]
            total = total + torch.nn.functional.cross_entropy(logits.mT, labels, reduction="sum")
        total.backward()
        return float(total.detach()), model.get_input_embeddings().weight.grad.clone()

    alone = [p for row in data for p in StepCollator(pad_id=0, packed=False, part_tokens=99)([row])["parts"]]
    loss, gradient = run(alone)
    assert use_line_attention(model)
    for segments in (False, True):
        parts = StepCollator(pad_id=0, packed=True, part_tokens=99, segments=segments)(data)["parts"]
        other_loss, other = run(parts)
        assert other_loss == pytest.approx(loss, abs=1e-4)
        torch.testing.assert_close(other, gradient, atol=1e-4, rtol=1e-3)
    for packed, most in ((True, 99), (True, 24), (False, 99)):
        parts = StepCollator(pad_id=0, packed=packed, pad_left=left, part_tokens=most)(data)["parts"]
        other_loss, other = run(parts)
        assert other_loss == pytest.approx(loss, abs=1e-4)
        torch.testing.assert_close(other, gradient, atol=1e-4, rtol=1e-3)


def test_a_row_that_sees_its_neighbour_would_be_noticed() -> None:
    data = [record([7, 8, 20 + i], [40 + i, 2]) for i in range(3)]
    (part,) = StepCollator(pad_id=0, packed=True, part_tokens=99)(data)["parts"]
    mask = part["attention_mask"][0, 0]
    # Shared tokens, then rows of three: the second row sees the shared tokens and itself.
    assert mask[6].tolist() == [True, True, False, False, False, True, True] + [False] * 4


def test_processes_side_by_side_get_equally_many_parts() -> None:
    recipe = Recipe(packing="bfd", micro_batch=2)
    made = collator(recipe, 0, 64, device="cpu", processes=2)
    short, long = ([record([5] * n, [6])] * 4 for n in (2, 30))
    assert len(made(short)["parts"]) == len(made(long)["parts"]) == 2


def test_a_kernel_that_goes_by_positions_gets_no_mask() -> None:
    recipe = Recipe(packing="bfd", attn="flash")
    (part,) = collator(recipe, 0, 64, device="cuda")([record([7, 8], [4]), record([7, 8, 9], [4])])["parts"]
    assert "attention_mask" not in part
    assert part["position_ids"].tolist() == [[0, 1, 2, 3, 0, 1, 2]]


def test_preferences_share_a_batch_and_label_their_answers_alone() -> None:
    from finetune.data.collate import PreferenceCollator

    rows = [
        {"prompt_ids": [5, 6], "chosen_ids": [7], "rejected_ids": [8, 9]},
        {"prompt_ids": [5], "chosen_ids": [7, 2], "rejected_ids": [8]},
    ]
    batch = PreferenceCollator(pad_id=0)(rows)
    assert batch["input_ids"].tolist() == [[5, 6, 7, 0], [5, 7, 2, 0], [5, 6, 8, 9], [5, 8, 0, 0]]
    assert batch["attention_mask"].sum(dim=1).tolist() == [3, 3, 4, 2]
    none = -100
    assert batch["answer_labels"].tolist() == [
        [none, none, 7, none],
        [none, 7, 2, none],
        [none, none, 8, 9],
        [none, 8, none, none],
    ]
    assert "reference_chosen" not in batch
    known = [{**row, "reference_chosen": -1.5, "reference_rejected": -2.5} for row in rows]
    assert PreferenceCollator(pad_id=0)(known)["reference_rejected"].tolist() == [-2.5, -2.5]
