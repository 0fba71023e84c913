"""`kb finetune` from outside: the estimate without weights, the audit on a tiny model."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import get_args

import pytest
import typer

from core.files import Home
from finetune.methods.registry import METHOD_NAMES
from finetune.recipe import DpoLoss
from kb.cli.finetune import finetune
from tests.support.command import kb
from tests.support.json_lines import write_jsonl
from tests.support.tiny_models import pair, tiny_folder


@pytest.mark.parametrize(("option", "names"), [("method", METHOD_NAMES), ("dpo_loss", get_args(DpoLoss))])
def test_the_help_names_every_choice(option: str, names: tuple[str, ...]) -> None:
    app = typer.Typer()
    app.command()(finetune)
    shown = next(parameter.help for parameter in typer.main.get_command(app).params if parameter.name == option)
    assert sorted(shown.rstrip(".").rpartition(":")[2].replace(",", "").split()) == sorted(names)


def test_an_estimate_needs_no_weights(home: Home) -> None:
    done = kb("finetune", "--estimate", "--gpu", "a100", "--recipe", "qlora-8b", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["parameters"] == 8_030_261_248
    assert found["fits"] and found["micro_batch"] * found["accumulation"] == 16


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        ([], 2, "no training data"),
        (["--dry-run"], 2, "no data to audit"),
        (["--estimate", "--recipe", "quik"], 2, "unknown recipe 'quik'"),
        (["--estimate", "--gpu", "b999"], 2, "unknown GPU 'b999'"),
        (["--estimate", "--set", "lerning_rate=1"], 2, "did you mean 'learning_rate'"),
        (["--estimate", "--method", "llama-adapter", "--gpu", "a100"], 2, "not qwen2"),
        (["--dry-run", "--data", "/there/is/none"], 2, "no data"),
        (["--resume"], 2, "no run to resume"),
        (["--resume", "none-such"], 2, "unknown run 'none-such'"),
        (["--from-docs", "--skip", "merge"], 2, "one of synth, dpo, export"),
        (["--data", "x", "--report-to", "paper"], 2, "one of tensorboard, mlflow, wandb"),
        (["--data", "x", "--attn", "flash", "--recipe", "smollm2-cpu"], 2, "requires a GPU"),
    ],
)
def test_wrong_usage_has_a_message_and_a_code(home: Home, arguments: list[str], code: int, says: str) -> None:
    done = kb("finetune", *arguments)
    assert done.returncode == code, done.stderr
    assert says in done.stderr


@pytest.mark.train
@pytest.mark.skipif(not importlib.util.find_spec("transformers"), reason="needs kb[train]")
def test_a_dry_run_shows_what_is_trained(home: Home, tmp_path: Path) -> None:
    base = tiny_folder(tmp_path / "base")
    data = write_jsonl(tmp_path / "data" / "train.jsonl", [pair(number) for number in range(8)]).parent
    done = kb("finetune", "--dry-run", "--data", str(data), "--base", str(base), "--method", "prompt")
    assert done.returncode == 0, done.stderr
    assert "⟦Tank 0 holds 310 litres.<|im_end|>⟧" in done.stdout
    assert "trainable 1,280 of" in done.stdout
    assert "no GGUF and no Ollama model" in done.stderr


@pytest.mark.train
@pytest.mark.skipif(not importlib.util.find_spec("transformers"), reason="needs kb[train]")
def test_a_search_needs_held_out_rows(home: Home, tmp_path: Path) -> None:
    base = tiny_folder(tmp_path / "base")
    data = write_jsonl(tmp_path / "data" / "train.jsonl", [pair(number) for number in range(8)]).parent
    done = kb("finetune", "--data", str(data), "--base", str(base), "--search", "2")
    assert done.returncode == 5, done.stderr
    assert "no held-out rows" in done.stderr
