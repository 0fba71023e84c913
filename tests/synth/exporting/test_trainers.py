"""Settings of trainers for exported files, and the file that LLaMA-Factory reads beside them."""

from __future__ import annotations

import json

import pytest
import yaml

from core.errors import ConfigError, DataError
from synth.exporting.trainers import dataset_info, settings_for, write_dataset_info


@pytest.mark.parametrize("to", ["alpaca", "sharegpt", "openai", "dpo", "kto", "text"])
def test_axolotl_reads_yaml_that_names_the_file(tmp_path, to):
    out = tmp_path / 'rows "quoted".jsonl'
    settings = yaml.safe_load(settings_for("axolotl", to, out))
    (entry,) = settings["datasets"]
    assert entry["path"] == str(out)
    assert entry["ds_type"] == "json"
    assert settings.get("rl") == (to if to in ("dpo", "kto") else None)


@pytest.mark.parametrize("to", ["alpaca", "sharegpt", "openai", "dpo", "kto", "text"])
def test_llama_factory_names_columns(tmp_path, to):
    entry = dataset_info(to, tmp_path / "rows.jsonl")
    assert entry["file_name"] == "rows.jsonl"
    assert entry["columns"]
    assert json.loads(settings_for("llama-factory", to, tmp_path / "rows.jsonl")) == {"rows": entry}


@pytest.mark.parametrize("to", ["alpaca", "dpo"])
def test_turns_and_system_messages_become_columns(tmp_path, to):
    columns = dataset_info(to, tmp_path / "r.jsonl", ("history", "system"))["columns"]
    assert (columns["history"], columns["system"]) == ("history", "system")
    assert not {"history", "system"} & set(dataset_info(to, tmp_path / "r.jsonl")["columns"])


@pytest.mark.parametrize(
    ("trainer", "to", "call"),
    [
        ("trl", "trl", "SFTTrainer(..., train_dataset=load_dataset("),
        ("trl", "dpo", "DPOTrainer(..., train_dataset="),
        ("trl", "kto", "KTOTrainer(..., train_dataset="),
        ("unsloth", "sharegpt", "standardize_data_formats(load_dataset("),
        ("unsloth", "alpaca", "to_sharegpt(load_dataset("),
    ],
)
def test_lines_of_python(tmp_path, trainer, to, call):
    assert call in settings_for(trainer, to, tmp_path / "rows.jsonl")


@pytest.mark.parametrize(("trainer", "name"), [("axolotl", "Axolotl"), ("llama-factory", "LLaMA-Factory")])
def test_a_format_that_a_trainer_does_not_read(tmp_path, trainer, name):
    with pytest.raises(ConfigError, match=f"{name} does not read trl"):
        settings_for(trainer, "trl", tmp_path / "rows.jsonl")


def test_entries_of_other_files_stay(tmp_path):
    path = tmp_path / "dataset_info.json"
    path.write_text(json.dumps({"mine": {"file_name": "mine.json"}}))
    assert write_dataset_info("openai", tmp_path / "rows.jsonl") == path
    assert set(json.loads(path.read_text(encoding="utf-8"))) == {"mine", "rows"}


@pytest.mark.parametrize(("text", "says"), [("[1]", "not a JSON object"), ("{", "not JSON")])
def test_a_broken_description_is_not_overwritten(tmp_path, text, says):
    path = tmp_path / "dataset_info.json"
    path.write_text(text)
    with pytest.raises(DataError, match=says):
        write_dataset_info("openai", tmp_path / "rows.jsonl")
    assert path.read_text(encoding="utf-8") == text
