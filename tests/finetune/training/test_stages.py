"""Both stages on tiny models, for every method: what is saved is what was trained, and each wrong use is our error."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

from core.errors import DataError, GateError
from finetune.methods.registry import METHOD_NAMES, METHODS
from tests.support.json_lines import write_jsonl
from tests.support.tiny_models import CPU, begun, pair, preference

pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(not importlib.util.find_spec("peft"), reason="needs kb[train]"),
]
if importlib.util.find_spec("peft"):
    from finetune.runs import read_card
    from finetune.training.dpo import run_dpo
    from finetune.training.policy import load_policy, publish
    from finetune.training.sft import run_sft
    from finetune.training.stage import Stage


def weights_of(model: Any) -> dict[str, Any]:
    return {name: p.detach().clone() for name, p in model.named_parameters()}


@pytest.mark.parametrize("method", METHOD_NAMES)
def test_sft_then_dpo(tmp_path: Path, method: str) -> None:
    import torch

    kind = "llama" if METHOD_NAMES.index(method) % 2 or method == "llama-adapter" else "qwen2"
    packing = "none" if METHODS[method].virtual_tokens else "bfd"
    _, run, prepared = begun(tmp_path, kind, method=method, packing=packing)
    run_sft(Stage(run=run, name="sft", prepared=prepared))
    run_dpo(Stage(run=run, name="dpo", prepared=prepared))
    publish(run, "dpo")
    card = read_card(run)
    assert card.stages == {"sft": "done", "dpo": "done"}
    assert card.rows["train"] == 16 and card.rows["preferences"] == 8
    assert card.passages == 0  # none of its rows shows any
    assert 0 < card.trainable <= card.parameters
    assert [entry["step"] for entry in card.curves["sft"] if "loss" in entry] == [1, 2]
    assert card.curves["dpo"][0]["loss"] == pytest.approx(0.6931, abs=1e-3)
    assert "rewards/margins" in card.curves["dpo"][0]
    assert run.curves.read_bytes().startswith(b"\x89PNG")
    assert not (run.adapter / "ref").exists()
    assert "chat_template" in json.loads((run.adapter / "tokenizer_config.json").read_text(encoding="utf-8"))
    sft, dpo = (
        weights_of(load_policy(prepared.base, prepared.recipe, CPU, folder))
        for folder in (run.stage("sft") / "policy", run.adapter)
    )
    assert sft.keys() == dpo.keys()
    assert any(not torch.equal(sft[name], dpo[name]) for name in sft)


def test_what_is_loaded_again_answers_as_it_did(tmp_path: Path) -> None:
    import torch

    from finetune.training.base import load_model
    from finetune.training.policy import asker, save_policy

    _, _, prepared = begun(tmp_path, method="lora")
    from finetune.methods.build import make_trainable

    model = make_trainable(load_model(prepared.base, prepared.recipe, CPU), prepared.recipe, prepared.base.shape)
    torch.manual_seed(1)
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            parameter.data.normal_(std=0.5)
    save_policy(model, prepared.chat, tmp_path / "policy")
    again = load_policy(prepared.base, prepared.recipe, CPU, tmp_path / "policy")
    questions = [[{"role": "user", "content": text}] for text in ("a", "What is the capacity?", "Tank 3")]
    one, two, base = (
        asker(one, prepared.chat, prepared.recipe, CPU, 6).answers(questions)
        for one in (model, again, load_model(prepared.base, prepared.recipe, CPU))
    )
    assert one == two != base


def test_training_learns_what_it_is_taught_and_keeps_the_best(tmp_path: Path) -> None:
    _, run, prepared = begun(
        tmp_path,
        "llama",
        method="full",
        packing="bfd",
        max_steps=60,
        eval_steps=20,
        save_steps=60,
        eval_rows=4,
        learning_rate=5e-3,
        logging_steps=20,
    )
    run_sft(Stage(run=run, name="sft", prepared=prepared))
    curve = read_card(run).curves["sft"]
    losses = [entry["loss"] for entry in curve if "loss" in entry]
    assert losses[-1] < 0.2 * losses[0]
    recalls = [entry["eval_recall"] for entry in curve if "eval_recall" in entry]
    assert read_card(run).scores["sft/recall"] == max(recalls)


def test_nothing_gained_stops_early(tmp_path: Path) -> None:
    # A rate that changes nothing: every evaluation is like the first.
    _, run, prepared = begun(
        tmp_path, packing="bfd", max_steps=12, eval_steps=2, early_stopping=2, learning_rate=1e-12, save_steps=50
    )
    run_sft(Stage(run=run, name="sft", prepared=prepared))
    assert max(entry["step"] for entry in read_card(run).curves["sft"]) < 12


@pytest.mark.parametrize(("template", "says"), [(None, "plain"), ("DATASET", "dataset")])
def test_a_model_without_a_chat_template(tmp_path: Path, template: str | None, says: str, capsys: Any) -> None:
    from tests.support.tiny_models import CHATML, dataset_folder

    data = dataset_folder(tmp_path / "data")
    if template:
        (data / "manifest.json").write_text(json.dumps({"chat_template": CHATML}))
    _, run, prepared = begun(tmp_path, template=None)
    run_sft(Stage(run=run, name="sft", prepared=prepared))
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
    (audit,) = [event for event in told if event["event"] == "audit"]
    assert any(f"the {says} one is used" in line for line in audit["warnings"])


@pytest.mark.parametrize("objective", ["text", "mixed"])
def test_text_is_trained_whole(tmp_path: Path, objective: str) -> None:
    rows = [pair(number) for number in range(6)]
    texts = [f"Tank {number} holds {310 + number} litres. " * 6 for number in range(6)]
    rows += [pair(number + 6, kind="text", question="", answer=text) for number, text in enumerate(texts)]
    write_jsonl(tmp_path / "data" / "train.jsonl", rows)
    _, run, prepared = begun(tmp_path, objective=objective, packing="bfd", dpo=False)
    run_sft(Stage(run=run, name="sft", prepared=prepared))
    assert read_card(run).rows["train"] == (12 if objective == "mixed" else 6)


def test_a_stream_is_read_while_training(tmp_path: Path) -> None:
    _, run, prepared = begun(tmp_path, streaming=True, max_steps=3)
    run_sft(Stage(run=run, name="sft", prepared=prepared))
    assert max(entry["step"] for entry in read_card(run).curves["sft"]) == 3


@pytest.mark.parametrize("loss", [("ipo",), ("hinge",), ("sigmoid", "sft"), ("apo_zero",)])
def test_other_preference_losses(tmp_path: Path, loss: tuple[str, ...]) -> None:
    _, run, prepared = begun(tmp_path, dpo_loss=loss, beta=0.3)
    run_sft(Stage(run=run, name="sft", prepared=prepared))
    run_dpo(Stage(run=run, name="dpo", prepared=prepared))
    assert read_card(run).stages["dpo"] == "done"


def test_preferences_made_against_the_policy_are_trained_too(tmp_path: Path) -> None:
    _, run, prepared = begun(tmp_path)
    run_sft(Stage(run=run, name="sft", prepared=prepared))
    write_jsonl(run.policy_preferences, [preference(90, kind="policy-memory")])
    run_dpo(Stage(run=run, name="dpo", prepared=prepared))
    assert read_card(run).rows["preferences"] == 9


def test_no_preference_is_an_error_that_says_so(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "data" / "train.jsonl", [pair(number) for number in range(4)])
    _, run, prepared = begun(tmp_path)
    with pytest.raises(DataError, match="every preference was filtered out"):
        run_dpo(Stage(run=run, name="dpo", prepared=prepared))


def test_a_reference_that_is_not_the_start_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from finetune.training.trainers import PreferenceTrainer

    _, run, prepared = begun(tmp_path)
    run_sft(Stage(run=run, name="sft", prepared=prepared))

    def shifted(self: Any) -> None:
        original(self)
        moved = [value - 3 for value in self.train_dataset["reference_chosen"]]
        self.train_dataset = self.train_dataset.remove_columns("reference_chosen").add_column("reference_chosen", moved)

    original = PreferenceTrainer.add_reference
    monkeypatch.setattr(PreferenceTrainer, "add_reference", shifted)
    with pytest.raises(GateError, match="instead of ln 2"):
        run_dpo(Stage(run=run, name="dpo", prepared=prepared))
