"""A loss that is not a number stops a stage, with the step and the row that gives it."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from core.errors import KbError
from tests.support.json_lines import write_jsonl
from tests.support.tiny_models import CPU, begun, dataset_folder, pair, preference, tiny_folder, tokenizer_of

pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(not importlib.util.find_spec("peft"), reason="needs kb[train]"),
]
if importlib.util.find_spec("peft"):
    from safetensors.torch import load_file, save_file

    from finetune.data.collate import StepCollator
    from finetune.runs import read_card
    from finetune.training.dpo import run_dpo
    from finetune.training.finite import faulty_rows, not_a_number, rows_of
    from finetune.training.launch import Launch, train_stage
    from finetune.training.sft import run_sft
    from finetune.training.stage import Stage

# A letter that no other row has; its embedding is not a number.
ODD = "é"


def _spoil(folder: Path) -> None:
    """Make the embedding of the first token of `ODD` not a number."""
    weights = load_file(folder / "model.safetensors")
    token = tokenizer_of().encode(ODD, add_special_tokens=False)[0]
    weights["model.embed_tokens.weight"][token] = float("nan")
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


def _spoiled(root: Path, **choices: Any) -> Any:
    # Not tied: an output matrix with such a row would spoil every label.
    _spoil(tiny_folder(root / "llama", tie_word_embeddings=False))
    data = dataset_folder(root / "data")
    rows = [pair(number) for number in range(16)]
    rows[11] |= {"question": f"How deep is the caf{ODD}?"}
    write_jsonl(data / "train.jsonl", rows)
    preferences = [preference(number) for number in range(8)]
    preferences[5] |= {"rejected": f"The caf{ODD} holds 9 litres."}
    write_jsonl(data / "preferences.jsonl", preferences)
    (data / "val.jsonl").unlink()
    return begun(root, **choices)


@pytest.mark.parametrize(
    "choices", [{"packing": "bfd"}, {"packing": "none"}, {"packing": "none", "padding_side": "left"}]
)
def test_the_row_is_named_and_no_other(tmp_path: Path, choices: dict[str, Any]) -> None:
    _, run, prepared = _spoiled(tmp_path, **choices)
    with pytest.raises(
        KbError, match=r"step [12]: the loss is not a number in row of \d+: “.*How deep is the café"
    ) as caught:
        run_sft(Stage(run=run, name="sft", prepared=prepared))
    assert "tank" not in caught.value.message and "leave it out" in caught.value.message
    assert caught.value.hint.startswith("kb finetune ")


def test_a_preference_is_named(tmp_path: Path) -> None:
    _, run, prepared = _spoiled(tmp_path)
    write_jsonl(prepared.dataset.path / "train.jsonl", [pair(number) for number in range(16)])
    run_sft(Stage(run=run, name="sft", prepared=prepared))
    with pytest.raises(KbError, match=r"step [12]: the loss is not a number in row of \d+: “.*The café holds 9 litres"):
        run_dpo(Stage(run=run, name="dpo", prepared=prepared))


def test_a_base_that_gives_no_number_is_named_and_the_run_keeps_the_reason(tmp_path: Path) -> None:
    home, run, prepared = begun(tmp_path, packing="bfd")
    weights = load_file(prepared.base.folder / "model.safetensors")
    weights["model.norm.weight"][:] = float("nan")
    save_file(weights, prepared.base.folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(KbError, match=r"step 1: the base gives no number for any of \d+ rows"):
        train_stage(home, run, "sft", CPU, Launch(), lambda _: None)
    card = read_card(run)
    assert card.stages == {"sft": "failed"} and "gives no number" in card.failures["sft"]
    assert not (run.stage("sft") / "policy").exists()


def test_training_that_diverges_has_a_lower_rate_to_try() -> None:
    import torch

    rows = [(torch.tensor([40, 50, 60]), torch.tensor([-100, 50, 60]))] * 5
    error = not_a_number(7, rows, 5, tokenizer_of(), 2e-3)
    assert error.message.startswith("step 7: the loss is not a number in 5 rows of 5: “")
    assert error.message.count("“") == 3 and error.message.endswith("training has diverged")
    assert error.hint.endswith("--set learning_rate=0.0002")
    assert "diverged" not in not_a_number(7, rows[:4], 5, tokenizer_of(), 2e-3).message


def test_weights_that_the_last_step_ruined_are_met(tmp_path: Path) -> None:
    from finetune.training.base import load_model
    from finetune.training.finite import check_weights

    _, _, prepared = begun(tmp_path)
    model = load_model(prepared.base, prepared.recipe, CPU)
    check_weights(model, 3, 1e-3)
    model.model.norm.weight.data[0] = float("inf")
    with pytest.raises(KbError, match=r"step 3: the weights model\.norm\.weight are not numbers any more"):
        check_weights(model, 3, 1e-3)
    model.model.norm.weight.requires_grad = False  # frozen weights are the base's own
    check_weights(model, 3, 1e-3)


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("prompt", [(9, 8, 7), ()])
def test_rows_of_a_part_are_those_that_were_put_together(packed: bool, prompt: tuple[int, ...]) -> None:
    import torch

    records = [
        {
            "input_ids": [*prompt, *range(20 + 5 * n, 23 + n + 5 * n)],
            "labels": [-100] * (len(prompt) + 1) + [1] * (2 + n),
        }
        for n in range(3)
    ]
    collate = StepCollator(pad_id=0, packed=packed, part_tokens=64)
    (part,) = collate(records)["parts"]
    found = sorted((ids.tolist(), labels.tolist()) for ids, labels in rows_of(part))
    assert found == sorted((record["input_ids"], record["labels"]) for record in records)
    odd = records[1]["input_ids"][-1]
    faulty = faulty_rows(part, lambda row: torch.tensor([float("nan") if odd in row[0].tolist() else 0.0]))
    assert [ids.tolist() for ids, _ in faulty] == [records[1]["input_ids"]]
