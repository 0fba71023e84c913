"""`kb runs import` as a workflow and from outside: an adapter of plain peft with the data it was trained on."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

from core.errors import ConfigError
from core.files import Home
from finetune.runs import open_run, read_card, run_records
from kb.training.importing import import_run
from kb.workspace import open_workspace
from tests.support.command import kb
from tests.support.json_lines import write_jsonl
from tests.support.tiny_models import tiny_folder

pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(not importlib.util.find_spec("peft"), reason="needs kb[train]"),
    pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`"),
]


def saved_adapter(base: Path, folder: Path) -> Path:
    import peft
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(base)
    peft.get_peft_model(model, peft.LoraConfig(task_type="CAUSAL_LM", r=2)).save_pretrained(folder)
    return folder


def test_an_adapter_comes_back_with_its_data(tmp_path: Path, home: Home) -> None:
    folder = saved_adapter(tiny_folder(tmp_path / "base"), tmp_path / "adapter")
    rows = tmp_path / "rows.jsonl"
    write_jsonl(rows, [{"question": f"When does ferry {n} leave?", "answer": f"At {n}:15."} for n in range(12)])
    notes: list[str] = []
    run = import_run(open_workspace(), folder, name="ferries", data=str(rows), on_note=notes.append)
    card = read_card(run)
    assert card.data_sha256 and Path(card.data).is_dir()
    assert any("12 rows" in note for note in notes)
    (record,) = run_records(home, lambda error: None)
    assert record["run"] == "ferries" and record["stages"] == {"sft": "done", "dpo": "skipped"}
    with pytest.raises(ConfigError, match="already exists"):
        import_run(open_workspace(), folder, name="ferries")


def test_the_command_says_what_comes_next_or_what_is_missing(tmp_path: Path, home: Home) -> None:
    folder = saved_adapter(tiny_folder(tmp_path / "base"), tmp_path / "adapter")
    done = kb("runs", "import", str(folder))
    assert done.returncode == 0 and done.stdout.strip() == "adapter"
    assert "Next: kb export adapter --to gguf" in done.stderr
    assert "imported from" in kb("runs", "show", "adapter").stdout
    config = folder / "adapter_config.json"
    config.write_text(
        json.dumps({**json.loads(config.read_text(encoding="utf-8")), "base_model_name_or_path": "acme/none"})
    )
    missing = kb("runs", "import", str(folder), "--name", "other")
    assert missing.returncode == 3 and "kb models pull acme/none" in missing.stderr
    assert open_run(home, "adapter").adapter.is_dir()
