"""A merged checkpoint says everything in the places where transformers, llama.cpp and Ollama look."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

from core.errors import DataError
from finetune.data.template import chat_format
from finetune.export.checkpoint import as_exported, ends_of, save_checkpoint
from tests.finetune.export.conftest import Trained
from tests.support.tiny_models import CHATML, tiny_config, tokenizer_of
from tests.support.trained_runs import TEMPLATE, word_tokenizer

pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(not importlib.util.find_spec("transformers"), reason="needs kb[train]"),
]


def _json(path: Path) -> dict[str, object]:
    held: dict[str, object] = json.loads(path.read_text(encoding="utf-8"))
    return held


def test_every_reader_finds_what_it_needs(llama: Trained) -> None:
    folder = llama.job.merged()
    config, tokenizer = _json(folder / "config.json"), _json(folder / "tokenizer_config.json")
    assert config["rope_theta"] == 1000.0 and config["rope_parameters"]["rope_theta"] == 1000.0  # type: ignore[index]
    assert tokenizer["chat_template"] == TEMPLATE and not (folder / "chat_template.jinja").exists()
    assert (tokenizer["add_bos_token"], tokenizer["add_eos_token"]) == (False, False)
    assert tokenizer["tokenizer_class"] == "PreTrainedTokenizerFast"
    added: Any = tokenizer["added_tokens_decoder"]
    assert added["2"]["content"] == "<|im_end|>" and added["2"]["special"] is True
    assert str(folder.parent) not in json.dumps([config, tokenizer])
    generation = _json(folder / "generation_config.json")
    assert generation["eos_token_id"] == [2] == config["eos_token_id"]
    assert (generation["do_sample"], generation["repetition_penalty"]) == (False, 1.0)


def test_reloaded_logits_are_those_that_were_saved(tmp_path: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    rope = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 512, "rope_theta": 5000.0}
    model = AutoModelForCausalLM.from_config(
        tiny_config("qwen2", rope_parameters=rope, max_position_embeddings=2048)
    ).eval()
    chat = chat_format(word_tokenizer(), generation_eos=[2, 5], dataset_template="", system="", context_template="")
    save_checkpoint(model, chat, tmp_path / "m", dtype=torch.float32)
    ids = torch.randint(3, 500, (1, 40))
    again = AutoModelForCausalLM.from_pretrained(tmp_path / "m", dtype=torch.float32)
    with torch.no_grad():
        assert torch.equal(again(ids).logits, model(ids).logits)
    config = _json(tmp_path / "m" / "config.json")
    assert config["rope_scaling"]["type"] == "yarn" and config["rope_theta"] == 5000.0  # type: ignore[index]
    assert config["eos_token_id"] == ends_of(chat) == [2, 5]
    text = "<|im_start|>user\nTank 310?<|im_end|>"
    assert AutoTokenizer.from_pretrained(tmp_path / "m")(text).input_ids == chat.encode(text)


def test_weights_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_config(tiny_config("llama"))
    model.model.norm.weight.data[0] = 1e6
    chat = chat_format(tokenizer_of(CHATML), generation_eos=2, dataset_template="", system="", context_template="")
    with pytest.raises(DataError, match=r"model\.norm\.weight exceeds the range"):
        save_checkpoint(model, chat, tmp_path / "m", dtype=torch.float16)
    assert not (tmp_path / "m").exists()


def test_a_template_without_an_end_is_refused() -> None:
    chat = chat_format(
        tokenizer_of(CHATML.replace("<|im_end|>", "")),
        generation_eos=2,
        dataset_template="",
        system="",
        context_template="",
    )
    with pytest.raises(DataError, match="does not end answers with a token"):
        ends_of(chat)


@pytest.mark.parametrize(
    "system",
    [
        "Be brief \U0001f600",
        "Antworte auf Spanisch: \u00bfqu\u00e9? \u4f60\u597d",
        'Say "tank" and don\'t say C:\\new {{ x }} {% if %} {# no #}',
        "First line.\n\tSecond line.\u2028Third.",
    ],
    ids=["beyond 16 bits", "other scripts", "marks of Jinja", "line breaks"],
)
def test_a_system_message_stands_in_the_template_as_it_was_written(system: str) -> None:
    chat = chat_format(tokenizer_of(CHATML), generation_eos=2, dataset_template="", system=system, context_template="")
    question = {"role": "user", "content": "Tank 310?"}
    whole = chat.render([{"role": "system", "content": system}, question], generation=True)
    exported = as_exported(chat)
    assert exported.render([question], generation=True) == whole
    assert exported.encode(whole) == chat.encode(whole)
